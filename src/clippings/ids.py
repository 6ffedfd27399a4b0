"""Gives groups of names their ids, so that ids stay what they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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
        others: Ids of the entities that are not looked at.
    """

    def __init__(self, groups: Groups, registry: Registry, others: frozenset[str]) -> None:
        self._groups = groups
        self.others = others
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
        members = self._groups.members(leader)
        first = min(members, key=lambda sense: (sense.article_id, sense.key, sense.label))
        parts = [first.label, first.key] + [first.article_id] * bool(first.article_id)
        return unused_id(parts, reserved)

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


def unused_id(parts: Iterable[str], reserved: set[str]) -> str:
    """Hash what a sense is to an id that no other entity has."""
    parts = list(parts)
    entity_id, number = hash_id(*parts), 1
    while entity_id in reserved:
        number += 1
        entity_id = hash_id(*parts, str(number))
    return entity_id
