"""What a dump is split into: articles, the spans that tile it, and doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat, zip_longest
from typing import NamedTuple

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


make_span = partial(tuple.__new__, Span)
"""Makes a span of a tuple, twice as fast as `Span(...)`."""


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
    spans: tuple[Span, ...]
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


def tile(pieces: Sequence[Span], size: int) -> tuple[Span, ...]:
    """Fill the stretches between spans with separators.

    Args:
        pieces: Spans that do not overlap, in order.
        size: Length of the text, in characters.

    Returns:
        All spans of the text, in order; a separator within an article is part of it.
    """
    starts, ends, _, articles = zip(*pieces, strict=True) if pieces else ((), (), (), ())
    inside = [
        article if article == before else None
        for before, article in zip([None, *articles], [*articles, None], strict=True)
    ]
    between = zip([0, *ends], [*starts, size], repeat("separator"), inside, strict=False)
    tiled = chain.from_iterable(zip_longest(map(make_span, between), pieces))
    return tuple([span for span in tiled if span and span[0] < span[1]])
