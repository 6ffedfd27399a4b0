"""plan -> process each dump -> publish. Knows no Prefect: whoever calls hands it a `map`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clippings import store
from clippings.corrections import FILE as CORRECTIONS
from clippings.corrections import read_corrections
from clippings.errors import StoreError
from clippings.layouts.layout import load_layouts
from clippings.looks import Looks
from clippings.models import ENGINES, find_model
from clippings.plan import Known, Plan, defer, find_rules, make_plan, pack
from clippings.pool import SECONDS_PER_DUMP, PoolMap
from clippings.publish import publish
from clippings.read import MAX_DUMP_BYTES
from clippings.records import SCHEMA_VERSION, TABLES, ProblemRow
from clippings.registry import FILE as REGISTRY
from clippings.registry import Registry, read_registry
from clippings.scan import Found, find_dumps
from clippings.work import Batch, Done, process_batch

if TYPE_CHECKING:
    import pyarrow as pa

Map = Callable[[Callable[[Batch], Done], Sequence[Batch]], Iterable[Done]]
"""How batches are worked off: like the built-in `map`, in any order."""

Progress = Callable[[int, int], None]
"""Is told how many dumps are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did and what stands.

    Attributes:
        processed: The folder of tables.
        snapshot: Name of the snapshot that is current after it.
        is_changed: Whether that is a new one.
        dumps: Number of dumps found (`found`) and of those that are `new`, `changed`, `unchanged`
            and `removed` since the last run.
        rows: Number of rows by table.
        problems: All problems that stand, in the order of their table.
        slow_reason: Why spaCy itself tagged; None where the fast engine did, or nothing was tagged.
        doubt: Why a power cut may still undo the commit; None where the disk keeps it.
    """

    processed: Path
    snapshot: str
    is_changed: bool
    dumps: Mapping[str, int]
    rows: Mapping[str, int]
    problems: tuple[ProblemRow, ...]
    slow_reason: str | None = None
    doubt: str | None = None

    @property
    def exit_code(self) -> int:
        """0 clean, 3 done but an error-severity problem stands."""
        return 3 if any(problem.severity == "error" for problem in self.problems) else 0


def ingest(
    raw: str | Path = "raw",
    processed: str | Path = "processed",
    *,
    model: str | Path | None = None,
    layout: str | None = None,
    engine: str = ENGINES[0],
    max_dump_bytes: int = MAX_DUMP_BYTES,
    map: Map | None = None,
    workers: int = 1,
    seconds_per_dump: float = SECONDS_PER_DUMP,
    max_worker_bytes: int | None = None,
    progress: Progress | None = None,
    registry: str | Path | None = None,
) -> Run:
    """Bring the tables in `processed` up to date with the dumps in `raw`.

    Only new and changed dumps are read and tagged. Killed at any moment, the run leaves the tables
    as they were, and the next one takes up its work.

    Args:
        raw: Folder of dumps; never written.
        processed: Folder of tables; made where it is missing.
        model: Name or path of a spaCy pipeline; None for the one that ships with the package.
        layout: Name of the layout of the dumps; None to give each the one that explains most of it.
            A user's own stand in the folder `layouts` beside `raw`.
        engine: "auto" to tag by the fast engine where it knows the pipeline, "spacy" to have spaCy
            itself do it; the mentions are the same.
        max_dump_bytes: Dumps over this size, in bytes, are rejected.
        map: How batches are worked off; None for `workers` processes.
        workers: Processes; 1 for this one, where no limits hold. Beside a `map` they count for
            the publishing alone.
        seconds_per_dump: What a small dump may take in a process; one of `DOUBLE_TIME_BYTES` twice
            that, and so on.
        max_worker_bytes: What each process may take beside the model, in bytes; None for its share
            of half of the memory. Kept on Linux only.
        progress: Called with the dumps done and to do, after every batch.
        registry: The registry.json of another folder of tables, to start a new one with its ids.

    Returns:
        What was done.

    Raises:
        LockedError: Another run is at work on `processed`.
        CorrectionError: `corrections.csv` beside `raw` cannot be read.
        LayoutError: There is no such layout, or a layout file cannot be used.
        ModelError: There is no such pipeline, or it cannot be loaded.
        ReadError: `raw` is no folder that can be listed.
        StoreError: `processed` cannot be read or written, or lies in `raw`.
        WorkerError: No worker process can be started.
    """
    raw, processed = Path(raw), Path(processed)
    if is_within(processed, raw):
        raise StoreError(
            f"{processed}: expected a folder outside {raw}, which is never written, found one in "
            "it. Name another with --processed."
        )
    layouts, found_model = load_layouts(layout, raw), find_model(model)
    with store.lock(processed):
        store.checkpoint("locked")
        with store.writing(processed):
            previous = store.recover(processed)
        store.checkpoint("recovered")
        ids = _read_ids(previous, registry)
        if previous and previous.manifest["schema_version"] != SCHEMA_VERSION:
            previous = None
        corrections = read_corrections(raw.parent / CORRECTIONS)
        before = store.read_looks(processed) if previous else {}
        looks = Looks(before, time.time_ns())
        rules = find_rules(layouts, found_model, max_dump_bytes)
        known = Known(previous, rules)
        found = find_dumps(
            raw, max_bytes=max_dump_bytes, known=known, looks=looks, is_kept=known.keep
        )
        if looks.kept != before or not previous:
            with store.writing(processed):
                store.write_looks(processed, looks.kept)
        plan = make_plan(found, known.kept, previous, rules)
        store.checkpoint("planned")
        batches = [
            Batch(jobs, raw, processed, layouts, found_model, max_dump_bytes, engine)
            for jobs in pack(plan.jobs)
        ]
        run_map = map or _choose_map(workers, seconds_per_dump, max_worker_bytes)
        put_off: list[Found] = []
        done_count, slow_reason = 0, None
        for done in run_map(process_batch, batches) if batches else ():
            put_off += done.put_off
            slow_reason = slow_reason or done.slow_reason
            done_count += len(done.saved) + len(done.put_off)
            if progress:
                progress(done_count, len(plan.jobs))
        store.checkpoint("work saved")
        plan = defer(plan, put_off)
        with store.writing(processed):
            arguments = plan, raw, processed, previous, ids, corrections, max_dump_bytes
            snapshot, problems = publish(*arguments, workers)
            store.collect(processed)
        store.checkpoint("collected")
    return _report(plan, snapshot, previous, problems, slow_reason)


def is_within(folder: Path, other: Path) -> bool:
    """Tell whether a folder is another one or lies in it, by their real paths."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(other))


def _choose_map(workers: int, seconds_per_dump: float, max_worker_bytes: int | None) -> Map:
    if workers <= 1:
        return map
    return PoolMap(workers, seconds_per_dump, max_worker_bytes)


def _read_ids(previous: store.Snapshot | None, registry: str | Path | None) -> Registry:
    """Take the registry of the last run, or the one that a new folder is to start with."""
    if previous is None:
        return read_registry(Path(registry)) if registry else Registry({}, {})
    if registry:
        raise StoreError(
            f"--registry {registry}: expected a new folder of tables, found one with a registry of "
            "its own. Name another with --processed."
        )
    return read_registry(previous.path / REGISTRY, is_own=True)


def _report(
    plan: Plan,
    snapshot: store.Snapshot,
    previous: store.Snapshot | None,
    problems: pa.Table | None,
    slow_reason: str | None,
) -> Run:
    """Sum up what the run did and what stands."""
    state, before, stays = set(plan.state), set(plan.before), plan.stays
    counts = {
        "new": len(state - before),
        "changed": len((state & before) - stays),
        "unchanged": len(stays),
    }
    dumps = {"found": len(state), "removed": len(before - state)}
    dumps |= {name: count for name, count in counts.items() if count}
    return Run(
        processed=snapshot.path.parents[1],
        snapshot=snapshot.path.name,
        is_changed=previous is None or previous.path != snapshot.path,
        dumps=dumps,
        rows={table: snapshot.row_count(table) for table in TABLES},
        problems=tuple(ProblemRow(**row) for row in (problems.to_pylist() if problems else ())),
        slow_reason=slow_reason,
        doubt=snapshot.doubt,
    )
