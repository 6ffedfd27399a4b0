"""Work in several processes: the same bytes, and no harm when one of them is killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clippings import pipeline
from clippings.errors import WorkerError

_PATIENCE_SECONDS = 60


def fill(desk: Any, write_dump: Callable[..., str]) -> None:
    for number in range(6):
        desk.put(f"{number}.txt", write_dump(number, number + 1))
    desk.put("same.txt", write_dump(0, 1))
    desk.put("bad.txt", b"\0")
    desk.put(os.fsdecode("über\n🕯.txt".encode()), write_dump(7))


def wait_for(condition: Callable[[], Any]) -> Any:
    """Wait until something holds; what it gives is given."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_BATCH_DUMPS", 2)


@pytest.mark.usefixtures("small_batches")
def test_two_workers_give_the_same_bytes(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    fill(desk, write_dump)
    told: list[tuple[int, int]] = []
    run = desk.ingest(workers=2, progress=lambda *counts: told.append(counts))
    assert tagged == []  # not in this process
    assert told[-1] == (9, 9)
    assert len(told) == 5
    assert run.exit_code == 3
    assert desk.parts() == desk.rebuild()
    assert len(tagged) == 8  # once each, and the two that are the same once
    desk.assert_tidy()


@pytest.mark.usefixtures("small_batches")
def test_a_killed_worker_is_an_error_and_the_next_run_goes_on(
    desk: Any, write_dump: Callable[..., str]
) -> None:
    desk.put("0.txt", write_dump(0))
    desk.ingest()
    before = desk.parts()
    fill(desk, write_dump)

    def kill_one() -> None:
        workers = wait_for(lambda: len(found := multiprocessing.active_children()) > 1 and found)
        time.sleep(0.1)  # a pool in which one dies while another is born hangs, in Python 3.11
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(WorkerError, match=r"found one killed.*--workers 1"):
        desk.ingest(workers=2)
    killer.join()
    assert desk.parts() == before
    desk.ingest()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
def test_workers_end_with_the_run_that_is_killed(desk: Any, write_dump: Callable[..., str]) -> None:
    """Workers that wait for work for ever would keep their memory, and the lock if they had it."""
    fill(desk, write_dump)
    folders = ["--raw", str(desk.raw), "--processed", str(desk.processed)]
    code = (
        "import sys; from clippings import cli, pipeline; pipeline._BATCH_DUMPS = 1;"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "ingest", *folders, "--model", desk.model]
    with subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.DEVNULL) as run:
        listing = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        # Two workers, and the process with which `multiprocessing` looks after its semaphores.
        children = wait_for(lambda: len(found := listing.read_text().split()) > 2 and found)
        run.kill()
    wait_for(lambda: not any(is_running(child) for child in children))
    desk.ingest()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


def is_running(process: str) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
