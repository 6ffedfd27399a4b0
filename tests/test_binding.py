"""Which mentions of an article name the same thing, and which place is meant there."""

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings.binding import Mentions, Sense, bind_mentions, name_key

Names = Sequence[tuple[str, str]]  # label, surface


def bind(*articles: Names, gap: int = 9) -> dict[tuple[int, str], tuple[Sense, str]]:
    """Bind the names of articles, so many characters from one to the next.

    Returns:
        Sense and rule of each name, by the number of its article and its surface.
    """
    rows = [
        (f"{number:02}", label, surface)
        for number, names in enumerate(articles)
        for label, surface in names
    ]
    article_ids, labels, surfaces = zip(*rows, strict=True) if rows else ((), (), ())
    starts = [0, *accumulate(len(surface) + gap for surface in surfaces)][: len(rows)]
    ends = [start + len(surface) for start, surface in zip(starts, surfaces, strict=True)]
    fields = ["body"] * len(rows)
    bound = bind_mentions(Mentions(article_ids, fields, starts, ends, labels, surfaces))
    spots = zip(map(int, bound.article_ids), bound.surfaces, strict=True)
    return dict(zip(spots, zip(bound.senses, bound.rules, strict=True), strict=True))


def test_each_name_of_an_article_is_counted_once() -> None:
    names = [("PLACE", "Oslo"), ("ORG", "Red Cross"), ("PLACE", "Oslo")]
    columns = Mentions(
        ["a", "a", "a", "b"],
        ["body"] * 4,
        [0, 9, 30, 0],
        [4, 18, 34, 4],
        *zip(*names, names[0], strict=True),
    )
    bound = bind_mentions(columns)
    counted = zip(bound.article_ids, bound.labels, bound.surfaces, bound.counts, strict=True)
    assert list(counted) == [
        ("a", "ORG", "Red Cross", 1),
        ("a", "PLACE", "Oslo", 2),
        ("b", "PLACE", "Oslo", 1),
    ]


def person(key: str, article_id: str = "") -> Sense:
    return Sense("PERSON", key, article_id)


def test_a_surname_is_the_person_of_its_article_and_somebody_of_another() -> None:
    bound = bind([("PERSON", "Gabel"), ("PERSON", "Andrew Gabel")], [("PERSON", "Gabel")])
    assert bound == {
        (0, "Gabel"): (person("andrew gabel"), "surname"),
        (0, "Andrew Gabel"): (person("andrew gabel"), ""),
        (1, "Gabel"): (person("gabel", "01"), ""),
    }


def test_two_spellings_of_one_person_are_one_and_two_persons_are_neither() -> None:
    names = [("PERSON", "Andrew Gabel"), ("PERSON", "Mr. Gabel")]
    bound = bind([("PERSON", "Andrew J. Gabel"), *names], [("PERSON", "Ruth Gabel"), *names])
    assert bound[0, "Mr. Gabel"] == (person("andrew j gabel"), "surname")
    assert bound[1, "Mr. Gabel"] == (person("gabel", "01"), "")


def test_a_longer_name_may_end_in_two_words() -> None:
    bound = bind([("PERSON", "Ahmad Zayd Gabel"), ("PERSON", "Zayd Gabel")])
    assert bound[0, "Zayd Gabel"] == (bound[0, "Ahmad Zayd Gabel"][0], "surname")


@pytest.mark.parametrize(("gap", "rule"), [(2, "acronym"), (3, "")])
def test_an_acronym_stands_for_the_name_right_beside_it(gap: int, rule: str) -> None:
    names = [("ORG", "Gabel Relief Trust"), ("ORG", "GRT"), ("ORG", "Red Cross"), ("ORG", "GRT")]
    bound = bind(names, [("ORG", "GRT")], gap=gap)
    key = name_key("Gabel Relief Trust" if rule else "GRT", "ORG")
    assert bound[0, "GRT"] == (Sense("ORG", key), rule)
    assert bound[1, "GRT"] == (Sense("ORG", "grt"), "")


def test_an_article_says_which_town_is_meant() -> None:
    bound = bind(
        [("PLACE", "Tripoli"), ("PLACE", "Beirut")],
        [("PLACE", "Tripoli"), ("PLACE", "Benghazi")],
        [("PLACE", "Tripoli"), ("PERSON", "Beirut Benghazi")],
    )
    places = [bound[number, "Tripoli"][0].place for number in range(3)]
    assert [place and place.country_code for place in places] == ["LB", "LY", None]


def test_a_known_place_is_itself_unless_the_article_says_otherwise() -> None:
    bound = bind(
        [("PLACE", "Alexandria")],
        [("PLACE", "Alexandria"), ("PLACE", "Cairo")],
        [("PLACE", "Alexandria"), ("PLACE", "Louisiana"), ("PLACE", "Baton Rouge")],
    )
    places = [bound[number, "Alexandria"][0].place for number in range(3)]
    assert [place and place.admin_region for place in places] == [None, None, "LA"]


spots = st.sampled_from(
    [
        *[("PERSON", it) for it in ("Gabel", "Andrew Gabel", "Andrew J. Gabel", "Ruth Gabel")],
        *[("PLACE", it) for it in ("Tripoli", "Beirut", "Georgia", "Paris, TX", "Springfield")],
        *[("ORG", it) for it in ("Gabel Relief Trust", "GRT", "Lebanese Army", "Illinois")],
    ]
)


@given(st.lists(st.lists(spots, max_size=8), max_size=5), st.sampled_from([2, 9]))
def test_an_article_is_bound_as_it_would_be_alone(articles: list[Names], gap: int) -> None:
    alone = [bind(*[[]] * number, names, gap=gap) for number, names in enumerate(articles)]
    assert bind(*articles, gap=gap) == {spot: it for bound in alone for spot, it in bound.items()}


def test_a_known_alias_is_no_loose_spelling_of_another_place() -> None:
    beside = [("PLACE", "Beirut"), ("PLACE", "Sidon"), ("PLACE", "Lebanon")]
    bound = bind([("PLACE", "Bassora"), *beside])
    assert bound[0, "Bassora"] == (Sense("PLACE", "bassora"), "")
