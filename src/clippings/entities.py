"""Mentions -> entities: which mentions name the same person, organisation or place.

No more is held than the distinct names. What each article makes of its names (`bind_articles`) is
read twice, some articles at a time: to count the names, and, when it is settled who is who
(`Resolver`), to give each its entity. Somebody of whom one article alone knows is not held at all,
unless his name concerns others.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings.aliases import Known, are_apart, by_key, find_known, find_spelled
from clippings.binding import Mentions, Sense, bind_mentions, home_of, name_key
from clippings.corrections import Correction, Corrections
from clippings.gazetteer import Place, locate
from clippings.names import lookup_key, same_name, skeleton
from clippings.reach import Standing
from clippings.records import arrow_schema
from clippings.registry import Registry
from clippings.scan import hash_id
from clippings.side import BOUND, READINGS, schema_of
from clippings.spill import within

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
"""Raised by hand when the same mentions would become other entities."""

RULES = ("correction", "curated", "gazetteer", "acronym", "surname", "spelling", "alone")
"""Why a spelling belongs to an entity, the surest first."""

_MAJORITY = 3
"""Mentions under one label for each under another, from which on the one is taken for both."""


class Resolution(NamedTuple):
    """Who is who.

    Attributes:
        entity_ids: The entity of each mention, in the order of the mentions.
        entities: The table `entities`, unsorted.
        aliases: The table `aliases`, unsorted.
        merged: The table `merged`, unsorted.
        registry: The registry for the next run.
        faults: Line and message of each correction that could not be used or changed nothing.
    """

    entity_ids: pa.ChunkedArray
    entities: pa.Table
    aliases: pa.Table
    merged: pa.Table
    registry: Registry
    faults: list[tuple[int, str]]


class Identity(NamedTuple):
    """What a group of names is known as.

    Attributes:
        entity_id: Its id.
        known: The curated entity, if it is one.
        place: The place of the gazetteer, if it is one.
    """

    entity_id: str
    known: Known | None = None
    place: Place | None = None


def curated_id(slug: str) -> str:
    """Give the id of a curated entity."""
    return hash_id("curated", slug)


def place_id(place: Place) -> str:
    """Give the id of a place of the gazetteer."""
    if place.geonames_id:
        return hash_id("geonames", str(place.geonames_id))
    return hash_id("place", place.name, f"{place.latitude:.2f}", f"{place.longitude:.2f}")


def resolve_mentions(
    mentions: pa.Table,
    articles: pa.Table,
    registry: Registry | None = None,
    corrections: Corrections | None = None,
) -> Resolution:
    """Resolve mentions that fit in memory to entities.

    Args:
        mentions: Columns article_id, field, start, end, label, surface; whole articles.
        articles: Columns article_id, published_date; every article_id once.
        registry: Ids given by earlier runs; None for none.
        corrections: What a person knows better; None for nothing.

    Returns:
        The entities, and the id of each mention's entity; None for one that is to be ignored. The
        groups of names depend on the set of mentions alone, their ids on the registry too.
    """
    import pyarrow as pa

    bound = bind_articles(mentions, articles)
    resolver = Resolver(lambda: [bound], registry, corrections)
    parts = list(resolver.assign())
    return Resolution(
        find_entities(mentions, pa.concat_tables([part.bound for part in parts])),
        pa.concat_tables([resolver.entities(), *(part.entities for part in parts)]),
        pa.concat_tables([resolver.aliases(), *(part.aliases for part in parts)]),
        resolver.merged(),
        resolver.registry,
        resolver.faults(),
    )


def bind_articles(mentions: pa.Table, articles: pa.Table) -> pa.Table:
    """Tell what each name of each article stands for.

    Args:
        mentions: Columns article_id, field, start, end, label, surface; whole articles.
        articles: Columns article_id, published_date; every article_id once, others too.

    Returns:
        The rows of the side table `.bound`, their entities "", sorted by key.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = ("article_id", "field", "start", "end")
    rows = mentions.sort_by([(name, "ascending") for name in keys])
    columns = Mentions(*(rows[name].to_pylist() for name in (*keys, "label", "surface")))
    bound = bind_mentions(columns)
    spots = list(zip(columns.article_ids, columns.labels, columns.surfaces, strict=True))
    found = dict(zip(spots, zip(bound.senses, bound.rules, strict=True), strict=True))
    made = [
        (*spot, sense.key, rule, bool(sense.article_id), _write_place(sense.place), count)
        for spot, count in sorted(Counter(spots).items())
        for sense, rule in [found[spot]]
    ]
    schema = schema_of(BOUND)
    columns_made = list(zip(*made, strict=True)) or [()] * (len(schema) - 2)
    arrays = [
        pa.array(column, field.type)
        for column, field in zip(columns_made, list(schema)[:-2], strict=True)
    ]
    dates = articles["published_date"].take(
        pc.index_in(arrays[0], articles["article_id"].combine_chunks())
    )
    entity_ids = pa.array([_NEW] * len(made), pa.string())
    return pa.Table.from_arrays([*arrays, dates, entity_ids], schema=schema)


def find_entities(mentions: pa.Table, bound: pa.Table) -> pa.ChunkedArray:
    """Give the entity of each mention.

    Args:
        mentions: Columns article_id, label, surface.
        bound: Rows of `.bound` of the same articles, their entities known.
    """
    import pyarrow as pa

    names = ["article_id", "label", "surface"]
    numbered = mentions.select(names).append_column(
        "row", pa.array(range(mentions.num_rows), pa.int64())
    )
    with_ids = bound.select([*names, "entity_id"])
    joined = numbered.join(with_ids, names, join_type="left outer", use_threads=False)
    found: pa.ChunkedArray = joined.sort_by("row")["entity_id"]
    return found


def _write_place(place: Place | None) -> str | None:
    return json.dumps(dataclasses.astuple(place), ensure_ascii=False) if place else None


def _read_place(text: str | None) -> Place | None:
    return Place(*json.loads(text)) if text else None


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

        now, was = (pc.fill_null(each, _IGNORED) for each in (self.bound["entity_id"], self.was))
        articles = pc.unique(self.bound["article_id"].filter(pc.not_equal(now, was)))
        return within(self.bound, "article_id", articles)


def resolve_touched(
    read: Callable[[Collection[str]], Callable[[], Iterable[pa.Table]]],
    come: pa.Table,
    gone: pa.Table,
    standing: Standing,
    *,
    registry: Registry,
    corrections: Corrections,
    readings: Readings,
) -> tuple[Resolver, set[str]]:
    """Settle who is who among the names that a change of some articles can concern.

    What it finds of them is what `Resolver` finds among all names.

    Args:
        read: Takes keys, and gives what gives the rows of `.bound` with one of them, as they will
            be, again and again.
        come: Those that are new.
        gone: Those of an earlier run that are no more.
        standing: The entities of that run.
        registry: Its registry.
        corrections: Those that it had too.
        readings: What is known of names from it.

    Returns:
        Who is who, and the keys of all names that were looked at.
    """
    left = gone["entity_id"].to_pylist()
    rest = registry, corrections, readings, standing, left
    keys = {*keys_of(corrections), *come["key"].to_pylist(), *gone["key"].to_pylist()}
    wider = Resolver(lambda: [come], *rest).reach()  # most of them, before all rows are read
    while True:
        keys |= wider
        resolver = Resolver(read(keys), *rest)
        wider = resolver.reach() - keys
        if not wider:
            return resolver, keys


class Named(NamedTuple):
    """How often one spelling stands for a sense, and by which rule."""

    sense: Sense
    surface: str
    rule: str
    mention_count: int


class Resolver:
    """Settles who is who, and then gives the names of all articles their entities.

    Args:
        read: Gives the rows of `.bound` again and again, whole articles together, each sorted.
        registry: Ids given by earlier runs; None for none.
        corrections: What a person knows better; None for nothing.
        readings: What is known of names from earlier runs; None for nothing.
        standing: The entities of an earlier run, where only names that a change can concern are
            read: all rows of a name, or none. Whether they were enough, `reach` tells.
        left: Ids of the entities of names that are gone since that run.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[pa.Table]],
        registry: Registry | None = None,
        corrections: Corrections | None = None,
        readings: Readings | None = None,
        standing: Standing | None = None,
        left: Iterable[str] = (),
    ) -> None:
        self._read = read
        self._standing = standing
        self._corrections = corrections or Corrections()
        self._by_key: dict[tuple[str, str], list[Correction]] = defaultdict(list)
        for row in self._corrections.of("ignore", "retype", "split"):
            self._by_key[row.key].append(row)
        drawn = keys_of(self._corrections)
        tally = _Tally(drawn)
        for rows in chain([schema_of(BOUND).empty_table()], read()):
            tally.add(self._correct(rows))
        self._named = tally.finish()
        self.before = frozenset(filter(None, (*tally.entity_ids, *left)))
        self.readings = readings or Readings()
        self.readings.take({each.surface for each in self._named})
        self._groups = _Groups(self._named, tally.apart, self._corrections, self.readings)
        self._groups.gather()
        others = standing.entity_ids - self.before if standing else frozenset()
        self._ids = _Ids(self._groups, registry or Registry({}, {}), others)
        self.registry = self._ids.registry
        self._totals = _Totals(self._groups, self._ids, tally.summed)

    def _correct(self, rows: pa.Table) -> pa.Table:
        """Apply the corrections that concern what a name stands for: ignore, retype, split.

        Returns:
            The rows with `sense_label` (null where the name is to be ignored) and `in_article`
            (the article that the sense is limited to, else "").
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        limit = pc.if_else(rows["is_local"], rows["article_id"], "")
        labels, places = rows["label"], rows["place"]
        if self._by_key:
            keys = pa.array(sorted({key for _, key in self._by_key}), pa.string())
            is_concerned = pc.is_in(rows["key"], keys).to_pylist()
            each = zip(
                rows["article_id"].to_pylist(),
                labels.to_pylist(),
                rows["key"].to_pylist(),
                limit.to_pylist(),
                places.to_pylist(),
                is_concerned,
                strict=True,
            )
            found = [
                self._correct_one(article_id, Sense(label, key, own), place)
                if is_so
                else (label, own, place)
                for article_id, label, key, own, place, is_so in each
            ]
            columns = list(zip(*found, strict=True)) or [(), (), ()]
            labels, limit, places = (pa.array(column, pa.string()) for column in columns)
        rows = rows.set_column(rows.column_names.index("place"), "place", places)
        return rows.append_column("sense_label", labels).append_column("in_article", limit)

    def _correct_one(
        self, article_id: str, sense: Sense, place: str | None
    ) -> tuple[str | None, str, str | None]:
        label: str | None = sense.label
        limit = sense.article_id
        for row in self._by_key.get((sense.label, sense.key), ()):
            if row.article_id in ("", article_id):
                self._corrections.used.add(row.line)
                if row.operation == "ignore":
                    label = None
                elif label and row.operation == "retype":
                    label, limit, place = row.b, "", None
                elif label and row.article_id:
                    limit, place = article_id, None
        return label, limit, place

    def assign(self) -> Iterator[Part]:
        """Give all names their entities; once, before the tables are asked for."""
        for rows in self._read():
            yield self._totals.assign(rows, self._correct(rows))

    def entities(self) -> pa.Table:
        """Give the rows of `entities` but for those of one article alone."""
        return _entities(self._groups, self._ids, self._totals)

    def aliases(self) -> pa.Table:
        """Give the rows of `aliases` but for those of one article alone."""
        return _aliases(self._groups, self._ids, self._named)

    def surfaces(self) -> set[str]:
        """Give the spellings of all names that are known beyond one article."""
        return {each.surface for each in self._named}

    def reach(self) -> set[str]:
        """Give the keys of all names of earlier runs that those read are bound up with."""
        if self._standing is None:
            return set()
        now = set(self._ids.by_sense.values())
        concerned = {*self.before, *now, *self._ids.held, *_parts_of(now ^ self.before)}
        keys = self._standing.keys_of(concerned & self._standing.entity_ids)
        return keys | {name_key(surface, label) for label, surface in self.readings.beyond}

    def merged(self) -> pa.Table:
        """Give the rows of `merged`."""
        return _table("merged", sorted(self.registry.merged.items()))

    def faults(self) -> list[tuple[int, str]]:
        """List line and message of corrections that cannot be used; after `entities`."""
        return sorted([*self._corrections.faults, *self._groups.faults])


def _parts_of(entity_ids: Collection[str]) -> set[str]:
    """Give the ids of the curated entities that are parts of some, if any of these is curated."""
    wholes = {slug for slug in _wholes() if curated_id(slug) in entity_ids}
    if not wholes:
        return set()
    return {curated_id(known.slug) for known in by_key().values() if known.parent in wholes}


@cache
def _wholes() -> frozenset[str]:
    return frozenset(known.parent for known in by_key().values() if known.parent)


def keys_of(corrections: Corrections) -> list[str]:
    """List the keys of all names in corrections."""
    keys = set()
    for row in corrections.rows:
        if row.operation not in ("date", "outlet"):
            label = row.label or "PLACE"  # the operation `place` needs none
            keys |= {name_key(row.a, label), name_key(row.b, label) if row.b else ""}
    return sorted(keys - {""})


_SENSE = ["sense_label", "key", "in_article", "place"]
_ALONE = ["sense_label", "key", "in_article"]
_NAME = ["sense_label", "key"]


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


class _Tally:
    """Counts the senses of all articles.

    Senses of one article alone are only counted together, by name. One of them is looked at by
    itself where a correction names it, and the most frequent one where other names may join it.

    Attributes:
        entity_ids: The entities that the names had before; "" for a new one.
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
        self.apart: dict[tuple[str, str], int] = {}
        self.summed: set[tuple[str, str]] = set()

    def add(self, rows: pa.Table) -> None:
        """Add the corrected rows of whole articles."""
        import pyarrow.compute as pc

        self.entity_ids.update(pc.unique(rows["entity_id"]).to_pylist())
        rows = rows.filter(pc.is_valid(rows["sense_label"]))
        is_named = pc.or_(pc.equal(rows["in_article"], ""), pc.is_in(rows["key"], self._drawn))
        self._named.add(rows.filter(is_named))
        local = rows.filter(pc.invert(is_named))
        self._local.add(local)
        counts = local.group_by(_ALONE, use_threads=False).aggregate(
            [("mention_count", "sum"), ("surface", "list"), ("mention_count", "list")]
        )
        self._tops = _most_frequent([counts] if self._tops is None else [self._tops, counts])

    def finish(self) -> list[Named]:
        """Give all senses that must be looked at one by one."""
        named = [
            Named(Sense(label, key, limit, _read_place(place)), surface, rule, count)
            for label, key, limit, place, surface, rule, count in _rows_of(self._named.total())
        ]
        totals: dict[str, Counter[str]] = defaultdict(Counter)
        for each in named:
            totals[each.sense.key][each.sense.label] += each.mention_count
        local: dict[tuple[str, str], int] = Counter()
        rows = self._local.total()
        for label, key, _, count, _ in _rows_of(rows):
            local[label, key] += count
        shared = {key for _, key in local} & set(totals)
        labels_of: dict[str, Counter[str]] = defaultdict(Counter)
        for (label, key), count in local.items():
            labels_of[key][label] += count
            if key in shared:
                totals[key][label] += count
        shared |= {key for key, labels in labels_of.items() if len(labels) > 1}
        tops = set()
        for key in sorted(shared):
            both = totals[key] if key in totals else labels_of[key]
            main = _main_label(both)
            for label in labels_of[key]:
                if label == main:
                    tops.add((label, key))
                elif both[main] >= _MAJORITY * both[label]:
                    self.summed.add((label, key))
        self.apart = {
            name: count
            for name, count in local.items()
            if name[1] in shared and name not in self.summed
        }
        firsts: dict[tuple[str, str], str] = {}
        summed = [row for row in _rows_of(rows) if row[:2] in self.summed]
        for label, key, _, _, article_id in summed:
            name = label, key
            firsts[name] = min(firsts.get(name, article_id), article_id)
        named += [
            Named(Sense(label, key, firsts[label, key]), surface, "", count)
            for label, key, surface, count, _ in summed
        ]
        for label, key, limit, count, surfaces, counts in _rows_of(self._tops):
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


def _rows_of(rows: pa.Table | None) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table as tuples."""
    return zip(*(column.to_pylist() for column in rows.columns), strict=True) if rows else iter(())


def _main_label(totals: Mapping[str, int]) -> str:
    return min(totals, key=lambda label: (-totals[label], label))


class _Totals:
    """Gives names their entities, and counts the articles and the dates of each entity."""

    def __init__(self, groups: _Groups, ids: _Ids, summed: set[tuple[str, str]]) -> None:
        import numpy as np
        import pyarrow as pa

        self._ids = ids
        codes = []
        for sense in groups.senses:
            is_summed = sense.article_id and (sense.label, sense.key) in summed
            limit = _ANY if is_summed else sense.article_id
            place = _write_place(sense.place) or ""
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
        position = rows.column_names.index("entity_id")
        bound = rows.set_column(position, rows.schema.field(position), entity_ids)
        return Part(bound, rows["entity_id"], entities, aliases)

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

        senses: dict[tuple[str, str, str], str] = {}
        spellings: dict[str, dict[str, int]] = {}
        dates: dict[str, Any] = {}
        ids = []
        names = [*_ALONE, "surface", "mention_count", "published_date"]
        for label, key, limit, surface, count, date in _rows_of(rows.select(names)):
            sense = label, key, limit
            if sense not in senses:
                senses[sense] = _unused_id(sense, self._ids.reserved)
            entity_id = senses[sense]
            ids.append(entity_id)
            spellings.setdefault(entity_id, {})[surface] = count
            dates[entity_id] = date
        entities = [
            (
                entity_id,
                label,
                _most(spellings[entity_id]),
                sum(spellings[entity_id].values()),
                1,
                *[dates[entity_id]] * 2,
                *[None] * 6,
            )
            for (label, _, _), entity_id in senses.items()
        ]
        aliases = [
            (entity_id, surface, count, "spelling" if len(counts) > 1 else "alone")
            for entity_id, counts in spellings.items()
            for surface, count in counts.items()
        ]
        return pa.array(ids, pa.string()), _table("entities", entities), _table("aliases", aliases)


_NEW, _IGNORED = "", "-"
_READINGS = 10_000
_SEPARATOR, _ANY = "\x1f", "*"
_FIRST, _LAST = -(1 << 62), 1 << 62


def _unused_id(parts: Iterable[str], reserved: set[str]) -> str:
    """Hash what a sense is to an id that no other entity has."""
    parts = list(parts)
    entity_id, number = hash_id(*parts), 1
    while entity_id in reserved:
        number += 1
        entity_id = hash_id(*parts, str(number))
    return entity_id


def _most(counts: Mapping[str, int]) -> str:
    """Give the most frequent name; of equals the first in code point order."""
    return min(counts, key=lambda name: (-counts[name], name))


class Readings:
    """What the lists of names say of names, and which names are spellings of one another.

    All of it depends on the names alone, and is kept from run to run because it takes long.

    Args:
        rows: The side table `.readings` of an earlier run; None for none.

    Attributes:
        beyond: Label and spelling of names that are kept, were not asked for, and are spellings of
            those that were.
    """

    def __init__(self, rows: pa.Table | None = None) -> None:
        self._rows = rows if rows is not None else schema_of(READINGS).empty_table()
        self._blocks: dict[str, pa.Table] = {}
        self._by_slug: dict[str, Known] = {}
        self.take(())

    def take(self, surfaces: Iterable[str]) -> None:
        """Look up what is kept of some names, and forget what was asked of others."""
        import pyarrow as pa

        columns = ["label", "surface", "known", "spelled", "same", "name_id", "blocks"]
        kept = within(self._rows, "surface", pa.array(sorted(surfaces), pa.string()))
        self._kept = {
            (label, surface): found for label, surface, *found in _rows_of(kept.select(columns))
        }
        self._asked: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        self._same: dict[str, dict[str, set[str]]] = {}
        self.beyond: set[tuple[str, str]] = set()

    def find_known(self, surface: str, label: str) -> Known | None:
        """Find the curated entity that has a name as one of its aliases."""
        kept = self._kept.get((label, surface))
        known = self._find(kept[0]) if kept else find_known(surface, label)
        self._asked[label, surface] = known.slug if known else None, None
        return known

    def find_spelled(self, surface: str, label: str) -> Known | None:
        """Find the curated entity of which a name is another spelling, once it is no alias."""
        kept = self._kept.get((label, surface))
        if kept and kept[1] is not None:
            known = self._find(kept[1])
        else:
            known = find_spelled(surface, label)
        self._asked[label, surface] = None, known.slug if known else ""
        return known

    def _find(self, slug: str | None) -> Known | None:
        if not slug:
            return None
        if not self._by_slug:
            self._by_slug = {known.slug: known for known in by_key().values()}
        return self._by_slug[slug]

    def same_spellings(self, names: Sequence[str], label: str) -> Iterator[tuple[str, str]]:
        """List the pairs of names that are spellings of one another.

        Args:
            names: Distinct names, sorted; all there are of the label.
            label: PERSON, ORG or PLACE, of all of them.
        """
        old: dict[str, str] = {}
        new = []
        for name in names:
            kept = self._kept.get((label, name))
            if kept and kept[2] is not None:
                old[name] = kept[2]
            else:
                new.append(name)
        same: dict[str, set[str]] = {name: set() for name in names}
        for name, others in old.items():
            for other in filter(None, others.split(_SEPARATOR)):
                if other in same:
                    same[name].add(other)
                else:
                    self.beyond.add((label, other))
        for pair in _compare(new, self._blocks_beside(new, label), label):
            for one, other in (pair, pair[::-1]):
                if other in same:
                    if one in same:
                        same[one].add(other)
                else:
                    self.beyond.add((label, other))
        self._same[label] = same
        return _sure_pairs(names, same, label)

    def _blocks_beside(self, new: Sequence[str], label: str) -> dict[str, list[str]]:
        """Give the names compared before, by those of their blocks that new names have too."""
        import pyarrow as pa

        wanted = sorted({block for name in new for block in skeleton(name, label)})
        found: dict[str, list[str]] = defaultdict(list)
        if wanted:
            if label not in self._blocks:
                self._blocks[label] = self._write_out(label)
            among = set(new)
            pairs = within(self._blocks[label], "block", pa.array(wanted))
            for block, name in _rows_of(pairs):
                if name not in among:
                    found[block].append(name)
        return found

    def _write_out(self, label: str) -> pa.Table:
        """Write out the blocks of all names of a label that are kept, and the names in each."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_compared = pc.and_(
            pc.equal(self._rows["label"], label), pc.is_valid(self._rows["blocks"])
        )
        rows = self._rows.filter(is_compared).combine_chunks()
        blocks = pc.split_pattern(rows["blocks"], _SEPARATOR)
        return pa.table(
            [pc.list_flatten(blocks), rows["surface"].take(pc.list_parent_indices(blocks))],
            names=["block", "surface"],
        )

    def tables(self) -> Iterator[pa.Table]:
        """Give the rows for the next run: of the names that were asked for in this one."""
        asked = sorted(self._asked)
        for start in range(0, len(asked), _READINGS):
            rows = []
            for label, surface in asked[start : start + _READINGS]:
                same = self._same.get(label, {}).get(surface)
                name_id, blocks = self._kept.get((label, surface), (None,) * 5)[3:]
                if same is None:
                    blocks = others = None
                else:
                    blocks = blocks or _SEPARATOR.join(skeleton(surface, label))
                    others = _SEPARATOR.join(sorted(same))
                name_id = name_id or hash_id(label, surface)
                rows.append((name_id, label, surface, *self._asked[label, surface], blocks, others))
            yield _from_rows(rows, schema_of(READINGS))


class _Groups:
    """Puts senses together that are one person, organisation or place."""

    def __init__(
        self,
        named: Sequence[Named],
        apart: Mapping[tuple[str, str], int],
        corrections: Corrections,
        readings: Readings,
    ) -> None:
        self.corrections = corrections
        self.readings = readings
        self.faults: list[tuple[int, str]] = []
        self.counts: Counter[Sense] = Counter()
        self.spellings: dict[Sense, dict[str, int]] = {}
        for sense, surface, rule, count in named:
            self.counts[sense] += count
            spellings = self.spellings.setdefault(sense, {})
            if not rule:
                spellings[surface] = spellings.get(surface, 0) + count
        self._apart_counts = apart
        self.senses = sorted(self.counts, key=_order)
        self.leader = {sense: sense for sense in self.senses}
        self.members = {sense: [sense] for sense in self.senses}
        self.identity: dict[Sense, Identity | None] = dict.fromkeys(self.senses)
        self.touched: set[Sense] = set()
        self.by_key: dict[tuple[str, str], list[Sense]] = defaultdict(list)
        for sense in self.senses:
            self.by_key[sense.label, sense.key].append(sense)
        self.apart: dict[tuple[str, ...], int] = {
            _pair(row): row.line for row in corrections.of("distinct")
        }
        self.separate = {row.key for row in corrections.of("split") if not row.article_id}
        self.refused: set[int] = set()

    def find(self, sense: Sense) -> Sense:
        """Give the sense that stands for the group of a sense."""
        while self.leader[sense] != sense:
            sense = self.leader[sense]
        return sense

    def join(self, one: Sense, other: Sense, *, is_forced: bool = False) -> bool:
        """Make one group of two, unless they are known to be two."""
        first, second = self.find(one), self.find(other)
        if first == second:
            return True
        if not is_forced:
            first, second = sorted((first, second), key=_order)
            known = self.identity[first], self.identity[second]
            if all(known) and known[0] != known[1]:
                return False
            if any((each.label, each.key) in self.separate for each in (one, other)):
                return False
            if self.apart and (line := self._apart(first, second)):
                self.refused.add(line)
                return False
        self.leader[second] = first
        self.members[first] += self.members.pop(second)
        self.identity[first] = self.identity[first] or self.identity[second]
        return True

    def _apart(self, first: Sense, second: Sense) -> int:
        """Give the line of the correction that keeps two groups apart; 0 where none does."""
        for one in self.members[first]:
            for other in self.members[second]:
                pair = (one.label, *sorted((one.key, other.key)))
                if one.label == other.label and pair in self.apart:
                    return self.apart[pair]
        return 0

    def gather(self) -> None:
        """Put all senses together, by what is surest first."""
        self._gather_known()
        self._gather_minorities()
        self._gather_spellings()
        self._gather_corrections()

    def _gather_known(self) -> None:
        by_id: dict[str, Sense] = {}
        for sense in self.senses:
            if (sense.label, sense.key) in self.separate or sense.article_id:
                continue
            identity = self._identify(sense)
            if identity is None:
                continue
            self.identity[sense] = identity
            first = by_id.setdefault(identity.entity_id, sense)
            if not self.join(first, sense):
                self.identity[sense] = None

    def _identify(self, sense: Sense) -> Identity | None:
        if sense.place:
            return Identity(place_id(sense.place), None, sense.place)
        for surface in sorted(self.spellings[sense]):
            known = self.readings.find_known(surface, sense.label)
            if known:
                return Identity(curated_id(known.slug), known, home_of(known))
        if sense.label == "PERSON" and " " not in sense.key:
            return None
        for surface in sorted(self.spellings[sense]):
            known = self.readings.find_spelled(surface, sense.label)
            if known:
                return Identity(curated_id(known.slug), known, home_of(known))
        return None

    def _gather_minorities(self) -> None:
        """A name tagged ORG nine times and PERSON once is one thing."""
        by_name: dict[str, dict[str, list[Sense]]] = defaultdict(lambda: defaultdict(list))
        for sense in self.senses:
            by_name[sense.key][sense.label].append(sense)
        for label, key in self._apart_counts:
            by_name[key][label] += []
        for key, labels in by_name.items():
            if len(labels) < 2:
                continue
            totals = {
                label: sum(self.counts[sense] for sense in senses)
                + self._apart_counts.get((label, key), 0)
                for label, senses in labels.items()
            }
            main = _main_label(totals)
            target = min(labels[main], key=lambda sense: (-self.counts[sense], _order(sense)))
            for label, senses in labels.items():
                if label != main and totals[main] >= _MAJORITY * totals[label]:
                    for sense in senses:
                        self.join(target, sense)

    def _gather_spellings(self) -> None:
        named: dict[str, dict[str, Sense]] = defaultdict(dict)
        for sense in self.senses:
            is_alone = sense.label == "PERSON" and " " not in sense.key
            if sense.article_id or is_alone or self.identity[self.find(sense)]:
                continue
            for surface in sorted(self.spellings[sense])[:1]:
                named[sense.label][surface] = sense
        for label, senses in sorted(named.items()):
            for a, b in self.readings.same_spellings(sorted(senses), label):
                self.join(senses[a], senses[b])

    def _gather_corrections(self) -> None:
        for row in self.corrections.rows:
            if row.operation == "merge":
                self._merge(row)
            elif row.operation == "distinct" and row.line not in self.refused:
                self._complain(row, "the two are apart without it")
            elif row.operation in ("ignore", "retype"):
                if row.line not in self.corrections.used:
                    self._complain(row, f'no mention of "{row.a}" with that label')
            elif row.operation in ("split", "rename", "place") and not self._named(row):
                self._complain(row, f'no mention of "{row.a}" with that label')

    def _merge(self, row: Correction) -> None:
        ours = self._named(row)
        theirs = self.by_key.get((row.label, name_key(row.b, row.label)), [])
        for name, senses in ((row.a, ours), (row.b, theirs)):
            if not senses:
                self._complain(row, f'no mention of "{name}" with that label')
                return
        pair = _pair(row)
        if pair in self.apart:
            self._complain(row, f"line {self.apart[pair]} says the contrary")
            return
        if all(self.find(ours[0]) == self.find(sense) for sense in (*ours, *theirs)):
            self._complain(row, "the two are one without it")
            return
        for sense in (*ours[1:], *theirs):
            self.join(ours[0], sense, is_forced=True)
        self.touched.update(theirs)

    def _named(self, row: Correction) -> list[Sense]:
        label = row.label or "PLACE"  # the operation `place` needs none
        return self.by_key.get((label, name_key(row.a, label)), [])

    def _complain(self, row: Correction, found: str) -> None:
        message = f"expected a {row.operation} that changes something, found that {found}"
        self.faults.append((row.line, message))

    def leaders(self) -> list[Sense]:
        """List the sense that stands for each group, in a fixed order."""
        return sorted(self.members, key=_order)


def _pair(row: Correction) -> tuple[str, ...]:
    """Give label and keys of the two names of a row, in a fixed order."""
    return row.label, *sorted((row.key[1], name_key(row.b, row.label)))


def _order(sense: Sense) -> tuple[str, str, str, str]:
    return sense.label, sense.key, sense.article_id, place_id(sense.place) if sense.place else ""


class _Ids:
    """Gives every group its id: what it is known as, else what the registry says, else a new one.

    A group that takes in another keeps the id with more mentions; a part that leaves takes a new
    one, and the id stays with the larger part.

    Args:
        groups: All groups that are looked at.
        registry: Ids given by earlier runs.
        others: Ids of the entities that are not looked at.
    """

    def __init__(self, groups: _Groups, registry: Registry, others: frozenset[str]) -> None:
        self._groups = groups
        self.others = others
        self._ids: dict[Sense, str] = {}
        held = self._held(registry)
        self.held = {entity_id for _, entity_id in held}
        for leader in groups.leaders():
            identity = groups.identity[leader]
            if identity:
                self._ids[leader] = identity.entity_id
        taken = set(self._ids.values())
        claims = sorted(
            (-weight, entity_id, _order(leader), leader)
            for (leader, entity_id), weight in held.items()
        )
        for _, entity_id, _, leader in claims:
            if leader not in self._ids and entity_id not in taken:
                self._ids[leader] = entity_id
                taken.add(entity_id)
        reserved = {*taken, *self.held, *others}
        for leader in groups.leaders():
            if leader not in self._ids:
                self._ids[leader] = self._new_id(leader, reserved)
                reserved.add(self._ids[leader])
        self.reserved = reserved
        self.by_sense = {sense: self._ids[groups.find(sense)] for sense in groups.senses}
        self.registry = self._register(registry, claims)

    def _held(self, registry: Registry) -> Counter[tuple[Sense, str]]:
        """Count the mentions by which each group holds ids of the registry."""
        held: Counter[tuple[Sense, str]] = Counter()
        for sense in self._groups.senses:
            entity_id = registry.ids.get((sense.label, sense.key))
            if entity_id and not sense.article_id and not sense.place:
                held[self._groups.find(sense), entity_id] += self._groups.counts[sense]
        return held

    def _new_id(self, leader: Sense, reserved: set[str]) -> str:
        members = self._groups.members[leader]
        first = min(members, key=lambda sense: (sense.article_id, sense.key, sense.label))
        parts = [first.label, first.key] + [first.article_id] * bool(first.article_id)
        return _unused_id(parts, reserved)

    def _register(self, registry: Registry, claims: Iterable[tuple[Any, ...]]) -> Registry:
        ids = dict(registry.ids)
        for sense, entity_id in self.by_sense.items():
            if not sense.article_id and not sense.place:
                ids[sense.label, sense.key] = entity_id
        current = {*self._ids.values(), *self.others}
        merged = dict(registry.merged)
        for _, entity_id, _, leader in claims:  # the heaviest claim first
            if entity_id not in current:
                merged.setdefault(entity_id, self._ids[leader])
        for entity_id in sorted(merged):
            while merged[entity_id] in merged and merged[entity_id] not in current:
                merged[entity_id] = merged[merged[entity_id]]
        return Registry(ids, {old: new for old, new in merged.items() if old not in current})


def _entities(groups: _Groups, ids: _Ids, totals: _Totals) -> pa.Table:
    renamed = {row.key: row.b for row in groups.corrections.of("rename")}
    placed = {("PLACE", name_key(row.a, "PLACE")): row for row in groups.corrections.of("place")}
    made = []
    for leader in groups.leaders():
        entity_id = ids.by_sense[leader]
        identity = groups.identity[leader] or Identity(entity_id)
        members = groups.members[leader]
        names = [(sense.label, sense.key) for sense in members]
        name = next((renamed[key] for key in sorted(names) if key in renamed), None)
        place = identity.place
        for key in sorted(names):
            if key in placed:
                place = _corrected_place(placed[key], groups)
        parent = (
            curated_id(identity.known.parent) if identity.known and identity.known.parent else None
        )
        number = totals.number[entity_id]
        made.append(
            (
                entity_id,
                identity.known.label if identity.known else _label(groups, members),
                name or (identity.known.name if identity.known else _name(groups, members)),
                int(totals.mention_counts[number]),
                int(totals.article_counts[number]),
                _read_date(totals.first_dates[number]),
                _read_date(totals.last_dates[number]),
                place.country_code if place else None,
                place.latitude if place else None,
                place.longitude if place else None,
                place.geonames_id if place else None,
                None,
                parent,
            )
        )
    present = ids.others.union(row[0] for row in made)
    return _table(
        "entities", [(*row[:-1], row[-1] if row[-1] in present else None) for row in made]
    )


def _read_date(number: int) -> datetime | None:
    """Give the date of a number of milliseconds; None for none."""
    if number in (_FIRST, _LAST):
        return None
    return datetime(1970, 1, 1) + timedelta(milliseconds=int(number))


def _corrected_place(row: Correction, groups: _Groups) -> Place | None:
    """Read what a person says of a place: "33.51, 36.29, SY", or a name that is located."""
    parts = [part.strip() for part in row.b.split(",")]
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
        country = parts[2] if len(parts) > 2 else None
        return Place(row.a, "correction", country, latitude, longitude, None, None)
    except (ValueError, IndexError):
        place = locate(parts[0], parts[1:])
    if place is None:
        expected = "latitude, longitude and country code, or a place of the gazetteer"
        groups.faults.append((row.line, f'expected {expected}, found "{row.b}"'))
    return place


def _label(groups: _Groups, members: Sequence[Sense]) -> str:
    totals: Counter[str] = Counter()
    for sense in members:
        totals[sense.label] += groups.counts[sense]
    return _main_label(totals)


def _name(groups: _Groups, members: Sequence[Sense]) -> str:
    """Give the most frequent spelling; of equals the first in code point order."""
    totals: Counter[str] = Counter()
    for sense in members:
        totals.update(groups.spellings[sense])
    if not totals:  # only ever an acronym or a surname here: the key is all there is
        return members[0].key
    return _most(totals)


def _aliases(groups: _Groups, ids: _Ids, named: Iterable[Named]) -> pa.Table:
    counts: Counter[tuple[str, str]] = Counter()
    reasons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sense, surface, rule, count in named:
        alias = ids.by_sense[sense], surface
        counts[alias] += count
        reasons[alias].add(rule or _rule(groups, sense, surface))
    rows = [
        (*alias, count, min(reasons[alias], key=RULES.index)) for alias, count in counts.items()
    ]
    return _table("aliases", rows)


def _rule(groups: _Groups, sense: Sense, surface: str) -> str:
    leader = groups.find(sense)
    identity = groups.identity[leader]
    if sense in groups.touched:
        return "correction"
    if identity and identity.known:
        known = find_known(surface, sense.label)
        return "curated" if known and known.slug == identity.known.slug else "spelling"
    if identity:
        return "gazetteer"
    spellings = set().union(*(groups.spellings[each] for each in groups.members[leader]))
    return "spelling" if len(spellings) > 1 else "alone"


def _table(table: str, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    return _from_rows(rows, arrow_schema(table))


def _from_rows(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def resolve(names: Sequence[str], label: str) -> list[str | None]:
    """Tell which names are the same person, organisation or place, without an article.

    Known aliases come first, then other spellings of them, then places of the gazetteer, then
    spellings of one another.

    Args:
        names: Names as they stand in texts, in any spelling.
        label: PERSON, ORG or PLACE, of all of them.

    Returns:
        An id for each name, None where it is alone and unknown. Names of one id belong together;
        the ids of known entities are the same on every call.

    >>> daesh, isis, other = resolve(["Daesh", "ISIS", "Ladies Sewing Circle"], "ORG")
    >>> daesh == isis, other
    (True, None)
    """
    distinct = sorted(set(names))
    ids = {name: _known_id(name, label) for name in distinct}
    unknown = [name for name in distinct if ids[name] is None]
    for group in _group_spellings(unknown, label):
        if len(group) > 1:
            ids |= dict.fromkeys(group, hash_id(label, min(map(lookup_key, group))))
    return [ids[name] for name in names]


def _known_id(name: str, label: str) -> str | None:
    known = find_known(name, label) or find_spelled(name, label)
    if known:
        return curated_id(known.slug)
    place = locate(name) if label == "PLACE" else None
    return place_id(place) if place else None


def same_spellings(names: Sequence[str], label: str) -> Iterator[tuple[str, str]]:
    """List the pairs of names that are spellings of one another.

    A person's name that would join two who are not the same ("George Bush", beside George W. Bush
    and George H. W. Bush) joins neither.

    Args:
        names: Distinct names, sorted.
        label: PERSON, ORG or PLACE, of all of them.

    Yields:
        Pairs, each once, in a fixed order.
    """
    same: dict[str, set[str]] = {name: set() for name in names}
    for a, b in _compare(names, {}, label):
        same[a].add(b)
        same[b].add(a)
    return _sure_pairs(names, same, label)


def _compare(
    names: Sequence[str], beside: Mapping[str, Sequence[str]], label: str
) -> Iterator[tuple[str, str]]:
    """List the pairs that are spellings of one another, among names and with others beside them.

    Args:
        names: Distinct names.
        beside: Others by their blocks; they are not compared among themselves.
        label: PERSON, ORG or PLACE, of all of them.
    """
    blocks: dict[str, list[str]] = {}
    for name in names:
        for block in skeleton(name, label):
            blocks.setdefault(block, []).append(name)
    seen: set[tuple[str, str]] = set()
    for block, found in blocks.items():
        pairs = chain(combinations(found, 2), product(found, beside.get(block, ())))
        for a, b in pairs:
            pair = (a, b) if a < b else (b, a)
            if pair not in seen:
                seen.add(pair)
                if same_name(*pair, label) and not are_apart(*pair, label):
                    yield pair


def _sure_pairs(
    names: Sequence[str], same: Mapping[str, set[str]], label: str
) -> Iterator[tuple[str, str]]:
    """Leave out the pairs of a name that would join two who are not the same."""
    doubtful = {
        name
        for name, others in same.items()
        if any(
            b not in same[a] and (label == "PERSON" or are_apart(a, b, label))
            for a, b in combinations(sorted(others), 2)
        )
    }
    for a in names:
        for b in sorted(same[a]):
            if a < b and a not in doubtful and b not in doubtful:
                yield a, b


def _group_spellings(names: Sequence[str], label: str) -> Iterator[list[str]]:
    """Put names together that are spellings of one; the order of the names does not count."""
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for a, b in same_spellings(names, label):
        one, other = sorted((find(a), find(b)))
        leader[other] = one
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(find(name), []).append(name)
    yield from groups.values()
