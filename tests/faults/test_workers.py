"""Work in several processes: the same bytes, and one dump at most where harm is done."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from clippings import pipeline, plan, publish
from clippings.errors import ModelError, StoreError

_HERE = Path(__file__).parent
_PATIENCE_SECONDS = 120
_KILL = "import os; os.kill(os.getpid(), 9)"
_BACKTRACK = "import re; re.match('(a+)+$', 'a' * 64 + 'b')"
_HOG = "[bytearray(2**20) for _ in range(10**5)]"
_HUGE = "import numpy; numpy.zeros(10**9)"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are kept on Linux")
on_proc = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="children are listed in /proc"
)


def wait_for(condition: Callable[[], Any]) -> Any:
    """Wait until something holds; what it gives is given."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def children_of(process: int) -> list[str]:
    """The processes that any thread of a process started."""
    listings = Path(f"/proc/{process}/task").glob("*/children")
    return [child for listing in listings for child in listing.read_text().split()]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_BATCH_DUMPS", 2)


@contextmanager
def harmful(work: str = "process_batch") -> Iterator[None]:
    """Workers do what a function of `hostile.py` does, not what `process_batch` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(_HERE)
        hostile = import_module("hostile")
        patch.setattr(pipeline, "process_batch", getattr(hostile, work))
        yield


def begun(desk: Any) -> Counter[str]:
    """How many times the work on each dump began, by its name."""
    return Counter(map(eval, (desk.raw.parent / "begun").read_text().splitlines()))


@pytest.mark.usefixtures("small_batches")
def test_two_workers_give_the_same_bytes(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    desk.fill(write_dump)
    told: list[tuple[int, int]] = []
    run = desk.ingest(workers=2, progress=lambda *counts: told.append(counts))
    assert tagged == []  # not in this process
    assert told[-1] == (9, 9)
    assert len(told) == 5
    assert run.exit_code == 3
    assert desk.parts() == desk.rebuild()
    assert len(tagged) == 8  # once each, and the two that are the same once
    desk.assert_tidy()


def test_a_single_batch_is_worked_off_in_a_process_too(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    desk.put("a.txt", write_dump(0))
    assert desk.ingest(workers=2).exit_code == 0
    assert tagged == []


@pytest.mark.parametrize(
    ("harm", "code", "tries", "found"),
    [
        (_KILL, "worker_killed", 2, "killed by SIGKILL, twice"),
        ("import ctypes; ctypes.string_at(0)", "worker_killed", 2, "killed by SIGSEGV, twice"),
        ("import os; os._exit(3)", "worker_killed", 2, "ended with exit code 3, twice"),
        ("import time; time.sleep(3600)", "too_slow", 1, "within 11 seconds, found none"),
        (_BACKTRACK, "too_slow", 1, "within 11 seconds, found none"),
        pytest.param(_HOG, "out_of_memory", 2, "expected memory to work in", marks=on_linux),
        pytest.param(_HUGE, "out_of_memory", 2, "expected memory to work in", marks=on_linux),
    ],
)
def test_a_dump_that_ends_its_worker_is_a_problem_and_the_others_are_done(
    desk: Any, write_dump: Callable[..., str], harm: str, code: str, tries: int, found: str
) -> None:
    desk.fill(write_dump)
    desk.put("3.txt", f"HARM {harm}\n\n{write_dump(3)}")
    with harmful():
        run = desk.ingest(workers=2, seconds_per_dump=10, max_worker_bytes=2**28)
    problems = {problem.path: problem for problem in run.problems}
    assert set(problems) == {"3.txt", "bad.txt"}
    assert problems["3.txt"].code == code
    assert found in problems["3.txt"].detail
    assert run.exit_code == 3
    assert {row["path"]: row["status"] for row in desk.rows("dumps")}["3.txt"] == "rejected"
    counts = begun(desk)
    assert counts.pop("3.txt") == tries
    assert set(counts.values()) == {1}
    assert len(counts) == 8
    desk.assert_tidy()
    desk.put("3.txt", write_dump(3))
    assert {each.path for each in desk.ingest().problems} == {"bad.txt"}
    assert desk.parts() == desk.rebuild()


def test_a_worker_that_is_killed_once_costs_nothing(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.fill(write_dump)
    once = "once = folder / 'once'; once.exists() or (once.mkdir(), os.kill(os.getpid(), 9))"
    desk.put("3.txt", f"HARM import os; {once}\n\n{write_dump(3)}")
    with harmful():
        run = desk.ingest(workers=2)
    assert [problem.path for problem in run.problems] == ["bad.txt"]
    assert (desk.raw.parent / "once").exists()
    counts = begun(desk)
    assert counts.pop("3.txt") == 2
    assert set(counts.values()) == {1}
    assert desk.parts() == desk.rebuild()


@on_proc
@pytest.mark.usefixtures("small_batches")
def test_workers_killed_from_outside_cost_nothing(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    for number in range(40):
        desk.put(f"{number}.txt", write_dump(number, number + 1))
    before = set(children_of(os.getpid()))

    def kill_one() -> None:
        worker = wait_for(lambda: set(children_of(os.getpid())) - before).pop()
        os.kill(int(worker), signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    run = desk.ingest(workers=2)
    killer.join()
    assert run.exit_code == 0
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()
    assert set(children_of(os.getpid())) <= before


@pytest.mark.parametrize(
    ("work", "error"), [("find_no_model", ModelError), ("find_no_room", StoreError)]
)
def test_an_error_that_is_no_dumps_own_fails_the_run(
    desk: Any, write_dump: Callable[..., str], work: str, error: type[Exception]
) -> None:
    desk.put("0.txt", write_dump(0))
    desk.ingest()
    before = desk.parts()
    others = set(children_of(os.getpid()))
    desk.fill(write_dump)
    with harmful(work), pytest.raises(error, match="gone"):
        desk.ingest(workers=2)
    assert desk.parts() == before
    if Path("/proc/self/task").exists():
        assert set(children_of(os.getpid())) <= others


@pytest.mark.usefixtures("small_batches")
def test_whoever_stops_a_run_does_not_wait_for_the_workers(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    others = set(children_of(os.getpid()))
    desk.fill(write_dump)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.ingest(workers=2, progress=stop)
    if Path("/proc/self/task").exists():
        assert set(children_of(os.getpid())) <= others
    desk.ingest()
    assert desk.parts() == desk.rebuild()


def kill_when(desk: Any, code: str, condition: Callable[[], Any]) -> None:
    """Kill a run of two workers that code has made harmful, and wait for the end of these."""
    whole = (
        f"import sys; sys.path.insert(0, {str(_HERE)!r});"
        f"import hostile; from clippings import pipeline, plan, publish; {code};"
        "pipeline.ingest(*sys.argv[1:3], model=sys.argv[3], workers=2, seconds_per_dump=10)"
    )
    folders = [str(desk.raw), str(desk.processed)]
    with subprocess.Popen([sys.executable, "-c", whole, *folders, desk.model]) as run:
        wait_for(condition)
        workers = wait_for(lambda: children_of(run.pid))
        run.kill()
    wait_for(lambda: not any(is_running(worker) for worker in workers))


@on_proc
@pytest.mark.parametrize("harm", ["import time; time.sleep(3600)", _BACKTRACK])
def test_workers_end_with_the_run_that_is_killed(
    desk: Any, write_dump: Callable[..., str], harm: str
) -> None:
    """Those that wait end at once; one that hears nothing, when the time of its dump is up."""
    desk.fill(write_dump)
    desk.put("3.txt", f"HARM {harm}\n\n{write_dump(3)}")
    log = desk.raw.parent / "begun"
    kill_when(
        desk,
        "plan._BATCH_DUMPS = 1; pipeline.process_batch = hostile.process_batch",
        lambda: log.exists() and "3.txt" in log.read_text(),
    )
    desk.put("3.txt", write_dump(3))
    desk.ingest()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


def test_families_whose_process_is_killed_are_put_here(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill(write_dump)
    monkeypatch.syspath_prepend(_HERE)
    hostile = import_module("hostile")
    monkeypatch.setenv(hostile.RUN, str(os.getpid()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "_MANY_ARTICLES", 0)
        patch.setattr(publish, "put_families", hostile.die_beside)
        desk.ingest(workers=2)
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


@on_proc
def test_families_end_with_the_run_that_is_killed(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their parts are written by then, and belong to no snapshot."""
    desk.fill(write_dump)
    monkeypatch.syspath_prepend(_HERE)
    monkeypatch.setenv(import_module("hostile").RUN, str(desk.raw.parent))
    kill_when(
        desk,
        "publish._MANY_ARTICLES = 0; publish.put_families = hostile.sleep_beside",
        (desk.raw.parent / "begun").exists,
    )
    desk.ingest()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


def is_running(process: str) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_layout_that_backtracks_costs_its_dump_alone(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    """A pattern of the user's own: nothing but the time limit ends it."""
    folder = desk.raw.parent / "layouts"
    folder.mkdir()
    (folder / "slips.toml").write_text(
        "name = 'slips'\n[article]\nbegins = ['SLIP (?:\\w+)+!']\n[labels]\ntitle = ['About']\n"
    )
    desk.put("evil.txt", f"SLIP {'a' * 64}\n\nAbout: Nothing\n")
    desk.put(
        "good.txt", "SLIP one!\nAbout: The Ferry\n\nIt sank.\n\nSLIP two!\nAbout: It\n\nRose.\n"
    )
    run = desk.ingest(workers=2, layout="slips", seconds_per_dump=10)
    assert [(each.path, each.code) for each in run.problems] == [("evil.txt", "too_slow")]
    assert {row["title"] for row in desk.rows("articles")} == {"The Ferry", "It"}
