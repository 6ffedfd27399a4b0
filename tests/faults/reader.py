"""A process that reads the articles again and again until its standard input ends.

Run it as a script, with the name of a reader, the folder of tables and the first number of a round
(`rounds.py` says what a whole state looks like). What it prints is a line of JSON: the number of
`reads`; how often a file was `gone` and one more try cured it; the `failures`, all else that went
wrong; the `torn` reads, whose rows are no state that was ever committed; and the `states` seen.
"""

import json
import select
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rounds import read_state

_PAUSE = 4
"""A reader rests so many times longer than it reads; else the runs hardly get their turn."""


def _pandas(path: str) -> list[str]:
    import pandas as pd

    return pd.read_parquet(path)["title"].tolist()


def _polars(path: str) -> list[str]:
    import polars as pl

    return pl.read_parquet(path)["title"].to_list()


def _duckdb(path: str) -> list[str]:
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(f"select title from '{path}'").fetchall()
    return [row[0] for row in rows]


def _pyarrow(path: str) -> list[str]:
    import pyarrow.parquet as pq

    return pq.read_table(path)["title"].to_pylist()


def _load(path: str) -> list[str]:
    import clippings

    return clippings.load("articles", processed=Path(path).parent)["title"].tolist()


READERS = {"pandas": _pandas, "polars": _polars, "duckdb": _duckdb, "pyarrow": _pyarrow}
"""What reads the bare path."""
PINNED = {"load": _load}
_ALL = READERS | PINNED
_GONE = ("no such file", "no files found", "file not found", "cannot open file", "expanded to no")
"""What the readers say, each in its way, of a file that is gone."""


def _is_gone(error: Exception) -> bool:
    return any(words in f"{type(error).__name__}: {error}".lower() for words in _GONE)


def loop(read: Callable[[str], list[str]], path: str, is_pinned: bool) -> dict[str, Any]:
    """Read until standard input ends."""
    told: dict[str, Any] = {"reads": 0, "gone": 0, "failures": [], "torn": []}
    states: list[int] = []
    seconds = 0.0
    while not select.select([sys.stdin], [], [], _PAUSE * seconds)[0]:
        start = time.monotonic()
        try:
            try:
                titles = read(path)
            except Exception as error:
                if is_pinned or not _is_gone(error):
                    raise
                told["gone"] += 1
                titles = read(path)
            seconds = time.monotonic() - start
        except Exception:
            told["failures"].append(traceback.format_exc()[-600:])
            continue
        told["reads"] += 1
        state = read_state(titles)
        if state is None or (states and state < states[-1]):
            told["torn"].append(sorted(titles))
        elif not states or state != states[-1]:
            states.append(state)
    return told | {"states": states}


if __name__ == "__main__":
    name, processed = sys.argv[1:]
    path = f"{processed}/articles.parquet"
    _ALL[name](path)  # what it needs is imported
    print("ready", flush=True)
    print(json.dumps(loop(_ALL[name], path, name in PINNED)), flush=True)
