"""What a person asks of the names: why an entity is one, and which pairs are unsure."""

from __future__ import annotations

import csv
import difflib
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clippings import store
from clippings.corrections import COLUMNS
from clippings.errors import StoreError
from clippings.names import judge, lookup_key, skeleton

if TYPE_CHECKING:
    import pandas as pd

_MOST_PLACES = 5


def explain_entity(name: str, processed: Path) -> Iterator[str]:
    """Tell why the spellings of a name are one entity, and where they stand.

    Args:
        name: A name in any spelling that stands in the tables.
        processed: The folder of tables.

    Yields:
        Lines of text: each entity of that name, its spellings with the rule of each, and where
        they stand, with the sentence.

    Raises:
        StoreError: No alias has that name; the nearest ones are named.
    """
    tables = _load(processed, "entities", "aliases", "mentions", "articles")
    aliases = tables["aliases"]
    keys = aliases["alias"].map(lookup_key)
    ids = aliases.loc[keys == lookup_key(name), "entity_id"].unique()
    if not len(ids):
        near = difflib.get_close_matches(name, aliases["alias"].unique(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise StoreError(f'expected a name that stands in the tables, found "{name}".{hint}')
    articles = tables["articles"].set_index("article_id")
    for entity_id in sorted(ids):
        entity = tables["entities"].set_index("entity_id").loc[entity_id]
        count = entity["mention_count"]
        yield f"{entity['name']} ({entity['label']}), {count} mentions, {entity_id}"
        own = aliases[aliases["entity_id"] == entity_id]
        for row in own.sort_values(
            ["mention_count", "alias"], ascending=[False, True]
        ).itertuples():
            yield f"  {row.alias}: {row.mention_count} mentions, {row.rule}"
        found = tables["mentions"][tables["mentions"]["entity_id"] == entity_id]
        for mention in found.head(_MOST_PLACES).itertuples():
            article = articles.loc[mention.article_id]
            sentence = _sentence(article[mention.field], mention.start, mention.end)
            yield f"    {mention.article_id} {mention.field} {mention.start}: {sentence}"
        if len(found) > _MOST_PLACES:
            yield f"    and {len(found) - _MOST_PLACES} more"


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
    tables = _load(processed, "entities", "aliases")
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
        raise StoreError(f"{output}: expected a file to write, found {error.strerror}.") from None
    return len(rows)


def _load(processed: Path, *tables: str) -> dict[str, pd.DataFrame]:
    """Load tables of one snapshot."""
    import pandas as pd

    with store.pin(processed) as snapshot:
        return {table: pd.read_parquet(snapshot.path / f"{table}.parquet") for table in tables}
