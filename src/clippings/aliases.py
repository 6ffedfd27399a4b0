"""aliases.csv and never_merge.csv: which names are known as whose, and which are never one."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from clippings.names import DATA, is_acronym, lookup_key, same_name, skeleton

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Curated(NamedTuple):
    """The lists, indexed.

    Attributes:
        by_key: Known entity by label and key of an alias.
        by_block: Aliases by label and blocking key, each with its entity.
        apart: Label and two keys, sorted, that are never one.
    """

    by_key: Mapping[tuple[str, str], Known]
    by_block: Mapping[tuple[str, str], tuple[tuple[str, Known], ...]]
    apart: frozenset[tuple[str, ...]]


def alias_key(name: str) -> str:
    """Give the key of a name among the aliases: an acronym is only itself ("IS" is not "is")."""
    if is_acronym(name) and len(letters := "".join(filter(str.isalnum, name))) <= 4:
        return f"={letters.upper()}"
    return lookup_key(name)


@cache
def curated() -> Curated:
    """Read the lists, once per process."""
    by_key: dict[tuple[str, str], Known] = {}
    blocks: dict[tuple[str, str], list[tuple[str, Known]]] = defaultdict(list)
    with (DATA / "aliases.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            known = Known(row["slug"], row["label"], row["name"], row["parent"])
            by_key.setdefault((known.label, alias_key(row["alias"])), known)
            for block in skeleton(row["alias"], known.label):
                blocks[known.label, block].append((row["alias"], known))
    with (DATA / "never_merge.csv").open(encoding="utf-8", newline="") as lines:
        apart = frozenset(
            (row["label"], *sorted((alias_key(row["a"]), alias_key(row["b"]))))
            for row in csv.DictReader(lines)
        )
    return Curated(by_key, {key: tuple(found) for key, found in blocks.items()}, apart)


@lru_cache(1 << 18)
def find_known(name: str, label: str) -> Known | None:
    """Find the curated entity that has a name as one of its aliases.

    >>> find_known("Tzahal", "ORG").name
    'Israel Defense Forces'
    """
    lists = curated()
    return lists.by_key.get((label, alias_key(name))) or lists.by_key.get((label, lookup_key(name)))


@lru_cache(1 << 18)
def find_spelled(name: str, label: str) -> Known | None:
    """Find the curated entity of which a name is another spelling; None where two would do."""
    lists = curated()
    found = {
        known
        for block in skeleton(name, label)
        for alias, known in lists.by_block.get((label, block), ())
        if same_name(name, alias, label) and not are_apart(name, alias, label)
    }
    return found.pop() if len(found) == 1 else None


def are_apart(a: str, b: str, label: str) -> bool:
    """Tell whether two names stand in the list of those that are never one."""
    return (label, *sorted((alias_key(a), alias_key(b)))) in curated().apart
