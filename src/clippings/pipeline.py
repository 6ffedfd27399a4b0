"""plan -> process each dump -> publish. Knows no Prefect: whoever calls hands it a `map`."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clippings import choose, entities, office, scan, split, store
from clippings.archives import read_content
from clippings.articles import Article
from clippings.corrections import FILE as CORRECTIONS
from clippings.corrections import Correction, Corrections, read_corrections
from clippings.dates import parse_date
from clippings.errors import DateError, ReadError, StoreError, WorkerError
from clippings.layouts.layout import FOLDER as LAYOUTS
from clippings.layouts.layout import AnyLayout, layout_names, load_layout
from clippings.models import Model, find_model
from clippings.read import MAX_DUMP_BYTES, Dump, decode
from clippings.records import (
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

if TYPE_CHECKING:
    import pyarrow as pa
    from spacy.language import Language

TAG_VERSION = 1
"""Raised by hand when tag.py finds something else with the same model."""

STORIES_VERSION = 1
"""Raised by hand when stories.py finds other families in the same articles."""

_BY_DUMP = ("dumps", "occurrences", "spans", "problems")
_BY_ARTICLE = ("articles", "article_topics", "mentions")
_BATCH_BYTES = 250_000
_BATCH_DUMPS = 200


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


@dataclass(frozen=True, slots=True)
class Done:
    """What a worker tells of a batch.

    Attributes:
        saved: Keys of saved work.
        put_off: Files that changed meanwhile or could not be worked on; the next run tries again.
    """

    saved: tuple[str, ...]
    put_off: tuple[Found, ...]


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
    """

    processed: Path
    snapshot: str
    is_changed: bool
    dumps: Mapping[str, int]
    rows: Mapping[str, int]
    problems: tuple[ProblemRow, ...]

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
    max_dump_bytes: int = MAX_DUMP_BYTES,
    map: Map | None = None,
    workers: int = 1,
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
        max_dump_bytes: Dumps over this size, in bytes, are rejected.
        map: How batches are worked off; None for `workers` processes.
        workers: Processes, where no `map` is given; 1 for this one.
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
        WorkerError: A worker process was killed.
    """
    raw, processed = Path(raw), Path(processed)
    folder = raw.parent / LAYOUTS
    names = [layout] if layout else layout_names(folder)
    layouts = tuple(load_layout(name, folder) for name in names)
    found_model = find_model(model)
    with store.lock(processed):
        store.checkpoint("locked")
        with store.writing(processed):
            previous = store.recover(processed)
        store.checkpoint("recovered")
        ids = _read_ids(previous, registry)
        if previous and previous.manifest["schema_version"] != SCHEMA_VERSION:
            previous = None
        corrections = read_corrections(raw.parent / CORRECTIONS)
        found = find_dumps(
            raw, max_bytes=max_dump_bytes, known=_known_archives(previous, max_dump_bytes)
        )
        plan = _plan(found, previous, layouts, found_model)
        store.checkpoint("planned")
        batches = [
            Batch(jobs, raw, processed, layouts, found_model, max_dump_bytes)
            for jobs in _pack(plan.jobs)
        ]
        run_map = map or _pool(min(workers, len(batches)))
        put_off: list[Found] = []
        done_count = 0
        for done in run_map(process_batch, batches) if batches else ():
            put_off += done.put_off
            done_count += len(done.saved) + len(done.put_off)
            if progress:
                progress(done_count, len(plan.jobs))
        store.checkpoint("work saved")
        plan = _defer(plan, put_off)
        with store.writing(processed):
            snapshot = _publish(plan, raw, processed, previous, ids, corrections, max_dump_bytes)
            store.collect(processed)
        store.checkpoint("collected")
    return _report(plan, snapshot, previous)


def _known_archives(previous: store.Snapshot | None, max_dump_bytes: int) -> dict[str, list[Found]]:
    """Tell what the last run found in each archive, so that it is not unpacked again."""
    known: dict[str, list[Found]] = {}
    rules = {"max_dump_bytes": max_dump_bytes, "scan_version": scan.VERSION}
    if previous and all(previous.manifest[name] == rule for name, rule in rules.items()):
        for note in previous.manifest["dumps"].values():
            if note["archive_sha256"]:
                is_passing = note["code"] in ("changing", "failed")
                values = {name: note[name] for name in _FOUND}
                each = Found(**values | ({"code": None, "detail": None} if is_passing else {}))
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
    path = previous.path / REGISTRY
    return read_registry(path) if path.exists() else Registry({}, {})


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
    rules = (*(layout.fingerprint for layout in layouts), model.fingerprint, *map(str, versions))
    state: dict[str, dict[str, Any]] = {}
    jobs = []
    for each in found:
        old = before.get(each.dump_id)
        key = None
        if each.sha256:
            key = hash_id(each.sha256, *rules, office.fingerprint() if each.is_office else None)
            if not old or old["key"] != key:
                jobs.append(Job(each, key))
        state[each.dump_id] = _note(each, key, old)
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


def _pool(workers: int) -> Map:
    if workers <= 1:
        return map
    return _PoolMap(workers)


@dataclass(frozen=True, slots=True)
class _PoolMap:
    workers: int

    def __call__(self, work: Callable[[Batch], Done], batches: Sequence[Batch]) -> Iterator[Done]:
        import multiprocessing

        # Not forked: the threads of Arrow and of a notebook do not survive a fork.
        context = multiprocessing.get_context("spawn")
        count = min(self.workers, len(batches))
        try:
            with ProcessPoolExecutor(count, context, _end_with_run) as pool:
                yield from pool.map(work, batches)
        except BrokenProcessPool:
            raise WorkerError(
                "expected every worker to come to its end, found one killed, perhaps for memory. "
                "Run again with --workers 1: what the others finished is saved and not done twice."
            ) from None


def _end_with_run() -> None:
    """End this worker when the run that started it is killed; it would wait for work for ever."""
    import multiprocessing
    from threading import Thread

    def watch() -> None:
        if run := multiprocessing.parent_process():
            run.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


# --- process ----------------------------------------------------------------------------------


def process_batch(batch: Batch) -> Done:
    """Process the dumps of a batch and save what they yield; done work is not done again.

    An error in one dump becomes a problem of that dump and leaves the others alone.

    Raises:
        ModelError: The pipeline cannot be loaded.
    """
    from clippings.tag import load_pipeline

    saved, put_off = [], []
    for job in batch.jobs:
        if store.load_work(batch.processed, job.key) is None:
            found = job.found
            # Read again, and only used when it is what was planned: a dump may grow meanwhile.
            try:
                content = read_content(
                    batch.raw, found.file, found.member, max_bytes=batch.max_dump_bytes
                )
            except ReadError:
                content = b""
            if hashlib.sha256(content).hexdigest() != found.sha256:
                detail = f"expected the {found.byte_count:,} bytes of a moment ago, found others"
                put_off.append(replace(found, sha256=None, code="changing", detail=detail))
                continue
            nlp = load_pipeline(batch.model)
            try:
                tables = process(content, batch.layouts, nlp)
            except Exception as error:  # one dump must not stop the others
                detail = f"expected rows, found {type(error).__name__}: {error}"
                put_off.append(replace(found, code="failed", detail=detail))
                continue
            store.save_work(batch.processed, job.key, tables)
        saved.append(job.key)
    return Done(tuple(saved), tuple(put_off))


def process(content: bytes, layouts: Sequence[AnyLayout], nlp: Language) -> dict[str, pa.Table]:
    """Turn the content of one dump into its rows.

    The rows depend on nothing but the arguments. `dump_id` and `path` are left empty; whoever
    publishes the rows fills them in.

    Args:
        content: The bytes of a raw file.
        layouts: Those that can be chosen for it; a single one is taken as it is.
        nlp: The spaCy pipeline that tags.

    Returns:
        The tables whose rows come from one dump, by name.
    """
    try:
        dump = decode(content)
    except ReadError as error:
        return _rejected(len(content), error.code, error.detail, error.start_byte)
    return _read(dump, len(content), layouts, nlp)


def _read(
    dump: Dump, byte_count: int, layouts: Sequence[AnyLayout], nlp: Language
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
    if not dump.text.strip("\ufeff \t\r\n\f\v"):
        status = "empty"
        problems.append(_problem("empty", "expected articles, found no text", None))
    elif any(span.kind == "unknown" for span in found.spans):
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
            for (key, name), mentions in zip(fields, tag(texts, nlp), strict=True)
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
) -> store.Snapshot:
    """Commit the tables of the planned dumps, whose work is saved."""
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
        return previous
    fresh = _fresh_rows(plan, processed, previous)
    gone = set(plan.before) - plan.stays
    publication = store.Publication(processed, previous)
    articles = _Articles(publication, fresh, gone, previous)
    faults = articles.put(corrections)
    articles.put_stories()
    resolved = articles.put_entities(ids, corrections)
    fresh["problems"] = _join(fresh["problems"], _complaints([*faults, *resolved.faults]))
    for table in _BY_DUMP:
        publication.put(table, gone | {hash_id(CORRECTIONS)}, fresh[table])
    notes["corrected"] = articles.corrected
    return publication.commit(notes, {REGISTRY: write_registry(resolved.registry)})


def _fresh_rows(
    plan: _Plan, processed: Path, previous: store.Snapshot | None
) -> dict[str, pa.Table]:
    """Gather the rows of all dumps that do not stay as they are."""
    parts: dict[str, list[pa.Table]] = {table: [] for table in TABLES}
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
            parts[table].append(_own(rows, dump_id, note))
    return {table: store.concat(table, tables) for table, tables in parts.items()}


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

    An article comes with its first occurrence and goes with its last. Entities are worked out over
    all mentions each time; only the buckets in which a row changes are written.

    Attributes:
        corrected: What stood in the columns of an article before it was corrected, by article_id;
            so that the correction can be taken back.
    """

    def __init__(
        self,
        publication: store.Publication,
        fresh: Mapping[str, pa.Table],
        gone_dumps: Collection[str],
        previous: store.Snapshot | None,
    ) -> None:
        import pyarrow.compute as pc

        self._publication = publication
        self._previous = previous
        kept = _kept(previous, "occurrences", ["dump_id", "article_id"], gone_dumps)
        found = _join(kept, fresh["occurrences"].select(kept.column_names))["article_id"]
        known = _kept(previous, "articles", ["article_id"], ())
        dead = known.filter(pc.invert(pc.is_in(known["article_id"], pc.unique(found))))
        come = fresh["articles"]["article_id"].to_pylist()
        self._go = {*dead["article_id"].to_pylist(), *come}
        self._come = {table: _distinct(table, fresh[table]) for table in _BY_ARTICLE}
        self.corrected: dict[str, dict[str, Any]] = {}

    def put(self, corrections: Corrections) -> list[tuple[int, str]]:
        """Put articles and their topics, with dates and outlets as corrected.

        Returns:
            Line and message of each correction that could not be used.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        before = self._previous.manifest["corrected"] if self._previous else {}
        rows = self._come["articles"]
        wanted = {row.article_id for row in corrections.of("date", "outlet")} | set(before)
        again = wanted - self._go
        if again:
            old = _kept(self._previous, "articles", rows.column_names, self._go)
            rows = _join(rows, old.filter(pc.is_in(old["article_id"], pa.array(sorted(again)))))
        articles = {row["article_id"]: row for row in rows.to_pylist()} if wanted else {}
        for article_id in again & set(articles):
            articles[article_id] |= _read_note(before.get(article_id, {}))
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
        if wanted:
            rows = pa.Table.from_pylist(list(articles.values()), schema=rows.schema)
        self._articles = rows
        self._publication.put("articles", self._go | again, rows)
        self._publication.put("article_topics", self._go, self._come["article_topics"])
        self._again = again
        return faults

    def put_stories(self) -> None:
        """Put the families of near-duplicates among all articles."""
        from clippings.stories import group_stories

        columns = ["article_id", "title", "published_date", "body"]
        gone = self._go | self._again

        def batches() -> Iterator[pa.RecordBatch]:
            if self._previous:
                for rows in self._previous.read_parts("articles", columns):
                    yield from _less(rows, "article_id", gone).to_batches()
            yield from self._articles.select(columns).to_batches()

        self._put_whole("stories", group_stories(batches, folder=self._publication.scratch))

    def _put_whole(self, table: str, rows: pa.Table) -> None:
        """Put a table that was worked out anew: the rows of owners of whom any has changed."""
        import pyarrow.compute as pc

        owner = TABLES[table].key[0]
        old = _kept(self._previous, table, rows.column_names, ())
        counts = (
            _join(old, rows)
            .group_by(rows.column_names, use_threads=False)
            .aggregate([([], "count_all")])
        )
        changed = pc.unique(counts.filter(pc.equal(counts["count_all"], 1))[owner])
        self._publication.put(
            table, changed.to_pylist(), rows.filter(pc.is_in(rows[owner], changed))
        )

    def put_entities(self, ids: Registry, corrections: Corrections) -> entities.Resolution:
        """Put mentions, entities, their aliases and the ids that were merged."""
        import pyarrow.compute as pc

        names = ["article_id", "field", "start", "end", "label", "surface", "entity_id"]
        stay = _kept(self._previous, "mentions", names, self._go)
        columns = ["article_id", "published_date"]
        dates = _join(
            _kept(self._previous, "articles", columns, self._go | self._again),
            self._articles.select(columns),
        )
        come = self._come["mentions"]
        both = _join(stay, come.select(names))
        resolved = entities.resolve_mentions(both, dates, ids, corrections)
        mentions = _with_entities(come, resolved.entity_ids.slice(stay.num_rows))
        now = resolved.entity_ids.slice(0, stay.num_rows)
        changed = pc.not_equal(pc.fill_null(stay["entity_id"], ""), pc.fill_null(now, ""))
        moved = pc.unique(stay.filter(changed)["article_id"])
        if len(moved):
            in_moved = pc.is_in(stay["article_id"], moved)
            rows = _kept(self._previous, "mentions", mentions.column_names, self._go)
            mentions = _join(mentions, _with_entities(rows.filter(in_moved), now.filter(in_moved)))
        self._publication.put("mentions", self._go, mentions)
        for table in ("entities", "aliases", "merged"):
            self._put_whole(table, getattr(resolved, table))
        return resolved


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


def _kept(
    previous: store.Snapshot | None, table: str, columns: list[str], gone: Collection[str]
) -> pa.Table:
    """Read columns of a table without the rows of the owners that go."""
    if previous is None:
        return arrow_schema(table).empty_table().select(columns)
    return _less(previous.read(table, columns), TABLES[table].key[0], gone)


def _less(rows: pa.Table, column: str, gone: Collection[str]) -> pa.Table:
    """Leave out the rows that hold one of some values in a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return rows.filter(pc.invert(pc.is_in(rows[column], pa.array(sorted(gone), pa.string()))))


def _distinct(table: str, rows: pa.Table) -> pa.Table:
    """Drop the second and later copies of rows that several dumps share."""
    key = list(TABLES[table].key)
    numbers = rows.select(key).append_column("row", [range(rows.num_rows)])
    first = numbers.group_by(key, use_threads=False).aggregate([("row", "min")])
    return rows.take(first["row_min"])


def _with_entities(mentions: pa.Table, entity_ids: pa.ChunkedArray) -> pa.Table:
    position = mentions.column_names.index("entity_id")
    return mentions.set_column(position, mentions.schema.field("entity_id"), entity_ids)


def _join(*tables: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(tables)


def _report(plan: _Plan, snapshot: store.Snapshot, previous: store.Snapshot | None) -> Run:
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
        problems=tuple(ProblemRow(**row) for row in snapshot.read("problems").to_pylist())
        if snapshot.row_count("problems")
        else (),
    )
