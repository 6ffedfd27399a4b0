"""Splitting: megabytes per second on one core, and whether twice the dump takes twice the time.

    python benchmarks/bench_split.py

Dumps are made up here: no two articles share a title, a paragraph or a topic line. Forms take
turns, several times over; the median and the spread (least to most) are printed. The figures are
those of one machine at one time; nothing here is asserted.
"""

import argparse
import random
import statistics
import textwrap
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from clippings.layouts.layout import load_layout
from clippings.split import split

ROOT = Path(__file__).parents[1]
SMALL, LARGE = 1_000_000, 4_000_000
"""Sizes of the dumps, in characters."""
PAYWALLS = (
    "Register Now",
    "Sign up to read more",
    "Welcome to the Harbor Review",
    "You've read all your free articles for this month",
    "Already a subscriber? Sign in now",
    "Already have an account? Log in now",
    "Create a free account to continue reading",
    "Subscribe for $4 a month. Cancel any time.",
)
OUTLETS = ("Harbor Notes", "Jazira Review", "FDD", "Haaretz", "Maghreb Papers", "the Basra Forum")
TOPICS = (
    *("Iran", "Iraq", "Syria", "Jewish history", "Israeli Security", "Hebrew", "Water", "Kurds"),
    *("Politics & Current Affairs", "U.S. Foreign policy", "Ottoman empire", "Books", "Libraries"),
)
SYLLABLES = tuple(begin + end for begin in "bdfghjklmnprstvz" for end in ("a", "en", "i", "ol"))
MONTHS = ("March", "May", "June", "July", "Jan.", "Feb.", "Aug.", "Sept.", "Oct.", "Nov.")


class Form(NamedTuple):
    """One form of dump.

    Attributes:
        layout: Name of its layout.
        lay_out: Makes the text of one article.
    """

    layout: str
    lay_out: Callable[["Writer"], str]


class Writer:
    """Makes up articles: sentences of the samples in new orders, with names that nobody bears."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.numbers = count(1)
        dumps = [
            split(path.read_text(encoding="utf-8"), load_layout("digest"))
            for path in sorted((ROOT / "raw").glob("*.txt"))
            if path.name in ("border-and-deterrence.txt", "spring-reading-list.txt")
        ]
        articles = [article for dump in dumps for article in dump.articles]
        self.titles = [article.title for article in articles if article.title]
        self.sentences = [
            sentence + "."
            for article in articles
            for sentence in article.body.replace("\n\n", " ").removesuffix(".").split(". ")
            if sentence.count(" ") > 4
        ]

    def name(self) -> str:
        """A name of two to four syllables, one of some millions."""
        syllables = self.random.choices(SYLLABLES, k=self.random.randint(2, 4))
        return "".join(syllables).capitalize()

    def rename(self, text: str) -> str:
        """Put a name in the place of a word or two."""
        words = text.split()
        for _ in range(self.random.randint(1, 2)):
            words[self.random.randrange(1, len(words) - 1)] = self.name()
        return " ".join(words)

    def title(self) -> str:
        """A title of the samples with a name or two in it."""
        return self.rename(self.random.choice(self.titles))

    def paragraph(self, length: int) -> str:
        """Sentences up to a length in characters."""
        text = ""
        while len(text) < length:
            text += self.rename(self.random.choice(self.sentences)) + " "
        return text.rstrip()

    def body(self) -> list[str]:
        """Three to six paragraphs, 2,000 to 4,000 characters in all."""
        shares = [self.random.uniform(0.4, 1.6) for _ in range(self.random.randint(3, 6))]
        length = self.random.randint(2000, 4000)
        return [self.paragraph(int(share / sum(shares) * length)) for share in shares]

    def parts(self) -> tuple[str, str, list[str], list[str]]:
        """Title, date line, paragraphs, and the lines below them."""
        choice, sample = self.random.choice, self.random.sample
        day = f"{choice(MONTHS)} {self.random.randint(1, 28)} {self.random.randint(1990, 2024)}"
        topics = [*sample(TOPICS, self.random.randint(1, 4)), self.name()]
        below = sample(PAYWALLS, self.random.randint(2, 3))
        below += [f"Read more at {choice(OUTLETS)}", f"More about: {', '.join(topics)}"]
        return self.title(), day, self.body(), below


def lay_out_digest(writer: Writer) -> str:
    """An article of a digest, each paragraph on one line."""
    title, day, body, below = writer.parts()
    return "\n\n".join([title, day, *body, *below]) + "\n\n\n"


def lay_out_wrapped_digest(writer: Writer) -> str:
    """An article of a digest whose paragraphs were wrapped at column 70."""
    title, day, body, below = writer.parts()
    return "\n\n".join([title, day, *(textwrap.fill(text, 70) for text in body), *below]) + "\n\n\n"


def lay_out_newswire(writer: Writer) -> str:
    """A message of a wire service: capitals, wrapped, city and day in front."""
    _, day, body, _ = writer.parts()
    month, number, year = day.split()
    dateline = f"{writer.name()}, {number} {month[:3]} {year[2:]} ({writer.name()}) -- [TEXT] "
    paragraphs = [dateline.upper() + body[0].upper(), *(text.upper() for text in body[1:])]
    wrapped = [textwrap.fill(text, 74, initial_indent="   ") for text in paragraphs]
    return "\n\n".join([f"DEV-MUC3-{next(writer.numbers):04} (NOSC)", *wrapped]) + "\n\n\n"


def lay_out_nexis(writer: Writer) -> str:
    """A document of an export of LexisNexis."""
    title, day, body, below = writer.parts()
    outlet, topics = below[-2].removeprefix("Read more at "), below[-1].removeprefix("More about: ")
    month, number, year = day.split()
    head = [f"{next(writer.numbers)} of 9999 DOCUMENTS", outlet, f"{month} {number}, {year}"]
    labelled = [f"BYLINE: {writer.name()} {writer.name()}", "SECTION: NEWS; Pg. 3"]
    labelled += [f"LENGTH: {sum(len(text.split()) for text in body)} words"]
    foot = [f"LOAD-DATE: {day}", f"SUBJECT: {topics.replace(', ', '; ')}", "LANGUAGE: ENGLISH"]
    foot += ["Copyright 2010 Harbor Papers Limited\nAll Rights Reserved"]
    centred = [line.center(72).rstrip() for line in head]
    return "\n\n".join([*centred, title, *labelled, *body, *foot]) + "\n\n\n"


def lay_out_archive(writer: Writer) -> str:
    """A numbered record of an archive."""
    line = f"*TEXT {next(writer.numbers):03} 01/04/63 PAGE {writer.random.randint(1, 80):03}"
    body = [textwrap.fill(text.upper(), 72) for text in writer.body()]
    return "\n\n".join([line, *body]) + "\n\n"


FORMS = {
    "digest": Form("digest", lay_out_digest),
    "digest, wrapped at column 70": Form("digest", lay_out_wrapped_digest),
    "newswire": Form("newswire", lay_out_newswire),
    "nexis": Form("nexis", lay_out_nexis),
    "archive": Form("archive", lay_out_archive),
}


def make_dump(form: Form, length: int) -> str:
    """Make a dump.

    Args:
        form: Its form.
        length: Least number of characters.

    Returns:
        Its text, the same each time.
    """
    writer = Writer(seed=length)
    articles: list[str] = []
    size = 0
    while size < length:
        articles.append(form.lay_out(writer))
        size += len(articles[-1])
    return "".join(articles)


def measure(dumps: dict[tuple[str, int], str], repeats: int) -> dict[tuple[str, int], list[float]]:
    """Split dumps in turn, several times over.

    Args:
        dumps: Text by form and size.
        repeats: Times each is split.

    Returns:
        Seconds of processor time by form and size.
    """
    seconds: dict[tuple[str, int], list[float]] = {key: [] for key in dumps}
    for _ in range(repeats):
        for (name, length), text in dumps.items():
            layout = load_layout(FORMS[name].layout)
            start = time.process_time()
            split(text, layout)
            seconds[name, length].append(time.process_time() - start)
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    dumps = {
        (name, length): make_dump(form, length)
        for name, form in FORMS.items()
        for length in (SMALL, LARGE)
    }
    seconds = measure(dumps, repeats)
    ratio = f"{LARGE // 10**6} MB to {SMALL // 10**6} MB"
    print(f"{'':<32} {'median':>12} {'spread':>18} {ratio:>14}")
    for name in FORMS:
        megabytes = len(dumps[name, LARGE].encode()) / 1e6
        speeds = [megabytes / second for second in seconds[name, LARGE]]
        spread = f"{min(speeds):.1f}-{max(speeds):.1f} MB/s"
        growth = min(seconds[name, LARGE]) / min(seconds[name, SMALL])
        print(f"{name:<32} {statistics.median(speeds):>7.1f} MB/s {spread:>18} {growth:>13.2f}x")
    print(
        f"time of a dump {LARGE // SMALL} times as large: {LARGE // SMALL}.00x where it is linear"
    )


if __name__ == "__main__":
    main()
