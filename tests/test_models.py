"""Finding a pipeline by path or name, and knowing when it changed."""

import subprocess
import sys
from pathlib import Path

import pytest

from clippings.errors import ModelError
from clippings.models import find_model, fingerprint_folder


def make_pipeline(folder: Path) -> Path:
    """Write the two files by which a pipeline is known."""
    folder.mkdir(parents=True)
    (folder / "config.cfg").write_text('[nlp]\nlang = "en"\n')
    (folder / "meta.json").write_text('{"lang": "en", "name": "made_up"}')
    return folder


def make_package(folder: Path) -> Path:
    """Write what pip installs from the wheel of a pipeline, in outline."""
    package = folder / "en_made_up"
    make_pipeline(package / "en_made_up-1.0")
    (package / "__init__.py").write_text("")
    (package / "meta.json").write_text('{"lang": "en", "name": "made_up", "version": "1.0"}')
    return package


def test_a_blank_pipeline_has_no_folder() -> None:
    model = find_model("blank:en")
    assert (model.name, model.path) == ("blank:en", None)


def test_blank_pipelines_of_two_languages_differ() -> None:
    assert find_model("blank:en").fingerprint != find_model("blank:de").fingerprint


@pytest.mark.parametrize("as_type", [str, Path])
def test_a_folder_is_found_by_its_path(as_type: type, tmp_path: Path) -> None:
    folder = make_pipeline(tmp_path / "mine")
    model = find_model(as_type(folder))
    assert (model.name, model.path) == (str(folder), folder.resolve())


def test_an_installed_package_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = make_package(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    model = find_model("en_made_up")
    assert (model.name, model.path) == ("en_made_up", package)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("en_core_web_none", "neither a folder nor a package"),
        ("no/such/folder", "neither a folder nor a package"),
        ("json", "a package that holds no pipeline"),
        ("blank:klingon", '"klingon"'),
        ("blank:", '""'),
        ("blank:../en", '"../en"'),
    ],
)
def test_what_is_no_pipeline_is_refused_with_a_remedy(asked: str, found: str) -> None:
    with pytest.raises(ModelError) as refusal:
        find_model(asked)
    message = str(refusal.value)
    assert message.startswith(f'model "{asked}": expected')
    assert found in message
    assert "config.cfg and meta.json" in message


@pytest.mark.parametrize("missing", ["config.cfg", "meta.json"])
def test_a_folder_must_be_whole(missing: str, tmp_path: Path) -> None:
    folder = make_pipeline(tmp_path / "half")
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"without {missing}"):
        find_model(folder)


def test_unreadable_meta_is_refused(tmp_path: Path) -> None:
    folder = make_pipeline(tmp_path / "broken")
    (folder / "meta.json").write_text("{")
    with pytest.raises(ModelError, match="expected JSON"):
        find_model(folder)


def test_a_copy_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    one, other = make_pipeline(tmp_path / "one"), make_pipeline(tmp_path / "other")
    assert fingerprint_folder(one) == fingerprint_folder(other)


def test_a_changed_moved_or_added_file_changes_the_fingerprint(tmp_path: Path) -> None:
    folder = make_pipeline(tmp_path / "mine")
    seen = {fingerprint_folder(folder)}
    (folder / "weights").write_bytes(b"1")
    seen.add(fingerprint_folder(folder))
    (folder / "weights").write_bytes(b"2")
    seen.add(fingerprint_folder(folder))
    (folder / "weights").rename(folder / "ner")
    seen.add(fingerprint_folder(folder))
    assert len(seen) == 4


def test_another_spacy_is_another_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_pipeline(tmp_path / "mine")
    before = (fingerprint_folder(folder), find_model("blank:en").fingerprint)
    monkeypatch.setattr("importlib.metadata.version", lambda package: "9.9.9")
    after = (fingerprint_folder(folder), find_model("blank:en").fingerprint)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_compiled_files_of_a_package_do_not_count(tmp_path: Path) -> None:
    folder = make_package(tmp_path)
    before = fingerprint_folder(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"1")
    assert fingerprint_folder(folder) == before


def test_finding_a_model_imports_nothing_heavy() -> None:
    code = (
        "import sys; from clippings.models import find_model; find_model('blank:en');"
        "print({'spacy', 'pandas', 'pyarrow', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.model
def test_the_shipped_pipeline_is_the_default() -> None:
    assert find_model() == find_model("shipped")
    assert find_model().name == "shipped"
