"""Readers that loop while runs commit: `load` never fails, and nobody sees two snapshots mixed."""

import threading
import time
from collections.abc import Callable
from typing import Any

import duckdb
import long
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from rounds import read_state, write_round
from scenes import FAULTS

import clippings
from clippings import store

_COMMITS = 15


def read_with_duckdb(path: str) -> list[str]:
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(f"select title from '{path}'").fetchall()]


_BARE = {
    "pandas": lambda path: pd.read_parquet(path)["title"].tolist(),
    "polars": lambda path: pl.read_parquet(path)["title"].to_list(),
    "duckdb": read_with_duckdb,
}
# What each says of a file that is gone; nothing else may happen to those who read a bare path.
_GONE = (FileNotFoundError, duckdb.IOException, pl.exceptions.ComputeError)


class Reader(threading.Thread):
    """Reads the titles of all articles until it is stopped; keeps each list of them it saw."""

    def __init__(self, read: Callable[[], list[str]], allowed: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self.seen: set[tuple[str, ...]] = set()
        self.failures: list[Exception] = []
        self.read_count = 0
        self.stopped = threading.Event()
        self._read = read
        self._allowed = allowed

    def run(self) -> None:
        seconds = 0.0
        while not self.stopped.wait(3 * seconds):  # else the commits hardly get their turn
            start = time.monotonic()
            try:
                self.seen.add(tuple(self._read()))
            except self._allowed:
                continue
            except Exception as failure:  # the test wants to see it
                self.failures.append(failure)
                return
            self.read_count += 1
            seconds = time.monotonic() - start


def test_readers_during_commits(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every commit replaces every article, so that a mixture would show."""
    monkeypatch.setattr(store, "_BUCKET_ROWS", 2)  # a table has several parts

    def commit(number: int) -> tuple[str, ...]:
        for name in range(3):
            first = 6 * number + 2 * name
            desk.put(f"{name}.txt", write_dump(first, first + 1))
        desk.ingest(model="blank:en")
        return tuple(row["title"] for row in desk.rows("articles"))

    path = f"{desk.processed}/articles.parquet"
    states = {commit(0)}
    readers = [
        Reader(lambda: clippings.load("articles", processed=desk.processed)["title"].tolist(), ()),
        *(Reader(lambda read=read: read(path), _GONE) for read in _BARE.values()),
    ]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, _COMMITS + 1):
            states.add(commit(number))
    finally:
        for reader in readers:
            reader.stopped.set()
        for reader in readers:
            reader.join(60)
    assert len(states) == _COMMITS + 1
    assert all(len(state) == 6 for state in states)
    for reader in readers:
        assert reader.failures == []
        assert reader.seen <= states
    assert readers[0].read_count > 5
    assert len(readers[0].seen) > 2


def test_readers_while_runs_are_killed(place: long.Place) -> None:
    """Each in a process of its own; the thousand kills and the pinned readers are in long.py."""
    counts = long.kill_at_random(place, 0, 4)
    assert counts["kills"] == 4
    assert all(counts[f"reads of {name}"] for name in long.READERS)
    assert not any(counts[name] for name in (*FAULTS, *long.READING))


def test_a_reader_tells_a_torn_state(place: long.Place) -> None:
    for state in (1, 2, 3):
        desk = place.desk_at(place.folder / str(state))
        write_round(desk, state, place.write_dump)
        desk.ingest(model="blank:en")
        titles = [row["title"] for row in desk.rows("articles")]
        assert read_state(titles) == state
        assert read_state(reversed(titles)) == state
        assert read_state(titles[1:]) is None
        assert read_state([*titles, titles[0]]) is None
        assert read_state([]) is None
        mixed = [title.replace(f"Number {state}", f"Number {state - 1}", 1) for title in titles]
        assert read_state(mixed) is None


def test_two_tables_of_one_pinned_snapshot_fit(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("a.txt", write_dump(0))
    desk.ingest()
    stopped = threading.Event()

    def commit() -> None:
        for number in range(1, _COMMITS):
            desk.put("a.txt", write_dump(*range(number)))
            desk.ingest()
        stopped.set()

    writer = threading.Thread(target=commit)
    writer.start()
    sizes = set()
    while not stopped.is_set():
        with store.pin(desk.processed) as snapshot:
            articles: pa.Table = snapshot.read("articles", ["article_id"])
            stopped.wait(0.05)  # a slow reader: several commits go by
            occurrences: pa.Table = snapshot.read("occurrences", ["article_id"])
        assert set(articles["article_id"].to_pylist()) == set(occurrences["article_id"].to_pylist())
        sizes.add(articles.num_rows)
    writer.join(60)
    assert len(sizes) > 2
