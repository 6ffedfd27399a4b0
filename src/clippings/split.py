"""Dump + Layout -> articles with spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clippings.articles import Article, Doubt, Split
from clippings.dates import odd_dates
from clippings.layouts.layout import AnyLayout, MarkedLayout, groups
from clippings.marked import read_marked
from clippings.reading import read_lines

if TYPE_CHECKING:
    import re

    from clippings.markup import Mark

VERSION = 3
"""Raised by hand when read, dates or split yield something else for the same dump and layout."""

_COVER = 20_000
"""So much of what stands before the first article or behind the last is a cover, in characters."""
_MOST_RANGES = 12
"""No more ranges of missing numbers are told."""


def split(text: str, layout: AnyLayout, marks: Sequence[Mark] = ()) -> Split:
    """Split the text of a dump into its articles.

    Args:
        text: The whole text of a dump.
        layout: The form it has.
        marks: The elements of a page, where the dump is one.

    Returns:
        Articles in order, spans that tile `text` exactly, doubts, and what the dump claims to hold.
    """
    if isinstance(layout, MarkedLayout):
        found = read_marked(text, layout, marks)
    else:
        found = read_lines(text, layout)
    cover = _read_claim(text, found, layout.claims) if layout.claims else None
    claim = cover or (range(1, found.claimed + 1) if found.claimed is not None else None)
    return replace(
        found,
        claimed=None if claim is None else len(claim),
        doubts=(*found.doubts, *_check_count(found, claim), *_check_dates(found.articles)),
    )


def _read_claim(text: str, found: Split, claims: re.Pattern[str]) -> range | None:
    """Read which articles a dump says that it holds, before the first or behind the last."""
    first, last = (
        (found.articles[0].start, found.articles[-1].end) if found.articles else (len(text), 0)
    )
    covers = (0, min(first, _COVER)), (last, min(len(text), last + _COVER))
    for start, end in dict.fromkeys(covers):  # one and the same where there is no article
        match = claims.search(text, start, end)
        if match is None:
            continue
        numbers = {
            name: int("".join(filter(str.isdecimal, text[slice(*stretch)])) or 0)
            for name, stretch in groups(match).items()
        }
        if numbers.keys() >= {"first", "last"}:
            return range(numbers["first"], numbers["last"] + 1)
        if "claimed" in numbers:
            return range(1, numbers["claimed"] + 1)
    return None


def _check_count(found: Split, claim: range | None) -> Iterator[Doubt]:
    """Hold what a dump says of itself against what was found."""
    count = len(found.articles)
    numbers = sorted({number for number, _ in found.numbers})
    start = found.numbers[0][1] if found.numbers else 0
    if claim is None:
        claim = range(numbers[0], numbers[-1] + 1) if numbers else range(count)
    elif len(claim) != count:
        missing = _missing(numbers, claim) if numbers else ""
        yield Doubt(
            "count_differs",
            start,
            f"expected {len(claim):,} articles, as the file says, found {count:,}"
            + (f"; missing: {missing}" if missing else ""),
        )
        return
    if numbers and (missing := _missing(numbers, claim)):
        inside = sum(number in claim for number in numbers)
        yield Doubt(
            "numbers_skip",
            start,
            f"expected the numbers {claim[0]:,} to {claim[-1]:,}, found {inside:,} of "
            f"{len(claim):,}; missing: {missing}",
        )


def _missing(numbers: Sequence[int], claim: range) -> str:
    """Name the numbers of a range that are not there.

    >>> _missing([1, 4], range(1, 7))
    '2-3, 5-6'
    """
    inside = [number for number in numbers if number in claim]
    ranges = [
        f"{low:,}" if low == high else f"{low:,}-{high:,}"
        for low, high in (
            (before + 1, after - 1)
            for before, after in zip([claim.start - 1, *inside], [*inside, claim.stop], strict=True)
        )
        if low <= high
    ]
    more = len(ranges) - _MOST_RANGES
    return ", ".join(ranges[:_MOST_RANGES]) + (f" and {more:,} more ranges" if more > 0 else "")


def _check_dates(articles: Iterable[Article]) -> Iterator[Doubt]:
    """Flag dates that lie far from all others of the dump."""
    dated = list(articles)
    for index in odd_dates([article.date.date if article.date else None for article in dated]):
        article = dated[index]
        yield Doubt(
            "odd_date",
            article.start,
            f'expected a date near those of the other articles, found "{article.published_text}"',
        )
