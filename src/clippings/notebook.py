"""What an analyst calls: tables as DataFrames, the pipeline, the way back to the raw file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from clippings import store
from clippings.errors import StoreError
from clippings.evidence import find_bytes
from clippings.highlight import ShownArticle
from clippings.models import find_model
from clippings.records import FIELDS, TABLES

if TYPE_CHECKING:
    import pandas as pd
    from spacy.language import Language


def load(table: str, *, processed: str | Path = "processed") -> pd.DataFrame:
    """Load a table of the current snapshot.

    A commit that happens meanwhile does not disturb it.

    Args:
        table: Its name, such as "articles"; `tables()` lists them.
        processed: The folder of tables.

    Returns:
        All rows, sorted by key; docs/data-dictionary.md says what the columns mean.

    Raises:
        StoreError: There is no such table, there are no tables yet, or a file of them is damaged.
    """
    if table not in TABLES:
        close = difflib.get_close_matches(table, TABLES, n=1)
        hint = f' Did you mean "{close[0]}"?' if close else ""
        raise StoreError(f'expected one of {", ".join(TABLES)}, found "{table}".{hint}')
    with store.pin(Path(processed)) as snapshot:
        rows: pd.DataFrame = snapshot.read(table).to_pandas()
        return rows


def tables(*, processed: str | Path = "processed") -> pd.DataFrame:
    """List the tables of the current snapshot.

    Args:
        processed: The folder of tables.

    Returns:
        One row per table: `table`, `row_count`, `description`.

    Raises:
        StoreError: There are no tables yet.
    """
    import pandas as pd

    with store.pin(Path(processed)) as snapshot:
        rows = [
            (name, snapshot.row_count(name), (row.__doc__ or "").strip())
            for name, row in TABLES.items()
        ]
    return pd.DataFrame(rows, columns=["table", "row_count", "description"])


def article(article_id: str, *, processed: str | Path = "processed") -> ShownArticle:
    """Show an article.

    Args:
        article_id: The article.
        processed: The folder of tables.

    Returns:
        The article. A notebook shows it with its names marked, a terminal as plain text; `title`,
        `published_date`, `outlet`, `topics`, `body` and the table `mentions` are its attributes.

    Raises:
        StoreError: There are no tables, or no such article.
    """
    import pandas as pd

    with store.pin(Path(processed)) as snapshot:
        found = snapshot.read_owner("articles", article_id).to_pylist()
        topics = snapshot.read_owner("article_topics", article_id)["topic"].to_pylist()
        mentions = snapshot.read_owner("mentions", article_id).to_pandas()
        names = snapshot.read("entities", columns=["entity_id", "name"]).to_pandas()
    if not found:
        raise StoreError(f'{processed}: expected an article_id, found "{article_id}"')
    [row] = found
    return ShownArticle(
        article_id=article_id,
        title=row["title"],
        published_date=pd.Timestamp(row["published_date"]) if row["published_date"] else None,
        published_text=row["published_text"],
        outlet=row["outlet"],
        topics=topics,
        body=row["body"],
        mentions=mentions.merge(names, on="entity_id", how="left"),
    )


def load_model(model: str | Path | None = None) -> Language:
    """Load a spaCy pipeline.

    Args:
        model: Name or path; None for the one that ships with the package, whose `doc.ents` carry
            the labels PERSON, ORG and PLACE.

    Returns:
        The pipeline, the same object on every call.

    Raises:
        ModelError: There is none of that name, or it cannot be loaded.
    """
    from clippings.tag import load_pipeline

    return load_pipeline(find_model(model))


def where(
    article_id: str, field: str, start: int, end: int, *, processed: str | Path = "processed"
) -> list[tuple[str, int, int]]:
    """Find the bytes behind some words of an article.

    Args:
        article_id: The article.
        field: "title" or "body".
        start: First code point of the words in that field.
        end: Code point behind the last one.
        processed: The folder of tables.

    Returns:
        For each occurrence of the article the path of its dump, relative to the raw folder, the
        first byte of the words and the byte behind the last one. The bytes decode to the words,
        white space apart.

    Raises:
        StoreError: There is no such article, or the words lie outside the field.
        ReadError: A raw file is gone or has changed since it was ingested; run `clippings ingest`.
    """
    import pyarrow as pa

    if field not in FIELDS:
        raise StoreError(f'expected a field of {", ".join(FIELDS)}, found "{field}"')
    words = {"article_id": [article_id], "field": [field], "start": [start], "end": [end]}
    with store.pin(Path(processed)) as snapshot:
        found = find_bytes(snapshot, pa.table(words), is_strict=True).to_pylist()
    if not found:
        raise StoreError(f'{processed}: expected an article_id, found "{article_id}"')
    return [(place["path"], place["start_byte"], place["end_byte"]) for place in found]
