"""A process that has all modules loaded, and forks a run of `ingest` for every order it reads.

Run it as a script, with the model that it shall have loaded too. An order is a line of JSON on
standard input: the arguments of `ingest` under "ingest", and where the run is to kill itself: at
the `kill_count`-th passing of the checkpoint `kill_at` (here "process", before each dump, is one
too), or before its `kill_touch`-th change of the file system. The answer is a line of JSON: the
signal that ended the run, or 0; its exit code; the checkpoints passed; and for every change of the
file system the checkpoint before it.
"""

import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

from clippings import pipeline, store
from clippings.entities import resolve
from clippings.models import find_model
from clippings.tag import load_pipeline

_CHANGES = ("os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir")


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """Fork a run, wait for its end and tell what came of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(order, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as lines:
        told = [line.rstrip("\n") for line in lines]
    _, status = os.waitpid(child, 0)
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "passed": [line for line in told if line != "touch"],
        "touched_after": [
            next((word for word in told[:number][::-1] if word != "touch"), None)
            for number, word in enumerate(told)
            if word == "touch"
        ],
    }


def _run(order: dict[str, Any], writer: int) -> None:
    passed: list[str] = []

    def checkpoint(name: str) -> None:
        passed.append(name)
        os.write(writer, f"{name}\n".encode())
        if name == order.get("kill_at") and passed.count(name) == order.get("kill_count", 1):
            os.kill(os.getpid(), signal.SIGKILL)

    touches = 0

    def touch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal touches
        is_change = event in _CHANGES
        if event == "open":
            is_change = bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
        # Whatever has a path in the folder of tables, or is relative to one, as `rmtree` has it.
        path = arguments[1 if event == "os.symlink" else 0]
        path = os.fsdecode(path) if isinstance(path, (str, bytes)) else "/"
        if is_change and (path.startswith(order["ingest"]["processed"]) or "/" not in path):
            touches += 1
            os.write(writer, b"touch\n")
            if touches == order.get("kill_touch"):
                os.kill(os.getpid(), signal.SIGKILL)

    process = pipeline.process

    def process_and_tell(*arguments: Any) -> Any:
        checkpoint("process")
        return process(*arguments)

    code = 1
    try:
        store.checkpoint = checkpoint
        pipeline.process = process_and_tell
        sys.addaudithook(lambda event, arguments: arguments and touch(event, arguments))
        pipeline.ingest(**order["ingest"])
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    for module in ("compute", "ipc", "parquet"):
        import_module(f"pyarrow.{module}")
    load_pipeline(find_model(sys.argv[1]))
    resolve(["Haifa", "Nowhere"], "PLACE")  # reads the lists of names
    os.fsync = lambda _: None  # a killed process loses nothing that it wrote
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
