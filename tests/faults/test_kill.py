"""kill -9 wherever it may strike: the tables are the old ones or the new, and a rerun mends."""

import json
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clippings import store

_HERE = Path(__file__).parent
_SOURCE = Path(store.__file__).parent
_COMMITTED = ("committed", "collected")
_ALL_SAVED = (
    "work saved",
    "parts written",
    "snapshot linked",
    "manifest written",
    "snapshot named",
)

Fork = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def fork(ruler: str) -> Iterator[Fork]:
    """Runs `ingest` on a desk in a process of its own, and kills it where it is told to."""
    with subprocess.Popen(
        [sys.executable, str(_HERE / "forker.py"), ruler],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forker:
        assert forker.stdin
        assert forker.stdout

        def run(desk: Any, **kill: Any) -> dict[str, Any]:
            folders = {"raw": str(desk.raw), "processed": str(desk.processed)}
            order = {"ingest": {**folders, "model": desk.model}, **kill}
            print(json.dumps(order), file=forker.stdin, flush=True)
            answer: dict[str, Any] = json.loads(forker.stdout.readline())
            return answer

        yield run
        forker.stdin.close()


def prepare(scenario: str, desk: Any, write_dump: Callable[..., str]) -> None:
    """Set up a desk where a run has the work to do that the scenario is named after."""
    for number in range(3):
        desk.put(f"{number}.txt", write_dump(number, number + 1))
    desk.put("bad.txt", b"\0")
    if scenario == "first":
        return
    for number in range(3, 6):  # so many snapshots that the next commit collects one
        desk.put(f"{number}.txt", write_dump(number))
        desk.ingest()
    if scenario == "change":
        desk.put("0.txt", write_dump(0, 8))
        desk.put("new/6.txt", write_dump(6, 7))
        desk.put("new/7.txt", write_dump(9))
        (desk.raw / "1.txt").unlink()
    elif scenario == "delete":
        (desk.raw / "2.txt").unlink()
    else:
        assert scenario == "nothing"


SCENARIOS = ("first", "change", "delete", "nothing")


@pytest.fixture(scope="module", params=SCENARIOS)
def scene(
    request: pytest.FixtureRequest,
    fork: Fork,
    tmp_path_factory: pytest.TempPathFactory,
    ruler: str,
    write_dump: Callable[..., str],
    desk_at: Callable[[Path], Any],
) -> tuple[str, Any, dict[str, bytes], dict[str, bytes], dict[str, Any]]:
    """A scenario, its desk before the run, the parts before and after it, and the whole run."""
    desk = desk_at(tmp_path_factory.mktemp(request.param))
    prepare(request.param, desk, write_dump)
    done = desk.copy(tmp_path_factory.mktemp("done"))
    run = fork(done)
    assert (run["signal"], run["code"]) == (0, 0)
    done.assert_tidy()
    assert done.parts() == done.rebuild()
    run["snapshots"] = snapshot_names(done)
    return request.param, desk, desk.parts(), done.parts(), run


def snapshot_names(desk: Any) -> list[str]:
    return sorted(path.name for path in (desk.processed / ".snapshots").iterdir())


def test_every_checkpoint_is_passed(scene: Any) -> None:
    scenario, _, old, new, run = scene
    source = "".join((_SOURCE / f"{module}.py").read_text() for module in ("store", "pipeline"))
    names = set(re.findall(r'checkpoint\("(.*?)"\)', source))
    commit = {*_ALL_SAVED[1:], "committed"}
    assert commit < names
    assert set(run["passed"]) - {"process"} == (names - commit if scenario == "nothing" else names)
    assert (old == new) == (scenario == "nothing")
    assert run["passed"].count("process") == {"first": 4, "change": 3}.get(scenario, 0)


def test_killed_at_every_checkpoint(
    scene: Any, fork: Fork, tmp_path: Path, tagged: list[bytes]
) -> None:
    scenario, desk, old, new, run = scene
    for number, name in enumerate(run["passed"]):
        count = run["passed"][: number + 1].count(name)
        copy = desk.copy(tmp_path / str(number))
        killed = fork(copy, kill_at=name, kill_count=count)
        assert killed["signal"] == signal.SIGKILL
        assert killed["passed"] == run["passed"][: number + 1]
        assert copy.parts() == (new if name in _COMMITTED else old), (scenario, name)
        tagged.clear()
        copy.ingest()
        assert copy.parts() == new, (scenario, name)
        copy.assert_tidy()
        assert snapshot_names(copy) == run["snapshots"], (scenario, name)
        # What was finished is taken up: together both runs process every dump a single time, but
        # for the one that was just begun.
        both = killed["passed"].count("process") + len(tagged)
        assert both == run["passed"].count("process") + (name == "process"), (scenario, name)
        assert not copy.ingest().is_changed
        shutil.rmtree(copy.raw.parent)


def test_killed_before_any_change_of_a_file(scene: Any, fork: Fork, tmp_path: Path) -> None:
    """The named points are not all: here a run dies before a rename, a link, a removal, ..."""
    scenario, desk, old, new, run = scene
    touches = range(1, len(run["touched_after"]) + 1)
    assert len(touches) >= {"nothing": 5}.get(scenario, 60)
    # All those around the commit, and some of the others.
    chosen = [touch for touch in touches if run["touched_after"][touch - 1] == "snapshot named"]
    chosen += random.Random(scenario).sample(touches, min(8, len(touches)))
    for touch in sorted(set(chosen)):
        copy = desk.copy(tmp_path / str(touch))
        killed = fork(copy, kill_touch=touch)
        assert killed["signal"] == signal.SIGKILL
        is_committed = "committed" in killed["passed"]
        assert copy.parts() in ((new,) if is_committed else (old, new)), (scenario, touch)
        copy.ingest()
        assert copy.parts() == new, (scenario, touch)
        copy.assert_tidy()
        assert snapshot_names(copy) == run["snapshots"], (scenario, touch)
        shutil.rmtree(copy.raw.parent)


def test_killed_again_and_again(fork: Fork, desk: Any, write_dump: Callable[..., str]) -> None:
    """Every run gets a little further than the one before it."""
    for number in range(4):
        desk.put(f"{number}.txt", write_dump(number))
    process_count = 0
    for name in ("process", "process", *_ALL_SAVED, "committed", "collected"):
        killed = fork(desk, kill_at=name, kill_count=2 if name == "process" else 1)
        assert killed["signal"] == signal.SIGKILL
        process_count += killed["passed"].count("process")
        assert (desk.parts() == {}) == (name not in _COMMITTED)
    assert process_count == 4 + 2  # two were killed when they had just begun
    assert not desk.ingest().is_changed
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


def test_a_killed_run_lets_the_lock_go(
    fork: Fork, desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("a.txt", write_dump(1))
    assert fork(desk, kill_at="planned")["signal"] == signal.SIGKILL
    assert (desk.processed / ".store" / "lock").exists()
    assert desk.ingest().is_changed
