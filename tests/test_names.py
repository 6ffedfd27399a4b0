"""Names: what is one name, and what is not."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings import names as names_module
from clippings.names import (
    acronym_fits,
    explain,
    is_acronym,
    lookup_key,
    name_distance,
    same_name,
    skeleton,
    strip_titles,
)

CASES = json.loads((Path(__file__).parent / "cases" / "names.json").read_text(encoding="utf-8"))


def to_params(cases: list[dict[str, Any]]) -> list[Any]:
    """One parameter per case; a case with a known bug is expected to fail."""
    return [
        pytest.param(
            case,
            id=case["label"],
            marks=[pytest.mark.xfail(strict=True, reason=case["bug"])] if "bug" in case else [],
        )
        for case in cases
    ]


@pytest.mark.parametrize("case", to_params(CASES["same"]))
def test_spellings_of_one_name(case: dict[str, Any]) -> None:
    assert len({lookup_key(name) for name in case["names"]}) == 1


@pytest.mark.parametrize("case", to_params(CASES["different"]))
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


# Spellings of one name: rules, laws and the gold -------------------------------------------------

PAIRS_FILE = Path(__file__).parents[2] / "shared" / "data" / "names" / "pairs.tsv"
LEAST = {"precision": 0.995, "recall": 0.95}
"""What issue 4 asks of the pairs without their alias rows."""

labels = st.sampled_from(names_module.LABELS)
parts = st.sampled_from(
    """al- el- ash- as- the of bin ibn Abu Abd Abdul al-Din Allah Sheikh Dr. Muhammad Mohamed Hassan
    Hasan Husayn Hizballah Hezbollah Kataib Tel Tal Afar Telafar Hamas Hama Ramla Ramallah 1st First
    Brigade Front Army movement group S. Y. U.S. IDF Qom Ghom Ḥizb Ma'rib Şırnak -e, , 's ’ - 15 İ ß
    שלום حزب الله 中东 \u200d \u0301""".split()
)
surfaces = st.one_of(st.text(max_size=20), st.lists(parts, max_size=5).map(" ".join))


@st.composite
def respelled(draw: st.DrawFn) -> tuple[str, str, str]:
    """Two spellings of one case, or of two, with a letter changed here and there."""
    case = draw(st.sampled_from(CASES["pairs"]))
    other = draw(st.sampled_from([case, case, draw(st.sampled_from(CASES["pairs"]))]))
    name = draw(st.sampled_from([other["a"], other["b"]]))
    old, new = draw(
        st.sampled_from(["a e", "u o", "i y", "h ", "s ss", "q k", "kh h", "al- ", "' "])
    ).split(" ")
    return case["a"], name.replace(old, new), case["label"]


any_pair = st.one_of(st.tuples(surfaces, surfaces, labels), respelled())


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{case['a']} | {case['b']}") for case in CASES["pairs"]],
)
def test_spellings_and_look_alikes(case: dict[str, Any]) -> None:
    told = "\n".join(explain(case["a"], case["b"], case["label"]))
    assert same_name(case["a"], case["b"], case["label"]) == case["same"], f"{case['why']}\n{told}"


def test_cases_hold_every_label_and_half_are_look_alikes() -> None:
    pairs = CASES["pairs"]
    assert len(pairs) >= 150
    assert {case["label"] for case in pairs} == set(names_module.LABELS)
    assert 0.4 <= sum(case["same"] for case in pairs) / len(pairs) <= 0.6
    assert len({(case["label"], case["a"], case["b"]) for case in pairs}) == len(pairs)


@settings(deadline=None, max_examples=500)
@given(any_pair)
def test_same_name_is_symmetric_and_shares_a_block(pair: tuple[str, str, str]) -> None:
    a, b, label = pair
    is_same = same_name(a, b, label)
    assert same_name(b, a, label) == is_same
    assert name_distance(a, b, label) == name_distance(b, a, label)
    assert explain(a, b, label)[-1].startswith("Same" if is_same else "Not the same")
    if is_same:
        assert set(skeleton(a, label)) & set(skeleton(b, label))
        assert set(skeleton(a)) & set(skeleton(b))


@settings(deadline=None, max_examples=500)
@given(surfaces, labels)
def test_a_name_is_the_same_as_itself_and_as_its_key(name: str, label: str) -> None:
    key = lookup_key(name)
    assert lookup_key(key) == key
    assert same_name(name, name, label)
    assert same_name(name, key, label)
    assert name_distance(name, key, label) == 0
    assert skeleton(name, label)


@settings(deadline=None, max_examples=500)
@given(any_pair)
def test_equal_keys_are_the_same_name(pair: tuple[str, str, str]) -> None:
    a, b, label = pair
    if lookup_key(a) == lookup_key(b):
        assert same_name(a, b, label)


@settings(deadline=None, max_examples=300)
@given(surfaces, surfaces)
def test_no_text_raises(a: str, b: str) -> None:
    assert strip_titles(strip_titles(a)) == strip_titles(a)
    assert isinstance(is_acronym(a), bool)
    assert isinstance(acronym_fits(a, b), bool)
    assert 0 <= name_distance(a, b) <= 1


@pytest.mark.parametrize("size", [100, 10_000])
def test_long_texts_do_not_take_long(size: int) -> None:
    for text in ("a" * size, "kh" * size, "gc" * size, "a b " * size, "al-" * size, "Dr. " * size):
        assert not same_name(text + "x", "x" + text, "PERSON")
        assert not same_name(text + "x", text + " y", "ORG")


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Prime Minister Benjamin Netanyahu", "Benjamin Netanyahu"),
        ("Maj. Gen. Qassem Soleimani", "Qassem Soleimani"),
        ("the Sheikh", "the Sheikh"),
        ("Rabbi Dr. Ovadia Yosef", "Ovadia Yosef"),
        ("Grand Ayatollah Ali al-Sistani", "Ali al-Sistani"),
        ("King Hussein", "King Hussein"),
        ("King Abdullah II", "Abdullah II"),
        ("Mullah Omar", "Mullah Omar"),
        ("Hafez al-Assad", "Hafez al-Assad"),
        ("President", "President"),
        ("General Motors Sheikh", "Motors Sheikh"),
        ("Ahmed Cemal Pasha", "Ahmed Cemal"),
        ("", ""),
    ],
)
def test_titles_come_off(name: str, bare: str) -> None:
    assert strip_titles(name) == bare


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


@pytest.mark.skipif(not PAIRS_FILE.exists(), reason="the gold pairs are not beside this checkout")
def test_gold_pairs() -> None:
    counts: Counter[tuple[bool, bool]] = Counter()
    with PAIRS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["kind"] != "alias":  # no spelling says that ISIS is Daesh
                found = same_name(row["a"], row["b"], row["type"])
                counts[found, row["label"] == "1"] += 1
    assert counts[True, True] / (counts[True, True] + counts[True, False]) >= LEAST["precision"]
    assert counts[True, True] / (counts[True, True] + counts[False, True]) >= LEAST["recall"]


def test_word_lists_name_their_reasons() -> None:
    for file in ("name_tokens.csv", "titles.csv", "sound_costs.csv"):
        with (names_module.DATA / file).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert rows
        assert all(row["note"] for row in rows), file
        assert len({tuple(row.values()) for row in rows}) == len(rows)
