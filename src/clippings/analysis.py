"""What an analyst asks of the tables: when, who with whom, and the words that say it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings import store
from clippings.columns import within as keep
from clippings.errors import StoreError
from clippings.evidence import find_bytes
from clippings.lookup import find_named, find_one
from clippings.pairs import count_pairs
from clippings.records import FIELDS, LABELS, PRECISIONS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

_UNITS = ("paragraph", "article")
_PARAGRAPH_END = "\n\n"


class _Period(NamedTuple):
    """A stretch of time that mentions are counted by.

    Attributes:
        unit: numpy's unit of time.
        length: How many of these it lasts.
        offset: Where the first one from 1970 on begins, in units.
        precisions: What must be known of a date to place it in one.
    """

    unit: str
    length: int
    offset: int
    precisions: tuple[str, ...]


_PERIODS = {
    "day": _Period("D", 1, 0, PRECISIONS[:1]),
    "week": _Period("D", 7, 4, PRECISIONS[:1]),  # 1970 began on a Thursday, weeks on a Monday
    "month": _Period("M", 1, 0, PRECISIONS[:2]),
    "quarter": _Period("M", 3, 0, PRECISIONS[:2]),
    "year": _Period("Y", 1, 0, PRECISIONS),
}


def timeline(
    entity: str,
    by: str = "month",
    *,
    label: str | None = None,
    processed: str | Path = "processed",
) -> pd.DataFrame:
    """Count the mentions of an entity over time.

    Args:
        entity: An entity_id, or a name in any spelling.
        by: "day", "week" (from Monday), "month", "quarter" or "year".
        label: PERSON, ORG or PLACE, where several entities have that name.
        processed: The folder of tables.

    Returns:
        One row per period from the first mention to the last, those without any among them:
        `entity_id`, `name`, `period` (its first day), `mention_count`, `article_count`. Mentions in
        articles whose date is unknown, or too coarse for the period (a year cannot be placed in a
        month), are a row of their own at the end, its `period` missing; so the sum of
        `mention_count` is that of the table `entities`.

    Raises:
        StoreError: There are no tables, no such entity (the nearest names are given) or several
            (their ids are given), or no such period.
    """
    import numpy as np
    import pandas as pd
    import pyarrow.compute as pc

    if by not in _PERIODS:
        raise StoreError(f'expected a period of {", ".join(_PERIODS)}, found "{by}"')
    period = _PERIODS[by]
    with store.pin(Path(processed)) as snapshot:
        [found] = find_one(snapshot, entity, label).to_pylist()
        mentions = snapshot.read("mentions", columns=["article_id", "entity_id"])
        articles = snapshot.read(
            "articles", columns=["article_id", "published_date", "date_precision"]
        )
    own = mentions.filter(pc.equal(mentions["entity_id"], found["entity_id"]))["article_id"]
    counts = pc.value_counts(own)
    articles = articles.take(pc.index_in(counts.field("values"), articles["article_id"]))
    dates = articles["published_date"].to_numpy().astype("datetime64[ms]")
    is_placed = np.isin(articles["date_precision"].to_numpy(), period.precisions)
    mention_counts = counts.field("counts").to_numpy()
    rows = _count_periods(dates[is_placed], mention_counts[is_placed], period)
    if not is_placed.all():
        rest = mention_counts[~is_placed]
        rows.loc[len(rows)] = [pd.NaT, rest.sum(), rest.size]
    rows.insert(0, "entity_id", found["entity_id"])
    rows.insert(1, "name", found["name"])
    return rows


def _count_periods(dates: np.ndarray, mention_counts: np.ndarray, period: _Period) -> pd.DataFrame:
    """Count articles and their mentions in each period from the first to the last."""
    import numpy as np
    import pandas as pd

    unit = f"datetime64[{period.unit}]"
    numbers = dates.astype(unit).astype(np.int64)
    numbers -= (numbers - period.offset) % period.length
    every = np.arange(numbers.min(), numbers.max() + 1, period.length) if len(numbers) else numbers
    places = np.searchsorted(every, numbers)
    return pd.DataFrame(
        {
            "period": every.astype(unit).astype("datetime64[ms]"),
            "mention_count": np.bincount(places, mention_counts, len(every)).astype(np.int64),
            "article_count": np.bincount(places, minlength=len(every)).astype(np.int64),
        }
    )


def cooccurrence(
    label: str | Sequence[str] | None = None,
    within: str = "paragraph",
    *,
    entity: str | None = None,
    processed: str | Path = "processed",
) -> pd.DataFrame:
    """Count which entities are named together.

    Args:
        label: PERSON, ORG or PLACE, or several of them: only entities of these; None for all.
        within: "paragraph" (a title is one too) or "article".
        entity: An entity_id or a name in any spelling: only pairs with this one, itself of any
            label; None for all pairs.
        processed: The folder of tables.

    Returns:
        One row per pair of entities that are ever named together, most often first: `entity_id_a`,
        `name_a`, `label_a`, and the same of b; `unit_count` (paragraphs or articles that name both)
        and `article_count`. Each pair stands once, and a is `entity` or else the one with more
        mentions.

    Raises:
        StoreError: There are no tables, no such label or unit, no such entity or several; or an
            article names too many for all pairs to be counted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    labels = LABELS if label is None else (label,) if isinstance(label, str) else tuple(label)
    if not labels or not set(labels) <= set(LABELS):
        raise StoreError(f"expected labels of {', '.join(LABELS)}, found {', '.join(labels)}")
    if within not in _UNITS:
        raise StoreError(f'expected a unit of {", ".join(_UNITS)}, found "{within}"')
    with store.pin(Path(processed)) as snapshot:
        entities = keep(snapshot.read("entities"), "label", pa.array(labels))
        entities = entities.sort_by([("mention_count", "descending"), ("entity_id", "ascending")])
        if entity is not None:
            asked = find_one(snapshot, entity)
            others = pc.invert(pc.is_in(entities["entity_id"], asked["entity_id"]))
            entities = pa.concat_tables([asked, entities.filter(others)])
        entities = entities.select(["entity_id", "name", "label"]).combine_chunks()
        mentions = snapshot.read("mentions", columns=["article_id", "field", "start", "entity_id"])
        mentions = keep(mentions, "entity_id", entities["entity_id"])
        article_ids = pc.unique(mentions["article_id"])
        articles = pc.index_in(mentions["article_id"], article_ids).to_numpy()
        numbers = pc.index_in(mentions["entity_id"], entities["entity_id"]).to_numpy()
        units = articles
        if within == "paragraph":
            units = _number_paragraphs(snapshot, mentions, articles, article_ids)
    pairs = count_pairs(articles, units, numbers, is_first_only=entity is not None)
    return _name_pairs(entities, *pairs)


def _number_paragraphs(
    snapshot: store.Snapshot, mentions: pa.Table, articles: np.ndarray, article_ids: pa.Array
) -> np.ndarray:
    """Give each mention the number of its paragraph; each title has a number of its own too.

    Args:
        snapshot: The tables.
        mentions: Columns field, start.
        articles: Number of the article of each mention.
        article_ids: The articles by number, sorted.
    """
    import numpy as np
    import pyarrow.compute as pc

    begins = []
    for first, bodies in _read_articles(snapshot, article_ids, ["body"]):
        paragraphs = pc.split_pattern(bodies["body"], _PARAGRAPH_END).combine_chunks()
        lengths = pc.utf8_length(paragraphs.flatten()).to_numpy() + len(_PARAGRAPH_END)
        ends = np.cumsum(lengths, dtype=np.int64)
        owners = pc.list_parent_indices(paragraphs).to_numpy()
        firsts = paragraphs.offsets.to_numpy()[:-1] - paragraphs.offsets[0].as_py()
        starts = ends - lengths
        begins.append(_place(first + owners, starts - starts[firsts][owners]))
    places = np.sort(np.concatenate([*begins, np.empty(0, np.int64)]))
    found = np.searchsorted(places, _place(articles, mentions["start"].to_numpy()), side="right")
    is_title = pc.equal(mentions["field"], "title").to_numpy()
    return np.where(is_title, len(places) + 1 + articles, found)


def _read_articles(
    snapshot: store.Snapshot, article_ids: pa.Array, columns: list[str]
) -> Iterator[tuple[int, pa.Table]]:
    """Read some articles part by part.

    Args:
        snapshot: The tables.
        article_ids: The articles, sorted.
        columns: Columns beside article_id.

    Yields:
        The place in `article_ids` of the first article of a part, and the rows of the part.
    """
    ids = article_ids.to_pylist()
    digits = snapshot.manifest["tables"]["articles"]["digits"]
    buckets = {article_id[:digits] for article_id in ids}
    for part in snapshot.read_parts("articles", ["article_id", *columns], buckets):
        if part.num_rows:
            first = bisect_left(ids, part["article_id"][0].as_py())
            last = bisect_right(ids, part["article_id"][-1].as_py())
            # Not all ids, for which a new index would be made with every part.
            own = article_ids.slice(first, last - first)
            yield first, keep(part, "article_id", own).combine_chunks()


def _place(articles: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Give numbers that are sorted as pairs of an article and a place in its body are."""
    places: np.ndarray = (articles.astype("int64") << 32) + starts
    return places


def _name_pairs(
    entities: pa.Table, a: np.ndarray, b: np.ndarray, units: np.ndarray, articles: np.ndarray
) -> pd.DataFrame:
    import pyarrow as pa

    columns = {
        **{f"{name}_a": entities[name].take(pa.array(a)) for name in entities.column_names},
        **{f"{name}_b": entities[name].take(pa.array(b)) for name in entities.column_names},
        "unit_count": units,
        "article_count": articles,
    }
    down, up = "descending", "ascending"
    order = [("unit_count", down), ("article_count", down), ("name_a", up), ("name_b", up)]
    order += [("entity_id_a", up), ("entity_id_b", up)]
    rows: pd.DataFrame = pa.table(columns).sort_by(order).to_pandas()
    return rows


def concordance(
    name: str,
    width: int | None = 60,
    *,
    label: str | None = None,
    processed: str | Path = "processed",
) -> pd.DataFrame:
    """Show every mention of an entity, whatever its spelling, between the words around it.

    Args:
        name: An entity_id, or a name in any spelling; of several entities of that name all are
            shown.
        width: Characters to show on either side, none of them beyond the paragraph; None for the
            whole paragraph.
        label: PERSON, ORG or PLACE: only entities of that label.
        processed: The folder of tables.

    Returns:
        One row per mention, by date, the undated last: `article_id`, `title`, `published_date`,
        `field`, `left`, `keyword`, `right`, `start`, `end` (code points: the keyword is
        `field[start:end]`), `entity_id`, `name`, and where it stands in the raw folder: `path`,
        `start_byte`, `end_byte` (of an article that stands there several times, the first). These
        three are missing where the raw file is gone or has changed since it was ingested. HTML
        and office files take longest to be looked up, as they are rendered anew.

    Raises:
        StoreError: There are no tables, or no such entity; the nearest names are given.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    with store.pin(Path(processed)) as snapshot:
        entities = find_named(snapshot, name, label)
        columns = ["article_id", "field", "start", "end", "entity_id"]
        mentions = snapshot.read("mentions", columns=columns)
        mentions = keep(mentions, "entity_id", entities["entity_id"])
        articles = {
            article["article_id"]: article
            for _, part in _read_articles(
                snapshot, pc.unique(mentions["article_id"]), ["published_date", *FIELDS]
            )
            for article in part.to_pylist()
        }
        places = _first_places(find_bytes(snapshot, mentions).to_pylist())
    names = dict(zip(*(entities[key].to_pylist() for key in ("entity_id", "name")), strict=True))
    rows = [
        {
            **{key: article[key] for key in ("article_id", "title", "published_date")},
            **_quote(article[mention["field"]], mention, width),
            "entity_id": mention["entity_id"],
            "name": names[mention["entity_id"]],
            **places.get(row, {}),
        }
        for row, mention in enumerate(mentions.to_pylist())
        for article in [articles[mention["article_id"]]]
    ]
    types = {
        "article_id": pa.string(),
        "title": pa.string(),
        "published_date": pa.timestamp("ms"),
        "field": pa.string(),
        "left": pa.string(),
        "keyword": pa.string(),
        "right": pa.string(),
        "start": pa.int64(),
        "end": pa.int64(),
        "entity_id": pa.string(),
        "name": pa.string(),
        "path": pa.string(),
        "start_byte": pa.int64(),
        "end_byte": pa.int64(),
    }
    shown: pd.DataFrame = pa.Table.from_pylist(rows, pa.schema(types)).to_pandas(
        types_mapper={pa.int64(): pd.Int64Dtype()}.get
    )
    shown = shown.astype({"start": "int64", "end": "int64"})
    return shown.sort_values(
        ["published_date", "article_id", "field", "start"],
        key=lambda column: column.map(FIELDS.index) if column.name == "field" else column,
        ignore_index=True,
    )


def _first_places(found: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Give the first place of each row that is there to be read."""
    places: dict[int, dict[str, Any]] = {}
    for place in found:
        if place["start_byte"] is not None:
            kept = {key: place[key] for key in ("path", "start_byte", "end_byte")}
            places.setdefault(place["row"], kept)
    return places


def _quote(text: str, mention: dict[str, Any], width: int | None) -> dict[str, Any]:
    """Give the words of a mention, and those around it in its paragraph."""
    start, end = mention["start"], mention["end"]
    begin = text.rfind(_PARAGRAPH_END, 0, start) + len(_PARAGRAPH_END)
    begin = 0 if begin < len(_PARAGRAPH_END) else begin
    stop = text.find(_PARAGRAPH_END, end)
    stop = len(text) if stop < 0 else stop
    if width is not None:
        begin, stop = max(begin, start - width), min(stop, end + width)
    return {
        "field": mention["field"],
        "left": text[begin:start],
        "keyword": text[start:end],
        "right": text[end:stop],
        "start": start,
        "end": end,
    }
