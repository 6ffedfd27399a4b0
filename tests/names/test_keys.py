"""Keys: which spellings are surely the same name, and acronyms."""

import json
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.names import acronym_fits, lookup_key

CASES = json.loads((Path(__file__).parents[1] / "cases" / "names.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["same"], ids=itemgetter("label"))
def test_spellings_of_one_name(case: dict[str, Any]) -> None:
    assert len({lookup_key(name) for name in case["names"]}) == 1


@pytest.mark.parametrize("case", CASES["different"], ids=itemgetter("label"))
def test_look_alikes_stay_apart(case: dict[str, Any]) -> None:
    keys = [lookup_key(name) for name in case["names"]]
    assert len(set(keys)) == len(keys)


names = st.text(min_size=1).filter(lambda name: name.strip() != "")


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        names,
        st.lists(st.sampled_from("the The 's ' - s al Qaim".split()), min_size=1).map(" ".join),
    )
)
def test_key_is_never_empty_and_has_single_spaces(name: str) -> None:
    key = lookup_key(name)
    assert key
    assert key == " ".join(key.split())


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="abcXYZ -'’éשק", min_size=1).filter(str.strip))
def test_case_and_white_space_do_not_count(name: str) -> None:
    key = lookup_key(name)
    assert lookup_key(f"\u00a0 {name}\n") == key
    assert lookup_key(name.replace(" ", " \t ")) == key
    assert lookup_key(name.upper()) == lookup_key(name.lower()) == key


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(["Knesset", "al-Qaim", "Meir", "Abd", "שלום"]), min_size=1, max_size=3)
)
def test_article_and_possessive_do_not_count(words: list[str]) -> None:
    name = " ".join(words)
    for spelling in (f"the {name}", f"The {name}’s", f"{name}'s", f"{name}'", f"THE {name}’S"):
        assert lookup_key(spelling) == lookup_key(name)


@pytest.mark.parametrize(
    ("acronym", "name", "fits"),
    [
        ("IDF", "Israel Defense Forces", True),
        ("I.D.F.", "Israel Defense Forces", True),
        ("PMF", "Popular Mobilization Forces", True),
        ("ISIL", "Islamic State of Iraq and the Levant", True),
        ("UNIFIL", "United Nations Interim Force in Lebanon", True),
        ("UNRWA", "United Nations Relief and Works Agency", True),
        ("CENTCOM", "Central Command", True),
        ("HTS", "Hay'at Tahrir al-Sham", True),
        ("PKK", "Partiya Karkerên Kurdistanê", True),
        ("YPG", "Yekîneyên Parastina Gel", True),
        ("AQAP", "al-Qaeda in the Arabian Peninsula", True),
        ("IRGC", "Islamic Revolutionary Guard Corps", True),
        ("PFLP", "Popular Front for the Liberation of Palestine", True),
        ("PFLP", "Popular Front for the Liberation of Palestine General Command", False),
        ("IDF", "Iraqi Democratic Party", False),
        ("PMF", "Popular Front", False),
        ("IDF", "Israel", False),
        ("I", "Islam Party", False),
    ],
)
def test_acronyms_fit_their_names(acronym: str, name: str, fits: bool) -> None:
    assert acronym_fits(acronym, name) == fits
