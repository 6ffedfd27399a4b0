"""The registry: which name got which id, so that ids stay what they were.

It is JSON with a line for each name. Its names are kept as these lines, because a run that looks at
a few of them need not take all apart.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from clippings.errors import StoreError
from clippings.records import LABELS

FILE = "registry.json"

_BEGIN, _MIDDLE, _BETWEEN, _END = '{"names": [\n', '\n],\n"merged": ', ",\n", "}"
_encode = json.JSONEncoder(ensure_ascii=False).encode


class Registry:
    """Ids given so far; names that are gone keep theirs.

    Args:
        ids: Entity id by label and lookup key of a name.
        merged: For an id that is no more, the one it became.

    Attributes:
        merged: The same.
    """

    def __init__(self, ids: Mapping[tuple[str, str], str], merged: Mapping[str, str]) -> None:
        self._lines = {_write_name(*name): _write_id(each) for name, each in ids.items()}
        self.merged = dict(merged)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Registry):
            return NotImplemented
        return (self._lines, self.merged) == (other._lines, other.merged)

    __hash__ = None  # type: ignore[assignment]  # it is compared, never looked up

    def find(self, label: str, key: str) -> str | None:
        """Give the id of a name; None where it has none."""
        end = self._lines.get(_write_name(label, key))
        return end[1:-2] if end else None

    def names_of(self, entity_ids: Collection[str]) -> Iterator[tuple[str, str]]:
        """List label and key of the names that have one of some ids."""
        ends = {_write_id(each) for each in entity_ids}
        for name, end in self._lines.items():
            if end in ends:
                label, key = json.loads(name + "]")
                yield label, key

    def put(self, ids: Mapping[tuple[str, str], str], merged: Mapping[str, str]) -> Registry:
        """Make another one, in which some names have other ids, and others were merged."""
        made = Registry(ids, merged)
        made._lines = {**self._lines, **made._lines}
        return made

    def write(self) -> bytes:
        """Write it as JSON; the same one gives the same bytes."""
        names = _BETWEEN.join(sorted([f"{name}, {end}" for name, end in self._lines.items()]))
        merged = json.dumps(sorted(self.merged.items()), separators=(_BETWEEN, ": "))
        return (_BEGIN + names + _MIDDLE + merged + _END).encode()

    @classmethod
    def read(cls, text: str) -> Registry | None:
        """Read what `write` wrote; None where it is in another form."""
        names, middle, merged = text.removeprefix(_BEGIN).removesuffix(_END).partition(_MIDDLE)
        if not (text.startswith(_BEGIN) and middle):
            return None
        made = cls({}, dict(json.loads(merged)))
        lines = names.split(_BETWEEN) if names else ()
        made._lines = dict(line.rsplit(", ", 1) for line in lines)
        return made


def _write_name(label: str, key: str) -> str:
    """Write the line of a name up to its id.

    >>> _write_name("ORG", "red crescent"), _write_id("5ddc")
    ('["ORG", "red crescent"', '"5ddc"]')
    """
    return f'["{label}", {_encode(key)}'


def _write_id(entity_id: str) -> str:
    return f'"{entity_id}"]'


def read_registry(path: Path, *, is_own: bool = False) -> Registry:
    """Read a registry.

    Args:
        path: The file.
        is_own: Whether it is known to be as a run wrote it; of others each name is looked at.

    Raises:
        StoreError: The file cannot be read or is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if is_own and (registry := Registry.read(text)):
            return registry
        content = json.loads(text)
        ids = {(label, key): entity_id for label, key, entity_id in content["names"]}
        merged = dict(content["merged"])
        if not all(label in LABELS and isinstance(key, str) for label, key in ids):
            raise ValueError("a name that is none")
        if not all(each.isalnum() for each in (*ids.values(), *merged, *merged.values())):
            raise ValueError("an id of other than letters and digits")
        return Registry(ids, merged)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path}: expected a registry, found {_write_fault(error)}. Name the {FILE} of a "
            "folder of tables, in processed/current/."
        ) from None


def _write_fault(error: Exception) -> str:
    """Say what was found in other words than those of Python."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, ValueError) else "JSON of another form"
