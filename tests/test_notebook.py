"""What an analyst calls: tables as DataFrames, and the way back to the bytes of a raw file."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import clippings
from clippings.errors import ModelError, ReadError, StoreError
from clippings.records import TABLES

DUMP = """\
The Road From Acre to the Old Sea

27 March 2019

It was said in Haifa that the  long “war” of that year\r
would not end before the rains had come to the hills.

Nobody\u00a0there believed it, and she said so to all of them.

Subscribe now

Nor did the others, who had been told of it long before.

Read more at FDD
"""
BODY = (
    "It was said in Haifa that the long “war” of that year would not end before the rains had come "
    "to the hills.\n\nNobody there believed it, and she said so to all of them.\n\nNor did the "
    "others, who had been told of it long before."
)


@pytest.fixture
def article(desk: Any) -> str:
    """The id of the one article of a desk, its dump in two encodings."""
    desk.put("a.txt", DUMP)
    desk.put("sub/b.txt", ("Something else\n\n" + DUMP).encode("utf-16"))
    desk.ingest()
    [row] = [row for row in desk.rows("articles") if row["body"] == BODY]
    article_id: str = row["article_id"]
    return article_id


def read_at(desk: Any, place: tuple[str, int, int]) -> str:
    path, start, end = place
    codec = "utf-16-le" if path == "sub/b.txt" else "utf-8"
    text: str = (desk.raw / path).read_bytes()[start:end].decode(codec)
    return text


def test_load_gives_a_table(desk: Any, article: str) -> None:
    articles = clippings.load("articles", processed=desk.processed)
    assert isinstance(articles, pd.DataFrame)
    assert articles.loc[articles["article_id"] == article, "body"].tolist() == [BODY]
    assert articles.columns.tolist()[:3] == ["article_id", "title", "published_date"]
    assert clippings.load("articles", processed=str(desk.processed)).equals(articles)


def test_load_defaults_to_the_folder_processed(
    desk: Any, article: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.processed.parent)
    assert article in set(clippings.load("articles")["article_id"])
    assert len(clippings.tables()) == len(TABLES)
    assert clippings.where(article, "body", 15, 20)


def test_a_damaged_table_says_how_to_rebuild(desk: Any, article: str) -> None:
    assert article
    [part] = (desk.processed / "current").glob("articles.parquet/*")
    part.write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(clippings.errors.StoreError, match=r"rebuilt from the raw folder by `mv "):
        clippings.load("articles", processed=desk.processed)


@pytest.mark.parametrize(
    ("table", "hint"), [("article", r'Did you mean "articles"\?'), ("xyz", r'found "xyz"\.$')]
)
def test_an_unknown_table_is_refused(table: str, hint: str, desk: Any, article: str) -> None:
    with pytest.raises(StoreError, match=rf"expected one of dumps, articles.*{hint}"):
        clippings.load(table, processed=desk.processed)


@pytest.mark.parametrize(
    "read",
    [
        lambda folder: clippings.load("articles", processed=folder),
        lambda folder: clippings.tables(processed=folder),
        lambda folder: clippings.where("x", "body", 0, 1, processed=folder),
    ],
)
def test_without_tables_the_remedy_is_named(read: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"expected tables, found none\. Run `clippings ingest`"):
        read(tmp_path / "nowhere")


def test_tables_lists_all(desk: Any, article: str) -> None:
    listed = clippings.tables(processed=desk.processed)
    assert listed["table"].tolist() == list(TABLES)
    assert dict(zip(listed["table"], listed["row_count"], strict=True)) == {
        table: len(desk.rows(table)) for table in TABLES
    }
    assert listed["description"].tolist() == [row.__doc__ for row in TABLES.values()]


# where


@pytest.mark.parametrize(
    ("words", "raw"),
    [
        ("It", "It"),
        ("Haifa", "Haifa"),
        ("the long “war”", "the  long “war”"),
        ("“", "“"),
        ("year would", "year\r\nwould"),
        ("the hills.\n\nNobody there", "the hills.\n\nNobody\u00a0there"),
        (
            "of them.\n\nNor did",
            "of them.\n\nSubscribe now\n\nNor did",
        ),
        ("before.", "before."),
        ("aif", "aif"),
        (" long ", "long"),
        (BODY, DUMP[DUMP.index("It was") : DUMP.index("\n\nRead more")]),
    ],
)
def test_where_finds_the_bytes_of_any_words(words: str, raw: str, desk: Any, article: str) -> None:
    start = BODY.index(words)
    places = clippings.where(article, "body", start, start + len(words), processed=desk.processed)
    assert sorted(path for path, _, _ in places) == ["a.txt", "sub/b.txt"]
    assert [read_at(desk, place).strip() for place in places] == [raw, raw]


def test_where_finds_a_title(desk: Any, article: str) -> None:
    places = clippings.where(article, "title", 4, 8, processed=desk.processed)
    assert [read_at(desk, place) for place in places] == ["Road", "Road"]


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3), (0, len(BODY) + 1)])
def test_words_outside_the_field_are_refused(start: int, end: int, desk: Any, article: str) -> None:
    expected = f"expected 0 <= start < end <= {len(BODY)} .the length of that body., found {start}"
    with pytest.raises(StoreError, match=expected):
        clippings.where(article, "body", start, end, processed=desk.processed)


def test_other_fields_and_articles_are_refused(desk: Any, article: str) -> None:
    with pytest.raises(StoreError, match='expected a field of title, body, found "outlet"'):
        clippings.where(article, "outlet", 0, 1, processed=desk.processed)
    with pytest.raises(StoreError, match='expected an article_id, found "0000"'):
        clippings.where("0000", "body", 0, 1, processed=desk.processed)


def test_a_raw_file_that_changed_is_no_evidence(desk: Any, article: str) -> None:
    file = desk.raw / "a.txt"
    file.write_bytes(file.read_bytes().replace(b"Haifa", b"Jaffa"))
    with pytest.raises(ReadError, match=r"a\.txt: expected the bytes that were ingested") as error:
        clippings.where(article, "body", 15, 20, processed=desk.processed)
    assert error.value.code == "changing"
    file.unlink()
    with pytest.raises(ReadError, match=r"a\.txt: expected the raw file.*Put it\s+back") as error:
        clippings.where(article, "body", 15, 20, processed=desk.processed)
    assert error.value.code == "unreadable"


def test_where_survives_a_move_of_both_folders(desk: Any, article: str, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.move(desk.raw.parent, moved)
    [first, _] = clippings.where(article, "body", 15, 20, processed=moved / "processed")
    assert (moved / "raw" / first[0]).read_bytes()[first[1] : first[2]].decode(
        "utf-16-le" if first[0] == "sub/b.txt" else "utf-8"
    ) == "Haifa"


@pytest.mark.parametrize("linked", ["raw", "processed", "both"])
def test_where_follows_links_to_the_folders(linked: str, desk: Any, tmp_path: Path) -> None:
    """A folder on another disk, linked into the project."""
    for name in ("raw", "processed") if linked == "both" else (linked,):
        folder = tmp_path / "far" / "away" / name
        folder.mkdir(parents=True)
        if name == "raw":
            desk.raw.rmdir()
        (desk.raw.parent / name).symlink_to(folder)
    desk.put("a.txt", DUMP)
    desk.ingest()
    [row] = desk.rows("articles")
    for processed in (desk.processed, Path(os.path.realpath(desk.processed))):
        places = clippings.where(row["article_id"], "body", 15, 20, processed=processed)
        assert [read_at(desk, place) for place in places] == ["Haifa"]


# The pipeline


def test_load_model_gives_a_pipeline_once(ruler: str) -> None:
    nlp = clippings.load_model(ruler)
    assert clippings.load_model(ruler) is nlp
    assert [(ent.text, ent.label_) for ent in nlp("Golda Meir in Haifa").ents] == [
        ("Golda Meir", "PERSON"),
        ("Haifa", "GPE"),
    ]
    with pytest.raises(ModelError, match="expected a spaCy pipeline"):
        clippings.load_model("no/such/model")


@pytest.mark.model
def test_load_model_gives_the_shipped_one() -> None:
    doc = clippings.load_model()("Golda Meir spoke in Haifa.")
    assert ("Golda Meir", "PERSON") in [(ent.text, ent.label_) for ent in doc.ents]


def test_the_door_is_small() -> None:
    assert set(clippings.__all__) <= set(dir(clippings))
    assert all(callable(getattr(clippings, name)) for name in clippings.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        _ = clippings.lod
