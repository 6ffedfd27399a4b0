"""Saved work -> the next snapshot: every table is put once, then all are committed.

An article comes with its first occurrence and goes with its last. Stories and entities are worked
out over all articles each time, from side tables that hold what is needed of each; only the buckets
in which a row changes are written.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clippings import side, store
from clippings.beside import beside
from clippings.columns import join, put_column, without
from clippings.corrected import correct_articles
from clippings.corrections import FILE as CORRECTIONS
from clippings.corrections import Corrections
from clippings.errors import StoreError
from clippings.families import Signing, put_families
from clippings.plan import Plan, name_work
from clippings.records import Row, to_arrow
from clippings.registry import FILE as REGISTRY
from clippings.registry import Registry
from clippings.scan import hash_id, name_dump, to_text
from clippings.settle import put_entities
from clippings.side import BOUND
from clippings.spill import Change, Spill
from clippings.work import problem, rejected

if TYPE_CHECKING:
    import pyarrow as pa

_BY_DUMP = ("dumps", "occurrences", "spans", "problems")
_BY_ARTICLE = ("articles", "article_topics", "mentions", BOUND)
_MANY_ARTICLES = 1_000
"""New articles from which on their families are worth a process of their own, which takes them from
the disk."""


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


@_no_cycles()
def publish(
    plan: Plan,
    raw: Path,
    processed: Path,
    previous: store.Snapshot | None,
    ids: Registry,
    corrections: Corrections,
    max_dump_bytes: int,
    workers: int = 1,
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
        "entities_version": side.ENTITIES_VERSION,
        "stories_version": side.STORIES_VERSION,
        "corrections": corrections.sha256,
        "max_dump_bytes": max_dump_bytes,
        "scan_rules": plan.rules.scan,
        "work_rules": plan.rules.work,
        "writer": store.writer(),
    }
    if previous and all(previous.manifest.get(name) == note for name, note in notes.items()):
        store.make_links(processed)
        return previous, previous.read("problems") if previous.row_count("problems") else None
    publication = store.Publication(processed, previous)
    gone = sorted(set(plan.before) - plan.stays)
    come = _gather(plan, processed, previous, publication.scratch)
    _remove_dead(come, gone, previous, publication)
    notes["corrected"], faults = correct_articles(come, previous, corrections)
    for table in ("articles", "article_topics"):
        publication.put_change(come[table])
    is_many = come["articles"].row_count > _MANY_ARTICLES
    with beside(is_worth_it=workers > 1 and is_many) as begin:
        is_signed = previous is not None and _is_same(previous, notes, "stories_version")
        families = begin(
            put_families,
            Signing(
                publication.twin("articles"),
                come["articles"].owners() if is_signed else None,
                come["articles"].added() if is_signed and not is_many else None,
            ),
        )
        is_anew = not _is_same(previous, notes, "entities_version")
        resolver = put_entities(publication, come, ids, corrections, is_anew=is_anew)
        come["problems"].add(_complaints([*faults, *resolver.faults()]))
        come["problems"].remove([hash_id(CORRECTIONS)])
        for table in _BY_DUMP:
            come[table].remove(gone)
            publication.put_change(come[table])
        publication.adopt(families())
    problems = store.concat("problems", publication.read_parts("problems"))
    return publication.commit(notes, {REGISTRY: resolver.registry.write()}), problems


def _is_same(previous: store.Snapshot | None, notes: Mapping[str, Any], name: str) -> bool:
    return previous is None or bool(previous.manifest[name] == notes[name])


def _gather(
    plan: Plan, processed: Path, previous: store.Snapshot | None, folder: Path
) -> dict[str, Change]:
    """Gather the rows of all dumps that do not stay as they are, on the disk."""
    come = {table: Change(table, folder) for table in (*_BY_DUMP, *_BY_ARTICLE)}
    stays = plan.stays
    for dump_id in plan.state:
        if dump_id in stays:
            continue
        note, old = plan.state[dump_id], plan.before.get(dump_id)
        if previous and old and note["key"] and note["key"] == old["key"]:
            tables = _carry(previous, dump_id)
            if note["code"]:
                passing = problem(note["code"], note["detail"])
                tables["problems"] = join(tables["problems"], to_arrow("problems", [passing]))
        elif note["key"]:
            saved = store.load_work(processed, name_work(note["key"]))
            if saved is None:
                raise StoreError(
                    f"{processed}: expected the saved work of {_path(note)}, found none. Run "
                    "again, and keep other programs out of that folder."
                )
            tables = saved
        else:
            tables = rejected(note["byte_count"], note["code"], note["detail"])
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
            rows = put_column(rows, name, column)
    return rows


def _path(note: Mapping[str, Any]) -> str:
    return to_text(name_dump(note["file"], note["member"]))


def _complaints(faults: Iterable[tuple[int, str]]) -> pa.Table:
    """Turn what is wrong with corrections into rows of `problems`."""
    rows: list[Row] = [
        replace(
            problem("correction", f"line {line}: {found}"),
            dump_id=hash_id(CORRECTIONS),
            path=CORRECTIONS,
        )
        for line, found in sorted(set(faults))
    ]
    return to_arrow("problems", rows)
