"""Mentions -> entities: which mentions name the same person, organisation or place.

No more is held than the distinct names. What each article makes of its names (`bound.py`) is read
twice, some articles at a time: to count the names, and, when it is settled who is who (`Resolver`),
to give each its entity. Somebody of whom one article alone knows is not held at all, unless his
name concerns others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings.aliases import by_slug, find_known, find_spelled
from clippings.binding import Sense, name_key
from clippings.bound import bind_articles, find_entities
from clippings.columns import from_rows, put_column
from clippings.corrections import Correction, Corrections
from clippings.errors import StoreError
from clippings.gazetteer import locate
from clippings.groups import Groups, Identity, curated_id, place_id
from clippings.ids import Ids
from clippings.names import lookup_key
from clippings.places import Place
from clippings.reach import Standing
from clippings.records import LABELS, arrow_schema
from clippings.registry import Registry
from clippings.scan import hash_id
from clippings.side import BOUND, schema_of
from clippings.spellings import Readings, group_spellings
from clippings.tally import Named, Tally, main_label
from clippings.totals import Part, Totals, most_frequent

if TYPE_CHECKING:
    import pyarrow as pa

_UNKNOWN = Identity("")
_NOWHERE = (None,) * 4

RULES = ("correction", "curated", "gazetteer", "acronym", "surname", "spelling", "alone")
"""Why a spelling belongs to an entity, the surest first."""


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
    rest = registry, corrections, readings, standing, gone
    keys = {*keys_of(corrections), *come["key"].to_pylist(), *gone["key"].to_pylist()}
    wider = Resolver(lambda: [come], *rest).reach()  # most of them, before all rows are read
    while True:
        keys |= wider
        resolver = Resolver(read(keys), *rest)
        wider = resolver.reach() - keys
        if not wider:
            return resolver, keys


class Resolver:
    """Settles who is who, and then gives the names of all articles their entities.

    Args:
        read: Gives the rows of `.bound` again and again, whole articles together, each sorted.
        registry: Ids given by earlier runs; None for none.
        corrections: What a person knows better; None for nothing.
        readings: What is known of names from earlier runs; None for nothing.
        standing: The entities of an earlier run, where only names that a change can concern are
            read: all rows of a name, or none. Whether they were enough, `reach` tells.
        gone: Rows of that run that are no more; None for none.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[pa.Table]],
        registry: Registry | None = None,
        corrections: Corrections | None = None,
        readings: Readings | None = None,
        standing: Standing | None = None,
        gone: pa.Table | None = None,
    ) -> None:
        self._read = read
        self._standing = standing
        self._corrections = corrections or Corrections()
        self._by_key: dict[tuple[str, str], list[Correction]] = defaultdict(list)
        for row in self._corrections.of("ignore", "retype", "split"):
            self._by_key[row.key].append(row)
        drawn = keys_of(self._corrections)
        tally = Tally(drawn)
        for rows in chain([schema_of(BOUND).empty_table()], read()):
            tally.add(self._correct(rows))
        self._named = tally.finish()
        gone = gone or schema_of(BOUND).empty_table()
        left = frozenset(filter(None, gone["entity_id"].to_pylist()))
        self.before = frozenset(filter(None, tally.entity_ids)) | left
        self._shared = tally.shared_ids | left
        self._alone: set[str] = set()
        self._stirred = set(left)
        self.readings = readings or Readings()
        self.readings.take(
            {(each.sense.label, each.surface) for each in self._named if not each.rule},
            gone["surface"].to_pylist(),
        )
        self._groups = Groups(self._named, tally.apart, self._corrections, self.readings)
        self._groups.gather()
        self._ids = Ids(self._groups, registry or Registry({}, {}), self._is_other)
        self.registry = self._ids.registry
        self._totals = Totals(self._groups, self._ids, tally.summed)

    def _is_other(self, entity_id: str) -> bool:
        """Tell whether an id is that of an entity of the earlier run that is not looked at."""
        standing = self._standing
        return standing is not None and entity_id not in self.before and entity_id in standing

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
        rows = put_column(rows, "place", places)
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
            part = self._totals.assign(rows, self._correct(rows))
            if self._standing is not None:
                self._alone.update(part.entities["entity_id"].to_pylist())
                self._stirred |= part.stirred()
            yield part

    def entities(self) -> pa.Table:
        """Give the rows of `entities` but for those of one article alone."""
        return _entities(self._groups, self._ids, self._totals)

    def aliases(self) -> pa.Table:
        """Give the rows of `aliases` but for those of one article alone."""
        return _aliases(self._groups, self._ids, self._named)

    def replaced(self) -> set[str]:
        """Give the ids of the entities whose rows may have changed; after `assign`.

        Many that share a name with others are known to one article alone: such a one is as it was
        where its id was that of the same names, and of no others.
        """
        return self._stirred | (self.before - self._alone)

    def surfaces(self) -> set[str]:
        """Give the spellings of all names that are known beyond one article."""
        return {each.surface for each in self._named}

    def reach(self) -> set[str]:
        """Give the keys of all names of earlier runs that those read are bound up with."""
        if self._standing is None:
            return set()
        now = set(self._ids.by_sense.values())
        moved = (self._shared - now) | (now - self.before)
        concerned = {*self._shared, *now, *self._ids.held, *_parts_of(moved)}
        keys = self._standing.keys_of(concerned)
        return keys | {name_key(surface, label) for label, surface in self.readings.beyond()}

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
    return {curated_id(known.slug) for known in by_slug().values() if known.parent in wholes}


@cache
def _wholes() -> frozenset[str]:
    return frozenset(known.parent for known in by_slug().values() if known.parent)


def keys_of(corrections: Corrections) -> list[str]:
    """List the keys of all names in corrections."""
    keys = set()
    for row in corrections.rows:
        if row.operation not in ("date", "outlet"):
            label = row.label or "PLACE"  # the operation `place` needs none
            keys |= {name_key(row.a, label), name_key(row.b, label) if row.b else ""}
    return sorted(keys - {""})


def _entities(groups: Groups, ids: Ids, totals: Totals) -> pa.Table:
    renamed = {row.key: row.b for row in groups.corrections.of("rename")}
    placed = {("PLACE", name_key(row.a, "PLACE")): row for row in groups.corrections.of("place")}
    leaders = groups.leaders()
    entity_ids = [ids.by_sense[leader] for leader in leaders]
    present = set(entity_ids)
    made = []
    for leader, entity_id, counted in zip(
        leaders, entity_ids, totals.counted(entity_ids), strict=True
    ):
        _, known, place = groups.identity.get(leader, _UNKNOWN)
        members = groups.members(leader)
        label = known.label if known else _label(groups, members)
        name = known.name if known else _name(groups, members)
        if renamed or placed:
            names = sorted((sense.label, sense.key) for sense in members)
            name = next((renamed[key] for key in names if key in renamed), name)
            for key in names:
                if key in placed:
                    place = _corrected_place(placed[key], groups)
        located = (
            (place.country_code, place.latitude, place.longitude, place.geonames_id)
            if place
            else _NOWHERE
        )
        parent = curated_id(known.parent) if known and known.parent else None
        if parent and parent not in present and not ids.is_other(parent):
            parent = None
        made.append((entity_id, label, name, *counted, *located, None, parent))
    return _table("entities", made)


def _corrected_place(row: Correction, groups: Groups) -> Place | None:
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


def _label(groups: Groups, members: Sequence[Sense]) -> str:
    if len(members) == 1:
        return members[0].label
    totals: Counter[str] = Counter()
    for sense in members:
        totals[sense.label] += groups.counts[sense]
    return main_label(totals)


def _name(groups: Groups, members: Sequence[Sense]) -> str:
    """Give the most frequent spelling; of equals the first in code point order."""
    spellings = _spellings(groups, members)
    if not spellings:  # only ever an acronym or a surname here: the key is all there is
        return members[0].key
    return most_frequent(spellings)


def _spellings(groups: Groups, members: Sequence[Sense]) -> Mapping[str, int]:
    if len(members) == 1:
        return groups.spellings[members[0]]
    totals: Counter[str] = Counter()
    for sense in members:
        totals.update(groups.spellings[sense])
    return totals


def _aliases(groups: Groups, ids: Ids, named: Iterable[Named]) -> pa.Table:
    aliases: dict[tuple[str, str], tuple[int, str]] = {}
    for sense, surface, rule, count in named:
        alias = ids.by_sense[sense], surface
        reason = rule or _rule(groups, sense, surface)
        if alias in aliases:
            other_count, other = aliases[alias]
            count, reason = count + other_count, min(reason, other, key=RULES.index)
        aliases[alias] = count, reason
    return _table("aliases", [(*alias, *found) for alias, found in aliases.items()])


def _rule(groups: Groups, sense: Sense, surface: str) -> str:
    leader = groups.find(sense)
    identity = groups.identity.get(leader)
    if sense in groups.touched:
        return "correction"
    if identity and identity.known:
        known = find_known(surface, sense.label)
        return "curated" if known and known.slug == identity.known.slug else "spelling"
    if identity:
        return "gazetteer"
    return "spelling" if len(_spellings(groups, groups.members(leader))) > 1 else "alone"


def _table(table: str, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    return from_rows(rows, arrow_schema(table))


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

    Raises:
        StoreError: There is no such label.

    >>> daesh, isis, other = resolve(["Daesh", "ISIS", "Ladies Sewing Circle"], "ORG")
    >>> daesh == isis, other
    (True, None)
    """
    if label not in LABELS:
        raise StoreError(f'expected a label of {", ".join(LABELS)}, found "{label}"')
    distinct = sorted(set(names))
    ids = {name: _known_id(name, label) for name in distinct}
    unknown = [name for name in distinct if ids[name] is None]
    for group in group_spellings(unknown, label):
        if len(group) > 1:
            ids |= dict.fromkeys(group, hash_id(label, min(map(lookup_key, group))))
    return [ids[name] for name in names]


def _known_id(name: str, label: str) -> str | None:
    known = find_known(name, label) or find_spelled(name, label)
    if known:
        return curated_id(known.slug)
    place = locate(name) if label == "PLACE" else None
    return place_id(place) if place else None
