"""Articles that are made up, for the benchmarks: digests in which no sentence comes twice.

The sentences are those of the samples, each with a name or two put into it. Names come as they
do in the news: some again and again, most once or twice. So do the words of the sentences, which
are more alike than real ones.
"""

from pathlib import Path

from bench_split import Writer, lay_out_digest

ARTICLES_PER_DUMP = 20
COMMON_NAMES = 50
"""Half of all names are one of so many; the next quarter one of twice as many, and so on."""


class NewsWriter(Writer):
    """Makes up articles whose names recur."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.names: list[str] = []

    def name(self) -> str:
        """A name by its rank, after Pareto's law."""
        rank = int(COMMON_NAMES * (self.random.paretovariate(1) - 1))
        while rank >= len(self.names) and len(self.names) < 1_000_000:
            self.names.append(super().name())
        return self.names[min(rank, len(self.names) - 1)]


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
