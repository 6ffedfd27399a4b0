"""What spreadsheets get: all rows, and no text of an article that does anything."""

import csv
import errno
import re
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings import export
from clippings.cli import main
from clippings.errors import ExportError, StoreError
from clippings.export import describe_columns, export_tables
from clippings.records import TABLES, columns

FORMULAS = [
    "=1+1",
    "+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r1",
    "\n-1",
    "  =1",
    "\u00a0\u200b=1",
    "\ufeff=1",
    "\u202e=1",
    "\x1b=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A",
    "−1",
    '=HYPERLINK("http://example.org","x")',
]
HARMLESS = ["a=1", "1-2", "'=1", "", "naïve “war” 𝔘", '"quoted", and; more', "a\n\nb", "(=1)"]
HOSTILE = [
    "<script>alert(1)</script>",
    "<r></t></is></c><c><f>1+1</f></c></r>",
    "<r>",
    "a & b ]]> <!--",
    "http://example.org/a",
    "internal:Sheet1!A1",
    "\u202eright to left\u200f",
    "\x00\x01\x0b\x1b[2J\x1f\x7f\x85",
    "\ud7ff\ue000\ufffd",
    "_x0041_ _x000D_",
    "  spaces  ",
    "tab\tline\nreturn\r",
    "{=1}",
]


@pytest.fixture
def texts(publish: Any, tmp_path: Path) -> Any:
    """Publishes topics with these texts, and gives the folder of tables."""

    def write(topics: list[str]) -> Path:
        rows = [
            {"article_id": "00", "position": number, "topic": topic}
            for number, topic in enumerate(topics, 1)
        ]
        processed: Path = publish(tmp_path / "processed", article_topics=rows)
        return processed

    return write


def read_csv(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(content[3:].decode("utf-8").splitlines(keepends=True)))


def read_xlsx(path: Path) -> dict[str, list[list[Any]]]:
    """Read the sheets of a workbook: the values by row; texts as str, numbers as float."""
    main_space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    sheets = {}
    with zipfile.ZipFile(path) as archive:
        names = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{main_space}sheet")
        for number, name in enumerate(names, 1):
            root = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            tags = {element.tag.removeprefix(main_space) for element in root.iter()}
            assert not tags & {"f", "hyperlink", "hyperlinks", "r"}
            rows = []
            for row in root.iter(f"{main_space}row"):
                values: list[Any] = []
                for cell in row:
                    column = ord(cell.attrib["r"][0]) - ord("A")
                    values += [None] * (column - len(values))
                    text = "".join(cell.itertext())
                    is_text = cell.attrib.get("t") == "inlineStr"
                    values.append(unescape(text) if is_text else float(text) if text else None)
                rows.append(values)
            sheets[name.attrib["name"]] = rows
    return sheets


def unescape(text: str) -> str:
    return re.sub("_x([0-9A-F]{4})_", lambda sign: chr(int(sign[1], 16)), text)


def test_csv_has_every_row(desk: Any, write_dump: Any, tmp_path: Path) -> None:
    desk.put("a.txt", write_dump(*range(12)))
    desk.ingest()
    written = export_tables("csv", tmp_path / "out" / "here", processed=desk.processed)
    assert [path.stem for path in written.paths] == ["data-dictionary", *TABLES]
    assert sorted(written.paths) == sorted((tmp_path / "out" / "here").iterdir())
    for table in TABLES:
        header, *rows = read_csv(tmp_path / "out" / "here" / f"{table}.csv")
        assert header == [column.name for column in columns(table)]
        expected = [
            [
                "" if value is None
                else value.date().isoformat() if isinstance(value, datetime)
                else str(value)
                for value in row.values()
            ]
            for row in desk.rows(table)
        ]  # fmt: skip
        assert rows == expected
        assert written.row_counts[table] == len(rows)
    listed = read_csv(tmp_path / "out" / "here" / "data-dictionary.csv")
    assert [row[:2] for row in listed[1:]] == [list(e[:2]) for e in describe_columns(list(TABLES))]
    assert len(listed) == 1 + sum(1 + len(columns(table)) for table in TABLES)


def test_no_text_of_a_csv_is_a_formula(texts: Any, tmp_path: Path) -> None:
    processed = texts(FORMULAS + HARMLESS + HOSTILE)
    export_tables("csv", tmp_path / "out", ["article_topics"], processed=processed)
    content = (tmp_path / "out" / "article_topics.csv").read_bytes().decode("utf-8-sig")
    for formula in FORMULAS:
        assert "\"'" + formula.replace('"', '""') + '"\n' in content
    for text in HARMLESS + HOSTILE:
        assert '"' + text.replace('"', '""') + '"\n' in content
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "article_topics.csv",
        "data-dictionary.csv",
    }


def test_numbers_stay_numbers(publish: Any, tmp_path: Path) -> None:
    entity = {"entity_id": "00", "label": "PLACE", "name": "-x", "mention_count": 1}
    entity |= {"article_count": 1, "latitude": -33.5, "longitude": -70.25}
    entity |= {"first_date": datetime(1850, 1, 2), "last_date": datetime(2020, 2, 29)}
    processed = publish(tmp_path / "processed", entities=[entity])
    export_tables("csv", tmp_path / "out", ["entities"], processed=processed)
    [header, row] = read_csv(tmp_path / "out" / "entities.csv")
    cells = dict(zip(header, row, strict=True))
    assert (cells["latitude"], cells["longitude"], cells["name"]) == ("-33.5", "-70.25", "'-x")
    assert (cells["first_date"], cells["last_date"]) == ("1850-01-02", "2020-02-29")
    export_tables("xlsx", tmp_path / "out.xlsx", ["entities"], processed=processed)
    [header, row] = read_xlsx(tmp_path / "out.xlsx")["entities"]
    cells = dict(zip(header, row, strict=False))
    assert (cells["latitude"], cells["longitude"], cells["name"]) == (-33.5, -70.25, "-x")
    assert cells["last_date"] == (datetime(2020, 2, 29) - datetime(1899, 12, 30)).days
    assert cells["first_date"] == "1850-01-02"  # older than the calendar of Excel


def test_a_workbook_has_every_row(desk: Any, write_dump: Any, tmp_path: Path) -> None:
    desk.put("a.txt", write_dump(*range(12)))
    desk.ingest()
    export_tables("xlsx", tmp_path / "out.xlsx", processed=desk.processed)
    sheets = read_xlsx(tmp_path / "out.xlsx")
    assert list(sheets) == ["data-dictionary", *TABLES]
    for table in TABLES:
        header, *rows = sheets[table]
        assert header == [column.name for column in columns(table)]
        surfaces = [[value for value in row if isinstance(value, str)] for row in rows]
        assert surfaces == [
            [value for value in row.values() if isinstance(value, str)] for row in desk.rows(table)
        ]
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet3.xml").decode()
    assert '<pane ySplit="1"' in sheet  # the header stays in sight
    assert '<autoFilter ref="A1:J13"' in sheet
    assert "<cols>" in sheet


def test_texts_of_a_workbook_are_texts(texts: Any, tmp_path: Path) -> None:
    topics = FORMULAS + HARMLESS + HOSTILE
    processed = texts(topics)
    export_tables("xlsx", tmp_path / "out.xlsx", ["article_topics"], processed=processed)
    rows = read_xlsx(tmp_path / "out.xlsx")["article_topics"]
    found = [row[2] if len(row) > 2 else "" for row in rows[1:]]
    # As XML has it, a lone return is a line end: XlsxWriter escapes it.
    assert [text.rstrip() for text in found] == [topic.rstrip() for topic in topics]


@given(st.text(max_size=40) | st.text("\ufffe\uffff<>r/a", max_size=9))
def test_any_text_fits_a_cell(text: str) -> None:
    found, is_cut = export._fit(text)
    assert not is_cut
    assert found.removesuffix(" ") == text.replace("\ufffe", "_xFFFE_").replace(
        "\uffff", "_xFFFF_"
    ).removesuffix(" ")


def test_what_excel_cannot_hold_is_said(
    texts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(export, "_MOST_ROWS", 4)
    most = 32_767
    topics = ["a" * most, "b" * (most + 1), "𝔘" * (most // 2), "𝔘" * (most // 2 + 1), "x", "y", "z"]
    processed = texts(topics)
    output = tmp_path / "out.xlsx"
    options = ["--to", "xlsx", "--table", "article_topics", "-o", str(output)]
    assert main(["export", *options, "--processed", str(processed)]) == 0
    assert "2 texts were too long for a cell" in capsys.readouterr().out
    sheets = read_xlsx(output)
    names = [name for name in sheets if name != "data-dictionary"]
    assert names == ["article_topics", "article_topics (2)", "article_topics (3)"]
    assert all(sheets[name][0] == ["article_id", "position", "topic"] for name in names)
    found = [row[2] for name in names for row in sheets[name][1:]]
    assert [found[place] for place in (0, 2, 4, 5, 6)] == [topics[p] for p in (0, 2, 4, 5, 6)]
    for place in (1, 3):
        assert len(found[place].encode("utf-16-le")) // 2 in (most, most - 1)
        assert found[place].endswith(" […cut]")
        assert topics[place].startswith(found[place].removesuffix(" […cut]"))
    listed = {row[1]: row[-1] for row in sheets["data-dictionary"] if row[0] == "article_topics"}
    assert listed == {"": 0, "article_id": 0, "position": 0, "topic": 2}
    assert "are cut" in sheets["data-dictionary"][-1][0]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_failing_disk_leaves_what_was_there(
    form: str, texts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processed = texts(["one"])
    output = tmp_path / ("out" if form == "csv" else "out.xlsx")
    export_tables(form, output, ["article_topics"], processed=processed)
    file = output / "article_topics.csv" if form == "csv" else output
    before = file.read_bytes()
    processed = texts(["two", "three"])

    def fail(value: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(export, "_defuse" if form == "csv" else "_fit", fail)
        with pytest.raises(ExportError, match="No space left on device"):
            export_tables(form, output, ["article_topics"], processed=processed)
    assert file.read_bytes() == before
    assert [path for path in tmp_path.rglob(".*") if ".s" not in path.name] == []
    export_tables(form, output, ["article_topics"], processed=processed)
    assert file.read_bytes() != before


def test_what_cannot_be_written_is_refused(
    texts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processed = texts(["one"])
    (tmp_path / "raw").mkdir()
    (tmp_path / "link").symlink_to(processed)
    for place in (processed / "x", processed, tmp_path / "raw" / "x.xlsx", tmp_path / "link" / "x"):
        with pytest.raises(ExportError, match=r"expected a place outside .*Name another with -o"):
            export_tables("csv", place, processed=processed)
    with pytest.raises(ExportError, match=r'tables of dumps, .*found "article"'):
        export_tables("csv", tmp_path / "out", ["article"], processed=processed)
    with pytest.raises(ExportError, match='expected a form of csv, xlsx, found "pdf"'):
        export_tables("pdf", tmp_path / "out", processed=processed)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="expected to write it, found"):
        export_tables("csv", tmp_path / "file", processed=processed)
    with pytest.raises(StoreError, match="expected tables, found none"):
        export_tables("csv", tmp_path / "out", processed=tmp_path / "nowhere")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ExportError, match=r"pip install 'clippings\[excel\]'"):
        export_tables("xlsx", tmp_path / "out.xlsx", processed=processed)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.xlsx").exists()


def test_the_command_writes_where_one_stands(
    texts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    texts(["one"])
    monkeypatch.chdir(tmp_path)
    assert main(["export", "--to", "csv"]) == 0
    assert main(["export", "--to", "xlsx", "--table", "dumps", "--table", "articles"]) == 0
    assert (tmp_path / "export" / "article_topics.csv").exists()
    assert list(read_xlsx(tmp_path / "export.xlsx")) == ["data-dictionary", "dumps", "articles"]
    assert "article_topics          1 rows" in capsys.readouterr().out
    assert main(["export", "--to", "csv", "--table", "nothing"]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["export", "--to", "pdf"])
