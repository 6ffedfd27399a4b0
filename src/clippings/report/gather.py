"""Tables of one snapshot -> what the page shows, as columns of numbers and texts."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from clippings.store import Snapshot

_MOST_LINKS = 200
"""Pairs of names in the network and its table; the page counts any other when it is asked for."""
_MOST_GAPS = 50
_LEAST_GAP = timedelta(days=7)
_OPENING = 70
"""Characters of an article without a title that stand in its place."""
_PARAGRAPH = "\n\n"

Columns = dict[str, list[Any]]


class Corpus(NamedTuple):
    """All articles in the order of the page: by date, those without one last.

    Attributes:
        articles: The table, in that order.
        mentions: The table, by article in that order, title before body, with the columns
            `article` and `entity` (their numbers; -1 where unresolved) and `paragraph` (0 for the
            title, then from 1).
        occurrences: The table, by article in that order, with the columns `article` and `dump`.
        entities: The table, most frequent first; their number is their row.
        dumps: The table, by path.
    """

    articles: pd.DataFrame
    mentions: pd.DataFrame
    occurrences: pd.DataFrame
    entities: pd.DataFrame
    dumps: pd.DataFrame


def read_corpus(snapshot: Snapshot) -> Corpus:
    """Read the tables and put them in the order of the page."""
    tables = {
        name: snapshot.read(name).to_pandas()
        for name in ("articles", "mentions", "occurrences", "entities", "dumps")
    }
    articles = tables["articles"].sort_values(
        ["published_date", "article_id"], na_position="last", ignore_index=True
    )
    entities = tables["entities"].sort_values(
        ["article_count", "mention_count", "name", "entity_id"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    dumps = tables["dumps"].sort_values(["path", "dump_id"], ignore_index=True)
    mentions, occurrences = tables["mentions"], tables["occurrences"]
    mentions["article"] = _number(mentions["article_id"], articles["article_id"])
    mentions["entity"] = _number(mentions["entity_id"], entities["entity_id"])
    mentions["is_body"] = mentions["field"] == "body"
    mentions = mentions.sort_values(["article", "is_body", "start", "end"], ignore_index=True)
    mentions["paragraph"] = _paragraphs(mentions, articles["body"].tolist())
    occurrences["article"] = _number(occurrences["article_id"], articles["article_id"])
    occurrences["dump"] = _number(occurrences["dump_id"], dumps["dump_id"])
    occurrences = occurrences.sort_values(["article", "dump", "position"], ignore_index=True)
    return Corpus(articles, mentions, occurrences, entities, dumps)


def _number(ids: pd.Series[str], known: pd.Series[str]) -> np.ndarray[Any, Any]:
    """Give the row of each id among those known; -1 for one that is null."""
    import pandas as pd

    return pd.Index(known).get_indexer(pd.Index(ids))


def _paragraphs(mentions: pd.DataFrame, bodies: Sequence[str]) -> list[int]:
    """Give the paragraph of each mention: 0 for the title, then from 1; they are sorted."""
    found = []
    rows = zip(mentions["article"], mentions["is_body"], mentions["start"], strict=True)
    for article, own in groupby(rows, key=lambda row: row[0]):
        body, paragraph, last = bodies[article], 1, 0
        for _, is_body, start in own:
            if is_body:
                paragraph += body.count(_PARAGRAPH, last, start)
                last = start
            found.append(paragraph if is_body else 0)
    return found


def gather(snapshot: Snapshot, corpus: Corpus) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gather what every view of the page starts from.

    Args:
        snapshot: The tables, pinned.
        corpus: What `read_corpus` made of them.

    Returns:
        The overview (totals, articles, topics, outlets, gaps, stories, dumps, problems) and the
        names (entities, spellings, who is mentioned in which paragraph, links); all fit for JSON.
    """
    articles, count = corpus.articles, len(corpus.articles)
    outlets, outlet_numbers = _by_frequency(articles["outlet"].dropna())
    topic_rows = snapshot.read("article_topics").to_pandas()
    topics, topic_numbers = _by_frequency(topic_rows["topic"])
    days = [_day(value) for value in articles["published_date"]]
    titles, precisions = _nullable(articles["title"]), _nullable(articles["date_precision"])
    stands = corpus.occurrences["article"]
    overview = {
        "totals": _count_all(corpus, days) | {"topics": len(topics), "outlets": len(outlets)},
        "articles": {
            "id": articles["article_id"].tolist(),
            "title": titles,
            "opening": [
                None if title else _open(body)
                for title, body in zip(titles, articles["body"], strict=True)
            ],
            "date": [day and day.isoformat() for day in days],
            "precision": precisions,
            "outlet": [outlet_numbers.get(outlet, -1) for outlet in _nullable(articles["outlet"])],
            "words": articles["word_count"].tolist(),
            "topics": _list_by(
                _number(topic_rows["article_id"], articles["article_id"]),
                topic_rows["topic"].map(topic_numbers),
                count,
            ),
            "dumps": _list_by(stands, corpus.occurrences["dump"], count),
            "stands": np.bincount(stands, minlength=count).tolist(),
        },
        "topics": topics,
        "outlets": outlets,
        "gaps": list(find_gaps(days, precisions)),
        "stories": _stories(snapshot, articles["article_id"]),
        "dumps": _dumps(snapshot, corpus.dumps),
        "problems": _problems(snapshot, corpus),
    }
    return overview, _names(snapshot, corpus)


def _count_all(corpus: Corpus, days: Sequence[date | None]) -> dict[str, int]:
    return {
        "articles": len(corpus.articles),
        "occurrences": len(corpus.occurrences),
        "dumps": len(corpus.dumps),
        "bytes": int(corpus.dumps["byte_count"].fillna(0).sum()),
        "words": int(corpus.articles["word_count"].sum()),
        "mentions": len(corpus.mentions),
        "undated": sum(day is None for day in days),
    }


def _list_by(articles: Iterable[int], values: Iterable[int], count: int) -> list[list[int]]:
    """List the distinct values of each article, in their order."""
    found: list[dict[int, None]] = [{} for _ in range(count)]
    for article, value in zip(articles, values, strict=True):
        found[article][int(value)] = None
    return [list(own) for own in found]


def _dumps(snapshot: Snapshot, dumps: pd.DataFrame) -> Columns:
    names = (
        *("path", "byte_count", "encoding", "layout", "status", "article_count"),
        *("claimed_count", "layout_score", "layout_runner_up"),
    )
    found = {name: _nullable(dumps[name]) for name in names}
    notes = snapshot.manifest["dumps"]
    found["is_office"] = [notes[dump_id]["is_office"] for dump_id in dumps["dump_id"]]
    return found


def _nullable(values: pd.Series[Any]) -> list[Any]:
    """List values with None where they are null, whole numbers as such."""
    return [
        None if value != value or value is None else int(value) if _is_whole(value) else value
        for value in values.tolist()
    ]


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) and value == value else None


def _open(body: str) -> str | None:
    """Give the first words of an article, in the place of its title."""
    return textwrap.shorten(body[:200], _OPENING, placeholder="…") or None


def _by_frequency(values: Iterable[str]) -> tuple[list[str], dict[str, int]]:
    """Sort distinct texts, the most frequent first, and number them."""
    counts = Counter(values)
    texts = sorted(counts, key=lambda text: (-counts[text], text))
    return texts, {text: number for number, text in enumerate(texts)}


def find_gaps(
    days: Sequence[date | None], precisions: Sequence[str | None]
) -> Iterator[dict[str, Any]]:
    """Find the longest stretches of time without articles.

    An article whose date names a month or a year covers all of it.

    Args:
        days: First day of each article's date, in order, those without one last.
        precisions: "day", "month" or "year" for each of them.

    Yields:
        `first` and `last` day of a stretch of a week or more, its length in `days`, the article
        `before` and the article `after` it; no more than 50, the longest first.
    """
    covered: list[tuple[int, date, date]] = []  # the article whose cover ends last, so far
    for article, (day, precision) in enumerate(zip(days, precisions, strict=True)):
        if day is None:
            break
        covered.append((article, day, _last_day(day, precision)))
    found = []
    latest = covered[0] if covered else None
    for article, first, last in covered[1:]:
        assert latest is not None
        if first - latest[2] > _LEAST_GAP:
            found.append((latest, article, first))
        if last > latest[2]:
            latest = (article, first, last)
    found.sort(key=lambda gap: (gap[0][2] - gap[2], gap[2]))
    for (before, _, end), after, begin in found[:_MOST_GAPS]:
        first, last = end + timedelta(days=1), begin - timedelta(days=1)
        yield {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "days": (last - first).days + 1,
            "before": before,
            "after": after,
        }


def _last_day(day: date, precision: str | None) -> date:
    if precision == "year":
        return day.replace(month=12, day=31)
    if precision == "month":
        following = day.replace(day=28) + timedelta(days=4)
        return following - timedelta(days=following.day)
    return day


def _stories(snapshot: Snapshot, article_ids: pd.Series[str]) -> list[list[int]]:
    """List the families of near-duplicates, the largest first, as numbers of articles."""
    rows = snapshot.read("stories").to_pandas()
    rows["article"] = _number(rows["article_id"], article_ids)
    families = [sorted(map(int, own)) for _, own in rows.groupby("story_id")["article"]]
    return sorted((own for own in families if len(own) > 1), key=lambda own: (-len(own), own))


def _problems(snapshot: Snapshot, corpus: Corpus) -> Columns:
    """List what a person should look at, with the article that holds the place; -1 for none."""
    rows = snapshot.read("problems").to_pandas()
    rows["dump"] = _number(rows["dump_id"], corpus.dumps["dump_id"])
    rows["article"] = [
        _find_article(corpus.occurrences, dump, byte)
        for dump, byte in zip(rows["dump"], rows["start_byte"], strict=True)
    ]
    rows = rows.sort_values(
        ["severity", "path", "start_byte", "code", "detail"], na_position="first"
    )
    names = ("severity", "path", "code", "detail", "action", "start_byte", "dump", "article")
    return {name: _nullable(rows[name]) for name in names}


def _find_article(occurrences: pd.DataFrame, dump: int, byte: float) -> int:
    """Give the article that holds a byte of a dump; -1 where none does."""
    starts, ends = occurrences["start_byte"], occurrences["end_byte"]
    holds = (occurrences["dump"] == dump) & (starts <= byte) & (byte < ends)
    return int(max(occurrences["article"][holds], default=-1))


def _names(snapshot: Snapshot, corpus: Corpus) -> dict[str, Any]:
    entities, mentions = corpus.entities, corpus.mentions
    aliases = snapshot.read("aliases").to_pandas()
    aliases["entity"] = _number(aliases["entity_id"], entities["entity_id"])
    aliases = aliases.sort_values(
        ["entity", "mention_count", "alias"], ascending=[True, False, True]
    )
    per_article = np.bincount(mentions["article"], minlength=len(corpus.articles))
    columns = {
        "id": "entity_id",
        "label": "label",
        "name": "name",
        "mentions": "mention_count",
        "articles": "article_count",
        "first": "first_date",
        "last": "last_date",
        "country": "country_code",
        "latitude": "latitude",
        "longitude": "longitude",
    }
    found: dict[str, Any] = {short: _nullable(entities[name]) for short, name in columns.items()}
    for name in ("first", "last"):
        found[name] = [
            day and day.isoformat() for day in map(_day, entities[columns[name]].tolist())
        ]
    return {
        "entities": found,
        "aliases": {
            "entity": aliases["entity"].tolist(),
            "alias": aliases["alias"].tolist(),
            "mentions": aliases["mention_count"].tolist(),
            "rule": aliases["rule"].tolist(),
        },
        "mentions": {
            "per_article": per_article.tolist(),
            "entity": mentions["entity"].tolist(),
            "paragraph": mentions["paragraph"].tolist(),
            "alias": _find_aliases(mentions, aliases),
        },
        "links": find_links(
            *(mentions[name].to_numpy(np.int64) for name in ("article", "paragraph", "entity"))
        ),
    }


def _find_aliases(mentions: pd.DataFrame, aliases: pd.DataFrame) -> list[int]:
    """Give the row of each mention's spelling; -1 where it is not resolved."""
    rows = {
        spelling: row
        for row, spelling in enumerate(zip(aliases["entity"], aliases["alias"], strict=True))
    }
    spellings = zip(mentions["entity"], mentions["surface"], strict=True)
    return [rows.get(spelling, -1) for spelling in spellings]


def find_links(
    article: np.ndarray[Any, Any], paragraph: np.ndarray[Any, Any], entity: np.ndarray[Any, Any]
) -> Columns:
    """Find the pairs of entities that share most paragraphs; a headline counts as one.

    Args:
        article: Number of the article of each mention.
        paragraph: Number of its paragraph in the article.
        entity: Number of its entity; -1 where it has none.

    Returns:
        Columns `a` and `b` (numbers of entities, a < b), `paragraphs` and `articles` that they
        share; no more than 200 pairs, those with most paragraphs first.
    """
    known = entity >= 0
    rows = np.unique(np.column_stack((article, paragraph, entity))[known], axis=0)
    is_new = np.any(rows[1:, :2] != rows[:-1, :2], axis=1)
    starts = np.concatenate(([0], np.flatnonzero(is_new) + 1, [len(rows)])) if len(rows) else [0]
    # Each row is paired with those behind it in its paragraph.
    behind = np.concatenate(
        [np.zeros(0, np.int64), *(np.arange(end - start)[::-1] for start, end in pairwise(starts))]
    )
    first = np.repeat(np.arange(len(rows)), behind)
    step = np.arange(len(first)) - np.repeat(np.cumsum(behind) - behind, behind) + 1
    width = int(rows[:, 2].max()) + 1 if len(rows) else 1
    pairs = rows[first, 2] * width + rows[first + step, 2]
    keys, paragraphs = np.unique(pairs, return_counts=True)
    shared = np.unique(np.column_stack((pairs, rows[first, 0])), axis=0)
    articles = np.unique(shared[:, 0], return_counts=True)[1]
    best = np.lexsort((keys, -articles, -paragraphs))[:_MOST_LINKS]
    return {
        "a": (keys[best] // width).tolist(),
        "b": (keys[best] % width).tolist(),
        "paragraphs": paragraphs[best].tolist(),
        "articles": articles[best].tolist(),
    }
