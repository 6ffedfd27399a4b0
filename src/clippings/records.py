"""The tables: one frozen dataclass per table, and everything that is derived from them.

A class docstring says what a row is. A field is `Annotated[type, meaning]` or
`Annotated[type, meaning, unit]`; `X | None` may be null. The Arrow schemas, the metadata of the
Parquet files and `docs/data-dictionary.md` are all read off these classes.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 3
"""Raised by every change of a table; it stands in each Parquet file and forces a full rewrite."""

STATUSES = ("ok", "partial", "empty", "rejected")
PRECISIONS = ("day", "month", "year")
LABELS = ("PERSON", "ORG", "PLACE")
GOLD_LABELS = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "ORG": "ORG",
    "PLACE": "PLACE",
    "GPE": "PLACE",
    "LOC": "PLACE",
    "FAC": "PLACE",
}
"""What pipelines and gold files call a thing -> what we call it. All else is no mention."""
FIELDS = ("title", "body")
SPAN_KINDS = (
    "title",
    "date",
    "byline",
    "dateline",
    "section",
    "page",
    "id",
    "body",
    "outlet",
    "topics",
    "boilerplate",
    "separator",
    "preamble",
    "unknown",
)


class ProblemKind(NamedTuple):
    """What a code of the `problems` table stands for."""

    severity: str
    meaning: str
    action: str


PROBLEMS = {
    "unreadable": ProblemKind(
        "error", "The file cannot be opened.", "Check its name and permissions and run again."
    ),
    "not_a_file": ProblemKind(
        "error",
        "It is a pipe, a socket, a device or a link in an archive.",
        "Put an ordinary text file in its place.",
    ),
    "outside_raw": ProblemKind(
        "error",
        "A symbolic link leads out of the raw folder, in a circle or nowhere.",
        "Copy the file itself into the raw folder.",
    ),
    "unsupported_type": ProblemKind(
        "error",
        "The file has a suffix that is not read.",
        "Save it as one of the types named, plain text (.txt) best of all, or take it out of the "
        "raw folder.",
    ),
    "too_large": ProblemKind(
        "error",
        "The file is over the size limit.",
        "Cut it into several files, or raise the limit with --max-dump-mb.",
    ),
    "changing": ProblemKind(
        "error",
        "The file changed while it was read.",
        "Wait until it is whole and run again; what was published from it before stays till then.",
    ),
    "not_text": ProblemKind(
        "error",
        "The file holds something other than text.",
        "Export or save it as plain text in UTF-8.",
    ),
    "utf16_without_bom": ProblemKind(
        "error",
        "The file looks like UTF-16 without a byte order mark.",
        "Save it as UTF-8, or as UTF-16 with a byte order mark.",
    ),
    "unknown_encoding": ProblemKind(
        "error",
        "The bytes are neither UTF-8, UTF-16 with a byte order mark, nor Windows-1252.",
        "Find out in which encoding it was written and save it as UTF-8.",
    ),
    "broken_archive": ProblemKind(
        "error",
        "An archive, or a member of one, is damaged or no archive.",
        "Fetch it again, or unpack what can be unpacked into the raw folder; the other members "
        "are used.",
    ),
    "archive_bomb": ProblemKind(
        "error",
        "An archive unpacks to more than is safe.",
        "If you trust it, unpack it and put what it holds into the raw folder.",
    ),
    "nested_archive": ProblemKind(
        "error",
        "An archive stands in another archive.",
        "Unpack the outer one into the raw folder.",
    ),
    "encrypted": ProblemKind(
        "error",
        "The file, or the member of an archive, has a password.",
        "Take the password off and run again.",
    ),
    "needs_office": ProblemKind(
        "error",
        "A PDF, Word or rich text document needs libraries that are not installed.",
        "Run `pip install 'clippings[office]'`, then run again.",
    ),
    "broken_office": ProblemKind(
        "error",
        "A PDF, Word or rich text document cannot be read.",
        "Open it in its own program and save it again, or export it as plain text.",
    ),
    "failed": ProblemKind(
        "error",
        "An error of the program stopped the work on this file.",
        "Report it with the detail given here; each run tries again, the other files are done.",
    ),
    "too_slow": ProblemKind(
        "error",
        "The work on this file took longer than it may.",
        "Cut it into several files, or give it more time with --seconds-per-dump; each run tries "
        "again, the other files are done.",
    ),
    "out_of_memory": ProblemKind(
        "error",
        "The work on this file needs more memory than there is for it.",
        "Cut it into several files, run with fewer --workers, or give each more with --worker-mb; "
        "each run tries again, the other files are done.",
    ),
    "worker_killed": ProblemKind(
        "error",
        "The process that worked on this file was killed, or crashed, twice.",
        "Cut it into several files if memory is short, else report it with the detail given here; "
        "each run tries again, the other files are done.",
    ),
    "mixed_encoding": ProblemKind(
        "warning",
        "A UTF-8 file holds bytes of Windows-1252, as files do that were pasted together.",
        "Look at the letters near the place named; save the file as UTF-8 if they are wrong.",
    ),
    "empty": ProblemKind(
        "warning",
        "The file holds no text.",
        "Nothing, or take it out of the raw folder.",
    ),
    "no_article": ProblemKind(
        "warning",
        "No article was found in the file.",
        "Look at it with `clippings inspect`.",
    ),
    "unplaced": ProblemKind(
        "warning",
        "A stretch of text belongs to no article.",
        "Look at it with `clippings inspect`; give it a title line if it is an article.",
    ),
    "unsure_layout": ProblemKind(
        "warning",
        "No layout explains the file, and nothing recurs in it clearly enough to infer one.",
        "Look at it with `clippings inspect`; name a layout with --layout or write one.",
    ),
    "broken_article": ProblemKind(
        "warning",
        "Where an article should stand there is none, or the file says that it is broken.",
        "Export that article again.",
    ),
    "count_differs": ProblemKind(
        "warning",
        "The file says that it holds another number of articles than were found.",
        "Look for the missing numbers; export those articles again.",
    ),
    "numbers_skip": ProblemKind(
        "warning",
        "The numbers that the articles bear leave some out.",
        "Nothing, where the source skips them too; else export those articles again.",
    ),
    "odd_date": ProblemKind(
        "warning",
        "A date lies far from those of all other articles of the file.",
        "Look whether it is a slip of the source; correct it in corrections.csv.",
    ),
    "correction": ProblemKind(
        "warning",
        "A row of corrections.csv cannot be used or changes nothing.",
        "Mend the row or take it out.",
    ),
    "bad_date": ProblemKind(
        "warning",
        "A line printed as a date names no certain date.",
        "Correct the date in the file; until then it is null and its text is kept.",
    ),
}
"""The closed list of codes of the `problems` table."""
PASSING = ("changing", "failed", "too_slow", "out_of_memory", "worker_killed")
"""Those that are said of a dump until it is looked at again."""


@dataclass(frozen=True, slots=True)
class DumpRow:
    """One file found in `raw/`."""

    table: ClassVar[str] = "dumps"
    key: ClassVar[tuple[str, ...]] = ("dump_id",)

    dump_id: Annotated[str, "Hash of the path."]
    path: Annotated[str, r"Path relative to the raw folder; bytes that are no UTF-8 as `\xNN`."]
    sha256: Annotated[str | None, "SHA-256 of the content; null where it could not be read."]
    byte_count: Annotated[
        int | None,
        "Size of the file or member; null where unknown. The spans of an office document tile its "
        "text as UTF-8, not these bytes.",
        "bytes",
    ]
    encoding: Annotated[str | None, "How the bytes were read; null where they were not."]
    layout: Annotated[str | None, "Name of the layout that split it; null where none did."]
    status: Annotated[
        str,
        "`ok`; `partial` (some text belongs to no article, or how it splits is unsure); `empty`; "
        "`rejected` (not used).",
    ]
    article_count: Annotated[int, "Articles found, repeated ones counted each time."]
    claimed_count: Annotated[
        int | None, "Articles that the file itself claims to hold; null where it claims nothing."
    ]
    layout_score: Annotated[
        float | None, "How much of the file that layout explains, from 0 to 1; null if not read."
    ]
    layout_runner_up: Annotated[
        str | None, "Name of the layout that explains it next best; null where no other does."
    ]


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """One distinct article, however often it stands in the dumps."""

    table: ClassVar[str] = "articles"
    key: ClassVar[tuple[str, ...]] = ("article_id",)

    article_id: Annotated[
        str, "Hash of title, published_text, byline, dateline, outlet, topics and body."
    ]
    title: Annotated[str | None, "Headline."]
    published_date: Annotated[
        datetime | None,
        "Printed date in the paper's own calendar; the period's first day where `date_precision` "
        "is month or year.",
    ]
    date_precision: Annotated[str | None, "`day`, `month` or `year`; null where no date is known."]
    published_text: Annotated[str | None, "The date as printed."]
    byline: Annotated[str | None, "Author line as printed."]
    dateline: Annotated[str | None, "Place and day that open the text of an agency, as printed."]
    outlet: Annotated[str | None, "Where the article was published, as printed."]
    body: Annotated[str, "Text; paragraphs are joined by a blank line."]
    word_count: Annotated[int, "Words of the body, cut at white space.", "words"]


@dataclass(frozen=True, slots=True)
class OccurrenceRow:
    """One place where an article stands."""

    table: ClassVar[str] = "occurrences"
    key: ClassVar[tuple[str, ...]] = ("dump_id", "position")

    dump_id: Annotated[str, "The dump that holds it."]
    position: Annotated[int, "Which article of the dump it is, from 1."]
    article_id: Annotated[str, "The article."]
    start_byte: Annotated[int, "Where it begins in the dump.", "bytes"]
    end_byte: Annotated[int, "Where it ends in the dump, exclusive.", "bytes"]


@dataclass(frozen=True, slots=True)
class ArticleTopicRow:
    """One topic of one article."""

    table: ClassVar[str] = "article_topics"
    key: ClassVar[tuple[str, ...]] = ("article_id", "position")

    article_id: Annotated[str, "The article."]
    position: Annotated[int, "Which of its topics it is, from 1."]
    topic: Annotated[str, "Topic as printed."]


@dataclass(frozen=True, slots=True)
class MentionRow:
    """One tagged name."""

    table: ClassVar[str] = "mentions"
    key: ClassVar[tuple[str, ...]] = ("article_id", "field", "start", "end")

    article_id: Annotated[str, "The article."]
    field: Annotated[str, "The field it stands in: `title` or `body`."]
    start: Annotated[int, "Where it begins in that field.", "Unicode code points"]
    end: Annotated[int, "Where it ends in that field, exclusive.", "Unicode code points"]
    surface: Annotated[str, "The name as it stands there: `field[start:end]`."]
    label: Annotated[str, "`PERSON`, `ORG` or `PLACE`."]
    model_label: Annotated[str, "The label as the model gave it."]
    entity_id: Annotated[str | None, "The entity; null where unresolved."]


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One resolved person, organisation or place."""

    table: ClassVar[str] = "entities"
    key: ClassVar[tuple[str, ...]] = ("entity_id",)

    entity_id: Annotated[
        str, "Hash of what it is known as, else of the name it was first seen by; stays the same."
    ]
    label: Annotated[str, "`PERSON`, `ORG` or `PLACE`."]
    name: Annotated[str, "Its usual name, else its most frequent spelling."]
    mention_count: Annotated[int, "Mentions in all articles."]
    article_count: Annotated[int, "Articles that mention it."]
    first_date: Annotated[
        datetime | None, "Earliest published_date of those articles; null where none has one."
    ]
    last_date: Annotated[
        datetime | None, "Latest published_date of those articles; null where none has one."
    ]
    country_code: Annotated[
        str | None, "Country of a place, ISO 3166 alpha-2; null where unsure or none."
    ]
    latitude: Annotated[float | None, "Of a place, WGS 84; null where unsure.", "degrees north"]
    longitude: Annotated[float | None, "Of a place, WGS 84; null where unsure.", "degrees east"]
    geonames_id: Annotated[int | None, "Its number in GeoNames; null where it has none."]
    wikidata_id: Annotated[str | None, "Its number in Wikidata; null without a source."]
    parent_id: Annotated[str | None, "The entity that it is a part of; null where none is known."]


@dataclass(frozen=True, slots=True)
class AliasRow:
    """One spelling of one entity."""

    table: ClassVar[str] = "aliases"
    key: ClassVar[tuple[str, ...]] = ("entity_id", "alias")

    entity_id: Annotated[str, "The entity."]
    alias: Annotated[str, "The spelling as it stands in articles."]
    mention_count: Annotated[int, "Mentions spelled so."]
    rule: Annotated[
        str,
        "Why it belongs to the entity: `correction`, `curated` (a known alias), `gazetteer`, "
        "`acronym` (in brackets beside the name), `surname` (in an article with the full name), "
        "`spelling` (of another alias) or `alone`.",
    ]


@dataclass(frozen=True, slots=True)
class MergedRow:
    """One id that became another."""

    table: ClassVar[str] = "merged"
    key: ClassVar[tuple[str, ...]] = ("entity_id",)

    entity_id: Annotated[str, "The id that is no more."]
    merged_into: Annotated[str, "The entity that its names belong to now."]


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One article in a family of near-duplicates; an article that is alone has none."""

    table: ClassVar[str] = "stories"
    key: ClassVar[tuple[str, ...]] = ("article_id",)

    article_id: Annotated[str, "The article."]
    story_id: Annotated[str, "The story that it tells: the smallest article_id of its family."]


@dataclass(frozen=True, slots=True)
class SpanRow:
    """One stretch of one dump; the spans of a dump tile its bytes."""

    table: ClassVar[str] = "spans"
    key: ClassVar[tuple[str, ...]] = ("dump_id", "start_byte")

    dump_id: Annotated[str, "The dump."]
    start_byte: Annotated[int, "Where it begins.", "bytes"]
    end_byte: Annotated[int, "Where it ends, exclusive.", "bytes"]
    kind: Annotated[str, f"What it is: {', '.join(f'`{kind}`' for kind in SPAN_KINDS)}."]
    article_id: Annotated[str | None, "The article it is part of; null between articles."]


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One thing a person should look at."""

    table: ClassVar[str] = "problems"
    key: ClassVar[tuple[str, ...]] = ("dump_id", "start_byte", "code", "detail")

    dump_id: Annotated[str, "The dump."]
    path: Annotated[str, "Its path, as in `dumps`."]
    severity: Annotated[str, "`error` or `warning`."]
    code: Annotated[str, "Kind of problem; the list stands below."]
    start_byte: Annotated[int | None, "Where in the dump; null for the whole of it.", "bytes"]
    detail: Annotated[str, "What was expected and what was found."]
    action: Annotated[str, "What to do."]


Row = (
    DumpRow
    | ArticleRow
    | OccurrenceRow
    | ArticleTopicRow
    | MentionRow
    | EntityRow
    | AliasRow
    | MergedRow
    | StoryRow
    | SpanRow
    | ProblemRow
)
TABLES: dict[str, type[Row]] = {row.table: row for row in typing.get_args(Row)}
"""Every table by name, in the order in which they are made."""


class Column(NamedTuple):
    """One column of a table, as its dataclass declares it."""

    name: str
    type: type
    is_nullable: bool
    meaning: str
    unit: str


def columns(table: str) -> list[Column]:
    """List the columns of a table.

    Args:
        table: Name of a table, such as "articles".

    Returns:
        The columns in their order.
    """
    row = TABLES[table]
    hints = typing.get_type_hints(row, include_extras=True)
    found = []
    for field in fields(row):
        declared, meaning, *unit = typing.get_args(hints[field.name])
        options = (
            typing.get_args(declared) if isinstance(declared, types.UnionType) else (declared,)
        )
        found.append(
            Column(field.name, options[0], len(options) > 1, meaning, unit[0] if unit else "")
        )
    return found


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Give the Arrow schema of a table, its descriptions in the metadata.

    Args:
        table: Name of a table, such as "articles".

    Returns:
        The schema; field metadata holds `description` and `unit`, schema metadata the name of
        the `table`, its `description`, its `key` and the `schema_version`.
    """
    import pyarrow as pa

    arrow_types = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        datetime: pa.timestamp("ms"),
    }
    row = TABLES[table]
    return pa.schema(
        [
            pa.field(
                column.name,
                arrow_types[column.type],
                nullable=column.is_nullable,
                metadata={"description": column.meaning, "unit": column.unit},
            )
            for column in columns(table)
        ],
        metadata={
            "table": table,
            "description": (row.__doc__ or "").strip(),
            "key": ",".join(row.key),
            "schema_version": str(SCHEMA_VERSION),
        },
    )


def to_arrow(table: str, rows: Sequence[Row]) -> pa.Table:
    """Turn rows into an Arrow table of the declared schema.

    Args:
        table: Name of a table.
        rows: Its rows, in any order.

    Returns:
        A table with the rows in the order given.
    """
    import pyarrow as pa

    schema = arrow_schema(table)
    arrays = [
        pa.array([getattr(row, field.name) for row in rows], type=field.type) for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def describe() -> Iterable[str]:
    """Write the data dictionary.

    Yields:
        The lines of `docs/data-dictionary.md`.
    """
    yield "# Data dictionary"
    yield ""
    yield "Generated from `src/clippings/records.py` by `make docs`; do not edit by hand."
    yield f"Schema version {SCHEMA_VERSION}. Rows are sorted by the key."
    arrow: dict[Any, str] = {
        str: "string",
        int: "int64",
        float: "float64",
        datetime: "timestamp[ms]",
    }
    for name, row in TABLES.items():
        yield from ("", f"## {name}", "", (row.__doc__ or "").strip(), "")
        yield f"Key: {', '.join(f'`{part}`' for part in row.key)}."
        yield from ("", "| column | type | unit | null | meaning |", "|---|---|---|---|---|")
        for column in columns(name):
            null = "yes" if column.is_nullable else "no"
            yield (
                f"| `{column.name}` | {arrow[column.type]} | {column.unit} | {null} "
                f"| {column.meaning} |"
            )
    yield from ("", "## Codes of `problems`", "")
    yield from ("| code | severity | meaning | what to do |", "|---|---|---|---|")
    for code, kind in PROBLEMS.items():
        yield f"| `{code}` | {kind.severity} | {kind.meaning} | {kind.action} |"
