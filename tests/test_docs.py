"""The README, the docs and the notebook say what happens."""

import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clippings.dates import LANGUAGES, parse_date
from clippings.errors import DateError
from clippings.layouts import layout
from clippings.split import split

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """A folder as a new user has it after `make run`: raw/ and processed/."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "raw").symlink_to(ROOT / "raw")
    command = [sys.executable, "-m", "clippings.cli", "ingest", "--workers", "1"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.model
@pytest.mark.parametrize(("page", "least"), [("README.md", 10), ("docs/analysis.md", 4)])
def test_pages_print_what_they_say(page, least, ingested, monkeypatch):
    monkeypatch.chdir(ingested)
    result = doctest.testfile(
        str(ROOT / page),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF,
    )
    assert result.attempted > least
    assert result.failed == 0


@pytest.mark.model
def test_commands_of_analysis_page_write_what_it_says(ingested):
    page = (ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")
    commands = [
        command
        for kind, _, block in _FENCE.findall(page)
        if kind == "sh"
        for command in block.splitlines()
    ]
    for command in commands:
        words = shlex.split(command.removeprefix("clippings "))
        subprocess.run([sys.executable, "-m", "clippings.cli", *words], cwd=ingested, check=True)
    assert (ingested / "export.xlsx").exists()
    written = {path.stem for path in (ingested / "tables-as-csv").iterdir()}
    assert written == {"data-dictionary", "entities", "mentions"}


def test_readme_names_only_files_and_targets_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"make (\w+)", readme)
    paths = re.findall(r"(?:flows|docs|notebooks|training)/[\w./-]*\w/?", readme)
    assert targets
    assert paths
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_data_dictionary_is_what_the_tables_say():
    check = subprocess.run([sys.executable, ROOT / "docs" / "build.py", "--check"], check=False)
    assert check.returncode == 0


# --- docs/layouts.md --------------------------------------------------------------------------

LAYOUTS_PAGE = (ROOT / "docs" / "layouts.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)  # ```toml a.toml
# | `article.gap` | number | least number of blank lines | `gap = 2` |
_KEY = re.compile(r"^\| `([\w.]+)` \| ([^|]+) \| [^|]+ \| `((?:[^|`]|\\\|)+)` \|$", re.MULTILINE)
_TYPES = {"text": str, "list": list, "number": int, "true or false": bool}
_SECTIONS = {
    "Keys of both kinds": layout._SHARED,
    "Keys of marked layouts": layout._MARKED,
    "Keys of unmarked layouts": layout._UNMARKED,
}


def _chapter(heading):
    """The text under a heading of docs/layouts.md, up to the next one."""
    return re.split(r"^#+ ", LAYOUTS_PAGE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def _rows(text):
    """The cells of the first table of a text, its header first and without the marks of code."""
    table = text[text.index("\n| ") :].split("\n\n")[0]
    cells = [line.strip("|").split("|") for line in table.strip().splitlines()]
    return [[cell.strip().replace("`", "") for cell in row] for row in (cells[0], *cells[2:])]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A folder in which somebody did what docs/layouts.md tells, and what was printed."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "raw").mkdir()
    (folder / "layouts").mkdir()
    (folder / "tests").symlink_to(ROOT / "tests")
    printed = []
    for kind, name, block in _FENCE.findall(LAYOUTS_PAGE):
        if name:
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write(f"\n{block}" if file.tell() else block)
        if kind == "console":
            command, expected = block.removeprefix("$ clippings ").split("\n", 1)
            words = [sys.executable, "-m", "clippings.cli", *shlex.split(command)]
            run = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
            printed.append((command, expected, run.stdout))
    return folder, printed


@pytest.mark.model
def test_commands_of_layouts_page_print_what_it_says(followed):
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS | doctest.REPORT_NDIFF
    _, printed = followed
    assert len(printed) > 5
    for command, expected, found in printed:
        difference = checker.output_difference(doctest.Example(command, expected), found, flags)
        assert checker.check_output(expected, found, flags), difference


@pytest.mark.model
def test_layout_of_layouts_page_yields_the_fields_it_says(followed):
    import pandas as pd

    folder, _ = followed
    header, *rows = _rows(LAYOUTS_PAGE.split("now stand:", 1)[1])
    articles = pd.read_parquet(folder / "processed" / "articles.parquet")
    found = articles.sort_values("published_date")[header].astype({"published_date": "string"})
    assert rows == found.astype("string").fillna("").to_numpy().tolist()
    topics = pd.read_parquet(folder / "processed" / "article_topics.parquet")
    assert sorted(topics["topic"]) == ["ferries", "strikes", "water"]


def test_layouts_page_shows_nothing_that_is_not_run():
    blocks = _FENCE.findall(LAYOUTS_PAGE)
    assert [block for kind, name, block in blocks if kind in ("toml", "html") and not name] == []
    assert [b for kind, _, b in blocks if kind == "console" and b.count("$ clippings ") != 1] == []


@pytest.mark.parametrize("heading", _SECTIONS)
def test_layouts_page_has_all_keys_and_no_others(heading):
    expected = {
        f"{section}.{key}": kind
        for section, keys in _SECTIONS[heading].items()
        for key, kind in (
            {**keys, "PART": list} if section in ("labels", "marks") else keys
        ).items()
        if section not in ("labels", "marks") or key not in layout.PARTS
    }
    rows = [row for row in _KEY.findall(_chapter(heading)) if row[0] != "name"]
    assert sorted(name for name, _, _ in rows) == sorted(expected)
    assert {name: _TYPES[kind] for name, kind, _ in rows} == expected


@pytest.mark.parametrize(
    ("heading", "name", "example"),
    [(heading, row[0], row[2]) for heading in _SECTIONS for row in _KEY.findall(_chapter(heading))],
)
def test_examples_of_layouts_page_are_taken(heading, name, example):
    table = tomllib.loads(example.replace(r"\|", "|"))
    section, _, key = name.rpartition(".")
    assert list(table) == [key] or (key == "PART" and set(table) <= set(layout.PARTS))
    is_unmarked = heading == "Keys of unmarked layouts"
    raw = tomllib.loads(layout.read_source("digest" if is_unmarked else "archive"))
    if section == "head":
        raw["head"] = [{"part": "title", **table}]
    else:
        (raw.setdefault(section, {}) if section else raw).update(table)
    parse = layout._parse_unmarked if is_unmarked else layout._parse_marked
    parse(raw, layout._Check(example, "layouts.md"), "")


def test_layouts_page_lists_parts_layouts_and_languages():
    assert sorted(row[0] for row in _rows(_chapter("The parts of an article"))[1:]) == sorted(
        layout.PARTS
    )
    assert [row[0] for row in _rows(_chapter("Which layout is taken"))[1:]] == layout.layout_names()
    assert f": {', '.join(LANGUAGES)};" in _chapter("Keys of both kinds")


@pytest.mark.parametrize(("printed", "rule", "day"), _rows(_chapter("Dates"))[1:])
def test_dates_of_layouts_page_are_read_so(printed, rule, day):
    text = f'name = "x"\n[article]\nbegins = ["x"]\n[dates]\n{rule}\n'
    rules = layout.parse_layout(text, where="layouts.md").dates
    try:
        found = parse_date(printed, where="layouts.md", rules=rules).date.date().isoformat()
    except DateError:
        found = "null"
    assert found == day


def test_picture_of_digest_is_what_the_layout_reads():
    (picture,) = [
        b for kind, name, b in _FENCE.findall(LAYOUTS_PAGE) if kind == "text" and not name
    ]
    lines = [re.split(r" {3,}", line) for line in picture.splitlines()]
    text = "\n".join(line[0] for line in lines)
    found = [
        (text[span.start : span.end], span.kind)
        for span in split(text, layout.load_layout("digest")).spans
        if span.kind != "separator"
    ]
    assert found == [(line[0], re.match(r"\w+", line[1])[0]) for line in lines if line[0]]


@pytest.mark.notebook
@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("explore", ["image/png", "<mark", "Benny Morris", "British Mandate", "start_byte"]),
        ("correct", ["no mention of", "ISIS", "30.005", "'text/plain': 'True'"]),
    ],
)
def test_notebooks_run_from_top_to_bottom(name, shown, ingested):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # committed without output
    (ingested / "notebooks").mkdir(exist_ok=True)
    resources = {"metadata": {"path": str(ingested / "notebooks")}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    tables = [str(output.get("data")) for output in outputs]
    assert [words for words in shown if not any(words in table for table in tables)] == []
    assert "Traceback" not in str(outputs)  # of a command
