"""plan -> process each dump -> publish. Knows no Prefect: whoever calls hands it a `map`."""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clippings import choose, entities, office, scan, split, store
from clippings.archives import read_content
from clippings.articles import Article, is_blank
from clippings.corrections import FILE as CORRECTIONS
from clippings.corrections import Correction, Corrections, read_corrections
from clippings.dates import parse_date
from clippings.errors import DateError, ReadError, StoreError
from clippings.layouts.layout import AnyLayout, load_layouts
from clippings.looks import Looks
from clippings.models import ENGINES, Model, find_model
from clippings.reach import Standing, find_names
from clippings.read import MAX_DUMP_BYTES, Dump, decode
from clippings.records import (
    PASSING,
    PROBLEMS,
    SCHEMA_VERSION,
    TABLES,
    ArticleRow,
    ArticleTopicRow,
    DumpRow,
    MentionRow,
    OccurrenceRow,
    ProblemRow,
    Row,
    SpanRow,
    arrow_schema,
    to_arrow,
)
from clippings.registry import FILE as REGISTRY
from clippings.registry import Registry, read_registry, write_registry
from clippings.scan import Found, find_dumps, hash_id, name_dump, to_text
from clippings.side import BOUND, READINGS, SIGNS, schema_of, table_key
from clippings.spill import DIGITS, Change, Spill, within, without
from clippings.workers import Crew, Loss, share_memory

if TYPE_CHECKING:
    import pyarrow as pa

    from clippings.tag import Tagger

TAG_VERSION = 1
"""Raised by hand when tag.py finds something else with the same model."""

STORIES_VERSION = 2
"""Raised by hand when stories.py finds other families in the same articles."""

SECONDS_PER_DUMP = 600.0
"""What a worker process may take for a small dump, in seconds."""
DOUBLE_TIME_BYTES = 5 * 2**20
"""Size of a dump that may take twice as long, and so on: 120 seconds for each MiB more, ten times
what the shipped pipeline takes."""

_BY_DUMP = ("dumps", "occurrences", "spans", "problems")
_BY_ARTICLE = ("articles", "article_topics", "mentions")
_BATCH_BYTES = 250_000
_BATCH_DUMPS = 200
_BATCH_ARTICLES = 1_000
_BATCH_ROWS = 100_000
_WHOLE_ROWS = 500_000
_FEW = 16
"""One in so many articles may come or go, so that the names of others are left alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """One content to be processed.

    Attributes:
        found: A dump that holds it, with the hash that it had when the run was planned.
        key: Name of its saved work.
    """

    found: Found
    key: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The jobs of one task, and all that a worker in another process needs for them."""

    jobs: tuple[Job, ...]
    raw: Path
    processed: Path
    layouts: tuple[AnyLayout, ...]
    model: Model
    max_dump_bytes: int
    engine: str = ENGINES[0]


@dataclass(frozen=True, slots=True)
class Done:
    """What a worker tells of a batch.

    Attributes:
        saved: Keys of saved work.
        put_off: Files that changed meanwhile or could not be worked on; the next run tries again.
        slow_reason: Why spaCy itself tagged; None where the fast engine did, or nothing was tagged.
    """

    saved: tuple[str, ...]
    put_off: tuple[Found, ...]
    slow_reason: str | None = None


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
        workers: Processes, where no `map` is given; 1 for this one, where no limits hold.
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
        StoreError: `processed` cannot be read or written.
        WorkerError: No worker process can be started.
    """
    raw, processed = Path(raw), Path(processed)
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
        looks = Looks(store.read_looks(processed) if previous else {}, time.time_ns())
        known = _known(previous, max_dump_bytes)
        found = find_dumps(raw, max_bytes=max_dump_bytes, known=known, looks=looks)
        with store.writing(processed):
            store.write_looks(processed, looks.kept)
        plan = _plan(found, previous, layouts, found_model)
        store.checkpoint("planned")
        batches = [
            Batch(jobs, raw, processed, layouts, found_model, max_dump_bytes, engine)
            for jobs in _pack(plan.jobs)
        ]
        run_map = map or _pool(workers, seconds_per_dump, max_worker_bytes)
        put_off: list[Found] = []
        done_count, slow_reason = 0, None
        for done in run_map(process_batch, batches) if batches else ():
            put_off += done.put_off
            slow_reason = slow_reason or done.slow_reason
            done_count += len(done.saved) + len(done.put_off)
            if progress:
                progress(done_count, len(plan.jobs))
        store.checkpoint("work saved")
        plan = _defer(plan, put_off)
        with store.writing(processed):
            arguments = plan, raw, processed, previous, ids, corrections, max_dump_bytes
            snapshot, problems = _publish(*arguments)
            store.collect(processed)
        store.checkpoint("collected")
    return _report(plan, snapshot, previous, problems, slow_reason)


def _known(previous: store.Snapshot | None, max_dump_bytes: int) -> dict[str, list[Found]]:
    """Tell what the last run found in each file, so that one that is the same is not read again."""
    known: dict[str, list[Found]] = {}
    rules = {"max_dump_bytes": max_dump_bytes, "scan_version": scan.VERSION}
    if previous and all(previous.manifest[name] == rule for name, rule in rules.items()):
        for note in previous.manifest["dumps"].values():
            is_passing = note["code"] in PASSING
            if note["archive_sha256"] or not is_passing:
                each = Found(*map(note.__getitem__, _FOUND))
                if is_passing:
                    each = replace(each, code=None, detail=None)
                known.setdefault(each.file, []).append(each)
    return known


def _read_ids(previous: store.Snapshot | None, registry: str | Path | None) -> Registry:
    """Take the registry of the last run, or the one that a new folder is to start with."""
    if previous is None:
        return read_registry(Path(registry)) if registry else Registry({}, {})
    if registry:
        raise StoreError(
            f"--registry {registry}: expected a new folder of tables, found one with a registry of "
            "its own. Name another with --processed."
        )
    return read_registry(previous.path / REGISTRY)


# --- plan -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is found, what stands, and what is to be done.

    Attributes:
        state: What the manifest will say of each dump, by dump_id: what was found (`_FOUND`) and
            the `key` of its work (None where it is rejected); `code` and `detail` tell why it is
            not used or not up to date.
        before: What the manifest of the previous snapshot says.
        jobs: The files to process.
    """

    state: Mapping[str, Mapping[str, Any]]
    before: Mapping[str, Mapping[str, Any]]
    jobs: tuple[Job, ...]

    @property
    def stays(self) -> set[str]:
        """Dumps of which nothing is new."""
        return {dump_id for dump_id, note in self.state.items() if self.before.get(dump_id) == note}


def _plan(
    found: Iterable[Found],
    previous: store.Snapshot | None,
    layouts: Iterable[AnyLayout],
    model: Model,
) -> _Plan:
    before = previous.manifest["dumps"] if previous else {}
    versions = (choose.VERSION, split.VERSION, TAG_VERSION, SCHEMA_VERSION)
    fingerprints = (*(layout.fingerprint for layout in layouts), model.fingerprint)
    rules = hash_id(*fingerprints, *map(str, versions))
    state: dict[str, dict[str, Any]] = {}
    jobs = []
    for each in found:
        dump_id = each.dump_id
        old = before.get(dump_id)
        key = None
        if each.sha256:
            key = hash_id(each.sha256, rules, office.fingerprint() if each.is_office else None)
            if not old or old["key"] != key:
                jobs.append(Job(each, key))
        state[dump_id] = _note(each, key, old)
    return _Plan(state, before, tuple(jobs))


_FOUND = tuple(field.name for field in fields(Found))


def _note(found: Found, key: str | None, old: Mapping[str, Any] | None) -> dict[str, Any]:
    """Write down one dump for the manifest; one that is just changing stays as it was."""
    note = {name: getattr(found, name) for name in _FOUND} | {"key": key}
    if found.code == "changing" and old:
        note |= {"key": old["key"], "sha256": old["sha256"]}
    return note


def _defer(plan: _Plan, put_off: Iterable[Found]) -> _Plan:
    """Put off the files that workers could not work on."""
    notes = {each.dump_id: _note(each, None, plan.before.get(each.dump_id)) for each in put_off}
    return _Plan({**plan.state, **notes}, plan.before, plan.jobs)


def _pack(jobs: Iterable[Job]) -> list[tuple[Job, ...]]:
    """Pack jobs into batches, the largest dumps first, so that no long one comes last."""
    packed: list[list[Job]] = []
    room = 0
    for job in sorted(jobs, key=lambda job: (-(job.found.byte_count or 0), job.found.name)):
        byte_count = job.found.byte_count or 0
        if not packed or byte_count > room or len(packed[-1]) >= _BATCH_DUMPS:
            packed.append([])
            room = _BATCH_BYTES
        packed[-1].append(job)
        room -= byte_count
    return [tuple(part) for part in packed]


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
        return _join_done(
            _give_up(part.jobs[0], result.code, result.detail)
            if isinstance(result, Loss)
            else result
            for part, result in zip(parts, results, strict=True)
        )

    def _limit(self, part: Batch) -> float:
        byte_count = part.jobs[0].found.byte_count or 0
        return self._seconds * (1 + byte_count / DOUBLE_TIME_BYTES)


def _load_model(model: Model) -> None:
    from clippings.tag import load_pipeline

    load_pipeline(model)


def _lacked_memory(done: Done) -> bool:
    return any(found.code == "out_of_memory" for found in done.put_off)


def _pool(workers: int, seconds_per_dump: float, max_worker_bytes: int | None) -> Map:
    if workers <= 1:
        return map
    return _PoolMap(workers, seconds_per_dump, max_worker_bytes)


@dataclass(frozen=True, slots=True)
class _PoolMap:
    workers: int
    seconds_per_dump: float
    max_worker_bytes: int | None

    def __call__(self, work: Callable[[Batch], Done], batches: Sequence[Batch]) -> Iterator[Done]:
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
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:  # must not wait for the batches under way
                threads.shutdown(wait=False, cancel_futures=True)
                pool.stop()
                raise


# --- process ----------------------------------------------------------------------------------


def process_batch(batch: Batch) -> Done:
    """Process the dumps of a batch and save what they yield; done work is not done again.

    An error in one dump, and a lack of memory too, becomes a problem of that dump and leaves the
    others alone.

    Raises:
        ModelError: The pipeline cannot be loaded.
        StoreError: The work cannot be saved.
    """
    return _join_done(_process_job(batch, job) for job in batch.jobs)


def _process_job(batch: Batch, job: Job) -> Done:
    """Process one dump and save what it yields, or say why it is put off."""
    if store.load_work(batch.processed, job.key) is not None:
        return Done((job.key,), ())
    try:
        return _read_and_save(batch, job)
    except MemoryError as error:
        detail = f"expected memory to work in, found none: {str(error) or 'MemoryError'}"
        return _give_up(job, "out_of_memory", detail)


def _read_and_save(batch: Batch, job: Job) -> Done:
    from clippings.tag import load_tagger

    found = job.found
    # Read again, and only used when it is what was planned: a dump may grow meanwhile. Room is made
    # for as much of a file as may be read: 512 MiB are not to be had in every worker.
    max_bytes = batch.max_dump_bytes if found.member is not None else found.byte_count or 0
    try:
        content = read_content(batch.raw, found.file, found.member, max_bytes=max_bytes)
    except ReadError:
        content = b""
    if hashlib.sha256(content).hexdigest() != found.sha256:
        detail = f"expected the {found.byte_count:,} bytes of a moment ago, found others"
        return Done((), (replace(found, sha256=None, code="changing", detail=detail),))
    tagger = load_tagger(batch.model, batch.engine)
    try:
        tables = process(content, batch.layouts, tagger)
    except MemoryError:
        raise
    except Exception as error:  # one dump must not stop the others
        return _give_up(job, "failed", f"expected rows, found {type(error).__name__}: {error}")
    store.save_work(batch.processed, job.key, tables)
    return Done((job.key,), (), tagger.reason)


def _give_up(job: Job, code: str, detail: str) -> Done:
    return Done((), (replace(job.found, code=code, detail=detail),))


def _join_done(parts: Iterable[Done]) -> Done:
    """Put what is told of several jobs together."""
    parts = list(parts)
    return Done(
        tuple(key for part in parts for key in part.saved),
        tuple(found for part in parts for found in part.put_off),
        next((part.slow_reason for part in parts if part.slow_reason), None),
    )


def process(content: bytes, layouts: Sequence[AnyLayout], tagger: Tagger) -> dict[str, pa.Table]:
    """Turn the content of one dump into its rows.

    The rows depend on nothing but the arguments. `dump_id` and `path` are left empty; whoever
    publishes the rows fills them in.

    Args:
        content: The bytes of a raw file.
        layouts: Those that can be chosen for it; a single one is taken as it is.
        tagger: What tags.

    Returns:
        The tables whose rows come from one dump, by name.
    """
    try:
        dump = decode(content)
    except ReadError as error:
        return _rejected(len(content), error.code, error.detail, error.start_byte)
    return _read(dump, len(content), layouts, tagger)


def _read(
    dump: Dump, byte_count: int, layouts: Sequence[AnyLayout], tagger: Tagger
) -> dict[str, pa.Table]:
    from clippings.tag import tag

    choice = choose.split_best(dump.text, layouts, dump.marks)
    found = choice.found
    ids = [article_id(article) for article in found.articles]
    offset = dump.byte_offset
    problems = [_problem(doubt.code, doubt.detail, offset(doubt.start)) for doubt in found.doubts]
    if dump.first_stray is not None:
        start = offset(dump.first_stray)
        detail = f"expected UTF-8, found a byte of Windows-1252 at byte {start}"
        problems.append(_problem("mixed_encoding", detail, start))
    status = "ok"
    if is_blank(dump.text):
        status = "empty"
        problems.append(_problem("empty", "expected articles, found no text", None))
    elif choice.layout is None or any(span.kind == "unknown" for span in found.spans):
        status = "partial"
    distinct = dict(zip(ids, found.articles, strict=True))
    fields = [(key, name) for key in distinct for name in ("title", "body")]
    texts = [getattr(distinct[key], name) or "" for key, name in fields]
    rows: dict[str, list[Row]] = {
        "dumps": [
            DumpRow(
                dump_id="",
                path="",
                sha256="",
                byte_count=byte_count,
                encoding=dump.encoding,
                layout=choice.layout,
                status=status,
                article_count=len(ids),
                claimed_count=found.claimed,
                layout_score=choice.score,
                layout_runner_up=choice.runner_up,
            )
        ],
        "articles": [_article_row(key, article) for key, article in distinct.items()],
        "occurrences": [
            OccurrenceRow("", position, key, offset(article.start), offset(article.end))
            for position, (key, article) in enumerate(zip(ids, found.articles, strict=True), 1)
        ],
        "article_topics": [
            ArticleTopicRow(key, position, topic)
            for key, article in distinct.items()
            for position, topic in enumerate(article.topics, 1)
        ],
        "mentions": [
            MentionRow(key, name, *mention, entity_id=None)
            for (key, name), mentions in zip(fields, tag(texts, tagger), strict=True)
            for mention in mentions
        ],
        "spans": [
            SpanRow(
                dump_id="",
                start_byte=offset(span.start),
                end_byte=offset(span.end),
                kind=span.kind,
                article_id=None if span.article is None else ids[span.article],
            )
            for span in found.spans
        ],
        "problems": list(problems),
    }
    return {table: to_arrow(table, rows[table]) for table in rows}


def article_id(article: Article) -> str:
    """Give the id of an article: the same for the same words, wherever they stand."""
    return hash_id(
        article.title,
        article.published_text,
        article.byline,
        article.dateline,
        article.outlet,
        str(len(article.topics)),
        *article.topics,
        article.body,
    )


def _article_row(key: str, article: Article) -> ArticleRow:
    return ArticleRow(
        article_id=key,
        title=article.title,
        published_date=article.date.date if article.date else None,
        date_precision=article.date.precision if article.date else None,
        published_text=article.published_text,
        byline=article.byline,
        dateline=article.dateline,
        outlet=article.outlet,
        body=article.body,
        word_count=len(article.body.split()),
    )


def _problem(code: str, detail: str, start_byte: int | None) -> ProblemRow:
    kind = PROBLEMS[code]
    return ProblemRow("", "", kind.severity, code, start_byte, detail, kind.action)


def _rejected(
    byte_count: int | None, code: str, detail: str, start_byte: int | None = None
) -> dict[str, pa.Table]:
    """Give the rows of a dump that is not used: all of it stays, as one unknown span."""
    row = DumpRow("", "", None, byte_count, None, None, "rejected", 0, None, None, None)
    spans = [SpanRow("", 0, byte_count, "unknown", None)] if byte_count else []
    return {
        "dumps": to_arrow("dumps", [row]),
        "spans": to_arrow("spans", spans),
        "problems": to_arrow("problems", [_problem(code, detail, start_byte)]),
    }


# --- publish ----------------------------------------------------------------------------------


def _publish(
    plan: _Plan,
    raw: Path,
    processed: Path,
    previous: store.Snapshot | None,
    ids: Registry,
    corrections: Corrections,
    max_dump_bytes: int,
) -> tuple[store.Snapshot, pa.Table | None]:
    """Commit the tables of the planned dumps, whose work is saved.

    Returns:
        What stands, and its problems, None for none: read before the commit, so that an error
        leaves the tables as they were.
    """
    notes = {
        "dumps": plan.state,
        # By their real paths: `..` behind a link to a folder leads elsewhere.
        "raw": os.path.relpath(os.path.realpath(raw), os.path.realpath(processed)),
        "entities_version": entities.VERSION,
        "stories_version": STORIES_VERSION,
        "corrections": corrections.sha256,
        "max_dump_bytes": max_dump_bytes,
        "scan_version": scan.VERSION,
        "writer": store.writer(),
    }
    if previous and all(previous.manifest[name] == note for name, note in notes.items()):
        store.make_links(processed)
        return previous, previous.read("problems") if previous.row_count("problems") else None
    publication = store.Publication(processed, previous)
    gone = sorted(set(plan.before) - plan.stays)
    come = _gather(plan, processed, previous, publication.scratch)
    _remove_dead(come, gone, previous, publication)
    articles = _Articles(publication, come, previous)
    faults = articles.put(corrections)
    articles.put_stories(is_anew=not _is_same(previous, notes, "stories_version"))
    is_anew = not _is_same(previous, notes, "entities_version")
    with _no_cycles():
        resolver = articles.put_entities(ids, corrections, is_anew=is_anew)
    come["problems"].add(_complaints([*faults, *resolver.faults()]))
    come["problems"].remove([hash_id(CORRECTIONS)])
    for table in _BY_DUMP:
        come[table].remove(gone)
        publication.put_change(come[table])
    notes["corrected"] = articles.corrected
    problems = store.concat("problems", publication.read_parts("problems"))
    return publication.commit(notes, {REGISTRY: write_registry(resolver.registry)}), problems


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Make objects that do not refer to one another in a circle, and let nobody look for such."""
    was_enabled = gc.isenabled()
    gc.disable()  # it would look through all names again and again
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _is_same(previous: store.Snapshot | None, notes: Mapping[str, Any], name: str) -> bool:
    return previous is None or bool(previous.manifest[name] == notes[name])


def _gather(
    plan: _Plan, processed: Path, previous: store.Snapshot | None, folder: Path
) -> dict[str, Change]:
    """Gather the rows of all dumps that do not stay as they are, on the disk."""
    come = {table: Change(table, folder) for table in (*_BY_DUMP, *_BY_ARTICLE)}
    stays = plan.stays
    for dump_id, note in plan.state.items():
        if dump_id in stays:
            continue
        old = plan.before.get(dump_id)
        if previous and old and note["key"] and note["key"] == old["key"]:
            tables = _carry(previous, dump_id)
            if note["code"]:
                problem = _problem(note["code"], note["detail"], None)
                tables["problems"] = _join(tables["problems"], to_arrow("problems", [problem]))
        elif note["key"]:
            saved = store.load_work(processed, note["key"])
            if saved is None:
                raise StoreError(
                    f"{processed}: expected the saved work of {_path(note)}, found none. Run "
                    "again, and keep other programs out of that folder."
                )
            tables = saved
        else:
            tables = _rejected(note["byte_count"], note["code"], note["detail"])
        for table, rows in tables.items():
            come[table].add(_own(rows, dump_id, note))
        if "articles" in tables:
            for table in _BY_ARTICLE:
                come[table].remove(tables["articles"]["article_id"])
    return come


def _remove_dead(
    come: Mapping[str, Change],
    gone_dumps: Sequence[str],
    previous: store.Snapshot | None,
    publication: store.Publication,
) -> None:
    """Let the articles go that stand in no dump any more."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if previous is None or not gone_dumps:
        return
    schema = pa.schema([("article_id", pa.string())])
    lost, found = (Spill(schema, "article_id", publication.scratch) for _ in range(2))
    gone = pa.array(gone_dumps, pa.string())
    for rows in previous.read_parts("occurrences", ["dump_id", "article_id"]):
        lost.add(rows.filter(pc.is_in(rows["dump_id"], gone)).select(["article_id"]))
        found.add(without(rows, "dump_id", gone).select(["article_id"]))
    for prefix in come["occurrences"].prefixes():
        found.add(come["occurrences"].added(prefix).select(["article_id"]))
    for prefix in lost.prefixes():
        standing = pc.unique(found.read(prefix)["article_id"])
        dead = pc.unique(without(lost.read(prefix), "article_id", standing)["article_id"])
        for table in _BY_ARTICLE:
            come[table].remove(dead)


def _carry(previous: store.Snapshot, dump_id: str) -> dict[str, pa.Table]:
    """Take the rows of a dump over from the previous snapshot, less what was passing."""
    import pyarrow.compute as pc

    tables = {table: previous.read_owner(table, dump_id) for table in _BY_DUMP}
    problems = tables["problems"]
    tables["problems"] = problems.filter(pc.not_equal(problems["code"], "changing"))
    return tables


def _own(rows: pa.Table, dump_id: str, note: Mapping[str, Any]) -> pa.Table:
    """Fill in what rows say of the file that they come from."""
    import pyarrow as pa

    values = {"dump_id": dump_id, "path": _path(note), "sha256": note["sha256"]}
    for name, value in values.items():
        if name in rows.column_names:
            column = pa.array([value] * rows.num_rows, pa.string())
            rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), column)
    return rows


def _path(note: Mapping[str, Any]) -> str:
    return to_text(name_dump(note["file"], note["member"]))


def _complaints(faults: Iterable[tuple[int, str]]) -> pa.Table:
    """Turn what is wrong with corrections into rows of `problems`."""
    rows: list[Row] = [
        replace(
            _problem("correction", f"{CORRECTIONS}:{line}: {found}", None),
            dump_id=hash_id(CORRECTIONS),
            path=CORRECTIONS,
        )
        for line, found in sorted(set(faults))
    ]
    return to_arrow("problems", rows)


class _Articles:
    """Puts the tables of articles and entities.

    An article comes with its first occurrence and goes with its last. Stories and entities are
    worked out over all articles each time, from side tables that hold what is needed of each; only
    the buckets in which a row changes are written.

    Attributes:
        corrected: What stood in the columns of an article before it was corrected, by article_id;
            so that the correction can be taken back.
    """

    def __init__(
        self,
        publication: store.Publication,
        come: Mapping[str, Change],
        previous: store.Snapshot | None,
    ) -> None:
        self._publication = publication
        self._come = come
        self._previous = previous
        self.corrected: dict[str, dict[str, Any]] = {}

    def put(self, corrections: Corrections) -> list[tuple[int, str]]:
        """Put articles and their topics, with dates and outlets as corrected.

        Returns:
            Line and message of each correction that could not be used.
        """
        before = self._previous.manifest["corrected"] if self._previous else {}
        wanted = {row.article_id for row in corrections.of("date", "outlet")} | set(before)
        articles = {}
        for article_id in sorted(wanted):
            found = self._find(article_id, before.get(article_id, {}))
            if found:
                articles[article_id] = found
        faults = []
        for row in corrections.of("date", "outlet"):
            article = articles.get(row.article_id)
            if article is None:
                faults.append((row.line, f'expected an article_id, found "{row.article_id}"'))
                continue
            try:
                change = _corrected_columns(row)
            except DateError as error:
                faults.append((row.line, str(error)))
                continue
            original = _write_note({name: article[name] for name in change})
            self.corrected[row.article_id] = original | self.corrected.get(row.article_id, {})
            article |= change
        self._instead(list(articles.values()))
        for table in ("articles", "article_topics"):
            self._publication.put_change(self._come[table])
        return faults

    def _find(self, article_id: str, before: Mapping[str, Any]) -> dict[str, Any] | None:
        """Find an article as it was printed, among those that come or those that stay."""
        import pyarrow.compute as pc

        change = self._come["articles"]
        rows = change.added(article_id[:DIGITS])
        rows = rows.filter(pc.equal(rows["article_id"], article_id))
        if rows.num_rows:
            found: dict[str, Any] = rows.to_pylist()[0]
            return found
        if self._previous is None or article_id in change.owners(article_id[:DIGITS]).to_pylist():
            return None
        standing = self._previous.read_owner("articles", article_id).to_pylist()
        return standing[0] | _read_note(before) if standing else None

    def _instead(self, articles: list[dict[str, Any]]) -> None:
        """Put corrected articles in the place of others; their mentions are looked at again."""
        import pyarrow as pa
        import pyarrow.compute as pc

        change = self._come["articles"]
        rows = pa.Table.from_pylist(articles, schema=arrow_schema("articles"))
        for article_id in rows["article_id"].to_pylist():
            coming = change.added(article_id[:DIGITS])["article_id"]
            if self._previous and not pc.any(pc.equal(coming, article_id)).as_py():
                old = self._previous.read_owner("mentions", article_id)
                self._come["mentions"].remove([article_id])
                self._come["mentions"].add(old)
        change.put_instead(rows)

    def put_stories(self, *, is_anew: bool) -> None:
        """Put the families of near-duplicates among all articles.

        Args:
            is_anew: Whether the signatures of earlier runs are of no use.
        """
        from clippings.stories import group_signed, sign

        publication, come = self._publication, self._come["articles"]
        signs = Change(SIGNS, publication.scratch, is_anew=is_anew)
        columns = ["article_id", "title", "published_date", "body"]
        if is_anew:
            articles = publication.read_parts("articles", columns)
        else:
            articles = (come.added(prefix).select(columns) for prefix in come.prefixes())
            for prefix in come.prefixes():
                signs.remove(come.owners(prefix))
        for rows in _in_batches(articles, _BATCH_ARTICLES):
            for batch in rows.to_batches(max_chunksize=_BATCH_ARTICLES):
                signs.add(sign(batch))
        publication.put_change(signs)

        def read_bodies(article_ids: pa.Array) -> Iterator[pa.RecordBatch]:
            for rows in publication.read_parts("articles", ["article_id", "body"], article_ids):
                yield from within(rows, "article_id", article_ids).to_batches()

        stories = Spill(arrow_schema("stories"), "article_id", publication.scratch)
        stories.add(
            group_signed(
                lambda: publication.read_parts(SIGNS), read_bodies, folder=publication.scratch
            )
        )
        self._put_whole("stories", stories)

    def _put_whole(self, table: str, rows: Spill, *, is_anew: bool = False) -> None:
        """Put a table that was worked out anew: the rows of owners of whom any has changed."""
        import pyarrow.compute as pc

        publication = self._publication
        change = Change(table, publication.scratch, is_anew=is_anew)
        owner = change.key[0]
        previous = None if is_anew else self._previous
        count = rows.row_count + (previous.row_count(table) if previous else 0)
        for bucket in store.bucket_names(DIGITS if count > _WHOLE_ROWS else 0):
            new = rows.read(bucket)
            if previous is None:
                change.add(new)
                continue
            both = _join(publication.read_before(table, bucket).cast(new.schema), new)
            counts = both.group_by(new.column_names, use_threads=False)
            once = counts.aggregate([([], "count_all")])
            changed = pc.unique(once.filter(pc.equal(once["count_all"], 1))[owner])
            change.remove(changed)
            change.add(within(new, owner, changed))
        publication.put_change(change)

    def put_entities(
        self, ids: Registry, corrections: Corrections, *, is_anew: bool
    ) -> entities.Resolver:
        """Put mentions, entities, their aliases and the ids that were merged.

        Args:
            ids: The registry of earlier runs.
            corrections: What a person knows better.
            is_anew: Whether what earlier runs made of the names is of no use.
        """
        publication = self._publication
        bound = self._bind(is_anew=is_anew)
        readings = entities.Readings(None if is_anew else publication.read_before(READINGS))
        if not is_anew and self._is_few(bound, corrections):
            return self._put_touched(bound, ids, corrections, readings)
        resolver = entities.Resolver(
            lambda: _in_batches(publication.preview(bound)), ids, corrections, readings
        )
        tables = {
            table: Spill(schema_of(table), table_key(table)[0], publication.scratch)
            for table in ("entities", "aliases", "merged", READINGS)
        }
        resolved = Change(BOUND, publication.scratch, is_anew=is_anew)
        for prefix in bound.prefixes():
            resolved.remove(bound.owners(prefix))
        for part in resolver.assign():
            resolved.add(part.changed())
            tables["entities"].add(part.entities)
            tables["aliases"].add(part.aliases)
        self._put_mentions(resolved)
        publication.put_change(resolved)
        tables["entities"].add(resolver.entities())
        tables["aliases"].add(resolver.aliases())
        tables["merged"].add(resolver.merged())
        for rows in resolver.readings.tables():
            tables[READINGS].add(rows)
        for table, spill in tables.items():
            self._put_whole(table, spill, is_anew=is_anew and table == READINGS)
        return resolver

    def _is_few(self, bound: Change, corrections: Corrections) -> bool:
        """Tell whether so few articles come or go that only their names need be looked at."""
        previous = self._previous
        if previous is None or previous.manifest["corrections"] != corrections.sha256:
            return False
        count = sum(len(bound.owners(prefix)) for prefix in bound.prefixes())
        return count * _FEW <= previous.row_count("articles")

    def _put_touched(
        self, bound: Change, ids: Registry, corrections: Corrections, readings: entities.Readings
    ) -> entities.Resolver:
        """Put mentions and entities anew where a name that comes or goes can concern them."""
        publication = self._publication
        gone = store.concat(
            BOUND,
            (
                within(publication.read_before(BOUND, prefix), "article_id", bound.owners(prefix))
                for prefix in bound.prefixes()
            ),
        )
        resolver, keys = entities.resolve_touched(
            lambda keys: _hold(lambda: _in_batches(_named(publication.preview(bound), keys))),
            bound.added(),
            gone,
            Standing(
                publication.read_before("entities", columns=["entity_id", "latitude"]),
                publication.read_before("aliases", columns=["entity_id", "alias"]),
                ids,
                is_corrected=bool(corrections.rows),
            ),
            registry=ids,
            corrections=corrections,
            readings=readings,
        )
        changes = {
            table: Change(table, publication.scratch) for table in ("entities", "aliases", READINGS)
        }
        moved = Spill(schema_of(BOUND), "article_id", publication.scratch)
        for part in resolver.assign():
            moved.add(part.changed())
            changes["entities"].add(part.entities)
            changes["aliases"].add(part.aliases)
        resolved = self._complete(bound, moved, keys)
        self._put_mentions(resolved)
        publication.put_change(resolved)
        changes["entities"].add(resolver.entities())
        changes["aliases"].add(resolver.aliases())
        for rows in resolver.readings.tables():
            changes[READINGS].add(rows)
        for table in ("entities", "aliases"):
            changes[table].remove(sorted(resolver.before))
        surfaces = resolver.surfaces().union(gone["surface"].to_pylist())
        changes[READINGS].remove(find_names(surfaces, keys))
        for change in changes.values():
            publication.put_change(change)
        merged = Spill(schema_of("merged"), "entity_id", publication.scratch)
        merged.add(resolver.merged())
        self._put_whole("merged", merged)
        return resolver

    def _complete(self, bound: Change, moved: Spill, keys: Collection[str]) -> Change:
        """Add to the names that belong to another entity the others of the same articles."""
        publication = self._publication
        resolved = Change(BOUND, publication.scratch)
        for prefix in sorted({*bound.prefixes(), *moved.prefixes()}):
            resolved.remove(bound.owners(prefix))
            rows = moved.read(prefix)
            resolved.add(rows)
            old = without(rows, "article_id", bound.owners(prefix))["article_id"]
            if len(old):
                others = within(publication.read_before(BOUND, prefix), "article_id", old)
                resolved.add(without(others, "key", _key_array(keys)))
        return resolved

    def _bind(self, *, is_anew: bool) -> Change:
        """Tell what the names of the articles that come stand for."""
        publication = self._publication
        bound = Change(BOUND, publication.scratch, is_anew=is_anew)
        mentions, articles = self._come["mentions"], self._come["articles"]
        for prefix in store.bucket_names(DIGITS) if is_anew else mentions.prefixes():
            if is_anew:
                rows, dated = (publication.merge(each, prefix) for each in (mentions, articles))
            else:
                bound.remove(mentions.owners(prefix))
                rows, dated = mentions.added(prefix), articles.added(prefix)
            bound.add(entities.bind_articles(rows, dated))
        return bound

    def _put_mentions(self, resolved: Change) -> None:
        """Put the mentions of the articles that come, and of those whose entities changed."""
        publication, come = self._publication, self._come["mentions"]
        change = Change("mentions", publication.scratch)
        for prefix in sorted({*come.prefixes(), *resolved.prefixes()}):
            bound = resolved.added(prefix)
            rows = come.added(prefix)
            change.remove(come.owners(prefix))
            moved = without(bound, "article_id", come.owners(prefix))
            if moved.num_rows:
                old = publication.read_before("mentions", prefix)
                rows = _join(rows, within(old, "article_id", moved["article_id"]))
            change.add(_with_entities(rows, entities.find_entities(rows, bound)))
        publication.put_change(change)


def _named(tables: Iterable[pa.Table], keys: Collection[str]) -> Iterator[pa.Table]:
    """Leave of the rows of `.bound` those of names with some keys."""
    wanted = _key_array(keys)
    for rows in tables:
        yield within(rows, "key", wanted)


def _key_array(keys: Collection[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(sorted(keys), pa.string())


def _hold(read: Callable[[], Iterable[pa.Table]]) -> Callable[[], Iterable[pa.Table]]:
    """Hold rows that are to be read again, unless they are many."""
    held: list[pa.Table] = []
    for rows in read():
        held.append(rows)
        if sum(each.num_rows for each in held) > _WHOLE_ROWS:
            return read
    return lambda: held


def _in_batches(tables: Iterable[pa.Table], least: int = _BATCH_ROWS) -> Iterator[pa.Table]:
    """Join small tables to larger ones, which are worked off faster."""
    waiting: list[pa.Table] = []
    for rows in tables:
        waiting.append(rows)
        if sum(each.num_rows for each in waiting) >= least:
            yield _join(*waiting).combine_chunks()
            waiting = []
    if waiting:
        yield _join(*waiting).combine_chunks()


def _corrected_columns(row: Correction) -> dict[str, Any]:
    if row.operation == "outlet":
        return {"outlet": row.b}
    printed = parse_date(row.b, where=f"{CORRECTIONS}:{row.line}")
    return {"published_date": printed.date, "date_precision": printed.precision}


def _write_note(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _read_note(note: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(note)
    if values.get("published_date"):
        values["published_date"] = datetime.fromisoformat(values["published_date"])
    return values


def _with_entities(mentions: pa.Table, entity_ids: pa.ChunkedArray) -> pa.Table:
    position = mentions.column_names.index("entity_id")
    return mentions.set_column(position, mentions.schema.field("entity_id"), entity_ids)


def _join(*tables: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(tables)


def _report(
    plan: _Plan,
    snapshot: store.Snapshot,
    previous: store.Snapshot | None,
    problems: pa.Table | None,
    slow_reason: str | None,
) -> Run:
    """Sum up what the run did and what stands."""
    dumps = Counter({"found": len(plan.state), "removed": len(set(plan.before) - set(plan.state))})
    for dump_id, note in plan.state.items():
        old = plan.before.get(dump_id)
        dumps["new" if old is None else "unchanged" if old == note else "changed"] += 1
    return Run(
        processed=snapshot.path.parents[1],
        snapshot=snapshot.path.name,
        is_changed=previous is None or previous.path != snapshot.path,
        dumps=dict(dumps),
        rows={table: snapshot.row_count(table) for table in TABLES},
        problems=tuple(ProblemRow(**row) for row in (problems.to_pylist() if problems else ())),
        slow_reason=slow_reason,
        doubt=snapshot.doubt,
    )
