"""Every kind of input through a whole run: its row, its spans, and the way back to its bytes."""

import gzip
import html
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clippings
from clippings.archives import read_content
from clippings.cli import main
from clippings.layouts.layout import load_layout
from clippings.read import decode

FORMS = Path(__file__).parent / "cases" / "forms"
SHIPPED = FORMS / "shipped"


def pack(members: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def full_desk(desk: Any, write_dump: Callable[..., str]) -> Any:
    """A desk with an input of every kind."""
    desk.put("plain.txt", write_dump(0, 1))
    desk.put("packed.zip", pack({"a/one.txt": write_dump(2), "two.md": write_dump(3, 4)}))
    desk.put("packed.txt.gz", gzip.compress(write_dump(5).encode(), mtime=0))
    for name in ("nexis_html_fr.html", "factiva_en.html", "clips.mbox", "clip.eml", "archive.txt"):
        desk.put(name, (SHIPPED / name).read_bytes())
    return desk


def test_every_kind_is_read_and_its_spans_tile_its_bytes(full_desk: Any) -> None:
    run = full_desk.ingest(layout=None)
    assert run.exit_code == 0
    dumps = {row["path"]: row for row in full_desk.rows("dumps")}
    assert {path: row["layout"] for path, row in dumps.items()} == {
        "plain.txt": "digest",
        "packed.zip!/a/one.txt": "digest",
        "packed.zip!/two.md": "digest",
        "packed.txt.gz!/packed.txt": "digest",
        "nexis_html_fr.html": "nexis",
        "factiva_en.html": "factiva",
        "clips.mbox": "mbox",
        "clip.eml": "mbox",
        "archive.txt": "archive",
    }
    assert {row["status"] for row in dumps.values()} == {"ok"}
    for row in dumps.values():
        spans = [each for each in full_desk.rows("spans") if each["dump_id"] == row["dump_id"]]
        ends = [0, *(each["end_byte"] for each in spans)]
        assert [each["start_byte"] for each in spans] == ends[:-1]
        assert ends[-1] == row["byte_count"]
        assert all(each["start_byte"] < each["end_byte"] for each in spans)
        assert 0 < row["layout_score"] <= 1
        assert row["layout_runner_up"] != row["layout"]


def test_where_leads_into_members_pages_and_messages(full_desk: Any) -> None:
    full_desk.ingest(layout=None)
    paths = {row["dump_id"]: row["path"] for row in full_desk.rows("dumps")}
    homes = {row["article_id"]: paths[row["dump_id"]] for row in full_desk.rows("occurrences")}
    seen = set()
    for article in full_desk.rows("articles"):
        words = article["body"].split()
        surface = words[len(words) // 2]
        start = article["body"].index(surface)
        found = clippings.where(
            article["article_id"],
            "body",
            start,
            start + len(surface),
            processed=full_desk.processed,
        )
        path, first, last = found[0]
        assert path == homes[article["article_id"]]
        file, _, member = path.partition("!/")
        content = read_content(full_desk.raw, file, member or None, max_bytes=2**30)
        if decode(content).form != "mail":  # base64 is not readable in place
            assert html.unescape(content[first:last].decode()) == surface
        seen.add(path)
    assert seen == set(paths.values())


def test_a_member_that_changes_is_read_again_and_the_others_are_not(
    desk: Any, write_dump: Callable[..., str], tagged: list[bytes]
) -> None:
    desk.put("a.zip", pack({"1.txt": write_dump(1), "2.txt": write_dump(2)}))
    desk.ingest()
    assert len(tagged) == 2
    tagged.clear()
    desk.put("a.zip", pack({"1.txt": write_dump(1), "2.txt": write_dump(3), "3.txt": b"\x7fELF"}))
    run = desk.ingest()
    assert len(tagged) == 2  # the new member and the one that cannot be read
    assert [problem.path for problem in run.problems] == ["a.zip!/3.txt"]
    assert desk.parts() == desk.rebuild()
    desk.put("a.zip", pack({"1.txt": write_dump(1)}))
    desk.ingest()
    assert [row["path"] for row in desk.rows("dumps")] == ["a.zip!/1.txt"]
    assert desk.parts() == desk.rebuild()


def test_a_member_put_off_is_not_forgotten(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.zip", pack({"1.txt": write_dump(1), "2.txt": write_dump(2)}))
    with monkeypatch.context() as patch:
        patch.setattr("clippings.choose.split_best", lambda *_: 1 / 0)
        run = desk.ingest()
    assert [problem.code for problem in run.problems] == ["failed", "failed"]
    desk.ingest()
    assert {row["status"] for row in desk.rows("dumps")} == {"ok"}
    assert len(desk.rows("dumps")) == 2
    assert desk.parts() == desk.rebuild()


def test_a_layout_of_ones_own_is_found_and_followed(desk: Any) -> None:
    folder = desk.raw.parent / "layouts"
    folder.mkdir()
    (folder / "slips.toml").write_text(
        "name = 'slips'\n[article]\nbegins = ['SLIP (?P<id>\\d+)']\n[labels]\ntitle = ['About']\n"
        "date = ['On']\n[boilerplate]\nlines = ['end of slip']\n",
        encoding="utf-8",
    )
    slip = "SLIP {0}\nAbout: The Ferry of {0}\nOn: 3 May 2011\n\nIt sank.\n\nend of slip\n\n"
    desk.put("a.txt", "".join(map(slip.format, range(4))))
    desk.ingest(layout=None)
    [dump] = desk.rows("dumps")
    assert (dump["layout"], dump["article_count"]) == ("slips", 4)
    assert {row["body"] for row in desk.rows("articles")} == {"It sank."}
    (folder / "slips.toml").write_text("name = 'slips'\n[article]\nbegin = ['SLIP']\n")
    with pytest.raises(clippings.errors.LayoutError, match=r"slips\.toml:3.*mean \"begins\""):
        desk.ingest(layout=None)


def test_inspect_saves_what_it_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = FORMS / "desk_labels.txt"
    assert main(["inspect", str(file), "--save", "desk", "--boilerplate"]) == 0
    told = capsys.readouterr().out
    assert "layout: learned" in told
    assert "what recurs (confidence 0." in told
    assert "wrote layouts/desk.toml" in told
    assert load_layout("desk", tmp_path / "layouts").name == "desk"
    assert main(["inspect", str(file)]) == 0
    assert "layout: desk" in capsys.readouterr().out
    assert main(["inspect", str(file), "--save", "desk"]) == 1
    assert "expected a new name" in capsys.readouterr().err
    assert main(["inspect", str(file), "--save", "../desk"]) == 1


def test_inspect_looks_into_archives(
    tmp_path: Path, write_dump: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(pack({"1.txt": write_dump(1), "2.txt": write_dump(2, 3)}))
    assert main(["inspect", str(file)]) == 0
    told = capsys.readouterr().out
    assert f"{file}!/1.txt:\n" in told
    assert "2 articles" in told
    assert main(["inspect", f"{file}!/1.txt"]) == 0
    assert "1 article\n" in capsys.readouterr().out
    assert main(["inspect", f"{file}!/9.txt"]) == 1
    assert 'expected a member "9.txt"' in capsys.readouterr().err


def test_office_needs_its_extra(
    desk: Any, write_dump: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.rtf", r"{\rtf1\ansi The Ferry\par Sank in May.\par}")
    desk.put("b.txt", write_dump(1))
    with monkeypatch.context() as patch:
        patch.setitem(__import__("sys").modules, "striprtf", None)
        run = desk.ingest()
    assert [(each.path, each.code) for each in run.problems] == [("a.rtf", "needs_office")]
    assert "pip install 'clippings[office]'" in run.problems[0].detail
