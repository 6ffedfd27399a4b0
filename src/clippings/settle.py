"""The names of all articles -> mentions, entities and their aliases in the next snapshot.

Where few articles come or go, only the names that these can concern are looked at (`reach.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from clippings import entities, store
from clippings.bound import bind_articles, find_entities
from clippings.columns import hold, in_batches, put_column, put_owners, within, without
from clippings.corrections import Corrections
from clippings.reach import Standing, find_names
from clippings.registry import Registry
from clippings.side import BOUND, READINGS, schema_of, table_key
from clippings.spellings import Readings
from clippings.spill import DIGITS, Change, Spill

if TYPE_CHECKING:
    import pyarrow as pa


def put_entities(
    publication: store.Publication,
    come: Mapping[str, Change],
    ids: Registry,
    corrections: Corrections,
    *,
    is_anew: bool,
) -> entities.Resolver:
    """Put mentions, entities, their aliases and the ids that were merged.

    Args:
        publication: The next snapshot.
        come: What comes and goes, by table.
        ids: The registry of earlier runs.
        corrections: What a person knows better.
        is_anew: Whether what earlier runs made of the names is of no use.
    """
    bound = _bind_anew(publication, come) if is_anew else come[BOUND]
    readings = Readings(None if is_anew else publication.read_before(READINGS))
    if not is_anew and _is_few(publication, bound, corrections):
        return _put_touched(publication, come, ids, corrections, readings)
    resolver = entities.Resolver(
        hold(lambda: in_batches(publication.preview(bound))), ids, corrections, readings
    )
    tables = {
        table: Spill(schema_of(table), table_key(table)[0], publication.scratch)
        for table in ("entities", "aliases", "merged", READINGS)
    }
    resolved = Change(BOUND, publication.scratch, is_anew=is_anew)
    for prefix in publication.pieces(bound):
        resolved.remove(bound.owners(prefix))
    for part in resolver.assign():
        resolved.add(part.changed())
        tables["entities"].add(part.entities)
        tables["aliases"].add(part.aliases)
    _put_mentions(publication, come["mentions"], resolved)
    publication.put_change(resolved)
    tables["entities"].add(resolver.entities())
    tables["aliases"].add(resolver.aliases())
    tables["merged"].add(resolver.merged())
    for rows in resolver.readings.tables():
        tables[READINGS].add(rows)
    for table, spill in tables.items():
        publication.put_whole(table, spill, is_anew=is_anew and table == READINGS)
    return resolver


def _is_few(publication: store.Publication, bound: Change, corrections: Corrections) -> bool:
    """Tell whether so few articles come or go that only their names need be looked at."""
    previous = publication.previous
    if previous is None or previous.manifest["corrections"] != corrections.sha256:
        return False
    return publication.count_owners(bound) <= publication.few_articles()


def _put_touched(
    publication: store.Publication,
    come: Mapping[str, Change],
    ids: Registry,
    corrections: Corrections,
    readings: Readings,
) -> entities.Resolver:
    """Put mentions and entities anew where a name that comes or goes can concern them."""
    import pyarrow as pa

    bound = come[BOUND]
    known = publication.read_owners(BOUND, bound.owners().to_pylist(), ["article_id"])
    gone = publication.read_owners(BOUND, set(known["article_id"].to_pylist()))
    resolver, keys = entities.resolve_touched(
        lambda keys: hold(lambda: in_batches(_named(publication.preview(bound), keys))),
        bound.added(),
        gone,
        Standing(publication.read_owners, ids, is_corrected=bool(corrections.rows)),
        registry=ids,
        corrections=corrections,
        readings=readings,
    )
    moved, entities_alone, aliases_alone = (
        Spill(schema_of(table), table_key(table)[0], publication.scratch)
        for table in (BOUND, "entities", "aliases")
    )
    for part in resolver.assign():
        moved.add(part.changed())
        entities_alone.add(part.entities)
        aliases_alone.add(part.aliases)
    resolved = _complete(publication, bound, moved, keys)
    _put_mentions(publication, come["mentions"], resolved)
    publication.put_change(resolved)
    replaced = pa.array(sorted(resolver.replaced()), pa.string())
    for table, rows, alone in (
        ("entities", resolver.entities(), entities_alone),
        ("aliases", resolver.aliases(), aliases_alone),
    ):
        change = Change(table, publication.scratch)
        change.remove(replaced)
        change.add(rows)
        for prefix in store.bucket_names(1):
            change.add(within(alone.read(prefix), "entity_id", replaced))
        publication.put_change(change)
    surfaces = resolver.surfaces().union(gone["surface"].to_pylist())
    _put_readings(publication, readings, find_names(surfaces, keys))
    merged = Spill(schema_of("merged"), "entity_id", publication.scratch)
    merged.add(resolver.merged())
    publication.put_whole("merged", merged)
    return resolver


def _put_readings(
    publication: store.Publication, readings: Readings, name_ids: Sequence[str]
) -> None:
    """Put what is known of names that were looked at, some of them for the last time."""
    import pyarrow as pa

    new = store.concat(READINGS, readings.tables())
    looked_at = pa.chunked_array([pa.array(name_ids, pa.string()), *new["name_id"].chunks])
    old = within(readings.rows, "name_id", looked_at)
    change = Change(READINGS, publication.scratch)
    change.replace(old, new)
    publication.put_change(change)


def _complete(
    publication: store.Publication, bound: Change, moved: Spill, keys: Collection[str]
) -> Change:
    """Add to the names that belong to another entity the others of the same articles."""
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


def _bind_anew(publication: store.Publication, come: Mapping[str, Change]) -> Change:
    """Tell what the names of all articles stand for."""
    bound = Change(BOUND, publication.scratch, is_anew=True)
    for prefix in store.bucket_names(DIGITS):
        mentions, articles = (
            publication.merge(come[table], prefix) for table in ("mentions", "articles")
        )
        bound.add(bind_articles(mentions, articles))
    return bound


def _put_mentions(publication: store.Publication, come: Change, resolved: Change) -> None:
    """Put the mentions of the articles that come, and of those whose entities changed."""
    come.derive(resolved, _put_ids)
    publication.put_change(come)


def _put_ids(mentions: pa.Table, bound: pa.Table) -> pa.Table:
    """Give mentions the entities of their names, in the articles of which all names are told."""
    import pyarrow.compute as pc

    told = pc.unique(bound["article_id"])
    rows = within(mentions, "article_id", told)
    rows = put_column(rows, "entity_id", find_entities(rows, bound))
    return put_owners(mentions, told, rows, "article_id")


def _named(tables: Iterable[pa.Table], keys: Collection[str]) -> Iterator[pa.Table]:
    """Leave of the rows of `.bound` those of names with some keys."""
    wanted = _key_array(keys)
    for rows in tables:
        yield within(rows, "key", wanted)


def _key_array(keys: Collection[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(sorted(keys), pa.string())
