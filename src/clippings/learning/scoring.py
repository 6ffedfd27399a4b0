"""A layout, tried -> how much the pieces that it makes look like articles."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from clippings.articles import Split
from clippings.layouts.layout import MarkedLayout, parse_layout
from clippings.learning.kinds import Line, is_rule, is_title_like
from clippings.learning.readings import Reading
from clippings.learning.shapes import USUAL
from clippings.marked import read_marked

if TYPE_CHECKING:
    from clippings.markup import Mark

_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*$")
_PARTS = ("byline", "outlet", "section", "id", "topics", "page", "dateline")


@dataclass(frozen=True, slots=True)
class Way:
    """A layout to be tried.

    Attributes:
        number: Its place among all, for a fixed order.
        reading: What it was written from.
        toml: The text of the layout.
    """

    number: int
    reading: Reading
    toml: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A layout that was tried; the greater the better.

    Attributes:
        way: The layout.
        split: What the engine made of the dump with it.
        score: How much the pieces look like articles.
    """

    way: Way
    split: Split
    score: float

    def __lt__(self, other: Tried) -> bool:
        return (self.score, -self.way.number) < (other.score, -other.way.number)


def try_way(way: Way, text: str, marks: Sequence[Mark], lines: Sequence[Line]) -> Tried:
    """Split a dump, or its beginning, with a layout and see what comes of it."""
    layout = parse_layout(way.toml, where="learned.toml")
    assert isinstance(layout, MarkedLayout)
    split = read_marked(text, layout, [mark for mark in marks if mark.end <= len(text)])
    known = lines[: bisect_right(lines, len(text), key=lambda line: line.start)]
    if len(split.articles) < 2:
        return Tried(way, split, 0.0)
    return Tried(way, split, _score(split, text, known, way))


def _score(split: Split, text: str, lines: Sequence[Line], way: Way) -> float:
    articles, count = split.articles, len(split.articles)
    titled = sum(is_good_title(article.title, way.reading) for article in articles) / count
    dated = sum(article.date is not None for article in articles) / count
    prose = share(split, _is_text)
    titles = {article.title for article in articles if article.title}
    different = {(article.title, article.body) for article in articles if article.title}
    distinct = len(titles) / max(1, len(different))  # an article may stand there twice
    known = sum(
        span.end - span.start for span in split.spans if span.kind not in ("unknown", "preamble")
    ) / len(text)
    score = (
        (0.4 * titled + 0.35 * dated + 0.25 * prose)
        * (0.6 + 0.4 * distinct)
        * (0.4 + 0.6 * known)
        * (0.5 + 0.5 * prose)
    )
    starts = way.reading.starts  # those of all the dump, of which this may be the beginning
    marks = bisect_right(starts, bisect_right(lines, articles[-1].end, key=lambda line: line.start))
    score -= 0.3 * max(0.0, 1 - marks / count)
    score -= 0.15 * (ends_with_head(split, lines) + _begins_below_head(split, lines))
    score -= 0.15 * _begins_above_gap(way.reading)
    score -= min(1.0, _count_hidden(split, lines, way.reading) / count) + 0.8 * _share_set_aside(
        split, lines
    )
    score -= 0.25 * max(0.0, share(split, _has_loose_end) - 0.15)
    score -= 0.15 * max(0.0, share(split, _has_loose_beginning) - 0.15)
    parts = Counter(span.kind for span in split.spans if span.article is not None)
    score += 0.01 * sum(min(1.0, parts[kind] / count) for kind in _PARTS)
    score -= 2e-6 * len(way.toml)  # of two that read alike, the plainer one
    return max(0.0, min(1.0, score))


def share(split: Split, test: Callable[[str], bool]) -> float:
    """Give the share of the texts of which something holds."""
    return sum(test(article.body) for article in split.articles) / len(split.articles)


def is_good_title(title: str | None, reading: Reading | None = None) -> bool:
    """Tell whether a title looks like one; what a label names so may end with a full stop."""
    if title and reading and "title" in reading.labels:
        title = title.rstrip(".")
    return title is not None and is_title_like(title)


def _is_text(body: str) -> bool:
    """Tell whether a body has sentences."""
    return len(body.split()) >= 12 and any(
        _SENTENCE_END.search(paragraph) is not None and len(paragraph.split()) >= 6
        for paragraph in body.split("\n\n")
    )


def _has_loose_end(body: str) -> bool:
    return is_title_like(body.rsplit("\n\n", 1)[-1])


def _has_loose_beginning(body: str) -> bool:
    return is_title_like(body.split("\n\n", 1)[0])


def ends_with_head(split: Split, lines: Sequence[Line]) -> bool:
    """Tell whether a dump ends with what should begin an article: it ends one, as all of its kind.

    A separator behind the last article is none.
    """
    end = split.articles[-1].end
    broken = [doubt.start for doubt in split.doubts if doubt.code == "broken_article"]
    at = bisect_left(lines, max(broken, default=0), key=lambda line: line.start)
    return max(broken, default=0) >= end and at < len(lines) and not is_rule(lines[at].kind)


def _begins_below_head(split: Split, lines: Sequence[Line]) -> bool:
    """Tell whether a label stands above the first article that all have: it is its first line."""
    at = bisect_left(lines, split.articles[0].start, key=lambda line: line.start) - 1
    if at < 0 or not lines[at].kind.startswith(("label:", "tag:")):
        return False
    count = sum(line.kind == lines[at].kind for line in lines)
    return count >= USUAL * len(split.articles)


def _begins_above_gap(reading: Reading) -> bool:
    """Tell whether a head that only its place tells has its widest gap inside: one ends there."""
    items = reading.items
    if reading.rule or not items or items[0].is_anchor:
        return False
    return max([item.gap for item in items[1:]], default=0) > max(1, reading.gaps[1])


def _count_hidden(split: Split, lines: Sequence[Line], reading: Reading) -> float:
    """Count the articles that seem to stand inside another.

    What stands once in most articles and twice in one, stands there for another: a separator, a
    label, a date line. One that this reading does not take for a line of the head may be a line of
    the text; two such lines are surer.
    """
    starts = [article.start for article in split.articles]
    rows = [Counter[str]() for _ in starts]
    gap = reading.gaps[1]
    for line, below in pairwise([*lines, lines[-1]]):
        owner = bisect_right(starts, line.start) - 1
        if owner < 0 or line.start >= split.articles[owner].end:
            continue
        # A separator above a paragraph is one of the text's own.
        if line.kind not in ("free", "para") and not (is_rule(line.kind) and below.kind == "para"):
            rows[owner][line.kind] += 1
        if gap >= 2 and line.gap >= gap and line.start > starts[owner] + 200:
            rows[owner]["gap"] += 1
    totals = Counter(kind for row in rows for kind in row)
    known = Counter(item.kind for item in reading.items)
    usual = {
        kind: max(known[kind], sorted(row[kind] for row in rows)[int(0.6 * len(rows))])
        for kind, total in totals.items()
        if total >= USUAL * len(rows) or kind == "gap"
    }
    marks = {"gap", *(item.kind for item in reading.items if item.is_anchor)}
    hidden = 0.0
    for row in rows:
        twice = [kind for kind in usual if row[kind] > usual[kind]]
        sure = any(kind in marks or is_rule(kind) for kind in twice)
        hidden += 0.9 if sure else min(1.0, 0.5 * len(twice))
    return hidden


def _share_set_aside(split: Split, lines: Sequence[Line]) -> float:
    """Give the share of the paragraphs that were taken for lines of the page."""
    lost = size = at = 0
    for span in split.spans:
        while at < len(lines) and lines[at].start < span.end:
            size += lines[at].kind == "para"
            lost += lines[at].kind == "para" and span.kind == "boilerplate"
            at += 1
    return lost / max(1, size)
