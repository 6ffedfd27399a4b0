"""The package of a snapshot says of the tables what they are."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clippings.datapackage import FILE, write_package
from clippings.errors import StoreError
from clippings.records import TABLES, columns


def test_the_package_describes_every_table(desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(*range(6)))
    desk.ingest()
    package = json.loads((desk.processed / FILE).read_text(encoding="utf-8"))
    assert [resource["name"] for resource in package["resources"]] == list(TABLES)
    for resource in package["resources"]:
        table, schema = resource["name"], resource["schema"]
        parts = resource["path"] if isinstance(resource["path"], list) else [resource["path"]]
        # Through the links as in the snapshot itself, whichever the reader was given.
        for folder in (desk.processed, desk.processed / "current"):
            rows = [pq.read_table(folder / part) for part in parts]
            assert sum(part.num_rows for part in rows) == len(desk.rows(table))
        assert [field["name"] for field in schema["fields"]] == rows[0].column_names
        assert schema["primaryKey"] == list(TABLES[table].key)
        for field, column in zip(schema["fields"], columns(table), strict=True):
            assert field["description"].startswith(column.meaning)
            assert field["constraints"]["required"] is not column.is_nullable


def test_foreign_keys_hold(desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(*range(12)))
    desk.put("b.txt", write_dump(3, 4, 20).replace("Number 3", "Number  33"))
    desk.put("c.png", b"\x89PNG")
    desk.ingest()
    package = json.loads((desk.processed / FILE).read_text(encoding="utf-8"))
    checked = 0
    for resource in package["resources"]:
        for key in resource["schema"]["foreignKeys"]:
            [column], [other] = key["fields"], key["reference"]["fields"]
            there = desk.rows(key["reference"]["resource"] or resource["name"])
            values = {row[column] for row in desk.rows(resource["name"])} - {None}
            assert values <= {row[other] for row in there}
            checked += bool(values)
    assert checked >= 8


def test_large_tables_have_several_parts() -> None:
    parts = {"0": ["0-aa.parquet", 1], "f": ["f-bb.parquet", 1]}
    package = json.loads(write_package({"articles": {"parts": parts}, ".bound": {"parts": parts}}))
    [resource] = package["resources"]
    assert resource["path"] == ["articles.parquet/0-aa.parquet", "articles.parquet/f-bb.parquet"]


def test_incremental_equals_rebuild(desk: Any, write_dump: Any, tmp_path: Path) -> None:
    desk.put("a.txt", write_dump(1, 2))
    desk.ingest()
    first = (desk.processed / FILE).read_bytes()
    desk.ingest()
    assert (desk.processed / FILE).read_bytes() == first
    desk.put("b.txt", write_dump(5))
    desk.ingest()
    second = (desk.processed / FILE).read_bytes()
    assert second != first
    desk.rebuild()
    assert (desk.processed.with_name("rebuilt") / FILE).read_bytes() == second


def test_a_damaged_package_is_found(desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(1, 2))
    desk.ingest()
    (desk.processed / FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match=r"datapackage\.json: expected the bytes that a run wrote"):
        desk.ingest()
