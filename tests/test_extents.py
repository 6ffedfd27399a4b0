"""Extents: what of a marked stretch is a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings.extents import find_extents

EXTENTS = [
    ("ORG", "the Knesset's", ["Knesset"]),
    ("ORG", "The Times of Israel", ["Times of Israel"]),
    ("ORG", "[Shiite] Kataib Hizballah", ["Kataib Hizballah"]),
    ("ORG", "Popular Mobilization Forces (PMF)", ["Popular Mobilization Forces", "PMF"]),
    ("ORG", "Bank Leumi (", ["Bank Leumi"]),
    ("ORG", "Houthis’", ["Houthis"]),
    ("ORG", "Elbit Systems Ltd.", ["Elbit Systems Ltd."]),
    ("ORG", "Hamas and", ["Hamas"]),
    ("ORG", "Knesset\n\nYair Lapid", ["Knesset", "Yair Lapid"]),
    ("PLACE", "Israel’s", ["Israel"]),
    ("PLACE", "ISRAEL'S", ["ISRAEL"]),
    ("PLACE", "U.S.", ["U.S."]),
    ("PLACE", "U.S.-led", ["U.S."]),
    ("PLACE", "Iran-backed", ["Iran"]),
    ("PLACE", "Jaffa.", ["Jaffa"]),
    ("PLACE", "Sheikh Jarrah", ["Sheikh Jarrah"]),
    ("PLACE", "al-Qaim", ["al-Qaim"]),
    ("PLACE", "Tel Aviv-Yafo", ["Tel Aviv-Yafo"]),
    ("PERSON", "Prime Minister Golda Meir", ["Golda Meir"]),
    ("PERSON", "Secretary of State Dean Acheson,", ["Dean Acheson"]),
    ("PERSON", "Lt. Gen. Aviv Kochavi", ["Aviv Kochavi"]),
    ("PERSON", "the Grand Ayatollah Ali al-Sistani", ["Ali al-Sistani"]),
    ("PERSON", "Generalissimo Franco", ["Generalissimo Franco"]),
    ("PERSON", "“Bibi”", ["Bibi"]),
    ("PERSON", "Rabbi", ["Rabbi"]),
    ("PERSON", "Sammy Davis Jr.", ["Sammy Davis Jr."]),
    ("PERSON", "Moshe ben Maimon", ["Moshe ben Maimon"]),
    ("ORG", "—", []),
    ("ORG", "the", []),
    ("ORG", "", []),
    ("ORG", "A" * 201, []),
]


@pytest.mark.parametrize(("label", "marked", "names"), EXTENTS)
def test_extents(label: str, marked: str, names: list[str]) -> None:
    assert [marked[start:end] for start, end in find_extents(marked, label)] == names


@given(st.text(max_size=250), st.sampled_from(["PERSON", "ORG", "PLACE"]))
def test_extents_lie_in_order_within_the_surface(marked: str, label: str) -> None:
    position = 0
    for start, end in find_extents(marked, label):
        assert position <= start < end <= len(marked)
        assert "\n" not in marked[start:end]
        position = end


@given(st.text(max_size=60), st.sampled_from(["PERSON", "ORG", "PLACE"]))
def test_trimming_twice_trims_no_more(marked: str, label: str) -> None:
    for start, end in find_extents(marked, label):
        name = marked[start:end]
        assert list(find_extents(name, label)) == [(0, len(name))]
