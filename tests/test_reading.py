"""Reading lines: what is looked up, put off or left out changes nothing of what is found."""

import re
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clippings import reading
from clippings.articles import squeeze
from clippings.layouts.layout import load_layout
from clippings.read import decode
from clippings.reading import Part

RAW = Path(__file__).parents[1] / "raw"
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


def read_plainly(lines: reading._Lines) -> list[Part]:
    """The cheapest reading with nothing looked up, put off or kept apart."""
    gaps = [place.gap for place in lines.places]
    usual = max(dict.fromkeys(gaps), key=gaps.count)
    costs: dict[str, float] = {reading._START: 0.0}
    trail: list[dict[str, str]] = []
    hangs = False
    for line, place in zip(lines.printed, lines.places, strict=True):
        is_repeated = lines.printed.count(line) >= 3
        kind = (
            reading._find_kind(line, LAYOUT, is_repeated=is_repeated, is_close=True)
            if len(line) < reading._LONG
            else reading._find_paragraph(reading._hangs(line, LAYOUT))
        )
        readings = dict(kind.readings)
        if kind.is_open:
            cost = reading._cost_at_second_look(squeeze(line), LAYOUT.boilerplate)
            readings[Part.BOILERPLATE] = cost
        setting = reading._find_setting(place, usual)
        steps = {part: dict(ways) for part, ways in reading._STEPS_TO.items()}
        steps[Part.PREAMBLE][reading._START] = 3
        reached: dict[str, float] = {}
        came_from: dict[str, str] = {}
        for part, cost in readings.items():
            ways = [
                (so_far + steps[part][before], before)
                for before, so_far in costs.items()
                if before in steps[part]
            ]
            if ways and (part is not Part.MORE_TOPICS or place.gap == 0):
                best, came_from[part] = min(ways)
                reached[part] = best + reading._cost_there(part, cost, setting, hangs)
        costs, hangs = reached, kind.hangs
        trail.append(came_from)
    parts = [min(costs, key=lambda part: costs[part] + reading._LAST.get(part, 0))]
    for came_from in reversed(trail[1:]):
        parts.append(came_from[parts[-1]])
    return [Part(part) for part in reversed(parts)]


@settings(deadline=None, max_examples=300)
@given(dumps, st.sampled_from(["\n", "\n\n"]))
@example(["The Lighthouse Keepers of Jaffa", *["word " * 90] * 30, "Exile", "2019"], "\n\n")
@example([*["May 2019"] * 3, "Register Now", *["May 2019"] * 20], "\n")
@example(["Exile", "A sentence about the trial that has no full stop", "Register Now"], "\n\n")
def test_short_cuts_change_nothing(pieces: list[str], line_end: str) -> None:
    lines = reading._find_lines(line_end.join(pieces), LAYOUT)
    if lines.printed:
        assert reading._cheapest_reading(lines, LAYOUT) == read_plainly(lines)


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_short_cuts_change_no_sample(number: int) -> None:
    lines = reading._find_lines(SAMPLES[number], LAYOUT)
    parts = reading._cheapest_reading(lines, LAYOUT)
    assert parts == read_plainly(lines)
    assert parts == reading._cheapest_reading(lines, LAYOUT)  # all of it looked up now
    assert Part.TITLE in parts


def test_open_kinds_are_put_as_low_as_they_can_be() -> None:
    opened = 0
    for line in LINES:
        kind = reading._find_kind(line.strip(), LAYOUT, is_repeated=False, is_close=True)
        settled = reading._look_again(line.strip(), kind, LAYOUT)
        if kind.is_open:
            opened += 1
            assert kind.readings[Part.BOILERPLATE] <= settled.readings[Part.BOILERPLATE]
            assert list(kind.readings) == list(settled.readings)
    assert opened > 20


@given(st.text(st.sampled_from("aé’ \t\n\r\x0b\x0c\x1c\x85\u00a0\u2003\u2028\u200b\ufeff😀")))
def test_squeeze_is_split_and_join(text: str) -> None:
    assert squeeze(text) == " ".join(text.split())


TERMINAL = re.compile(r"[.!?:;,…][\"'”’»)\]]*$")  # "Why?”"
SENTENCE_END = re.compile(r"(?<!\b\w)(?<!\.\w)[.:;,…][\"'”’»)\]]*$")  # "the war." but not "U.S."


@given(st.text(st.sampled_from("aUS1_é .,:;!?…\"'”’»)]"), min_size=1).filter(lambda t: t.strip()))
@example("U.S.")
@example("the war.”)")
@example('.")')
def test_ends_are_told_from_the_end(text: str) -> None:
    text = squeeze(text)
    assert reading._is_terminal(text) == bool(TERMINAL.search(text))
    assert reading._ends_sentence(text) == bool(SENTENCE_END.search(text))


@given(st.text(st.sampled_from("aBé’'-½²1_ /ǅ")))
@example("The and/or of Mid-1990s O’Brien’s ²x 1B")
def test_shares_of_words_add_up(text: str) -> None:
    big = [word for word in reading._WORD.findall(text) if word.lower() not in reading._SMALL]
    share = sum(word[0].isupper() for word in big) / len(big) if big else 0.0
    assert reading._capital_share(text.split()) == share


# Lines that were one before they were wrapped

PROSE = (
    "The lamp above the harbor door was lit by a man whom nobody on the landing had ever seen, and "
    "it burned until the last of the boats had come in. Whoever asked the harbor master was told "
    "that lamps were the business of the lighthouse, and at the lighthouse they knew of no door."
)
VERSE = """The lamp above the narrow harbor door
burned on when all the boats of spring were in,
and no one on the landing ever knew
who lit it, or for whose return
it kept the narrow channel bright
until the slow grey morning took its place and stayed,
and laid the water down like slate
before the men who had not slept."""
NAMES = """Ruth Almagor
Yusuf Najjar, the knife grinder of the old harbor
Michal Gross and sons
Tamar Oren of the Harbor Library
Karim Nusseibeh, whose father kept the lighthouse
Selim Dayan"""


def find_texts(text: str) -> list[str]:
    lines = reading._find_lines(text, LAYOUT)
    ends = [start + len(line) for start, line in zip(lines.starts, lines.printed, strict=True)]
    stretches = [text[start:end] for start, end in zip(lines.starts, ends, strict=True)]
    assert stretches == lines.printed
    assert len(lines.places) == len(lines.printed)
    return [squeeze(line) for line in lines.printed]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", " \n"])
@pytest.mark.parametrize("column", [40, 60, 70, 72, 80, 100, 132])
@pytest.mark.parametrize(
    ("first", "behind"), [("", ""), ("    ", ""), ("", "    "), ("    ", "    ")]
)
def test_wrapped_paragraph_is_one_line(first: str, behind: str, column: int, end: str) -> None:
    wrapped = fill(PROSE, column, initial_indent=first, subsequent_indent=behind)
    assert find_texts(f"{wrapped}\n\n{PROSE}\n\n".replace("\n", end)) == [PROSE, PROSE]


def test_marks_of_quotation_and_hyphens_stay() -> None:
    quoted = fill(PROSE, 60, initial_indent="> ", subsequent_indent="> ")
    assert find_texts(quoted) == [squeeze(quoted)]
    broken = "It was the harbor master who first spoke of the great deter-\nrence of the lamps."
    assert find_texts(f"{fill(PROSE, 60)}\n\n{broken}") == [PROSE, broken.replace("\n", " ")]


@pytest.mark.parametrize(
    "lines", [VERSE, NAMES, f"{VERSE}\n{NAMES}"], ids=["verse", "names", "both"]
)
def test_lines_that_were_not_wrapped_stay(lines: str) -> None:
    assert find_texts(lines) == lines.split("\n")
    assert find_texts(f"{PROSE}\n\n{lines}\n\n{PROSE}") == [PROSE, *lines.split("\n"), PROSE]


FULL_TITLE = "The Lighthouse Keepers of Jaffa and Their Lamps on the Shore"
FULL_LIST = "More about: Iran, Iraq, Syria, Jewish history, Israeli Securi"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ([FULL_TITLE, "of the Old Harbor"], [f"{FULL_TITLE} of the Old Harbor"]),
        ([FULL_TITLE, "March 27 2019"], None),
        ([FULL_TITLE, "By Ruth Almagor"], None),
        ([FULL_TITLE, "Read more at FDD"], None),
        ([FULL_TITLE, "More about: Iran"], None),
        ([FULL_TITLE, "-----", "of the Old Harbor"], [FULL_TITLE, "of the Old Harbor"]),
        ([FULL_TITLE, "\fof the Old Harbor"], [FULL_TITLE, "of the Old Harbor"]),
        ([FULL_TITLE, "\ufeffof the Old Harbor"], [FULL_TITLE, "of the Old Harbor"]),
        ([FULL_TITLE, "", "of the Old Harbor"], [FULL_TITLE, "of the Old Harbor"]),
        (["The Lighthouse Keepers of Jaffa", "of the Old Harbor"], None),
        ([FULL_LIST, "Water, Kurds"], None),
        ([FULL_TITLE + " and beyond it", "of the Old Harbor"], None),
    ],
)
def test_two_lines_are_one_where_the_column_says_so(
    printed: list[str], expected: list[str] | None
) -> None:
    text = "\n\n".join([fill(PROSE, 62), "\n".join(printed), fill(PROSE, 62)])
    assert find_texts(text) == [PROSE, *(printed if expected is None else expected), PROSE]


def test_lines_under_each_other_are_told_apart() -> None:
    told = "He told it to nobody, and nobody asked him about the old door."
    lines = [FULL_TITLE, "For years it was thought that the lamp was lit by nobody at all."]
    lines += ["Why?", told, "Register Now", told, "A Canal That Was Dug Twice", "May 3 2018"]
    wrapped = [fill(line, 62) for line in lines]
    assert max(map(len, FULL_TITLE.split("\n"))) <= 62
    assert find_texts("\n".join([fill(PROSE, 62), *wrapped])) == [PROSE, *lines]


@given(st.lists(st.sampled_from([*PIECES, *fill(PROSE, 60).split("\n"), "> a", "\ufeffa"])))
def test_any_lines_keep_their_words(pieces: list[str]) -> None:
    text = "\n".join([*pieces, fill(PROSE, 60)])
    words = [word for line in find_texts(text) for word in line.replace("\ufeff", " ").split()]
    kept = [piece for piece in text.split("\n") if piece.strip() not in ("-----", "")]
    assert words == [word for piece in kept for word in piece.replace("\ufeff", " ").split()]


# Hostile shapes: time is linear, and what is remembered is bounded

HOSTILE = {
    "short lines, all different": "".join(f"Line {number:x}\n" for number in range(100_000)),
    "titles, all different": "".join(
        f"The Tale of {number:x} Kings\n\n" for number in range(30_000)
    ),
    "one long line": "a word and " * 450_000,
    "blank lines": "\n" * 1_000_000,
    "blank lines of every sort": "\r\n\x0b\n\f\n\u2028\n" * 100_000,
    "long paragraphs": ("word " * 90 + "\n\n") * 5_000,
    "one wrapped paragraph": "a few words that were wrapped at a column of forty and\n" * 50_000,
    "wrapped at all columns": "".join(
        "word " * (8 + number % 20) + "and\n" for number in range(30_000)
    ),
    "rules, all different": "".join("-" * (3 + number % 390) + "\n" for number in range(10_000)),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("shape", HOSTILE)
def test_hostile_shapes_are_read(shape: str) -> None:
    found = reading.read_lines(HOSTILE[shape], LAYOUT)
    assert sum(span.end - span.start for span in found.spans) == len(HOSTILE[shape])
    caches = (reading._look_up_step, reading._state, reading._kind_of, reading._kind)
    for remembered in (*caches, reading._weigh):
        info = remembered.cache_info()
        assert info.maxsize is not None
        assert info.currsize <= info.maxsize <= 1 << 14
