"""Gives groups of names their ids, so that ids stay what they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from clippings.binding import Sense
from clippings.groups import Groups, order_of
from clippings.registry import Registry
from clippings.scan import hash_id


class Ids:
    """Gives every group its id: what it is known as, else what the registry says, else a new one.

    A group that takes in another keeps the id with more mentions; a part that leaves takes a new
    one, and the id stays with the larger part.

    Args:
        groups: All groups that are looked at.
        registry: Ids given by earlier runs.
        is_other: Tells whether an id is that of an entity that is not looked at.

    Attributes:
        is_other: The same.
        held: The ids that the registry has for names that are looked at.
        by_sense: The id of each sense.
        registry: The ids for later runs.
    """

    def __init__(self, groups: Groups, registry: Registry, is_other: Callable[[str], bool]) -> None:
        self._groups = groups
        self.is_other = is_other
        self._ids: dict[Sense, str] = {}
        held = self._held(registry)
        self.held = {entity_id for _, entity_id in held}
        for leader in groups.leaders():
            if leader in groups.identity:
                self._ids[leader] = groups.identity[leader].entity_id
        taken = set(self._ids.values())
        claims = sorted(
            (-weight, entity_id, order_of(leader), leader)
            for (leader, entity_id), weight in held.items()
        )
        for _, entity_id, _, leader in claims:
            if leader not in self._ids and entity_id not in taken:
                self._ids[leader] = entity_id
                taken.add(entity_id)
        self._taken = {*taken, *self.held}
        for leader in groups.leaders():
            if leader not in self._ids:
                self._ids[leader] = self._new_id(leader)
                self._taken.add(self._ids[leader])
        self.by_sense = {sense: self._ids[groups.find(sense)] for sense in groups.senses}
        self.registry = self._register(registry, claims)

    def _held(self, registry: Registry) -> Counter[tuple[Sense, str]]:
        """Count the mentions by which each group holds ids of the registry."""
        held: Counter[tuple[Sense, str]] = Counter()
        for sense in self._groups.senses:
            if sense.article_id or sense.place:
                continue
            entity_id = registry.find(sense.label, sense.key)
            if entity_id:
                held[self._groups.find(sense), entity_id] += self._groups.counts[sense]
        return held

    def _new_id(self, leader: Sense) -> str:
        members = self._groups.members(leader)
        first = min(members, key=lambda sense: (sense.article_id, sense.key, sense.label))
        parts = [first.label, first.key] + [first.article_id] * bool(first.article_id)
        return self.unused_id(parts)

    def unused_id(self, parts: Iterable[str]) -> str:
        """Hash what a sense is to an id that no other entity has."""
        parts = list(parts)
        entity_id, number = hash_id(*parts), 1
        while entity_id in self._taken or self.is_other(entity_id):
            number += 1
            entity_id = hash_id(*parts, str(number))
        return entity_id

    def _register(self, registry: Registry, claims: Iterable[tuple[Any, ...]]) -> Registry:
        ids = {
            (sense.label, sense.key): entity_id
            for sense, entity_id in self.by_sense.items()
            if not sense.article_id and not sense.place
        }
        current = set(self._ids.values())
        merged = dict(registry.merged)  # none of these is another entity's
        for _, entity_id, _, leader in claims:  # the heaviest claim first
            if entity_id not in current and not self.is_other(entity_id):
                merged.setdefault(entity_id, self._ids[leader])
        for entity_id in sorted(merged):
            while merged[entity_id] in merged and merged[entity_id] not in current:
                merged[entity_id] = merged[merged[entity_id]]
        return registry.put(ids, {old: new for old, new in merged.items() if old not in current})
