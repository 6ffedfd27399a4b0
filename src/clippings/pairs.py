"""Which entities are named together, counted in columns of numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clippings.errors import StoreError

_MOST_PAIRS = 1 << 22
"""Pairs that are counted at a time."""
_MOST_OF_ONE = 1 << 25
"""Pairs of one article that fit in memory: those of 8,000 entities."""


def count_pairs(
    articles: np.ndarray, units: np.ndarray, entities: np.ndarray, *, is_first_only: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Count the pairs of different entities in one unit.

    Args:
        articles: The article of each mention.
        units: Its unit; one of one article.
        entities: Its entity.
        is_first_only: Only pairs with entity 0.

    Returns:
        First and second entity of each pair, the first being the smaller number; the units that
        have both; the articles.

    Raises:
        StoreError: An article has too many pairs.
    """
    order = np.lexsort((entities, units, articles))
    articles, units, entities = (
        each[order].astype(np.int64) for each in (articles, units, entities)
    )
    is_new = np.diff(units, prepend=-1) != 0
    is_kept = is_new | (np.diff(entities, prepend=-1) != 0)
    articles, units, entities = (each[is_kept] for each in (articles, units, entities))
    # Each row is paired with those behind it in its unit.
    ends = np.searchsorted(_runs(units), _runs(units), side="right")
    sizes = ends - np.arange(len(units)) - 1
    if is_first_only:
        sizes[entities != 0] = 0
    if np.bincount(articles, sizes).max(initial=0) > _MOST_OF_ONE:
        raise StoreError(
            f"expected at most {_MOST_OF_ONE:,} pairs in each article, found one with more: a "
            "whole file taken for one article, perhaps. Name an entity, or fewer labels."
        )
    width = int(entities.max(initial=0)) + 1
    counted = [np.empty((3, 0), np.int64)]
    for rows in _cut(articles, sizes):
        left = np.repeat(np.arange(rows.start, rows.stop), sizes[rows])
        firsts = np.cumsum(sizes[rows]) - sizes[rows]
        right = left + 1 + np.arange(len(left)) - np.repeat(firsts, sizes[rows])
        counted.append(_count(entities[left] * width + entities[right], articles[left]))
    codes, unit_counts, article_counts = np.concatenate(counted, axis=1)
    codes, places = np.unique(codes, return_inverse=True)
    totals = np.zeros((2, len(codes)), np.int64)
    np.add.at(totals[0], places, unit_counts)
    np.add.at(totals[1], places, article_counts)
    return codes // width, codes % width, totals[0], totals[1]


def _runs(values: np.ndarray) -> np.ndarray:
    """Number the stretches of equal values, in their order."""
    return np.cumsum(np.diff(values, prepend=values[:1]) != 0)


def _cut(articles: np.ndarray, sizes: np.ndarray) -> Iterator[slice]:
    """Cut rows into stretches of whole articles that make a bounded number of pairs."""
    lasts = np.flatnonzero(np.diff(articles, append=-1))  # the last row of each article
    made = np.cumsum(sizes)[lasts]
    begin, done = 0, 0
    while begin < len(articles):
        place = max(
            np.searchsorted(made, done + _MOST_PAIRS, side="right") - 1,
            np.searchsorted(lasts, begin),
        )
        yield slice(begin, int(lasts[place]) + 1)
        begin, done = int(lasts[place]) + 1, made[place]


def _count(codes: np.ndarray, articles: np.ndarray) -> np.ndarray:
    """Count how often each code occurs, and in how many articles; three rows."""
    order = np.lexsort((articles, codes))
    codes, articles = codes[order], articles[order]
    is_new = np.diff(codes, prepend=-1) != 0
    starts = np.flatnonzero(is_new)
    if not len(starts):
        return np.empty((3, 0), np.int64)
    is_new_article = is_new | (np.diff(articles, prepend=-1) != 0)
    unit_counts = np.diff(starts, append=len(codes))
    return np.stack(
        [codes[starts], unit_counts, np.add.reduceat(is_new_article, starts, dtype=np.int64)]
    )
