"""Files that look as they did are not hashed again, all others are."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clippings import scan, store
from clippings.looks import COARSEST_NS, Looks
from clippings.scan import Found, find_dumps

LONG_AGO = 1_000_000_000 * 10**9


def settle(*paths: Path) -> int:
    """Give a time at which files have long been as they are."""
    return max(path.lstat().st_ctime_ns for path in paths) + COARSEST_NS + 1


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are hashed, as it happens."""
    names: list[str] = []
    real = hashlib.file_digest

    def digest(handle: Any, name: str) -> Any:
        names.append(Path(handle.name).name)
        return real(handle, name)

    # Of `scan` alone: the files of the model are hashed in each run.
    monkeypatch.setattr(scan, "hashlib", SimpleNamespace(**vars(hashlib) | {"file_digest": digest}))
    return names


def look(raw: Path, found: list[Found], kept: dict[str, str]) -> list[Found]:
    known: dict[str, list[Found]] = {}
    for each in found:
        known.setdefault(each.file, []).append(each)
    return find_dumps(raw, max_bytes=1000, known=known, looks=Looks(kept, time.time_ns()))


def first_look(raw: Path) -> tuple[list[Found], dict[str, str]]:
    looks = Looks({}, settle(*raw.iterdir()))
    return find_dumps(raw, max_bytes=1000, looks=looks), looks.kept


def test_only_what_looks_otherwise_is_hashed_again(tmp_path: Path, hashed: list[str]) -> None:
    for name in ("same.txt", "written.txt", "restored.txt", "moved.txt", "touched.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "no.png").write_text("no")
    (tmp_path / "link.txt").symlink_to(tmp_path / "same.txt")
    found, kept = first_look(tmp_path)
    hashed.clear()
    (tmp_path / "written.txt").write_text("other bytes")
    restored = (tmp_path / "restored.txt").stat()
    (tmp_path / "restored.txt").write_text("RESTORED.TXT")  # its size and time set back
    os.utime(tmp_path / "restored.txt", ns=(restored.st_atime_ns, restored.st_mtime_ns))
    (tmp_path / "new.txt").write_text("moved.txt")
    (tmp_path / "new.txt").rename(tmp_path / "moved.txt")  # another file of the same name
    os.utime(tmp_path / "touched.txt", ns=(LONG_AGO, LONG_AGO))
    (tmp_path / "no.png").write_text("longer than before")
    again = look(tmp_path, found, kept)
    assert sorted(hashed) == [
        "link.txt",
        "moved.txt",
        "restored.txt",
        "touched.txt",
        "written.txt",
    ]
    assert again == find_dumps(tmp_path, max_bytes=1000)


def test_a_file_changed_when_it_was_looked_at_is_hashed_again(
    tmp_path: Path, hashed: list[str]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    looks = Looks({}, path.stat().st_ctime_ns + COARSEST_NS)
    found = find_dumps(tmp_path, max_bytes=1000, looks=looks)
    assert looks.kept == {}
    assert look(tmp_path, found, looks.kept) == found
    assert hashed == ["a.txt", "a.txt"]


def test_a_file_that_changes_while_it_is_hashed_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    real = scan._look_at

    def look_and_change(*arguments: Any) -> list[Found]:
        found = real(*arguments)
        path.write_text("two")
        return found

    monkeypatch.setattr(scan, "_look_at", look_and_change)
    looks = Looks({}, settle(path))
    assert find_dumps(tmp_path, max_bytes=1000, looks=looks)[0].sha256
    assert looks.kept == {}


def test_runs_keep_looks_and_need_none(
    desk: Any, write_dump: Callable[..., str], hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", write_dump(2))
    monkeypatch.setattr(time, "time_ns", lambda: settle(*desk.raw.iterdir()))
    desk.ingest()
    hashed.clear()
    assert not desk.ingest().is_changed
    assert hashed == []
    desk.put("b.txt", write_dump(3))
    desk.ingest()
    assert hashed == ["b.txt"]
    assert desk.parts() == desk.rebuild()
    kept = desk.processed / ".store" / "looks.json"
    whole = kept.read_bytes()
    assert len(store.read_looks(desk.processed)) == 2
    for damaged in (b"", whole[:-1], whole.replace(b"a.txt", b"c.txt"), b"[]"):
        kept.write_bytes(damaged)
        hashed.clear()
        assert not desk.ingest().is_changed
        assert sorted(hashed) == ["a.txt", "b.txt"]
        assert kept.read_bytes() == whole
    desk.ingest(max_dump_bytes=10)  # a file that is refused now, though it looks as before
    assert {row["status"] for row in desk.rows("dumps")} == {"rejected"}
