"""Gives the names of articles their entities, and counts what each entity has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings.bound import IGNORED, write_place
from clippings.columns import from_rows, put_column, rows_of, within
from clippings.groups import Groups
from clippings.ids import Ids
from clippings.records import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST, _LAST = -(1 << 62), 1 << 62
"""Dates, in milliseconds, of what has none."""

_UNKNOWN = (None,) * 6
_ANY = "*"
_SEPARATOR = "\x1f"


class Part(NamedTuple):
    """Some articles, resolved.

    Attributes:
        bound: Their rows of `.bound` with their entities.
        was: The entities that these rows had before.
        entities: The entities of which only one of these articles knows.
        aliases: Their spellings.
    """

    bound: pa.Table
    was: pa.ChunkedArray
    entities: pa.Table
    aliases: pa.Table

    def changed(self) -> pa.Table:
        """Give the rows of `.bound` of the articles in which any name has another entity now."""
        import pyarrow.compute as pc

        articles = pc.unique(self.bound["article_id"].filter(self._is_changed()))
        return within(self.bound, "article_id", articles)

    def stirred(self) -> set[str]:
        """Give the ids, old and new, of the names that have another entity now."""
        is_changed = self._is_changed()
        ids = (each.filter(is_changed).to_pylist() for each in (self.bound["entity_id"], self.was))
        return {each for column in ids for each in column if each}

    def _is_changed(self) -> pa.ChunkedArray:
        import pyarrow.compute as pc

        now, was = (pc.fill_null(each, IGNORED) for each in (self.bound["entity_id"], self.was))
        return pc.not_equal(now, was)


class Totals:
    """Gives names their entities, and counts the articles and the dates of each entity."""

    def __init__(self, groups: Groups, ids: Ids, summed: set[tuple[str, str]]) -> None:
        import numpy as np
        import pyarrow as pa

        self._ids = ids
        codes = []
        for sense in groups.senses:
            is_summed = sense.article_id and (sense.label, sense.key) in summed
            limit = _ANY if is_summed else sense.article_id
            place = write_place(sense.place) or ""
            codes.append(_SEPARATOR.join((sense.label, sense.key, limit, place)))
        self._codes = pa.array(codes, pa.string())
        self.entity_ids = sorted(set(ids.by_sense.values()))
        self.number = {entity_id: number for number, entity_id in enumerate(self.entity_ids)}
        numbers = [self.number[ids.by_sense[sense]] for sense in groups.senses]
        self._number_of_code = pa.array(numbers, pa.int64())
        self._ids_array = pa.array(self.entity_ids, pa.string())
        self.mention_counts = np.zeros(len(self.entity_ids), np.int64)
        self.article_counts = np.zeros(len(self.entity_ids), np.int64)
        self.first_dates = np.full(len(self.entity_ids), _LAST)
        self.last_dates = np.full(len(self.entity_ids), _FIRST)

    def assign(self, rows: pa.Table, corrected: pa.Table) -> Part:
        """Give the names of some articles their entities."""
        import pyarrow.compute as pc

        labels, keys, limits = (
            corrected[name].combine_chunks() for name in ("sense_label", "key", "in_article")
        )
        places = corrected["place"].combine_chunks().fill_null("")
        numbers = self._look_up(labels, keys, limits, places)
        if pc.any(pc.not_equal(limits, "")).as_py():
            together = self._look_up(labels, keys, _ANY, "")
            is_local = pc.not_equal(limits, "")
            numbers = pc.coalesce(numbers, pc.if_else(is_local, together, None))
        self._count(corrected, numbers)
        entity_ids = self._ids_array.take(numbers)
        is_alone = pc.and_(pc.is_null(numbers), pc.is_valid(labels))
        alone = corrected.filter(is_alone)
        ids, entities, aliases = self._make_alone(alone)
        entity_ids = pc.replace_with_mask(entity_ids, is_alone, ids)
        bound = put_column(rows, "entity_id", entity_ids)
        return Part(bound, rows["entity_id"], entities, aliases)

    def counted(self, entity_ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        """Give what was counted for entities: mentions, articles, first and last date."""
        import numpy as np

        numbers = [self.number[each] for each in entity_ids]
        columns = [self.mention_counts[numbers], self.article_counts[numbers]]
        for dates in (self.first_dates[numbers], self.last_dates[numbers]):
            is_dated = (dates > _FIRST) & (dates < _LAST)
            columns.append(np.where(is_dated, dates.astype("M8[ms]"), np.datetime64("NaT")))
        return zip(*(column.tolist() for column in columns), strict=True)

    def _look_up(self, labels: pa.Array, keys: pa.Array, limits: Any, places: Any) -> pa.Array:
        import pyarrow.compute as pc

        code = pc.binary_join_element_wise(labels, keys, limits, places, _SEPARATOR)
        return self._number_of_code.take(pc.index_in(code, self._codes))

    def _count(self, rows: pa.Table, numbers: pa.Array) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        is_known = pc.is_valid(numbers)
        entity = numbers.filter(is_known).to_numpy()
        rows = rows.filter(is_known)
        np.add.at(self.mention_counts, entity, rows["mention_count"].to_numpy())
        article = rows["article_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        pairs = article.astype(np.int64) * max(len(self.entity_ids), 1) + entity
        _, first = np.unique(pairs, return_index=True)
        np.add.at(self.article_counts, entity[first], 1)
        dates = rows["published_date"].cast(pa.int64())
        is_dated = pc.is_valid(dates).to_numpy(zero_copy_only=False).astype(bool)
        known = dates.drop_null().to_numpy()
        np.minimum.at(self.first_dates, entity[is_dated], known)
        np.maximum.at(self.last_dates, entity[is_dated], known)

    def _make_alone(self, rows: pa.Table) -> tuple[pa.Array, pa.Table, pa.Table]:
        """Make entities of the senses of which one article alone knows.

        Returns:
            The entity of each row, the entities and their spellings.
        """
        import pyarrow as pa

        found: dict[tuple[str, str, str], tuple[str, Any, dict[str, int]]] = {}
        ids = []
        names = ["sense_label", "key", "in_article", "surface", "mention_count"]
        dates = rows["published_date"].cast(pa.int64())  # a number takes less to make than a date
        columns = rows.select(names).append_column("date", dates)
        for label, key, limit, surface, count, date in rows_of(columns):
            sense = label, key, limit
            if sense not in found:
                found[sense] = self._ids.unused_id(sense), date, {}
            entity_id, _, counts = found[sense]
            ids.append(entity_id)
            counts[surface] = count
        entities, aliases = [], []
        for (label, _, _), (entity_id, date, counts) in found.items():
            name, total = most_frequent(counts), sum(counts.values())
            entities.append((entity_id, label, name, total, 1, date, date, *_UNKNOWN))
            rule = "spelling" if len(counts) > 1 else "alone"
            aliases += [(entity_id, surface, count, rule) for surface, count in counts.items()]
        return (
            pa.array(ids, pa.string()),
            from_rows(entities, arrow_schema("entities")),
            from_rows(aliases, arrow_schema("aliases")),
        )


def most_frequent(counts: Mapping[str, int]) -> str:
    """Give the most frequent name; of equals the first in code point order."""
    most = max(counts.values())
    return min([name for name, count in counts.items() if count == most])
