"""Calls that fail, a disk that is full, runs that start together; `make faults` has all of them."""

import errno
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import long
import pytest
from calls import KINDS, Calls
from scenes import FAULTS, Fork, Scene, copy, judge


def test_a_call_fails(scene: Scene, fork: Fork, tmp_path: Path) -> None:
    chance = random.Random(scene.scenario)
    kinds = [kind for kind in KINDS if scene.run["calls"].get(kind)]
    if scene.scenario != "change":
        kinds = chance.sample(kinds, 4)
    for kind in kinds:
        fail = {
            "kind": kind,
            "number": chance.randint(1, scene.run["calls"][kind]),
            "error": chance.choice(long.ERRORS),
            "is_lasting": chance.random() < 0.5,
        }
        desk = copy(scene.desk, tmp_path / "copy")
        run = fork(desk, fail=fail)
        assert run["is_reached"]
        assert judge(scene, desk, run) == [], fail
        shutil.rmtree(tmp_path / "copy")


@pytest.mark.parametrize("kind", ["write", "fsync", "rename", "create", "read"])
def test_an_error_of_the_disk_names_the_remedy(
    kind: str, scene_of: Callable[[str], Scene], fork: Fork, tmp_path: Path
) -> None:
    desk = copy(scene_of("change").desk, tmp_path / "copy")
    fail = {"kind": kind, "number": 1, "error": "ENOSPC", "is_lasting": True}
    run = fork(desk, fail=fail)
    assert run["code"] == 1
    assert "found No space left on device. Make room" in run["error"]


@pytest.mark.parametrize("kind", ["remove", "rmdir"])
def test_what_cannot_be_cleared_away_is_left_to_the_next_run(
    kind: str, scene_of: Callable[[str], Scene], fork: Fork, tmp_path: Path
) -> None:
    """The tables are committed: a run that said that it failed would be wrong."""
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "copy")
    fail = {"kind": kind, "number": 2, "error": "EIO", "is_lasting": True}
    run = fork(desk, fail=fail)
    assert (run["is_reached"], run["code"]) == (True, 3)
    assert desk.parts() == scene.new
    with pytest.raises(AssertionError):
        desk.assert_tidy()
    assert judge(scene, desk, run) == []


@pytest.mark.parametrize("scenario", ["first", "change"])
def test_a_full_disk(scenario: str, place: long.Place) -> None:
    counts = long.fill_up(place, scenario, 4)
    assert counts["strikes"] == 4
    assert not any(counts[name] for name in FAULTS)


def test_runs_that_start_together(place: long.Place) -> None:
    counts = long.start_together(place, 3)
    assert counts["strikes"] == 3
    assert counts["turned away"] + counts["one after the other"] > 0
    assert not any(counts[name] for name in FAULTS)


# The instruments themselves


def test_calls_are_counted_and_fail(tmp_path: Path) -> None:
    """In a child: what is installed stays."""
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return
    try:
        fail = {"kind": "rename", "number": 2, "error": "EMFILE", "is_lasting": False}
        calls = Calls(str(tmp_path), fail=fail, room=5)
        calls.install()
        (tmp_path / "a").write_bytes(b"1234")
        (tmp_path / "a").rename(tmp_path / "b")
        with pytest.raises(OSError, match="Too many open files") as raised:
            (tmp_path / "b").rename(tmp_path / "c")
        assert raised.value.filename == str(tmp_path / "b")
        (tmp_path / "b").rename(tmp_path / "c")
        assert calls.is_reached
        with pytest.raises(OSError, match="No space") as raised:
            (tmp_path / "d").write_bytes(b"56")
        assert raised.value.errno == errno.ENOSPC
        assert (tmp_path / "d").read_bytes() == b"5"
        assert (calls.counts["create"], calls.counts["rename"], calls.byte_count) == (2, 3, 5)
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_a_judge_sees_every_fault(
    scene_of: Callable[[str], Scene], fork: Fork, tmp_path: Path
) -> None:
    scene = scene_of("change")
    done = {"code": 3, "error": None}
    killed = {"error": None}

    def desk_at(name: str) -> Any:
        return copy(scene.desk, tmp_path / name)

    assert judge(scene, desk_at("claims"), done) == ["unclear"]  # the tables are the old ones
    assert judge(scene, desk_at("crash"), {"code": 70, "error": "Traceback"}) == ["unclear"]
    assert judge(scene, desk_at("mute"), {"code": 1, "error": ""}) == ["unclear"]
    assert judge(replace(scene, old={}), desk_at("torn"), killed) == ["torn"]
    other = replace(scene, new=scene.old)
    assert judge(other, desk_at("other"), killed) == ["tagged again", "lost", "double"]
    messy = desk_at("messy")
    (messy.processed / "notes.txt").touch()
    assert judge(scene, messy, killed) == ["leftovers"]
    again = desk_at("again")
    run = fork(again, kill_at="work saved")
    for path in (again.processed / ".store" / "work").iterdir():
        path.write_bytes(b"x")
    assert judge(scene, again, run) == ["tagged again"]
    assert set(FAULTS) == {"unclear", "torn", "lost", "double", "leftovers", "tagged again"} | {
        "different"  # other bytes, the same rows: only another version of Arrow does that
    }
