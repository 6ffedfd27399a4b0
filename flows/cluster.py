"""Batches on a Dask cluster: `python flows/ingest.py --engine dask [--address tcp://HOST:8786]`.

A worker reads the raw files and saves what they yield itself; only counts and names travel. It must
therefore see the same folders under the same paths, and have the same clippings installed. Both are
checked, since a worker that sees something else would do harm in silence.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import clippings
from clippings.archives import read_content
from clippings.errors import ClippingsError, ReadError, WorkerError
from clippings.models import Model, find_model, fingerprint_folder
from clippings.office import fingerprint
from clippings.work import Batch, Done

Work = Callable[[Batch], Done]
Name = Callable[[Batch], str]

WORKERS_SECONDS = 60
"""How long to wait for the first worker of a cluster."""
_WORK = Path(".store", "work")


class EngineError(ClippingsError):
    """The cluster cannot be used."""


def check_engine(engine: str, address: str | None) -> None:
    """See that what an engine needs is there.

    Raises:
        EngineError: It is not.
    """
    if engine != "dask":
        if address:
            raise EngineError("--address: expected --engine dask with it, found none. Add it.")
        return
    # Each worker's comings and goings are no news; read when Dask is imported, in its workers too.
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "warning")
    try:
        import prefect_dask  # noqa: F401
    except ImportError as error:
        raise EngineError(
            f"--engine dask: expected prefect-dask and distributed, found no {error.name}. Run "
            "`pip install 'clippings[dask]'`, on the workers too."
        ) from None


def map_on_cluster(
    task: Any,
    name: Name,
    work: Work,
    batches: Sequence[Batch],
    *,
    workers: int,
    address: str | None,
) -> Iterator[Done]:
    """Work off batches as tasks on a Dask cluster; those of a worker that dies go to others.

    Args:
        task: The Prefect task that works off one batch: `task(name, work, batch)`.
        name: Names the task of a batch.
        work: What to do with a batch.
        batches: What to work off.
        workers: Processes of a cluster on this machine, where no `address` is given.
        address: Scheduler of another cluster.

    Yields:
        What was done, batch by batch.

    Raises:
        EngineError: There is no cluster at that address, or it has no workers.
        WorkerError: A worker sees other folders or runs other code, or a batch killed worker after
            worker.
    """
    import cloudpickle  # type: ignore[import-untyped]
    from distributed import KilledWorker
    from prefect import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect_dask.task_runners import DaskTaskRunner

    # Workers have the package, but not this folder.
    for module in {__name__, task.fn.__module__} - {"__main__"}:
        cloudpickle.register_pickle_by_value(sys.modules[module])
    with get_client(sync_client=True) as client:
        server = str(client.api_url)
    local = {
        "n_workers": min(workers, len(batches)),
        "threads_per_worker": 1,
        "dashboard_address": "127.0.0.1:0",
    }
    runner: DaskTaskRunner = DaskTaskRunner(
        address=address,
        cluster_kwargs=None if address else local,
        client_kwargs={"timeout": WORKERS_SECONDS},
    )
    batches = [_detach(batch) for batch in batches]
    remote = partial(work_off, work, identify(batches[0].model))
    # Else each worker would start a server of its own where none is named.
    with temporary_settings({PREFECT_API_URL: server}), runner:
        _await_workers(runner, address)
        _check_server(runner, server)
        futures = [
            runner.submit(task, {"name": name(batch), "work": remote, "batch": batch})
            for batch in batches
        ]
        for future, batch in zip(futures, batches, strict=True):
            try:
                done = future.result()
            except KilledWorker:
                raise WorkerError(
                    f"expected a worker to survive {name(batch)}, found that every one it was "
                    "given to was killed, perhaps for memory. Give the workers more of it; what "
                    "the others finished is saved and not done twice."
                ) from None
            _check_shared(batch, done)
            yield done


def _await_workers(runner: Any, address: str | None) -> None:
    where = f"--address {address}" if address else "--engine dask"
    try:
        runner.client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise EngineError(
            f"{where}: expected a Dask scheduler with a worker, found: {error}. Start them with "
            "`dask scheduler` and `dask worker tcp://HOST:8786`."
        ) from None


def _check_server(runner: Any, server: str) -> None:
    for worker, error in sorted(runner.client.run(reach, f"{server.rstrip('/')}/health").items()):
        if error:
            raise EngineError(
                f"worker {worker}: expected the Prefect server {server}, found: {error}. Start one "
                "with `prefect server start --host 0.0.0.0` and name it with PREFECT_API_URL, as "
                "the workers can reach it."
            )


def reach(address: str) -> str | None:
    """Say why an address does not answer; None where it does."""
    import httpx

    try:
        httpx.get(address, timeout=WORKERS_SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    return None


def _detach(batch: Batch) -> Batch:
    """Name folders and model so that it does not matter where a worker was started."""
    model = batch.model
    if model.path and Path(model.name).expanduser().is_dir():
        model = replace(model, name=str(model.path))
    raw, processed = batch.raw.absolute(), batch.processed.absolute()
    return replace(batch, raw=raw, processed=processed, model=model)


def identify(model: Model) -> tuple[str, ...]:
    """Name all that the rows of a dump depend on beside its bytes: code, libraries, model."""
    package = fingerprint_folder(Path(clippings.__file__).parent)
    return package, fingerprint(), model.fingerprint


def work_off(work: Work, expected: tuple[str, ...], batch: Batch) -> Done:
    """Work off a batch on a worker.

    Raises:
        ModelError: The worker has no such model.
        WorkerError: It does not see the folders, or would not find what the run expects.
    """
    here = f"worker on {platform.node()}"
    for folder in (batch.raw, batch.processed / _WORK):
        if not folder.is_dir():
            raise WorkerError(
                f"{here}: expected the shared folder {folder}, found none. Mount it there, under "
                "the path that it has where the run was started."
            )
    # The package, and so the model that ships with it, may stand elsewhere there.
    model = find_model(batch.model.name)
    if identify(model) != expected:
        raise WorkerError(
            f"{here}: expected the clippings, libraries and model of the run, found others. "
            "Install the same there and start the worker again."
        )
    return work(replace(batch, model=model))


def _check_shared(batch: Batch, done: Done) -> None:
    """See that a worker wrote and read the folders of this run, not others of the same name.

    Raises:
        WorkerError: It did not.
    """
    for key in done.saved:
        if not (batch.processed / _WORK / key).is_file():
            raise WorkerError(
                f"{batch.processed}: expected what a worker saved, found nothing. All machines "
                "must see the same folder under this path."
            )
    for found in done.put_off:
        if found.code != "changing":
            continue
        sought = [job.found.sha256 for job in batch.jobs if job.found.dump_id == found.dump_id]
        try:
            content = read_content(
                batch.raw, found.file, found.member, max_bytes=batch.max_dump_bytes
            )
        except ReadError:
            continue
        if hashlib.sha256(content).hexdigest() in sought:
            raise WorkerError(
                f"{batch.raw}: expected that a worker reads {found.path} as it stands here, found "
                "that it does not. All machines must see the same folder under this path."
            )
