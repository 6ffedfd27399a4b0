"""Side tables: what a run keeps for the next, in the snapshot beside the tables that people read.

They are made of the same parts as the others, and equal a rebuild's byte for byte like them. Their
names begin with a dot, so that no link leads to them and no listing shows them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from clippings import records

if TYPE_CHECKING:
    import pyarrow as pa

BOUND = ".bound"
"""One name of one article: what `binding` made of it, and its entity."""
SIGNS = ".signs"
"""One article: the signature by which `stories` finds others like it."""
READINGS = ".readings"
"""One name: what the lists of names say of it, and the other names that are spellings of it."""

ENTITIES_VERSION = 4
"""Raised by hand when the same mentions would become other entities, or other rows of `.bound`."""
STORIES_VERSION = 2
"""Raised by hand when the same articles would become other stories, or other rows of `.signs`."""

_KEYS = {
    BOUND: ("article_id", "label", "surface"),
    SIGNS: ("article_id",),
    READINGS: ("name_id", "label", "surface"),
}
TABLES = tuple(_KEYS)
"""The names of the side tables."""


def table_key(table: str) -> tuple[str, ...]:
    """Give the columns by which a table is sorted; the first is the owner of the row."""
    return _KEYS[table] if table in _KEYS else records.TABLES[table].key


@cache
def schema_of(table: str) -> pa.Schema:
    """Give the Arrow schema of a table or a side table."""
    import pyarrow as pa

    if table not in _KEYS:
        return records.arrow_schema(table)
    text, count = pa.string(), pa.int64()
    columns = {
        BOUND: {
            "article_id": text,
            "label": text,
            "surface": text,
            "key": text,
            "rule": text,
            "is_local": pa.bool_(),
            "place": text,
            "mention_count": count,
            "published_date": pa.timestamp("ms"),
            "entity_id": text,
        },
        SIGNS: {
            "article_id": text,
            "digest": pa.binary(16),
            "word_count": pa.int32(),
            "sketch": pa.binary(144),
            "title": count,
            "date": count,
        },
        READINGS: {
            "name_id": text,
            "label": text,
            "surface": text,
            "known": text,
            "spelled": text,
            "blocks": text,
            "same": text,
        },
    }
    return pa.schema(list(columns[table].items()), metadata={"table": table})
