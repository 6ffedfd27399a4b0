"""One dump -> its rows: read, split, tagged, and saved for whoever publishes them.

A worker, in this process or another one, is handed a `Batch` and needs nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from clippings import choose, store
from clippings.archives import read_content
from clippings.articles import Article, is_blank
from clippings.bound import bind_articles
from clippings.columns import from_rows
from clippings.errors import ReadError
from clippings.layouts.layout import AnyLayout
from clippings.models import ENGINES, Model
from clippings.read import Dump, decode
from clippings.records import (
    PROBLEMS,
    ArticleRow,
    ArticleTopicRow,
    DumpRow,
    OccurrenceRow,
    ProblemRow,
    Row,
    SpanRow,
    arrow_schema,
    to_arrow,
)
from clippings.scan import Found, hash_id
from clippings.side import BOUND

if TYPE_CHECKING:
    import pyarrow as pa

    from clippings.tag import Tagger


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


def process_batch(batch: Batch) -> Done:
    """Process the dumps of a batch and save what they yield; done work is not done again.

    An error in one dump, and a lack of memory too, becomes a problem of that dump and leaves the
    others alone.

    Raises:
        ModelError: The pipeline cannot be loaded.
        StoreError: The work cannot be saved.
    """
    return join_done(_process_job(batch, job) for job in batch.jobs)


def _process_job(batch: Batch, job: Job) -> Done:
    """Process one dump and save what it yields, or say why it is put off."""
    if store.load_work(batch.processed, job.key) is not None:
        return Done((job.key,), ())
    try:
        return _read_and_save(batch, job)
    except MemoryError as error:
        detail = f"expected memory to work in, found none: {str(error) or 'MemoryError'}"
        return give_up(job, "out_of_memory", detail)


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
        return give_up(job, "failed", f"expected rows, found {type(error).__name__}: {error}")
    store.save_work(batch.processed, job.key, tables)
    return Done((job.key,), (), tagger.reason)


def give_up(job: Job, code: str, detail: str) -> Done:
    """Put a dump off, and say why."""
    return Done((), (replace(job.found, code=code, detail=detail),))


def join_done(parts: Iterable[Done]) -> Done:
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
        The tables whose rows come from one dump, by name, and what its articles make of their
        names.
    """
    try:
        dump = decode(content)
    except ReadError as error:
        return rejected(len(content), error.code, error.detail, error.start_byte)
    return _read(dump, len(content), layouts, tagger)


def _read(
    dump: Dump, byte_count: int, layouts: Sequence[AnyLayout], tagger: Tagger
) -> dict[str, pa.Table]:
    from clippings.tag import tag

    choice = choose.split_best(dump.text, layouts, dump.marks)
    found = choice.found
    ids = [article_id(article) for article in found.articles]
    offset = dump.byte_offset
    problems = [problem(doubt.code, doubt.detail, offset(doubt.start)) for doubt in found.doubts]
    if dump.first_stray is not None:
        start = offset(dump.first_stray)
        detail = f"expected UTF-8, found a byte of Windows-1252 at byte {start}"
        problems.append(problem("mixed_encoding", detail, start))
    status = "ok"
    if is_blank(dump.text):
        status = "empty"
        problems.append(problem("empty", "expected articles, found no text", None))
    elif choice.layout is None or "unknown" in found.spans.kinds:
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
        "problems": list(problems),
    }
    tables = {table: to_arrow(table, rows[table]) for table in rows}
    # A dump has so many of these that they are never made into rows of their own.
    mentions = (
        (key, name, *mention, None)
        for (key, name), found_here in zip(fields, tag(texts, tagger), strict=True)
        for mention in found_here
    )
    tables["mentions"] = from_rows(mentions, arrow_schema("mentions"))
    cuts = list(map(offset, found.spans.cuts))
    owners = [None if number is None else ids[number] for number in found.spans.articles]
    spans = zip(repeat(""), cuts, cuts[1:], found.spans.kinds, owners, strict=False)
    tables["spans"] = from_rows(spans, arrow_schema("spans"))
    return tables | {BOUND: bind_articles(tables["mentions"], tables["articles"])}


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


def problem(code: str, detail: str, start_byte: int | None = None) -> ProblemRow:
    """Make the row of a problem, with what its code says of it."""
    kind = PROBLEMS[code]
    return ProblemRow("", "", kind.severity, code, start_byte, detail, kind.action)


def rejected(
    byte_count: int | None, code: str, detail: str, start_byte: int | None = None
) -> dict[str, pa.Table]:
    """Give the rows of a dump that is not used: all of it stays, as one unknown span."""
    row = DumpRow("", "", None, byte_count, None, None, "rejected", 0, None, None, None)
    spans = [SpanRow("", 0, byte_count, "unknown", None)] if byte_count else []
    return {
        "dumps": to_arrow("dumps", [row]),
        "spans": to_arrow("spans", spans),
        "problems": to_arrow("problems", [problem(code, detail, start_byte)]),
    }
