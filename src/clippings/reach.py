"""How far a change of names reaches: which names must be looked at again when some come or go.

What a name is taken for depends on the names that it is bound up with: those of the same key, those
of the entity that it belongs to or had before, those that are spellings of it. All other names stay
as they are, and so do their entities.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from clippings.binding import name_key
from clippings.columns import rows_of
from clippings.records import LABELS
from clippings.registry import Registry
from clippings.scan import hash_id

if TYPE_CHECKING:
    import pyarrow as pa


ReadOwners = Callable[[str, Collection[str], list[str]], "pa.Table"]
"""Takes a table, some of its owners and columns, and gives these columns of their rows."""


class Standing:
    """The entities that an earlier run found, to be looked at again only where a name changes.

    Args:
        read: Gives rows of its tables `entities` and `aliases`.
        registry: That of the same run.
        is_corrected: Whether there are corrections, by which anything may belong to a place.
    """

    def __init__(self, read: ReadOwners, registry: Registry, *, is_corrected: bool) -> None:
        self._read = read
        self._registry = registry
        self._is_corrected = is_corrected
        self._is_located: dict[str, bool | None] = {}

    def keys_of(self, entity_ids: Collection[str]) -> set[str]:
        """Give the keys of the names of some entities, those of one article alone aside.

        The registry knows all names but those of places, whose keys are those of their spellings.
        """
        self._look_up(entity_ids)
        standing = {each for each in entity_ids if self._is_located[each] is not None}
        keys = {key for _, key in self._registry.names_of(standing)}
        places = {each for each in standing if self._is_located[each] or self._is_corrected}
        for alias in self._read("aliases", places, ["alias"])["alias"].to_pylist():
            keys.add(name_key(alias, "PLACE"))
        return keys

    def __contains__(self, entity_id: str) -> bool:
        self._look_up([entity_id])
        return self._is_located[entity_id] is not None

    def _look_up(self, entity_ids: Iterable[str]) -> None:
        """Find out which ids are those of entities, and whether these have a place."""
        new = {each for each in entity_ids if each not in self._is_located}
        if new:
            self._is_located |= dict.fromkeys(new)
            rows = self._read("entities", new, ["entity_id", "latitude"])
            for entity_id, latitude in rows_of(rows):
                self._is_located[entity_id] = latitude is not None


def find_names(surfaces: Iterable[str], keys: Collection[str]) -> list[str]:
    """List the `name_id` of all names with one of some spellings and one of some keys, sorted."""
    return sorted(
        hash_id(label, surface)
        for surface in surfaces
        for label in LABELS
        if name_key(surface, label) in keys
    )
