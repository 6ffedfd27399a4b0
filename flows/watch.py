"""The job when a file arrives: `python flows/watch.py --raw raw --processed processed`.

Stays, and runs `flows/ingest.py` at the start and whenever something in `raw/` is new, changed or
gone: in a process of its own, so that nothing that befalls a run ends the watch, and an idle watch
costs next to nothing. Where PREFECT_API_URL names a server that stays, each run starts in seconds.
With `--emit` it runs nothing but tells that server, and the deployment `by-arrival` of prefect.yaml
runs.
"""

import argparse
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from threading import Event

from watchfiles import watch

Notes = dict[str, tuple[int, int, int] | None]
"""Size in bytes, time of change and time of the entry's change, in ns, of every file by path."""

EVENT = "clippings.arrived"
"""What the server is told of; prefect.yaml waits for it."""

INGEST = Path(__file__).with_name("ingest.py")
DONE, FAILED, USAGE = (0, 3), 1, 2
RETRY_SECONDS = 30
"""After which a failed run is tried again; twice as long each time that it fails again."""
MOST_RETRY_SECONDS = 3600
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
        if now == notes:
            continue
        changing = [path for path in now if now[path] != notes.get(path)]
        notes, since = now, time.monotonic()
        if changing and since - start > PATIENCE_SECONDS and not is_told:
            print(f"waiting for {changing[0]!r}, which is still written to", flush=True)
            is_told = True
    return notes


def watch_dumps(
    raw: Path,
    run: Callable[[], int],
    *,
    quiet_seconds: float,
    retry_seconds: float = RETRY_SECONDS,
    ended: Event | None = None,
) -> None:
    """Run something at the start and after every change, once for all that came meanwhile.

    Args:
        raw: Folder of dumps.
        run: What to run; gives the exit code of `clippings ingest`.
        quiet_seconds: How long nothing must have changed before it is run.
        retry_seconds: How long to wait after a failure before it is tried again.
        ended: Set to end; without it, only an exception ends.
    """
    ended = ended or Event()
    changes = watch(
        raw,
        watch_filter=None,
        stop_event=ended,
        rust_timeout=int(min(LOOK_SECONDS, retry_seconds) * 1000),
        yield_on_timeout=True,
    )
    done: Notes | None = None
    pause, again_at = retry_seconds, math.inf
    while not ended.is_set():
        if look(raw) == done and time.monotonic() < again_at:
            next(changes, None)  # gives at once what came during a run
            continue
        done = wait_until_whole(raw, quiet_seconds=quiet_seconds, ended=ended)
        if ended.is_set():
            break
        if run() in DONE:
            pause, again_at = retry_seconds, math.inf
        else:
            again_at = time.monotonic() + pause
            pause = min(2 * pause, MOST_RETRY_SECONDS)


def run_python(*arguments: str | Path) -> int:
    """Run a script or module in another process.

    Returns:
        Its exit code.

    Raises:
        SystemExit: It does not know the options.
    """
    # Not in the group that Ctrl-C reaches: it is told once, and waited for.
    child = Popen([sys.executable, *arguments], process_group=0)  # noqa: S603 (our own words)
    try:
        code = child.wait()
    finally:
        child.terminate()
        child.wait()
        with suppress(ProcessLookupError):  # the server of a run that was killed
            os.killpg(child.pid, signal.SIGTERM)
    if code == USAGE:
        sys.exit(USAGE)
    return code


def main() -> int:
    """Watch until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="flows/watch.py",
        usage="%(prog)s [-h] [--raw FOLDER] [--quiet-seconds N] "
        "[--emit | options of flows/ingest.py]",
        description="Run the flow at the start and whenever something in the raw folder changes.",
    )
    parser.add_argument("--raw", default="raw", metavar="FOLDER", help="dumps (default: raw)")
    parser.add_argument(
        "--quiet-seconds",
        type=float,
        default=2,
        metavar="N",
        help="how long nothing must have changed for files to count as whole (default: 2)",
    )
    parser.add_argument(
        "--emit",
        action="store_true",
        help=f"emit the event {EVENT} to the server that PREFECT_API_URL names, and run nothing",
    )
    options, rest = parser.parse_known_args()
    raw = Path(options.raw)
    command: list[str | Path] = [INGEST, "--raw", options.raw, *rest]
    if options.emit:
        if rest:
            parser.error(f"--emit: expected no other options, found {rest[0]}; see prefect.yaml")
        resource = f"clippings.raw.{raw.absolute()}"
        command = ["-m", "prefect", "event", "emit", EVENT, "--resource-id", resource]
    if not raw.is_dir():
        print(f"clippings: {raw}: expected a folder to watch. Make it.", file=sys.stderr)
        return FAILED
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"watching {raw}/; Ctrl-C ends it", flush=True)
    try:
        watch_dumps(raw, lambda: run_python(*command), quiet_seconds=options.quiet_seconds)
    except KeyboardInterrupt:
        print("no longer watching", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
