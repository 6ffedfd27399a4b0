"""Tables: what is declared once arrives in schema, file and dictionary; rows survive Parquet."""

import typing
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clippings.records import (
    PROBLEMS,
    SCHEMA_VERSION,
    TABLES,
    ArticleRow,
    DumpRow,
    Row,
    arrow_schema,
    columns,
    describe,
    to_arrow,
)

# The contract of design.md, which readers outside the project rely on.
CONTRACT = {
    "dumps": "dump_id path sha256 byte_count encoding layout status article_count claimed_count "
    "layout_score layout_runner_up",
    "articles": "article_id title published_date date_precision published_text byline dateline "
    "outlet body word_count",
    "occurrences": "dump_id position article_id start_byte end_byte",
    "article_topics": "article_id position topic",
    "mentions": "article_id field start end surface label model_label entity_id",
    "entities": "entity_id label name mention_count article_count first_date last_date "
    "country_code latitude longitude geonames_id wikidata_id parent_id",
    "aliases": "entity_id alias mention_count rule",
    "merged": "entity_id merged_into",
    "stories": "article_id story_id",
    "spans": "dump_id start_byte end_byte kind article_id",
    "problems": "dump_id path severity code start_byte detail action",
}
NULLABLE = {
    "dumps": "sha256 byte_count encoding layout claimed_count layout_score layout_runner_up",
    "articles": "title published_date date_precision published_text byline dateline outlet",
    "mentions": "entity_id",
    "entities": "first_date last_date country_code latitude longitude geonames_id wikidata_id "
    "parent_id",
    "spans": "article_id",
    "problems": "start_byte",
}

values: dict[type, st.SearchStrategy[Any]] = {
    str: st.text(),
    float: st.floats(allow_nan=False),
    int: st.integers(-(2**63), 2**63 - 1),
    datetime: st.datetimes()
    .map(lambda time: time.replace(hour=0, minute=0, second=0))
    .map(lambda time: time.replace(microsecond=0)),
}


def rows(table: str) -> st.SearchStrategy[Row]:
    """Any row that the declaration of a table allows."""
    return st.builds(
        TABLES[table],
        **{
            column.name: values[column.type] | st.none()
            if column.is_nullable
            else values[column.type]
            for column in columns(table)
        },
    )


def test_tables_and_columns_are_those_of_the_contract() -> None:
    assert {table: " ".join(arrow_schema(table).names) for table in TABLES} == CONTRACT


@pytest.mark.parametrize("table", TABLES)
def test_only_what_may_be_unknown_may_be_null(table: str) -> None:
    nullable = {field.name for field in arrow_schema(table) if field.nullable}
    assert nullable == set(NULLABLE.get(table, "").split())


@pytest.mark.parametrize("table", TABLES)
def test_schema_says_what_everything_is(table: str) -> None:
    schema = arrow_schema(table)
    assert schema.metadata[b"table"] == table.encode()
    assert schema.metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
    assert schema.metadata[b"description"].endswith(b".")
    key = schema.metadata[b"key"].decode().split(",")
    assert set(key) <= set(schema.names)
    for field in schema:
        description = field.metadata[b"description"].decode()
        assert description.strip() == description
        assert description.endswith(".")
        assert b"unit" in field.metadata
        if field.name.endswith("_byte"):
            assert field.metadata[b"unit"] == b"bytes"
        if pa.types.is_timestamp(field.type):
            assert (field.type.unit, field.type.tz) == ("ms", None)


def test_the_same_name_has_the_same_type_in_every_table() -> None:
    types: dict[str, set[str]] = {}
    for table in TABLES:
        for field in arrow_schema(table):
            types.setdefault(field.name, set()).add(str(field.type))
    assert {name for name, found in types.items() if len(found) > 1} == set()


@pytest.mark.parametrize("table", TABLES)
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_rows_survive_parquet(
    table: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given_rows = data.draw(st.lists(rows(table), max_size=5))
    file = tmp_path_factory.getbasetemp() / f"{table}.parquet"
    pq.write_table(to_arrow(table, given_rows), file)
    read = pq.read_table(file)
    assert read.schema.equals(arrow_schema(table), check_metadata=True)
    assert [TABLES[table](**row) for row in read.to_pylist()] == given_rows


def test_no_rows_still_have_a_schema(tmp_path: Path) -> None:
    pq.write_table(to_arrow("articles", []), tmp_path / "articles.parquet")
    read = pq.read_table(tmp_path / "articles.parquet")
    assert (read.num_rows, read.schema) == (0, arrow_schema("articles"))


def test_rows_keep_their_order() -> None:
    found = [
        DumpRow(name, name, None, None, None, None, "ok", 0, None, None, None) for name in "cab"
    ]
    assert to_arrow("dumps", found)["path"].to_pylist() == ["c", "a", "b"]


def test_dates_arrive_as_datetimes_of_pandas() -> None:
    day = datetime(1948, 5, 14)
    row = ArticleRow("a", "T", day, "day", "May 14 1948", None, None, None, "", 0)
    undated = ArticleRow("b", None, None, None, None, None, None, None, "", 0)
    frame = to_arrow("articles", [row, undated]).to_pandas()
    assert frame["published_date"].dtype == "datetime64[ms]"
    assert frame["published_date"][0] == day
    assert frame["published_date"].isna().tolist() == [False, True]
    assert frame["outlet"].isna().all()


@pytest.mark.parametrize("table", TABLES)
def test_rows_cannot_be_changed(table: str) -> None:
    row = TABLES[table](**dict.fromkeys((field.name for field in fields(TABLES[table])), None))
    with pytest.raises(AttributeError):
        setattr(row, fields(row)[0].name, "x")


@pytest.mark.parametrize("code", PROBLEMS)
def test_problem_says_what_it_is_and_what_to_do(code: str) -> None:
    kind = PROBLEMS[code]
    assert kind.severity in ("error", "warning")
    assert kind.meaning.endswith(".")
    assert kind.action.endswith(".")


def test_dictionary_holds_every_column_and_code() -> None:
    lines = list(describe())
    for table in TABLES:
        start = lines.index(f"## {table}")
        section = lines[start : start + 9 + len(columns(table))]
        for column in columns(table):
            (line,) = [line for line in section if line.startswith(f"| `{column.name}` |")]
            assert column.meaning in line
            assert ("| yes |" in line) == column.is_nullable
    for code, kind in PROBLEMS.items():
        assert f"| `{code}` | {kind.severity} | {kind.meaning} | {kind.action} |" in lines


def test_every_row_class_is_a_table() -> None:
    assert list(TABLES.values()) == list(typing.get_args(Row))
    assert all(set(row.key) <= {field.name for field in fields(row)} for row in TABLES.values())
