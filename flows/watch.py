"""The job when a file arrives: `python flows/watch.py --raw raw --processed processed`.

Stays, and runs the flow at the start and whenever something in `raw/` is new, changed or gone.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

# First, because it sets what Prefect reads when it is imported.
from ingest import BUSY, FAILED, ServerError, add_options, fail, find_server, run_flow, stop
from watchfiles import watch

Notes = dict[str, tuple[int, int, int] | None]
"""Size in bytes, time of change and time of the entry's change, in ns, of every file by path."""

RETRY_SECONDS = 30
"""After which a run is tried again that found another one at work."""
LOOK_SECONDS = 5
"""After which one looks even where no event came: shared folders send none."""
PATIENCE_SECONDS = 60
"""After which one says what one is waiting for."""


def look(raw: Path) -> Notes:
    """Note all files below a folder."""
    notes: Notes = {}
    for folder, _, names in os.walk(raw):
        for name in names:
            path = os.path.join(folder, name)
            try:
                status = Path(path).stat()
                notes[path] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            except OSError:  # gone again, or a link to nowhere
                notes[path] = None
    return notes


def wait_until_whole(raw: Path, *, quiet_seconds: float, ended: Event) -> Notes:
    """Wait until nothing changes any more.

    Args:
        raw: Folder of dumps.
        quiet_seconds: How long nothing must have changed.
        ended: Set to wait no longer.

    Returns:
        What stands in the folder.
    """
    notes = look(raw)
    start = since = time.monotonic()
    is_told = False
    while time.monotonic() - since < quiet_seconds and not ended.wait(quiet_seconds / 8):
        now = look(raw)
        if now != notes:
            changing = [path for path in now if now[path] != notes.get(path)]
            notes, since = now, time.monotonic()
            if changing and since - start > PATIENCE_SECONDS and not is_told:
                print(f"waiting for {changing[0]!r}, which is still written to", flush=True)
                is_told = True
    return notes


def watch_dumps(
    raw: Path, run: Callable[[], int], *, quiet_seconds: float, ended: Event | None = None
) -> None:
    """Run something at the start and after every change, once for all that came meanwhile.

    Args:
        raw: Folder of dumps.
        run: What to run; gives an exit code.
        quiet_seconds: How long nothing must have changed before it is run.
        ended: Set to end; without it, only an exception ends.
    """
    ended = ended or Event()
    changes = watch(
        raw,
        watch_filter=None,
        stop_event=ended,
        rust_timeout=LOOK_SECONDS * 1000,
        yield_on_timeout=True,
    )
    done: Notes | None = None
    while not ended.is_set():
        if look(raw) == done:
            next(changes, None)  # also tells what came during a run
            continue
        done = wait_until_whole(raw, quiet_seconds=quiet_seconds, ended=ended)
        if not ended.is_set() and run() == BUSY:
            done = None
            ended.wait(RETRY_SECONDS)


def try_flow(options: argparse.Namespace) -> int:
    """Run the flow, and outlive whatever becomes of it."""
    try:
        find_server()
        return run_flow(options)
    except Exception as error:
        from prefect.server.api.server import SubprocessASGIServer

        print(f"clippings: the run broke off: {error!r}", file=sys.stderr, flush=True)
        SubprocessASGIServer().stop()  # perhaps it is dead; the next run starts another
        return BUSY


def main() -> int:
    """Watch until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="flows/watch.py",
        description="Run the flow at the start and whenever something in the raw folder changes.",
    )
    add_options(parser)
    parser.add_argument(
        "--quiet-seconds",
        type=float,
        default=2,
        metavar="N",
        help="how long a file must not have changed to count as whole (default: 2)",
    )
    options = parser.parse_args()
    raw = Path(options.raw)
    if not raw.is_dir():
        print(f"clippings: {raw}: expected a folder to watch. Make it.", file=sys.stderr)
        return FAILED
    signal.signal(signal.SIGTERM, stop)
    try:
        find_server()
        print(f"watching {raw}/; Ctrl-C ends it", flush=True)
        watch_dumps(raw, lambda: try_flow(options), quiet_seconds=options.quiet_seconds)
    except ServerError as error:
        return fail(error)
    except KeyboardInterrupt:
        print("no longer watching", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
