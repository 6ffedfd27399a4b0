"""Raw files that change or go while a run is at work: put off, and done by the next run."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from scenes import Scene, check_laws, copy, judge_rest, rebuild

from clippings import store, work

MOMENTS = ("planned", "process", "manifest written")


def replace(path: Path) -> None:
    path.write_bytes(b"Something else\n\nMarch 3 2019\n\nThese are other words.\n\n\n")


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("moment", "change"), itertools.product(MOMENTS, (replace, grow, cut, remove))
)
def test_a_file_that_changes_during_a_run(
    moment: str,
    change: Callable[[Path], None],
    scene_of: Callable[[str], Scene],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "copy")
    process = work.process
    times = itertools.count()

    def strike(name: str) -> None:
        if name == moment and next(times) == 0:
            change(desk.raw / "0.txt")

    def process_and_strike(*arguments: object) -> object:
        strike("process")
        return process(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(store, "checkpoint", strike)
        patch.setattr(work, "process", process_and_strike)
        run = desk.ingest()
    assert next(times) > 0
    check_laws(desk)
    is_put_off = any(problem.code == "changing" for problem in run.problems)
    if moment == "planned":
        assert is_put_off
    else:  # it was read, by then or as it was planned
        assert is_put_off or desk.parts() == scene.new
    desk.ingest()
    assert judge_rest(desk, rebuild(desk), None) == []
    assert "changing" not in {row["code"] for row in desk.rows("problems")}
