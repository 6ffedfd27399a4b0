"""Lines and their parts -> articles, spans and doubts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import compress
from operator import add

from clippings.articles import Article, Doubt, Split, excerpt, tile
from clippings.dates import parse_date
from clippings.errors import DateError
from clippings.layouts.layout import Layout
from clippings.reading.kinds import (
    BODY,
    BOILERPLATE,
    BYLINE,
    DATE,
    MORE_TOPICS,
    OUTLET,
    PREAMBLE,
    TITLE,
    TOPICS,
    UNKNOWN,
    Part,
)
from clippings.reading.lines import Lines

_KINDS = {part: part.value for part in Part} | {MORE_TOPICS: "topics"}
"""What the spans of each part are called."""
_LETTERS = {
    PREAMBLE: "P",
    TITLE: "T",
    BYLINE: "A",
    DATE: "D",
    BODY: "B",
    BOILERPLATE: "X",
    OUTLET: "O",
    TOPICS: "L",
    MORE_TOPICS: "M",
    UNKNOWN: "U",
}
"""The parts of some lines are written as one word, such as "TDBBBXXOL"."""
_STRETCH = re.compile(r"T[^TPU]*|[PU]+")  # an article, or what belongs to none
_LIST = re.compile(r"LM*")


def assemble(text: str, lines: Lines, parts: list[Part], layout: Layout) -> Split:
    """Put articles, spans and doubts together from the lines and their parts.

    Args:
        text: The whole text of a dump.
        lines: Its lines.
        parts: The part of each.
        layout: The form it has.

    Returns:
        Articles in order, spans that tile `text` exactly, and doubts.
    """
    articles: list[Article] = []
    doubts: list[Doubt] = []
    printed, texts, starts, _ = lines
    ends = list(map(add, starts, map(len, printed)))
    kinds = list(map(_KINDS.__getitem__, parts))
    word = "".join(map(_LETTERS.__getitem__, parts))
    firsts: list[int] = []  # of each span its first line, its last one and its article
    lasts: list[int] = []
    owners: list[int | None] = []
    for stretch in _STRETCH.finditer(word):
        shape = stretch[0]
        first, stop = stretch.span()
        if shape[0] == "T":
            own = slice(first, stop)
            firsts += range(first, stop)
            lasts += range(first, stop)
            owners += [len(articles)] * len(shape)
            articles.append(
                _read_article(shape, texts[own], starts[own], ends[stop - 1], layout, doubts)
            )
        else:
            if stop == len(word):
                kinds[first] = "unknown"
            if kinds[first] == "unknown":
                doubts.append(_doubt_loose(texts[first], starts[first], is_behind=first > 0))
            firsts.append(first)
            lasts.append(stop - 1)
            owners.append(None)
    spans = tile(
        [starts[line] for line in firsts],
        [ends[line] for line in lasts],
        [kinds[line] for line in firsts],
        owners,
        len(text),
    )
    return Split(tuple(articles), spans, tuple(doubts))


def _read_article(
    shape: str, texts: list[str], starts: list[int], end: int, layout: Layout, doubts: list[Doubt]
) -> Article:
    """Read the article of some lines, of which `shape` has the parts; note what is doubtful."""
    told = date = None
    if (at := shape.find("D")) >= 0:
        told = texts[at]
        try:
            date = parse_date(told, where=f"character {starts[at]}", rules=layout.dates)
        except DateError as error:
            doubts.append(Doubt("bad_date", starts[at], str(error)))
    author, source = shape.find("A"), shape.find("O")
    return Article(
        title=texts[0],
        date=date,
        published_text=told,
        byline=texts[author] if author >= 0 else None,
        dateline=None,
        outlet=layout.outlet.value(texts[source]) if source >= 0 else None,
        topics=tuple(_read_topics(shape, texts, layout)) if "L" in shape else (),
        body="\n\n".join(compress(texts, map("B".__eq__, shape))),
        start=starts[0],
        end=end,
    )


def _read_topics(shape: str, texts: list[str], layout: Layout) -> Iterator[str]:
    for found in _LIST.finditer(shape):
        first, *more = texts[slice(*found.span())]
        listed = " ".join([layout.topics.value(first) or "", *more])
        yield from filter(None, map(str.strip, listed.split(layout.topic_separator)))


def _doubt_loose(text: str, start: int, *, is_behind: bool) -> Doubt:
    """Doubt a stretch that is part of no article."""
    code, found = "no_article", "no title line"
    if is_behind:
        code, found = "unplaced", "text behind the last part of one"
    return Doubt(code, start, f"expected an article, found {found}: {excerpt(text)}")
