"""A step in a process beside this one: where it is done, and what becomes of one that fails."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clippings import publish, store
from clippings.beside import beside

PID = "__import__('os').getpid()"


@pytest.mark.parametrize("is_worth_it", [False, True])
def test_a_step_gives_its_result_when_it_is_asked_for(is_worth_it: bool) -> None:
    with beside(is_worth_it=is_worth_it) as begin:
        first, second = begin(eval, "6 * 7"), begin(eval, PID)
        assert first() == 42
        assert (second() != os.getpid()) is is_worth_it


@pytest.mark.parametrize("harm", ["os.kill(os.getpid(), 9)", "1 / 0", "b'0' * 2**60"])
def test_what_fails_there_is_done_here(harm: str) -> None:
    with beside(is_worth_it=True) as begin:
        step = f"(lambda os: 'here' if os.getpid() == {os.getpid()} else {harm})(__import__('os'))"
        assert begin(eval, step)() == "here"


def test_what_fails_here_too_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError), beside(is_worth_it=True) as begin:
        begin(eval, "1 / 0")()


def test_an_error_meanwhile_does_not_wait() -> None:
    def stop() -> None:
        with beside(is_worth_it=True) as begin:
            begin(eval, "__import__('time').sleep(600)")
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        stop()
    assert time.monotonic() - start < 60


def test_families_from_beside_are_those_from_here(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both of a first run and of one that finds tables; the other process writes their parts."""
    put: list[str] = []
    write = store.Publication._write_part
    monkeypatch.setattr(publish, "_MANY_ARTICLES", 0)
    monkeypatch.setattr(
        store.Publication,
        "_write_part",
        lambda self, bucket, rows: (
            put.append(rows.schema.metadata[b"table"].decode()) or write(self, bucket, rows)
        ),
    )
    for name, numbers in (("a.txt", (1, 2, 1)), ("b.txt", (2, 3, 4))):
        desk.put(name, write_dump(*numbers).encode())
        put.clear()
        desk.ingest(workers=2)
        assert "mentions" in put
        assert ".signs" not in put
        assert desk.parts() == desk.rebuild(workers=1)
        assert ".signs" in put


def test_a_twin_holds_no_more_than_is_needed(tmp_path: Path) -> None:
    previous = store.Snapshot(
        tmp_path, {"tables": {"articles": {}}, "writer": "w", "dumps": {"many": "rows"}}
    )
    publication = store.Publication(tmp_path, previous)
    publication._tables["articles"] = {"digits": 0, "parts": {}}
    twin = publication.twin("articles")
    assert twin.previous is not None
    assert dict(twin.previous.manifest) == {"tables": {"articles": {}}, "writer": "w"}
    twin._tables["stories"] = {"digits": 0, "parts": {"": ["0-1.parquet", 3]}}
    publication.adopt(twin)
    assert publication._tables.keys() == {"articles", "stories"}
