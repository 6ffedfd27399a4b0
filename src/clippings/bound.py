"""What each article makes of its names: the rows of the side table `.bound`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from clippings.binding import Mentions, bind_mentions
from clippings.places import Place
from clippings.side import BOUND, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

NEW, IGNORED = "", "-"
"""In the place of an entity_id: not known yet; none, because a correction says so."""

_SEPARATOR = "\x1f"


def bind_articles(mentions: pa.Table, articles: pa.Table) -> pa.Table:
    """Tell what each name of each article stands for.

    Args:
        mentions: Columns article_id, field, start, end, label, surface; whole articles.
        articles: Columns article_id, published_date; every article_id once, others too.

    Returns:
        The rows of the side table `.bound`, their entities "", sorted by key.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = ("article_id", "field", "start", "end")
    rows = mentions.sort_by([(name, "ascending") for name in keys])
    columns = Mentions(*(rows[name].to_pylist() for name in (*keys, "label", "surface")))
    bound = bind_mentions(columns)
    made: list[Sequence[object]] = [
        bound.article_ids,
        bound.labels,
        bound.surfaces,
        [sense.key for sense in bound.senses],
        bound.rules,
        [bool(sense.article_id) for sense in bound.senses],
        [write_place(sense.place) for sense in bound.senses],
        bound.counts,
    ]
    schema = schema_of(BOUND)
    arrays = [
        pa.array(column, field.type) for column, field in zip(made, list(schema)[:-2], strict=True)
    ]
    dates = articles["published_date"].take(
        pc.index_in(arrays[0], articles["article_id"].combine_chunks())
    )
    entity_ids = pa.array([NEW] * len(bound.senses), pa.string())
    return pa.Table.from_arrays([*arrays, dates, entity_ids], schema=schema)


def find_entities(mentions: pa.Table, bound: pa.Table) -> pa.ChunkedArray:
    """Give the entity of each mention.

    Args:
        mentions: Columns article_id, label, surface.
        bound: Rows of `.bound` of the same articles, their entities known.
    """
    import pyarrow.compute as pc

    asked, known = (
        pc.binary_join_element_wise(rows["article_id"], rows["label"], rows["surface"], _SEPARATOR)
        for rows in (mentions, bound)
    )
    found: pa.ChunkedArray = bound["entity_id"].take(pc.index_in(asked, known.combine_chunks()))
    return found


@lru_cache(1 << 12)
def write_place(place: Place | None) -> str | None:
    """Write a place for the column `place`."""
    return json.dumps(dataclasses.astuple(place), ensure_ascii=False) if place else None


def read_place(text: str | None) -> Place | None:
    """Read what `write_place` wrote."""
    return Place(*json.loads(text)) if text else None
