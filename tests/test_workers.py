"""A crew of processes: what they give, and what becomes of an item that ends one."""

import operator
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clippings import workers
from clippings.errors import ModelError, WorkerError
from clippings.workers import Crew, Loss, share_memory

MIB = 2**20
PATIENCE_SECONDS = 60.0
KILL = "__import__('os').kill(__import__('os').getpid(), 9)"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are kept on Linux")


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(1, int, 256 * MIB) as one:
        yield one


def run(
    crew: Crew, *sources: str, seconds: float = PATIENCE_SECONDS, work: Callable[..., Any] = eval
) -> list[Any]:
    """What expressions (with `work=exec` statements) give in a process of a crew."""
    return crew.run(work, [(source, seconds) for source in sources])


def test_results_come_in_order_from_another_process(crew: Crew) -> None:
    assert run(crew, "1", "'two'", "None", "[4]") == [1, "two", None, [4]]
    assert run(crew) == []
    [first] = run(crew, "__import__('os').getpid()")
    assert run(crew, "__import__('os').getpid()") == [first]
    assert first != os.getpid()


@pytest.mark.parametrize(
    ("harm", "how"),
    [
        (KILL, "killed by SIGKILL"),
        ("__import__('os').abort()", "killed by SIGABRT"),
        ("__import__('ctypes').string_at(0)", "killed by SIGSEGV"),
        ("__import__('os')._exit(3)", "ended with exit code 3"),
        ("__import__('sys').exit(4)", "ended with exit code 4"),
        ("__import__('os')._exit(0)", "ended with exit code 0"),
    ],
)
def test_what_ends_its_process_twice_is_a_loss_and_the_others_are_done_once(
    crew: Crew, tmp_path: Path, harm: str, how: str
) -> None:
    def note(name: str) -> str:
        return f"open({str(tmp_path / name)!r}, 'a').write('x')"

    found = run(crew, note("a"), f"({note('b')}, {harm})", note("c"))
    assert found == [1, Loss("worker_killed", f"expected rows, found the process {how}, twice"), 1]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a": "x",
        "b": "xx",
        "c": "x",
    }


def test_a_process_that_is_killed_once_costs_nothing(crew: Crew, tmp_path: Path) -> None:
    once = f"import os\nif not os.path.exists({str(tmp_path / 'a')!r}):\n"
    once += f"    os.mkdir({str(tmp_path / 'a')!r}); {KILL}"
    assert run(crew, "1", once, "3", work=exec) == [None] * 3
    assert (tmp_path / "a").exists()


@pytest.mark.parametrize(
    "harm", ["__import__('time').sleep(3600)", "__import__('re').match('(a+)+$', 'a' * 64 + 'b')"]
)
def test_what_takes_too_long_is_a_loss_after_one_try(crew: Crew, tmp_path: Path, harm: str) -> None:
    tries = tmp_path / "tries"
    noted = f"(open({str(tries)!r}, 'a').write('x'), {harm})"
    found = run(crew, noted, "2", seconds=1.5)
    assert found == [Loss("too_slow", "expected rows within 2 seconds, found none"), 2]
    assert tries.read_text() == "x"


def test_the_time_of_one_item_is_not_that_of_the_next(crew: Crew) -> None:
    nap = "__import__('time').sleep(0.4)"
    assert run(crew, *[nap] * 8, seconds=3) == [None] * 8


@on_linux
@pytest.mark.parametrize(
    "hog", ["bytearray(10**10)", "[0] * 10**9", "['x' * i for i in range(10**6)]"]
)
def test_memory_is_limited(crew: Crew, hog: str) -> None:
    assert run(crew, f"len(bytearray({200 * MIB}))") == [200 * MIB]
    with pytest.raises(MemoryError):
        run(crew, hog)
    assert run(crew, "1") == [1]


@on_linux
@pytest.mark.parametrize(
    "hog",
    [
        "__import__('numpy').zeros(10**9)",
        "__import__('pyarrow').allocate_buffer(10**10)",
        "__import__('mmap').mmap(-1, 10**10, flags=2)",
    ],
)
def test_libraries_are_limited_too(crew: Crew, hog: str) -> None:
    with pytest.raises((MemoryError, OSError)):
        run(crew, hog)


@on_linux
def test_a_result_that_lacked_memory_is_tried_again_in_a_fresh_process(crew: Crew) -> None:
    """The first item leaves 120 of 256 MiB behind: too little for a new process, if not for all."""
    hold = f"globals().setdefault('held', bytearray({120 * MIB})) and 1"
    need = f"len(bytearray({200 * MIB}))"
    with pytest.raises(MemoryError):
        run(crew, hold, need)
    is_starved = partial(operator.eq, "starved")
    attempt = f"globals().get('held') and 'starved' or {need}"
    items = [(source, PATIENCE_SECONDS) for source in (hold, attempt, "3")]
    assert crew.run(eval, items, is_starved) == [1, 200 * MIB, 3]
    always = [("'starved'", PATIENCE_SECONDS), ("2", PATIENCE_SECONDS)]
    assert crew.run(eval, always, is_starved) == ["starved", 2]


@on_linux
def test_a_process_that_holds_half_of_its_memory_is_replaced(crew: Crew) -> None:
    hold = f"globals().setdefault('held', bytearray({140 * MIB})) and __import__('os').getpid()"
    first, second = run(crew, hold, "__import__('os').getpid()")
    assert first != second


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        ("{}['key']", KeyError, "key"),
        ("raise clippings.errors.ModelError('gone')", ModelError, "gone"),
        # It cannot be read back: its arguments are not those of its message.
        (
            "raise clippings.errors.ReadError('code', 'odd')",
            WorkerError,
            "expected a result, found ReadError: odd",
        ),
    ],
)
def test_errors_come_back_and_say_where_they_arose(
    crew: Crew, statement: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        run(crew, "pass", f"import clippings.errors\n{statement}", "pass", work=exec)
    assert str(caught.value).strip("'") == message
    if error is not WorkerError:
        assert "In a worker process:\nTraceback" in caught.value.__notes__[0]
    assert run(crew, "2") == [2]


def test_a_process_that_cannot_get_ready_is_an_error() -> None:
    with (
        Crew(1, partial(os._exit, 7), MIB) as crew,
        pytest.raises(WorkerError, match=r"found one ended with exit code 7.*--workers 1"),
    ):
        run(crew, "1")
    with Crew(1, partial(int, "one"), MIB) as crew, pytest.raises(ValueError, match="'one'"):
        run(crew, "1")


def test_getting_ready_has_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert workers.START_SECONDS > 60
    code = workers._CODE.replace(
        "serve;", "serve; import clippings.workers as w; w.START_SECONDS = 1;"
    )
    monkeypatch.setattr(workers, "_CODE", code)
    with Crew(1, partial(time.sleep, 3600), MIB) as crew, pytest.raises(WorkerError, match="ALRM"):
        run(crew, "1")


def test_several_threads_share_the_processes() -> None:
    with Crew(2, int, 256 * MIB) as crew, ThreadPoolExecutor(8) as threads:
        harm = {3: KILL, 7: "__import__('os')._exit(1)"}
        futures = [
            threads.submit(run, crew, harm.get(number, str(number)), "__import__('os').getpid()")
            for number in range(20)
        ]
        results = [future.result() for future in futures]
    assert [number for number, (first, _) in enumerate(results) if first != number] == [3, 7]
    assert len({process for _, process in results}) <= 2 + 2 * len(harm)


def test_stop_ends_all_at_once() -> None:
    with Crew(2, int, MIB * 256) as crew, ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(run, crew, "__import__('time').sleep(3600)") for _ in range(3)]
        while len(crew._live) < 2:
            time.sleep(0.01)
        processes = [worker._process for worker in crew._live]
        crew.stop()
        for future in futures:
            with pytest.raises(CancelledError):
                future.result()
    assert all(process.returncode == -9 for process in processes)
    assert crew._live == []


def test_nothing_is_left_running() -> None:
    with Crew(1, int, 256 * MIB) as crew:
        run(crew, "1")
        [worker] = crew._live
        assert worker._process.poll() is None
    assert worker._process.returncode is not None


def test_modules_are_not_taken_from_the_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "pickle", "signal", "clippings", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}.ran', 'w')\nraise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    with Crew(1, int, 256 * MIB) as crew:
        assert run(crew, "1") == [1]
    assert [path.name for path in tmp_path.glob("*.ran")] == []


def test_a_script_without_a_guard_may_start_processes(tmp_path: Path) -> None:
    """`multiprocessing` would run the script once more in each process."""
    script = tmp_path / "script.py"
    script.write_text(
        "from clippings.workers import Crew\n"
        "with Crew(1, int, 2**28) as crew:\n"
        "    print(crew.run(eval, [('6 * 7', 60)]))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == "[42]\n"


@pytest.mark.parametrize(
    ("machine", "count", "share"),
    [(64, 4, 8), (64, 64, 2), (16, 2, 4), (16, 16, 2), (3, 1, 1.5), (3, 8, 1.5)],
)
def test_memory_is_shared(
    monkeypatch: pytest.MonkeyPatch, machine: int, count: int, share: float
) -> None:
    monkeypatch.setattr(workers, "memory_bytes", lambda: machine * 2**30)
    assert share_memory(count) == share * 2**30


def test_the_memory_of_this_machine_is_known() -> None:
    assert 2**28 < workers.memory_bytes() < 2**50
    assert 0 < share_memory(1) <= workers.memory_bytes() // 2
