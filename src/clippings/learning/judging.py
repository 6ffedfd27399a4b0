"""The best split of a dump -> how sure it is, and what speaks against it.

What looks wrong is counted in articles. Where nothing does, the confidence is what the score says;
where one article in twenty looks wrong, it is under 0.8.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from clippings.articles import Split
from clippings.learning.kinds import FEWEST, Line, is_names, is_upper
from clippings.learning.parts import is_sequence
from clippings.learning.readings import Reading
from clippings.learning.scoring import Tried, ends_with_head, is_good_title
from clippings.learning.writing import show

_ENOUGH = 12
"""From so many articles on their number no longer makes a reading less sure."""
_MISSING = 0.08
"""So many articles may lack a title, or a date."""
_WRONG = 0.3
"""Titles of which a greater share looks wrong are none."""
_SHORT = 25
"""The usual text of an article has more words."""
_MARGIN = 0.08
"""Another reading whose score is less than this behind may be the right one."""
_DOUBTED = 4
"""How much the confidence falls with the share of articles that look wrong ..."""
_LOOK_ALIKE = 0.01
"""... beyond those few that hold a line of a head by chance."""
_NOT_PRINTED = 0.25
"""What an article without a date counts of one whose date was not found."""
_END = 80
"""So much of a text is looked at for a date at its beginning and end, in characters."""
# "12 Mart 2019", "3.5.19", "3 May 19"
_NUMBERS = re.compile(r"\d{4}|\d([./-]) ?\d{1,2}\1|\d[ .-]{1,2}[^\W\d_]{3,12}[ .-]{1,2}\d\d")
_LIST = "-–—•*"
"""Signs that open an item of a list."""

Doubt = tuple[float, str]
"""The share of articles that look wrong, and what does."""


def judge(best: Tried, tried: Iterable[Tried], lines: Sequence[Line]) -> tuple[float, list[str]]:
    """Say how sure the best reading is, and what speaks against it.

    Args:
        best: The reading.
        tried: All that were tried.
        lines: The lines of the dump.

    Returns:
        The confidence, from 0 to 1, and sentences.
    """
    count = len(best.split.articles)
    doubts = [
        *_doubt_titles(best.split, best.way.reading),
        *_doubt_parts(best.split, lines),
        *_doubt_texts(best, lines),
        *_doubt_ends(best, lines),
        *_doubt_choice(best, tried, lines),
    ]
    doubts = [(share, said) for share, said in doubts if share > 0]
    confidence = max(0.0, min(1.0, (best.score - 0.45) / 0.5))
    wrong = max(0.0, sum(share for share, _ in doubts) - _LOOK_ALIKE)
    confidence *= max(0.0, 1 - _DOUBTED * wrong)
    told = [f"{said} ({share:.0%})." for share, said in sorted(doubts, reverse=True)]
    if count < _ENOUGH:
        confidence *= ((count - 1) / _ENOUGH) ** 0.6
        told.append(f"{count} articles are few to learn from.")
    return round(confidence, 3), told


def look_wrong(split: Split) -> bool:
    """Tell whether the titles of a split by whatever layout are hardly those of articles."""
    shares = (share for share, _ in _doubt_titles(split))
    return len(split.articles) >= _ENOUGH and sum(shares) > _WRONG


def _doubt_titles(split: Split, reading: Reading | None = None) -> Iterator[Doubt]:
    """Doubt titles that are missing or not those of articles."""
    count = len(split.articles)
    titles = [article.title for article in split.articles if article.title]
    good = sum(is_good_title(title, reading) for title in titles) / count
    yield max(0.0, 1 - good - _MISSING), "titles are missing, or are sentences"
    different = {(article.title, article.body) for article in split.articles if article.title}
    yield 1 - len(set(titles)) / max(1, len(different)), "titles repeat"
    openings = Counter(title.split()[0] if title[0].isalnum() else title[0] for title in titles)
    alike = max(openings.values(), default=0) / count
    yield alike * (alike > 0.5), "titles begin alike"
    named = Counter(title.partition(": ")[0] for title in titles if ": " in title)
    few = sum(common for common in named.values() if common >= FEWEST) / count
    yield few * (few > 0.5), "titles begin with one of a few names"  # who sent them
    names = sum(is_names(title) and len(title.split()) < 4 for title in titles) / count
    yield names * (names > 0.5), "titles are names"


def _doubt_parts(split: Split, lines: Sequence[Line]) -> Iterator[Doubt]:
    """Doubt dates that are missing, and texts of a few words.

    An article that prints no date lacks none, but that is not sure.
    """
    undated = [article for article in split.articles if article.date is None]
    missing = sum(
        1.0 if _may_be_dated(_within(lines, article.start, article.end)) else _NOT_PRINTED
        for article in undated
    )
    yield max(0.0, missing / len(split.articles) - _MISSING), "dates are missing"
    yield 2 * _share_bare(split), "beginnings have hardly a part"  # and cut a text in two
    words = median(len(article.body.split()) for article in split.articles)
    yield float(words < _SHORT), "the texts are very short"


def _doubt_texts(best: Tried, lines: Sequence[Line]) -> Iterator[Doubt]:
    """Doubt texts that begin or end with lines of a head, or hold another article."""
    reading, count = best.way.reading, len(best.split.articles)
    bodies = _find_bodies(best.split, lines)
    kinds = {item.kind for item in reading.items if item.is_anchor}

    def share(wrong: Iterable[bool]) -> float:
        return sum(wrong) / count

    begun = {span.article: span.start for span in best.split.spans[::-1] if span.kind == "body"}
    firsts = [
        [line for line in body[:1] if line.start == begun[at]]  # not behind a label, on its line
        for at, body in enumerate(bodies)
    ]
    yield share(map(_is_of_head, firsts)), "texts begin like a head"
    yield share(_is_of_head(body[1:][-1:]) for body in bodies), "texts end like a head"
    inner = share(any(line.kind in kinds for line in body[1:]) for body in bodies)
    yield inner, "texts hold a line of a head"
    first = (reading.rule or reading.items[0]).kind
    own = share(any(line.kind == first for line in body[1:]) for body in bodies)
    if _is_counted(best.split):  # a number that is missing may be that of such a line
        numbers = {number for number, _ in best.split.numbers}
        own = min(own, (max(numbers) - min(numbers) + 1 - len(numbers)) / count)
    yield own * (first not in ("free", "date")), "texts hold the first line of a head"
    gaps = share(any(line.gap > 1 for line in body[1:]) for body in bodies)
    yield gaps / 2, "texts hold a gap"
    if reading.gaps[1] >= 2:  # an article that is not found takes the one above it with it
        wide = share(any(line.gap >= reading.gaps[1] for line in body[1:]) for body in bodies)
        yield 1.5 * wide, "texts hold a gap as wide as that between two articles"
    # A lone short line may be a heading within a text, unless little tells where articles begin.
    titles = [article.title for article in best.split.articles if article.title]
    in_capitals = bool(titles) and sum(map(is_upper, titles)) >= 0.9 * len(titles)
    lone = share(
        any(_is_lone(line) and (is_upper(line.text) or not in_capitals) for line in body[1:-1])
        for body in bodies
    )
    is_day = (reading.rule or reading.items[0]).kind == "date" and lone > 0.5  # of many articles
    is_weak = is_day or _is_weak(reading, lines)
    yield lone if is_weak else lone / 20, "texts hold a line like a title"


def _doubt_ends(best: Tried, lines: Sequence[Line]) -> Iterator[Doubt]:
    """Doubt a reading that leaves text out, or takes the end of an article for a beginning."""
    split, count = best.split, len(best.split.articles)
    last = split.articles[-1].end  # what ends the last article may look like a beginning
    broken = sum(doubt.code == "broken_article" and doubt.start < last for doubt in split.doubts)
    yield broken / count, "beginnings have no article"
    lost = 0
    for span in split.spans:
        if span.kind in ("unknown", "boilerplate"):
            inside = _within(lines, span.start, span.end)
            lost += any(line.kind == "para" and line.end <= span.end for line in inside)
    yield lost / count, "paragraphs belong to no text"
    if ends_with_head(split, lines):
        yield 0.2, "the dump ends with a line that should stand above a text"


def _doubt_choice(best: Tried, tried: Iterable[Tried], lines: Sequence[Line]) -> Iterator[Doubt]:
    """Doubt a reading of which parts are unclear, or that another one is as good as."""
    reading = best.way.reading
    if _is_weak(reading, lines):
        yield 0.02, "nothing but a date line tells where an article begins"
    for above, below in pairwise(reading.items):
        is_known = "(?P<" in below.pattern and below.share >= 0.7
        is_known |= "(?P<outlet>" in below.pattern  # one of few, and no rest of a title
        is_bare = below.kind == "free" and below.gap == 0 and not is_known
        is_deck = below.share >= 0.9 and _has_deck(best.split, lines)
        if "(?P<title>" in above.pattern and is_bare and not is_deck:
            yield 0.1, "the line below a title is in no part; it may be the rest of it"
    heads = _heads(best.split)
    others = [one for one in tried if one is not best and _overlap(heads, _heads(one.split)) < 0.9]
    if others and best.score - max(others).score < _MARGIN and not _is_counted(best.split):
        second = max(others)
        mark, found = show(second.way.reading.mark, 40), len(second.split.articles)
        yield 0.06, f"another reading, by {mark}, finds {found} articles and is nearly as good"


def _share_bare(split: Split) -> float:
    """Give the share of the articles that lack all of the parts that are usual, two or more."""
    rows = [(article.title, article.byline, article.outlet) for article in split.articles]
    usual = [at for at in range(3) if sum(row[at] is not None for row in rows) >= 0.8 * len(rows)]
    bare = sum(all(row[at] is None for at in usual) for row in rows)
    return bare / len(rows) if len(usual) > 1 else 0.0


def _may_be_dated(lines: Sequence[Line]) -> bool:
    """Tell whether a line above or below a text holds numbers that may be a date, or its ends."""
    paragraphs = [line for line in lines if line.kind == "para"]
    ends = [line.text[:_END] for line in paragraphs[:1]]
    ends += [line.text[-_END:] for line in paragraphs[-1:]]
    others = [line.text for line in lines if line.kind != "para"]
    return any(_NUMBERS.search(text) for text in [*others, *ends])


def _has_deck(split: Split, lines: Sequence[Line]) -> bool:
    """Tell whether what stands right below the titles begins anew, as no rest of a title does."""
    below = [
        lines[at + 1].text
        for span in split.spans
        if span.kind == "title"
        and (at := bisect_right(lines, span.start, key=lambda line: line.start) - 1) >= 0
        and at + 1 < len(lines)
    ]
    anew = sum(not text[0].islower() and not is_upper(text) for text in below)
    return anew >= 0.98 * len(below)


def _is_counted(split: Split) -> bool:
    """Tell whether the articles bear numbers, one after the other."""
    return len(split.numbers) >= 0.95 * len(split.articles) and is_sequence(
        [number for number, _ in split.numbers]
    )


def _find_bodies(split: Split, lines: Sequence[Line]) -> list[list[Line]]:
    """Give the lines of each text; one that begins above it, with a label, apart."""
    bodies: list[list[Line]] = [[] for _ in split.articles]
    for span in split.spans:
        if span.kind == "body" and span.article is not None:
            bodies[span.article] += _within(lines, span.start, span.end)
    return bodies


def _within(lines: Sequence[Line], start: int, end: int) -> Sequence[Line]:
    first = bisect_left(lines, start, key=lambda line: line.start)
    return lines[first : bisect_left(lines, end, key=lambda line: line.start)]


def _is_of_head(lines: Sequence[Line]) -> bool:
    return any(
        line.kind not in ("para", "dateline")
        and not line.kind.startswith("rule:")
        and line.text[0] not in _LIST
        for line in lines
    )


def _is_lone(line: Line) -> bool:
    first = next(filter(str.isalnum, line.text), "")  # "«No vino nadie»", "12 dead in Oran"
    return (
        line.kind == "free"
        and len(line.text.split()) >= 3
        and line.text[0] not in _LIST
        and (first.isupper() or first.isdigit())
    )


def _is_weak(reading: Reading, lines: Sequence[Line]) -> bool:
    """Tell whether neither a gap nor a line of its own kind tells where an article begins.

    A date line may be the last of the article above, unless the title stands beside the date, or
    no text stands above the first.
    """
    first = reading.rule or reading.items[0]
    labelled = [item for item in reading.items if item.kind.startswith(("label:", "tag:"))]
    if first.is_anchor and first.kind != "date":
        return False
    if sum(item.share >= 0.9 for item in labelled) > 1:  # no article lacks them all
        return False
    is_own = "(?P<title>" in first.pattern or not any(
        line.kind == "para" for line in lines[: reading.starts[0]]
    )
    return reading.gaps[1] < 2 and not (first.is_anchor and is_own)


Heads = Counter[tuple[str | None, str | None]]


def _heads(split: Split) -> Heads:
    return Counter((article.title, article.published_text) for article in split.articles)


def _overlap(first: Heads, second: Heads) -> float:
    """Give the share of articles that two readings have in common."""
    return (first & second).total() / max(1, first.total(), second.total())


def tell(best: Tried) -> list[str]:
    """Say in sentences what was seen."""
    reading = best.way.reading
    steps = [below - above for above, below in pairwise(reading.starts)]
    items = [*([reading.rule] if reading.rule else []), *reading.items]
    return [
        f"{show(reading.mark, 60)}: {len(reading.starts)} times, every {median(steps):.0f} lines.",
        f"{len(best.split.articles)} articles were found.",
        *(
            f"head: {show(item.kind, 60)} stands in {item.share:.0%} of the articles."
            for item in items
        ),
    ]
