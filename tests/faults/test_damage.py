"""Files that the disk has changed or lost: a clear error, and a remedy that works."""

import hashlib
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scenes import Scene, copy

from clippings import store
from clippings.errors import StoreError

_ROOT = Path(__file__).parents[2]
# "... by `mv a a.broken && clippings ingest --processed a`, with your other options."
_REMEDY = re.compile(r"`mv (\S+) (\S+) && clippings ingest --processed \1(?: --registry (\S+))?`")
_DAMAGES = ("flipped", "cut", "empty", "missing")


def damage(path: Path, how: str, chance: random.Random) -> None:
    """Change a file as a failing disk may, or lose it."""
    content = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
        return
    if how == "flipped":
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif how == "cut":
        del content[chance.randrange(1, len(content)) :]
    else:
        assert how == "empty"
        content.clear()
    path.write_bytes(content)


def files_of(desk: Any) -> dict[str, list[Path]]:
    """The files of the current snapshot by table or name, each with its other names on the disk."""
    snapshot = store.current(desk.processed)
    assert snapshot
    files = {name: [snapshot.path / name] for name in ("manifest.json", "registry.json")}
    for table in snapshot.manifest["tables"]:
        [part] = snapshot.parts(table)
        # Links in life; `copy` makes files of them.
        files[table] = sorted(desk.processed.rglob(part.name))
    return files


def rebuild_as_told(desk: Any, message: str) -> None:
    match = _REMEDY.search(message)
    assert match, message
    assert Path(match[1]) == desk.processed
    shutil.move(match[1], match[2])
    desk.ingest(registry=match[3])


def cases() -> list[tuple[str, str]]:
    tables = ("articles", "spans")
    files = ("manifest.json", "registry.json", *tables)
    return [(name, how) for name in files for how in _DAMAGES]


@pytest.mark.parametrize(("name", "how"), cases())
def test_a_damaged_file_is_found_before_it_is_carried_on(
    name: str, how: str, scene_of: Callable[[str], Scene], tmp_path: Path
) -> None:
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "copy")
    chance = random.Random(f"{name} {how}")
    for path in files_of(desk)[name]:
        state = chance.getstate()
        damage(path, how, chance)
        chance.setstate(state)  # all names of one file
    with pytest.raises(StoreError, match="expected") as raised:
        desk.ingest()
    rebuild_as_told(desk, str(raised.value))
    assert desk.parts().keys() == scene.new.keys()
    if name not in ("manifest.json", "registry.json"):
        assert desk.parts() == scene.new  # the ids are those of before
        assert str(files_of(copy(scene.desk, tmp_path / "other"))[name][0].name) in str(
            raised.value
        )


def test_the_remedy_can_be_typed(scene_of: Callable[[str], Scene], tmp_path: Path) -> None:
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "a folder's copy")
    damage(files_of(desk)["articles"][0], "missing", random.Random(0))
    with pytest.raises(StoreError, match="found none") as raised:
        desk.ingest()
    command = str(raised.value).split("`")[1].replace("clippings", "$PYTHON -m clippings.cli")
    done = subprocess.run(
        ["/bin/sh", "-c", f'{command} --raw "$RAW" --model "$MODEL"'],
        env={"PYTHON": sys.executable, "RAW": str(desk.raw), "MODEL": desk.model},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert desk.parts() == scene.new


def test_a_missing_part_is_found_by_a_run_with_nothing_to_do(
    scene_of: Callable[[str], Scene], tmp_path: Path
) -> None:
    """Readers would take the rows that are left for all."""
    desk = copy(scene_of("nothing").desk, tmp_path / "copy")
    files_of(desk)["spans"][0].unlink()
    with pytest.raises(StoreError, match=r"spans\.parquet.*expected the bytes that a run wrote"):
        desk.ingest()


def test_what_is_lost_below_store_is_made_good(
    scene_of: Callable[[str], Scene], tmp_path: Path
) -> None:
    """Somebody made room: the parts of the snapshot are the same files."""
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "copy")
    shutil.rmtree(desk.processed / ".store")
    desk.ingest()
    assert desk.parts() == scene.new


def test_a_damaged_part_that_comes_again_is_written_again(
    scene_of: Callable[[str], Scene], tmp_path: Path
) -> None:
    scene = scene_of("first")
    desk = copy(scene.desk, tmp_path / "copy")
    parts = desk.processed / ".store" / "parts"
    parts.mkdir(parents=True)
    for name in scene.new:
        (parts / Path(name).name).write_bytes(b"left by a run that was killed, then damaged")
    desk.ingest()
    assert desk.parts() == scene.new


def test_a_damaged_old_snapshot_goes(
    scene_of: Callable[[str], Scene], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_REST_SECONDS", 0)
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "copy")
    old = sorted((desk.processed / ".snapshots").iterdir())[1]
    (old / "manifest.json").write_text("{")
    desk.ingest()
    assert desk.parts() == scene.new
    for number in range(2):
        desk.put("more.txt", f"More of {number}\n")
        desk.ingest()
    assert not old.exists()
    desk.assert_tidy()


def test_damaged_work_is_done_again(
    scene_of: Callable[[str], Scene], fork: Any, tmp_path: Path
) -> None:
    scene = scene_of("change")
    desk = copy(scene.desk, tmp_path / "copy")
    fork(desk, kill_at="work saved")
    for number, path in enumerate(sorted((desk.processed / ".store" / "work").iterdir())):
        damage(path, _DAMAGES[number % 3], random.Random(number))
    desk.ingest()
    assert desk.parts() == scene.new


def test_pages_are_checked_where_a_part_is_not_read_whole(
    scene_of: Callable[[str], Scene], tmp_path: Path
) -> None:
    desk = copy(scene_of("change").desk, tmp_path / "copy")
    snapshot = store.current(desk.processed)
    assert snapshot
    [part] = snapshot.parts("articles")
    whole = part.read_bytes()
    titles = snapshot.read("articles", ["title"])
    refused = 0
    for at in range(4, len(whole) // 2, 97):  # the first columns; the last bytes tell the columns
        part.write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
        try:
            assert snapshot.read("articles", ["title"]).equals(titles)
        except StoreError:
            refused += 1
    assert refused > 0


def test_the_check_of_all_parts_that_the_docs_give(
    scene_of: Callable[[str], Scene], tmp_path: Path
) -> None:
    text = (_ROOT / "docs" / "reliability.md").read_text()
    [command] = re.findall(r"```sh\n(cd processed/current.*?)```", text, re.DOTALL)
    desk = copy(scene_of("nothing").desk, tmp_path / "copy")

    def run() -> str:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=desk.raw.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert run() == ""
    path = (desk.processed / "current" / files_of(desk)["articles"][0].name).name
    [part] = (desk.processed / "current" / "articles.parquet").iterdir()
    assert part.name == path
    assert hashlib.sha256(part.read_bytes()).hexdigest().startswith(part.stem.split("-")[1])
    damage(part, "flipped", random.Random(1))
    assert run() == f"articles.parquet/{part.name}\n"
