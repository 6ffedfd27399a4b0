"""kill -9 wherever it may strike: the tables are the old ones or the new, and a rerun mends."""

import random
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenes import Fork, Scene, copy, judge

from clippings import store

_SOURCE = Path(store.__file__).parent
_COMMITTED = ("committed", "collected")
_ALL_SAVED = (
    "work saved",
    "parts written",
    "snapshot linked",
    "manifest written",
    "snapshot named",
)


def test_every_checkpoint_is_passed(scene: Scene) -> None:
    source = "".join((_SOURCE / f"{module}.py").read_text() for module in ("store", "pipeline"))
    names = set(re.findall(r'checkpoint\("(.*?)"\)', source))
    commit = {*_ALL_SAVED[1:], "committed"}
    assert commit < names
    is_nothing = scene.scenario == "nothing"
    assert set(scene.run["passed"]) - {"process"} == (names - commit if is_nothing else names)
    assert (scene.old == scene.new) == is_nothing
    process_count = {"first": 4, "change": 3}.get(scene.scenario, 0)
    assert scene.run["passed"].count("process") == process_count


def test_killed_at_every_checkpoint(scene: Scene, fork: Fork, tmp_path: Path) -> None:
    passed = scene.run["passed"]
    for number, name in enumerate(passed):
        count = passed[: number + 1].count(name)
        desk = copy(scene.desk, tmp_path / "copy")
        killed = fork(desk, kill_at=name, kill_count=count)
        assert killed["signal"] == signal.SIGKILL
        assert killed["passed"] == passed[: number + 1]
        assert desk.parts() == (scene.new if name in _COMMITTED else scene.old), name
        assert judge(scene, desk, killed) == [], name
        assert not desk.ingest().is_changed
        shutil.rmtree(tmp_path / "copy")


def test_killed_before_any_change_of_a_file(scene: Scene, fork: Fork, tmp_path: Path) -> None:
    """The named points are not all: here a run dies before a rename, a link, a removal, ..."""
    after = scene.run["touched_after"]
    touches = range(1, len(after) + 1)
    assert len(touches) >= {"nothing": 5}.get(scene.scenario, 60)
    # Those around the commit, and some of the others; `make faults` has all.
    chosen = [touch for touch in touches if after[touch - 1] == "snapshot named"][-2:]
    chosen += random.Random(scene.scenario).sample(touches, min(3, len(touches)))
    for touch in sorted(set(chosen)):
        desk = copy(scene.desk, tmp_path / "copy")
        killed = fork(desk, kill_touch=touch)
        assert killed["signal"] == signal.SIGKILL
        if "committed" in killed["passed"]:
            assert desk.parts() == scene.new
        assert judge(scene, desk, killed) == [], touch
        shutil.rmtree(tmp_path / "copy")


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
