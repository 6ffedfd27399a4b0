"""Processes that work for a run and are watched: what kills one, or takes too long, costs one item.

Each process has a pipe of its own, at whose other end one thread waits. `concurrent.futures` fails
all the work when one process is killed, and in Python 3.11 hangs when one dies while another is
born.

The kernel keeps the limits: a pattern that backtracks, or a library in C, does not come back to the
interpreter to look at a clock. An alarm ends a process that takes too long, also when the run that
started it is gone; on Linux RLIMIT_DATA refuses it memory, which most code answers with a
MemoryError. What cannot is killed by its own hand, and tried once more in a fresh process.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from math import ceil
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import LifoQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from clippings import lean
from clippings.errors import WorkerError

START_SECONDS = 300
"""How long a process may take to get ready, with the model it loads."""

LEAST_BYTES = 2 * 2**30
"""What each process may take at least, in bytes, unless that is over half of the memory."""

# -P: no module is taken from the folder in which the run was started.
_COMMAND = (sys.executable, "-P", "-c")
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]);"
    "from clippings.workers import serve; serve(int(sys.argv[1]))"
)
# Arrow's own way to get memory claims 1 GiB with the first number, and fails where it is not given.
_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
_TRIES = 2
_CGROUP_FILES = ("memory.max", "memory/memory.limit_in_bytes")  # of version 2 and of version 1

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Loss:
    """What stands for the result of an item that ended its process.

    Attributes:
        code: `too_slow` or `worker_killed`.
        detail: What was expected and what was found.
    """

    code: str
    detail: str


class _DeadError(Exception):
    """The process at the other end of a pipe is no more; what came of it."""

    def __init__(self, code: int) -> None:
        super().__init__(_describe(code))
        self.is_slow = code == -signal.SIGALRM


def _describe(code: int) -> str:
    """Tell how a process ended.

    >>> _describe(-9), _describe(3)
    ('killed by SIGKILL', 'ended with exit code 3')
    """
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:  # no signal, or one without a name
        return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def share_memory(workers: int) -> int:
    """Give what each of some processes may take, in bytes, beside the model that it has loaded.

    Half of the memory of the machine, or of the container, is shared among them.
    """
    half = memory_bytes() // 2
    return max(half // workers, min(half, LEAST_BYTES))


def memory_bytes() -> int:
    """Give the memory of the machine, or of the container where that is less, in bytes."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CGROUP_FILES:
        try:
            sizes.append(int((Path("/sys/fs/cgroup") / name).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return min(sizes)


def _never(_: object) -> bool:
    return False


class Crew:
    """Processes that are started when they are needed, and end with this context.

    Args:
        count: Most processes at a time.
        prepare: What each does first; pickled, as all that is sent to a process is.
        max_bytes: What each may take beyond what it holds then, in bytes; kept on Linux only.
    """

    def __init__(self, count: int, prepare: Callable[[], object], max_bytes: int) -> None:
        self._count = count
        self._prepare = prepare
        self._max_bytes = max_bytes
        self._free: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._live: list[_Worker] = []
        self._lock = Lock()
        self._is_stopped = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        for _ in range(self._count):
            if worker := self._free.get():
                self._end(worker)

    def stop(self) -> None:
        """Kill all processes; what waits for one ends with a CancelledError."""
        with self._lock:
            self._is_stopped = True
            for worker in self._live:
                worker.kill()

    def run(
        self,
        work: Callable[[Item], Result],
        items: Sequence[tuple[Item, float]],
        is_starved: Callable[[Result], bool] = _never,
    ) -> list[Result | Loss]:
        """Work off items one after the other in one process; any thread may call this.

        An item that ends its process is tried once more in a fresh one, unless its time was up.

        Args:
            work: What to do with an item; a function of a module, not of a script.
            items: The items, and the seconds that each may take.
            is_starved: Says of a result that it lacked memory: tried once more too. Asked in the
                process.

        Returns:
            The results, and a `Loss` for each item that has none.

        Raises:
            CancelledError: The crew was stopped.
            WorkerError: No process can be started.
            Exception: What `work` or `prepare` raises.
        """
        results: list[Result | Loss] = []
        is_second = False
        worker = self._free.get()
        try:
            while len(results) < len(items):
                if worker is None or worker.is_spent:
                    worker = self._replace(worker)
                try:
                    rest = items[len(results) :]
                    for result, lacked in worker.work_off(work, rest, is_starved):
                        if lacked and not is_second:
                            is_second = True
                            break
                        results.append(result)
                        is_second = False
                except _DeadError as end:
                    worker.is_spent = True
                    if self._is_stopped:
                        raise CancelledError from None
                    if end.is_slow or is_second:
                        results.append(_give_up(end, items[len(results)][1]))
                    is_second = not (end.is_slow or is_second)
        except BaseException:
            if worker:  # it may be at work still
                worker.is_spent = True
            raise
        finally:
            self._free.put(worker)
        return results

    def _replace(self, old: _Worker | None) -> _Worker:
        """Start a process in the place of one that is spent."""
        if old:
            self._end(old)
        for attempt in range(_TRIES):
            with self._lock:
                if self._is_stopped:
                    raise CancelledError
                worker = _Worker()
                self._live.append(worker)
            try:
                worker.get_ready(self._prepare, self._max_bytes)
            except _DeadError as end:
                self._end(worker)
                if attempt == _TRIES - 1 and not self._is_stopped:
                    raise WorkerError(
                        f"expected a worker process to get ready, found one {end}. Look at what it "
                        "printed, or run again with --workers 1."
                    ) from None
            except BaseException:
                self._end(worker)
                raise
            else:
                return worker
        raise CancelledError

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            if worker in self._live:
                self._live.remove(worker)
        worker.end()


def _give_up(end: _DeadError, seconds: float) -> Loss:
    if end.is_slow:
        return Loss("too_slow", f"expected rows within {ceil(seconds):,} seconds, found none")
    return Loss("worker_killed", f"expected rows, found the process {end}, twice")


class _Worker:
    """One process, seen from the run.

    Attributes:
        is_spent: Whether it is to do no more.
    """

    def __init__(self) -> None:
        self._pipe, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (this Python, and nothing of a user's)
                [*_COMMAND, _CODE, str(theirs.fileno()), json.dumps(sys.path)],
                stdin=subprocess.PIPE,  # never written to: it closes when the run is killed
                pass_fds=[theirs.fileno()],
                env=os.environ | _ENVIRONMENT,
            )
        self.is_spent = False

    def get_ready(self, prepare: Callable[[], object], max_bytes: int) -> None:
        self._send((prepare, max_bytes))
        self._receive()

    def work_off(
        self,
        work: Callable[[Item], Result],
        items: Sequence[tuple[Item, float]],
        is_starved: Callable[[Result], bool],
    ) -> Iterator[tuple[Result, bool]]:
        """Yield results, and whether they lacked memory, up to the one that spends the process."""
        self._send((work, items, is_starved))
        for _ in items:
            result: tuple[Result, bool] = self._receive()
            yield result
            if self.is_spent:
                return

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self.kill()
        self._pipe.close()
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _send(self, message: object) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            raise _DeadError(self._process.wait()) from None

    def _receive(self) -> Any:
        try:
            result, error, self.is_spent = self._pipe.recv()
        except (EOFError, OSError):
            raise _DeadError(self._process.wait()) from None
        if error:
            raise error
        return result


# --- in the process ---------------------------------------------------------------------------


def serve(descriptor: int) -> None:
    """Work off what comes through a pipe, until it is closed; the life of a process of a crew.

    Args:
        descriptor: Of this end of the pipe.
    """
    Thread(target=_end_with_run, daemon=True).start()
    lean.spare_resources()
    # Ctrl-C reaches every process of a terminal: the run sees to this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _serve(Connection(descriptor))


def _serve(pipe: Connection[Any, Any]) -> None:
    prepare, max_bytes = pipe.recv()
    _, error = _attempt(lambda _: prepare(), None, START_SECONDS)
    held = _held_bytes()
    if held is not None:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = held + max_bytes
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, most))
    pipe.send((None, error, False))
    while True:
        try:
            work, items, is_starved = pipe.recv()
        except EOFError:
            return
        for item, seconds in items:
            result, error = _attempt(work, item, seconds)
            lacked = error is None and is_starved(result)
            # What an item leaves behind must not make the next one lack memory.
            is_spent = lacked or (_held_bytes() or 0) - (held or 0) > max_bytes // 2
            pipe.send(((result, lacked), error, is_spent))
            if error or is_spent:
                break


def _attempt(
    work: Callable[[Any], Any], item: object, seconds: float
) -> tuple[Any, Exception | None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return work(item), None
    except Exception as error:
        return None, _portable(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _portable(error: Exception) -> Exception:
    """Make an error fit to be sent, with a note of where it came from."""
    error.add_note(f"In a worker process:\n{traceback.format_exc()}")
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (what was just written)
    except Exception:  # such as one whose arguments are not those of its message
        return WorkerError(f"expected a result, found {type(error).__name__}: {error}")
    return error


def _held_bytes() -> int | None:
    """Tell how much this process holds of what RLIMIT_DATA counts; None where there is no way."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[5]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()


def _end_with_run() -> None:
    """End this process when the run that started it is killed; it would work on for nobody."""
    while os.read(0, 1):
        pass
    os._exit(1)
