"""Runs with work to do, struck by a fault, and what must hold afterwards.

Shared by the tests of this folder and by `long.py`, the long form.
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clippings import store, work
from clippings.records import TABLES

SCENARIOS = ("first", "change", "delete", "nothing", "correction")
FAULTS = ("torn", "lost", "double", "different", "leftovers", "tagged again", "unclear")
"""What may be wrong after a strike; there must be none of any.

torn: the visible tables are neither the old ones nor the new. lost, double, different: what a rerun
makes lacks rows of a rebuild, has more, or other bytes. leftovers: `Desk.assert_tidy` fails. tagged
again: a dump whose work was saved is processed once more. unclear: the run ended in an error that
is none of ours, or claims to be done and is not.
"""
_CORRECTIONS = "operation,label,a,b,article_id,note\n"

Fork = Callable[..., Any]


@contextmanager
def start_forker(model: str, around: Sequence[str] = ()) -> Iterator[Fork]:
    """Start a process that runs `ingest` on a desk in children of its own; see forker.py.

    Args:
        model: The pipeline that it loads.
        around: A command that is to run it.
    """
    command = [*around, sys.executable, str(Path(__file__).with_name("forker.py")), model]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forker:
        assert forker.stdin
        assert forker.stdout

        def run(desk: Any, **order: Any) -> Any:
            folders = {"raw": str(desk.raw), "processed": str(desk.processed)}
            ingest = {"ingest": {**folders, "model": desk.model}}
            print(json.dumps({**ingest, **order}), file=forker.stdin, flush=True)
            return json.loads(forker.stdout.readline())

        yield run
        forker.stdin.close()


def prepare(scenario: str, desk: Any, write_dump: Callable[..., str]) -> None:
    """Set up a desk where a run has the work to do that the scenario is named after."""
    for number in range(3):
        desk.put(f"{number}.txt", write_dump(number, number + 1))
    desk.put("bad.txt", b"\0")
    if scenario == "first":
        return
    corrections = desk.raw.parent / "corrections.csv"
    if scenario == "correction":
        corrections.write_text(f"{_CORRECTIONS}ignore,PERSON,Rabbi Kook,,,\n")
    for number in range(3, 6):  # so many snapshots that the next commit collects one
        desk.put(f"{number}.txt", write_dump(number))
        with without_rest():
            desk.ingest()
    if scenario == "change":
        desk.put("0.txt", write_dump(0, 8))
        desk.put("new/6.txt", write_dump(6, 7))
        desk.put("new/7.txt", write_dump(9))
        (desk.raw / "1.txt").unlink()
    elif scenario == "delete":
        (desk.raw / "2.txt").unlink()
    elif scenario == "correction":
        article_id = desk.rows("articles")[0]["article_id"]
        corrections.write_text(
            f"{_CORRECTIONS}date,,,May 5 1955,{article_id},\nmerge,PLACE,Haifa,Jaffa,,\n"
        )
    else:
        assert scenario == "nothing"


def copy(desk: Any, root: Path) -> Any:
    """Set up the same desk elsewhere, its corrections too."""
    shutil.copytree(desk.raw.parent, root, symlinks=True, copy_function=shutil.copyfile)
    return type(desk)(root / "raw", root / "processed", desk.model)


def snapshot_names(desk: Any) -> list[str]:
    return sorted(path.name for path in (desk.processed / ".snapshots").iterdir())


@dataclass(frozen=True)
class Scene:
    """A scenario that was set up.

    Attributes:
        scenario: Its name.
        desk: The desk before the run; runs are made on copies of it.
        old: The parts that readers see before the run.
        new: Those after it, which are those of a rebuild.
        run: The answer of the forker to the whole run.
        snapshots: Names of the snapshots that stand after it.
    """

    scenario: str
    desk: Any
    old: dict[str, bytes]
    new: dict[str, bytes]
    run: dict[str, Any]
    snapshots: list[str]


def set_up(
    scenario: str, desk: Any, fork: Fork, write_dump: Callable[..., str], folder: Path
) -> Scene:
    """Set up a scenario at an empty desk, and make its run on a copy in a folder."""
    prepare(scenario, desk, write_dump)
    done = copy(desk, folder)
    run = fork(done)
    assert (run["signal"], run["code"]) == (0, 3), run  # bad.txt is a problem
    done.assert_tidy()
    assert done.parts() == rebuild(done)
    check_laws(done)
    return Scene(scenario, desk, desk.parts(), done.parts(), run, snapshot_names(done))


def rebuild(desk: Any) -> dict[str, bytes]:
    """What a first run makes of the raw folder, given the ids that were given before."""
    return desk.rebuild(registry=desk.processed / "current" / "registry.json")


def check_laws(desk: Any) -> None:
    """Assert the laws of the tables that can be seen without knowing what stands in the dumps."""
    rows = {table: desk.rows(table) for table in TABLES}
    for table, row_type in TABLES.items():
        keys = [tuple(row[name] for name in row_type.key) for row in rows[table]]
        assert keys == sorted(keys)
        if table != "problems":  # two of one kind may stand at one place
            assert len(keys) == len(set(keys)), table
    texts = {row["article_id"]: row for row in rows["articles"]}
    for table in ("occurrences", "article_topics", "mentions", "stories"):
        assert {row["article_id"] for row in rows[table]} <= texts.keys()
    assert {row["article_id"] for row in rows["occurrences"]} == texts.keys()
    for mention in rows["mentions"]:
        field = texts[mention["article_id"]][mention["field"]]
        assert field[mention["start"] : mention["end"]] == mention["surface"]
    for dump in rows["dumps"]:
        at = 0
        for span in (span for span in rows["spans"] if span["dump_id"] == dump["dump_id"]):
            assert span["start_byte"] == at
            at = span["end_byte"]
        assert at == dump["byte_count"]


def judge(scene: Scene, desk: Any, run: dict[str, Any]) -> list[str]:
    """Look at a desk after a struck run, run again and look once more.

    Args:
        scene: What was set up.
        desk: The copy of its desk on which the run was struck.
        run: The answer of the forker.

    Returns:
        Which of `FAULTS` are found.
    """
    found = []
    if run.get("code") not in (None, 0, 1, 3) or (run.get("code") == 1 and not run["error"]):
        found.append("unclear")
    visible = desk.parts()
    if visible not in (scene.old, scene.new):
        found.append("torn")
    if run.get("code") in (0, 3) and visible != scene.new:
        found.append("unclear")
    saved_count = len([path for path in _work(desk) if path.suffix != ".tmp"])
    with counted_processing() as contents, without_rest():
        desk.ingest()
    to_do = scene.run["passed"].count("process")
    is_done = visible == scene.new
    if len(contents) > (0 if is_done else to_do - saved_count):
        found.append("tagged again")
    return found + judge_rest(desk, scene.new, scene.snapshots)


def _work(desk: Any) -> list[Path]:
    folder = desk.processed / ".store" / "work"
    return list(folder.iterdir()) if folder.exists() else []


def judge_rest(desk: Any, new: dict[str, bytes], snapshots: list[str] | None) -> list[str]:
    """Compare a desk after its rerun with a rebuild, and look for leftovers."""
    found = []
    parts = desk.parts()
    if parts != new:
        lost, double = compare(parts, new)
        found += ["lost"] * lost + ["double"] * double
        if not lost and not double:
            found.append("different")
    try:
        desk.assert_tidy()
        if snapshots and snapshot_names(desk) != snapshots:
            found.append("leftovers")
    except AssertionError:
        found.append("leftovers")
    return found


def compare(parts: dict[str, bytes], new: dict[str, bytes]) -> tuple[bool, bool]:
    """Tell whether tables lack rows of others, and whether they have rows beyond those."""
    mine, other = _rows(parts), _rows(new)
    return bool(other - mine), bool(mine - other)


def _rows(parts: dict[str, bytes]) -> Counter[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    return Counter(
        f"{name.split('/')[0]} {row}"
        for name, content in parts.items()
        for row in pq.ParquetFile(pa.BufferReader(content)).read().to_pylist()
    )


@contextmanager
def without_rest() -> Iterator[None]:
    """Let runs in this process delete old snapshots at once; nobody reads them here."""
    usual, store._REST_SECONDS = store._REST_SECONDS, 0
    try:
        yield
    finally:
        store._REST_SECONDS = usual


@contextmanager
def counted_processing() -> Iterator[list[bytes]]:
    """Collect the content of every dump that is read and tagged in this process."""
    contents: list[bytes] = []
    real = work.process

    def process(content: bytes, *arguments: Any) -> Any:
        contents.append(content)
        return real(content, *arguments)

    work.process = process
    try:
        yield contents
    finally:
        work.process = real
