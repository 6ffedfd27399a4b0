"""Pairs are counted as a plain loop counts them."""

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings import pairs
from clippings.errors import StoreError
from clippings.pairs import count_pairs

MENTIONS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 5)), max_size=40)


def count(mentions: list[tuple[int, int, int]], *, is_first_only: bool = False) -> Any:
    """Count mentions given as article, unit of it, and entity."""
    articles, places, entities = np.array(mentions, np.int64).reshape(-1, 3).T
    found = count_pairs(articles, 10 * articles + places, entities, is_first_only=is_first_only)
    rows = [tuple(map(int, row)) for row in zip(*found, strict=True)]
    assert len({row[:2] for row in rows}) == len(rows)
    return {row[:2]: row[2:] for row in rows}


@given(mentions=MENTIONS, most=st.sampled_from([1, 4, 1 << 22]))
def test_pairs_are_those_of_a_plain_loop(mentions: list[tuple[int, int, int]], most: int) -> None:
    unit_counts: Counter[tuple[int, int]] = Counter()
    articles = set()
    for unit in {mention[:2] for mention in mentions}:
        entities = {mention[2] for mention in mentions if mention[:2] == unit}
        for pair in combinations(sorted(entities), 2):
            unit_counts[pair] += 1
            articles.add((*pair, unit[0]))
    expected = {
        pair: (found, sum(pair == each[:2] for each in articles))
        for pair, found in unit_counts.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "_MOST_PAIRS", most)
        assert count(mentions) == expected
        first = {pair: counts for pair, counts in expected.items() if pair[0] == 0}
        assert count(mentions, is_first_only=True) == first


def test_a_file_full_of_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [(0, 0, entity) for entity in range(5)]
    monkeypatch.setattr(pairs, "_MOST_OF_ONE", 10)
    assert len(count(names)) == 10
    monkeypatch.setattr(pairs, "_MOST_OF_ONE", 9)
    with pytest.raises(StoreError, match="at most 9 pairs in each article, found one with more"):
        count(names)
    assert len(count(names, is_first_only=True)) == 4
