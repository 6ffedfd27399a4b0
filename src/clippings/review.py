"""What a person asks of the names: why an entity is one, and which pairs are unsure."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clippings import store
from clippings.corrections import COLUMNS
from clippings.errors import StoreError
from clippings.lookup import find_named
from clippings.names import judge, skeleton

if TYPE_CHECKING:
    import pandas as pd

_MOST_PLACES = 5
_COLUMNS = ("entity_id", "label", "name", "mention_count", "article_count")


def explain_entity(name: str, processed: Path) -> Iterator[str]:
    """Tell why the spellings of a name are one entity, and where they stand.

    Args:
        name: A name in any spelling, or an entity_id.
        processed: The folder of tables.

    Yields:
        Lines of text: each entity of that name, its spellings with the rule of each, and where
        they stand, with the sentence.

    Raises:
        StoreError: No entity has that name; the nearest ones are named.
    """
    for entity in find_reasons(name, processed, most=_MOST_PLACES):
        count = entity["mention_count"]
        about = f"{entity['name']} ({entity['label']})"
        yield f"{about}, {_count(count, 'mention')}, {entity['entity_id']}"
        for alias in entity["aliases"]:
            times = _count(alias["mention_count"], "mention")
            yield f"  {alias['alias']}: {times}, {alias['rule']}"
        for place in entity["mentions"]:
            where = f"{place['article_id']} {place['field']} {place['start']}"
            yield f"    {where}: {place['sentence']}"
        if count > len(entity["mentions"]):
            yield f"    and {count - len(entity['mentions'])} more"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def find_reasons(name: str, processed: Path, *, most: int | None = None) -> list[dict[str, Any]]:
    """Find why the spellings of a name are one entity, and where they stand.

    Args:
        name: A name in any spelling, or an entity_id.
        processed: The folder of tables.
        most: Mentions to give of each entity; None for all.

    Returns:
        For each entity of that name `entity_id`, `label`, `name`, `mention_count`,
        `article_count`; its `aliases` with `alias`, `mention_count` and `rule`, the most frequent
        first; and its `mentions` with `article_id`, `field`, `start`, `end` and `sentence`.

    Raises:
        StoreError: No entity has that name; the nearest ones are named.
    """
    with store.pin(processed) as snapshot:
        entities = find_named(snapshot, name).to_pylist()
        tables = _load(snapshot, "aliases", "mentions", "articles")
    aliases, mentions = tables["aliases"], tables["mentions"]
    articles = tables["articles"].set_index("article_id")
    reasons = []
    for entity in entities:
        own = aliases[aliases["entity_id"] == entity["entity_id"]]
        own = own.sort_values(["mention_count", "alias"], ascending=[False, True])
        places = mentions[mentions["entity_id"] == entity["entity_id"]].head(
            len(mentions) if most is None else most
        )
        places = places[["article_id", "field", "start", "end"]].to_dict("records")
        for place in places:
            text = str(articles.at[place["article_id"], place["field"]])
            place["sentence"] = _sentence(text, place["start"], place["end"])
        reasons.append(
            {column: entity[column] for column in _COLUMNS}
            | {
                "aliases": own[["alias", "mention_count", "rule"]].to_dict("records"),
                "mentions": places,
            }
        )
    return reasons


def _sentence(text: str, start: int, end: int) -> str:
    first = max(text.rfind(mark, 0, start) + len(mark) for mark in (". ", "? ", "! ", "\n\n"))
    first = 0 if first < 2 else first
    stops = [place for mark in (". ", "? ", "! ", "\n\n") if (place := text.find(mark, end)) >= 0]
    return text[first : min(stops) + 1 if stops else len(text)].strip()


def write_review(processed: Path, output: Path) -> int:
    """Write the pairs of names that were compared and refused, most mentions first.

    Args:
        processed: The folder of tables.
        output: File to write, in the form of corrections.csv: a row that is right as it stands
            can be pasted there.

    Returns:
        Number of pairs.

    Raises:
        StoreError: There are no tables, or the file cannot be written.
    """
    with store.pin(processed) as snapshot:
        tables = _load(snapshot, "entities", "aliases")
    entities = tables["entities"]
    labels = dict(zip(entities["entity_id"], entities["label"], strict=True))
    blocks: dict[tuple[str, str], list[tuple[str, str, int]]] = defaultdict(list)
    for row in tables["aliases"].to_dict("records"):
        label = labels[row["entity_id"]]
        for block in skeleton(row["alias"], label):
            blocks[label, block].append((row["alias"], row["entity_id"], row["mention_count"]))
    pairs: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}
    for (label, _), found in sorted(blocks.items()):
        for (a, one, count), (b, other, more) in combinations(sorted(found), 2):
            if one == other:
                continue
            total = count + more
            key = (label, *sorted((one, other)))
            if key in pairs and pairs[key][0] >= total:
                continue
            note = f"{judge(a, b, label).rule}; {count} and {more} mentions"
            pairs[key] = total, {"operation": "merge", "label": label, "a": a, "b": b, "note": note}
    rows = sorted(pairs.values(), key=lambda pair: (-pair[0], pair[1]["a"], pair[1]["b"]))
    try:
        with output.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(row for _, row in rows)
    except OSError as error:
        raise StoreError(
            f"{output}: expected a file to write, found {error.strerror}. Name another with -o."
        ) from None
    return len(rows)


def _load(snapshot: store.Snapshot, *tables: str) -> dict[str, pd.DataFrame]:
    return {table: snapshot.read(table).to_pandas() for table in tables}
