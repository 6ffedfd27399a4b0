"""Mentions -> entities: which mentions name the same person, organisation or place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings.aliases import Known, are_apart, find_known, find_spelled
from clippings.binding import Mentions, Sense, bind_mentions, home_of, name_key
from clippings.corrections import Correction, Corrections
from clippings.gazetteer import Place, locate
from clippings.names import lookup_key, same_name, skeleton
from clippings.records import arrow_schema
from clippings.registry import Registry
from clippings.scan import hash_id

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
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
    """Resolve all mentions to entities.

    Args:
        mentions: Columns article_id, field, start, end, label, surface; whole articles.
        articles: Columns article_id, published_date; every article_id once.
        registry: Ids given by earlier runs; None for none.
        corrections: What a person knows better; None for nothing.

    Returns:
        The entities, and the id of each mention's entity; None for one that is to be ignored. The
        groups of names depend on the set of mentions alone, their ids on the registry too.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    registry = registry or Registry({}, {})
    corrections = corrections or Corrections()
    order = pc.sort_indices(
        mentions, [(name, "ascending") for name in ("article_id", "field", "start", "end")]
    )
    rows = mentions.take(order)
    names = ("article_id", "field", "start", "end", "label", "surface")
    columns = Mentions(*(rows[name].to_pylist() for name in names))
    bound = bind_mentions(columns)
    senses = _correct_senses(bound.senses, columns.article_ids, corrections)
    groups = _Groups(senses, bound.rules, columns.surfaces, corrections)
    groups.gather()
    ids = _Ids(groups, registry)
    found = [None if sense is None else ids.by_sense[sense] for sense in senses]
    inverse = np.empty(len(found), dtype=np.int64)
    inverse[order.to_numpy()] = np.arange(len(found))
    entity_ids = pa.chunked_array([pa.array(found, pa.string()).take(pa.array(inverse))])
    entities = _entities(groups, ids, mentions, articles, entity_ids)
    return Resolution(
        entity_ids,
        entities,
        _aliases(groups, ids, columns.surfaces, senses, bound.rules),
        _table("merged", sorted(ids.registry.merged.items())),
        ids.registry,
        sorted([*corrections.faults, *groups.faults]),
    )


def _correct_senses(
    senses: Sequence[Sense], article_ids: Sequence[str], corrections: Corrections
) -> list[Sense | None]:
    """Apply the corrections that concern what a mention stands for: ignore, retype, split."""
    by_key: dict[tuple[str, str], list[Correction]] = defaultdict(list)
    for row in corrections.of("ignore", "retype", "split"):
        by_key[row.key].append(row)
    if not by_key:
        return list(senses)
    corrected: list[Sense | None] = []
    for sense, article_id in zip(senses, article_ids, strict=True):
        now: Sense | None = sense
        for row in by_key.get((sense.label, sense.key), ()):
            if row.article_id in ("", article_id):
                corrections.used.add(row.line)
                if row.operation == "ignore":
                    now = None
                elif now and row.operation == "retype":
                    now = Sense(row.b, now.key)
                elif now and row.article_id:
                    now = Sense(now.label, now.key, article_id)
        corrected.append(now)
    return corrected


class _Groups:
    """Puts senses together that are one person, organisation or place."""

    def __init__(
        self,
        senses: Sequence[Sense | None],
        rules: Sequence[str],
        surfaces: Sequence[str],
        corrections: Corrections,
    ) -> None:
        self.corrections = corrections
        self.faults: list[tuple[int, str]] = []
        self.counts: Counter[Sense] = Counter(sense for sense in senses if sense)
        self.spellings: dict[Sense, Counter[str]] = {sense: Counter() for sense in self.counts}
        for sense, rule, surface in zip(senses, rules, surfaces, strict=True):
            if sense and not rule:
                self.spellings[sense][surface] += 1
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
            known = find_known(surface, sense.label)
            if known:
                return Identity(curated_id(known.slug), known, home_of(known))
        if sense.label == "PERSON" and " " not in sense.key:
            return None
        for surface in sorted(self.spellings[sense]):
            known = find_spelled(surface, sense.label)
            if known:
                return Identity(curated_id(known.slug), known, home_of(known))
        return None

    def _gather_minorities(self) -> None:
        """A name tagged ORG nine times and PERSON once is one thing."""
        by_name: dict[str, dict[str, list[Sense]]] = defaultdict(lambda: defaultdict(list))
        for sense in self.senses:
            by_name[sense.key][sense.label].append(sense)
        for labels in by_name.values():
            if len(labels) < 2:
                continue
            totals = {
                label: sum(self.counts[sense] for sense in senses)
                for label, senses in labels.items()
            }
            main = min(totals, key=lambda label: (-totals[label], label))
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
            for a, b in same_spellings(sorted(senses), label):
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
    """

    def __init__(self, groups: _Groups, registry: Registry) -> None:
        self._groups = groups
        self._ids: dict[Sense, str] = {}
        held = self._held(registry)
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
        reserved = taken | {entity_id for _, entity_id in held}
        for leader in groups.leaders():
            if leader not in self._ids:
                self._ids[leader] = self._new_id(leader, reserved)
                reserved.add(self._ids[leader])
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
        entity_id, number = hash_id(*parts), 1
        while entity_id in reserved:
            number += 1
            entity_id = hash_id(*parts, str(number))
        return entity_id

    def _register(self, registry: Registry, claims: Iterable[tuple[Any, ...]]) -> Registry:
        ids = dict(registry.ids)
        for sense, entity_id in self.by_sense.items():
            if not sense.article_id and not sense.place:
                ids[sense.label, sense.key] = entity_id
        current = set(self._ids.values())
        merged = dict(registry.merged)
        for _, entity_id, _, leader in claims:  # the heaviest claim first
            if entity_id not in current:
                merged.setdefault(entity_id, self._ids[leader])
        for entity_id in sorted(merged):
            while merged[entity_id] in merged and merged[entity_id] not in current:
                merged[entity_id] = merged[merged[entity_id]]
        return Registry(ids, {old: new for old, new in merged.items() if old not in current})


def _entities(
    groups: _Groups, ids: _Ids, mentions: pa.Table, articles: pa.Table, entity_ids: pa.ChunkedArray
) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    dates = articles["published_date"].take(
        pc.index_in(mentions["article_id"], articles["article_id"].combine_chunks())
    )
    rows = pa.table({"id": entity_ids, "article": mentions["article_id"], "date": dates})
    totals = (
        rows.filter(pc.is_valid(rows["id"]))
        .group_by("id")
        .aggregate(
            [([], "count_all"), ("article", "count_distinct"), ("date", "min"), ("date", "max")]
        )
    )
    total = {row["id"]: row for row in totals.to_pylist()}
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
        row = total[entity_id]
        made.append(
            (
                entity_id,
                identity.known.label if identity.known else _label(groups, members),
                name or (identity.known.name if identity.known else _name(groups, members)),
                row["count_all"],
                row["article_count_distinct"],
                row["date_min"],
                row["date_max"],
                place.country_code if place else None,
                place.latitude if place else None,
                place.longitude if place else None,
                place.geonames_id if place else None,
                None,
                parent,
            )
        )
    present = {row[0] for row in made}
    return _table(
        "entities", [(*row[:-1], row[-1] if row[-1] in present else None) for row in made]
    )


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
    return min(totals, key=lambda label: (-totals[label], label))


def _name(groups: _Groups, members: Sequence[Sense]) -> str:
    """Give the most frequent spelling; of equals the first in code point order."""
    totals: Counter[str] = Counter()
    for sense in members:
        totals.update(groups.spellings[sense])
    if not totals:  # only ever an acronym or a surname here: the key is all there is
        return members[0].key
    return min(totals, key=lambda name: (-totals[name], name))


def _aliases(
    groups: _Groups,
    ids: _Ids,
    surfaces: Sequence[str],
    senses: Sequence[Sense | None],
    rules: Sequence[str],
) -> pa.Table:
    counts: Counter[tuple[str, str]] = Counter()
    reasons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (surface, sense, rule), count in Counter(zip(surfaces, senses, rules, strict=True)).items():
        if sense:
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
    import pyarrow as pa

    schema = arrow_schema(table)
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
    blocks: dict[str, list[str]] = {}
    for name in names:
        for block in skeleton(name, label):
            blocks.setdefault(block, []).append(name)
    same: dict[str, set[str]] = {name: set() for name in names}
    seen: set[tuple[str, str]] = set()
    for found in blocks.values():
        for pair in combinations(found, 2):
            if pair not in seen:
                seen.add(pair)
                a, b = pair
                if same_name(a, b, label) and not are_apart(a, b, label):
                    same[a].add(b)
                    same[b].add(a)
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
