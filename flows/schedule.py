"""The job by the clock: `python flows/schedule.py --cron "0 6 * * *"`.

Stays and runs the flow when it is due, one run at a time. The clock is that of a Prefect server
that stays too: start it with `prefect server start` and name it with PREFECT_API_URL.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

# First, because it sets what Prefect reads when it is imported.
from ingest import (
    FAILED,
    ServerError,
    add_options,
    fail,
    find_server,
    ingest_dumps,
    parameters,
    read_options,
)
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.settings import PREFECT_API_URL

from clippings.cli import positive

DEPLOYMENT = "scheduled"
"""Name of the deployment; with the flow's: clippings/scheduled."""
PAUSE_SECONDS = 30
"""After which one serves again when the server was lost."""


def served_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Take from the options what a run is called with, wherever it is started."""
    values = parameters(options)
    for name in ("raw", "processed", "registry", "model"):
        if values[name] and (name != "model" or Path(values[name]).is_dir()):
            values[name] = str(Path(values[name]).absolute())
    return values


def read_schedule(options: argparse.Namespace) -> Schedule:
    """Take from the options when the flow is to run.

    Raises:
        ValueError: The times cannot be read.
    """
    if options.cron is None:
        return Interval(timedelta(seconds=options.interval))
    return Cron(options.cron, timezone=options.timezone)


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(
            f"expected a name such as Asia/Jerusalem, found {name!r}"
        ) from None


def _end_as_ctrl_c(self: Runner, *args: Any, **kwargs: Any) -> None:  # noqa: ARG001
    signal.raise_signal(signal.SIGINT)


def stay(serve: Callable[[], None], *, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Serve until Ctrl-C; Prefect gives up when its server is away for some minutes.

    Args:
        serve: Returns on Ctrl-C, raises when it gives up.
        pause_seconds: How long to wait before serving again.
    """
    try:
        while True:
            try:
                return serve()
            except Exception as error:  # whatever it was, the next run must not be missed
                print(f"clippings: no longer served: {error!r}; trying again", file=sys.stderr)
                time.sleep(pause_seconds)
    except KeyboardInterrupt:
        return None


def main() -> int:
    """Serve the flow until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="flows/schedule.py",
        description="Run the flow by the clock of the Prefect server that PREFECT_API_URL names.",
    )
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--cron", metavar="TIMES", help='when to run, such as "0 6 * * *"')
    when.add_argument("--interval", type=positive, metavar="SECONDS", help="how often to run")
    parser.add_argument(
        "--timezone",
        type=_timezone,
        default="UTC",
        metavar="NAME",
        help="of the cron times, such as Asia/Jerusalem (default: UTC)",
    )
    parser.add_argument(
        "--limit", type=positive, default=1, metavar="N", help="most runs at a time (default: 1)"
    )
    add_options(parser)
    options = read_options(parser)
    try:
        schedule = read_schedule(options)
    except ValueError as error:
        parser.error(str(error))
    if not PREFECT_API_URL.value():
        print(
            "clippings: expected a Prefect server, found no PREFECT_API_URL. Start one in another "
            "terminal with `prefect server start`, then here: "
            "export PREFECT_API_URL=http://127.0.0.1:4200/api",
            file=sys.stderr,
        )
        return FAILED
    try:
        find_server()
    except ServerError as error:
        return fail(error)
    # Prefect's own way (3.8.8) prints a traceback and leaves the schedule on with nobody to run it.
    Runner.handle_sigterm = _end_as_ctrl_c  # type: ignore[method-assign]
    # A shell lets what it starts with `&` ignore Ctrl-C, and so it would ignore SIGTERM too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stay(
        partial(
            ingest_dumps.serve,
            DEPLOYMENT,
            schedule=schedule,
            parameters=served_parameters(options),
            limit=options.limit,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
