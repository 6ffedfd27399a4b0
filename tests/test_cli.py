"""The command line: what it prints, where, and with which exit code."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from clippings import pipeline, store
from clippings.cli import main
from clippings.pool import PoolMap

Command = Callable[..., int]


@pytest.fixture
def ingest(desk: Any) -> Command:
    """Runs `clippings ingest` on the desk."""
    folders = ["--raw", str(desk.raw), "--processed", str(desk.processed), "--model", desk.model]
    return lambda *options: main(["ingest", *folders, "--workers", "1", *options])


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clippings.cli", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
    )


def test_a_clean_run(
    desk: Any, write_dump: Callable[..., str], ingest: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.put("a.txt", write_dump(1, 2))
    assert ingest() == 0
    told = capsys.readouterr()
    assert told.out.startswith("1 dump found: 1 new.\n")
    assert re.search(r"^  articles +2 rows$", told.out, re.MULTILINE)
    assert f"\nThe tables are in {desk.processed}/ (new).\nNext: `clippings report" in told.out
    assert told.err == "1 of 1 dumps\n"  # no terminal: a line per batch
    assert ingest() == 0
    told = capsys.readouterr()
    assert told.out.startswith("1 dump found: 1 unchanged.\n")
    assert told.out.endswith("(unchanged).\n")
    assert told.err == ""


def test_a_run_with_a_problem(
    desk: Any, write_dump: Callable[..., str], ingest: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.put("good.txt", write_dump(1))
    desk.put("bad\x1b[31m\n.txt", b"\x7fELF")
    for _ in range(2):  # it stands in a run with nothing new too
        assert ingest() == 3
        told = capsys.readouterr()
        assert r"  error    bad\x1b[31m\n.txt: not_text: expected plain text" in told.out
        assert "\x1b" not in told.out


def test_a_warning_is_no_error(
    desk: Any, ingest: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.put("empty.txt", b"")
    assert ingest() == 0
    assert "1 warning, in full" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--raw", "no/such/raw"], "no/such/raw: expected a folder with raw dumps, found No such"),
        (["--layout", "diggest"], 'found "diggest". Did you mean "digest"?'),
        (["--model", "no_such_model"], 'model "no_such_model": expected a spaCy pipeline'),
        (["--processed", __file__], "expected a folder that can be written"),
    ],
)
def test_a_failed_run(
    options: list[str],
    message: str,
    desk: Any,
    write_dump: Callable[..., str],
    ingest: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk.put("a.txt", write_dump(1))
    ingest()
    before = desk.parts()
    desk.put("a.txt", write_dump(2))
    capsys.readouterr()
    assert ingest(*options) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("clippings: ")
    assert message in told.err
    assert told.err.count("\n") == 1
    assert desk.parts() == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["injest"],
        ["ingest", "--workers", "0"],
        ["ingest", "--workers", "many"],
        ["ingest", "--max-dump-mb", "-1"],
        ["ingest", "--colour"],
        ["inspect"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback or a name of our own is no help."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("usage: clippings")
    assert "_positive" not in told.err


def test_a_busy_folder(desk: Any, ingest: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with store.lock(desk.processed):
        assert ingest() == 75
        done = run_command("ingest", "--raw", str(desk.raw), "--processed", str(desk.processed))
    assert done.returncode == 75
    for text in (capsys.readouterr().err, done.stderr):
        assert text.startswith("clippings: ")
        assert "another run is at work" in text
        assert "Traceback" not in text


def test_ctrl_c(
    ingest: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "ingest", stop)
    assert ingest() == 130
    assert capsys.readouterr().err.startswith("clippings: stopped; the tables are as they were")


def test_a_size_limit(desk: Any, ingest: Command, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put("a.txt", b"word \n" * 200_000)
    assert ingest("--max-dump-mb", "1") == 3
    assert "too_large" in capsys.readouterr().out


def test_several_workers_by_default(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look(*_: object, map: PoolMap, **__: object) -> pipeline.Run:
        asked.append(map.workers)
        return pipeline.Run(desk.processed, "1", False, {"found": 0}, {"dumps": 0}, ())

    monkeypatch.setattr(pipeline, "ingest", look)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert main(["ingest"]) == main(["ingest", "--workers", "3"]) == 0
    assert asked == [7, 3]


def test_a_bar_on_a_terminal(
    desk: Any,
    write_dump: Callable[..., str],
    ingest: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    desk.put("a.txt", write_dump(1))
    desk.put("b.txt", write_dump(2))
    assert ingest() == 0
    assert "100%" in (told := capsys.readouterr().err)
    assert "2/2" in told


def test_any_terminal_can_show_any_name(desk: Any, write_dump: Callable[..., str]) -> None:
    desk.put("🕯 שלום.pdf", b"%PDF")
    folders = ["--raw", str(desk.raw), "--processed", str(desk.processed), "--model", "blank:en"]
    done = run_command("ingest", *folders, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (3, "")
    assert r"\U0001f56f" in done.stdout


# inspect


def test_inspect_shows_how_a_dump_splits(
    desk: Any, write_dump: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = desk.put("a.txt", write_dump(0, 1, 3))
    assert main(["inspect", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{file.stat().st_size:,} bytes, utf-8, 3 articles\n")
    assert "   3  The Road From Haifa to Number 3 and Rabbi Kook\n      1917 (year); FDD\n" in told
    assert sorted(desk.raw.parent.iterdir()) == [desk.raw]  # nothing was written


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"\x7fELF",
            "expected plain text, found a program. Export or save it as plain text in UTF-8.",
        ),
        (b"caf\x81", "which is neither; the first byte that is not UTF-8 is at 3. Find out"),
        (None, "expected a readable file, found No such file or directory. Check its name"),
    ],
)
def test_inspect_refuses_what_is_no_dump(
    content: bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.txt"
    if content is not None:
        file.write_bytes(content)
    assert main(["inspect", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"clippings: {file}: ")
    assert message in told.err


def test_inspect_shows_what_stands_beside_a_bad_member(
    desk: Any, write_dump: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = desk.raw / "a.zip"
    with ZipFile(file, "w") as archive:
        archive.writestr("a.txt", b"\x7fELF")
        archive.writestr("b.txt", write_dump(0, 1, 3))
    assert main(["inspect", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out.startswith(f"{file}!/b.txt:\n")
    assert " 3 articles\n" in told.out
    assert told.err.startswith(f"clippings: {file}!/a.txt: expected plain text")
    assert told.err.count("\n") == 1
    assert main(["inspect", f"{file}!/b.txt"]) == 0


# What it costs


@pytest.mark.parametrize("arguments", [["--help"], ["ingest", "--help"], ["inspect", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from clippings.cli import main\n"
        f"try: main({arguments})\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'spacy', 'thinc', 'numpy', 'pandas', 'pyarrow', 'tqdm', 'prefect', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: clippings")
    assert done.stdout.endswith("\n[]\n")
