"""Who is who: one entity for each label and lookup key, whatever the order of the mentions."""

import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.entities import Resolution, entity_id, fold_name, resolve_mentions
from clippings.records import LABELS, arrow_schema

Mention = tuple[str, str, str]  # article_id, label, surface
Dates = dict[str, datetime.datetime | None]


def resolve(mentions: list[Mention], dates: Dates) -> Resolution:
    names = ("article_id", "label", "surface")
    columns = list(zip(*mentions, strict=True)) or [(), (), ()]
    return resolve_mentions(
        pa.table(
            {
                name: pa.array(column, pa.string())
                for name, column in zip(names, columns, strict=True)
            }
        ),
        pa.table(
            {
                "article_id": pa.array(list(dates), pa.string()),
                "published_date": pa.array(list(dates.values()), pa.timestamp("ms")),
            }
        ),
    )


def rows(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: [str(value) for value in row.values()])


def day(number: int) -> datetime.datetime:
    return datetime.datetime(2019, 3, number)


DATES: Dates = {"a": day(2), "b": day(1), "c": None, "d": day(9)}


def test_spellings_of_one_name_are_one_entity() -> None:
    mentions = [
        ("a", "ORG", "Knesset"),
        ("a", "ORG", "the Knesset"),
        ("b", "ORG", "Knesset"),
        ("c", "ORG", "The Knesset’s"),
    ]
    found = resolve(mentions, DATES)
    key = entity_id("ORG", "Knesset")
    assert found.entity_ids.to_pylist() == [key] * 4
    assert found.entities.to_pylist() == [
        {
            "entity_id": key,
            "label": "ORG",
            "name": "Knesset",
            "mention_count": 4,
            "article_count": 3,
            "first_date": day(1),
            "last_date": day(2),
        }
    ]
    assert rows(found.aliases) == [
        {"entity_id": key, "alias": "Knesset", "mention_count": 2},
        {"entity_id": key, "alias": "The Knesset’s", "mention_count": 1},
        {"entity_id": key, "alias": "the Knesset", "mention_count": 1},
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "PERSON", "Jordan"), ("a", "PLACE", "Jordan")),
        (("a", "PLACE", "Jaffa"), ("a", "PLACE", "Haifa")),
        (("a", "PERSON", "A. Kook"), ("a", "PERSON", "B. Kook")),
        (("a", "ORG", "X\tY"), ("a", "ORG", "X")),
    ],
)
def test_other_names_and_labels_are_other_entities(one: Mention, other: Mention) -> None:
    found = resolve([one, other], DATES)
    assert len(set(found.entity_ids.to_pylist())) == 2
    assert {(row["label"], row["name"]) for row in found.entities.to_pylist()} == {
        one[1:],
        other[1:],
    }


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("The  Knesset’s", "knesset", True),
        ("al-Qaim", "Al–Qaim", True),
        ("Houthis’", "Houthis", True),
        ("Be'er Sheva", "Be’er\u00a0Sheva", True),
        ("ﬁrst Bank", "First Bank", True),
        ("The", "the", True),
        ("’s", "'S", True),
        ("Theodor Herzl", "odor Herzl", False),
        ("Alsʼa", "Al", False),
        ("Knesset", "Knessets", False),
        ("al-Qaim", "al Qaim", False),
        ("Bank of the Jordan", "Bank of Jordan", False),
    ],
)
def test_which_spellings_are_the_same(one: str, other: str, are_same: bool) -> None:
    assert (fold_name(one) == fold_name(other)) is are_same
    assert fold_name(one)


def test_of_equally_frequent_spellings_the_first_names_it() -> None:
    mentions = [("a", "PLACE", "jaffa"), ("a", "PLACE", "JAFFA"), ("a", "PLACE", "Jaffa")]
    assert resolve(mentions, DATES).entities["name"].to_pylist() == ["JAFFA"]
    assert resolve([*mentions, mentions[0]], DATES).entities["name"].to_pylist() == ["jaffa"]


def test_an_entity_without_a_dated_article_has_no_dates() -> None:
    found = resolve([("c", "PLACE", "Jaffa"), ("c", "PLACE", "Jaffa")], DATES)
    [row] = found.entities.to_pylist()
    assert (row["first_date"], row["last_date"]) == (None, None)
    assert (row["mention_count"], row["article_count"]) == (2, 1)


def test_no_mentions_give_empty_tables() -> None:
    found = resolve([], {})
    assert len(found.entity_ids) == 0
    assert found.entities.equals(arrow_schema("entities").empty_table())
    assert found.aliases.equals(arrow_schema("aliases").empty_table())


def test_ids_do_not_change_from_release_to_release() -> None:
    """They stand in tables that others keep; changing them is a change of the schema."""
    assert entity_id("PLACE", "Haifa") == "8a094f051f4bd26b89ec"
    assert entity_id("ORG", "the Knesset’s") == entity_id("ORG", "KNESSET")


@given(
    mentions=st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from(LABELS),
            st.sampled_from(["Haifa", "the Haifa", "HAIFA", "Haifa’s", "Jaffa", "X Y", "x  y"]),
        ),
        max_size=30,
    ),
    data=st.data(),
)
@settings(deadline=None)
def test_order_and_chunks_do_not_count(mentions: list[Mention], data: st.DataObject) -> None:
    found = resolve(mentions, DATES)
    shuffled = data.draw(st.permutations(mentions))
    dates = dict(data.draw(st.permutations(list(DATES.items()))))
    other = resolve(shuffled, dates)
    assert rows(other.entities) == rows(found.entities)
    assert rows(other.aliases) == rows(found.aliases)
    # A mention's id depends on its label and surface alone.
    ids = dict(
        zip([mention[1:] for mention in mentions], found.entity_ids.to_pylist(), strict=True)
    )
    assert [ids[mention[1:]] for mention in shuffled] == other.entity_ids.to_pylist()
    assert ids == {(label, surface): entity_id(label, surface) for label, surface in ids}
