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
from clippings.doctor import CHECKS, FAULT, OK, WARNING, Check, Setting, examine

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def setting(desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Setting:
    """What a run on the desk is started with, and all is well, whatever machine this is."""
    monkeypatch.setattr(doctor, "_file_system", lambda _: "ext4")
    monkeypatch.setattr(workers, "memory_bytes", lambda: 2**33)
    desk.put("a.txt", write_dump(1, 2))
    return Setting(desk.raw, desk.processed, desk.model)


def find(setting: Setting, name: str) -> Check:
    [check] = [check for check in CHECKS if check.__name__ == f"check_{name}"]
    found = check(setting)
    assert found.name == name
    return found


def test_all_is_well(setting: Setting) -> None:
    checks = list(examine(setting))
    assert [check.name for check in checks] == [
        check.__name__.removeprefix("check_") for check in CHECKS
    ]
    assert [check for check in checks if check.status != OK] == []
    assert not setting.processed.exists()  # looking makes nothing


@pytest.mark.model
def test_shipped_model_is_well(setting: Setting) -> None:
    shipped = replace(setting, model=None)
    assert "clippings_mentions" in find(shipped, "model").found
    assert find(shipped, "model").found.endswith("tagged by the fast engine")
    assert find(replace(shipped, engine="spacy"), "model").found.endswith("itself: asked for")
    assert "Haifa (PLACE), Golda Meir (PERSON), Knesset (ORG)" in find(shipped, "trial").found


def test_models_that_do_not_do(setting: Setting, tmp_path: Path) -> None:
    missing = replace(setting, model="no_such_model")
    assert find(missing, "model").status == FAULT
    assert find(missing, "trial").status == WARNING
    blank = replace(setting, model="blank:en")
    assert find(blank, "model").status == WARNING
    assert "tags nothing" in find(blank, "model").found
    assert find(blank, "trial").status == OK


def test_another_python(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert find(setting, "python").status == FAULT
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14, 0))
    assert find(setting, "python").status == FAULT


def test_packages(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
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
    check = find(setting, "packages")
    assert check.status == FAULT
    assert check.found == "expected spacy<3.9,>=3.8.7, found 3.7.1; expected tqdm, found none"
    versions |= {"spacy": "3.8.9", "tqdm": "1", "pandas": "3", "pyarrow": "20", "prefect": "3"}
    assert find(setting, "packages").found.startswith("clippings 0.1.0, spacy 3.8.9, pandas 3")
    extras = find(setting, "extras").found
    assert extras.startswith("office installed; not installed: dask (a cluster), excel (")


def test_files_without_a_package(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert find(setting, "packages").status == WARNING
    assert find(setting, "extras").status == OK


def test_raw_folders(setting: Setting, tmp_path: Path) -> None:
    assert find(setting, "raw").found.endswith("1 files, 0.00 MB")
    missing = find(replace(setting, raw=tmp_path / "none"), "raw")
    assert missing.status == FAULT
    assert "clippings sample" in str(missing.action)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").touch()
    assert find(replace(setting, raw=tmp_path / "empty"), "raw").status == WARNING
    with pytest.MonkeyPatch.context() as patch:  # root may read everything
        patch.setattr(doctor.os, "access", lambda *_: False)
        assert "1 cannot be read, such as a.txt" in find(setting, "raw").found


def test_processed_folders(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(setting, "processed").found.startswith(f"{setting.processed}: to be made")
    file = setting.raw.parent / "file"
    file.touch()
    closed = find(replace(setting, processed=file), "processed")
    assert closed.status == FAULT
    assert "cannot be written" in closed.found
    assert find(replace(setting, processed=setting.raw / "tables"), "processed").status == FAULT
    monkeypatch.setattr(doctor, "_file_system", lambda _: "nfs4")
    assert find(setting, "processed").status == WARNING
    assert sorted(setting.processed.parent.iterdir()) == [file, setting.raw]  # nothing is left


def test_tables_and_lock(setting: Setting, desk: Any) -> None:
    assert find(setting, "tables").found == "none yet"
    assert find(setting, "lock").found == "free"
    desk.ingest()
    before = desk.parts()
    assert find(setting, "tables").found == "2 articles in snapshot 00000001"
    assert find(setting, "lock").found == "free"
    with store.lock(setting.processed):
        assert find(setting, "lock").status == WARNING
    assert desk.parts() == before
    (setting.processed / "current" / "manifest.json").write_text("{}")
    broken = find(setting, "tables")
    assert broken.status == FAULT
    assert "clippings ingest" in broken.found


def test_disk_and_memory(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (setting.raw / "a.txt").stat().st_size
    for free, status in [(size - 1, FAULT), (3 * size - 1, WARNING), (3 * size, OK)]:
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: Usage(0, 0, free))
        assert find(setting, "disk").status == status
    monkeypatch.setattr(workers, "memory_bytes", lambda: 2**30)
    assert find(setting, "machine").status == WARNING


def test_layouts_and_corrections(setting: Setting) -> None:
    desk = setting.raw.parent
    assert find(setting, "corrections").status == OK
    corrections = desk / "corrections.csv"
    corrections.write_text(
        "operation,label,a,b,article_id,note\nmerge,ORG,a,b,,\nunite,ORG,a,b,,\n"
    )
    found = find(setting, "corrections")
    assert found.status == WARNING
    assert "1 rows, and 1 that cannot be used; line 3: expected an operation" in found.found
    corrections.write_text("a,b\n")
    assert find(setting, "corrections").status == FAULT
    (desk / "layouts").mkdir()
    (desk / "layouts" / "mine.toml").write_text('name = "mine"\n[artikel]\n')
    assert find(setting, "layouts").status == FAULT
    shutil.rmtree(desk / "layouts")
    assert find(setting, "layouts").status == OK


def test_a_check_that_breaks_is_a_fault(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_broken(_: Setting) -> Check:
        raise ImportError("numpy.core is gone")

    monkeypatch.setattr(doctor, "CHECKS", (check_broken, *CHECKS[:1]))
    broken, well = examine(setting)
    assert (broken.name, broken.status) == ("broken", FAULT)
    assert "ImportError: numpy.core is gone" in broken.found
    assert well.status == OK


# The command


def test_command(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--raw", str(setting.raw), "--processed", str(setting.processed)]
    assert main(["doctor", *options, "--model", str(setting.model)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(CHECKS) + 1
    assert told[-1] == "all is well"
    assert main(["doctor", *options, "--model", "no_such\x1b[31m"]) == 1
    told = capsys.readouterr().out
    assert '\nfault    model        model "no_such\\x1b[31m": expected' in told
    assert told.endswith(f"2 of {len(CHECKS)} want a look\n")


def test_command_for_scripts(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--raw", str(setting.raw), "--processed", str(setting.processed), "--model", "none"]
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


def test_file_system_is_that_of_the_nearest_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = f"/dev/a / ext4 rw 0 0\nserver:/b {tmp_path}/far\\040away nfs4 rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: mounts)
    assert doctor._file_system(tmp_path / "far away" / "processed") == "nfs4"
    assert doctor._file_system(tmp_path) == "ext4"
