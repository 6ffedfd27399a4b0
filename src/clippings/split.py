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

VERSION = 2
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
    found = replace(found, claimed=found.claimed if cover is None else cover)
    return replace(
        found, doubts=(*found.doubts, *_check_count(found), *_check_dates(found.articles))
    )


def _read_claim(text: str, found: Split, claims: re.Pattern[str]) -> int | None:
    """Read how many articles a dump says that it holds, before the first or behind the last."""
    first, last = (
        (found.articles[0].start, found.articles[-1].end) if found.articles else (len(text), 0)
    )
    for start, end in ((0, min(first, _COVER)), (last, min(len(text), last + _COVER))):
        match = claims.search(text, start, end)
        if match is None:
            continue
        numbers = {
            name: int("".join(filter(str.isdecimal, text[slice(*stretch)])) or 0)
            for name, stretch in groups(match).items()
        }
        if "claimed" in numbers:
            return numbers["claimed"]
        if "first" in numbers and "last" in numbers:
            return numbers["last"] - numbers["first"] + 1
    return None


def _check_count(found: Split) -> Iterator[Doubt]:
    """Hold what a dump says of itself against what was found."""
    count = len(found.articles)
    numbers = sorted({number for number, _ in found.numbers})
    start = found.numbers[0][1] if found.numbers else 0
    if found.claimed is not None and found.claimed != count:
        said = f"expected {found.claimed:,} articles, as the file says, found {count:,}"
        if numbers and (missing := _missing(numbers, 1, found.claimed)):
            said += f"; missing: {missing}"
        yield Doubt("count_differs", start, said)
    elif found.claimed is None and len(numbers) > 1:
        first, last = numbers[0], numbers[-1]
        if last - first + 1 != len(numbers):
            yield Doubt(
                "numbers_skip",
                start,
                f"expected the numbers {first:,} to {last:,}, found {len(numbers):,} of "
                f"{last - first + 1:,}; missing: {_missing(numbers, first, last)}",
            )


def _missing(numbers: Sequence[int], first: int, last: int) -> str:
    """Name the numbers of a range that are not there.

    >>> _missing([1, 4], 1, 6)
    '2-3, 5-6'
    """
    inside = [number for number in numbers if first <= number <= last]
    ranges = [
        f"{low:,}" if low == high else f"{low:,}-{high:,}"
        for low, high in (
            (before + 1, after - 1)
            for before, after in zip([first - 1, *inside], [*inside, last + 1], strict=True)
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
