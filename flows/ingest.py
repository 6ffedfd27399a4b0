"""The job as a Prefect flow: `python flows/ingest.py --raw raw --processed processed`.

It runs on the server that PREFECT_API_URL names, else on one that Prefect starts for the run. What
is done stands in the manifest of `processed/`, never in Prefect: a run that a power cut ended stays
"Running" there, and stops nobody.
"""

import argparse
import atexit
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from subprocess import PIPE, Popen
from threading import Thread
from typing import Any, Literal

# Here and not in pyproject.toml, which Prefect reads only in the folder that one stands in. What
# the environment says comes first.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "true")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
# The server is stopped with the run; a connection that it drops then is no news (a traceback of
# SQLAlchemy in one run of three).
os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "CRITICAL")

from cluster import check_engine, map_on_cluster
from httpx import HTTPError
from prefect import State, flow, get_client, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from clippings.cli import add_ingest_options
from clippings.errors import ClippingsError, LockedError
from clippings.pipeline import ingest
from clippings.pool import Pool
from clippings.summary import quote, write_markdown, write_text
from clippings.work import Batch, Done

ARTIFACT = "clippings-run"
"""Key of the report that each run leaves in Prefect."""

FAILED, BUSY, STOPPED = 1, 75, 130
_RECORD_SECONDS = 10

Work = Callable[[Batch], Done]

outcomes: list[int | ClippingsError] = []
"""What the runs of this process came to, whatever befalls the server: exit codes and errors."""


@flow(name="clippings", flow_run_name="{raw} to {processed}", persist_result=False)
def ingest_dumps(
    raw: str = "raw",
    processed: str = "processed",
    model: str | None = None,
    layout: str | None = None,
    workers: int = 1,
    seconds_per_dump: int = 600,
    worker_mb: int | None = None,
    max_dump_mb: int = 512,
    registry: str | None = None,
    engine: Literal["local", "dask"] = "local",
    address: str | None = None,
) -> State[Any]:
    """Bring the tables in `processed` up to date with the dumps in `raw`.

    Args:
        raw: Folder of dumps; never written.
        processed: Folder of tables; made where it is missing.
        model: Name or path of a spaCy pipeline; None for the one that ships with clippings.
        layout: Name of the layout of the dumps; None for the one that explains each best.
        workers: Most processes at a time; 1 for the flow's own, where no limits hold.
        seconds_per_dump: What a dump may take, as `clippings ingest` has it; a cluster has limits
            of its own.
        worker_mb: Memory of a process in MiB; None for its share of half of the machine's.
        max_dump_mb: Dumps over this size, in MiB, are rejected.
        registry: The registry.json of another folder of tables, to start a new one with its ids.
        engine: "local" for processes of this machine, "dask" for a Dask cluster.
        address: Scheduler of that cluster; None for one of `workers` processes on this machine.

    Returns:
        Completed or Failed. The message is the exit code of `clippings ingest` and what it means,
        the data are that code or the error.
    """
    max_worker_bytes = worker_mb * 2**20 if worker_mb else None
    limits = {"seconds_per_dump": seconds_per_dump, "max_worker_bytes": max_worker_bytes}
    work_off = (
        partial(map_on_cluster, process, _name_batch, workers=workers, address=address)
        if engine == "dask"
        else partial(map_batches, workers=workers, limits=limits)
    )
    try:
        check_engine(engine, address)
        run = ingest(
            raw,
            processed,
            model=model,
            layout=layout,
            max_dump_bytes=max_dump_mb * 2**20,
            map=work_off,
            workers=workers if engine == "local" else 1,
            registry=registry,
        )
    except ClippingsError as error:  # an answer, not a defect: no traceback
        outcomes.append(error)
        return Failed(message=f"{_exit_code(error)}: {error}", data=error)
    outcomes.append(run.exit_code)
    print(write_text(run), flush=True)
    # The tables are committed: nothing here is worth failing for, or waiting for a server.
    with suppress(Exception), temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        create_markdown_artifact(write_markdown(run), ARTIFACT)
    errors = sum(problem.severity == "error" for problem in run.problems)
    note = f", and {errors:,} error{' stands' if errors == 1 else 's stand'}" if errors else ""
    note += f". {run.doubt}" if run.doubt else ""
    return Completed(message=f"{run.exit_code}: done{note}", data=run.exit_code)


def map_batches(
    work: Work, batches: Sequence[Batch], *, workers: int, limits: Mapping[str, Any]
) -> Iterator[Done]:
    """Work off batches as tasks, one each.

    Several at a time are threads that wait for processes of ours: Prefect's own process pool starts
    a server in each process where none is named, which takes longer than most runs.

    Args:
        work: What to do with a batch.
        batches: What to work off.
        workers: Most processes at a time; 1 for this one.
        limits: What a dump may take in a process, as `pool.Pool` takes it.

    Yields:
        What was done, batch by batch.
    """
    if workers == 1:
        for batch in batches:
            state = process(_name_batch(batch), work, batch, return_state=True)
            yield state.result()
        _await_record(state.state_details.task_run_id)
        return
    workers = min(workers, len(batches))
    pool = Pool(workers, batches[0].model, **limits)
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=workers)
    with pool, runner:
        remote = partial(_process_in, pool, work)
        futures = [
            runner.submit(process, {"name": _name_batch(batch), "work": remote, "batch": batch})
            for batch in batches
        ]
        try:
            for future in futures:
                yield future.result()
        except BaseException:  # must not wait for the batches under way
            pool.stop()
            raise
    _await_record(futures[-1].task_run_id)


def _process_in(pool: Pool, work: Work, batch: Batch) -> Done:
    try:
        return pool.run(work, batch)
    except CancelledError:
        raise KeyboardInterrupt from None


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
    no_retries = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0})
    # Nothing here is worth failing for.
    with suppress(Exception), no_retries, get_client(sync_client=True) as client:
        while time.monotonic() < end:
            with suppress(ObjectNotFound):
                state = client.read_task_run(task_run_id).state
                if state and state.is_final():
                    return
            time.sleep(0.1)


def _end_with_run(server: int) -> None:
    """Let a shell end the server of a run that is killed; it would stay for ever."""
    guard = Popen(  # noqa: S603 (a number of ours)
        ["/bin/sh", "-c", f"read _; kill {server}"],
        stdin=PIPE,  # ends with this process, however that ends
        process_group=0,
    )

    def end() -> None:
        guard.kill()
        guard.wait()

    atexit.register(end)


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
    if not PREFECT_API_URL.value():
        from prefect.server.api.server import SubprocessASGIServer  # 3 s, and there by now

        if server := SubprocessASGIServer().server_process:
            _end_with_run(server.pid)


def fail(error: ClippingsError) -> int:
    """Tell a person of an error, and give its exit code."""
    print(f"clippings: {error}", file=sys.stderr, flush=True)
    return _exit_code(error)


def _exit_code(error: ClippingsError) -> int:
    return BUSY if isinstance(error, LockedError) else FAILED


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a run works on, and where."""
    add_ingest_options(parser)
    parser.add_argument(
        "--engine",
        choices=("local", "dask"),
        default="local",
        help="processes of this machine, or a Dask cluster (default: local)",
    )
    parser.add_argument(
        "--address",
        metavar="tcp://HOST:PORT",
        help="scheduler of the Dask cluster (default: one of --workers processes, for the run)",
    )


def read_options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line; what Prefect could not write down is wrong usage."""
    options = parser.parse_args()
    for value in filter(None, vars(options).values()):
        try:
            str(value).encode()  # as Prefect does
        except UnicodeEncodeError:
            parser.error(
                f"expected a path in UTF-8, found {quote(value)}; `clippings ingest` takes any"
            )
    return options


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Take from the options what the flow is called with."""
    return {name: getattr(options, name) for name in ingest_dumps.parameters.properties}


def main() -> int:
    """Run the flow by hand."""
    parser = argparse.ArgumentParser(
        prog="flows/ingest.py",
        description="Bring the tables up to date with the raw dumps, as a Prefect flow.",
        epilog="Exit codes: 0 clean; 3 done, and a problem of severity error stands; 1 failed, "
        "tables unchanged; 2 wrong usage; 75 another run is at work.",
    )
    add_options(parser)
    options = read_options(parser)
    # As Ctrl-C does, it also stops the server that was started for the run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        find_server()
        ingest_dumps(**parameters(options), return_state=True)
    except ServerError as error:
        return fail(error)
    except KeyboardInterrupt:
        print("clippings: stopped; run again to go on", file=sys.stderr)
        return STOPPED
    except (HTTPError, PrefectException) as error:
        if not outcomes:
            return fail(ServerError(f"expected the Prefect server to answer, found: {error}"))
        print(f"clippings: Prefect's server did not hear of this end: {error}", file=sys.stderr)
    if not outcomes:  # a defect, whose traceback Prefect has shown
        return FAILED
    (outcome,) = outcomes
    return fail(outcome) if isinstance(outcome, ClippingsError) else outcome


if __name__ == "__main__":
    sys.exit(main())
