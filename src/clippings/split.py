"""Dump + Layout -> articles with spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from clippings.articles import Article, Doubt, Spans, Split
from clippings.dates import odd_dates
from clippings.layouts.layout import AnyLayout, MarkedLayout, groups
from clippings.marked import read_marked
from clippings.pieces import LINE, even_lines
from clippings.reading import read_lines

if TYPE_CHECKING:
    from clippings.markup import Mark

VERSION = 4
"""Raised by hand when read, dates or split yield something else for the same dump and layout."""

_RULE = re.compile(r"(?:[^\w\n]|_)+")  # "=====", "* * *"
_WORDS = re.compile(  # "LENGTH: 453 words", "1.204 Wörter"
    r"[^\d\n]{0,24}(\d{1,3}(?:[., \u00a0\u202f]\d{3})+|\d{1,6})\s"
    r"(?i:words?|mots?|w[oö]rter|worte?|palabras?|woorden|parole|palavras)\s*"
)
_LENGTH = 60
"""A line that says how long a text is has no more characters."""
_COUNTED = 40
"""Of a shorter text it is not asked whether it has all its words."""
_CUT = 0.7
"""A text with a smaller share of the words that it should have is cut off."""
_MOST_CUT = 0.5
"""Where so many are, a dump holds no more than the beginnings of texts."""
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
    return check(text, read_articles(text, layout, marks), layout)


def read_articles(text: str, layout: AnyLayout, marks: Sequence[Mark] = ()) -> Split:
    """Split a dump as `split` does, but hold nothing against what the dump says of itself."""
    if isinstance(layout, MarkedLayout):
        return _begin_at_heads(text, read_marked(text, layout, marks), layout)
    return read_lines(text, layout)


def check(text: str, found: Split, layout: AnyLayout) -> Split:
    """Hold what `read_articles` found against what the dump says of itself."""
    lengths = list(_read_lengths(text, found)) if isinstance(layout, MarkedLayout) else []
    cover = _read_claim(text, found, layout.claims) if layout.claims else None
    claim = cover or (range(1, found.claimed + 1) if found.claimed is not None else None)
    return replace(
        found,
        claimed=None if claim is None else len(claim),
        doubts=(
            *found.doubts,
            *_check_lengths(lengths),
            *_check_count(found, claim),
            *_check_dates(found.articles),
        ),
    )


def _begin_at_heads(text: str, found: Split, layout: MarkedLayout) -> Split:
    """Take out of articles the rules and lines of the page above them, which stand between two.

    That they do is seen at the first article, which has none above it.
    """
    text = even_lines(text)
    if not found.articles or _skip_page(text, found.articles[0], layout):
        return found
    starts = {
        at: start
        for at, article in enumerate(found.articles)
        if (start := _skip_page(text, article, layout))
    }
    if not starts:
        return found
    cuts, kinds, owners = [0], list[str](), list[int | None]()
    for start, end, kind, owner in found.spans:
        head = starts.get(owner, 0) if owner is not None else 0
        if start < head and kind not in ("boilerplate", "separator"):
            return found  # it tells something of the article
        for first, last in ((start, min(end, head)), (max(start, head), end)):
            if first < last:
                is_rule = first < head and not any(map(str.isalnum, text[first:last]))
                cuts.append(last)
                kinds.append("separator" if is_rule else kind)
                owners.append(None if first < head else owner)
    articles = tuple(
        article._replace(start=starts.get(at, article.start))
        for at, article in enumerate(found.articles)
    )
    return replace(found, articles=articles, spans=Spans(tuple(cuts), tuple(kinds), tuple(owners)))


def _skip_page(text: str, article: Article, layout: MarkedLayout) -> int:
    """Give where the first line begins that is no rule nor the page's; 0 where it is at once."""
    at = article.start
    while line := LINE.search(text, at, article.end):
        is_page = layout.boilerplate and layout.boilerplate.match(text, *line.span())
        if is_page is None and not _RULE.fullmatch(line.group()):
            break
        at = line.end()
    return line.start() if line and at > article.start else 0


class _Length(NamedTuple):
    """How many words an article should have and has, and where it begins."""

    expected: int
    found: int
    start: int


def _read_lengths(text: str, found: Split) -> Iterator[_Length]:
    """Read how many words articles say that they have, in lines that say nothing else."""
    spans = found.spans
    rows = zip(spans.cuts, spans.cuts[1:], spans.kinds, spans.articles, strict=False)
    for start, end, kind, owner in rows:
        if kind == "boilerplate" and owner is not None and end - start <= _LENGTH:
            match = _WORDS.fullmatch(text, start, end)
            if match:
                article = found.articles[owner]
                expected = int(re.sub(r"\D", "", match[1]))
                yield _Length(expected, len(article.body.split()), article.start)


def _check_lengths(lengths: Sequence[_Length]) -> Iterator[Doubt]:
    """Doubt texts that are cut off, unless most of a dump are: it holds but their beginnings."""
    cut = [one for one in lengths if one.expected >= _COUNTED and one.found < _CUT * one.expected]
    for length in cut if len(cut) < _MOST_CUT * len(lengths) else ():
        yield Doubt(
            "broken_article",
            length.start,
            f"expected a text of {length.expected:,} words, as the article says, found "
            f"{length.found:,}",
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
