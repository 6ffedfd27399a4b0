"""aliases.csv and never_merge.csv: which names are known as whose, and which are never one.

The keys and blocks of the aliases take a second to work out, so they are baked too, as indexes:

    python -m clippings.aliases      writes data/alias_keys.txt and data/alias_blocks.txt;
                                     after a change of names/ or aliases.csv

A row of the list is read apart only when it is asked for: most never are.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clippings.baked import Index, bake_index
from clippings.names import is_acronym, lookup_key, same_name, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

DATA = Path(__file__).parent / "data"
_LIST = DATA / "aliases.csv"
_KEYS, _BLOCKS = DATA / "alias_keys.txt", DATA / "alias_blocks.txt"


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
    """A row of the curated list: one of the names of an entity."""

    name: str
    known: Known


def alias_key(name: str) -> str:
    """Give the key of a name among the aliases: an acronym is only itself ("IS" is not "is")."""
    if is_acronym(name) and len(letters := "".join(filter(str.isalnum, name))) <= 4:
        return f"={letters.upper()}"
    return lookup_key(name)


def bake_keys() -> bytes:
    """Work out the index of the labels and keys of all aliases; of those with one key the first."""
    first: dict[str, list[int]] = {}
    for number, (name, known) in enumerate(_read_rows(_lines())):
        first.setdefault(f"{known.label} {alias_key(name)}", [number])
    return bake_index(first)


def bake_blocks() -> bytes:
    """Work out the index of the labels and blocking keys of all aliases."""
    rows: dict[str, list[int]] = defaultdict(list)
    for number, (name, known) in enumerate(_read_rows(_lines())):
        for block in skeleton(name, known.label):
            rows[f"{known.label} {block}"].append(number)
    return bake_index(rows)


@cache
def _lines() -> list[bytes]:
    return _LIST.read_bytes().splitlines()[1:]


def _read_rows(lines: Iterable[bytes]) -> Iterator[Alias]:
    for slug, label, name, alias, parent, *_ in csv.reader(map(bytes.decode, lines)):
        yield Alias(alias, Known(slug, label, name, parent))


@lru_cache(1 << 15)
def _read_row(number: int) -> Alias:
    return next(_read_rows([_lines()[number]]))


@cache
def _keys() -> Index:
    return Index(_KEYS)


@cache
def _blocks() -> Index:
    return Index(_BLOCKS)


@cache
def by_slug() -> dict[str, Known]:
    """Give all known entities by their slugs."""
    first: dict[bytes, bytes] = {}  # of their many lines, which say the same of them
    for line in _lines():
        first.setdefault(line.partition(b",")[0], line)
    return {known.slug: known for _, known in _read_rows(first.values())}


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
    for key in dict.fromkeys((alias_key(name), lookup_key(name))):
        for number in _keys().find(f"{label} {key}"):
            return _read_row(number).known
    return None


@lru_cache(1 << 15)
def find_spelled(name: str, label: str) -> Known | None:
    """Find the curated entity of which a name is another spelling; None where two would do."""
    numbers = {row for block in skeleton(name, label) for row in _blocks().find(f"{label} {block}")}
    found = {
        known
        for alias, known in map(_read_row, numbers)
        if same_name(name, alias, label) and not are_apart(name, alias, label)
    }
    return found.pop() if len(found) == 1 else None


def find_far(blocks_of: Mapping[tuple[str, str], Sequence[str]]) -> set[tuple[str, str]]:
    """Find the names that are no aliases and no spellings of any, as no block is that of an alias.

    Acronyms are none of these: they are looked up by their letters, whatever their blocks.

    Args:
        blocks_of: The blocks of many names, by label and name.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    names, lists = list(blocks_of), pa.array(blocks_of.values(), pa.list_(pa.string()))
    numbers = pc.list_parent_indices(lists)
    labels = pa.array([label for label, _ in names], pa.string()).take(numbers)
    blocks = pc.binary_join_element_wise(labels, lists.flatten(), " ")
    near = pc.unique(numbers.filter(pc.is_in(blocks, _blocks().read_keys())))
    met = {names[number] for number in near.to_pylist()}
    return {name for name in names if name not in met and not is_acronym(name[1])}


def are_apart(a: str, b: str, label: str) -> bool:
    """Tell whether two names stand in the list of those that are never one."""
    return (label, *sorted((alias_key(a), alias_key(b)))) in _never_one()


if __name__ == "__main__":
    _KEYS.write_bytes(bake_keys())
    _BLOCKS.write_bytes(bake_blocks())
