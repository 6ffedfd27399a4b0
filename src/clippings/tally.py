"""Counts what names stand for in all articles; no more is held than the distinct names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from clippings.binding import Sense
from clippings.bound import read_place
from clippings.columns import rows_of

if TYPE_CHECKING:
    import pyarrow as pa

MAJORITY = 3
"""Mentions under one label for each under another, from which on the one is taken for both."""

_SENSE = ["sense_label", "key", "in_article", "place"]
_ALONE = ["sense_label", "key", "in_article"]
_NAME = ["sense_label", "key"]


class Named(NamedTuple):
    """How often one spelling stands for a sense, and by which rule."""

    sense: Sense
    surface: str
    rule: str
    mention_count: int


class _Sums:
    """Adds up a column by others, however many rows come."""

    def __init__(self, keys: list[str], aggregates: list[tuple[str, str]]) -> None:
        self._keys, self._aggregates = keys, aggregates
        self._parts: list[pa.Table] = []
        self._limit = 1 << 16

    def add(self, rows: pa.Table) -> None:
        """Add rows."""
        self._parts.append(self._sum(rows))
        if len(self._parts) > 1 and sum(part.num_rows for part in self._parts) > self._limit:
            self._limit = 2 * max(self.total().num_rows, 1 << 15)

    def total(self) -> pa.Table:
        """Give the sums so far, unsorted."""
        import pyarrow as pa

        self._parts = [self._sum(pa.concat_tables(self._parts))]
        return self._parts[0]

    def _sum(self, rows: pa.Table) -> pa.Table:
        found = rows.group_by(self._keys, use_threads=False).aggregate(self._aggregates)
        names = [column for column, _ in self._aggregates]
        return found.select(
            [*self._keys, *(f"{name}_{how}" for name, how in self._aggregates)]
        ).rename_columns([*self._keys, *names])


class Tally:
    """Counts the senses of all articles.

    Senses of one article alone are only counted together, by name. One of them is looked at by
    itself where a correction names it, and the most frequent one where other names may join it.

    Attributes:
        entity_ids: The entities that the names had before; "" for a new one.
        shared_ids: Those of them that belong to more than single articles.
        apart: Mentions of senses of one article that are not among the others, by label and key.
        summed: Label and key of names of which all such senses are taken for one, that with the
            smallest article_id.
    """

    def __init__(self, drawn: list[str]) -> None:
        import pyarrow as pa

        self._drawn = pa.array(drawn, pa.string())
        count = ("mention_count", "sum")
        self._named = _Sums([*_SENSE, "surface", "rule"], [count])
        self._local = _Sums([*_NAME, "surface"], [count, ("in_article", "min")])
        self._tops: pa.Table | None = None
        self.entity_ids: set[str | None] = set()
        self.shared_ids: set[str] = set()
        self.apart: dict[tuple[str, str], int] = {}
        self.summed: set[tuple[str, str]] = set()

    def add(self, rows: pa.Table) -> None:
        """Add the corrected rows of whole articles."""
        import pyarrow.compute as pc

        self.entity_ids.update(pc.unique(rows["entity_id"]).to_pylist())
        rows = rows.filter(pc.is_valid(rows["sense_label"]))
        is_named = pc.or_(pc.equal(rows["in_article"], ""), pc.is_in(rows["key"], self._drawn))
        named = rows.filter(is_named)
        self._named.add(named)
        self.shared_ids.update(filter(None, pc.unique(named["entity_id"]).to_pylist()))
        local = rows.filter(pc.invert(is_named))
        self._local.add(local)
        counts = local.group_by(_ALONE, use_threads=False).aggregate(
            [("mention_count", "sum"), ("surface", "list"), ("mention_count", "list")]
        )
        self._tops = _most_frequent([counts] if self._tops is None else [self._tops, counts])

    def finish(self) -> list[Named]:
        """Give all senses that must be looked at one by one."""
        named = [
            Named(Sense(label, key, limit, read_place(place)), surface, rule, count)
            for label, key, limit, place, surface, rule, count in rows_of(self._named.total())
        ]
        local: dict[tuple[str, str], int] = {}
        rows = self._local.total()
        for label, key, _, count, _ in rows_of(rows):
            local[label, key] = local.get((label, key), 0) + count
        own = {each.sense.key for each in named}
        label_counts = Counter([key for _, key in local])
        shared = {key for key, count in label_counts.items() if count > 1 or key in own}
        totals: dict[str, Counter[str]] = defaultdict(Counter)
        for each in named:
            if each.sense.key in shared:
                totals[each.sense.key][each.sense.label] += each.mention_count
        for (label, key), count in local.items():
            if key in shared:
                totals[key][label] += count
        tops = set()
        for key, both in totals.items():
            main = main_label(both)
            for label in both:
                if (label, key) not in local:
                    continue
                if label == main:
                    tops.add((label, key))
                elif both[main] >= MAJORITY * both[label]:
                    self.summed.add((label, key))
        self.apart = {
            name: count
            for name, count in local.items()
            if name[1] in shared and name not in self.summed
        }
        firsts: dict[tuple[str, str], str] = {}
        summed = [row for row in rows_of(rows) if row[:2] in self.summed]
        for label, key, _, _, article_id in summed:
            name = label, key
            firsts[name] = min(firsts.get(name, article_id), article_id)
        named += [
            Named(Sense(label, key, firsts[label, key]), surface, "", count)
            for label, key, surface, count, _ in summed
        ]
        for label, key, limit, count, surfaces, counts in rows_of(self._tops):
            if (label, key) in tops:
                self.apart[label, key] -= count
                named += [
                    Named(Sense(label, key, limit), surface, "", each)
                    for surface, each in zip(surfaces, counts, strict=True)
                ]
        return named


def _most_frequent(parts: list[pa.Table]) -> pa.Table:
    """Leave of the senses of one name that with most mentions; of equals the first article's."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pa.concat_tables(parts)
    names = [*_ALONE, "mention_count_sum", "surface_list", "mention_count_list"]
    order = pc.sort_indices(
        rows,
        [(name, "ascending") for name in _NAME]
        + [("mention_count_sum", "descending"), ("in_article", "ascending")],
    )
    rows = rows.select(names).take(order)
    codes = [rows[name].combine_chunks().dictionary_encode().indices.to_numpy() for name in _NAME]
    is_first = np.ones(rows.num_rows, bool)
    is_first[1:] = np.any([np.diff(code) != 0 for code in codes], axis=0)
    return rows.filter(pa.array(is_first))


def main_label(totals: Mapping[str, int]) -> str:
    """Give the label with most mentions; of equals the first."""
    return min(totals, key=lambda label: (-totals[label], label))
