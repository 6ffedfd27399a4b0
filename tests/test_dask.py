"""The flow on a Dask cluster: the same bytes, whoever dies meanwhile."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clippings import errors, models, pipeline, plan, tag

cloudpickle = pytest.importorskip("cloudpickle")
pytest.importorskip("prefect_dask")

FLOWS = Path(__file__).parents[1] / "flows"
PATIENCE_SECONDS = 240

pytestmark = pytest.mark.dask


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every dump is a batch."""
    monkeypatch.setattr(plan, "_BATCH_DUMPS", 1)


@pytest.fixture(autouse=True)
def _functions_travel_by_value() -> None:
    """Workers cannot import this module."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])


def identify_model(model: models.Model) -> tuple[str, ...]:
    """Stands for `identify` where somebody may edit the code while the tests run."""
    return (model.fingerprint,)


@pytest.fixture
def flow(flow: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys.modules["cluster"], "identify", identify_model)
    return flow


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`flows/cluster.py` as a module."""
    monkeypatch.syspath_prepend(FLOWS)
    return importlib.import_module("cluster")


def run_flow(flow: Any, desk: Any, **options: Any) -> Any:
    folders = {"raw": str(desk.raw), "processed": str(desk.processed), "model": desk.model}
    values = {**folders, "engine": "dask", "workers": 2, **options}
    return flow.ingest_dumps(**values, return_state=True)


def note_loads(batch: pipeline.Batch) -> pipeline.Done:
    """Work off a batch, and note which process did and which models it has."""
    done = pipeline.process_batch(batch)
    tag.load_pipeline(batch.model)  # which a batch that was done already does not want
    with (batch.raw.parent / "loads").open("a") as file:
        file.write(f"{os.getpid()} {sorted(map(id, tag._LOADED.values()))}\n")
    return done


def die_once(batch: pipeline.Batch) -> pipeline.Done:
    """Be killed in the middle of a batch; whoever takes it after that ends it."""
    try:
        (batch.raw.parent / "died").touch(exist_ok=False)
    except FileExistsError:
        return pipeline.process_batch(batch)
    pipeline.process_batch(replace(batch, jobs=batch.jobs[:1]))
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError(batch)


def die(batch: pipeline.Batch) -> pipeline.Done:
    """Stands for a dump that takes all memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError(batch)


# --- on a cluster -----------------------------------------------------------------------------


@pytest.mark.prefect
@pytest.mark.slow
def test_two_workers_give_the_same_bytes_and_load_the_model_once_each(
    flow: Any, desk: Any, write_dump: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill(write_dump)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "process_batch", note_loads)
        state = run_flow(flow, desk)
    assert state.message == "3: done, and 1 error stands"
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()
    loads = (desk.raw.parent / "loads").read_text().splitlines()
    assert len(loads) == 9
    assert len(set(loads)) == len({line.split()[0] for line in loads}) == 2
    assert "," not in "".join(loads)
    assert str(os.getpid()) not in {line.split()[0] for line in loads}


@pytest.mark.prefect
@pytest.mark.slow
def test_a_batch_that_kills_every_worker_fails_the_run_and_leaves_the_tables(
    flow: Any, desk: Any, write_dump: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    desk.put("a.txt", write_dump(0))
    desk.ingest()
    before = desk.parts()
    desk.put("b.txt", write_dump(1))
    monkeypatch.setattr(pipeline, "process_batch", die)
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        state = run_flow(flow, desk, workers=1)
    assert state.is_failed()
    assert state.message.startswith("1: expected a worker to survive b.txt, found that")
    assert desk.parts() == before


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """A scheduler and two workers, as people start them."""
    file = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "dask"]
    environment = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
    options = {"cwd": tmp_path, "env": environment | {"PREFECT_HOME": str(tmp_path / "other")}}
    log = (tmp_path / "log.txt").open("wb")

    def start(*words: str) -> subprocess.Popen[bytes]:
        place = ["--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1"]
        return subprocess.Popen(
            [*command, *words, *place], stdout=log, stderr=subprocess.STDOUT, **options
        )

    processes = [start("scheduler", "--port", "0")]
    try:
        # No nanny: who dies stays dead.
        processes += [start("worker", "--nthreads", "1", "--no-nanny") for _ in range(2)]
        end = time.monotonic() + PATIENCE_SECONDS
        while not file.exists():
            assert time.monotonic() < end
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
        log.close()


@pytest.mark.prefect
@pytest.mark.slow
def test_the_dumps_of_a_dead_worker_are_done_by_another(
    flow: Any, desk: Any, write_dump: Any, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    monkeypatch.setattr(plan, "_BATCH_DUMPS", 3)
    desk.fill(write_dump)
    with Client(scheduler) as client:
        client.wait_for_workers(2, timeout=PATIENCE_SECONDS)
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "process_batch", die_once)
            state = run_flow(flow, desk, address=scheduler)
        assert len(client.scheduler_info()["workers"]) == 1
    assert state.message == "3: done, and 1 error stands"
    assert (desk.raw.parent / "died").exists()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


@pytest.mark.prefect
def test_no_scheduler_is_an_answer(
    flow: Any, desk: Any, write_dump: Any, cluster: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WORKERS_SECONDS", 1)
    desk.put("a.txt", write_dump(0))
    state = run_flow(flow, desk, address="tcp://127.0.0.1:9")
    assert state.is_failed()
    assert state.message.startswith("1: --address tcp://127.0.0.1:9: expected a Dask scheduler")
    assert desk.parts() == {}


# --- what is checked --------------------------------------------------------------------------


def test_an_address_wants_the_engine(cluster: ModuleType) -> None:
    cluster.check_engine("local", None)
    cluster.check_engine("dask", "tcp://127.0.0.1:8786")
    with pytest.raises(cluster.EngineError, match="expected --engine dask"):
        cluster.check_engine("local", "tcp://127.0.0.1:8786")


def test_a_missing_extra_is_named(cluster: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    with pytest.raises(cluster.EngineError, match=r"pip install 'clippings\[dask\]'"):
        cluster.check_engine("dask", None)


@pytest.fixture
def batch(desk: Any, write_dump: Any) -> pipeline.Batch:
    """A batch of one dump, as a run hands it out."""
    desk.put("a.txt", write_dump(0))
    batches: list[pipeline.Batch] = []

    def take(work: Any, some: Any) -> Any:
        batches.extend(some)
        return map(work, some)

    desk.ingest(map=take)
    (desk.processed / "current").unlink()  # a run that was killed: nothing is committed
    return batches[0]


def test_a_worker_does_what_the_run_would(cluster: ModuleType, batch: pipeline.Batch) -> None:
    expected = cluster.identify(batch.model)
    done = cluster.work_off(pipeline.process_batch, expected, batch)
    assert done.saved == (batch.jobs[0].key,)
    cluster._check_shared(batch, done)


@pytest.mark.parametrize("folder", ["raw", "processed"])
def test_a_worker_that_sees_no_folder_says_so(
    cluster: ModuleType, batch: pipeline.Batch, tmp_path: Path, folder: str
) -> None:
    elsewhere = replace(batch, **{folder: tmp_path / "nowhere"})
    with pytest.raises(errors.WorkerError, match=r"expected the shared folder .*nowhere"):
        cluster.work_off(pipeline.process_batch, cluster.identify(batch.model), elsewhere)


def test_a_worker_with_other_code_or_model_is_refused(
    cluster: ModuleType, batch: pipeline.Batch, tmp_path: Path
) -> None:
    expected = cluster.identify(batch.model)
    (Path(batch.model.name) / "more").touch()
    assert models.find_model(batch.model.name).fingerprint != batch.model.fingerprint
    try:
        with pytest.raises(errors.WorkerError, match="expected the clippings, libraries and model"):
            cluster.work_off(pipeline.process_batch, expected, batch)
    finally:
        (Path(batch.model.name) / "more").unlink()


def test_a_worker_that_saved_elsewhere_is_found_out(
    cluster: ModuleType, batch: pipeline.Batch, tmp_path: Path
) -> None:
    done = pipeline.Done((batch.jobs[0].key,), ())
    with pytest.raises(errors.WorkerError, match="what a worker saved, found nothing"):
        cluster._check_shared(batch, done)


def test_a_worker_that_reads_other_files_is_found_out(
    cluster: ModuleType, batch: pipeline.Batch, tmp_path: Path
) -> None:
    (tmp_path / "another").mkdir()
    done = pipeline.process_batch(replace(batch, raw=tmp_path / "another"))
    assert [found.code for found in done.put_off] == ["changing"]
    with pytest.raises(errors.WorkerError, match=r"a worker reads a\.txt as it stands here"):
        cluster._check_shared(batch, done)
    # A file that does change while a worker reads it is none of that.
    for content in (b"another", None):
        path = batch.raw / "a.txt"
        path.write_bytes(content) if content else path.unlink()
        cluster._check_shared(batch, done)


def test_a_server_that_does_not_answer_is_named(cluster: ModuleType) -> None:
    assert "refused" in cluster.reach("http://127.0.0.1:9/api/health")
