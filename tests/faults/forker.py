"""A process that has all modules loaded, and forks runs of `ingest` for every order it reads.

Run it as a script, with the model that it shall have loaded too. An order is a line of JSON on
standard input:

- "ingest": the arguments of `ingest`;
- "run_count": how many runs start together (1);
- "kill_at", "kill_count": a run kills itself at that passing of a checkpoint (here "process",
  before each dump, is one too);
- "kill_touch": before that change of the file system, counted from 1;
- "kill_after": the run is killed so many seconds after it began;
- "fail", "room", "is_syncing": see `calls.Calls`;
- "bucket_rows": rows of a table up to which it has no more buckets, so that small ones have many;
- "rest_seconds": how long old snapshots are left alone (0, so that every run deletes some).

The answer is a line of JSON, a list where more than one run was asked for: the signal that ended
the run, or 0; its exit code, as that of the command, and 70 for an error that is none of ours; its
error; the checkpoints passed; for every change of the file system the checkpoint before it; the
calls made, the bytes written and whether the call that was to fail was reached; and the seconds.
"""

import gc
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from calls import CHANGES, Calls

from clippings import pipeline, store, work
from clippings.errors import ClippingsError, LockedError

_PATIENCE_SECONDS = 120


def answer(order: dict[str, Any]) -> Any:
    """Fork runs, wait for their ends and tell what came of each."""
    gate, opener = os.pipe()
    runs = []
    for _ in range(order.get("run_count", 1)):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(opener)
            os.read(gate, 1)  # until all are there
            _run(order, writer)
        os.close(writer)
        runs.append((child, reader))
    os.close(gate)
    os.close(opener)
    ends = [_wait(child, reader, order.get("kill_after")) for child, reader in runs]
    return ends if "run_count" in order else ends[0]


def _wait(child: int, reader: int, kill_after: float | None) -> dict[str, Any]:
    start = time.monotonic()
    told = b""
    while True:
        seconds = start + (kill_after or _PATIENCE_SECONDS) - time.monotonic()
        if not select.select([reader], [], [], max(0, seconds))[0]:
            os.kill(child, signal.SIGKILL)
            if kill_after is None:
                raise TimeoutError("a run hangs")
            kill_after = _PATIENCE_SECONDS
        elif more := os.read(reader, 1 << 16):
            told += more
        else:
            break
    os.close(reader)
    _, status = os.waitpid(child, 0)
    lines = told.decode().splitlines()
    end = json.loads(lines.pop()) if lines and lines[-1].startswith("{") else {}
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "passed": [line for line in lines if line != "touch"],
        "touched_after": [
            next((word for word in lines[:number][::-1] if word != "touch"), None)
            for number, word in enumerate(lines)
            if word == "touch"
        ],
        "seconds": time.monotonic() - start,
        **end,
    }


def _run(order: dict[str, Any], writer: int) -> None:
    passed: list[str] = []

    def checkpoint(name: str) -> None:
        passed.append(name)
        os.write(writer, f"{name}\n".encode())
        if name == order.get("kill_at") and passed.count(name) == order.get("kill_count", 1):
            os.kill(os.getpid(), signal.SIGKILL)

    touches = 0

    def before(kind: str) -> None:
        nonlocal touches
        if kind in CHANGES:
            touches += 1
            os.write(writer, b"touch\n")
            if touches == order.get("kill_touch"):
                os.kill(os.getpid(), signal.SIGKILL)

    process = work.process

    def process_and_tell(*arguments: Any) -> Any:
        checkpoint("process")
        return process(*arguments)

    store._BUCKET_ROWS = order.get("bucket_rows", store._BUCKET_ROWS)
    store._REST_SECONDS = order.get("rest_seconds", 0)
    store.checkpoint = checkpoint
    work.process = process_and_tell
    calls = Calls(
        order["ingest"]["processed"],
        fail=order.get("fail"),
        room=order.get("room"),
        is_syncing=order.get("is_syncing", False),
        before=before,
    )
    calls.install()
    code, error = 70, None
    try:
        code = pipeline.ingest(**order["ingest"]).exit_code
    except ClippingsError as failure:
        code, error = (75 if isinstance(failure, LockedError) else 1), str(failure)
    except BaseException:
        error = traceback.format_exc()
    finally:
        end = {
            "code": code,
            "error": error,
            "calls": calls.counts,
            "byte_count": calls.byte_count,
            "is_reached": calls.is_reached,
        }
        os.write(writer, json.dumps(end).encode() + b"\n")
        os._exit(0)


def _warm_up(model: str) -> None:
    """Make a run, so that all modules, lists and the pipeline are loaded in every child."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        raw.mkdir()
        (raw / "a.txt").write_text("A Title\n\nMarch 3 2019\n\nHaifa, and other words.\n\n\n")
        for _ in range(2):
            pipeline.ingest(raw, Path(folder) / "processed", model=model)
            (raw / "b.txt").write_text("Another\n\nMarch 4 2019\n\nJaffa, and other words.\n\n\n")
    gc.freeze()


if __name__ == "__main__":
    _warm_up(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
