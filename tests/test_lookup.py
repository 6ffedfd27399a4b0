"""Names in any spelling are found, unclear ones listed, unknown ones answered with the nearest."""

from pathlib import Path
from typing import Any

import pytest

from clippings import store
from clippings.entities import curated_id
from clippings.errors import StoreError
from clippings.lookup import find_named, find_one

ENTITIES = [
    ("0001", "PERSON", "Ruth Almagor", 9, ["Ruth Almagur", "Almagor"]),
    ("0002", "PLACE", "Qa'im", 5, ["al-Qaim"]),
    ("0003", "PERSON", "Washington", 2, ["Washington"]),
    ("0004", "PLACE", "Washington", 7, ["Washington"]),
    ("0005", "ORG", "The Orchard Society", 1, ["Orchard Society"]),
    ("0006", "PERSON", "\x1b[2Jevil\u202e Fellow", 1, ["\x1b[2Jevil\u202e Fellow"]),
    ("0007", "PLACE", "Cirta", 1, ["Cirta"]),
    (curated_id("place-iraq"), "PLACE", "Iraq", 3, ["Iraq"]),
]


@pytest.fixture
def snapshot(publish: Any, tmp_path: Path) -> Any:
    keys = ("entity_id", "label", "name", "mention_count")
    entities = [dict(zip(keys, row[:4], strict=True)) | {"article_count": 1} for row in ENTITIES]
    aliases = [
        {"entity_id": row[0], "alias": alias, "mention_count": 1, "rule": "alone"}
        for row in ENTITIES
        for alias in row[4]
    ]
    merged = [{"entity_id": "00ff", "merged_into": "0002"}]
    publish(tmp_path / "processed", entities=entities, aliases=aliases, merged=merged)
    with store.pin(tmp_path / "processed") as pinned:
        yield pinned


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("0002", ["0002"]),
        ("00ff", ["0002"]),  # merged into it
        ("Ruth Almagor", ["0001"]),
        ("almagor's", ["0001"]),
        ("AL QĀʾIM", ["0002"]),
        ("orchard  society", ["0005"]),
        ("Rutth Almaghor", ["0001"]),  # a spelling that stands nowhere
        ("Republic of Iraq", [curated_id("place-iraq")]),  # from the list of names
        ("washington", ["0004", "0003"]),  # most mentions first
    ],
)
def test_any_spelling_is_found(name: str, ids: list[str], snapshot: Any) -> None:
    assert find_named(snapshot, name)["entity_id"].to_pylist() == ids


def test_a_label_tells_two_of_one_name_apart(snapshot: Any) -> None:
    assert find_one(snapshot, "Washington", "PERSON")["entity_id"].to_pylist() == ["0003"]
    with pytest.raises(StoreError, match='in the tables with the label ORG, found "Washington"'):
        find_one(snapshot, "Washington", "ORG")
    with pytest.raises(StoreError, match='expected a label of PERSON, ORG, PLACE, found "PEOPLE"'):
        find_one(snapshot, "Washington", "PEOPLE")
    expected = r'found 2 that are named "Washington"\. .*\n  0004  PLACE, 7 mentions: Washington\n'
    with pytest.raises(StoreError, match=expected):
        find_one(snapshot, "Washington")


@pytest.mark.parametrize("name", ["", " ", "?!", "zzzz", "Hassan al-Nobody", "\x00", "名" * 300])
def test_unknown_names_are_refused(name: str, snapshot: Any) -> None:
    with pytest.raises(StoreError, match="expected a name that stands in the tables"):
        find_named(snapshot, name)


def test_a_known_place_is_not_another_that_sounds_like_it(snapshot: Any) -> None:
    with pytest.raises(StoreError, match='found "Sirte"'):
        find_named(snapshot, "Sirte")


def test_the_nearest_names_are_named(snapshot: Any) -> None:
    with pytest.raises(StoreError, match="Did you mean Washington"):
        find_named(snapshot, "Wazhinton")
    with pytest.raises(StoreError, match="Did you mean \ufffd\\[2Jevil\ufffd Fellow") as error:
        find_named(snapshot, "[2Jevil Fellows x")
    assert str(error.value).isprintable()  # no name of a file steers a terminal
