"""The curated list: who is found in it, and that what is baked of it is right."""

import csv

from clippings import aliases
from clippings.names import skeleton
from clippings.records import LABELS


def test_the_baked_keys_are_those_of_the_list() -> None:
    """Run `python -m clippings.aliases` after a change of names/ or aliases.csv."""
    assert (aliases.DATA / "alias_keys.txt").read_bytes() == aliases.bake_keys()
    assert (aliases.DATA / "alias_blocks.txt").read_bytes() == aliases.bake_blocks()


def test_each_line_of_the_list_is_a_row() -> None:
    with (aliases.DATA / "aliases.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row[3] for row in csv.reader(lines)][1:]
    assert rows == [aliases._read_row(number).name for number in range(len(rows))]


def test_the_first_alias_of_a_key_counts() -> None:
    known = aliases.find_known("Tzahal", "ORG")
    assert known is not None
    assert aliases.by_slug()[known.slug] == known
    assert aliases.find_known("Tzahal", "PERSON") is None


def test_a_spelling_of_two_is_nobody() -> None:
    assert aliases.find_spelled("Hizbollah", "ORG") == aliases.find_known("Hezbollah", "ORG")
    assert aliases.find_spelled("Nobody in Particular", "ORG") is None


def test_names_far_from_all_aliases_are_none_and_spelled_like_none() -> None:
    listed = [aliases._read_row(number).name for number in range(0, len(aliases._lines()), 9)]
    others = [name.replace("i", "e").replace("-", " ") for name in listed]
    names = [*listed, *others, "Ladies Sewing Circle", "AQ-I", "I.D.F.", "Xyqwort"]
    asked = {(label, name): skeleton(name, label) for label in LABELS for name in names}
    far = aliases.find_far(asked)
    found = {
        (label, name)
        for label, name in asked
        if aliases.find_known(name, label) or aliases.find_spelled(name, label)
    }
    assert found
    assert far.isdisjoint(found)
    assert {("ORG", "Ladies Sewing Circle"), ("PERSON", "Xyqwort")} <= far
