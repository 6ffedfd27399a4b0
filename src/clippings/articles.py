"""What a dump is split into: articles, the spans that tile it, and doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress, islice, pairwise
from operator import lt
from typing import NamedTuple, overload

from clippings.dates import PrintedDate


class Span(NamedTuple):
    """One stretch of a dump.

    Attributes:
        start: Character offset into the text of the dump.
        end: Character offset, exclusive.
        kind: One of `records.SPAN_KINDS`.
        article: Index of the article it is part of; None between articles.
    """

    start: int
    end: int
    kind: str
    article: int | None


_make_span = partial(tuple.__new__, Span)
"""Makes a span of a tuple, twice as fast as `Span(...)`."""


@dataclass(frozen=True, slots=True)
class Spans(Sequence[Span]):
    """The stretches of a dump, which tile it: where one ends the next begins.

    They are columns, and become spans one by one where somebody asks for them: a dump has many.

    Attributes:
        cuts: Character offset where each begins, and where the last ends.
        kinds: The kind of each.
        articles: The article that each is part of.
    """

    cuts: tuple[int, ...]
    kinds: tuple[str, ...]
    articles: tuple[int | None, ...]

    def __len__(self) -> int:
        return len(self.kinds)

    @overload
    def __getitem__(self, index: int) -> Span: ...
    @overload
    def __getitem__(self, index: slice) -> list[Span]: ...
    def __getitem__(self, index: int | slice) -> Span | list[Span]:
        if isinstance(index, slice):
            return list(self)[index]
        at = range(len(self))[index]
        return Span(self.cuts[at], self.cuts[at + 1], self.kinds[at], self.articles[at])

    def __iter__(self) -> Iterator[Span]:
        ends = islice(self.cuts, 1, None)
        return map(_make_span, zip(self.cuts, ends, self.kinds, self.articles, strict=False))

    def sizes(self) -> Counter[str]:
        """Count the characters of each kind."""
        sizes: Counter[str] = Counter()
        for kind, (start, end) in zip(self.kinds, pairwise(self.cuts), strict=True):
            sizes[kind] += end - start
        return sizes


class Article(NamedTuple):
    """One article as it stands in a dump, its text canonical.

    Every run of white space is one space, paragraphs are joined by a blank line, and what is
    missing is None. `start` and `end` are character offsets into the text of the dump.
    """

    title: str | None
    date: PrintedDate | None
    published_text: str | None
    byline: str | None
    dateline: str | None
    outlet: str | None
    topics: tuple[str, ...]
    body: str
    start: int
    end: int


class Doubt(NamedTuple):
    """Something about a dump that a person should look at.

    Attributes:
        code: One of `records.PROBLEMS`.
        start: Character offset into the text of the dump.
        detail: What was expected and what was found.
    """

    code: str
    start: int
    detail: str


@dataclass(frozen=True, slots=True)
class Split:
    """A dump, split.

    Attributes:
        articles: In the order of the dump.
        spans: Stretches that tile its text exactly.
        doubts: What a person should look at.
        claimed: How many articles the dump says that it holds; None where it does not say.
        numbers: The numbers that articles bear, each with its character offset.
    """

    articles: tuple[Article, ...]
    spans: Spans
    doubts: tuple[Doubt, ...]
    claimed: int | None = None
    numbers: tuple[tuple[int, int], ...] = ()


def squeeze(text: str) -> str:
    r"""Turn each run of white space into one space, and drop it at both ends.

    >>> squeeze(" a\u00a0 b\t")
    'a b'
    """
    if "\n" in text:
        text = text.replace("\n", " ")
    if text.isprintable() and "  " not in text:  # of all white space only the space is printable
        return text.strip(" ")
    return " ".join(text.split())


def is_blank(text: str) -> bool:
    r"""Tell whether a text has no words: white space and byte order marks alone.

    >>> is_blank("\ufeff \r\n"), is_blank("a")
    (True, False)
    """
    return not text.strip("\ufeff \t\r\n\f\v")


def excerpt(text: str, limit: int = 60) -> str:
    """Quote the beginning of a text for a message.

    >>> excerpt("to the coast", 6)
    '"to the…"'
    """
    return f'"{text}"' if len(text) <= limit else f'"{text[:limit]}…"'


def tile(
    starts: Sequence[int],
    ends: Sequence[int],
    kinds: Sequence[str],
    articles: Sequence[int | None],
    size: int,
) -> Spans:
    """Fill the stretches between spans with separators.

    Args:
        starts: Where each span begins; they are in order and do not overlap.
        ends: Where each ends.
        kinds: The kind of each.
        articles: The article that each is part of.
        size: Length of the text, in characters.

    Returns:
        All spans of the text; a separator within an article is part of it.

    >>> list(tile([0, 7], [4, 9], ["title", "body"], [0, 0], 9))[1]
    Span(start=4, end=7, kind='separator', article=0)
    """
    count = len(starts)
    cuts = [0] * (2 * count + 1)
    cuts[1::2], cuts[2::2] = starts, ends
    names = ["separator"] * (2 * count + 1)
    names[1::2] = kinds
    owners: list[int | None] = [None] * (2 * count + 1)
    owners[1::2] = articles
    owners[2:-1:2] = [
        article if article == before else None for before, article in pairwise(articles)
    ]
    is_kept = list(map(lt, cuts, [*cuts[1:], size]))
    return Spans(
        (*compress(cuts, is_kept), size),
        tuple(compress(names, is_kept)),
        tuple(compress(owners, is_kept)),
    )
