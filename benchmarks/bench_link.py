"""What Arrow sees of a folder behind a link, while the link moves.

    .venv/bin/python benchmarks/bench_link.py

A process moves a link between two folders that never change, as a commit moves `current`; this one
reads through it for some seconds, by the path of the link and by that of the folder behind it. Some
parts are the same in both folders. A read is torn when its rows are those of neither; it is gone
when a file was not found, which Arrow says, and which another try cures.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PARTS = 8
MOVER = """
import itertools, os, pathlib, sys, time
link = pathlib.Path(sys.argv[1])
for number in itertools.count():
    temporary = link.with_suffix(".tmp")
    temporary.symlink_to(f"folder{number % 2}")
    temporary.replace(link)
    print(flush=True)
    time.sleep(0.002)
"""


def write_folders(root: Path) -> list[list[str]]:
    """Write two folders of one table, their first part the same; give the rows of each."""
    states = []
    for state in range(2):
        folder = root / f"folder{state}" / "table.parquet"
        folder.mkdir(parents=True)
        rows = ["same", *[f"{state}"] * (PARTS - 1)]
        for number, row in enumerate(rows):
            pq.write_table(pa.table({"row": [row]}), folder / f"{number}-{row}.parquet")
        states.append(sorted(rows))
    return states


def read(path: str, states: list[list[str]]) -> str:
    """Read a table and tell what was seen."""
    try:
        rows = pq.read_table(path)
    except FileNotFoundError:
        return "gone"
    is_whole = "row" in rows.column_names and sorted(rows["row"].to_pylist()) in states
    return "whole" if is_whole else "torn"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        states = write_folders(root)
        link = root / "current"
        link.symlink_to("folder0")
        ways: dict[str, Callable[[Path], str]] = {"link": str, "folder behind it": os.path.realpath}
        for way, find in ways.items():
            command = [sys.executable, "-c", MOVER, str(link)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as mover:
                seen: Counter[str] = Counter()
                end = time.monotonic() + options.seconds
                while time.monotonic() < end:
                    seen[read(find(link / "table.parquet"), states)] += 1
                mover.kill()
                moves = len(mover.communicate()[0])
            told = ", ".join(f"{seen[name]:,} {name}" for name in ("whole", "torn", "gone"))
            print(f"{way}: {moves / options.seconds:,.0f} moves a second, {told}")


if __name__ == "__main__":
    main()
