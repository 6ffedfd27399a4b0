"""The cheapest reading: what is looked up, put off or left out changes nothing of what is found."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clippings.layouts.layout import load_layout
from clippings.read import decode
from clippings.reading import steps
from clippings.reading.kinds import Part, find_kind, find_paragraph, look_again
from clippings.reading.lines import LONG, Lines, find_lines
from clippings.reading.wrapping import join_wrapped

RAW = Path(__file__).parents[2] / "raw"
LAYOUT: Any = load_layout("digest")
SAMPLES = [decode(path.read_bytes()).text for path in sorted(RAW.rglob("*.txt"))]
LINES = sorted({line for text in SAMPLES for line in text.splitlines() if line.strip()})
PIECES = [
    *["", "", "-----", "\f", " \u00a0", "Exile", "x", "“", "2019", "March 27 2019", "may 2019."],
    *["The Lighthouse Keepers of Jaffa", "A paragraph that says something, at length.", "Why?"],
    *["By Ruth Almagor", "Read more at FDD", "read more at", "More about: Iran,", "More about:"],
    *["Iran, Iraq", "iran,", "Register Now", "To keep reading, sign in", "A Free Trial of Faith"],
    *["A sentence about the trial that has no full stop", "word " * 90, "a " * 30],
]
dumps = st.lists(st.sampled_from(PIECES) | st.sampled_from(LINES), max_size=40)


def lines_of(text: str) -> Lines:
    return join_wrapped(text, find_lines(text, LAYOUT), LAYOUT)


def read_plainly(lines: Lines) -> list[Part]:
    """The cheapest reading with nothing looked up, put off or kept apart."""
    gaps = [place.gap for place in lines.places]
    usual = max(dict.fromkeys(gaps), key=gaps.count)
    costs: dict[str, float] = {steps._START: 0.0}
    trail: list[dict[str, str]] = []
    hangs = False
    for line, text, place in zip(lines.printed, lines.texts, lines.places, strict=True):
        is_repeated = lines.printed.count(line) >= 3
        kind = (
            find_kind(text, LAYOUT, is_repeated=is_repeated, is_close=True)
            if len(line) < LONG
            else find_paragraph(text, LAYOUT)
        )
        if kind.is_open:
            kind = look_again(text, kind, LAYOUT)
        setting = steps._find_setting(place, usual)
        costs_of = {part: dict(ways) for part, ways in steps._STEPS_TO.items()}
        costs_of[Part.PREAMBLE][steps._START] = 3
        reached: dict[str, float] = {}
        came_from: dict[str, str] = {}
        for part, cost in kind.readings.items():
            ways = [
                (so_far + costs_of[part][before], before)
                for before, so_far in costs.items()
                if before in costs_of[part]
            ]
            if ways and (part is not Part.MORE_TOPICS or place.gap == 0):
                best, came_from[part] = min(ways)
                reached[part] = best + steps._cost_there(part, cost, setting, hangs)
        costs, hangs = reached, kind.hangs
        trail.append(came_from)
    parts = [min(costs, key=lambda part: costs[part] + steps._LAST.get(part, 0))]
    for came_from in reversed(trail[1:]):
        parts.append(came_from[parts[-1]])
    return [Part(part) for part in reversed(parts)]


@settings(deadline=None, max_examples=300)
@given(dumps, st.sampled_from(["\n", "\n\n"]))
@example(["The Lighthouse Keepers of Jaffa", *["word " * 90] * 30, "Exile", "2019"], "\n\n")
@example([*["May 2019"] * 3, "Register Now", *["May 2019"] * 20], "\n")
@example(["Exile", "A sentence about the trial that has no full stop", "Register Now"], "\n\n")
def test_short_cuts_change_nothing(pieces: list[str], line_end: str) -> None:
    lines = lines_of(line_end.join(pieces))
    if lines.printed:
        assert steps.find_parts(lines, LAYOUT) == read_plainly(lines)


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_short_cuts_change_no_sample(number: int) -> None:
    lines = lines_of(SAMPLES[number])
    parts = steps.find_parts(lines, LAYOUT)
    assert parts == read_plainly(lines)
    assert parts == steps.find_parts(lines, LAYOUT)  # all of it looked up now
    assert Part.TITLE in parts
