"""A name in any spelling -> the entities of the tables that bear it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clippings.columns import within
from clippings.entities import resolve
from clippings.errors import StoreError
from clippings.names import lookup_key, same_name, skeleton
from clippings.records import LABELS

if TYPE_CHECKING:
    import pyarrow as pa

    from clippings.store import Snapshot

_MOST_COMPARED = 20_000
"""Spellings that are compared by sound or letters, the most frequent: some tenths of a second."""
_MOST_LISTED = 10


def find_named(snapshot: Snapshot, name: str, label: str | None = None) -> pa.Table:
    """Find the entities that a name stands for.

    A name is looked for as an entity_id (one that was merged into another is that other); then as a
    spelling in the tables, whatever its case, accents, hyphens and articles; then as another
    spelling of one, by the rules by which a run resolves names. The first of these that finds
    anything is the answer.

    Args:
        snapshot: The tables.
        name: An entity_id, a name or another spelling of it.
        label: PERSON, ORG or PLACE; None for all.

    Returns:
        Rows of `entities`, one at least; more than one where several bear that name. Most mentions
        first.

    Raises:
        StoreError: There is no such label, or no such entity; the nearest spellings are named.
    """
    if label is not None and label not in LABELS:
        raise StoreError(f'expected a label of {", ".join(LABELS)}, found "{label}"')
    import pyarrow as pa
    import pyarrow.compute as pc

    entities = snapshot.read("entities")
    if label:
        entities = entities.filter(pc.equal(entities["label"], label))
    aliases = snapshot.read("aliases", columns=["entity_id", "alias", "mention_count"])
    aliases = within(aliases, "entity_id", entities["entity_id"])
    own = entities.select(["entity_id", "name", "mention_count"])
    spellings = pa.concat_tables([own.rename_columns(aliases.column_names), aliases]).sort_by(
        [("mention_count", "descending"), ("alias", "ascending"), ("entity_id", "ascending")]
    )
    merged = snapshot.read("merged")
    merged = merged.filter(pc.equal(merged["entity_id"], name))["merged_into"].to_pylist()
    for ids in _answers(name, merged, spellings, entities):
        found = within(entities, "entity_id", pa.array(sorted(ids), pa.string()))
        if found.num_rows:
            return found.sort_by(
                [("mention_count", "descending"), ("name", "ascending"), ("entity_id", "ascending")]
            )
    near = _nearest(spellings, name)
    hint = f" Did you mean {' or '.join(map(_printable, near))}?" if near else ""
    limit = f" with the label {label}" if label else ""
    raise StoreError(
        f'expected a name that stands in the tables{limit}, found "{_printable(name)}".{hint}'
    )


def find_one(snapshot: Snapshot, name: str, label: str | None = None) -> pa.Table:
    """Find the one entity that a name stands for.

    Args:
        snapshot: The tables.
        name: An entity_id, a name or another spelling of it.
        label: PERSON, ORG or PLACE; None for all.

    Returns:
        Its row of `entities`.

    Raises:
        StoreError: As `find_named`; or several bear that name, and are listed.
    """
    found = find_named(snapshot, name, label)
    if found.num_rows == 1:
        return found
    count = found.num_rows
    listed = [
        f"  {row['entity_id']}  {row['label']}, {row['mention_count']:,} mentions: "
        + _printable(row["name"])
        for row in found.slice(0, _MOST_LISTED).to_pylist()
    ]
    if count > _MOST_LISTED:
        listed.append(f"  and {count - _MOST_LISTED:,} more")
    raise StoreError(
        f'expected the name of one entity, found {count:,} that are named "{_printable(name)}". '
        "Give the id of the one you mean, or its label:\n" + "\n".join(listed)
    )


def _answers(
    name: str, merged: list[str], spellings: pa.Table, entities: pa.Table
) -> Iterator[set[str]]:
    """Give the ids that a name stands for, the surest way of reading it first."""
    yield {name, *merged}
    key = lookup_key(name)
    each = zip(spellings["entity_id"].to_pylist(), spellings["alias"].to_pylist(), strict=True)
    yield {entity_id for entity_id, alias in each if lookup_key(alias) == key}
    known = {label: resolve([name], label)[0] for label in LABELS}
    yield {entity_id for entity_id in known.values() if entity_id}
    # What is known, and not there, is not whoever else is spelled much like it.
    unknown = [label for label in LABELS if not known[label]]
    ids, labels = entities["entity_id"].to_pylist(), entities["label"].to_pylist()
    yield set(_spelled(name, unknown, spellings, dict(zip(ids, labels, strict=True))))


def _spelled(
    name: str, labels: list[str], spellings: pa.Table, label_of: dict[str, str]
) -> Iterator[str]:
    """Give the entities of some labels of which a name is another spelling."""
    blocks = {label: set(skeleton(name, label)) for label in labels}
    for entity_id, alias in _frequent(spellings):
        label = label_of[entity_id]
        if (
            label in blocks
            and not blocks[label].isdisjoint(skeleton(alias, label))
            and same_name(name, alias, label)
        ):
            yield entity_id


def _nearest(spellings: pa.Table, name: str) -> list[str]:
    by_key: dict[str, str] = {}
    for _, alias in _frequent(spellings):
        by_key.setdefault(lookup_key(alias), alias)
    return [by_key[key] for key in difflib.get_close_matches(lookup_key(name), by_key, n=3)]


def _frequent(spellings: pa.Table) -> Iterator[tuple[str, str]]:
    rows = spellings.slice(0, _MOST_COMPARED)
    return zip(rows["entity_id"].to_pylist(), rows["alias"].to_pylist(), strict=True)


def _printable(text: str) -> str:
    """Leave out of an error what a name from a file could do to a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
