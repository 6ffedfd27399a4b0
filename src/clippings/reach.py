"""How far a change of names reaches: which names must be looked at again when some come or go.

What a name is taken for depends on the names that it is bound up with: those of the same key, those
of the entity that it belongs to or had before, those that are spellings of it. All other names stay
as they are, and so do their entities.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from clippings.binding import name_key
from clippings.columns import within
from clippings.records import LABELS
from clippings.registry import Registry
from clippings.scan import hash_id

if TYPE_CHECKING:
    import pyarrow as pa


class Standing:
    """The entities that an earlier run found, to be looked at again only where a name changes.

    Args:
        entities: Columns entity_id, latitude: the table `entities`.
        aliases: Columns entity_id, alias: the table `aliases`.
        registry: That of the same run.
        is_corrected: Whether there are corrections, by which anything may belong to a place.
    """

    def __init__(
        self, entities: pa.Table, aliases: pa.Table, registry: Registry, *, is_corrected: bool
    ) -> None:
        import pyarrow.compute as pc

        self.entity_ids = frozenset(entities["entity_id"].to_pylist())
        if not is_corrected:
            entities = entities.filter(pc.is_valid(entities["latitude"]))
        self._places = within(aliases, "entity_id", entities["entity_id"])
        self._registry = registry

    def keys_of(self, entity_ids: Collection[str]) -> set[str]:
        """Give the keys of the names of some entities, those of one article alone aside.

        The registry knows all names but those of places, whose keys are those of their spellings.
        """
        import pyarrow as pa

        keys = {
            key for (_, key), entity_id in self._registry.ids.items() if entity_id in entity_ids
        }
        ids = pa.array(sorted(entity_ids), pa.string())
        for alias in within(self._places, "entity_id", ids)["alias"].to_pylist():
            keys.add(name_key(alias, "PLACE"))
        return keys


def find_names(surfaces: Iterable[str], keys: Collection[str]) -> list[str]:
    """List the `name_id` of all names with one of some spellings and one of some keys, sorted."""
    return sorted(
        hash_id(label, surface)
        for surface in surfaces
        for label in LABELS
        if name_key(surface, label) in keys
    )
