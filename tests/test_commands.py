"""The commands: one JSON object for scripts, silence, samples, completion."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from clippings.cli import main
from clippings.records import TABLES
from clippings.samples import SAMPLES

Capture = pytest.CaptureFixture[str]
Command = Callable[..., int]


@pytest.fixture
def ingest(desk: Any) -> Command:
    """Runs `clippings ingest` on the desk."""
    folders = ["--raw", str(desk.raw), "--processed", str(desk.processed), "--model", desk.model]
    return lambda *options: main(["ingest", *folders, "--workers", "1", *options])


def read_object(capsys: Capture) -> tuple[dict[str, Any], str]:
    """What was printed: one JSON object in ASCII, and what went to stderr."""
    told = capsys.readouterr()
    assert told.out.isascii()
    assert told.out.count("\n") == 1
    return json.loads(told.out), told.err


# --json


def test_ingest_answers_a_script(
    desk: Any, write_dump: Callable[..., str], ingest: Command, capsys: Capture
) -> None:
    desk.put("a.txt", write_dump(1, 2))
    desk.put("bad\x1b[31m\u202e.txt", b"\x7fELF")
    assert ingest("--json") == 3
    answer, told = read_object(capsys)
    assert told == "2 of 2 dumps\n"
    assert answer["exit_code"] == 3
    assert answer["is_changed"] is True
    assert answer["dumps"] == {"found": 2, "new": 2, "removed": 0}
    assert list(answer["rows"]) == list(TABLES)
    assert answer["rows"]["articles"] == 2
    [problem] = answer["problems"]
    assert (problem["path"], problem["code"]) == ("bad\x1b[31m\u202e.txt", "not_text")
    assert problem["severity"] == "error"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingest", "--raw", "no/such"], "expected a folder with raw dumps"),
        (["inspect", "no/such.txt"], "expected a readable file"),
        (
            ["explain", "Haifa", "--processed", "no/such"],
            "--processed FOLDER, in Python processed=",
        ),
        (["evaluate", "no/such.md"], "no/such.md"),
    ],
)
def test_a_failure_answers_a_script_too(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--json"]) == 1
    answer, told = read_object(capsys)
    assert answer["exit_code"] == 1
    assert words in answer["error"]
    assert told == f"clippings: {answer['error']}\n"


def test_inspect_answers_a_script(
    desk: Any, write_dump: Callable[..., str], capsys: Capture
) -> None:
    file = desk.put("a.txt", "\ufeff" + write_dump(0, 1, 3))
    assert main(["inspect", str(file), "--json", "--boilerplate"]) == 0
    answer, told = read_object(capsys)
    assert told == ""
    [dump] = answer["dumps"]
    assert (dump["path"], dump["layout"], dump["article_count"]) == ("a.txt", "digest", 3)
    assert [article["position"] for article in dump["articles"]] == [1, 2, 3]
    third = dump["articles"][2]
    assert third["title"] == "The Road From Haifa to Number 3 and Rabbi Kook"
    assert (third["published_date"], third["date_precision"]) == ("1917-01-01", "year")
    assert third["outlet"] == "FDD"
    words = file.read_bytes()[third["start_byte"] : third["end_byte"]].decode()
    assert words.startswith(third["title"])
    assert sum(dump["kind_bytes"].values()) == dump["byte_count"] == file.stat().st_size
    assert dump["saved"] is None
    assert isinstance(dump["boilerplate"], list)


def test_inspect_answers_with_what_is_in_doubt(desk: Any, capsys: Capture) -> None:
    file = desk.put("a.txt", "one line of it\n" * 40)
    assert main(["inspect", str(file)]) == 0
    told = capsys.readouterr()
    assert "layout: unsure" in told.out
    assert told.err.startswith("Next: ")
    assert main(["inspect", str(file), "--json"]) == 0
    [dump] = read_object(capsys)[0]["dumps"]
    assert dump["layout"] is None
    assert [problem["code"] for problem in dump["problems"]] == ["unsure_layout"]
    assert dump["boilerplate"] is None


def test_inspect_answers_with_the_error_of_a_member(
    desk: Any, write_dump: Callable[..., str], capsys: Capture
) -> None:
    file = desk.raw / "a.zip"
    with ZipFile(file, "w") as archive:
        archive.writestr("a.txt", b"\x7fELF")
        archive.writestr("b.txt", write_dump(1))
    assert main(["inspect", str(file), "--json"]) == 1
    answer, told = read_object(capsys)
    assert [dump["path"] for dump in answer["dumps"]] == ["a.zip!/b.txt"]
    assert answer["exit_code"] == 1
    assert told == f"clippings: {answer['error']}\n"


def test_explain_answers_a_script(
    desk: Any, write_dump: Callable[..., str], ingest: Command, capsys: Capture
) -> None:
    desk.put("a.txt", write_dump(0, 3, 5))
    ingest()
    capsys.readouterr()
    assert main(["explain", "hayfa", "--processed", str(desk.processed), "--json"]) == 0
    answer, _ = read_object(capsys)
    assert answer["name"] == "hayfa"
    [entity] = answer["entities"]
    assert (entity["label"], entity["name"]) == ("PLACE", "Haifa")
    assert sum(alias["mention_count"] for alias in entity["aliases"]) == entity["mention_count"]
    assert len(entity["mentions"]) == entity["mention_count"]
    assert all("Haifa" in mention["sentence"] for mention in entity["mentions"])


def test_evaluate_answers_a_script(ruler: str, tmp_path: Path, capsys: Capture) -> None:
    gold = tmp_path / "gold.md"
    gold.write_text("[Golda Meir](PERSON) left [Haifa](PLACE) for [Acre](PLACE).\n")
    assert main(["evaluate", str(gold), "--model", ruler, "--json"]) == 0
    answer, _ = read_object(capsys)
    assert (answer["document_count"], answer["gold"]) == (1, [str(gold)])
    scores = {score["label"]: score for score in answer["scores"]}
    assert list(scores) == ["all", "PERSON", "ORG", "PLACE"]
    assert (scores["PERSON"]["f1"], scores["PLACE"]["recall"]) == (1.0, 0.5)
    assert {"marked": "PLACE", "found": "none", "count": 1} in answer["confusions"]
    assert answer["worst"][0]["missed"] == ["Acre PLACE"]


@pytest.mark.parametrize("content", ["Golda Meir left Haifa.\n", "[June](DATE) was hot.\n", ""])
def test_evaluate_refuses_what_has_no_marks(
    content: str, ruler: str, tmp_path: Path, capsys: Capture
) -> None:
    gold = tmp_path / "gold.md"
    gold.write_text(content)
    assert main(["evaluate", str(gold), "--model", ruler]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"clippings: {gold}: expected names marked as PERSON, ORG, PLACE, ")
    marked = tmp_path / "marked.md"
    marked.write_text("[Haifa](PLACE)\n")
    assert main(["evaluate", str(gold), str(marked), "--model", ruler]) == 0


# --quiet


def test_quiet_says_nothing_but_errors(
    desk: Any, write_dump: Callable[..., str], ingest: Command, capsys: Capture
) -> None:
    desk.put("a.txt", write_dump(1))
    desk.put("empty.txt", b"")  # a warning
    assert ingest("--quiet") == 0
    assert capsys.readouterr() == ("", "")
    desk.put("bad.txt", b"\x7fELF")
    assert ingest("--quiet") == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("  error    bad.txt: not_text: ")
    assert "empty.txt" not in told.err
    assert ingest("--quiet", "--layout", "diggest") == 1
    assert capsys.readouterr().err.startswith("clippings: ")


@pytest.mark.parametrize("command", ["review", "report", "export --to csv"])
def test_quiet_commands_write_and_say_nothing(
    command: str,
    desk: Any,
    write_dump: Callable[..., str],
    ingest: Command,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    desk.put("a.txt", write_dump(1))
    ingest("--quiet")
    output = tmp_path / "output"
    options = ["--processed", str(desk.processed), "-o", str(output), "--quiet"]
    assert main([*command.split(), *options]) == 0
    assert capsys.readouterr() == ("", "")
    assert output.exists()


# A first run


def test_a_first_run_in_an_empty_folder_explains_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["ingest", "--workers", "1", "--model", "blank:en"]
    assert main(options) == 1
    assert "`clippings sample` write some to try" in capsys.readouterr().err
    Path("raw").mkdir()
    assert main(options) == 0  # an empty folder is no fault
    assert "`clippings sample`" in capsys.readouterr().out
    assert main(["sample"]) == 0
    assert capsys.readouterr().out.endswith("\nNext: clippings ingest\n")
    assert main(options) == 0
    assert f"{len(SAMPLES)} dumps found: {len(SAMPLES)} new." in capsys.readouterr().out


def test_samples_can_go_elsewhere(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "to try\x1b"
    assert main(["sample", str(folder)]) == 0
    told = capsys.readouterr().out
    assert told.endswith(f"\nNext: clippings ingest --raw '{tmp_path}/to try\\x1b'\n")
    assert main(["sample", str(folder)]) == 0
    assert capsys.readouterr().out.count("left alone") == len(SAMPLES)
    assert main(["sample", str(folder), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


# Completion


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("clippings in", {"ingest", "inspect"}),
        ("clippings ingest --wor", {"--workers", "--worker-mb"}),
        ("clippings ingest --engine ", {"auto", "spacy"}),
        ("clippings inspect du", {"dump.txt"}),
        ("clippings doctor --raw r", {"rough"}),
        ("clippings completion ", {"bash", "zsh"}),
    ],
)
def test_bash_completes(line: str, expected: set[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "script.sh"
    script.write_text(capsys.readouterr().out)
    folder = tmp_path / "folder"
    (folder / "rough").mkdir(parents=True)
    (folder / "dump.txt").touch()
    words = line.split(" ")
    ask = (
        'source "$1"; shift; complete -p clippings || exit 1\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        'function_name=$(complete -p clippings | sed "s/.*-F \\([^ ]*\\).*/\\1/")\n'
        '$function_name clippings "${COMP_WORDS[COMP_CWORD]}" ""\n'
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", ask, "bash", str(script), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    specification, *replies = done.stdout.split("\n")
    assert specification.startswith("complete ")
    assert {reply for reply in replies if reply} == expected


def test_zsh_script_names_all_commands(capsys: Capture) -> None:
    assert main(["completion", "zsh"]) == 0
    script = capsys.readouterr().out
    assert script.startswith("#compdef clippings\n")
    assert "\n    ingest:'" in script
    assert "_files -/" in script
