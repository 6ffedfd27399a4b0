"""The README, the docs and the notebook say what happens."""

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path

import pytest
import yaml

from clippings import cli
from clippings.corrections import read_corrections
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
@pytest.mark.parametrize(("page", "least"), [("README.md", 10)])
def test_pages_print_what_they_say(page, least, ingested, monkeypatch):
    monkeypatch.chdir(ingested)
    monkeypatch.setenv("MPLBACKEND", "agg")
    result = doctest.testfile(
        str(ROOT / page),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF,
    )
    assert result.attempted > least
    assert result.failed == 0


_INSTALL = ".venv/bin/pip install --constraint constraints.txt --editable '.[dev]'"
_SET_UP = {"make setup", "python3 -m venv .venv", _INSTALL, "source .venv/bin/activate"}
"""What must have been done to run a test at all."""
# $ clippings doctor, and what it prints up to the next command
_TYPED = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """Does what a page tells in a folder: types its commands, runs its examples, compares."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in [("clippings", "-m clippings.cli"), ("python", "")]:
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("MPLBACKEND", "agg")
    checker = doctest.OutputChecker()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF

    def check(expected, found):
        difference = checker.output_difference(doctest.Example("", expected), found, flags)
        assert checker.check_output(expected, found, flags), difference

    def type_in(command):
        shell = shutil.which("bash") or "/bin/sh"
        run = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{command}\n{run.stderr}"
        return run.stdout

    def follow(page, folder):
        monkeypatch.chdir(folder)
        names, said, done_count = {}, "", 0
        for kind, _, block in _FENCE.findall((ROOT / page).read_text(encoding="utf-8")):
            if kind == "console":
                typed = _TYPED.findall(block)
                assert "".join(f"$ {command}\n{told}" for command, told in typed) == block
                for command, told in typed:
                    said = type_in(command)
                    if told:
                        check(told, said)
            elif kind == "sh":
                typed = [line for line in block.splitlines() if line not in _SET_UP]
                said = type_in("\n".join(["set -e", *typed]))
            elif kind == "pycon":
                test = doctest.DocTestParser().get_doctest(block, names, page, page, 0)
                runner = doctest.DocTestRunner(optionflags=flags)
                assert runner.run(test, clear_globs=False).failed == 0
                names, typed = test.globs, test.examples
            elif kind == "python":
                typed, said = [block], type_in(f"python -c {shlex.quote(block)}")
            elif kind == "text":
                typed = [block]
                check(block, said)
            else:
                typed = []
            done_count += len(typed)
        return done_count

    return follow


@pytest.mark.model
def test_start_page_leads_to_a_chart_and_a_page(follow, tmp_path):
    folder = tmp_path / "user"
    folder.mkdir()
    assert follow("docs/start.md", folder) > 15
    assert (folder / "articles-per-year.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "report.html").stat().st_size > 100_000


@pytest.mark.model
@pytest.mark.parametrize(
    ("page", "least"), [("tables", 25), ("accuracy", 1), ("cite", 4), ("command-line", 5)]
)
def test_pages_can_be_followed(page, least, follow, ingested):
    (ingested / "evaluation").exists() or (ingested / "evaluation").symlink_to(ROOT / "evaluation")
    assert follow(f"docs/{page}.md", ingested) >= least


@pytest.mark.model
def test_commands_of_analysis_page_write_what_it_says(follow, ingested):
    assert follow("docs/analysis.md", ingested) > 4
    assert (ingested / "export.xlsx").exists()
    written = {path.stem for path in (ingested / "tables-as-csv").iterdir()}
    assert written == {"data-dictionary", "entities", "mentions"}


@pytest.mark.model
def test_commands_of_report_page_write_what_it_says(follow, ingested):
    assert follow("docs/report.md", ingested) == 2
    assert (ingested / "report.html").read_bytes() == (ingested / "spring.html").read_bytes()


def test_corrections_of_names_page_can_be_used(tmp_path):
    page = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")
    (block,) = [block for kind, _, block in _FENCE.findall(page) if kind == "text"]
    (tmp_path / "corrections.csv").write_text(block, encoding="utf-8")
    found = read_corrections(tmp_path / "corrections.csv")
    assert found.faults == ()
    operations = {
        name for row in _rows(page.split("can be pasted", 1)[1])[1:] for name in row[0].split(", ")
    }
    assert {row.operation for row in found.rows} == operations


@pytest.mark.model
@pytest.mark.skipif(not shutil.which("sha256sum"), reason="it is a program of Linux")
def test_command_of_reliability_page_names_damaged_parts(ingested, tmp_path):
    shutil.copytree(ingested / "processed", tmp_path / "processed", symlinks=True)
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    (command,) = [block for kind, _, block in _FENCE.findall(page) if kind == "sh"]
    ask = partial(subprocess.run, command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert ask(check=True).stdout == ""
    part = next((tmp_path / "processed" / "current" / "articles.parquet").iterdir())
    part.write_bytes(b"damaged")
    assert ask(check=True).stdout == f"articles.parquet/{part.name}\n"


PAGES = ["README.md", "evaluation/README.md", "training/README.md"]
PAGES += sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_are_taken(page):
    """Those in the middle of a sentence too, which nothing runs."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for typed in re.findall(r"`clippings ([^`]+)`", text):
        words = shlex.split(typed)
        if len(words) == 1:  # the command as such
            with pytest.raises(SystemExit) as end:
                cli.main([*words, "--help"])
            assert end.value.code == 0
        elif words != ["COMMAND", "--help"]:
            cli._parser().parse_args(words)


def test_pages_name_only_pages_that_exist():
    texts = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
    missing = {
        (page, path)
        for page, text in texts.items()
        for path in re.findall(
            r"`((?:docs|notebooks|training|evaluation|tests|benchmarks)/[^`* ]+)`", text
        )
        if not (ROOT / path).exists()
    }
    assert missing == set()


def test_readme_lists_every_page():
    listed = re.findall(r"^- `(docs/[\w-]+\.md)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == [page for page in PAGES if page.startswith("docs/")]


def test_figures_of_accuracy_page_are_those_of_the_repository():
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    cases = {
        name: json.loads((ROOT / "tests" / "cases" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("names", "places")
    }
    assert f"\n- {len(cases['names']['pairs'])} pairs of" in page
    located = cases["places"]["located"]
    assert f"\n- {len(located)} names of places" in page
    assert sum("xfail" in case for case in located) == 5
    assert "but five are put" in page
    card = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
    for name in ("gum_dev", "redocred_dev"):
        # | gum_dev (1,066) | 77.8 | 60.2 | 77.2 | 73.4 / 73.5 | **73.5** | 67.6-79.2 |
        row = re.search(rf"^\| {name} \([\d,]+\) \| (.+) \|$", card, re.MULTILINE)[1]
        *labels, _, f1, interval = row.split(" | ")
        assert f"({name}) | {f1.strip('*')} | {interval} | {' / '.join(labels)} |" in page


def test_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["abstract"] == project["description"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_keys_of_command_line_page_are_those_that_are_printed(ingested, capsys, monkeypatch):
    """Every key of the objects stands under the heading of its command."""
    monkeypatch.chdir(ingested)
    (ingested / "gold.md").write_text("[Berlin](PERSON) left [Oxford](ORG) for good.\n")
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for command in (
        "ingest",
        "inspect raw/odds-and-ends.txt --boilerplate",
        "explain Irak",
        "evaluate gold.md",
        "doctor",
    ):
        name = command.split()[0]
        capsys.readouterr()
        assert cli.main([*command.split(), "--json"]) == 0
        chapter = page.split(f"\n### `{name}`\n")[1].split("\n#")[0]
        documented = set(re.findall(r"`(\w+)`", chapter))
        assert set(_keys(json.loads(capsys.readouterr().out))) - documented == set()


def _keys(value):
    """The keys of an object and of the objects in its lists; not those that are data."""
    if isinstance(value, list):
        for each in value[:1]:
            yield from _keys(each)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in ("rows", "dumps", "kind_bytes") or isinstance(inner, list):
                yield from _keys(inner)


def test_readme_names_only_files_and_targets_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"make (\w+)", readme)
    paths = re.findall(r"(?:flows|docs|notebooks|training)/[\w./-]*\w/?", readme)
    assert targets
    assert paths
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_pages_set_up_as_make_does():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert (
        f"\t{_INSTALL.replace('.venv/bin/pip install', '$(BIN)/pip install --quiet')}\n" in makefile
    )
    for page in ("README.md", "docs/start.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert f"\npython3 -m venv .venv\n{_INSTALL}\n" in text


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
