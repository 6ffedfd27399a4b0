"""aliases.csv and never_merge.csv: which names are known as whose, and which are never one.

The keys and blocks of the aliases take a second to work out, so they are baked too, line by line:

    python -m clippings.aliases      writes data/alias_keys.txt.gz; after a change of names.py or
                                     aliases.csv
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from clippings.names import DATA, is_acronym, lookup_key, same_name, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterator

_BAKED = DATA / "alias_keys.txt.gz"


class Known(NamedTuple):
    """An entity of the curated list.

    Attributes:
        slug: What it is called in the list; stable.
        label: PERSON, ORG or PLACE.
        name: How to show it.
        parent: Slug of the whole that it is a part of; "" where it is none.
    """

    slug: str
    label: str
    name: str
    parent: str


class Alias(NamedTuple):
    """A row of the curated list.

    Attributes:
        name: One of the names of the entity.
        known: The entity.
        key: Its key among the aliases.
        blocks: Its blocking keys, with `|` between them.
    """

    name: str
    known: Known
    key: str
    blocks: str


def alias_key(name: str) -> str:
    """Give the key of a name among the aliases: an acronym is only itself ("IS" is not "is")."""
    if is_acronym(name) and len(letters := "".join(filter(str.isalnum, name))) <= 4:
        return f"={letters.upper()}"
    return lookup_key(name)


def bake_keys() -> bytes:
    """Work out the keys of all aliases: a line for each row, the key and the blocks."""
    lines = [
        "|".join((alias_key(alias), *sorted(skeleton(alias, known.label))))
        for alias, known in _read_aliases()
    ]
    return gzip.compress("\n".join(lines).encode(), mtime=0)


def _read_aliases() -> Iterator[tuple[str, Known]]:
    with (DATA / "aliases.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        for slug, label, name, alias, parent, *_ in rows:
            yield alias, Known(slug, label, name, parent)


@cache
def _aliases() -> list[Alias]:
    """Read the list, once per process."""
    baked = gzip.decompress(_BAKED.read_bytes()).decode().split("\n")
    keys = (line.partition("|")[::2] for line in baked)
    return [
        Alias(alias, known, *key) for (alias, known), key in zip(_read_aliases(), keys, strict=True)
    ]


@cache
def by_key() -> dict[tuple[str, str], Known]:
    """Index the known entities by label and key of an alias."""
    found: dict[tuple[str, str], Known] = {}
    for alias in _aliases():
        found.setdefault((alias.known.label, alias.key), alias.known)
    return found


@cache
def _by_block() -> dict[tuple[str, str], list[Alias]]:
    """Index the aliases by label and blocking key."""
    found: dict[tuple[str, str], list[Alias]] = defaultdict(list)
    for alias in _aliases():
        for block in alias.blocks.split("|"):
            found[alias.known.label, block].append(alias)
    return dict(found)


@cache
def _never_one() -> frozenset[tuple[str, ...]]:
    """Read label and two keys, sorted, of names that are never one."""
    with (DATA / "never_merge.csv").open(encoding="utf-8", newline="") as lines:
        return frozenset(
            (row["label"], *sorted((alias_key(row["a"]), alias_key(row["b"]))))
            for row in csv.DictReader(lines)
        )


@lru_cache(1 << 15)
def find_known(name: str, label: str) -> Known | None:
    """Find the curated entity that has a name as one of its aliases.

    >>> find_known("Tzahal", "ORG").name
    'Israel Defense Forces'
    """
    known = by_key()
    return known.get((label, alias_key(name))) or known.get((label, lookup_key(name)))


@lru_cache(1 << 15)
def find_spelled(name: str, label: str) -> Known | None:
    """Find the curated entity of which a name is another spelling; None where two would do."""
    blocks = _by_block()
    found = {
        alias.known
        for block in skeleton(name, label)
        for alias in blocks.get((label, block), ())
        if same_name(name, alias.name, label) and not are_apart(name, alias.name, label)
    }
    return found.pop() if len(found) == 1 else None


def are_apart(a: str, b: str, label: str) -> bool:
    """Tell whether two names stand in the list of those that are never one."""
    return (label, *sorted((alias_key(a), alias_key(b)))) in _never_one()


if __name__ == "__main__":
    _BAKED.write_bytes(bake_keys())
