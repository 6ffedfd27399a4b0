"""Hostile names, links, archives and models: nothing leaves its folder, and nothing is run."""

import gzip
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
import pytest

from clippings.cli import main
from clippings.models import SHIPPED_FOLDER, find_model
from clippings.records import TABLES
from clippings.summary import write_markdown, write_text

NAMES = [
    "-rf.txt",
    "~root.txt",
    "$(touch pwned).txt",
    "`touch pwned`; touch pwned; #.txt",
    "a' || touch pwned || '.txt",
    "%s%n{0.__class__}.txt",
    "two\nlines\r\n| a | b |.txt",
    "\x1b[31mred\x1b]0;pwned\x07\x9b2J.txt",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) ![i](j) **b** `c`.txt",
    "rtl\u202etxt.exe\u2028.txt",
    "a\\..\\..\\b.txt",
    "C:\\pwned.txt",
    "manifest.json.txt",
    "00000001",
    "x" * 250 + ".txt",
    "current/articles.parquet/0-0.txt",
]
MEMBERS = [
    *NAMES,
    "../../pwned.txt",
    "../processed/current/pwned.txt",
    "/tmp/pwned.txt",
    "/etc/cron.d/pwned",
    "a/../../../pwned.txt",
    "b\\..\\..\\pwned.txt",
    "//host/share/pwned.txt",
    "nul\0byte.txt",
    ".." + "/.." * 40 + "/pwned.txt",
]
_FILE = r"[0-9a-f]{1,2}-[0-9a-f]{16}\.parquet"  # "0-0123456789abcdef.parquet"
_FOLDER = rf"(?:{'|'.join(TABLES)}|\.[a-z]+)\.parquet"  # those with a dot are nobody's to read
OURS = re.compile(
    rf"current|datapackage\.json|{_FOLDER}|\.snapshots"
    rf"|\.store(?:/lock|/looks\.json|/work|/parts(?:/{_FILE})?)?"
    rf"|\.snapshots/[0-9]{{8}}(?:/(?:manifest|registry|datapackage)\.json|/{_FOLDER}(?:/{_FILE})?)?"
)


def pack(members: Iterable[tuple[str, bytes]], mode: int = stat.S_IFREG) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: `ZipInfo` itself would cut it at the zero byte
            info.create_system = 3
            info.external_attr = (mode | 0o644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def tree(folder: Path, but: Path) -> dict[str, object]:
    """All that lies below a folder, and what it holds."""
    found: dict[str, object] = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) != but]
        for name in (*folders, *files):
            path = Path(place, name)
            is_plain = path.is_file() and not path.is_symlink()
            found[str(path)] = path.read_bytes() if is_plain else path.lstat().st_mode
    return found


def assert_ours(processed: Path) -> None:
    """Every path below the folder of tables is one that no input had a part in."""
    paths = [path.relative_to(processed).as_posix() for path in processed.rglob("*")]
    assert len(paths) > 2 * len(TABLES)
    assert [path for path in paths if not OURS.fullmatch(path)] == []


def assert_tame(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.fixture
def watched(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `ingest` and sees that nothing but the folder of tables has changed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def ingest(**options: Any) -> Any:
        before = tree(tmp_path, desk.processed)
        run = desk.ingest(**options)
        assert tree(tmp_path, desk.processed) == before
        assert_ours(desk.processed)
        assert_tame(write_text(run))
        markdown = write_markdown(run)
        assert_tame(markdown)
        assert not re.search(r"<(?!br>)", markdown)
        assert not re.search(r"(?<!\\)\]\(", markdown)
        return run

    return ingest


# --- names ------------------------------------------------------------------------------------


def test_names_of_files_are_only_names(desk: Any, watched: Callable[..., Any]) -> None:
    names = [*NAMES, os.fsdecode(b"\xff\xfe.txt")]
    for name in names:
        desk.put(name, b"\0 is no text")
    run = watched()
    assert {problem.code for problem in run.problems} == {"not_text"}
    assert len(desk.rows("dumps")) == len(names)
    for name in names:
        (desk.raw / name).unlink()
    watched()
    assert desk.rows("dumps") == []


def test_names_of_members_are_only_names(
    desk: Any, watched: Callable[..., Any], write_dump: Callable[..., str]
) -> None:
    texts = {name: write_dump(number).encode() for number, name in enumerate(MEMBERS)}
    desk.put("good.zip", pack(texts.items()))
    desk.put("bad.zip", pack((name, b"\0") for name in MEMBERS))
    # The name in the header of a gzip file is not looked at.
    packed = bytearray(gzip.compress(write_dump(99).encode(), mtime=0))
    packed[3] |= 8
    packed[10:10] = b"../../pwned.txt\0"
    desk.put("named.gz", bytes(packed))
    watched()
    paths = {row["path"]: row["status"] for row in desk.rows("dumps")}
    assert {paths[f"good.zip!/{name}"] for name in MEMBERS} == {"ok"}
    assert {paths[f"bad.zip!/{name}"] for name in MEMBERS} == {"rejected"}
    assert paths["named.gz!/named"] == "ok"
    assert len(paths) == 2 * len(MEMBERS) + 1


def test_words_of_dumps_are_only_words(
    desk: Any, watched: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    titles = [name.replace("\n", " ") for name in NAMES]
    text = "".join(
        f"{title}\n\nJune 1948\n\nA body of {title} that goes on for a few words.\n\n"
        f"Read more at {title}\n\nMore about: {title}, Iran\n\n\n"
        for title in titles
    )
    desk.put("a.txt", text)
    watched()
    assert desk.rows("articles")
    assert main(["inspect", str(desk.raw / "a.txt"), "--all", "--boilerplate"]) == 0
    assert_tame(capsys.readouterr().out)


def test_inspect_escapes_the_names_of_members(
    tmp_path: Path, write_dump: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.zip").write_bytes(
        pack((name, write_dump(number).encode()) for number, name in enumerate(MEMBERS))
    )
    assert main(["inspect", str(tmp_path / "a.zip")]) == 0
    assert_tame(capsys.readouterr().out)


# --- links ------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path, write_dump: Callable[..., str]) -> Path:
    """A dump outside the raw folder, which nobody asked to be read."""
    path = tmp_path / "secret" / "secret.txt"
    path.parent.mkdir()
    path.write_text(write_dump(5), encoding="utf-8")
    return path


def test_links_do_not_leave_the_raw_folder(
    desk: Any, watched: Callable[..., Any], write_dump: Callable[..., str], secret: Path
) -> None:
    desk.put("a.txt", write_dump(1))
    targets = {
        "file.txt": secret,
        "relative.txt": os.path.relpath(secret, desk.raw),
        "folder": secret.parent,
        "root": "/",
        "passwd": "/etc/passwd",
        "up": "..",
        "tables": desk.processed,
        "itself": "itself",
        "circle": "circle2",
        "circle2": "circle",
        "nowhere.txt": "/no/such/file",
        "through": "inner/../../../secret/secret.txt",
        "device.txt": "/dev/zero",
    }
    for name, target in targets.items():
        (desk.raw / name).symlink_to(target)
    (desk.raw / "inner").mkdir()
    (desk.raw / "inner" / "loop").symlink_to("..")
    run = watched()
    codes = {problem.path: problem.code for problem in run.problems}
    assert codes == dict.fromkeys([*targets, "inner/loop"], "outside_raw")
    assert [row["path"] for row in desk.rows("dumps") if row["status"] == "ok"] == ["a.txt"]
    assert len(desk.rows("articles")) == 1


def test_a_dump_that_becomes_a_link_is_not_followed(
    desk: Any, write_dump: Callable[..., str], secret: Path
) -> None:
    path = desk.put("a.txt", write_dump(1))

    def swap_and_map(work: Any, batches: Any) -> Any:
        path.unlink()
        path.symlink_to(secret)
        return map(work, batches)

    run = desk.ingest(map=swap_and_map)
    assert [problem.code for problem in run.problems] == ["changing"]
    assert desk.rows("articles") == []


def test_links_in_archives_are_not_made(
    desk: Any, watched: Callable[..., Any], secret: Path
) -> None:
    members = [("link.txt", str(secret).encode()), ("link", b"/etc"), ("../up", b"..")]
    desk.put("a.zip", pack(members, stat.S_IFLNK))
    run = watched()
    assert {problem.code for problem in run.problems} == {"not_a_file"}
    assert len(run.problems) == len(members)
    assert desk.rows("articles") == []


# --- archives ---------------------------------------------------------------------------------


def test_bombs_do_not_explode(
    desk: Any, watched: Callable[..., Any], write_dump: Callable[..., str]
) -> None:
    zeros = bytes(32 * 2**20)
    nested = pack([("1.zip", pack([("2.zip", pack([("a.txt", zeros)]))]))])
    desk.put("bomb.zip", pack([("a.txt", zeros), ("good.txt", write_dump(2).encode())]))
    desk.put("nested.zip", nested)
    desk.put("bomb.txt.gz", gzip.compress(zeros))
    desk.put("twice.gz", gzip.compress(gzip.compress(zeros)))
    desk.put("many.gz", gzip.compress(b"") * 200_000)
    desk.put("a.txt", write_dump(1))
    run = watched()
    assert {problem.path: problem.code for problem in run.problems} == {
        "bomb.zip!/a.txt": "archive_bomb",
        "nested.zip!/1.zip": "nested_archive",
        "bomb.txt.gz!/bomb.txt": "archive_bomb",
        "twice.gz!/twice": "nested_archive",
        "many.gz!/many": "archive_bomb",
    }
    paths = [row["path"] for row in desk.rows("dumps") if row["status"] == "ok"]
    assert paths == ["a.txt", "bomb.zip!/good.txt"]


# --- models -----------------------------------------------------------------------------------

GUARD = """
import builtins, json, os, pickle, sys
from importlib import import_module
from pathlib import Path
for name in ("spacy.lang.en", "spacy.pipeline", "clippings.tag", "numpy.random"):
    import_module(name)
from clippings.models import find_model
from clippings.tag import load_tagger, tag

model = Path(sys.argv[1])
opened = []

def watch(event, arguments):
    if event in ("pickle.find_class", "os.system", "os.exec", "subprocess.Popen", "socket.connect",
                 "marshal.load", "cpython.run_file"):
        raise RuntimeError(f"forbidden: {event} {arguments}")
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        opened.append(os.fsdecode(arguments[0]))

def refuse(*arguments, **options):
    raise RuntimeError("forbidden: pickle")

sys.addaudithook(watch)
try:
    pickle.loads(pickle.dumps(Path("a")))
except RuntimeError as error:
    assert "pickle.find_class" in str(error), error
else:
    raise AssertionError("the guard is asleep")
import srsly.cloudpickle
for module in (pickle, srsly, srsly.cloudpickle):
    for name in ("load", "loads", "pickle_loads", "Unpickler"):
        if hasattr(module, name):
            setattr(module, name, refuse)
try:
    found = [len(each) for each in tag([sys.argv[2]], load_tagger(find_model(sys.argv[1])))]
except Exception as error:
    found = f"{type(error).__name__}: {error}"
print(json.dumps([found, opened]))
"""
TEXT = "Golda Meir and Anwar Sadat met in Haifa. The Knesset was told by Bank Leumi."


def load_guarded(model: str | Path, folder: Path) -> tuple[Any, list[str]]:
    """Load a pipeline and tag with it where nothing is unpickled and no program is started.

    Returns:
        The number of mentions, or the error; and the files that were opened.
    """
    done = subprocess.run(
        [sys.executable, "-c", GUARD, str(model), TEXT],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    found, opened = json.loads(done.stdout)
    return found, opened


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The shipped model as one of the user's own."""
    return Path(shutil.copytree(SHIPPED_FOLDER, tmp_path / "mine"))


@pytest.mark.model
def test_the_shipped_model_and_a_folder_load_without_pickle(tmp_path: Path, ruler: str) -> None:
    for model in ("shipped", ruler):
        found, _ = load_guarded(model, tmp_path)
        assert found[0] > 0


@pytest.mark.model
def test_a_model_is_loaded_from_its_own_folder_alone(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()  # what has a name is not looked for where the run was started
    found, opened = load_guarded(copy, tmp_path)
    assert found[0] > 0
    inside = [path for path in opened if Path(path).is_relative_to(copy)]
    assert {"config.cfg", "meta.json", "gazetteer.json"} <= {Path(path).name for path in inside}
    assert [path for path in opened if Path(path).is_relative_to(SHIPPED_FOLDER)] == []
    _, opened = load_guarded("shipped", tmp_path)
    assert [path for path in opened if Path(path).is_relative_to(tmp_path)] == []


@pytest.mark.model
def test_programs_in_the_folder_of_a_model_are_not_run(copy: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    names = ["__init__", "ner", "tok2vec", "tokenizer", "code", "functions", "setup", "conftest"]
    names += ["sitecustomize", "usercustomize", "spacy", "clippings", "json", "pickle"]
    program = f"open({str(marker)!r}, 'w')\n"
    for name in names:
        (copy / f"{name}.py").write_text(program)
        (copy / "ner" / f"{name}.py").write_text(program)
    found, _ = load_guarded(copy, tmp_path)
    assert found[0] > 0
    assert not marker.exists()


class _Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self._command,)


@pytest.mark.model
def test_pickles_in_the_place_of_any_file_of_a_model_are_not_run(
    copy: Path, tmp_path: Path
) -> None:
    import pickle

    from clippings.errors import ModelError
    from clippings.tag import load_pipeline

    marker = tmp_path / "ran"
    bomb = _Bomb(f"touch {marker}")
    saved = io.BytesIO()
    numpy.save(saved, numpy.array([bomb], dtype=object))
    files = [path for path in sorted(copy.rglob("*")) if path.is_file()]
    assert len(files) > 10
    refused = []
    for path in files:
        before = path.read_bytes()
        path.write_bytes(saved.getvalue() if path.name == "vectors" else pickle.dumps(bomb))
        try:
            load_pipeline(find_model(copy))
        except ModelError:
            refused.append(path.name)
        assert not marker.exists()
        path.write_bytes(before)
    assert {"config.cfg", "meta.json", "model", "vectors", "tokenizer"} <= set(refused)
    pickle.loads(pickle.dumps(bomb))
    assert marker.exists()  # so the bomb is one


@pytest.mark.parametrize("name", ["os.path", "../model", "shipped/..", "json", "antigravity"])
def test_a_name_that_is_no_model_is_not_imported(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clippings.errors import ModelError

    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    with pytest.raises(ModelError):
        find_model(name)
    assert "antigravity" not in set(sys.modules) - before
