"""The report as a file: whole, the same every time, asking nothing of the network, and safe."""

import base64
import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clippings
from clippings.cli import main
from clippings.errors import StoreError
from clippings.report import write_report
from clippings.report.gather import find_gaps, find_links

HOSTILE = "</script><script>alert(1)</script> of Haifa"
FORMULA = '=HYPERLINK("http://x.invalid","Jaffa")'
TURNED = "The \u202eRoad\u202c to \u05d7\u05d9\u05e4\u05d4 and Haifa\u200f"
BODY = (
    "Golda Meir came down to Haifa in the spring, and there the Knesset had been told of it.\n\n"
    "In Haifa \U0001f56f nobody asked Golda Meir what <b>Bank Leumi</b> & the Knesset had in mind."
)


def write_article(title: str, day: str = "March 27 2019", body: str = BODY) -> str:
    return (
        f"{title}\n\n{day}\n\n{body}\n\nSubscribe now\n\nRead more at Haaretz\n\n"
        "More about: Iran, Iraq\n\n\n"
    ).replace("\n\n\n\n", "\n\n")


def read_blocks(path: Path) -> dict[str, Any]:
    """Unpack the data of a report."""
    found = re.findall(
        rb'<script type="application/octet-stream" id="data-([\w-]+)">([^<]*)</script>',
        path.read_bytes(),
    )
    return {
        name.decode(): json.loads(gzip.decompress(base64.b64decode(packed)))
        for name, packed in found
    }


def read_articles(blocks: dict[str, Any]) -> list[dict[str, Any]]:
    names = [name for name in blocks if name.startswith("articles-")]
    return [article for name in names for article in blocks[name]]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, desk_at: Any, write_dump: Any) -> Any:
    """Tables of ordinary and of hostile articles, in several encodings."""
    desk = desk_at(tmp_path_factory.mktemp("shelf"))
    desk.put("plain.txt", write_dump(*range(130)))
    desk.put("again.txt", write_dump(5, 6))
    desk.put("utf16.txt", write_dump(200, 201).encode("utf-16"))
    desk.put("dos.txt", write_dump(210, 211, 212).replace("\n", "\r\n"))
    titles = (HOSTILE, FORMULA, TURNED)
    desk.put("hostile.txt", "".join(map(write_article, titles)))
    desk.put("picture.txt", b"\x89PNG\r\n\x1a\n")
    desk.ingest()
    return desk


@pytest.fixture(scope="module")
def page(shelf: Any) -> Path:
    path: Path = shelf.raw.parent / "report.html"
    write_report(shelf.processed, path)
    return path


@pytest.fixture(scope="module")
def blocks(page: Path) -> dict[str, Any]:
    return read_blocks(page)


# What it holds


def test_totals_are_those_of_the_tables(shelf: Any, blocks: dict[str, Any]) -> None:
    rows = {table: shelf.rows(table) for table in ("articles", "mentions", "dumps", "occurrences")}
    topics = {row["topic"] for row in shelf.rows("article_topics")}
    outlets = {row["outlet"] for row in rows["articles"]} - {None}
    undated = [row for row in rows["articles"] if row["published_date"] is None]
    assert undated
    assert blocks["overview"]["totals"] == {
        **{table: len(found) for table, found in rows.items()},
        "bytes": sum(row["byte_count"] for row in rows["dumps"]),
        "words": sum(row["word_count"] for row in rows["articles"]),
        "undated": len(undated),
        "topics": len(topics),
        "outlets": len(outlets),
    }


def test_articles_are_those_of_the_table(shelf: Any, blocks: dict[str, Any]) -> None:
    known = {row["article_id"]: row for row in shelf.rows("articles")}
    columns, outlets = blocks["overview"]["articles"], blocks["overview"]["outlets"]
    texts = read_articles(blocks)
    assert len(columns["id"]) == len(texts) == len(known)
    assert set(columns["id"]) == set(known)
    for number, article_id in enumerate(columns["id"]):
        row, text = known[article_id], texts[number]
        day = row["published_date"]
        assert columns["title"][number] == row["title"]
        assert columns["date"][number] == (day and day.date().isoformat())
        assert columns["precision"][number] == row["date_precision"]
        assert columns["words"][number] == row["word_count"]
        outlet = columns["outlet"][number]
        assert (outlets[outlet] if outlet >= 0 else None) == row["outlet"]
        for ours, theirs in (("body", "body"), ("printed", "published_text"), ("byline", "byline")):
            assert text[ours] == row[theirs]
    dates = [day for day in columns["date"] if day]
    assert dates == sorted(dates)
    assert columns["date"][len(dates) :] == [None] * (len(known) - len(dates))


def test_names_stand_behind_their_numbers(shelf: Any, blocks: dict[str, Any]) -> None:
    entities, mentions = blocks["names"]["entities"], blocks["names"]["mentions"]
    owners = np.repeat(np.arange(len(mentions["per_article"])), mentions["per_article"])
    known = {row["entity_id"]: row for row in shelf.rows("entities")}
    assert set(entities["id"]) == set(known)
    for number, entity_id in enumerate(entities["id"]):
        row, mine = known[entity_id], np.array(mentions["entity"]) == number
        assert entities["name"][number] == row["name"]
        assert entities["mentions"][number] == row["mention_count"] == mine.sum()
        assert entities["articles"][number] == row["article_count"] == len(set(owners[mine]))
        assert entities["latitude"][number] == row["latitude"]
    assert any(entities["latitude"])
    aliases = blocks["names"]["aliases"]
    spelled = Counter(mentions["alias"])
    assert [spelled[row] for row in range(len(aliases["alias"]))] == aliases["mentions"]
    assert sum(aliases["mentions"]) == sum(row["mention_count"] for row in shelf.rows("aliases"))


def test_links_are_shared_paragraphs(shelf: Any, blocks: dict[str, Any]) -> None:
    bodies = {row["article_id"]: row["body"] for row in shelf.rows("articles")}
    there: dict[tuple[str, int], set[str]] = {}
    for row in shelf.rows("mentions"):
        is_body = row["field"] == "body"
        before = bodies[row["article_id"]][: row["start"]]
        paragraph = before.count("\n\n") + 1 if is_body else 0
        there.setdefault((row["article_id"], paragraph), set()).add(row["entity_id"])
    links, ids = blocks["names"]["links"], blocks["names"]["entities"]["id"]
    assert links["a"]
    for a, b, paragraphs, articles in zip(*links.values(), strict=True):
        shared = [key for key, names in there.items() if {ids[a], ids[b]} <= names]
        assert len(shared) == paragraphs
        assert len({article for article, _ in shared}) == articles
    assert links["paragraphs"] == sorted(links["paragraphs"], reverse=True)


triples = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(-1, 6)), max_size=40)


@given(triples)
def test_links_are_counted_as_by_hand(rows: list[tuple[int, int, int]]) -> None:
    expected: Counter[tuple[int, int]] = Counter()
    for place in {row[:2] for row in rows}:
        names = sorted({row[2] for row in rows if row[:2] == place} - {-1})
        expected.update((a, b) for at, a in enumerate(names) for b in names[at + 1 :])
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    found = find_links(*columns)
    pairs = zip(found["a"], found["b"], strict=True)
    assert dict(zip(pairs, found["paragraphs"], strict=True)) == expected


def test_every_mention_leads_to_its_bytes(shelf: Any, blocks: dict[str, Any]) -> None:
    paths = blocks["overview"]["dumps"]["path"]
    seen: Counter[str] = Counter()
    for number, article in enumerate(read_articles(blocks)):
        title = blocks["overview"]["articles"]["title"][number]
        for stand in article["stands"]:
            content = (shelf.raw / paths[stand["dump"]]).read_bytes()
            codec = "utf-16-le" if paths[stand["dump"]] == "utf16.txt" else "utf-8"
            assert stand["raw"] == content[stand["start"] : stand["end"]].decode(codec)
            places = np.array(stand["places"]).reshape(-1, 4).tolist()
            assert len(places) == len(article["starts"])
            for at, (first, last, begin, end) in enumerate(places):
                field = title if at < article["titles"] else article["body"]
                surface = cut(field, article["starts"][at], article["ends"][at])
                raw = content[first:last].decode(codec)
                assert raw.split() == surface.split()
                assert cut(stand["raw"], begin, end) == raw
                seen[paths[stand["dump"]]] += 1
    assert set(seen) == set(paths) - {"picture.txt"}
    assert seen.total() > 500


def cut(text: str, start: int, end: int) -> str:
    """Cut a text as JavaScript does, by UTF-16 units."""
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def test_where_says_the_same(shelf: Any, blocks: dict[str, Any]) -> None:
    row = next(row for row in shelf.rows("mentions") if row["surface"] == "Golda Meir")
    number = blocks["overview"]["articles"]["id"].index(row["article_id"])
    article = read_articles(blocks)[number]
    keys = ("article_id", "field", "start", "end")
    places = clippings.where(*(row[key] for key in keys), processed=shelf.processed)
    paths = blocks["overview"]["dumps"]["path"]
    shown = [
        (paths[stand["dump"]], *stand["places"][at : at + 2])
        for stand in article["stands"]
        for at in range(0, len(stand["places"]), 4)
    ]
    assert set(places) <= set(shown)


def test_problems_and_stories_are_those_of_the_tables(shelf: Any, blocks: dict[str, Any]) -> None:
    problems = blocks["overview"]["problems"]
    assert sorted(problems["detail"]) == sorted(row["detail"] for row in shelf.rows("problems"))
    assert "error" in problems["severity"]
    assert all(problems["action"])
    families: dict[str, list[str]] = {}
    for row in shelf.rows("stories"):
        families.setdefault(row["story_id"], []).append(row["article_id"])
    ids = blocks["overview"]["articles"]["id"]
    shown = [sorted(ids[article] for article in story) for story in blocks["overview"]["stories"]]
    assert sorted(shown) == sorted(sorted(own) for own in families.values() if len(own) > 1)


# Gaps


@pytest.mark.parametrize(
    ("printed", "gaps"),
    [
        ([], []),
        ([("2019-03-01", "day")], []),
        ([("2019-03-01", "day"), ("2019-03-08", "day")], []),
        ([("2019-03-01", "day"), ("2019-03-09", "day")], [("2019-03-02", "2019-03-08", 7, 0, 1)]),
        ([("2019-02-01", "month"), ("2019-03-05", "day")], []),
        (
            [("2019-02-01", "month"), ("2019-03-09", "day")],
            [("2019-03-01", "2019-03-08", 8, 0, 1)],
        ),
        (  # what is dated by its year covers what stands after it
            [("2019-01-01", "year"), ("2019-03-09", "day"), ("2020-02-01", "day")],
            [("2020-01-01", "2020-01-31", 31, 0, 2)],
        ),
        (
            [("1999-12-31", "day"), ("2000-02-01", "day"), ("2004-02-01", "month"), (None, None)],
            [("2000-02-02", "2004-01-31", 1460, 1, 2), ("2000-01-01", "2000-01-31", 31, 0, 1)],
        ),
    ],
)
def test_gaps_are_stretches_that_nothing_covers(printed: Any, gaps: Any) -> None:
    days = [day and date.fromisoformat(day) for day, _ in printed]
    found = list(find_gaps(days, [precision for _, precision in printed]))
    assert [tuple(gap.values()) for gap in found] == gaps


# The file


def test_the_same_tables_give_the_same_bytes(shelf: Any, page: Path, tmp_path: Path) -> None:
    size = write_report(shelf.processed, tmp_path / "again.html")
    assert size == page.stat().st_size
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


class Tags(HTMLParser):
    """All start tags of a page, and the texts of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, dict[str, str | None], str]] = []
        self._is_open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        self._is_open = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._is_open = False

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.texts.append((*self.found[-1], data))


def test_the_page_loads_nothing(page: Path) -> None:
    text = page.read_text()
    loading = {"src", "srcset", "data", "action", "formaction", "background", "poster", "ping"}
    links = []
    for tag, attributes in Tags(text).found:
        assert not loading & set(attributes), (tag, attributes)
        assert tag not in ("iframe", "object", "embed", "base")
        links += [value for name, value in attributes.items() if name.endswith("href")]
    assert set(links) == {"#main", "#/", "data:,"}
    assert not re.search(r"@import|url\(", text)
    own = [path.read_text() for path in files("clippings.report").joinpath("js").iterdir()]  # type: ignore[attr-defined]
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", "".join(own))


def test_text_enters_the_page_as_text_only() -> None:
    for path in files("clippings.report").joinpath("js").iterdir():
        source = path.read_text()
        markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert not re.search(markup, source), path


def test_only_our_scripts_and_styles_are_allowed(page: Path) -> None:
    tags = Tags(page.read_text())
    policies = [
        attributes["content"]
        for _, attributes in tags.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    [policy] = policies
    rules = dict(rule.split(" ", 1) for rule in (policy or "").split("; "))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {
        *("default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"),
    }
    assert "unsafe" not in (policy or "")
    for kind in ("script", "style"):
        hashes = {
            f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
            for tag, attributes, text in tags.texts
            if tag == kind and "type" not in attributes
        }
        assert set(rules[f"{kind}-src"].split()) == hashes


def test_hostile_titles_are_data(page: Path, blocks: dict[str, Any]) -> None:
    assert {HOSTILE, FORMULA, TURNED} <= set(blocks["overview"]["articles"]["title"])
    text = page.read_text()
    assert "alert(1)" not in text
    assert "HYPERLINK" not in text
    assert "\u202e" not in text
    kinds = Counter(
        attributes.get("type", "script") for tag, attributes in Tags(text).found if tag == "script"
    )
    assert kinds == {"script": 16, "application/octet-stream": len(blocks)}


def test_licences_are_in_the_page(page: Path) -> None:
    text = page.read_text()
    for name in ("d3 7.9.2", "topojson-client 3.1.0", "world-atlas 2.0.2"):
        assert f"<h2>{name}</h2>" in text
    assert text.count("Permission to use, copy, modify, and/or distribute this software") == 3
    vendored = files("clippings.report").joinpath("vendor")
    names = {path.name for path in vendored.iterdir()}
    table = vendored.joinpath("README.md").read_text()
    for name in names - {"README.md"}:
        assert name in table or name.endswith(".LICENCE")
    assert vendored.joinpath("d3.min.js").read_text().startswith("// https://d3js.org v7.9.2 ")


# What is not there


def test_a_folder_without_articles_gives_a_page(desk: Any) -> None:
    desk.put("picture.txt", b"\x89PNG\r\n\x1a\n")
    desk.ingest()
    path = desk.raw.parent / "report.html"
    write_report(desk.processed, path)
    blocks = read_blocks(path)
    assert blocks["overview"]["totals"]["articles"] == 0
    assert blocks["overview"]["gaps"] == []
    assert blocks["names"]["links"]["a"] == []
    assert len(blocks["overview"]["problems"]["path"]) == 1


def test_without_the_raw_files_their_words_are_left_out(desk: Any, write_dump: Any) -> None:
    desk.put("gone.txt", write_dump(1))
    changed = desk.put("changed.txt", write_dump(2))
    desk.put("there.txt", write_dump(3))
    desk.ingest()
    (desk.raw / "gone.txt").unlink()
    changed.write_text(changed.read_text().replace("coast", "toast"))
    path = desk.raw.parent / "report.html"
    write_report(desk.processed, path)
    blocks = read_blocks(path)
    paths = blocks["overview"]["dumps"]["path"]
    shown = {
        paths[stand["dump"]]: "raw" in stand
        for article in read_articles(blocks)
        for stand in article["stands"]
    }
    assert shown == {"gone.txt": False, "changed.txt": False, "there.txt": True}


# The command


def test_the_command_says_where_and_how_large(
    shelf: Any, page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "mine.html"
    output.write_text("old")
    assert main(["report", "-o", str(output), "--processed", str(shelf.processed)]) == 0
    size = page.stat().st_size / 1e6
    assert capsys.readouterr().out.startswith(f"wrote {output} ({size:.1f} MB); open it in a brow")
    assert output.read_bytes() == page.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.html"]
    umask = os.umask(0)
    os.umask(umask)
    assert output.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize(
    ("prepare", "output", "message"),
    [
        (lambda folder: None, "no/such/report.html", r"expected the folder .*such.*, found none"),
        (lambda folder: None, ".", "expected a file to write, found a folder"),
        (lambda folder: (folder / "a").write_text(""), "a/report.html", "found none"),
        (lambda folder: None, f"{'x' * 300}/report.html", r"found File name too long\. Make room"),
    ],
)
def test_what_cannot_be_written_is_said(
    prepare: Callable[[Path], Any], output: str, message: str, shelf: Any, tmp_path: Path
) -> None:
    prepare(tmp_path)
    with pytest.raises(StoreError, match=message):
        write_report(shelf.processed, tmp_path / output)


def test_a_closed_folder_is_said(
    shelf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(path: Path) -> bool:  # root may look into every folder
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", look)
    with pytest.raises(
        StoreError, match=r"r\.html: .* found Permission denied\. Make room or mend"
    ):
        write_report(shelf.processed, tmp_path / "r.html")


def test_a_failing_disk_leaves_the_old_file(
    shelf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    output = tmp_path / "report.html"
    output.write_text("old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match=r"report\.html: .* found No space left on device\. Make"):
        write_report(shelf.processed, output)
    assert output.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_commands_of_its_page_run(
    shelf: Any, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "processed").symlink_to(shelf.processed)
    (tmp_path / "raw").symlink_to(shelf.raw)
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / "docs" / "report.md").read_text("utf-8")
    commands = re.findall(r"^\$ clippings (.+)$", text, flags=re.MULTILINE)
    assert [main(command.split()) for command in commands] == [0, 0]
    for name in ("report.html", "spring.html"):
        assert (tmp_path / name).read_bytes() == page.read_bytes()


def test_without_tables_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"expected tables, found none\. Run `clippings ingest`"):
        write_report(tmp_path / "nowhere", tmp_path / "report.html")
