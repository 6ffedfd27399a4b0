"""What our own processes leave out, and that whoever asks for it later gets it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def run_python(code: str, *folders: Path) -> str:
    """Run code in a process of its own, folders first where it looks for modules."""
    path = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n"
    done = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_leaves_out_what_it_does_not_use(
    desk: Any, write_dump: Callable[..., str], workers: int
) -> None:
    desk.put("a.txt", write_dump(1, 2))
    run = f"""
import os
os.environ.pop("OPENBLAS_NUM_THREADS", None)
from clippings.cli import main
sys.argv[1:] = [
    "ingest", "--raw", {str(desk.raw)!r}, "--processed", {str(desk.processed)!r},
    "--model", {desk.model!r}, "--workers", "{workers}", "--quiet",
]
code = main()
loaded = {{"pandas", "weasel", "typer", "spacy", "pyarrow"}} & set(sys.modules)
finders = [each for each in sys.meta_path if "clippings" in repr(each)]
print(code, sorted(loaded), finders, os.environ["OPENBLAS_NUM_THREADS"])
"""
    here = ["pyarrow", "spacy"] if workers == 1 else ["pyarrow"]
    assert run_python(run) == f"0 {here} [] 1\n"
    assert desk.rows("mentions")


def test_pandas_is_there_for_whoever_asks_for_it() -> None:
    code = """
from clippings import lean
lean.import_pyarrow()
import pyarrow as pa
table = pa.table({"number": [1, None]})
assert "pandas" not in sys.modules
assert table.to_pandas()["number"].isna().tolist() == [False, True]
import pandas
print(pa.array(pandas.Series([1.0, float("nan")])).null_count)
"""
    assert run_python(code) == "1\n"


def test_arrow_works_without_the_help_on_its_options() -> None:
    code = """
from clippings import lean
lean.import_pyarrow()
import pyarrow.compute as pc
assert "pydoc" not in sys.modules
print(pc.utf8_slice_codeunits(["abc"], start=1), pc.utf8_slice_codeunits.__doc__[:11])
from pyarrow.vendored.docscrape import NumpyDocString
print(NumpyDocString("Lower it.")["Summary"])
"""
    assert "bc" in run_python(code)


def test_pandas_that_is_loaded_is_left_alone() -> None:
    code = """
import pandas
from clippings import lean
lean.import_pyarrow()
import pyarrow as pa
print(pa.array(pandas.Series([1.0, float("nan")])).null_count)
"""
    assert run_python(code) == "1\n"


@pytest.fixture
def other_spacy(tmp_path: Path) -> Path:
    """A folder with a package built like spaCy, whose command line tells that it is loaded."""
    cli = tmp_path / "spacy" / "cli"
    cli.mkdir(parents=True)
    (cli.parent / "__init__.py").write_text("from .cli.info import info\n")
    (cli / "__init__.py").write_text("print('command line')\n")
    (cli / "info.py").write_text("def info(*words, **options): return words, options\n")
    return tmp_path


def test_the_command_line_of_spacy_is_there_for_whoever_asks_for_it(other_spacy: Path) -> None:
    code = """
from clippings import lean
lean.import_spacy()
import spacy
print("imported")
print(spacy.info("en", exclude=1))
from spacy.cli.info import info
print(spacy.cli.info.info is info)
"""
    expected = "imported\ncommand line\n(('en',), {'exclude': 1})\nTrue\n"
    assert run_python(code, other_spacy) == expected


def test_a_spacy_that_takes_more_of_its_command_line_is_imported_as_a_whole(
    other_spacy: Path,
) -> None:
    (other_spacy / "spacy" / "__init__.py").write_text("from .cli.info import __file__, info\n")
    code = """
from clippings import lean
lean.import_spacy()
assert not [name for name in sys.modules if name.startswith("spacy")]
import spacy
print(spacy.info())
"""
    assert run_python(code, other_spacy) == "command line\n((), {})\n"


def test_spacy_that_is_loaded_is_left_alone(other_spacy: Path) -> None:
    code = """
import spacy
from clippings import lean
cli = sys.modules["spacy.cli"]
lean.import_spacy()
print(sys.modules["spacy.cli"] is cli)
"""
    assert run_python(code, other_spacy) == "command line\nTrue\n"


def test_yaml_is_there_for_whoever_asks_for_it() -> None:
    code = """
from clippings import lean
lean.import_spacy()
import srsly
assert "srsly.ruamel_yaml" not in sys.modules
print(srsly.yaml_loads(srsly.yaml_dumps({"a": [1]})), srsly.is_yaml_serializable(print))
import srsly._yaml_api
print(srsly._yaml_api.yaml_loads("- 1"))
"""
    assert run_python(code) == "{'a': [1]} False\n[1]\n"


def test_what_was_imported_before_stays() -> None:
    code = """
import srsly
read_yaml = srsly.read_yaml
from clippings import lean
lean.import_spacy()
import srsly._yaml_api
print(srsly._yaml_api.read_yaml is read_yaml)
"""
    assert run_python(code) == "True\n"


def test_settings_of_the_user_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import os
from clippings import lean
lean.spare_resources()
print(os.environ["OPENBLAS_NUM_THREADS"])
"""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert run_python(code) == "1\n"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert run_python(code) == "3\n"
