"""datapackage.json: the tables as a Frictionless Data Package, for tools that read those.

It stands in each snapshot beside the tables, grown from records.py like the data dictionary. Its
form is that of version 2 (datapackage.org), which readers of version 1 take too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from clippings.records import SCHEMA_VERSION, TABLES, Column, columns

FILE = "datapackage.json"
_SCHEMA = "https://datapackage.org/profiles/2.0/"
_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", datetime: "datetime"}
_REFERENCES = {
    "occurrences": {"dump_id": "dumps", "article_id": "articles"},
    "article_topics": {"article_id": "articles"},
    "mentions": {"article_id": "articles", "entity_id": "entities"},
    "entities": {"parent_id": "entities"},
    "aliases": {"entity_id": "entities"},
    "merged": {"merged_into": "entities"},
    "stories": {"article_id": "articles", "story_id": "articles"},
    "spans": {"dump_id": "dumps", "article_id": "articles"},
}
"""Columns that hold the key of another table. Problems are of files that are no dumps too."""


def write_package(tables: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Write the package of a snapshot.

    Args:
        tables: Its tables with their `parts`, as its manifest lists them.

    Returns:
        The content of `datapackage.json`; the same for the same tables.
    """
    package = {
        "$schema": f"{_SCHEMA}datapackage.json",
        "name": "clippings",
        "title": "Articles, mentions and entities",
        "description": "Tables that clippings made of dumps of articles.",
        "version": str(SCHEMA_VERSION),
        "resources": [
            _resource(
                table, [f"{table}.parquet/{part}" for part, _ in tables[table]["parts"].values()]
            )
            for table in TABLES
            if table in tables
        ],
    }
    return json.dumps(package, ensure_ascii=False, indent=1).encode()


def _resource(table: str, parts: Sequence[str]) -> dict[str, Any]:
    row = TABLES[table]
    return {
        "name": table,
        "type": "table",
        "description": (row.__doc__ or "").strip(),
        "path": parts[0] if len(parts) == 1 else list(parts),
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "schema": {
            "$schema": f"{_SCHEMA}tableschema.json",
            "fields": [_field(column) for column in columns(table)],
            "primaryKey": list(row.key),
            "foreignKeys": [
                {
                    "fields": [column],
                    "reference": {
                        "resource": "" if other == table else other,
                        "fields": list(TABLES[other].key),
                    },
                }
                for column, other in _REFERENCES.get(table, {}).items()
            ],
        },
    }


def _field(column: Column) -> dict[str, Any]:
    field = {
        "name": column.name,
        "type": _TYPES[column.type],
        "description": column.meaning + f" Unit: {column.unit}." * bool(column.unit),
        "constraints": {"required": not column.is_nullable},
    }
    if column.is_nullable and column.type is int:
        field["missingValues"] = ["", "nan"]  # what readers that go through pandas make of null
    return field
