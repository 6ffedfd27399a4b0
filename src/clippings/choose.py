"""Dump -> the layout that explains most of it.

Each layout splits the dump and is scored by what comes out: how many of the bytes are parts of
articles, how alike the articles are, and how much tells them apart from any other text. Where none
explains the dump, one is inferred from what recurs in it; where that fails too the dump is one
article, and a problem says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clippings.articles import Article, Doubt, Split, is_blank, squeeze, tile
from clippings.bodies import paragraphs
from clippings.dates import find_date
from clippings.layouts.layout import AnyLayout, parse_layout
from clippings.pieces import even_lines
from clippings.split import check, read_articles, split

if TYPE_CHECKING:
    from clippings.learning import Learned
    from clippings.markup import Mark

VERSION = 5
"""Raised by hand when another layout is chosen or learned for the same dump, or doubts are worded
otherwise."""

LEARNED = "learned"
"""Name of a layout that was inferred from the dump itself."""

_EXPLAINS = 0.5
"""A layout that scores less does not explain a dump."""
_LEARNED = 0.8
"""A learned layout that is less sure is not taken: from here on 95 % of them are right."""
_EXCERPT = 300_000
"""Layouts are compared on so many characters from the beginning of a dump."""
_SURE = 0.75
"""Unless it scores that much, a layout is held against what recurs in the dump itself."""
_CLOSE = 0.05
"""What recurs is held for better if it explains so much less at most."""
_TELLING = frozenset(("dateline", "section", "page", "id", "outlet", "topics"))
_ONE_ARTICLE = 0.9
"""A dump that is read as one article is one where that share of it is title and text."""
_LONGEST = 40_000
"""A longer text is not taken for one article without a word, in characters."""
_FEW_ROWS = 8
"""Fewer paragraphs are no table."""
_ROW = 400
"""Only so much of a paragraph is looked at for a date, in characters."""
_ROWS_DATED = 0.7
"""A text of which this share of the paragraphs holds a date is a table, not one article."""
_TITLE_ALONE = 0.3
"""What an article is worth of which nothing but a title tells that it is one."""
_DATE_ALONE = 0.6
"""And one of which a date does."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a dump was split.

    Attributes:
        found: The articles.
        layout: Name of the layout; None where none explains the dump.
        score: How much of the dump it explains, from 0 to 1.
        runner_up: Name of the layout that explains it next best; None where no other does.
        learned: What was inferred from the dump, taken or not; None where nothing was tried or
            nothing recurs.
    """

    found: Split
    layout: str | None
    score: float
    runner_up: str | None
    learned: Learned | None = None

    @property
    def inferred(self) -> Learned | None:
        """What was inferred, unless a known layout explains the dump better."""
        return self.learned if self.layout in (None, LEARNED) else None


def split_best(text: str, layouts: Sequence[AnyLayout], marks: Sequence[Mark] = ()) -> Choice:
    """Split a dump by the layout that explains most of it.

    Args:
        text: The whole text of a dump.
        layouts: Those that can be chosen; a single one is taken whatever it explains.
        marks: The elements of a page, where the dump is one.

    Returns:
        The articles and what was chosen.
    """
    if is_blank(text):
        return Choice(split(text, layouts[0], marks), None, 0.0, None)
    if len(layouts) == 1:
        found = split(text, layouts[0], marks)
        return Choice(found, layouts[0].name, _round(score(found)), None)
    excerpt = text[:_EXCERPT]
    tried = _rank(excerpt, layouts, [mark for mark in marks if mark.end <= len(excerpt)])
    best, layout, found = tried[0]
    if len(excerpt) < len(text):
        found = read_articles(text, layout, marks)
        best = score(found)
        if best < _EXPLAINS:  # a dump that begins otherwise than it goes on
            tried = _rank(text, layouts, marks)
            best, layout, found = tried[0]
    second = tried[1][1].name if tried[1][0] else None
    found = check(text, found, layout)
    if best >= _SURE:
        return Choice(found, layout.name, _round(best), second)
    from clippings.learning import learn, look_wrong  # a run with nothing new needs none

    learned = learn(text, marks, name=LEARNED)
    is_doubted = False
    if learned and learned.confidence >= _EXPLAINS:
        by_own = split(text, parse_layout(learned.toml, where=LEARNED), marks)
        is_doubted = score(by_own) > best - _CLOSE
        if is_doubted and learned.confidence >= _LEARNED:
            return Choice(
                by_own,
                LEARNED,
                _round(learned.confidence),
                layout.name if best else None,
                learned,
            )
    is_split = best >= _EXPLAINS and not look_wrong(found)
    if not is_doubted and (is_split or _is_one_article(found)):
        return Choice(found, layout.name, _round(best), second, learned)
    return Choice(_whole(text, found), None, _round(best), layout.name if best else None, learned)


def _rank(
    text: str, layouts: Iterable[AnyLayout], marks: Sequence[Mark]
) -> list[tuple[float, AnyLayout, Split]]:
    """Split a text by every layout, unchecked, the one that explains most of it first."""
    tried = []
    for layout in layouts:
        found = read_articles(text, layout, marks)
        tried.append((score(found), layout, found))
    tried.sort(key=lambda each: -each[0])
    # Of layouts that find the same articles the one that knows more of their parts.
    starts = _starts(tried[0][2])
    best = max(tried, key=lambda each: (_starts(each[2]) == starts, _count_parts(each[2])))
    return [best, *(each for each in tried if each is not best)]


def _is_one_article(found: Split) -> bool:
    """Tell whether a dump is one article of a title and a text, and hardly anything beside."""
    if len(found.articles) != 1:
        return False
    body = found.articles[0].body
    if not 0 < len(body) <= _LONGEST or _is_dated(body):
        return False
    sizes = found.spans.sizes()
    size = sizes.total() - sizes["separator"]
    return sizes["title"] + sizes["body"] >= _ONE_ARTICLE * size


def _is_dated(body: str) -> bool:
    """Tell whether nearly all paragraphs hold a date, as the rows of a table or a list do."""
    rows = body.split("\n\n")
    dated = sum(find_date(row[:_ROW]) is not None for row in rows)
    return len(rows) >= _FEW_ROWS and dated >= _ROWS_DATED * len(rows)


def _starts(found: Split) -> list[int]:
    return [article.start for article in found.articles]


def _count_parts(found: Split) -> int:
    """Count the titles, dates and other values that were found."""
    return sum(
        value not in (None, ())
        for article in found.articles
        for value in (article.title, article.date, article.byline, article.outlet, article.topics)
    )


def score(found: Split) -> float:
    """Tell how much of a dump is explained by the articles found in it.

    Args:
        found: Its articles and spans.

    Returns:
        The product of three shares, from 0 to 1: of the text that is part of articles; of the parts
        that the articles have in common; and of the articles that something else than a title
        tells as such.
    """
    if not found.articles:
        return 0.0
    sizes = found.spans.sizes()
    size = sizes.total() - sizes["separator"]
    explained = (size - sizes["unknown"]) / (size or 1)
    parts: list[set[str]] = [set() for _ in found.articles]
    for article, kind in zip(found.spans.articles, found.spans.kinds, strict=True):
        if article is not None:
            parts[article].add(kind)
    counts = Counter(part for each in parts for part in each)
    usual = {part for part, count in counts.items() if 2 * count >= len(parts)}
    alike = sum(len(each & usual) / len(each | usual) for each in parts) / len(parts)
    telling = sum(
        1.0 if each & _TELLING else _DATE_ALONE if "date" in each else _TITLE_ALONE
        for each in parts
    ) / len(parts)
    return explained * alike * telling


def _whole(text: str, found: Split) -> Split:
    """Take a dump as one article, because how it splits is unsure."""
    stretches = paragraphs(even_lines(text), 0, len(text))
    if not stretches:
        return found
    start, end = stretches[0][0], stretches[-1][1]
    article = Article(
        title=None,
        date=None,
        published_text=None,
        byline=None,
        dateline=None,
        outlet=None,
        topics=(),
        body="\n\n".join(squeeze(text[first:last]) for first, last in stretches),
        start=start,
        end=end,
    )
    starts, ends = zip(*stretches, strict=True)
    count = len(stretches)
    spans = tile(starts, ends, ["body"] * count, [0] * count, len(text))
    doubt = Doubt(
        "unsure_layout",
        start,
        f"expected a form that is known or that recurs, found neither; articles in the nearest "
        f"reading: {len(found.articles):,}",
    )
    return replace(found, articles=(article,), spans=spans, doubts=(doubt,))


def _round(value: float) -> float:
    return round(value, 3)
