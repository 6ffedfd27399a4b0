"""Learned layouts: forms with their truth, texts that are no dumps, and laws."""

import json
import random
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import fill

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.articles import Split
from clippings.layouts.layout import MarkedLayout, parse_layout
from clippings.learning import Learned, learn, propose_boilerplate
from clippings.marked import read_marked

FORMS = Path(__file__).parent / "cases" / "forms"
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
FIRST = "Anna Omar Ruth Pavel Ines Karim Lena Tomas Aisha Jorge Mette Ivo".split()
LAST = "Keller Haddad Novak Ferrer Lindqvist Okoye Marsh Duval Petrov Santos Weiss Moreau".split()
PLACES = "Lisbon Geneva Tunis Oslo Ghent Porto Malmo Trieste Cadiz Riga Bremen Ankara".split()
THINGS = "ferry bridge council school harvest tunnel budget orchestra clinic market tram".split()
DOES = "reopens stalls divides surprises loses gains delays unites worries shrinks".split()
OUTLETS = ["The Coastal Herald", "Northern Post", "Evening Ledger", "Delta Observer"]
LOOKALIKES = [
    "* * *",
    "-----",
    "###",
    "Note: the council declined to comment",
    "A matter of salt",
    "In 1998",
    "By Friday it was over",
    "- first item\n- second item",
]


@dataclass
class Written:
    """One article of a made-up dump, its missing parts None."""

    number: int
    title: str | None
    day: date
    printed: str | None
    byline: str | None
    outlet: str | None
    city: str
    paragraphs: list[str]

    @property
    def body(self) -> str:
        return "\n\n".join(self.paragraphs)


def say(chance: random.Random) -> str:
    """A sentence that is like no other."""
    return (
        f"{chance.choice(['The', 'A', 'Every', 'No'])} {chance.choice(THINGS)} in "
        f"{chance.choice(PLACES)} {chance.choice(DOES)} the {chance.choice(THINGS)} that "
        f"{chance.choice(LAST)} {chance.choice(['built', 'sold', 'painted'])} in "
        f"{chance.randint(1950, 2018)}, {chance.choice(['they say', 'it seems', 'and why not'])}."
    )


def print_day(day: date, style: str) -> str:
    """A date as papers print it; the style is a language or the order of numbers."""
    if style == "iso":
        return day.isoformat()
    if style in ("%d.%m.%Y", "%d/%m/%y", "%m/%d/%Y"):
        return day.strftime(style)
    month = MONTHS.get(style, MONTHS["en"]).split()[day.month - 1]
    return {
        "en": f"{month} {day.day}, {day.year}",
        "de": f"{day.day}. {month} {day.year}",
        "es": f"{day.day} de {month} de {day.year}",
    }.get(style, f"{day.day} {month} {day.year}")


def write(
    count: int,
    style: str,
    render: Callable[[Written], str],
    *,
    noise: float = 0.035,
    width: int | None = None,
) -> tuple[str, list[Written]]:
    """Make a dump; a few articles lack a part, or hold a line that looks like another part."""
    chance = random.Random(f"{count} {style}")
    articles: list[Written] = []
    titles: set[str] = set()
    while len(articles) < count:
        title = (
            f"{chance.choice(PLACES)} {chance.choice(THINGS)} {chance.choice(DOES)} "
            f"{chance.choice(['before', 'after', 'despite'])} {chance.choice(THINGS)} "
            f"{chance.choice(['row', 'vote', 'fire', 'delay'])}"
        )
        if title in titles:
            continue
        titles.add(title)
        day = date(chance.randint(2003, 2021), chance.randint(1, 12), chance.randint(1, 28))
        paragraphs = [
            " ".join(say(chance) for _ in range(chance.randint(1, 4)))
            for _ in range(chance.randint(1, 5))
        ]
        if chance.random() < noise:
            paragraphs.insert(chance.randint(1, len(paragraphs)), chance.choice(LOOKALIKES))
            paragraphs.append(say(chance))
        if width:
            paragraphs = [fill(paragraph, width) for paragraph in paragraphs]

        def keep(value: str) -> str | None:
            return None if chance.random() < noise else value

        articles.append(
            Written(
                number=len(articles) + 1,
                title=keep(title),
                day=day,
                printed=keep(print_day(day, style)),
                byline=keep(f"{chance.choice(FIRST)} {chance.choice(LAST)}"),
                outlet=keep(chance.choice(OUTLETS)),
                city=chance.choice(PLACES),
                paragraphs=paragraphs,
            )
        )
    return "".join(render(article) for article in articles), articles


def rows(*pairs: tuple[str, str | None]) -> str:
    """Lines of a label and a value, without those that lack the value."""
    return "\n".join(f"{label}{value}" for label, value in pairs if value is not None)


def beside(sign: str, *values: str | None) -> str:
    """Values in one line, without those that are missing."""
    return sign.join(value for value in values if value is not None)


def under_rules(a: Written) -> str:
    parts = (("", a.title), ("", a.outlet), ("", a.printed), ("By ", a.byline))
    return f"{'=' * 40}\n{rows(*parts)}\n\n{a.body}\n\n"


def document_of(a: Written) -> str:
    parts = beside("\n\n", a.outlet, a.printed, a.title)
    return f"Document {a.number} of 56\n\n{parts}\n\n{a.body}\n\n\n"


def german_labels(a: Written) -> str:
    parts = (("Datum: ", a.printed), ("Quelle: ", a.outlet), ("Titel: ", a.title))
    return f"Aktenzeichen: 2019/{a.number:05}\n{rows(*parts)}\n\n{a.body}\n\n"


def french_labels(a: Written) -> str:
    parts = (("TITRE : ", a.title), ("AUTEUR : ", a.byline), ("PARU LE : ", a.printed))
    return f"{rows(*parts)}\n\n{a.body}\n\n-----------\n\n"


def dutch_labels(a: Written) -> str:
    parts = (("Kop: ", a.title), ("Krant: ", a.outlet), ("Datum: ", a.printed))
    return f"{rows(*parts)}\n\n{a.body}\n\nEINDE\n\n"


def spanish_gap(a: Written) -> str:
    return f"{beside(chr(10), a.title, a.printed)}\n\n{a.body}\n\n\n\n"


def front_matter(a: Written) -> str:
    title = None if a.title is None else f'"{a.title}"'
    parts = rows(("title: ", title), ("date: ", a.printed), ("author: ", a.byline))
    return f"---\n{parts}\n---\n\n{a.body}\n\n"


def markdown(a: Written) -> str:
    return f"# {a.title}\n\n*{beside(' — ', a.outlet, a.printed)}*\n\n{a.body}\n\n"


def wire(a: Written) -> str:
    head = rows(("", a.title.upper() if a.title else None), ("By ", a.byline))
    opening = f"{a.city.upper()}{'' if a.printed is None else f', {a.printed}'} (XPA) - "
    return f"{head}\n\n{opening}{a.body}\n\n-30-\n\n"


def table(a: Written) -> str:
    cells = (a.printed, a.outlet, a.title, a.byline)
    return "\t".join(cell or "" for cell in cells) + f"\n{a.body}\n\n\n"


def tags(a: Written) -> str:
    title = None if a.title is None else f"{a.title}</headline>"
    printed = None if a.printed is None else f"{a.printed}</date>"
    parts = rows(("<headline>", title), ("<date>", printed))
    return f"<doc>\n{parts}\n<text>\n{a.body}\n</text>\n</doc>\n\n"


def centred(a: Written) -> str:
    head = "\n".join(line.center(72).rstrip() for line in (a.outlet, a.printed) if line)
    rights = "(c) 2019 Agency Ltd".center(72)
    return f"{head}\n\n{a.title or ''}\n\n{a.body}\n\n{rights}\n\n\n"


def labels_below(a: Written) -> str:
    parts = rows(("Published: ", a.printed), ("Source: ", a.outlet))
    return f"{a.title or ''}\n\n{a.body}\n\n{parts}\n\n=====\n\n"


def short_years(a: Written) -> str:
    parts = rows(("", a.title), ("Published: ", a.printed))
    return f"REF AX-{a.number + 400}\n{parts}\n\n{a.body}\n\nEND\n\n\n"


def codes(a: Written) -> str:
    parts = rows(("TI  - ", a.title), ("DA  - ", a.printed), ("JO  - ", a.outlet))
    return f"TY  - NEWS\n{parts}\nAB  - {a.body}\nER  -\n\n"


def day_below(a: Written) -> str:
    return f"{a.title or ''}\n\n{a.body}\n\n{beside(', ', a.outlet, a.printed)}\n\n* * *\n\n"


def bullets(a: Written) -> str:
    return f"• {a.title}\n{beside(', ', a.outlet, a.printed)}\n{a.body}\n\n"


def leaders(a: Written) -> str:
    parts = (
        ("Medio.............. ", a.outlet),
        ("Fecha.............. ", a.printed),
        ("Titular............ ", a.title),
    )
    return f"{rows(*parts)}\n\n{a.body}\n\n"


def numbered_heads(a: Written) -> str:
    return f"### {a.number}. {a.title or ''}\n**{a.printed or 'n.d.'}**\n\n{a.body}\n\n---\n\n"


def day_behind(a: Written) -> str:
    source = "" if a.printed is None else f"({a.outlet or 'Desk'}, {a.printed})"
    return f"{a.title or ''}\n\n{a.body}\n\n{source}\n\n\n"


MADE: dict[str, tuple[str, Callable[[Written], str], int | None]] = {
    "rules": ("en", under_rules, None),
    "document_of": ("day", document_of, None),
    "german_labels": ("de", german_labels, None),
    "french_labels": ("fr", french_labels, None),
    "dutch_labels": ("nl", dutch_labels, None),
    "spanish_gap": ("es", spanish_gap, None),
    "front_matter": ("iso", front_matter, None),
    "markdown": ("day", markdown, None),
    "wire": ("day", wire, None),
    "table": ("%d.%m.%Y", table, None),
    "tags": ("iso", tags, None),
    "centred": ("day", centred, 72),
    "wrapped": ("day", spanish_gap, 66),
    "labels_below": ("day", labels_below, None),
    "short_years": ("%d/%m/%y", short_years, None),
    "month_first": ("%m/%d/%Y", under_rules, None),
    "codes": ("iso", codes, None),
    "day_below": ("day", day_below, None),
    "leaders": ("es", leaders, None),
    "numbered_heads": ("day", numbered_heads, None),
    "day_behind": ("de", day_behind, None),
}


def split_learned(text: str, learned: Learned) -> Split:
    layout = parse_layout(learned.toml, where="learned.toml")
    assert isinstance(layout, MarkedLayout)
    return read_marked(text, layout)


def measure(
    found: Split, truth: Sequence[tuple[str | None, str | None, str]]
) -> tuple[float, float, float]:
    """Shares of the articles whose beginning, title and day are right.

    The truth of an article is its title, its day and the first words of its text; the beginning is
    right where an article has all of the text from these words on and nothing of it above them.
    """
    begun = titled = dated = 0
    left = list(found.articles)
    for title, day, words in truth:
        at = next((at for at, one in enumerate(left) if one.body.startswith(words)), None)
        if at is None:
            continue
        article = left.pop(at)
        begun += 1
        titled += article.title == title
        dated += (article.date.date.date().isoformat() if article.date else None) == day
    count = max(len(truth), len(found.articles))
    return begun / count, titled / count, dated / count


def truth_of(articles: Sequence[Written]) -> list[tuple[str | None, str | None, str]]:
    return [
        (
            article.title,
            article.day.isoformat() if article.printed else None,
            " ".join(article.body.split()[:9]),
        )
        for article in articles
    ]


@pytest.mark.parametrize("form", MADE)
def test_forms_are_learned(form: str) -> None:
    style, render, width = MADE[form]
    text, articles = write(56, style, render, width=width)
    if form == "markdown":  # "# None" is a title there
        articles = [one if one.title else _with_title(one, "None") for one in articles]
    if form == "wire":
        articles = [_with_title(one, one.title and one.title.upper()) for one in articles]
    learned = learn(text)
    assert learned is not None
    assert learned.confidence >= 0.8
    begun, titled, dated = measure(split_learned(text, learned), truth_of(articles))
    assert (begun >= 0.95, titled >= 0.95, dated >= 0.95) == (True, True, True), learned.toml


def _with_title(article: Written, title: str | None) -> Written:
    article.title = title
    return article


@pytest.mark.parametrize("file", sorted(FORMS.glob("*.json")), ids=lambda file: file.stem)
def test_forms_of_a_stranger_are_learned(file: Path) -> None:
    text = file.with_suffix(".txt").read_text(encoding="utf-8")
    learned = learn(text)
    assert learned is not None
    assert learned.confidence >= 0.8
    articles = json.loads(file.read_text(encoding="utf-8"))["articles"]
    truth = [(one["title"], one["published_date"], one["first_words"]) for one in articles]
    assert min(measure(split_learned(text, learned), truth)) >= 0.95


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_do_not_matter(end: str) -> None:
    text, articles = write(20, "en", under_rules, noise=0)
    learned = learn(text.replace("\n", end))
    assert learned is not None
    found = split_learned(text.replace("\n", end), learned)
    assert [one.title for one in found.articles] == [one.title for one in articles]
    assert [one.byline for one in found.articles] == [one.byline for one in articles]
    assert [one.outlet for one in found.articles] == [one.outlet for one in articles]


def test_years_of_two_digits_fall_where_the_years_of_the_text_are() -> None:
    text, _ = write(56, "%d/%m/%y", short_years)
    learned = learn(text)
    assert learned is not None
    dates = tomllib.loads(learned.toml)["dates"]
    assert dates["order"] == "day"
    assert dates["century"] <= 2003
    assert dates["century"] + 99 >= 2021


def test_years_of_two_digits_stay_unread_where_few_are_named_in_full() -> None:
    """A single "In 1998" says little of the century of forty dates."""

    def render(a: Written) -> str:
        a.paragraphs = [re.sub(r"\d{4}", "that year", text) for text in a.paragraphs]
        return short_years(a) if a.number > 1 else short_years(a) + "In 1998 it rained.\n\n"

    learned = learn(write(40, "%d/%m/%y", render, noise=0)[0])
    assert learned is not None
    assert "century" not in tomllib.loads(learned.toml)["dates"]
    assert learned.confidence < 0.8


def test_numbers_of_two_meanings_stay_unread() -> None:
    def render(a: Written) -> str:
        return f"{'=' * 30}\n{a.title}\n0{a.number % 9 + 1}/03/2019\n\n{a.body}\n\n"

    learned = learn(write(30, "en", render, noise=0)[0])
    assert learned is not None
    assert "order" not in tomllib.loads(learned.toml)["dates"]
    assert learned.confidence < 0.5  # no article has a date


def test_only_the_beginning_of_a_long_dump_is_looked_at() -> None:
    text, articles = write(700, "en", under_rules, noise=0)
    assert len(text) > 400_000
    learned = learn(text)
    assert learned is not None
    assert any("300,000" in sentence for sentence in learned.evidence)
    assert len(split_learned(text, learned).articles) == len(articles)


def test_evidence_is_said_with_its_counts() -> None:
    learned = learn(write(30, "en", under_rules, noise=0)[0], name="mine")
    assert learned is not None
    assert "name = 'mine'" in learned.toml
    assert "30 articles were found." in learned.evidence
    assert any("30 times" in sentence for sentence in learned.evidence)
    for sentence in learned.evidence:
        assert f"# {sentence}\n" in learned.toml


@pytest.mark.parametrize("sign", ["'''", '"""', "\\d+\\", "[*](?P<x>)", "'{3}'", "«%$»", "# x # ="])
def test_any_sign_between_articles_can_be_written(sign: str) -> None:
    text, articles = write(15, "en", lambda a: f"{sign}\n{under_rules(a)[41:]}", noise=0)
    learned = learn(text)
    assert learned is not None
    found = split_learned(text, learned)
    assert [one.title for one in found.articles] == [one.title for one in articles]


def test_lookalikes_do_not_split() -> None:
    def render(a: Written) -> str:
        a.paragraphs[1:1] = ["* * *", "Title: of a kind, and then more words of it."]
        a.paragraphs.append(say(random.Random(a.number)))
        head = rows(("Title: ", a.title), ("Date: ", a.printed))
        return f"* * * * * * * *\n{head}\n\n{a.body}\n\n"

    text, articles = write(40, "en", render, noise=0)
    learned = learn(text)
    assert learned is not None
    assert len(split_learned(text, learned).articles) == len(articles)


def by_day(a: Written) -> str:
    """One day above several articles."""
    return f"{a.printed}\n\n" * (a.number % 3 == 1) + f"{a.title}\n\n{a.body}\n\n"


def in_paragraph_tags(a: Written) -> str:
    text = "\n".join(f"<p>{paragraph}</p>" for paragraph in a.paragraphs)
    return f"<item>\n<title>{a.title}</title>\n<date>{a.printed}</date>\n{text}\n</item>\n"


def in_classes(a: Written) -> str:
    text = "\n".join(f'<p class="txt">{paragraph}</p>' for paragraph in a.paragraphs)
    return f'<p class="tit">{a.title}</p>\n<p class="src">{a.printed}</p>\n{text}\n\n'


def day_in_last_sentence(a: Written) -> str:
    return f"{a.number}. {a.title}\n\n{a.body} ({a.outlet}, {a.printed})\n\n"


def sentence_above(a: Written) -> str:
    return f"{a.title}.\n{a.printed}\n\n{a.body}\n\n\n"


def quoted(a: Written) -> str:
    return f'"{a.title}"\n{a.outlet} ({a.printed})\n\n{a.body}\n\n---\n\n'


def day_below_text(a: Written) -> str:
    """Nothing but blank lines tells whether a date belongs to what is above or below it."""
    return f"{a.title}\n\n{' '.join(a.paragraphs)}\n\n{a.printed}\n\n"


def test_titles_behind_bullets_are_learned() -> None:
    text, articles = write(40, "fr", bullets, noise=0)
    learned = learn(text)
    assert learned is not None
    assert learned.confidence >= 0.8
    assert measure(split_learned(text, learned), truth_of(articles)) == (1, 1, 1)


HARD = {
    "by_day": by_day,
    "in_paragraph_tags": in_paragraph_tags,
    "in_classes": in_classes,
    "day_in_last_sentence": day_in_last_sentence,
    "sentence_above": sentence_above,
    "quoted": quoted,
    "day_below_text": day_below_text,
}


@pytest.mark.parametrize("form", HARD)
def test_wrong_reading_is_unsure(form: str) -> None:
    """Forms that are not understood; should one ever be, it moves to those that are learned."""
    text, articles = write(40, "day", HARD[form], noise=0)
    learned = learn(text)
    if learned is None:
        return
    assert min(measure(split_learned(text, learned), truth_of(articles))) < 0.95
    assert learned.confidence < 0.8


def test_doubts_are_said() -> None:
    learned = learn(write(40, "day", quoted, noise=0)[0])
    assert learned is not None
    assert "titles begin alike (100%)." in learned.evidence
    assert "# titles begin alike (100%).\n" in learned.toml


def no_dumps() -> dict[str, str]:
    chance = random.Random(5)

    def text(most: int) -> str:
        return "\n\n".join(
            " ".join(say(chance) for _ in range(chance.randint(1, 4)))
            for _ in range(chance.randint(1, most))
        )

    def day(style: str = "day") -> str:
        return print_day(date(2019, chance.randint(1, 12), chance.randint(1, 28)), style)

    def name() -> str:
        return f"{chance.choice(FIRST)} {chance.choice(LAST)}"

    heads = ["The early years", "A matter of salt", "What came after", "12 June 2004", "Of boats"]
    return {
        "chat": "\n".join(
            f"[{day('%d.%m.%Y')}, 12:{at % 60:02}] {name()}: {say(chance)}" for at in range(300)
        ),
        "messages": "\n\n".join(f"{name()}\n{day()} 12:30\n{say(chance)}" for _ in range(120)),
        "essay": "\n\n".join(f"{chance.choice(heads)}\n\n{text(6)}" for _ in range(14)),
        "years": "\n\n".join(f"{1900 + 3 * at}\n\n{text(6)}" for at in range(30)),
        "diary": "\n\n".join(f"{day()}\n\n{text(4)}" for _ in range(50)),
        "letters": "\n\n\n".join(f"{day()}\n\nDear {name()},\n\n{text(3)}" for _ in range(40)),
        "list": "\n".join(f"{at}. {say(chance)} (2019)" for at in range(1, 120)),
        "csv": "\n".join(f"{at},{day('iso')},{name()},{at * 7}" for at in range(300)),
        "poem": "\n\n".join(
            "\n".join(f"O {chance.choice(THINGS)} of {chance.choice(PLACES)}" for _ in range(4))
            for _ in range(40)
        ),
        "changes": "\n\n".join(
            f"## [1.{at}.0] - {day('iso')}\n\n- {say(chance)}\n- {say(chance)}" for at in range(60)
        ),
        "novel": "\n\n".join(f"CHAPTER {at}\n\n{text(20)}" for at in range(1, 25)),
        "one article": f"A title\nBy {name()}\n{day()}\n\n{text(40)}",
        "three articles": write(3, "en", under_rules, noise=0)[0],
        "code": Path(__file__).read_text(encoding="utf-8"),
        "": "",
    }


@pytest.mark.parametrize("name", no_dumps())
def test_what_is_no_dump_is_not_split_with_confidence(name: str) -> None:
    learned = learn(no_dumps()[name])
    assert learned is None or learned.confidence < 0.8


def test_same_text_same_layout() -> None:
    text, _ = write(30, "de", german_labels)
    assert learn(text) == learn(text)


LINES = st.sampled_from(
    [
        *("", "", "=====", "* * *", "---", "Title: A thing", "Date: 3 May 2019", "3 May 2019"),
        *("By Anna Keller", "A ferry reopens after a vote", "OSLO, 3 May 2019 (XPA) - It is so."),
        *("Every word of this is a sentence that ends with a full stop.", "[12] A thing", "# x"),
        *(
            "a | 3 May 2019 | b",
            "a\t\t3/4/19",
            "<doc>",
            "<date>3 May 2019</date>",
            "(c) 2019",
            "'''",
        ),
        *(
            "@title x",
            "TI  - x",
            "Document 3 of 56",
            "\ufeff",
            "\\",
            "(?P<title>",
            "\u2116",
            "\x0c",
        ),
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(LINES, st.text(max_size=30)), min_size=1, max_size=8),
    st.integers(1, 8),
    st.sampled_from(["\n", "\r\n", "\n\n", "\r"]),
    st.text(max_size=40),
)
def test_any_text_is_taken(lines: list[str], times: int, end: str, before: str) -> None:
    text = before + (end.join(lines) + end) * times
    learned = learn(text)
    if learned is None:
        return
    assert 0 <= learned.confidence <= 1
    found = split_learned(text, learned)
    assert "".join(text[span.start : span.end] for span in found.spans) == text
    assert isinstance(propose_boilerplate(text, found), list)


def test_boilerplate_is_proposed_with_counts() -> None:
    def render(a: Written) -> str:
        footer = "Call our desk for more stories.\n" if a.number % 2 else ""
        return f"{under_rules(a).rstrip()}\n\n{footer}\n"

    text, _ = write(40, "en", render, noise=0)
    layout = parse_layout(
        "name = 'x'\n[article]\nbegins = ['={40}']\n[[head]]\npart = 'title'\n", where="x.toml"
    )
    assert isinstance(layout, MarkedLayout)
    proposals = propose_boilerplate(text, read_marked(text, layout))
    first = proposals[0]
    assert (first.line, first.count, first.article_count) == (
        "Call our desk for more stories.",
        20,
        20,
    )
    assert first.reason == "the same line stands in 20 of 40 different texts, mostly as the last"
    assert {one.line for one in proposals[1:]} <= set(OUTLETS)


def test_the_same_article_again_is_no_boilerplate() -> None:
    text, _ = write(5, "en", under_rules, noise=0)
    layout = parse_layout(
        "name = 'x'\n[article]\nbegins = ['={40}']\n[[head]]\npart = 'title'\n", where="x.toml"
    )
    assert isinstance(layout, MarkedLayout)
    lines = {one.line for one in propose_boilerplate(text * 4, read_marked(text * 4, layout))}
    assert not [line for line in lines if line.endswith(".")]
