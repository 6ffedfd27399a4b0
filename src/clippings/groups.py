"""Puts names together that are one person, organisation or place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clippings.aliases import Known
from clippings.binding import Sense, home_of, name_key
from clippings.corrections import Correction, Corrections
from clippings.places import Place
from clippings.scan import hash_id
from clippings.spellings import Readings
from clippings.tally import MAJORITY, Named, main_label


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


class Groups:
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
        self.senses = sorted(self.counts, key=order_of)
        # Most senses are alone and unknown: no room is taken for these.
        self._leader: dict[Sense, Sense] = {}
        self._members: dict[Sense, list[Sense]] = {}
        self.identity: dict[Sense, Identity] = {}
        self.touched: set[Sense] = set()
        concerned = {pair for row in corrections.rows for pair in _names_of(row)}
        self._by_name: dict[tuple[str, str], list[Sense]] = {pair: [] for pair in concerned}
        for sense in self.senses if concerned else ():
            if (sense.label, sense.key) in concerned:
                self._by_name[sense.label, sense.key].append(sense)
        self.apart: dict[tuple[str, ...], int] = {
            pair_of(row): row.line for row in corrections.of("distinct")
        }
        self.separate = {row.key for row in corrections.of("split") if not row.article_id}
        self.refused: set[int] = set()

    def find(self, sense: Sense) -> Sense:
        """Give the sense that stands for the group of a sense."""
        while sense in self._leader:
            sense = self._leader[sense]
        return sense

    def members(self, leader: Sense) -> Sequence[Sense]:
        """List the senses of a group, that which stands for it among them."""
        return self._members.get(leader, (leader,))

    def join(self, one: Sense, other: Sense, *, is_forced: bool = False) -> bool:
        """Make one group of two, unless they are known to be two."""
        first, second = self.find(one), self.find(other)
        if first == second:
            return True
        if not is_forced:
            first, second = sorted((first, second), key=order_of)
            known = {self.identity[each] for each in (first, second) if each in self.identity}
            if len(known) > 1:
                return False
            if any((each.label, each.key) in self.separate for each in (one, other)):
                return False
            if self.apart and (line := self._apart(first, second)):
                self.refused.add(line)
                return False
        self._leader[second] = first
        self._members[first] = [*self.members(first), *self.members(second)]
        self._members.pop(second, None)
        if second in self.identity:
            self.identity.setdefault(first, self.identity[second])
        return True

    def _apart(self, first: Sense, second: Sense) -> int:
        """Give the line of the correction that keeps two groups apart; 0 where none does."""
        for one in self.members(first):
            for other in self.members(second):
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
                del self.identity[sense]

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
            main = main_label(totals)
            target = min(labels[main], key=lambda sense: (-self.counts[sense], order_of(sense)))
            for label, senses in labels.items():
                if label != main and totals[main] >= MAJORITY * totals[label]:
                    for sense in senses:
                        self.join(target, sense)

    def _gather_spellings(self) -> None:
        named: dict[str, dict[str, Sense]] = defaultdict(dict)
        for sense in self.senses:
            is_alone = sense.label == "PERSON" and " " not in sense.key
            if sense.article_id or is_alone or self.find(sense) in self.identity:
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
                    self._complain(row, f'there is no mention of "{row.a}" with that label')
            elif row.operation in ("split", "rename", "place") and not self._named(row):
                self._complain(row, f'there is no mention of "{row.a}" with that label')

    def _merge(self, row: Correction) -> None:
        ours, theirs = (self._by_name[pair] for pair in _names_of(row))
        for name, senses in ((row.a, ours), (row.b, theirs)):
            if not senses:
                self._complain(row, f'there is no mention of "{name}" with that label')
                return
        pair = pair_of(row)
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
        return self._by_name[_names_of(row)[0]]

    def _complain(self, row: Correction, found: str) -> None:
        message = f"expected a {row.operation} that changes something, found that {found}"
        self.faults.append((row.line, message))

    def leaders(self) -> list[Sense]:
        """List the sense that stands for each group, in a fixed order."""
        return [sense for sense in self.senses if sense not in self._leader]


def _names_of(row: Correction) -> list[tuple[str, str]]:
    """Give label and key of the one or two names of a row."""
    label = row.label or "PLACE"  # the operation `place` needs none
    return [(label, name_key(name, label)) for name in (row.a, row.b)]


def pair_of(row: Correction) -> tuple[str, ...]:
    """Give label and keys of the two names of a row, in a fixed order."""
    return row.label, *sorted((row.key[1], name_key(row.b, row.label)))


def order_of(sense: Sense) -> tuple[str, str, str, str]:
    """Give what senses are sorted by."""
    return sense.label, sense.key, sense.article_id, place_id(sense.place) if sense.place else ""
