"""The README, the docs and the notebook say what happens."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
def test_readme_prints_what_it_says(ingested, monkeypatch):
    monkeypatch.chdir(ingested)
    result = doctest.testfile(
        str(ROOT / "README.md"),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF,
    )
    assert result.attempted > 10
    assert result.failed == 0


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


def test_layout_keys_are_documented():
    page = (ROOT / "docs" / "layouts.md").read_text(encoding="utf-8")
    from clippings.layouts import layout

    assert [section for section in layout._KEYS if section not in page] == []


@pytest.mark.notebook
@pytest.mark.model
def test_notebook_runs_from_top_to_bottom(ingested):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "notebooks" / "explore.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # committed without output
    (ingested / "notebooks").mkdir()
    resources = {"metadata": {"path": str(ingested / "notebooks")}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("Benny Morris" in str(output.get("data", {})) for output in outputs)
