"""The job as a Prefect flow: `python flows/ingest.py --raw raw --processed processed`.

It runs on the server that PREFECT_API_URL names, else on one that Prefect starts for the run. What
is done stands in the manifest of `processed/`, never in Prefect: a run that a power cut ended stays
"Running" there, and stops nobody.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing import active_children, get_context
from threading import Event, Thread
from typing import Any

# Here and not in pyproject.toml, which Prefect reads only in the folder that one stands in. What
# the environment says comes first.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "true")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
# The server is stopped with the run; a connection that it drops then is no news (a traceback of
# SQLAlchemy in one run of three).
os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "CRITICAL")

from prefect import State, flow, get_client, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from clippings.errors import ClippingsError, LockedError, WorkerError
from clippings.pipeline import Batch, Done, ingest
from clippings.report import quote, write_markdown, write_text

ARTIFACT = "clippings-run"
"""Key of the report that each run leaves in Prefect."""

FAILED, BUSY, STOPPED = 1, 75, 130
_RECORD_SECONDS = 10
_IGNORE_CTRL_C = (signal.SIGINT, signal.SIG_IGN)

Work = Callable[[Batch], Done]


@flow(name="clippings", flow_run_name="{raw} to {processed}", persist_result=False)
def ingest_dumps(
    raw: str = "raw",
    processed: str = "processed",
    model: str | None = None,
    layout: str | None = None,
    workers: int = 1,
) -> State[Any]:
    """Bring the tables in `processed` up to date with the dumps in `raw`.

    Args:
        raw: Folder of dumps; never written.
        processed: Folder of tables; made where it is missing.
        model: Name or path of a spaCy pipeline; None for the one that ships with clippings.
        layout: Name of the layout of the dumps; None for the one that explains each best.
        workers: Most processes at a time; 1 for the flow's own.

    Returns:
        Completed or Failed. The message is the exit code of `clippings ingest` and what it means,
        the data are that code or the error.
    """
    work_off = partial(map_batches, workers=workers)
    try:
        run = ingest(raw, processed, model=model, layout=layout, map=work_off)
    except ClippingsError as error:  # an answer, not a defect: no traceback
        return Failed(message=f"{_exit_code(error)}: {error}", data=error)
    create_markdown_artifact(write_markdown(run), ARTIFACT)
    print(write_text(run), flush=True)
    errors = sum(problem.severity == "error" for problem in run.problems)
    note = f", and {errors:,} error{' stands' if errors == 1 else 's stand'}" if errors else ""
    return Completed(message=f"{run.exit_code}: done{note}", data=run.exit_code)


def map_batches(work: Work, batches: Sequence[Batch], *, workers: int) -> Iterator[Done]:
    """Work off batches as tasks, one each.

    Several at a time are threads that wait for processes of ours: Prefect's own process pool starts
    a server in each process where none is named, which takes longer than most runs.

    Args:
        work: What to do with a batch.
        batches: What to work off.
        workers: Most processes at a time; 1 for this one.

    Yields:
        What was done, batch by batch.
    """
    workers = min(workers, len(batches))
    if workers == 1:
        for batch in batches:
            state = process(_name_batch(batch), work, batch, return_state=True)
            yield state.result()
        _await_record(state.state_details.task_run_id)
        return
    # Ctrl-C reaches every process of a terminal: this one sees to the others.
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=signal.signal, initargs=_IGNORE_CTRL_C
    )
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=workers)
    is_over = Event()
    with pool, runner:
        remote = partial(_process_in, pool, is_over, work)
        futures = [
            runner.submit(process, {"name": _name_batch(batch), "work": remote, "batch": batch})
            for batch in batches
        ]
        try:
            for future in futures:
                yield future.result()
        except BaseException:  # must not wait for the batches under way
            is_over.set()
            for child in active_children():
                child.terminate()
            raise
    _await_record(futures[-1].task_run_id)


def _process_in(pool: ProcessPoolExecutor, is_over: Event, work: Work, batch: Batch) -> Done:
    try:
        return pool.submit(work, batch).result()
    except BrokenProcessPool:
        if is_over.is_set():
            raise KeyboardInterrupt from None
        raise WorkerError(
            "expected every worker to come to its end, found one killed, perhaps for memory. "
            "Run again with --workers 1: what the others finished is saved and not done twice."
        ) from None


def _name_batch(batch: Batch) -> str:
    first = quote(batch.jobs[0].found.name)
    return first if len(batch.jobs) == 1 else f"{len(batch.jobs)} dumps from {first}"


def _is_passing(_task: object, _run: object, state: State[Any]) -> bool:
    """Say whether another try may help; what clippings says on purpose, it would say again."""
    return not isinstance(state.data, ClippingsError)


@task(
    task_run_name="{name}",
    retries=2,
    retry_delay_seconds=[1, 10],
    retry_condition_fn=_is_passing,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def process(
    name: str,  # noqa: ARG001
    work: Work,
    batch: Batch,
) -> Any:
    """Work off one batch; `name` is for Prefect.

    Returns:
        What was done, or Failed with the error.
    """
    try:
        return work(batch)
    except ClippingsError as error:
        return Failed(message=str(error), data=error)


def _await_record(task_run_id: Any) -> None:
    """Let the server write the tasks down: stopped while it does, it prints tracebacks."""
    end = time.monotonic() + _RECORD_SECONDS
    # Nothing here is worth failing for.
    with suppress(Exception), get_client(sync_client=True) as client:
        while time.monotonic() < end:
            with suppress(ObjectNotFound):
                state = client.read_task_run(task_run_id).state
                if state and state.is_final():
                    return
            time.sleep(0.1)


class ServerError(ClippingsError):
    """There is no Prefect server to run on."""


def find_server() -> None:
    """Start a server where none is named, and see that it answers.

    Raises:
        ServerError: It does not.
    """
    found: Future[SyncPrefectClient] = Future()

    def find() -> None:
        # Ctrl-C reaches every process of a terminal, but the server must hear how the run ended.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            found.set_result(get_client(sync_client=True))
        except Exception as error:
            found.set_exception(error)

    Thread(target=find, daemon=True).start()
    try:
        with found.result() as client:
            client.raise_for_api_version_mismatch_once()
    except RuntimeError as error:
        raise ServerError(
            f"expected a Prefect server, found: {error}. Start one with `prefect server start`, or "
            "name another with PREFECT_API_URL."
        ) from None


def fail(error: ClippingsError) -> int:
    """Tell a person of an error, and give its exit code."""
    print(f"clippings: {error}", file=sys.stderr, flush=True)
    return _exit_code(error)


def _exit_code(error: ClippingsError) -> int:
    return BUSY if isinstance(error, LockedError) else FAILED


def positive(text: str) -> int:
    """Read a number of 1 or more."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {number}")
    return number


def _folder(path: str) -> str:
    try:
        path.encode()  # as Prefect does
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(
            f"expected a path in UTF-8, found {quote(path)}; `clippings ingest` takes any"
        ) from None
    return path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a run works on."""
    for name, what in (("raw", "dumps"), ("processed", "tables")):
        parser.add_argument(
            f"--{name}",
            type=_folder,
            default=name,
            metavar="FOLDER",
            help=f"{what} (default: {name})",
        )
    parser.add_argument(
        "--model",
        metavar="PATH|NAME",
        help="spaCy pipeline (default: the one that ships with clippings; blank:en tags nothing)",
    )
    parser.add_argument(
        "--layout", metavar="NAME", help="form of the dumps (default: what explains each best)"
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (default: one per core)",
    )


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Take from the options what the flow is called with."""
    return {
        name: getattr(options, name) for name in ("raw", "processed", "model", "layout", "workers")
    }


def main() -> int:
    """Run the flow by hand."""
    parser = argparse.ArgumentParser(
        prog="flows/ingest.py",
        description="Bring the tables up to date with the raw dumps, as a Prefect flow.",
        epilog="Exit codes: 0 clean; 3 done, and a problem of severity error stands; 1 failed, "
        "tables unchanged; 2 wrong usage; 75 another run is at work.",
    )
    add_options(parser)
    options = parser.parse_args()
    # As Ctrl-C does, it also stops the server that was started for the run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        find_server()
        state = ingest_dumps(**parameters(options), return_state=True)
    except ServerError as error:
        return fail(error)
    except KeyboardInterrupt:
        print("clippings: stopped; run again to go on", file=sys.stderr)
        return STOPPED
    outcome = state.result(raise_on_failure=False)
    if isinstance(outcome, ClippingsError):
        return fail(outcome)
    # Anything else is a defect, whose traceback Prefect has shown.
    return outcome if isinstance(outcome, int) else FAILED


if __name__ == "__main__":
    sys.exit(main())
