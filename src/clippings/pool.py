"""Batches of dumps in processes with limits, so that one hostile file cannot stop a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial

from clippings import lean
from clippings.models import Model
from clippings.work import Batch, Done, give_up, join_done
from clippings.workers import Crew, Loss, share_memory

SECONDS_PER_DUMP = 600.0
"""What a worker process may take for a small dump, in seconds."""
DOUBLE_TIME_BYTES = 5 * 2**20
"""Size of a dump that may take twice as long, and so on: 120 seconds for each MiB more, ten times
what the shipped pipeline takes."""


class Pool:
    """Processes that work off batches within limits, for whoever has threads that wait for them.

    A dump that ends its process or goes beyond the limits is put off, and the others are done.

    Args:
        workers: Most processes at a time.
        model: The pipeline that each loads first.
        seconds_per_dump: What a small dump may take; one of `DOUBLE_TIME_BYTES` twice that, and so
            on.
        max_worker_bytes: What each process may take beside the model, in bytes; None for its share
            of half of the memory. Kept on Linux only.
    """

    def __init__(
        self,
        workers: int,
        model: Model,
        *,
        seconds_per_dump: float = SECONDS_PER_DUMP,
        max_worker_bytes: int | None = None,
    ) -> None:
        self._seconds = seconds_per_dump
        max_bytes = max_worker_bytes or share_memory(workers)
        self._crew = Crew(workers, partial(_load_model, model), max_bytes)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self._crew.__exit__(*error)

    def stop(self) -> None:
        """End all processes at once; a `run` under way ends with a CancelledError."""
        self._crew.stop()

    def run(self, work: Callable[[Batch], Done], batch: Batch) -> Done:
        """Work off one batch in one of the processes, dump by dump; any thread may call this.

        Raises:
            CancelledError: The pool was stopped.
            WorkerError: No process can be started.
            Exception: What `work` raises.
        """
        parts = [replace(batch, jobs=(job,)) for job in batch.jobs]
        items = [(part, self._limit(part)) for part in parts]
        results = self._crew.run(work, items, _lacked_memory)
        return join_done(
            give_up(part.jobs[0], result.code, result.detail)
            if isinstance(result, Loss)
            else result
            for part, result in zip(parts, results, strict=True)
        )

    def _limit(self, part: Batch) -> float:
        byte_count = part.jobs[0].found.byte_count or 0
        return self._seconds * (1 + byte_count / DOUBLE_TIME_BYTES)


def _load_model(model: Model) -> None:
    lean.import_pyarrow()
    lean.import_spacy()
    from clippings.tag import load_pipeline

    load_pipeline(model)


def _lacked_memory(done: Done) -> bool:
    return any(found.code == "out_of_memory" for found in done.put_off)


@dataclass(frozen=True, slots=True)
class PoolMap:
    """Works off batches in as many processes; the arguments are those of `Pool`.

    Attributes:
        meanwhile: What this process does while the others get ready.
    """

    workers: int
    seconds_per_dump: float
    max_worker_bytes: int | None
    meanwhile: Callable[[], None] | None = None

    def __call__(self, work: Callable[[Batch], Done], batches: Sequence[Batch]) -> Iterator[Done]:
        """Work off batches, and give what is told of each as soon as it is done."""
        count = min(self.workers, len(batches))
        pool = Pool(
            count,
            batches[0].model,
            seconds_per_dump=self.seconds_per_dump,
            max_worker_bytes=self.max_worker_bytes,
        )
        with pool, ThreadPoolExecutor(count) as threads:
            futures = [threads.submit(pool.run, work, batch) for batch in batches]
            try:
                if self.meanwhile:
                    self.meanwhile()
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:  # must not wait for the batches under way
                threads.shutdown(wait=False, cancel_futures=True)
                pool.stop()
                raise
