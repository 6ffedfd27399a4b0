"""The laws of the tables, and a raw folder that changes: whole runs on dumps made here."""

import builtins
import codecs
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import spacy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import clippings
from clippings import (
    entities,
    groups,
    office,
    pipeline,
    plan,
    scan,
    side,
    split,
    store,
    work,
)
from clippings.aliases import by_slug
from clippings.errors import LayoutError, LockedError, ModelError, ReadError, StoreError
from clippings.layouts.layout import load_layouts
from clippings.records import LABELS, PROBLEMS, TABLES, ProblemRow, arrow_schema
from clippings.scan import hash_id

SEED = Path(__file__).parents[2] / "shared" / "examples"
_SLOW_FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def stray(error: UnicodeError) -> tuple[str, int]:
    """Read what is no UTF-8 as Windows-1252."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252"), error.end


codecs.register_error("stray", stray)


def read_bytes(content: bytes, encoding: str) -> str:
    """Decode some bytes of a dump, by what its row says and not by the code under test."""
    if encoding == "utf-8+cp1252":
        return content.decode("utf-8", "stray")
    return content.decode(encoding.removesuffix("-sig"))


def squeeze(text: str) -> str:
    return " ".join(text.split())


def sort_key(table: str) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Order of a table's rows; nulls come last."""
    key = TABLES[table].key
    return lambda row: tuple((row[name] is None, row[name] or 0) for name in key)


# The laws


def check_laws(desk: Any) -> None:
    """Hold every row of every table against the laws of the design."""
    tables = {table: desk.rows(table) for table in TABLES}
    for table, rows in tables.items():
        check_keys(table, rows)
        check_unknowns(table, rows)
    check_articles(tables)
    check_entities(tables)
    contents = {}
    for dump in tables["dumps"]:
        spans = [row for row in tables["spans"] if row["dump_id"] == dump["dump_id"]]
        contents[dump["path"]] = check_dump(desk, dump, spans)
    encodings = {dump["path"]: dump["encoding"] for dump in tables["dumps"]}
    fields = {row["article_id"]: row for row in tables["articles"]}
    standing = Counter(row["article_id"] for row in tables["occurrences"])
    for mention in tables["mentions"]:
        article_id, field, start, end, surface = list(mention.values())[:5]
        assert fields[article_id][field][start:end] == surface
        places = clippings.where(article_id, field, start, end, processed=desk.processed)
        assert len(places) == standing[article_id]
        for path, first, last in places:
            assert squeeze(read_bytes(contents[path][first:last], encodings[path])) == surface


def check_keys(table: str, rows: list[dict[str, Any]]) -> None:
    keys = [sort_key(table)(row) for row in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def check_unknowns(table: str, rows: list[dict[str, Any]]) -> None:
    """An unknown is null; only the text of an article without text is empty."""
    for row in rows:
        for column, value in row.items():
            assert value != "" or (table, column) == ("articles", "body"), (table, column)


def check_articles(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Ids come from the stored words, every id is known, and every article stands somewhere."""
    ids = {row["article_id"] for row in tables["articles"]}
    for table in ("occurrences", "article_topics", "mentions", "spans"):
        assert {row["article_id"] for row in tables[table]} - {None} <= ids
    assert {row["article_id"] for row in tables["occurrences"]} == ids
    for row in tables["articles"]:
        topics = [
            topic["topic"]
            for topic in tables["article_topics"]
            if topic["article_id"] == row["article_id"]
        ]
        article = SimpleNamespace(**row, topics=topics)
        assert work.article_id(article) == row["article_id"]
        assert row["word_count"] == len(row["body"].split())
        assert (row["published_date"] is None) == (row["date_precision"] is None)
        for paragraph in row["body"].split("\n\n"):
            assert paragraph == squeeze(paragraph)
        assert row["title"] is None or row["title"] == squeeze(row["title"])


def check_entities(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Entities and aliases count what the mentions say, and nothing else."""
    dates = {row["article_id"]: row["published_date"] for row in tables["articles"]}
    mentions = tables["mentions"]
    usual = {entities.curated_id(known.slug): known.name for known in by_slug().values()}
    assert {row["entity_id"] for row in mentions} == {
        row["entity_id"] for row in tables["entities"]
    }
    assert Counter((row["entity_id"], row["surface"]) for row in mentions) == {
        (row["entity_id"], row["alias"]): row["mention_count"] for row in tables["aliases"]
    }
    for row in tables["entities"]:
        own = [mention for mention in mentions if mention["entity_id"] == row["entity_id"]]
        articles = {mention["article_id"] for mention in own}
        known = [dates[article] for article in articles if dates[article]]
        spellings = Counter(mention["surface"] for mention in own)
        assert {mention["label"] for mention in own} == {row["label"]}
        assert row["label"] in LABELS
        assert row["mention_count"] == len(own)
        assert row["article_count"] == len(articles)
        assert row["first_date"] == min(known, default=None)
        assert row["last_date"] == max(known, default=None)
        most = min(spellings, key=lambda name: (-spellings[name], name))
        assert row["name"] == usual.get(row["entity_id"], most)


def check_dump(desk: Any, dump: dict[str, Any], spans: list[dict[str, Any]]) -> bytes:
    """The spans tile the bytes, of an office file those of its text; give the bytes."""
    file = desk.raw / Path(os.fsdecode(unquote(dump["path"])))
    if dump["byte_count"] is None:
        assert spans == []
        return b""
    content = file.read_bytes()
    assert dump["byte_count"] == len(content)
    if dump["sha256"]:
        assert dump["sha256"] == hashlib.sha256(content).hexdigest()
    if dump["status"] != "rejected" and (extracted := office.extract(content)) is not None:
        content = extracted.encode()
    edges = [(span["start_byte"], span["end_byte"]) for span in spans]
    assert all(start < end for start, end in edges)
    starts, ends = [start for start, _ in edges], [end for _, end in edges]
    assert [*starts, len(content)] == [0, *ends]
    if dump["status"] == "rejected":
        assert [span["kind"] for span in spans] == ["unknown"] * bool(content)
        assert dump["encoding"] is None
    return content


def unquote(path: str) -> bytes:
    r"""Turn `\xNN` back to the byte."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda hit: bytes.fromhex(hit[1].decode()), path.encode())


_FORMS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16-le": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16-be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "cp1252": lambda text: text.encode("cp1252", "replace"),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "crlf in cp1252": lambda text: text.replace("\n", "\r\n").encode("cp1252", "replace"),
    "nbsp": lambda text: text.replace(" ", "\u00a0").encode(),
    "nbsp in cp1252": lambda text: text.replace(" ", "\u00a0").encode("cp1252", "replace"),
    "double spaces": lambda text: text.replace(" ", " \t ").encode(),
    "astral": lambda text: text.replace("it", "🕯𐤀").encode(),
    "utf-16 of astral": lambda text: text.replace("it", "🕯𐤀").encode("utf-16"),
    "mixed": lambda text: text.encode().replace("“".encode(), b"\x93", 1),
    "no newline at the end": lambda text: text.rstrip("\n").encode(),
    "twice": lambda text: (text + text).encode(),
    "cut off": lambda text: text.encode()[: len(text) // 2],
    "rubbish before": lambda text: ("nothing that counts\n\n" * 3 + text).encode(),
    "rubbish": lambda text: bytes(range(1, 9)) * 9 + text.encode(),
    "empty": lambda _: b"",
    "blank": lambda _: b" \n\n\t\r\n",
}


@pytest.mark.parametrize("form", _FORMS)
def test_laws_hold_in_every_form(form: str, desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", _FORMS[form](write_dump(*range(6))))
    desk.put("b.txt", write_dump(3, 4, 7))
    desk.ingest()
    check_laws(desk)
    desk.assert_tidy()


def test_the_forms_are_read_as_what_they_are(desk: Any, write_dump: Callable[..., str]) -> None:
    for form, encode in _FORMS.items():
        desk.put(form, encode(write_dump(*range(6))))
    desk.ingest()
    read = {row["path"]: (row["encoding"], row["status"]) for row in desk.rows("dumps")}
    assert read["mixed"][0] == "utf-8+cp1252"
    assert read["crlf in cp1252"] == read["nbsp in cp1252"] == ("cp1252", "ok")
    assert read["rubbish"] == (None, "rejected")
    assert read["empty"][1] == read["blank"][1] == "empty"
    counts = {row["path"]: row["article_count"] for row in desk.rows("dumps")}
    whole = [form for form in _FORMS if form not in ("rubbish", "empty", "blank", "cut off")]
    assert {form: counts[form] for form in whole} == {**dict.fromkeys(whole, 6), "twice": 12}


@given(
    dumps=st.lists(
        st.tuples(
            st.lists(st.integers(0, 9), max_size=4),
            st.sampled_from(sorted(_FORMS)),
            st.binary(max_size=20),
        ),
        max_size=4,
    )
)
@example(dumps=[([], "utf-8", b"{\\rtf")])
@settings(max_examples=25, deadline=None, suppress_health_check=_SLOW_FIXTURE)
def test_laws_hold_for_any_dumps(
    dumps: list[Any], make_desk: Callable[[], Any], write_dump: Callable[..., str]
) -> None:
    desk = make_desk()
    for number, (articles, form, rubbish) in enumerate(dumps):
        content = _FORMS[form](write_dump(*articles))
        middle = len(content) // 2
        desk.put(f"{number}.txt", content[:middle] + rubbish + content[middle:])
    desk.ingest()
    check_laws(desk)


def test_where_finds_a_name_however_it_is_spaced(desk: Any) -> None:
    head = "The Road From Acre to the Old Sea\n\n27 March 2019\n\n"
    before = "It was in the spring of that hard and hungry year that "
    after = " came down to the coast, and nobody there had been told"
    spaced = ["Golda Meir", "Golda\u00a0Meir", "Golda   Meir", "Golda\nMeir", "Golda \r\n\tMeir"]
    dump = head + "\n\n".join(before + name + after for name in spaced)
    desk.put("a.txt", dump)
    desk.put("b.txt", dump.encode("utf-16"))
    desk.ingest()
    places: dict[str, list[str]] = {"a.txt": [], "b.txt": []}
    for mention in desk.rows("mentions"):
        where = (mention["article_id"], "body", mention["start"], mention["end"])
        for path, start, end in clippings.where(*where, processed=desk.processed):
            content = (desk.raw / path).read_bytes()[start:end]
            places[path].append(content.decode("utf-16-le" if path == "b.txt" else "utf-8"))
    assert places == {"a.txt": spaced, "b.txt": spaced}


def test_an_article_that_stands_twice_is_one(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1, 2, 1))
    desk.put("b.txt", write_dump(1).replace("\n", "\r\n"))
    run = desk.ingest()
    assert run.rows["articles"] == 2
    assert run.rows["occurrences"] == 4
    [article] = [row for row in desk.rows("articles") if "Number 1 " in row["title"]]
    surface = "Golda Meir"
    start = article["body"].index(surface)
    places = clippings.where(
        article["article_id"], "body", start, start + len(surface), processed=desk.processed
    )
    assert [path for path, _, _ in places].count("a.txt") == 2
    assert len(set(places)) == 3
    for path, first, last in places:
        assert (desk.raw / path).read_bytes()[first:last] == surface.encode()


def test_a_rejected_file_is_one_unknown_span(desk: Any) -> None:
    desk.put("a.txt", b"%PDF-1.7 and so on")
    desk.ingest()
    [span] = desk.rows("spans")
    assert (span["start_byte"], span["end_byte"]) == (0, 18)
    assert (span["kind"], span["article_id"]) == ("unknown", None)


@pytest.mark.parametrize("bucket_rows", [4096, 3])
def test_readers_see_rows_sorted_and_whole(
    bucket_rows: int,
    desk: Any,
    write_dump: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "_BUCKET_ROWS", bucket_rows)
    for number in range(8):
        desk.put(f"{number}.txt", write_dump(number, number + 1, 40 + number))
    desk.put("problem.pdf", b"%PDF")
    desk.put("empty", b"")
    desk.ingest()
    for table in TABLES:
        expected = desk.rows(table)
        check_keys(table, expected)
        assert expected or table == "merged"
        path = f"{desk.processed}/{table}.parquet"
        by_pandas = pd.read_parquet(path)
        assert by_pandas.astype(object).where(by_pandas.notna(), None).to_dict("records") == (
            expected
        )
        assert clippings.load(table, processed=desk.processed).equals(by_pandas)
        assert pl.read_parquet(path).to_dicts() == expected
        rows = duckdb.sql(f"from '{path}'")
        assert [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()] == expected
    digits = {store.current(desk.processed).manifest["tables"][t]["digits"] for t in TABLES}
    assert digits == ({0} if bucket_rows == 4096 else {0, 1, 2})


def test_dates_are_dates_in_pandas(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(0, 2, 3, 4))
    desk.ingest()
    articles = clippings.load("articles", processed=desk.processed).sort_values("title")
    dates = articles.set_index("date_precision")["published_date"]
    assert dates.dtype == "datetime64[ms]"
    assert dates.dropna().to_dict() == {
        "day": pd.Timestamp("2019-03-27"),
        "month": pd.Timestamp("1948-06-01"),
        "year": pd.Timestamp("1917-01-01"),
    }


def test_parts_say_what_they_hold(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    for table in TABLES:
        [part] = (desk.processed / "current" / f"{table}.parquet").iterdir()
        assert pq.read_schema(part).equals(arrow_schema(table), check_metadata=True)


def test_same_input_same_bytes(
    desk: Any, write_dump: Callable[..., str], make_desk: Callable[[], Any]
) -> None:
    """Also when the files were written in another order, at another time, in another place."""
    other = make_desk()
    names = ["b.txt", "a.txt", "c/d.txt", "c/a.txt"]
    for one, order in ((desk, names), (other, names[::-1])):
        for name in order:
            one.put(name, write_dump(*range(names.index(name), 8)))
            os.utime(one.raw / name, (names.index(name), 1e9 if one is desk else 1.1e9))
        one.ingest()
    assert desk.parts() == other.parts()
    tables = {f"{table}.parquet" for table in (*TABLES, *side.TABLES)}
    assert {Path(name).parts[0] for name in desk.parts()} == tables


# Incremental


Change = Callable[[Any, Callable[..., str]], object]


def spoil(desk: Any, _: Callable[..., str]) -> None:
    desk.put("a.txt", b"\0\1\2")


def mend(desk: Any, write_dump: Callable[..., str]) -> None:
    spoil(desk, write_dump)
    desk.ingest()
    desk.put("a.txt", write_dump(1, 2))


_CHANGES: dict[str, Change] = {
    "add": lambda desk, write_dump: desk.put("c.txt", write_dump(1, 9)),
    "change": lambda desk, write_dump: desk.put("a.txt", write_dump(2, 11)),
    "change at the end": lambda desk, write_dump: desk.put("a.txt", write_dump(0, 1, 2, 3, 8)),
    "rename": lambda desk, _: (desk.raw / "a.txt").rename(desk.raw / "z.txt"),
    "delete": lambda desk, _: (desk.raw / "a.txt").unlink(),
    "delete all": lambda desk, _: [path.unlink() for path in desk.raw.glob("*.*")],
    "duplicate": lambda desk, write_dump: desk.put("copy.txt", write_dump(0, 1, 2, 3)),
    "move": lambda desk, write_dump: (
        desk.put("sub/folder/a.txt", write_dump(0, 1, 2, 3)),
        (desk.raw / "a.txt").unlink(),
    ),
    "swap": lambda desk, write_dump: (
        desk.put("a.txt", write_dump(2, 3, 4, 5)),
        desk.put("b.txt", write_dump(0, 1, 2, 3)),
    ),
    "empty": lambda desk, _: desk.put("a.txt", b""),
    "spoil": spoil,
    "mend": mend,
}


@pytest.mark.parametrize("change", _CHANGES)
def test_incremental_equals_rebuild(change: str, desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(0, 1, 2, 3))
    desk.put("b.txt", write_dump(2, 3, 4, 5))
    desk.ingest()
    before = desk.parts()
    _CHANGES[change](desk, write_dump)
    run = desk.ingest()
    assert run.is_changed
    assert desk.parts() != before
    assert desk.parts() == desk.rebuild()
    check_laws(desk)
    desk.assert_tidy()


def test_only_touched_buckets_are_written(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_BUCKET_ROWS", 8)
    for number in range(0, 60, 3):
        desk.put(f"{number}.txt", write_dump(number, number + 1, number + 2))
    desk.ingest()
    before = {path: path.stat().st_ino for path in desk.processed.glob("current/*/*")}
    desk.put("0.txt", write_dump(100, 1, 2))
    desk.ingest()
    after = {path: path.stat().st_ino for path in desk.processed.glob("current/*/*")}
    for table in ("articles", "mentions", "occurrences", "spans"):
        parts = {path for path in after if path.parent.name == f"{table}.parquet"}
        new = {path for path in parts if before.get(path) != after[path]}
        assert 1 <= len(new) <= 3 < len(parts) / 2
    assert desk.parts() == desk.rebuild()


def test_only_touched_buckets_are_read(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of names, articles and dumps; side tables stand for the others."""
    monkeypatch.setattr(store, "_BUCKET_ROWS", 8)
    for number in range(0, 60, 3):
        desk.put(f"{number}.txt", write_dump(number, number + 1, number + 2))
    desk.ingest()
    tables = {
        name: table
        for table, state in store.current(desk.processed).manifest["tables"].items()
        for name, _ in state["parts"].values()
    }
    read: Counter[str] = Counter()
    real = store._read_part

    def read_part(processed: Path, part: Path, columns: Any) -> Any:
        read[tables.get(part.name, "new")] += 1
        return real(processed, part, columns)

    monkeypatch.setattr(store, "_read_part", read_part)
    desk.put("more.txt", write_dump(100))
    desk.ingest()
    counts = Counter(tables.values())
    for table in ("mentions", "spans", "occurrences", "article_topics"):
        assert read[table] <= 2 < counts[table] / 4
    assert read[side.BOUND] >= counts[side.BOUND] - 1
    monkeypatch.undo()


_NAMES = ("a.txt", "b.txt", "sub/a.txt", "sub/deep/c.md", "d")
_STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(_NAMES), st.lists(st.integers(0, 30), max_size=12)),
    st.tuples(st.just("delete"), st.sampled_from(_NAMES), st.none()),
    st.tuples(st.just("move"), st.sampled_from(_NAMES), st.sampled_from(_NAMES)),
    st.tuples(st.just("copy"), st.sampled_from(_NAMES), st.sampled_from(_NAMES)),
    st.tuples(st.just("spoil"), st.sampled_from(_NAMES), st.none()),
)


def take_step(desk: Any, write_dump: Callable[..., str], step: Any) -> None:
    what, name, argument = step
    file = desk.raw / name
    if what == "put":
        desk.put(name, write_dump(*argument))
    elif what == "spoil":
        desk.put(name, b"\0")
    elif file.exists() and what == "delete":
        file.unlink()
    elif file.exists() and name != argument:
        desk.put(argument, file.read_bytes())
        if what == "move":
            file.unlink()


@pytest.mark.slow
@given(
    steps=st.lists(st.lists(_STEPS, min_size=1, max_size=4), min_size=1, max_size=6),
    few=st.sampled_from([1_000, store._FEW]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=_SLOW_FIXTURE)
def test_any_history_equals_a_rebuild(
    steps: list[list[Any]],
    few: float,
    make_desk: Callable[[], Any],
    write_dump: Callable[..., str],
) -> None:
    """Buckets are so small that tables grow from 1 to 16 and 256 of them, and shrink again."""
    desk = make_desk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_BUCKET_ROWS", 5)
        patch.setattr(store, "_FEW", few)  # 1,000: only what a change can concern, always
        for some in steps:
            for step in some:
                take_step(desk, write_dump, step)
            desk.ingest()
            desk.assert_tidy()
            assert desk.parts() == desk.rebuild()
    check_laws(desk)


def test_buckets_grow_and_shrink(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_BUCKET_ROWS", 32)  # 2 of articles
    seen = []
    for count in (1, 9, 34, 35, 9, 1, 34, 1):
        desk.put("a.txt", write_dump(*range(count)))
        desk.put("b.txt", write_dump(count))
        desk.ingest()
        seen.append(store.current(desk.processed).manifest["tables"]["articles"]["digits"])
        assert desk.parts() == desk.rebuild()
    assert seen == [0, 1, 2, 2, 1, 0, 2, 0]


# Nothing new


def test_a_second_run_changes_nothing(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    desk.put("a.txt", write_dump(1, 2))
    desk.put("bad.txt", b"\0")
    first = desk.ingest()
    look = {path: path.lstat().st_mtime_ns for path in desk.processed.rglob("current/*/*")}
    folders = sorted((desk.processed / ".snapshots").iterdir())
    tagged.clear()
    second = desk.ingest()
    assert tagged == []
    assert (first.is_changed, second.is_changed) == (True, False)
    assert second.snapshot == first.snapshot
    assert sorted((desk.processed / ".snapshots").iterdir()) == folders
    assert look == {path: path.lstat().st_mtime_ns for path in desk.processed.rglob("current/*/*")}
    assert (first.rows, first.problems) == (second.rows, second.problems)
    assert (first.exit_code, second.exit_code) == (3, 3)
    assert second.dumps == {"found": 2, "removed": 0, "unchanged": 2}


def test_a_touched_file_is_no_change(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    file = desk.put("a.txt", write_dump(1))
    desk.ingest()
    os.utime(file, (1, 1))
    tagged.clear()
    assert not desk.ingest().is_changed
    assert tagged == []


def heavy_modules(desk: Any) -> set[str]:
    """Run in a process of its own and tell which heavy modules it loaded."""
    code = (
        "import sys; from clippings.cli import main;"
        f"main(['ingest', '--raw', {str(desk.raw)!r}, '--processed', {str(desk.processed)!r},"
        f"'--model', {desk.model!r}, '--workers', '1']);"
        "print(sorted({'spacy', 'thinc', 'numpy', 'pandas', 'pyarrow', 'prefect'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"'(\w+)'", done.stdout.splitlines()[-1]))


def test_a_run_with_nothing_new_imports_nothing_heavy(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", write_dump(1, 2))
    desk.ingest()
    assert heavy_modules(desk) == set()
    desk.put("bad.pdf", b"%PDF")
    assert "spacy" not in heavy_modules(desk)
    assert not heavy_modules(desk) & {"spacy", "pandas"}  # the problem stands, nothing is new
    (desk.raw / "a.txt").unlink()
    assert "spacy" not in heavy_modules(desk)
    desk.put("c.txt", write_dump(3))
    assert "spacy" in heavy_modules(desk)


# What makes a run do dumps again


def test_another_model_does_all_again(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes], tmp_path: Path
) -> None:
    for number in range(3):
        desk.put(f"{number}.txt", write_dump(number))
    desk.ingest()
    old = desk.parts()
    other = spacy.blank("en")
    other.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "Nobody"}])
    other.to_disk(tmp_path / "other")
    tagged.clear()
    run = desk.ingest(model=tmp_path / "other")
    assert len(tagged) == 3
    assert run.dumps["changed"] == 3
    assert {row["surface"] for row in desk.rows("mentions")} <= {"Nobody"}
    assert desk.parts() == desk.rebuild(model=tmp_path / "other")
    desk.ingest()
    assert desk.parts() == old


@pytest.mark.parametrize("place", ["layout", "split.VERSION", "TAG_VERSION"])
def test_another_rule_does_all_again(
    place: str,
    desk: Any,
    write_dump: Callable[..., str],
    tagged: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", write_dump(2))
    desk.ingest()
    before = desk.parts()
    tagged.clear()
    if place == "layout":
        monkeypatch.setattr(
            pipeline,
            "load_layouts",
            lambda name, raw: tuple(
                replace(each, fingerprint=f"another {each.name}")
                for each in load_layouts(name, raw)
            ),
        )
    else:
        owner = split if place == "split.VERSION" else plan
        monkeypatch.setattr(owner, place.rpartition(".")[2], 1_000_000)
    desk.ingest()
    assert len(tagged) == 2
    assert desk.parts() == before
    desk.ingest()
    assert len(tagged) == 2


def test_another_schema_does_all_again(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    tagged.clear()
    for module in (pipeline, plan, store):
        monkeypatch.setattr(module, "SCHEMA_VERSION", 1_000_000)
    assert desk.ingest().is_changed
    assert len(tagged) == 1
    assert store.current(desk.processed).manifest["schema_version"] == 1_000_000
    assert not desk.ingest().is_changed


def test_other_rules_for_entities_resolve_again(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.txt", write_dump(*range(6)))
    desk.put("b.txt", write_dump(*range(3, 9)))
    desk.ingest()
    before = desk.parts()
    tagged.clear()
    monkeypatch.setattr(groups, "curated_id", lambda slug: hash_id("other", slug))
    assert not desk.ingest().is_changed  # nothing says that the rules changed
    monkeypatch.setattr(side, "ENTITIES_VERSION", 1_000_000)
    assert desk.ingest().is_changed
    assert tagged == []
    registry = store.current(desk.processed).path / "registry.json"
    assert desk.parts() == desk.rebuild(registry=registry)
    assert {key: part for key, part in desk.parts().items() if key.startswith("articles")} == {
        key: part for key, part in before.items() if key.startswith("articles")
    }
    assert {row["entity_id"] for row in desk.rows("entities")} == {
        row["entity_id"] for row in desk.rows("mentions")
    }
    check_entities({table: desk.rows(table) for table in TABLES})


# Saved work


class StopError(Exception):
    """Stops a run where a test wants it to."""


def stop_after(count: int) -> pipeline.Map:
    """Work off some batches, then stop as a killed run does."""

    def work_some(work: Callable[..., Any], batches: Sequence[pipeline.Batch]) -> Any:
        yield from map(work, batches[:count])
        raise StopError

    return work_some


def test_finished_dumps_are_not_done_again(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_BATCH_DUMPS", 1)
    for number in range(5):
        desk.put(f"{number}.txt", write_dump(*range(number + 1)))
    with pytest.raises(StopError):
        desk.ingest(map=stop_after(3))
    assert len(tagged) == 3
    assert desk.parts() == {}
    desk.ingest()
    assert len(tagged) == len(set(tagged)) == 5
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


@pytest.mark.parametrize(
    "tear",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content[:32],
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:100] + bytes([content[100] ^ 1]) + content[101:],
        lambda content: bytes(len(content)),
    ],
    ids=["empty", "in the hash", "hash only", "one byte", "half", "one bit", "zeros"],
)
def test_torn_work_is_done_again(
    tear: Callable[[bytes], bytes], desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    for number in range(2):
        desk.put(f"{number}.txt", write_dump(number, number + 1))
    with pytest.raises(StopError):
        desk.ingest(map=stop_after(1))
    assert len(tagged) == 2
    work = sorted((desk.processed / ".store" / "work").iterdir())[0]
    work.write_bytes(tear(work.read_bytes()))
    desk.ingest()
    assert len(tagged) == 3
    assert desk.parts() == desk.rebuild()


def test_work_that_vanishes_is_an_error_with_a_remedy(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    before = desk.parts()
    desk.put("b.txt", write_dump(2))

    def lose(work: Callable[..., Any], batches: Sequence[pipeline.Batch]) -> Any:
        yield from map(work, batches)
        for path in (desk.processed / ".store" / "work").iterdir():
            path.unlink()

    with pytest.raises(StoreError, match=r"saved work of b\.txt.*Run\s+again"):
        desk.ingest(map=lose)
    assert desk.parts() == before


def test_any_order_and_threads_give_the_same(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Prefect and Dask work: in threads, in any order, the same content in several batches."""
    monkeypatch.setattr(plan, "_BATCH_DUMPS", 1)
    for number in range(12):
        desk.put(f"{number}.txt", write_dump(number // 4))

    def work_in_threads(work: Callable[..., Any], batches: Sequence[pipeline.Batch]) -> Any:
        with ThreadPoolExecutor(6) as pool:
            return list(pool.map(work, batches[::-1]))

    desk.ingest(map=work_in_threads)
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


# Bad input


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Takes the right to read a file away; also from root, who has it anyway."""
    real, closed = Path.open, set()

    def open_unless_closed(path: Path, *arguments: Any, **options: Any) -> Any:
        if path in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_unless_closed)
    return closed.add


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(here)


def make_link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


_TEXT = "Some plain words that nobody would take for anything else.\n"
_BAD: dict[str, tuple[str, bytes | Callable[[Path], None]]] = {
    "program.txt": ("not_text", b"\x7fELF\x02\x01\x01" + bytes(90)),
    "noise.txt": ("not_text", bytes(range(1, 32)) * 20),
    "paper.txt": ("broken_office", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),
    "packed.txt": ("broken_archive", b"PK\x03\x04\x14\x00\x00\x00\x08\x00"),
    "nul.txt": ("not_text", (_TEXT * 5).encode() + b"\0" + _TEXT.encode()),
    "wide.txt": ("utf16_without_bom", _TEXT.encode("utf-16-le")),
    "wide_be.txt": ("utf16_without_bom", _TEXT.encode("utf-16-be")),
    "half_wide.txt": ("unknown_encoding", codecs.BOM_UTF16_LE + _TEXT.encode("utf-16-le")[:-1]),
    "unknown.txt": ("unknown_encoding", b"caf\x81 " * 20),
    "too_large.txt": ("too_large", _TEXT.encode() * 1000),
    "word.docx": ("broken_office", b"PK\x03\x04"),
    "sheet.xlsx": ("unsupported_type", b"PK\x03\x04"),
    "fifo.txt": ("not_a_file", make_fifo),
    "socket.txt": ("not_a_file", make_socket),
    "out.txt": ("outside_raw", make_link("../outside.txt")),
    "out_folder": ("outside_raw", make_link("..")),
    "nowhere.txt": ("outside_raw", make_link("no/such/file")),
    "circle.txt": ("outside_raw", make_link("circle.txt")),
    "round_trip": ("outside_raw", make_link(".")),
}


@pytest.fixture
def bad_desk(desk: Any, write_dump: Callable[..., str], closed: Callable[[Path], None]) -> Any:
    """A desk with one good dump among every kind of bad one."""
    (desk.raw.parent / "outside.txt").write_text(write_dump(5))
    for name, (_, content) in _BAD.items():
        if isinstance(content, bytes):
            desk.put(name, content)
        else:
            content(desk.raw / name)
    closed(desk.put("closed.txt", _TEXT))
    desk.put("good.txt", write_dump(1, 2, 3))
    return desk


def test_every_bad_input_has_its_row_and_the_rest_is_done(
    bad_desk: Any, write_dump: Callable[..., str], make_desk: Callable[[], Any]
) -> None:
    run = bad_desk.ingest(max_dump_bytes=10_000)
    expected = {name: code for name, (code, _) in _BAD.items()} | {"closed.txt": "unreadable"}
    assert {row["path"]: row["code"] for row in bad_desk.rows("problems")} == expected
    assert len(bad_desk.rows("problems")) == len(expected)
    for row in bad_desk.rows("problems"):
        assert row["severity"] == PROBLEMS[row["code"]].severity == "error"
        assert row["action"] == PROBLEMS[row["code"]].action
        assert row["detail"].startswith("expected ")
    statuses = {row["path"]: row["status"] for row in bad_desk.rows("dumps")}
    assert statuses == {**dict.fromkeys(expected, "rejected"), "good.txt": "ok"}
    assert run.exit_code == 3
    assert run.problems == tuple(ProblemRow(**row) for row in bad_desk.rows("problems"))
    check_laws(bad_desk)
    alone = make_desk()
    alone.put("good.txt", write_dump(1, 2, 3))
    alone.ingest()
    for table in ("articles", "article_topics", "mentions", "entities", "aliases", "occurrences"):
        assert bad_desk.rows(table) == alone.rows(table)


def test_bad_input_stands_in_a_run_with_nothing_new(bad_desk: Any, tagged: list[bytes]) -> None:
    first = bad_desk.ingest(max_dump_bytes=10_000)
    tagged.clear()
    second = bad_desk.ingest(max_dump_bytes=10_000)
    assert (second.is_changed, second.exit_code) == (False, 3)
    assert second.problems == first.problems
    assert tagged == []
    assert bad_desk.parts() == bad_desk.rebuild(max_dump_bytes=10_000)


def test_a_higher_limit_takes_a_large_dump_in(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1, 2))
    assert [problem.code for problem in desk.ingest(max_dump_bytes=100).problems] == ["too_large"]
    assert desk.ingest().exit_code == 0
    assert desk.parts() == desk.rebuild()


def test_an_empty_file_is_a_warning(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1))
    for name, content in {"empty.txt": b"", "blank": b"\n \t\r\n", "bom": b"\xef\xbb\xbf"}.items():
        desk.put(name, content)
    run = desk.ingest()
    assert run.exit_code == 0
    assert [(problem.severity, problem.code) for problem in run.problems] == (
        [("warning", "empty")] * 3
    )
    assert Counter(row["status"] for row in desk.rows("dumps")) == {"ok": 1, "empty": 3}


def test_an_empty_raw_folder_gives_empty_tables(desk: Any) -> None:
    run = desk.ingest()
    assert run.exit_code == 0
    assert set(run.rows.values()) == {0}
    for table in TABLES:
        assert pd.read_parquet(desk.processed / f"{table}.parquet").empty
        assert duckdb.sql(f"from '{desk.processed}/{table}.parquet'").fetchall() == []
        assert pl.read_parquet(desk.processed / f"{table}.parquet").is_empty()
    assert not desk.ingest().is_changed


_ODD_NAMES = (
    b"two\nlines.txt",
    "candle 🕯.txt".encode(),
    b"caf\xe9.txt",
    b"\xff\xfe",
    b"a|b<script>`*_.txt",
    b"sub \xe9/\xe9\n.md",
    "שלום.txt".encode(),
    b"-rf",
    b"C:\\dump.txt",
)


def test_odd_names_just_work(desk: Any, write_dump: Callable[..., str]) -> None:
    for number, name in enumerate(_ODD_NAMES):
        try:
            desk.put(os.fsdecode(name), write_dump(number, 50))
        except OSError:  # a file system that takes UTF-8 only
            desk.put(f"{number}.txt", write_dump(number, 50))
    run = desk.ingest()
    assert run.exit_code == 0
    assert run.dumps["new"] == len(_ODD_NAMES)
    assert run.rows["articles"] == len(_ODD_NAMES) + 1
    check_laws(desk)
    if os.path.exists(os.fsencode(desk.raw) + b"/caf\xe9.txt"):  # noqa: PTH110
        paths = {row["path"] for row in desk.rows("dumps")}
        assert {"two\nlines.txt", r"caf\xe9.txt", "sub \\xe9/\\xe9\n.md"} <= paths
    assert not desk.ingest().is_changed
    (desk.raw / "two\nlines.txt").unlink(missing_ok=True)
    desk.ingest()
    assert desk.parts() == desk.rebuild()


def test_a_suffix_that_is_no_utf8_is_a_problem_like_others(desk: Any) -> None:
    try:
        desk.put(os.fsdecode(b"note.\xff\xe9"), "x")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    run = desk.ingest()
    assert [problem.code for problem in run.problems] == ["unsupported_type"]
    assert [row["path"] for row in desk.rows("dumps")] == [r"note.\xff\xe9"]


def test_what_is_ignored_leaves_no_row(desk: Any, write_dump: Callable[..., str]) -> None:
    for name in (".hidden", ".git/config", "a.txt~", ".a.txt.swp", "__MACOSX/a.txt", "~$a.txt"):
        desk.put(name, write_dump(1))
    desk.put("A.TXT", write_dump(1))
    desk.put("sub/b.Md", write_dump(2))
    desk.ingest()
    assert [row["path"] for row in sorted(desk.rows("dumps"), key=lambda row: row["path"])] == [
        "A.TXT",
        "sub/b.Md",
    ]


def test_links_inside_raw_are_followed(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("real/a.txt", write_dump(1))
    (desk.raw / "linked.txt").symlink_to("real/a.txt")
    (desk.raw / "folder").symlink_to("real")
    run = desk.ingest()
    assert run.exit_code == 0
    assert {row["path"] for row in desk.rows("dumps")} == {
        "real/a.txt",
        "linked.txt",
        "folder/a.txt",
    }
    assert (run.rows["articles"], run.rows["occurrences"]) == (1, 3)


def test_a_folder_that_cannot_be_listed_has_its_row(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("good.txt", write_dump(1))
    closed = desk.put("closed/a.txt", write_dump(2)).parent
    real = os.scandir

    def scan_unless_closed(path: Any) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scan_unless_closed)
    run = desk.ingest()
    assert [(problem.path, problem.code) for problem in run.problems] == [("closed", "unreadable")]
    assert run.rows["articles"] == 1


def test_raw_is_never_written(bad_desk: Any) -> None:
    def look() -> dict[Path, tuple[int, ...]]:
        paths = [bad_desk.raw, *bad_desk.raw.rglob("*")]
        return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in paths}

    before = look()
    bad_desk.ingest()
    assert look() == before


@pytest.mark.parametrize("folder", ["raw", "raw/tables", "tables/../raw/x", "link/x"])
def test_tables_in_the_raw_folder_are_refused(folder: str, desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(1))
    root = desk.raw.parent
    (root / "link").symlink_to(desk.raw)
    before = sorted(root.rglob("*"))
    with pytest.raises(StoreError, match=r"outside .*, which is never written, found"):
        replace(desk, processed=root / folder).ingest()
    assert sorted(root.rglob("*")) == before


def test_the_raw_folder_may_lie_beside_or_in_the_tables(desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(1))
    for folder in (desk.raw.with_name("raw2"), desk.raw.parent):
        assert replace(desk, processed=folder).ingest().rows["articles"] == 1


def test_an_error_in_one_dump_leaves_the_others_alone(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import clippings.tag

    real = clippings.tag.tag

    def tag_unless_seven(texts: Any, nlp: Any) -> Any:
        for text in texts:
            if "Number 7 " in text:
                raise ZeroDivisionError("seven")
            yield from real([text], nlp)

    monkeypatch.setattr(clippings.tag, "tag", tag_unless_seven)
    for number in (6, 7, 8):
        desk.put(f"{number}.txt", write_dump(number))
    run = desk.ingest()
    [problem] = run.problems
    assert (problem.path, problem.code, run.exit_code) == ("7.txt", "failed", 3)
    assert problem.detail == "expected rows, found ZeroDivisionError: seven"
    assert run.rows["articles"] == 2
    check_laws(desk)


# A file that changes while it is read


def changing(desk: Any, name: str, content: bytes | None) -> pipeline.Map:
    """Change a file when the run is planned and nothing is read yet."""

    def work(work: Callable[..., Any], batches: Sequence[pipeline.Batch]) -> Any:
        if content is None:
            (desk.raw / name).unlink()
        else:
            desk.put(name, content)
        return list(builtins.map(work, batches))

    return work


def test_a_new_file_that_changes_waits_for_the_next_run(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", write_dump(2))
    run = desk.ingest(map=changing(desk, "b.txt", write_dump(2, 3).encode()))
    assert [(problem.path, problem.code) for problem in run.problems] == [("b.txt", "changing")]
    assert run.exit_code == 3
    assert run.rows["articles"] == 1
    assert {row["path"]: row["status"] for row in desk.rows("dumps")} == {
        "a.txt": "ok",
        "b.txt": "rejected",
    }
    assert desk.ingest().exit_code == 0
    assert desk.parts() == desk.rebuild()
    check_laws(desk)


@pytest.mark.parametrize("content", [b"something else", None], ids=["other", "gone"])
def test_what_a_changing_file_gave_before_stays(
    content: bytes | None, desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", write_dump(2, 3) + "\n\nno such thing as an article is to be found here")
    desk.ingest()
    before = {table: desk.rows(table) for table in TABLES}
    desk.put("b.txt", write_dump(4))
    run = desk.ingest(map=changing(desk, "b.txt", content))
    after = {table: desk.rows(table) for table in TABLES}
    new = [row for row in after.pop("problems") if row not in before["problems"]]
    assert [(row["path"], row["code"]) for row in new] == [("b.txt", "changing")]
    assert run.exit_code == 3
    assert after == {table: rows for table, rows in before.items() if table != "problems"}
    desk.ingest()
    assert "changing" not in {row["code"] for row in desk.rows("problems")}
    assert desk.parts() == desk.rebuild()


def test_a_changing_file_that_comes_back_is_as_before(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    before = desk.parts()
    for _ in range(2):
        desk.put("a.txt", write_dump(2))
        desk.ingest(map=changing(desk, "a.txt", write_dump(3).encode()))
    tagged.clear()
    desk.put("a.txt", write_dump(1))
    assert desk.ingest().exit_code == 0
    assert tagged == []
    assert desk.parts() == before


def test_a_file_that_grows_while_it_is_hashed_waits(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.txt", write_dump(1))
    growing = desk.put("b.txt", write_dump(2))
    real = hashlib.file_digest

    def digest_and_grow(handle: Any, name: str) -> Any:
        digest = real(handle, name)
        if Path(handle.name) == growing:
            with growing.open("a") as more:
                more.write("more")
        return digest

    with monkeypatch.context() as patch:
        patch.setattr(scan.hashlib, "file_digest", digest_and_grow)
        run = desk.ingest()
    assert [(problem.path, problem.code) for problem in run.problems] == [("b.txt", "changing")]
    assert run.problems[0].detail.endswith("a moment later")
    assert run.rows["articles"] == 1
    assert desk.ingest().exit_code == 0


# What a run raises, and leaves as it was


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"layout": "diggest"}, LayoutError),
        ({"model": "no/such/model"}, ModelError),
        ({"raw": "no/such/folder"}, ReadError),
    ],
)
def test_a_run_that_cannot_begin_changes_nothing(
    options: dict[str, str], error: type[Exception], desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    before = desk.parts()
    desk.put("a.txt", write_dump(2))
    with pytest.raises(error, match="expected "):
        pipeline.ingest(**{"raw": desk.raw, "processed": desk.processed} | options)
    assert desk.parts() == before


def test_a_model_that_cannot_be_loaded_changes_nothing(
    desk: Any, write_dump: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "config.cfg").write_text("[nlp]\nlang = 7\n")
    (tmp_path / "meta.json").write_text("{}")
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    before = desk.parts()
    with pytest.raises(ModelError, match="expected a pipeline that spaCy can load"):
        desk.ingest(model=tmp_path)
    assert desk.parts() == before


def test_one_run_at_a_time(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1))
    started, release = threading.Event(), threading.Event()

    def wait(work: Callable[..., Any], batches: Sequence[pipeline.Batch]) -> Any:
        started.set()
        assert release.wait(60)
        return list(builtins.map(work, batches))

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.ingest, map=wait)
        assert started.wait(60)
        with pytest.raises(LockedError, match="another run is at work"):
            desk.ingest()
        release.set()
        assert first.result().is_changed
    assert not desk.ingest().is_changed


def test_tables_that_are_no_folder_are_refused(desk: Any) -> None:
    desk.processed.write_text("")
    with pytest.raises(StoreError, match=r"expected a folder that can be written.*--processed"):
        desk.ingest()


def test_progress_counts_every_dump(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_BATCH_DUMPS", 2)
    for number in range(5):
        desk.put(f"{number}.txt", write_dump(number))
    told: list[tuple[int, int]] = []
    desk.ingest(progress=lambda *counts: told.append(counts))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_large_dumps_come_first_and_alone(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_BATCH_BYTES", 1600)
    for number, count in enumerate([1, 12, 1, 2, 6]):
        desk.put(f"{number}.txt", write_dump(*range(count)))
    sizes: list[list[int]] = []

    def look(work: Callable[..., Any], batches: Sequence[pipeline.Batch]) -> Any:
        sizes.extend([job.found.byte_count for job in batch.jobs] for batch in batches)
        return list(builtins.map(work, batches))

    desk.ingest(map=look)
    assert sizes == sorted(sizes, reverse=True)
    assert [len(batch) for batch in sizes] == [1, 1, 3]


# The shipped model


@pytest.mark.model
def test_the_seed_gives_what_it_should(desk: Any) -> None:
    if not SEED.exists():
        pytest.skip("the seed is no part of the repository")
    desk.put("seed.txt", (SEED / "seed_dump.txt").read_bytes())
    run = desk.ingest(model=None)
    assert (run.exit_code, run.problems) == (0, ())
    [expected] = json.loads((SEED / "seed_expected.json").read_text()).values()
    articles = {row["article_id"]: row for row in desk.rows("articles")}
    found = []
    for occurrence in desk.rows("occurrences"):
        article_id = occurrence["article_id"]
        article = articles[article_id]
        topics = [row for row in desk.rows("article_topics") if row["article_id"] == article_id]
        names = {
            (row["surface"], row["label"])
            for row in desk.rows("mentions")
            if row["article_id"] == article_id
        }
        found.append(
            {
                "title": article["title"],
                "date": article["published_date"].date().isoformat(),
                "outlet": article["outlet"],
                "topics": [row["topic"] for row in topics],
                "paragraph_count": len(article["body"].split("\n\n")),
                "must": [name for name in expected[len(found)]["must"] if tuple(name) in names],
            }
        )
    assert found == expected
    check_laws(desk)
