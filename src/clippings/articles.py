"""What a dump is split into: articles, the spans that tile it, and doubts."""

from __future__ import annotations

from dataclasses import dataclass

from clippings.dates import PrintedDate


@dataclass(frozen=True, slots=True)
class Span:
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


@dataclass(frozen=True, slots=True)
class Article:
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


@dataclass(frozen=True, slots=True)
class Doubt:
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
    """A dump, split: its articles in order, spans that tile its text, and doubts."""

    articles: tuple[Article, ...]
    spans: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


def squeeze(text: str) -> str:
    r"""Turn each run of white space into one space, and drop it at both ends.

    >>> squeeze(" a\u00a0 b\t")
    'a b'
    """
    return " ".join(text.split())
