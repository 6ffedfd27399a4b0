"""Lines that were one before they were wrapped at a column."""

from textwrap import fill
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings.articles import squeeze
from clippings.layouts.layout import load_layout
from clippings.reading.lines import find_lines
from clippings.reading.wrapping import join_wrapped

LAYOUT: Any = load_layout("digest")
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
    lines = join_wrapped(text, find_lines(text, LAYOUT), LAYOUT)
    ends = [start + len(line) for start, line in zip(lines.starts, lines.printed, strict=True)]
    stretches = [text[start:end] for start, end in zip(lines.starts, ends, strict=True)]
    assert stretches == lines.printed
    assert len(lines.places) == len(lines.printed)
    assert lines.texts == [squeeze(line) for line in lines.printed]
    return lines.texts


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
        ([FULL_TITLE, "Read more at the Library of the Harbor and of the Old Town"], None),
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


PIECES = [
    *[
        "",
        "-----",
        "\f",
        " \u00a0",
        "Exile",
        "“",
        "March 27 2019",
        "More about: Iran,",
        "Iran, Iraq",
    ],
    *["The Lighthouse Keepers of Jaffa", "By Ruth Almagor", "Read more at FDD", "> a", "\ufeffa"],
    *fill(PROSE, 60).split("\n"),
]


@given(st.lists(st.sampled_from(PIECES)))
def test_any_lines_keep_their_words(pieces: list[str]) -> None:
    text = "\n".join([*pieces, fill(PROSE, 60)])
    words = [word for line in find_texts(text) for word in line.replace("\ufeff", " ").split()]
    kept = [piece for piece in text.split("\n") if piece.strip() not in ("-----", "")]
    assert words == [word for piece in kept for word in piece.replace("\ufeff", " ").split()]
