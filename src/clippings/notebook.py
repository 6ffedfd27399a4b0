"""What an analyst calls: tables as DataFrames, the pipeline, the way back to the raw file."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clippings import store
from clippings.archives import read_content
from clippings.errors import ReadError, StoreError
from clippings.models import find_model
from clippings.read import Dump, decode
from clippings.records import FIELDS, TABLES

if TYPE_CHECKING:
    import pandas as pd
    from spacy.language import Language

_WORD = re.compile(r"\S+")


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
    import pyarrow.compute as pc

    if field not in FIELDS:
        raise StoreError(f'expected a field of {", ".join(FIELDS)}, found "{field}"')
    processed = Path(processed)
    with store.pin(processed) as snapshot:
        rows = snapshot.read("occurrences")
        occurrences = rows.filter(pc.equal(rows["article_id"], article_id)).to_pylist()
        if not occurrences:
            raise StoreError(f'{processed}: expected an article_id, found "{article_id}"')
        return [
            _place(snapshot, occurrence, field, start, end, processed) for occurrence in occurrences
        ]


def _place(
    snapshot: store.Snapshot,
    occurrence: dict[str, Any],
    field: str,
    start: int,
    end: int,
    processed: Path,
) -> tuple[str, int, int]:
    """Find the bytes of some words of a field in one occurrence of its article."""
    dump_id = occurrence["dump_id"]
    [row] = snapshot.read_owner("dumps", dump_id).to_pylist()
    dump = _read_again(processed, snapshot.manifest, dump_id, row["path"])
    paragraphs = [
        (dump.char_offset(span["start_byte"]), dump.char_offset(span["end_byte"]))
        for span in snapshot.read_owner("spans", dump_id).to_pylist()
        if span["kind"] == field
        and occurrence["start_byte"] <= span["start_byte"] < occurrence["end_byte"]
    ]
    words = list(_words(dump.text, paragraphs))
    length = words[-1][0] + words[-1][2] if words else 0
    if not 0 <= start < end <= length:
        raise StoreError(
            f"expected 0 <= start < end <= {length} (the length of that {field}), "
            f"found {start} and {end}"
        )
    first = next(word for word in words if word[0] + word[2] > start)
    last = next(word for word in reversed(words) if word[0] < end)
    return (
        row["path"],
        dump.byte_offset(first[1] + max(0, start - first[0])),
        dump.byte_offset(last[1] + min(last[2], end - last[0])),
    )


def _words(text: str, paragraphs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """List the words of a field: offset in the field, offset in the text of the dump, length."""
    offset = 0
    for start, end in paragraphs:
        for word in _WORD.finditer(text, start, end):
            length = word.end() - word.start()
            yield offset, word.start(), length
            offset += length + 1  # the space behind it
        offset += 1  # a paragraph ends in a blank line: two line ends in the place of that space


def _read_again(processed: Path, manifest: Mapping[str, Any], dump_id: str, path: str) -> Dump:
    note = manifest["dumps"][dump_id]
    try:
        content = read_content(
            processed / manifest["raw"],
            note["file"],
            note["member"],
            max_bytes=manifest["max_dump_bytes"],
        )
    except ReadError as error:
        raise ReadError(
            error.code,
            f"{path}: expected the raw file it was ingested from, found none: {error}. Put it "
            "back or run `clippings ingest`.",
        ) from None
    if hashlib.sha256(content).hexdigest() != note["sha256"]:
        raise ReadError(
            "changing",
            f"{path}: expected the bytes that were ingested, found others. Run `clippings ingest`.",
        )
    return decode(content)
