"""Snapshots: what is put stands in them, whatever was there before, and nobody sees half of one."""

import errno
import fcntl
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clippings import pipeline, store
from clippings.errors import LockedError, StoreError
from clippings.records import TABLES, AliasRow, arrow_schema, to_arrow
from clippings.scan import hash_id
from clippings.side import BOUND

SOURCE = Path(store.__file__).parent


def alias_rows(owners: dict[int, int]) -> pa.Table:
    """Make rows of the smallest table: owner -> how many rows it has."""
    rows = [
        AliasRow(hash_id(str(owner)), f"alias {number}", number, "alone")
        for owner, count in owners.items()
        for number in range(count)
    ]
    random.Random(len(rows)).shuffle(rows)
    return to_arrow("aliases", rows)


def commit(
    processed: Path, removed: set[int], added: dict[int, int], **notes: Any
) -> store.Snapshot:
    """Replace some owners in the table of aliases; all other tables stay empty."""
    with store.lock(processed):
        previous = store.recover(processed)
        publication = store.Publication(processed, previous)
        for table in TABLES:
            empty = arrow_schema(table).empty_table()
            gone = {hash_id(str(owner)) for owner in removed} if table == "aliases" else set()
            publication.put(table, gone, alias_rows(added) if table == "aliases" else empty)
        snapshot = publication.commit(notes, {})
        store.collect(processed)
    return snapshot


def part_bytes(snapshot: store.Snapshot) -> dict[str, bytes]:
    return {part.name: part.read_bytes() for part in snapshot.parts("aliases")}


def snapshot_names(processed: Path) -> list[str]:
    return sorted(path.name for path in (processed / ".snapshots").iterdir())


# What is put


_STATES = st.dictionaries(st.integers(0, 60), st.integers(1, 3), max_size=60)


@given(steps=st.lists(st.tuples(st.sets(st.integers(0, 60)), _STATES), min_size=1, max_size=4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_puts_equal_one_that_begins_anew(
    steps: list[tuple[set[int], dict[int, int]]],
) -> None:
    """1, 16 and 256 buckets; owners that come, go and are replaced."""
    state: dict[int, int] = {}
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        patch.setattr(store, "_BUCKET_ROWS", 3)
        for number, (removed, added) in enumerate(steps):
            snapshot = commit(root / "tables", removed, added)
            state = {key: n for key, n in state.items() if key not in removed} | added
            rows = snapshot.read("aliases")
            assert rows.equals(
                alias_rows(state).sort_by([("entity_id", "ascending"), ("alias", "ascending")])
            )
            assert snapshot.row_count("aliases") == rows.num_rows == sum(state.values())
            fresh = commit(root / f"fresh{number}", set(), state)
            assert part_bytes(snapshot) == part_bytes(fresh)


@pytest.mark.parametrize(
    ("rows", "buckets"),
    [(0, 1), (16_384, 1), (16_400, 16), (262_144, 16), (262_160, 256), (10_000_000, 256)],
)
def test_buckets_by_rows(rows: int, buckets: int) -> None:
    assert 16 ** store._digits("mentions", rows) == buckets
    assert 16 ** store._digits(BOUND, 4 * rows) == buckets
    assert 16 ** store._digits("articles", rows // 16) == buckets


def test_some_columns_and_buckets_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_BUCKET_ROWS", 2)
    snapshot = commit(tmp_path / "tables", set(), dict.fromkeys(range(20), 1))
    bucket = hash_id("7")[0]
    read = snapshot.read("aliases", ["entity_id"], {bucket})
    assert read.column_names == ["entity_id"]
    expected = sorted(key for key in (hash_id(str(n)) for n in range(20)) if key[0] == bucket)
    assert read["entity_id"].to_pylist() == expected
    assert snapshot.read("aliases", buckets=set()).num_rows == 0


def test_another_writer_writes_all_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = commit(tmp_path / "tables", set(), {1: 1, 2: 2})
    before = part_bytes(first)
    monkeypatch.setattr(store, "writer", lambda: "pyarrow of another time")
    written: list[str] = []
    real = store.Publication._write_part

    def write_part(self: Any, bucket: str, rows: pa.Table) -> list[Any]:
        written.append(rows.schema.metadata[b"table"].decode())
        return real(self, bucket, rows)

    monkeypatch.setattr(store.Publication, "_write_part", write_part)
    second = commit(tmp_path / "tables", set(), {})
    assert sorted(written) == sorted(TABLES)
    assert second.path != first.path
    assert part_bytes(second) == before
    written.clear()
    assert commit(tmp_path / "tables", set(), {}).path == second.path
    assert written == []


# What is committed


def test_the_same_again_is_no_new_snapshot(tmp_path: Path) -> None:
    first = commit(tmp_path / "tables", set(), {1: 1})
    assert commit(tmp_path / "tables", set(), {1: 1}).path == first.path
    assert commit(tmp_path / "tables", {1}, {1: 1}).path == first.path
    assert snapshot_names(tmp_path / "tables") == ["00000001"]
    assert commit(tmp_path / "tables", set(), {}, note="other").path != first.path


def test_a_snapshot_never_changes(tmp_path: Path) -> None:
    first = commit(tmp_path / "tables", set(), {1: 1})
    before = {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    commit(tmp_path / "tables", {1}, {2: 2})
    assert before == {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}


def test_the_paths_that_people_type(tmp_path: Path) -> None:
    processed = tmp_path / "tables"
    commit(processed, set(), {1: 1})
    assert os.readlink(processed / "current") == ".snapshots/00000001"
    for table in TABLES:
        assert os.readlink(processed / f"{table}.parquet") == f"current/{table}.parquet"
    commit(processed, set(), {2: 1})
    assert os.readlink(processed / "current") == ".snapshots/00000002"
    moved = processed.rename(tmp_path / "elsewhere")
    assert len(list((moved / "aliases.parquet").iterdir())) == 1


def test_a_lost_link_is_made_again(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    (desk.processed / "articles.parquet").unlink()
    assert not desk.ingest().is_changed
    assert len(list((desk.processed / "articles.parquet").iterdir())) == 1


def test_a_file_in_the_place_of_a_link_is_refused(tmp_path: Path) -> None:
    processed = tmp_path / "tables"
    processed.mkdir()
    (processed / "articles.parquet").write_text("mine")
    with pytest.raises(StoreError, match=r"articles\.parquet: expected no such file.*Move it away"):
        commit(processed, set(), {1: 1})
    assert (processed / "articles.parquet").read_text() == "mine"
    assert not (processed / "current").exists()


def test_parts_are_copied_where_links_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = commit(tmp_path / "linked", set(), {1: 2})

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    copied = commit(tmp_path / "copied", set(), {1: 2})
    assert part_bytes(copied) == part_bytes(linked)
    assert {part.stat().st_nlink for part in copied.parts("aliases")} == {1}
    assert {part.stat().st_nlink for part in linked.parts("aliases")} == {2}


@pytest.mark.parametrize("place", ["fsync", "replace", "mkdir"])
def test_a_full_disk_is_an_error_with_a_remedy(
    place: str, desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    before = desk.parts()
    desk.put("a.txt", write_dump(2))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*(os, "fsync") if place == "fsync" else (Path, place), refuse)
        if place == "mkdir":  # of the snapshot; the other folders are there
            patch.setattr(store, "lock", lambda _: nullcontext())
        with pytest.raises(StoreError, match=r"processed.*No space left on device\. Make room"):
            desk.ingest()
    assert desk.parts() == before
    desk.ingest()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


def test_an_error_behind_the_commit_is_a_doubt_and_no_failure(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.ingest()
    desk.put("a.txt", write_dump(2))
    replaced: list[Path] = []
    replace = Path.replace

    def replace_and_note(self: Path, target: Path) -> Path:
        done = replace(self, target)
        replaced.append(target)
        return done

    def refuse(_: int) -> None:
        if replaced[-1:] == [desk.processed / "current"]:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", replace_and_note)
    monkeypatch.setattr(os, "fsync", refuse)
    run = desk.ingest()
    assert run.is_changed
    assert run.doubt is not None
    assert re.search("current: .*Input/output error", run.doubt)
    assert desk.parts() == desk.rebuild()
    monkeypatch.undo()
    assert desk.ingest().doubt is None


def test_a_commit_that_does_not_happen_is_an_error(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.name == "current":
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    desk.put("a.txt", write_dump(1))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(StoreError, match="Input/output error"):
            desk.ingest()
        assert desk.parts() == {}
    desk.ingest()
    desk.put("b.txt", write_dump(2))
    before = desk.parts()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(StoreError, match="Input/output error"):
            desk.ingest()
    assert desk.parts() == before


def test_all_is_on_disk_before_it_is_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda handle: synced.add(os.fstat(handle).st_ino))
    point = store._point

    def look_and_point(link: Path, target: Path) -> None:
        snapshot = link.parent / target
        paths = [
            snapshot.parent,
            snapshot,
            *snapshot.rglob("*"),
            *snapshot.parent.glob("../*/parts"),
        ]
        assert len(paths) > 2 * len(TABLES)
        assert {path.name for path in paths if path.stat().st_ino not in synced} == set()
        point(link, target)

    monkeypatch.setattr(store, "_point", look_and_point)
    commit(tmp_path / "tables", set(), {1: 1})
    synced.clear()
    commit(tmp_path / "other", set(), {1: 1})
    assert (tmp_path / "other").stat().st_ino in synced


# Old snapshots


@pytest.fixture
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old snapshots go at once."""
    monkeypatch.setattr(store, "_REST_SECONDS", 0)


def test_none_goes_within_a_minute_of_the_one_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processed = tmp_path / "tables"
    for number in range(5):
        commit(processed, set(), {number: 1})
    assert len(snapshot_names(processed)) == 5
    old, later = (processed / ".snapshots" / name for name in snapshot_names(processed)[:2])
    minute_ago = (later / "manifest.json").stat().st_mtime - 61
    os.utime(later / "manifest.json", (minute_ago, minute_ago))
    commit(processed, set(), {5: 1})
    assert not old.exists()
    assert later.exists()


@pytest.mark.usefixtures("_no_rest")
def test_three_snapshots_are_kept(tmp_path: Path) -> None:
    processed = tmp_path / "tables"
    for number in range(6):
        commit(processed, set(), {number: 1})
    assert snapshot_names(processed) == ["00000004", "00000005", "00000006"]
    listed = {name for path in (processed / ".snapshots").glob("*/*/*") for name in [path.name]}
    assert {path.name for path in (processed / ".store" / "parts").iterdir()} == listed


@pytest.mark.usefixtures("_no_rest")
def test_a_pinned_snapshot_outlives_commits(tmp_path: Path) -> None:
    processed = tmp_path / "tables"
    commit(processed, set(), {0: 3})
    with store.pin(processed) as pinned:
        for number in range(1, 8):
            commit(processed, {0}, {number: 1})
        assert pinned.read("aliases").num_rows == 3
        assert snapshot_names(processed)[0] == "00000001"
        assert len(snapshot_names(processed)) == 4
    commit(processed, set(), {9: 1})
    assert snapshot_names(processed) == ["00000007", "00000008", "00000009"]
    names = {path.name for path in (processed / ".store" / "parts").iterdir()}
    assert not names & {part.name for part in pinned.parts("aliases")}


@pytest.mark.usefixtures("_no_rest")
def test_a_snapshot_that_goes_while_it_is_opened_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader is held up after it has read the link, for as long as several commits take."""
    processed = tmp_path / "tables"
    commit(processed, set(), {0: 1})
    real, is_held_up = os.readlink, [True]

    def read_slowly(path: Any) -> str:
        target = real(path)
        if is_held_up and is_held_up.pop():
            for number in range(1, 6):
                commit(processed, set(), {number: 1})
        return target

    monkeypatch.setattr(os, "readlink", read_slowly)
    with store.pin(processed) as snapshot:
        assert snapshot.path.name == "00000006"


@pytest.mark.usefixtures("_no_rest")
def test_a_snapshot_that_goes_while_it_is_locked_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processed = tmp_path / "tables"
    commit(processed, set(), {0: 1})
    real, is_held_up = fcntl.flock, [True]

    def lock_slowly(handle: Any, operation: int) -> None:
        if operation == fcntl.LOCK_SH and is_held_up and is_held_up.pop():
            for number in range(1, 6):
                commit(processed, set(), {number: 1})
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", lock_slowly)
    with store.pin(processed) as snapshot:
        assert snapshot.path.name == "00000006"
        assert snapshot.read("aliases").num_rows == 6


# Locked, killed, broken


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with (
        store.lock(tmp_path / "tables"),
        pytest.raises(LockedError),
        store.lock(tmp_path / "tables"),
    ):
        pass
    with store.lock(tmp_path / "tables"):
        pass


@pytest.mark.usefixtures("_no_rest")
def test_what_a_killed_run_leaves_is_cleared_away(tmp_path: Path) -> None:
    processed = tmp_path / "tables"
    for number in range(4):
        before = commit(processed, set(), {number: 1})
    shutil.copytree(before.path, processed / ".snapshots" / "00000005")  # named, not current
    (processed / ".snapshots" / ".next" / "articles.parquet").mkdir(parents=True)
    (processed / ".snapshots" / "00000001").mkdir()  # half deleted
    for rubbish in (".store/parts/x.tmp", ".store/work/y.7.tmp", ".store/work/done"):
        (processed / rubbish).write_text("x")
    (processed / "current.tmp").symlink_to(".snapshots/00000005")
    with store.lock(processed):
        assert store.recover(processed) == before
        assert (processed / ".store" / "work" / "done").exists()
        store.collect(processed)
    assert snapshot_names(processed) == ["00000002", "00000003", "00000004"]
    rubbish = [*processed.rglob("*.tmp"), *(processed / ".store" / "work").iterdir()]
    assert rubbish == []


@pytest.mark.parametrize("breakage", ["nowhere", "folder", "no json", "no manifest"])
def test_broken_tables_are_refused_with_a_remedy(breakage: str, tmp_path: Path) -> None:
    processed = tmp_path / "tables"
    snapshot = commit(processed, set(), {1: 1})
    if breakage == "nowhere":
        shutil.rmtree(snapshot.path)
    elif breakage == "folder":  # as a copy by a tool that follows links
        (processed / "current").unlink()
        shutil.copytree(snapshot.path, processed / "current")
    elif breakage == "no json":
        (snapshot.path / "manifest.json").write_text("{")
    else:
        (snapshot.path / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"current: expected a link to a snapshot.*rebuilt"):
        store.current(processed)


def test_no_tables_yet(tmp_path: Path) -> None:
    assert store.current(tmp_path) is None
    assert store.current(tmp_path / "nowhere") is None
    with pytest.raises(StoreError, match="Run `clippings ingest` first"), store.pin(tmp_path):
        pass


# Saved work


def test_work_comes_back_as_it_was(tmp_path: Path) -> None:
    tables = {"aliases": alias_rows({1: 3}), "entities": arrow_schema("entities").empty_table()}
    with store.lock(tmp_path):
        store.save_work(tmp_path, "key", tables)
        back = store.load_work(tmp_path, "key")
    assert back is not None
    assert back.keys() == tables.keys()
    for table, rows in tables.items():
        assert back[table].equals(rows, check_metadata=True)
    assert store.load_work(tmp_path, "other") is None


def test_every_checkpoint_has_a_name_of_its_own() -> None:
    source = "".join((SOURCE / f"{module}.py").read_text() for module in ("store", "pipeline"))
    names = re.findall(r'checkpoint\("(.*?)"\)', source)
    assert len(names) == len(set(names)) == source.count("checkpoint(") - 1


def test_the_manifest_says_what_stands(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", b"\0")
    run = desk.ingest()
    manifest = json.loads((desk.processed / "current" / "manifest.json").read_text())
    assert {note["file"] for note in manifest["dumps"].values()} == {"a.txt", "b.txt"}
    assert manifest["schema_version"] == pipeline.SCHEMA_VERSION
    assert manifest["writer"] == store.writer()
    assert store.writer() == f"pyarrow {pa.__version__}, snappy, 16,384 rows, form 3"
    counts = {
        table: sum(rows for _, rows in state["parts"].values())
        for table, state in manifest["tables"].items()
        if table in TABLES  # not a side table
    }
    assert counts == run.rows
