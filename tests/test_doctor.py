"""The doctor: what is well, what is not, and what is to be done about it."""

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from clippings import doctor, store, workers
from clippings.cli import main
from clippings.doctor import CHECKS, FAULT, OK, WARNING, Check, Place, examine

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def place(desk: Any, write_dump: Callable[..., str]) -> Place:
    """What a run on the desk is started with, and all is well."""
    desk.put("a.txt", write_dump(1, 2))
    return Place(desk.raw, desk.processed, desk.model)


def find(place: Place, name: str) -> Check:
    [check] = [check for check in CHECKS if check.__name__ == f"check_{name}"]
    found = check(place)
    assert found.name == name
    return found


def test_all_is_well(place: Place) -> None:
    checks = list(examine(place))
    assert [check.name for check in checks] == [
        check.__name__.removeprefix("check_") for check in CHECKS
    ]
    assert [check for check in checks if check.status != OK] == []
    assert not place.processed.exists()  # looking makes nothing


@pytest.mark.model
def test_shipped_model_is_well(place: Place) -> None:
    shipped = replace(place, model=None)
    assert "clippings_mentions" in find(shipped, "model").found
    assert find(shipped, "model").found.endswith("tagged by the fast engine")
    assert find(replace(shipped, engine="spacy"), "model").found.endswith("itself: asked for")
    assert "Haifa (PLACE), Golda Meir (PERSON), Knesset (ORG)" in find(shipped, "trial").found


def test_models_that_do_not_do(place: Place, tmp_path: Path) -> None:
    missing = replace(place, model="no_such_model")
    assert find(missing, "model").status == FAULT
    assert find(missing, "trial").status == WARNING
    blank = replace(place, model="blank:en")
    assert find(blank, "model").status == WARNING
    assert "tags nothing" in find(blank, "model").found
    assert find(blank, "trial").status == OK


def test_another_python(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert find(place, "python").status == FAULT
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14, 0))
    assert find(place, "python").status == FAULT


def test_packages(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    required = [
        "spacy<3.9,>=3.8.7",
        "tqdm",
        "fastapi; python_version < '3'",
        "XlsxWriter; extra == 'excel'",
        "pypdf<8,>=7.1; extra == 'office'",
    ]
    versions = {"clippings": "0.1.0", "spacy": "3.7.1", "pypdf": "7.2"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "requires", lambda _: required)
    monkeypatch.setattr(metadata, "version", version)
    check = find(place, "packages")
    assert check.status == FAULT
    assert check.found == "expected spacy<3.9,>=3.8.7, found 3.7.1; expected tqdm, found none"
    versions |= {"spacy": "3.8.9", "tqdm": "1", "pandas": "3", "pyarrow": "20", "prefect": "3"}
    assert find(place, "packages").found.startswith("clippings 0.1.0, spacy 3.8.9, pandas 3")
    extras = find(place, "extras").found
    assert extras.startswith("office installed; not installed: dask (a cluster), excel (")


def test_files_without_a_package(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert find(place, "packages").status == WARNING
    assert find(place, "extras").status == OK


def test_raw_folders(place: Place, tmp_path: Path) -> None:
    assert find(place, "raw").found.endswith("1 files, 0.00 MB")
    missing = find(replace(place, raw=tmp_path / "none"), "raw")
    assert missing.status == FAULT
    assert "clippings sample" in str(missing.action)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").touch()
    assert find(replace(place, raw=tmp_path / "empty"), "raw").status == WARNING
    with pytest.MonkeyPatch.context() as patch:  # root may read everything
        patch.setattr(doctor.os, "access", lambda *_: False)
        assert "1 cannot be read, such as a.txt" in find(place, "raw").found


def test_processed_folders(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(place, "processed").found.startswith(f"{place.processed}: to be made")
    file = place.raw / "a.txt"
    closed = find(replace(place, processed=file), "processed")
    assert closed.status == FAULT
    assert "cannot be written" in closed.found
    assert find(replace(place, processed=place.raw / "tables"), "processed").status == FAULT
    monkeypatch.setattr(doctor, "_file_system", lambda _: "nfs4")
    assert find(place, "processed").status == WARNING
    assert sorted(place.processed.parent.iterdir()) == [place.raw]  # nothing is left


def test_tables_and_lock(place: Place, desk: Any) -> None:
    assert find(place, "tables").found == "none yet"
    assert find(place, "lock").found == "free"
    desk.ingest()
    before = desk.parts()
    assert find(place, "tables").found == "2 articles in snapshot 00000001"
    assert find(place, "lock").found == "free"
    with store.lock(place.processed):
        assert find(place, "lock").status == WARNING
    assert desk.parts() == before
    (place.processed / "current" / "manifest.json").write_text("{}")
    broken = find(place, "tables")
    assert broken.status == FAULT
    assert "clippings ingest" in broken.found


def test_disk_and_memory(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (place.raw / "a.txt").stat().st_size
    for free, status in [(size - 1, FAULT), (3 * size - 1, WARNING), (3 * size, OK)]:
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: Usage(0, 0, free))
        assert find(place, "disk").status == status
    monkeypatch.setattr(workers, "memory_bytes", lambda: 2**30)
    assert find(place, "machine").status == WARNING


def test_layouts_and_corrections(place: Place) -> None:
    desk = place.raw.parent
    assert find(place, "corrections").status == OK
    corrections = desk / "corrections.csv"
    corrections.write_text(
        "operation,label,a,b,article_id,note\nmerge,ORG,a,b,,\nunite,ORG,a,b,,\n"
    )
    found = find(place, "corrections")
    assert found.status == WARNING
    assert "1 rows, and 1 that cannot be used; line 3: expected an operation" in found.found
    corrections.write_text("a,b\n")
    assert find(place, "corrections").status == FAULT
    (desk / "layouts").mkdir()
    (desk / "layouts" / "mine.toml").write_text('name = "mine"\n[artikel]\n')
    assert find(place, "layouts").status == FAULT
    shutil.rmtree(desk / "layouts")
    assert find(place, "layouts").status == OK


def test_a_check_that_breaks_is_a_fault(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_broken(_: Place) -> Check:
        raise ImportError("numpy.core is gone")

    monkeypatch.setattr(doctor, "CHECKS", (check_broken, *CHECKS[:1]))
    broken, well = examine(place)
    assert (broken.name, broken.status) == ("broken", FAULT)
    assert "ImportError: numpy.core is gone" in broken.found
    assert well.status == OK


# The command


def test_command(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--raw", str(place.raw), "--processed", str(place.processed)]
    assert main(["doctor", *options, "--model", str(place.model)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(CHECKS) + 1
    assert told[-1] == "all is well"
    assert main(["doctor", *options, "--model", "no_such\x1b[31m"]) == 1
    told = capsys.readouterr().out
    assert r"fault    model        model \"no_such\x1b[31m\"" in told.replace('"', r"\"")
    assert told.endswith(f"2 of {len(CHECKS)} want a look\n")


def test_command_for_scripts(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--raw", str(place.raw), "--processed", str(place.processed), "--model", "none"]
    assert main(["doctor", *options, "--json"]) == 1
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["exit_code"] == 1
    assert [check["name"] for check in answer["checks"] if check["status"] == FAULT] == ["model"]
    assert set(answer["checks"][0]) == {"name", "status", "found", "action"}
    assert main(["doctor", *options, "--quiet"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("fault    model")
    assert told.err.count("\n") == 1
