import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings.gazetteer import Context, locate
from clippings.places import find_places

ROOT = Path(__file__).parent.parent
CASES = json.loads((ROOT / "tests/cases/places.json").read_text(encoding="utf-8"))
SHARED = ROOT.parent / "shared/data/names/ambiguous_places.tsv"
LOCATED = [
    pytest.param(
        case,
        id=case["label"],
        marks=[pytest.mark.xfail(reason=case["xfail"])] if "xfail" in case else [],
    )
    for case in CASES["located"]
]


@pytest.mark.parametrize("case", LOCATED)
def test_says_which_place_is_meant(case):
    place = locate(case["name"], case["context"])
    if place is None:
        assert case["expected"] is None or case.get("or_none")
        assert "at" not in case
        return
    assert place.country_code == case["expected"]
    if "at" in case:
        assert (place.latitude, place.longitude) == pytest.approx(case["at"], abs=0.2)
    else:
        assert case["expected"]


@pytest.mark.parametrize("name", ["", " ", "'", "the", "Xanadupolis", "Hizballah", "al-", "(,)"])
def test_what_is_no_place_is_none(name):
    assert find_places(name) == []
    assert locate(name, ["Lebanon", "Beirut"]) is None


@pytest.mark.parametrize(
    ("name", "country_codes", "expected"),
    [
        ("Tripoli", ["LB"], "LB"),
        ("Tripoli", ["LY"], "LY"),
        ("Rafah", ["EG"], "EG"),
        ("the Islamic Republic", ["IR"], "IR"),
        ("Tripoli", [], None),
    ],
)
def test_a_country_that_the_text_is_known_to_be_about_counts(name, country_codes, expected):
    place = locate(name, country_codes=country_codes)
    assert (place and place.country_code) == expected


def test_towns_of_one_name_in_one_country_differ_by_the_state():
    assert locate("Springfield", ["Illinois", "Chicago"]).admin_region == "IL"
    assert locate("Springfield", ["Missouri", "Branson"]).admin_region == "MO"
    assert locate("Springfield", ["Illinois", "Missouri"]) is None


def test_another_name_of_a_town_elsewhere_is_not_what_an_article_on_iraq_means():
    assert "OM" in [place.country_code for place in find_places("al-Salam")]
    assert locate("al-Salam", ["Baghdad", "Sadr City"]) is None


def test_a_name_does_not_vote_for_itself():
    assert locate("Tripoli", ["Tripoli", "tripoli", "Tripoli's"]) is None


def test_what_follows_a_comma_decides():
    assert locate("Paris, TX").admin_region == "TX"
    assert locate("Lebanon, Pa.").admin_region == "PA"
    assert locate("Tripoli (Lebanon)").country_code == "LB"
    assert locate("Tripoli, Lebanon", ["Libya", "Benghazi", "Misrata"]).country_code == "LB"
    assert locate("Paris, Lebanon") is None


def test_all_shared_items_but_a_few_are_right_and_those_are_none():
    if not SHARED.exists():
        pytest.skip("the shared folder is not here")
    lines = SHARED.read_text(encoding="utf-8").splitlines()[1:]
    items = [line.split("\t") for line in lines]
    found = [locate(name, context.split(";")) for name, context, _ in items]
    wrong = [
        (item, place)
        for item, place in zip(items, found, strict=True)
        if place and place.country_code != item[2]
    ]
    assert wrong == []
    assert sum(place is not None for place in found) >= 0.95 * len(items)


names = st.sampled_from(sorted({case["name"] for case in CASES["located"]}))
hints = st.lists(
    st.sampled_from(sorted({hint for case in CASES["located"] for hint in case["context"]})),
    max_size=6,
)


@given(names, hints, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_counts(name, context, random):
    again = [*context, *context[:2]]
    random.shuffle(again)
    assert locate(name, again) == locate(name, context)


@given(st.lists(names, max_size=6), hints)
def test_a_context_says_of_each_of_its_names_what_it_says_of_one_alone(asked, context):
    shared = Context([*context, *asked])
    found = [shared.locate(name) for name in asked]
    assert found == [locate(name, [*context, *asked]) for name in asked]


@given(names, hints)
def test_what_is_located_was_found(name, context):
    place = locate(name, context)
    assert place is None or place in find_places(name.partition(",")[0])


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_a_name_or_none(name, context):
    place = locate(name, context)
    assert place is None or -90 <= place.latitude <= 90
