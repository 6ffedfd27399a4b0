"""The registry: which name got which id, so that ids stay what they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from clippings.errors import StoreError

FILE = "registry.json"


class Registry(NamedTuple):
    """Ids given so far; names that are gone keep theirs.

    Attributes:
        ids: Entity id by label and lookup key of a name.
        merged: For an id that is no more, the one it became.
    """

    ids: dict[tuple[str, str], str]
    merged: dict[str, str]


def write_registry(registry: Registry) -> bytes:
    """Write a registry; the same one gives the same bytes.

    A line for each value, by the separators: `indent` would take ten times as long.
    """
    names = [[*name, entity_id] for name, entity_id in sorted(registry.ids.items())]
    content = {"names": names, "merged": sorted(registry.merged.items())}
    return json.dumps(content, ensure_ascii=False, separators=(",\n", ": ")).encode()


def read_registry(path: Path) -> Registry:
    """Read a registry.

    Raises:
        StoreError: The file cannot be read or is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        ids = {(label, key): entity_id for label, key, entity_id in content["names"]}
        return Registry(ids, dict(content["merged"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: expected a registry, found {type(error).__name__}: {error}. Name the "
            f"{FILE} of a folder of tables, in processed/current/."
        ) from None
