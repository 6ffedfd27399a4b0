"""The tables as CSV files or as one Excel workbook, for people who work in spreadsheets.

What stands in an article is hostile until shown otherwise: no text becomes a formula, a link or
markup of the file.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings import store
from clippings.errors import ExportError
from clippings.records import TABLES, columns

if TYPE_CHECKING:
    import pyarrow as pa
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FORMS = ("csv", "xlsx")
DICTIONARY = "data-dictionary"

_BOM = b"\xef\xbb\xbf"  # without it Excel takes UTF-8 for the code page of the machine
_TYPES = {str: "text", int: "whole number", float: "number", datetime: "date"}
# "=1+1", " @SUM(A1)", "\t-2", "＋1": what a spreadsheet may take for a formula, after any blanks.
_FORMULA = r"\A([\p{Z}\p{Cc}\p{Cf}]*[=+\-@＝＋－＠﹦﹢﹣﹫−]|[\t\r\n])"

_MOST_ROWS = 1_048_576
"""Rows of a sheet, its header among them."""
_MOST_UNITS = 32_767
"""UTF-16 code units of a cell."""
_CUT = " […cut]"
_FIRST_DATE = datetime(1900, 3, 1)
"""Before it Excel knows no dates, or counts them wrongly."""
_NOT_XML = re.compile("[\ufffe\uffff]")  # the other controls XlsxWriter escapes by itself
_WIDEST = 60
"""Characters that a column is wide at most."""
_SAMPLE = 200
"""Rows that the width of a column is taken from."""
_NOTE = (
    f'Texts over {_MOST_UNITS:,} characters are cut to what a cell can hold and end in "'
    f'{_CUT.strip()}"; the last column counts them. A table of more than {_MOST_ROWS - 1:,} rows '
    "goes on in the next sheet. Dates before March 1900 are texts, as Excel has none."
)


class Exported(NamedTuple):
    """What was written.

    Attributes:
        paths: The files.
        row_counts: Rows by table.
        cut_count: Cells that were cut to what Excel can hold.
    """

    paths: list[Path]
    row_counts: dict[str, int]
    cut_count: int


class Entry(NamedTuple):
    """One line of the data dictionary; the column is empty where a table as a whole is meant."""

    table: str
    column: str
    type: str
    unit: str
    is_key: str
    may_be_empty: str
    meaning: str


def describe_columns(tables: Sequence[str]) -> list[Entry]:
    """Give the data dictionary of some tables: for each what a row is, then its columns.

    >>> describe_columns(["merged"])[1][:4]
    ('merged', 'entity_id', 'text', '')
    """
    entries = []
    for table in tables:
        row = TABLES[table]
        entries.append(Entry(table, "", "", "", "", "", (row.__doc__ or "").strip()))
        for column in columns(table):
            is_key = "yes" if column.name in row.key else ""
            may_be_empty = "yes" if column.is_nullable else ""
            named = (table, column.name, _TYPES[column.type], column.unit)
            entries.append(Entry(*named, is_key, may_be_empty, column.meaning))
    return entries


def export_tables(
    form: str,
    output: Path | None = None,
    tables: Sequence[str] = (),
    *,
    processed: Path = Path("processed"),
) -> Exported:
    """Write the tables of the current snapshot for a spreadsheet.

    Files that are there already are replaced, each at once and only when all are written.

    Args:
        form: "csv" (one file per table and the data dictionary, UTF-8 with a byte order mark; a
            text that a spreadsheet may take for a formula begins with an apostrophe) or "xlsx" (one
            workbook, a sheet per table and the data dictionary).
        output: The folder of the CSV files, or the workbook; None for `export` or `export.xlsx`.
        tables: Names of tables; empty for all.
        processed: The folder of tables.

    Raises:
        ExportError: There is no such form or table, the library for it is missing, or the output
            cannot be written or lies in a folder that must stay as it is.
        StoreError: There are no tables, or a file of them is damaged.
    """
    if form not in FORMS:
        raise ExportError(f'expected a form of {", ".join(FORMS)}, found "{form}"')
    unknown = [table for table in tables if table not in TABLES]
    if unknown:
        raise ExportError(f'expected tables of {", ".join(TABLES)}, found "{unknown[0]}"')
    chosen = [table for table in TABLES if table in tables or not tables]
    with store.pin(processed) as snapshot:
        output = output or Path("export" if form == "csv" else "export.xlsx")
        for folder in (processed, processed / snapshot.manifest["raw"]):
            if output.resolve().is_relative_to(folder.resolve()):
                raise ExportError(
                    f"{output}: expected a place outside {folder}, which is not to be written. "
                    "Name another with -o."
                )
        try:
            if form == "csv":
                return _write_csv(snapshot, chosen, output)
            return _write_xlsx(snapshot, chosen, output)
        except OSError as error:
            raise ExportError(
                f"{error.filename or output}: expected to write it, found "
                f"{error.strerror or error}. Make room, or name another place with -o."
            ) from error


# CSV ----------------------------------------------------------------------------------------------


def _write_csv(snapshot: store.Snapshot, tables: Sequence[str], output: Path) -> Exported:
    import pyarrow as pa
    from pyarrow import csv

    output.mkdir(parents=True, exist_ok=True)
    with _beside(output / DICTIONARY) as folder:
        entries = describe_columns(tables)
        listed = pa.table(dict(zip(Entry._fields, zip(*entries, strict=True), strict=True)))
        names = []
        for name in (DICTIONARY, *tables):
            parts = iter([listed]) if name == DICTIONARY else snapshot.read_parts(name)
            with (folder / f"{name}.csv").open("wb") as file:
                file.write(_BOM)
                first = _defuse(next(parts))
                with csv.CSVWriter(file, first.schema) as writer:
                    for part in chain([first], map(_defuse, parts)):
                        writer.write_table(part)
            names.append(f"{name}.csv")
        for name in names:
            (folder / name).replace(output / name)
    counts = {table: snapshot.row_count(table) for table in tables}
    return Exported([output / name for name in names], counts, 0)


def _defuse(rows: pa.Table) -> pa.Table:
    """Make rows fit for a spreadsheet: dates without a time, and no text a formula.

    Source: owasp.org, "CSV Injection".
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    made = {}
    for field in rows.schema:
        column = rows[field.name]
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.date32())
        elif pa.types.is_string(field.type):
            column = pc.replace_substring_regex(column, _FORMULA, r"'\1")
        made[field.name] = column
    return pa.table(made)


# Excel --------------------------------------------------------------------------------------------


def _write_xlsx(snapshot: store.Snapshot, tables: Sequence[str], output: Path) -> Exported:
    try:
        import xlsxwriter
        from xlsxwriter.exceptions import FileCreateError
    except ImportError:
        raise ExportError(
            "expected the library XlsxWriter, found none. Run `pip install 'clippings[excel]'`, "
            "then run again; --to csv does without."
        ) from None
    output.parent.mkdir(parents=True, exist_ok=True)
    with _beside(output) as folder:
        file = folder / "export.xlsx"
        options = {"constant_memory": True, "tmpdir": str(folder)}
        try:
            with xlsxwriter.Workbook(file, options) as workbook:
                cuts = _fill(workbook, snapshot, tables)
        except FileCreateError as error:
            raise OSError(f"{error}") from error
        file.replace(output)
    counts = {table: snapshot.row_count(table) for table in tables}
    return Exported([output], counts, cuts.total())


def _fill(
    workbook: Workbook, snapshot: store.Snapshot, tables: Sequence[str]
) -> Counter[tuple[str, str]]:
    """Write all sheets; give the number of cut cells by table and column."""
    head = workbook.add_format({"bold": True, "bottom": 1})
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    first = workbook.add_worksheet(DICTIONARY)
    cuts: Counter[tuple[str, str]] = Counter()
    for table in tables:
        names = [column.name for column in columns(table)]
        rows = _rows(snapshot, table)
        for sheet, row, values in _spread(workbook, table, names, rows, _MOST_ROWS - 1, head):
            for column, value in enumerate(values):
                if isinstance(value, str):
                    text, is_cut = _fit(value)
                    cuts[table, names[column]] += is_cut
                    sheet.write_string(row, column, text)
                elif isinstance(value, datetime) and value < _FIRST_DATE:
                    sheet.write_string(row, column, value.date().isoformat())
                elif isinstance(value, datetime):
                    sheet.write_datetime(row, column, value, day)
                elif value is not None:
                    sheet.write_number(row, column, value)
    names = [*Entry._fields, "cut_cell_count"]
    entries = [[*entry, cuts[entry.table, entry.column]] for entry in describe_columns(tables)]
    for sheet, row, values in _spread(workbook, first, names, iter(entries), len(entries), head):
        for column, text in enumerate(values[:-1]):
            sheet.write_string(row, column, text)
        sheet.write_number(row, len(values) - 1, values[-1])
    first.write_string(len(entries) + 2, 0, _NOTE)
    return cuts


def _rows(snapshot: store.Snapshot, table: str) -> Iterator[Sequence[Any]]:
    for part in snapshot.read_parts(table):
        yield from zip(*(column.to_pylist() for column in part.columns), strict=True)


def _spread(
    workbook: Workbook,
    table: str | Worksheet,
    names: Sequence[str],
    rows: Iterator[Sequence[Any]],
    most: int,
    head: Format,
) -> Iterator[tuple[Worksheet, int, Sequence[Any]]]:
    """Lay rows out on one sheet, or on as many as they need.

    Args:
        workbook: The workbook.
        table: The table, which names new sheets; or a sheet that is there.
        names: The columns.
        rows: The rows.
        most: How many go on one sheet.
        head: How the header looks.

    Yields:
        Sheet, number of the row, and the values to be written there.
    """
    for number in count(1):
        name = table if number == 1 else f"{table} ({number})"
        sheet = workbook.add_worksheet(name) if isinstance(name, str) else name
        sheet.freeze_panes(1, 0)
        sample = list(islice(rows, min(most, _SAMPLE)))
        for column, title in enumerate(names):
            sheet.write_string(0, column, title, head)
            widest = max((len(str(values[column] or "")) for values in sample), default=0)
            width = max(len(title) + 3, min(widest + 1, _WIDEST))  # 3 for the button of the filter
            sheet.set_column(column, column, width)
        last = 0
        for last, values in enumerate(chain(sample, islice(rows, most - len(sample))), 1):
            yield sheet, last, values
        sheet.autofilter(0, 0, last, len(names) - 1)
        following = next(rows, None)
        if following is None:
            return
        rows = chain([following], rows)


def _fit(text: str) -> tuple[str, bool]:
    """Make a text fit for a cell, and tell whether it was cut, which a mark at its end says too.

    >>> _fit("\ufffe")
    ('_xFFFE_', False)
    """
    is_cut = False
    text = _NOT_XML.sub(lambda sign: f"_x{ord(sign[0]):04X}_", text)
    if len(text) > _MOST_UNITS // 2:
        units = text.encode("utf-16-le")
        is_cut = len(units) > 2 * _MOST_UNITS
        if is_cut:
            text = units[: 2 * (_MOST_UNITS - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # XlsxWriter takes such a text for rich text of its own, and writes it as XML
    return text, is_cut


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Make a folder beside a path for what is not yet whole; it goes in any case."""
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
