"""Articles that are made up, for the benchmarks: digests in which no sentence comes twice.

The sentences are those of the samples, each with a name or two put into it, and with other words
in the place of some. Names and words come as they do in the news: some again and again, most once
or twice. In 50,000 words there are 10,000 distinct ones, in 400,000 there are 42,000, as many as in
the texts that the shipped model learned from: what is remembered of words is of no more use here
than there.
"""

from pathlib import Path

from bench_split import SYLLABLES, Writer, lay_out_digest

ARTICLES_PER_DUMP = 20
COMMON_NAMES = 50
"""Half of all names are one of so many; the next quarter one of twice as many, and so on."""
SHARE = 0.3
"""The share of the small words of a sentence that are put in the place of others."""
COMMON_WORDS = 1_700
"""Those put in follow Pareto's law too, with this scale and a longer tail."""


class NewsWriter(Writer):
    """Makes up articles whose names and words recur; it holds none of them."""

    def name(self) -> str:
        """A name by its rank, after Pareto's law."""
        return spell(int(COMMON_NAMES * (self.random.paretovariate(1) - 1))).capitalize()

    def word(self) -> str:
        """A small word by its rank."""
        return spell(int(COMMON_WORDS * (self.random.paretovariate(0.5) - 1)))

    def rename(self, text: str) -> str:
        """Put names in the place of a word or two, and others in the place of small words."""
        words = super().rename(text).split()
        for place, word in enumerate(words):
            bare = word.rstrip(",.;:")
            if bare.isalpha() and bare.islower() and self.random.random() < SHARE:
                words[place] = self.word() + word[len(bare) :]
        return " ".join(words)


def spell(rank: int) -> str:
    """Spell a number below 12,960,000 in up to four syllables, each another way."""
    number = (rank + 1) * 2_654_435_761 % len(SYLLABLES) ** 4
    word = ""
    while number:
        number, syllable = divmod(number, len(SYLLABLES))
        word += SYLLABLES[syllable]
    return word or SYLLABLES[0]


def write_dumps(raw: Path, article_count: int, *, seed: int = 1) -> None:
    """Write digests of twenty articles each.

    Args:
        raw: Folder to write to; made where it is missing.
        article_count: How many articles, in all.
        seed: Another gives other articles.
    """
    raw.mkdir(parents=True, exist_ok=True)
    writer = NewsWriter(seed)
    for first in range(0, article_count, ARTICLES_PER_DUMP):
        count = min(ARTICLES_PER_DUMP, article_count - first)
        text = "".join(lay_out_digest(writer) for _ in range(count))
        (raw / f"{first:07}.txt").write_text(text, encoding="utf-8")
