"""Marked dumps: heads, bodies and tails in every combination, and what holds of any text."""

import importlib.util
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clippings.articles import Article, Split, squeeze
from clippings.layouts.layout import MarkedLayout, layout_names, load_layout, parse_layout
from clippings.markup import Mark
from clippings.read import decode
from clippings.split import split

HERE = Path(__file__).parent
SHIPPED = HERE / "cases" / "forms" / "shipped"
_SPEC = importlib.util.spec_from_file_location("fuzz_split", HERE / "fuzz" / "fuzz_split.py")
assert _SPEC
assert _SPEC.loader
_FUZZ = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_FUZZ)
assert_lawful = _FUZZ.assert_lawful

LAYOUTS = {name: load_layout(name) for name in layout_names()}
NEXIS = LAYOUTS["nexis"]
TALE = """\
The keeper of the lighthouse at Jaffa had not been seen in the harbour since the spring, and the \
boats came in by memory. His daughter carried the oil up every evening.
Nobody had asked the council. A letter that was sent in March came back in May, with a stamp that \
no clerk could read, and it was filed under correspondence.
“It burns,” she told the men on the quay, “and that is all a light has to do.” They went on \
mending nets.""".split("\n")


def parse(toml: str) -> MarkedLayout:
    layout = parse_layout(f'name = "mine"\n{toml}', where="mine.toml")
    assert isinstance(layout, MarkedLayout)
    return layout


def texts(text: str, found: Split, kind: str, article: int | None = None) -> list[str]:
    """What the spans of a kind hold."""
    return [
        squeeze(text[span.start : span.end])
        for span in found.spans
        if span.kind == kind and (article is None or span.article == article)
    ]


def codes(found: Split) -> list[str]:
    return [doubt.code for doubt in found.doubts]


def tell(article: Article) -> dict[str, Any]:
    """An article without its place."""
    told = article._asdict()
    del told["start"], told["end"]
    return told


def write(number: int = 1, claimed: int = 1, **parts: str) -> str:
    """An article of a vendor's export; a part that is empty is left out."""
    lines = {
        "outlet": "The Jaffa Courier",
        "date": "January 11, 2010 Monday",
        "title": "The Light That Nobody Ordered",
        "byline": "BYLINE: Ruth Almagor",
        "section": "SECTION: NEWS; Pg. 3",
        "length": "LENGTH: 453 words",
        "body": "\n\n".join(TALE),
        "tail": "LOAD-DATE: January 11, 2010\n\nLANGUAGE: ENGLISH",
        **parts,
    }
    told = "".join(f"{value}\n\n" for value in lines.values() if value)
    return f"\n\n{number} of {claimed} DOCUMENTS\n\n\n{told}"


def split_one(text: str, layout: MarkedLayout = NEXIS, marks: tuple[Mark, ...] = ()) -> Article:
    """The only article of a text, which is split as the laws have it and without a doubt."""
    found = split(text, layout, marks)
    assert_lawful(text, found)
    assert found.doubts == ()
    (article,) = found.articles
    return article


# Heads

PARTS = ("outlet", "date", "title", "byline", "section", "length")


def is_plain(has: dict[str, bool]) -> bool:
    """Whether a reader could tell the lines apart: by a date, or because none is missing."""
    by_place = has["date"] or (has["outlet"] and has["title"])
    return by_place and (has["title"] or has["byline"] or has["section"] or has["length"])


HEADS = [
    has
    for flags in itertools.product((True, False), repeat=len(PARTS))
    if is_plain(has := dict(zip(PARTS, flags, strict=True)))
]


@pytest.mark.parametrize("has", HEADS, ids=lambda has: "+".join(part for part in has if has[part]))
def test_heads_in_every_combination(has: dict[str, bool]) -> None:
    text = write(**{part: "" for part, is_there in has.items() if not is_there})
    article = split_one(text)
    assert article.title == ("The Light That Nobody Ordered" if has["title"] else None)
    assert article.outlet == ("The Jaffa Courier" if has["outlet"] else None)
    assert article.published_text == ("January 11, 2010 Monday" if has["date"] else None)
    assert (article.date is not None) == has["date"]
    assert article.byline == ("Ruth Almagor" if has["byline"] else None)
    assert article.body == "\n\n".join(TALE)
    found = split(text, NEXIS)
    assert texts(text, found, "section") == ["SECTION: NEWS; Pg. 3"] * has["section"]
    assert ("LENGTH: 453 words" in texts(text, found, "boilerplate")) == has["length"]
    assert texts(text, found, "id") == ["1 of 1 DOCUMENTS"]


@pytest.mark.parametrize(
    ("part", "printed", "value"),
    [
        ("title", "The Light That\nNobody Ordered", "The Light That Nobody Ordered"),
        ("title", "    The Light That\n    Nobody\n    Ordered", "The Light That Nobody Ordered"),
        ("title", "HEADLINE: The Light", "The Light"),
        ("title", "HEADLINE:\nThe Light", "The Light"),
        ("title", "HEADLINE:\n\nThe Light", "The Light"),
        ("title", "HEADLINE: The Light;\nA Tale", "The Light; A Tale"),
        ("title", "Jaffa: A Light", "Jaffa: A Light"),
        ("title", "1948", "1948"),
        ("byline", "BYLINE: Ruth Almagor\nand Amal Khoury", "Ruth Almagor and Amal Khoury"),
        ("byline", "BYLINE:   Ruth  Almagor ", "Ruth Almagor"),
        ("byline", "byline: Ruth Almagor", "Ruth Almagor"),
        ("byline", "BYLINE :Ruth Almagor", "Ruth Almagor"),
        ("byline", "BYLINE:", None),
        ("outlet", "                 The Jaffa Courier", "The Jaffa Courier"),
        ("outlet", "The Times (London)", "The Times (London)"),
    ],
)
def test_parts_of_a_head_as_printed(part: str, printed: str, value: str | None) -> None:
    article = split_one(write(**{part: printed}))
    assert getattr(article, part) == value
    assert article.body == "\n\n".join(TALE)
    assert article.outlet == (value if part == "outlet" else "The Jaffa Courier")


@pytest.mark.parametrize(
    ("printed", "text", "day"),
    [
        ("January 11, 2010 Monday\nEdition 1;\nIreland", "January 11, 2010 Monday", 11),
        ("January 11, 2010", "January 11, 2010", 11),
        ("January 11, 2010 Monday 3:04 PM GMT", "January 11, 2010 Monday 3:04 PM GMT", 11),
        ("January 11, 2010 Monday, Late Edition - Final", "January 11, 2010 Monday", 11),
        ("lundi 11 janvier 2010", "lundi 11 janvier 2010", 11),
        ("Montag 11. Januar 2010", "Montag 11. Januar 2010", 11),
        ("11 enero 2010 lunes", "11 enero 2010 lunes", 11),
        ("11 januari 2010 maandag", "11 januari 2010 maandag", 11),
    ],
)
def test_dates_of_a_head_as_printed(printed: str, text: str, day: int) -> None:
    article = split_one(write(date=printed))
    assert article.published_text is not None
    assert article.published_text.startswith(text.partition(" Monday")[0].partition(",")[0])
    assert article.date is not None
    assert (article.date.date.year, article.date.date.month, article.date.date.day) == (
        2010,
        1,
        day,
    )
    assert article.title == "The Light That Nobody Ordered"


def test_topics_are_listed() -> None:
    article = split_one(write(tail="SUBJECT: WAR & CONFLICT (90%); PEACE\nPROCESS (78%); ;"))
    assert article.topics == ("WAR & CONFLICT (90%)", "PEACE PROCESS (78%)")


def test_slots_by_place_alone() -> None:
    layout = parse(
        "[article]\nbegins = ['#\\d+']\n"
        "[[head]]\npart = 'section'\nis_optional = true\n"
        "[[head]]\npart = 'title'\n"
        "[[head]]\npart = 'date'\n"
        "[[head]]\npart = 'byline'\nmatches = 'By .{1,40}'\n"
    )
    body = "\n\n".join(TALE)
    for section, byline in itertools.product(("", "NEWS\n"), ("", "By Ruth Almagor\n")):
        article = split_one(f"#1\n{section}A Light\nMay 3 2019\n{byline}\n{body}\n", layout)
        assert (article.title, article.published_text) == ("A Light", "May 3 2019")
        assert article.byline == (byline.strip() or None)
        assert article.body == body


def test_groups_of_a_slot_are_parts() -> None:
    layout = parse(
        "[article]\nbegins = ['#\\d+']\n"
        "[[head]]\npart = 'outlet'\n"
        "matches = '(?P<outlet>[^|]{1,40}) \\| (?P<date>[^|]{1,40}) \\| (?P<byline>[^|]{1,40})'\n"
        "[[head]]\npart = 'title'\n"
    )
    text = f"#1\nThe Courier | May 3 2019 | Ruth Almagor\nA Light\n\n{TALE[0]}\n"
    article = split_one(text, layout)
    assert (article.outlet, article.byline) == ("The Courier", "Ruth Almagor")
    assert (article.title, article.published_text) == ("A Light", "May 3 2019")
    assert article.body == TALE[0]


def test_groups_of_the_line_that_begins_are_parts() -> None:
    text = "*TEXT 017 01/04/63 PAGE 020\n\nTHE LIGHT AT JAFFA BURNS .\n"
    found = split(text, LAYOUTS["archive"])
    assert_lawful(text, found)
    assert texts(text, found, "page") == ["020"]
    assert texts(text, found, "date") == ["01/04/63"]
    assert texts(text, found, "id")[:2] == ["*TEXT", "017"]
    assert found.numbers == ((17, 0),)


# Bodies and tails


@pytest.mark.parametrize(
    "tail",
    [
        "LOAD-DATE: January 11, 2010",
        "LOAD-DATE: January 11, 2010\n\nLANGUAGE: ENGLISH\n\nPUBLICATION-TYPE: Newspaper",
        "LOAD-DATE: January 11, 2010\nLANGUAGE: ENGLISH",
        "GRAPHIC: Photograph of a lighthouse by Amal Khoury, taken in the spring.",
        "Copyright 2010 The Courier Limited\nAll Rights Reserved",
        "LOAD-DATE: May 3, 2010\n\n\n\n        Copyright 2010 The Courier\n  All Rights Reserved",
        "COUNTRY: ISRAEL (90%)\n\nSTATE: NONE",
        "SUBJECT: HARBOURS (90%); LIGHTS (80%)\n\nCITY: JAFFA (70%)",
        "NOTA: 12\n\nLANGUAGE: ENGLISH",
        "",
    ],
)
def test_tail_is_no_body(tail: str) -> None:
    assert split_one(write(tail=tail)).body == "\n\n".join(TALE)


@pytest.mark.parametrize(
    "line",
    [
        f"SUBJECT: the light, as the council called it. {TALE[1]}",
        "She said: nothing.",
        "Copyright was not what they had in mind.",
        f"JAFFA: {TALE[0]}",
        "3 of 40 boats came in.",
        "In 2010 all rights were reserved for those who had none.",
    ],
)
def test_text_that_looks_like_a_label_stays_text(line: str) -> None:
    body = "\n\n".join((*TALE, line, TALE[0]))
    assert split_one(write(body=body)).body == body


@pytest.mark.parametrize(
    "title",
    ["Jaffa: A Light", "A Light: The Tale", "JAFFA: A Light Goes Out"],
)
def test_title_that_looks_like_a_label_is_a_title(title: str) -> None:
    assert split_one(write(title=title)).title == title


@pytest.mark.parametrize(
    "paragraphs",
    [
        (TALE[0], "Answer: nobody.", TALE[1]),
        (TALE[0], "QUESTION: Who lit it?", "ANSWER: Nobody did.", TALE[1]),
        ("JAFFA: The light is out.", TALE[0]),
        ("QUESTION: Who lit it?", "ANSWER: Nobody did."),
        (TALE[0], "QUESTION: Why?", "ANSWER: Nobody knows."),
    ],
)
def test_short_paragraph_that_looks_like_a_label_stays_text(paragraphs: tuple[str, ...]) -> None:
    body = "\n\n".join(paragraphs)
    assert split_one(write(body=body)).body == body


@pytest.mark.parametrize(
    "paragraphs",
    [
        TALE,
        (TALE[0], "From the quay: nothing.", "Note: the light is out.", TALE[1]),
        ("Note: the light is out.", *TALE),
        (*TALE, "Update: the light is lit."),
    ],
)
def test_text_of_mail_is_text(paragraphs: tuple[str, ...]) -> None:
    text = (
        "From ruth@example.org Thu Jan  3 12:00:00 2002\nSubject: A light\n"
        "Date: Thu, 3 Jan 2002 12:00:00 +0100\nX-Mailer: none\nKeywords: light, sea\n\n"
    )
    body = "\n\n".join(paragraphs)
    article = split_one(f"{text}{body}\n", LAYOUTS["mbox"])
    assert (article.title, article.topics) == ("A light", ("light", "sea"))
    assert article.body == body


@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n\n"])
def test_boilerplate_in_the_middle_is_set_aside(gap: str) -> None:
    page = "Copyright 2010 The Jaffa Courier\n\nAll Rights Reserved"
    text = write(body=gap.join((TALE[0], page, TALE[1])))
    article = split_one(text)
    assert article.body == f"{TALE[0]}\n\n{TALE[1]}"
    found = split(text, NEXIS)
    assert "All Rights Reserved" in texts(text, found, "boilerplate")


def wrap(paragraph: str, width: int = 60, indent: str = "") -> str:
    words = iter(paragraph.split())
    lines = [indent + next(words)]
    for word in words:
        if len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


@pytest.mark.parametrize("tail", ["", "LOAD-DATE: January 11, 2010"])
@pytest.mark.parametrize(
    "body",
    [
        "\n\n".join(TALE),
        "\n".join(TALE),
        "\n\n\n".join(TALE),
        "\n\n".join(wrap(paragraph) for paragraph in TALE),
        "\n\n".join(wrap(paragraph, 72, "    ") for paragraph in TALE),
        "\n".join(wrap(paragraph, 72, "   ") for paragraph in TALE),
        "\n\n".join(wrap(paragraph).replace("\n", "\n ") for paragraph in TALE),
        "\n \t\n".join(wrap(paragraph) for paragraph in TALE),
    ],
    ids=["blank", "line", "blanks", "wrapped", "indented", "only indented", "aligned", "white"],
)
def test_paragraphs_however_they_are_printed(body: str, tail: str) -> None:
    assert split_one(write(body=body, tail=tail)).body == "\n\n".join(TALE)


def test_body_alone_and_title_alone() -> None:
    text = "DEV-MUC3-0001\n\nHAIFA, 3 MAY 89 (AFP) -- [TEXT] THE LIGHT BURNS.\n\nDEV-MUC3-0002\n"
    found = split(text, LAYOUTS["newswire"])
    assert_lawful(text, found)
    (article,) = found.articles
    assert (article.title, article.body) == (None, "[TEXT] THE LIGHT BURNS.")
    assert codes(found) == ["broken_article"]
    bare = split_one(write(body="", tail="", byline="", section="", length=""))
    assert (bare.title, bare.body) == ("The Light That Nobody Ordered", "")


@pytest.mark.parametrize(
    ("opening", "dateline", "printed"),
    [
        ("HAIFA, 3 MAY 89 (AFP) -- ", "HAIFA, 3 MAY 89 (AFP)", "3 MAY 89"),
        ("HAIFA, 3 MAY 89 (AFP)-- ", "HAIFA, 3 MAY 89 (AFP)", "3 MAY 89"),
        ("HAIFA, 3 MAY 89 -- ", "HAIFA, 3 MAY 89", "3 MAY 89"),
        ("   HAIFA (ISRAEL), MAY 3 89 (AFP) -- ", "HAIFA (ISRAEL), MAY 3 89 (AFP)", "MAY 3 89"),
        ("HAIFA, 3 MAY 89\n(RADIO [R]) -- ", "HAIFA, 3 MAY 89 (RADIO [R])", "3 MAY 89"),
        ("HAIFA, 3 MAY\n89 (AFP) -- ", "HAIFA, 3 MAY 89 (AFP)", "3 MAY 89"),
        ("", None, None),
    ],
)
def test_datelines(opening: str, dateline: str | None, printed: str | None) -> None:
    body = "[TEXT] THE LIGHT BURNS, 4 MAY 89 (EFE) -- AS IT DID."
    article = split_one(f"DEV-MUC3-0001\n\n{opening}{body}\n", LAYOUTS["newswire"])
    assert (article.dateline, article.published_text) == (dateline, printed)
    assert article.body == body


@pytest.mark.parametrize(
    ("printed", "text", "doubts"),
    [
        ("3 MAY", "3 MAY", ["bad_date"]),
        ("NO DATE", None, []),
        ("31 FEB 89", "31 FEB 89", ["bad_date"]),
    ],
)
def test_dates_that_cannot_be_read_are_null(
    printed: str, text: str | None, doubts: list[str]
) -> None:
    dump = f"DEV-MUC3-0001\n\nHAIFA, {printed} (AFP) -- [TEXT] THE LIGHT BURNS.\n"
    found = split(dump, LAYOUTS["newswire"])
    assert_lawful(dump, found)
    assert found.articles[0].date is None
    assert found.articles[0].published_text == text
    assert codes(found) == doubts
    assert found.articles[0].dateline == f"HAIFA, {printed} (AFP)"


# Marks between articles

STOP = parse("[article]\nends = ['\\*STOP']\n")


def test_ends_alone_cut_a_dump() -> None:
    text = f"{TALE[0]}\n*STOP\n{TALE[1]}\n\n{TALE[2]}\n*STOP\n"
    found = split(text, STOP)
    assert_lawful(text, found)
    assert [article.body for article in found.articles] == [TALE[0], f"{TALE[1]}\n\n{TALE[2]}"]
    assert found.doubts == ()


def test_text_behind_the_last_end_is_reported() -> None:
    text = f"{TALE[0]}\n*STOP\n{TALE[1]}\n"
    found = split(text, STOP)
    assert_lawful(text, found)
    assert [article.body for article in found.articles] == [TALE[0]]
    assert texts(text, found, "unknown") == [TALE[1]]
    assert codes(found) == ["unplaced"]


def test_text_between_an_end_and_a_beginning_is_reported() -> None:
    text = f"*TEXT 1 01/04/63\n{TALE[0]}\n*STOP\n{TALE[1]}\n*TEXT 2 01/04/63\n{TALE[2]}\n*STOP\n"
    found = split(text, LAYOUTS["archive"])
    assert_lawful(text, found)
    assert [article.body for article in found.articles] == [TALE[0], TALE[2]]
    assert texts(text, found, "unknown") == [TALE[1]]
    assert codes(found) == ["unplaced"]


@pytest.mark.parametrize(("blank_lines", "count"), [(0, 1), (1, 1), (2, 2), (3, 2)])
def test_gap_above_a_beginning(blank_lines: int, count: int) -> None:
    layout = parse("[article]\nbegins = ['\\[\\d+\\] (?P<title>.{1,60})']\ngap = 2\n")
    text = f"[1] A Light\n\n{TALE[0]}\n" + "\n" * blank_lines + f"[2] A Boat\n\n{TALE[1]}\n"
    found = split(text, layout)
    assert_lawful(text, found)
    assert [article.title for article in found.articles] == ["A Light", "A Boat"][:count]


def test_cover_is_a_preamble() -> None:
    text = f"Download Request: Selected Items: 1-2\n{write(1, 2)}{write(2, 2)}"
    found = split(text, NEXIS)
    assert_lawful(text, found)
    assert texts(text, found, "preamble") == ["Download Request: Selected Items: 1-2"]
    assert (found.claimed, codes(found)) == (2, [])


def test_no_mark_is_no_article() -> None:
    found = split(TALE[0], NEXIS)
    assert_lawful(TALE[0], found)
    assert (found.articles, codes(found)) == ((), ["no_article"])
    assert [span.kind for span in found.spans] == ["unknown"]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", " \f\r\n"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_nothing_is_nothing(name: str, text: str) -> None:
    found = split(text, LAYOUTS[name])
    assert_lawful(text, found)
    assert found.articles == ()


# Claimed and found

ERROR = "We are sorry but there is an error in this document and it is not possible to display it."


@pytest.mark.parametrize("rest", ["", "\n\n", "A Light\n\n"])
def test_mark_that_holds_a_title_is_an_article_without_a_text(rest: str) -> None:
    layout = parse("[article]\nbegins = ['# (?P<title>.{1,60})', '={5}']\n")
    title, rule = split(f"# A Light\n\n{rest}", layout), split("=====\n", layout)
    [article] = title.articles
    assert (article.title, article.body) == ("A Light", rest.strip())
    assert (codes(title), codes(rule)) == ([], ["broken_article"])


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("has_number", [True, False])
def test_broken_piece_is_reported_wherever_it_stands(place: int, has_number: bool) -> None:
    told = [write(number, 3) for number in (1, 2, 3)]
    told[place - 1] = f"\n\n{place} of 3 DOCUMENTS\n" * has_number + f"\n\n{ERROR}\n\n"
    text = "".join(told)
    found = split(text, NEXIS)
    assert_lawful(text, found)
    assert len(found.articles) == 2
    assert codes(found) == ["broken_article", "count_differs"]
    assert (found.claimed, found.doubts[1].detail.rpartition("; ")[2]) == (3, f"missing: {place}")
    (unknown,) = texts(text, found, "unknown")
    assert unknown.endswith(ERROR)
    assert all(article.body == "\n\n".join(TALE) for article in found.articles)


def test_every_piece_is_broken() -> None:
    text = "".join(f"{number} of 2 DOCUMENTS\n\n{ERROR}\n\n" for number in (1, 2))
    found = split(text, NEXIS)
    assert_lawful(text, found)
    assert found.articles == ()
    assert codes(found) == ["broken_article", "broken_article", "count_differs"]


@pytest.mark.parametrize(
    ("numbers", "claimed", "said"),
    [
        ((1, 2, 3), 3, None),
        ((3, 1, 2), 3, None),
        ((1, 2), 3, "expected 3 articles, as the file says, found 2; missing: 3"),
        ((1, 4, 8), 9, "expected 9 articles, as the file says, found 3; missing: 2-3, 5-7, 9"),
        ((1, 1, 2), 2, "expected 2 articles, as the file says, found 3"),
        ((1, 1, 3), 3, "expected the numbers 1 to 3, found 2 of 3; missing: 2"),
        ((1,), 383, "expected 383 articles, as the file says, found 1; missing: 2-383"),
    ],
)
def test_numbers_that_are_claimed(numbers: tuple[int, ...], claimed: int, said: str | None) -> None:
    text = "".join(write(number, claimed) for number in numbers)
    found = split(text, NEXIS)
    assert_lawful(text, found)
    assert found.claimed == claimed
    assert [number for number, _ in found.numbers] == list(numbers)
    assert [doubt.detail for doubt in found.doubts] == [said] * (said is not None)


def test_numbers_of_a_later_batch() -> None:
    text = f"Selected Items: 501-504\n{write(501, 2146)}{write(502, 2146)}{write(504, 2146)}"
    (doubt,) = split(text, NEXIS).doubts
    assert doubt.detail == "expected 4 articles, as the file says, found 3; missing: 503"


def test_most_frequent_claim_counts() -> None:
    """One of ten says "8 of 383 DOCUMENTS" where all others say "of 10"."""
    text = "".join(write(number, 383 if number == 8 else 10) for number in range(1, 11))
    assert split(text, NEXIS).claimed == 10
    assert split(text, NEXIS).doubts == ()


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((17, 18, 20), "19"),
        ((20, 17, 18), "19"),
        ((17, 17, 18), None),
        ((5,), None),
        (range(1, 41, 2), "2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24 and 7 more ranges"),
    ],
)
def test_numbers_that_skip(numbers: tuple[int, ...], missing: str | None) -> None:
    text = "".join(f"*TEXT {number:03} 01/04/63\n\n{TALE[0]}\n\n" for number in numbers)
    found = split(text, LAYOUTS["archive"])
    assert_lawful(text, found)
    assert len(found.articles) == len(numbers)
    assert codes(found) == ["numbers_skip"] * (missing is not None)
    if missing is not None:
        assert found.doubts[0].detail.endswith(f"missing: {missing}")


CLAIM = "(?P<first>[\\d,]{1,9})-(?P<last>[\\d,]{1,9}) of (?P<claimed>[\\d,]{1,9})"
COMMA = parse(
    "[article]\nbegins = ['(?P<number>[\\d,]{1,9}) of (?P<claimed>[\\d,]{1,9}) ITEMS']\n"
    f"[cover]\nclaims = ['{CLAIM}']\n"
)


def test_figures_with_commas_are_numbers() -> None:
    text = f"1,240 of 2,000 ITEMS\n\n{TALE[0]}\n\n1,241 of 2,000 ITEMS\n\n{TALE[1]}\n"
    found = split(text, COMMA)
    assert_lawful(text, found)
    assert ([number for number, _ in found.numbers], found.claimed) == ([1240, 1241], 2000)
    detail = "expected 2,000 articles, as the file says, found 2; missing: 1-1,239, 1,242-2,000"
    assert [doubt.detail for doubt in found.doubts] == [detail]


def test_figures_with_commas_in_a_vendors_export() -> None:
    text = write(1, 2).replace("1 of 2 ", "1,240 of 2,000 ")
    found = split(text, NEXIS)
    assert (len(found.articles), found.claimed) == (1, 2000)


@pytest.mark.parametrize(
    ("cover", "claimed"),
    [
        ("Items 1-240 of 240", 240),
        ("Items 1-1,240 of 2,000", 1240),
        ("240 of", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("is_behind", [False, True])
def test_claim_of_a_cover(cover: str, claimed: int | None, is_behind: bool) -> None:
    articles = "".join(f"1 of ITEMS\n\n{paragraph}\n\n" for paragraph in TALE)
    layout = parse(
        f"[article]\nbegins = ['1 of ITEMS']\nends = ['END']\n[cover]\nclaims = ['{CLAIM}']"
    )
    text = f"{articles}END\n\n{cover}\n" if is_behind else f"{cover}\n\n{articles}"
    found = split(text, layout)
    assert_lawful(text, found)
    assert (len(found.articles), found.claimed) == (3, claimed)
    assert codes(found) == ["count_differs"] * (claimed is not None)


def test_first_and_last_are_a_claim_too() -> None:
    text = f"Selected Items: 1-3\n\n{write(1, 1)}".replace("1 of 1 DOCUMENTS", "1 of 3 DOCUMENTS")
    assert split(text, NEXIS).claimed == 3


def test_odd_date_is_flagged() -> None:
    days = ["3 MAR 90", "4 MAR 90", "5 MAR 90", "11 MAR 11", "6 MAR 90", "7 MAR 90", "8 MAR 90"]
    text = "".join(
        f"DEV-MUC3-{number:04}\n\nHAIFA, {day} (AFP) -- [TEXT] THE LIGHT BURNS.\n\n"
        for number, day in enumerate(days, 1)
    )
    found = split(text, LAYOUTS["newswire"])
    assert_lawful(text, found)
    assert codes(found) == ["odd_date"]
    assert text[found.doubts[0].start :].startswith("DEV-MUC3-0004")
    assert found.articles[3].date is not None
    assert found.articles[3].date.date.year == 2011


# Elements of a page

PAGE = parse(
    "[article]\nmarks = ['div.article', 'article']\n"
    "[marks]\ntitle = ['h1', '#hd']\nbyline = ['.author']\noutlet = ['.source']\nbody = ['.text']\n"
    "[[head]]\npart = 'date'\n"
    "[boilerplate]\nlines = ['Share this']\n"
)


def lay_out(*elements: tuple[str, str, str]) -> tuple[str, list[Mark]]:
    """A page of elements, each a tag, a class and its text."""
    text, marks = "\n\n", []
    for tag, name, words in elements:
        start = len(text)
        text += words
        marks.append(Mark(tag, None, (name,) * bool(name), start, len(text)))
        text += "\n\n"
    return text, marks


def test_elements_are_parts() -> None:
    text, marks = lay_out(
        ("span", "source", "The Jaffa Courier"),
        ("h1", "", "A Light"),
        ("div", "author", "Ruth Almagor"),
        ("div", "", "May 3 2019"),
        ("p", "text", TALE[0]),
        ("p", "text", TALE[1]),
        ("div", "", "Share this"),
    )
    article = split_one(text, PAGE, (Mark("div", None, ("article",), 2, len(text)), *marks))
    assert (article.outlet, article.title) == ("The Jaffa Courier", "A Light")
    assert (article.byline, article.published_text) == ("Ruth Almagor", "May 3 2019")
    assert article.body == f"{TALE[0]}\n\n{TALE[1]}"


@pytest.mark.parametrize("missing", ["source", "h1", "author", "date"])
def test_elements_may_be_missing(missing: str) -> None:
    elements = [
        ("span", "source", "The Jaffa Courier"),
        ("h1", "", "A Light"),
        ("div", "author", "Ruth Almagor"),
        ("div", "date", "May 3 2019"),
        ("p", "text", TALE[0]),
    ]
    text, marks = lay_out(*(each for each in elements if missing not in each))
    article = split_one(text, PAGE, (Mark("div", None, ("article",), 2, len(text)), *marks))
    assert article.outlet == (None if missing == "source" else "The Jaffa Courier")
    assert article.title == (None if missing == "h1" else "A Light")
    assert article.byline == (None if missing == "author" else "Ruth Almagor")
    assert article.published_text == (None if missing == "date" else "May 3 2019")
    assert article.body == TALE[0]


def test_each_element_of_an_article_is_one() -> None:
    text, marks = "", []
    for number, paragraph in enumerate(TALE):
        start = len(text)
        text += f"\n\nLight {number}\n\n{paragraph}\n\n"
        marks.append(Mark("article", None, (), start, len(text)))
        marks.append(Mark("h1", None, (), start + 2, start + 9))
    found = split(text, PAGE, marks)
    assert_lawful(text, found)
    assert [article.title for article in found.articles] == ["Light 0", "Light 1", "Light 2"]
    assert [article.body for article in found.articles] == list(TALE)


def test_byte_order_marks_of_joined_files_are_no_words() -> None:
    text = f"\ufeff\n\nA Light \ufeff\n\n\ufeff{TALE[0]}\ufeff\n\n\ufeff\n"
    marks = (Mark("article", None, (), 0, len(text)),)
    for layout in (PAGE, LAYOUTS["factiva"]):
        found = split(text, layout, marks)
        assert_lawful(text, found)
    page = b'<!DOCTYPE html <div class="article">\xef\xbb\xbf<table>b<pre>d'
    dump = decode(page)
    found = split(dump.text, LAYOUTS["factiva"], dump.marks)
    assert_lawful(dump.text, found)


def test_element_inside_an_article_is_no_second_one() -> None:
    text = f"A Light\n\n{TALE[0]}\n\n{TALE[1]}\n"
    marks = (
        Mark("div", None, ("article",), 0, len(text)),
        Mark("h1", None, (), 0, 7),
        Mark("div", None, ("article",), 9, 9 + len(TALE[0])),
    )
    assert split_one(text, PAGE, marks).body == f"{TALE[0]}\n\n{TALE[1]}"


def test_text_outside_the_elements_is_kept() -> None:
    text = f"Search results\n\nA Light\n\n{TALE[0]}\n\n{TALE[1]}\n\n{TALE[2]}\n\nNext page"
    start, end = text.index("A Light"), text.index(TALE[1])
    marks = (
        Mark("article", None, (), start, end),
        Mark("h1", None, (), start, start + 7),
        Mark("article", None, (), text.index(TALE[2]), text.index("Next page")),
    )
    found = split(text, PAGE, marks)
    assert_lawful(text, found)
    assert texts(text, found, "preamble") == ["Search results"]
    assert texts(text, found, "unknown") == [TALE[1]]
    assert codes(found) == ["unplaced"]


marks_by_chance = st.lists(
    st.builds(
        lambda tag, name, start, size: Mark(tag, None, (name,) * bool(name), start, start + size),
        st.sampled_from(["div", "article", "h1", "p"]),
        st.sampled_from(["", "article", "author", "source", "text"]),
        st.integers(0, 60),
        st.integers(0, 60),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=300)
@given(st.text("ab \n:.\ufeff", max_size=80), marks_by_chance)
@example(" ", [Mark("div", None, ("article",), 0, 1)])
def test_any_marks_on_any_text_are_lawful(text: str, marks: list[Mark]) -> None:
    inside = (mark for mark in marks if mark.end <= len(text))
    inside = sorted(inside, key=lambda mark: (mark.start, -mark.end))
    assert_lawful(text, split(text, PAGE, inside))


# Line ends and white space

SAMPLES = {
    path.name: decode(path.read_bytes()).text
    for path in sorted(SHIPPED.iterdir())
    if path.suffix in (".txt", ".mbox")
}
REWRITES = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "trailing spaces": lambda text: re.sub(r"\n", " \t\n", text),
    "a byte order mark": lambda text: "\ufeff" + text,
    "no newline at the end": lambda text: text.rstrip("\n"),
    "many newlines at both ends": lambda text: "\n" * 20 + text + "\n" * 20,
}


def layout_of(name: str) -> MarkedLayout:
    form = re.split(r"[_.]", name)[0]
    layout = LAYOUTS["mbox" if form == "clips" else form]
    assert isinstance(layout, MarkedLayout)
    return layout


@pytest.mark.parametrize(
    ("name", "rewrite"),
    # no mail program writes line ends of CR alone
    [pair for pair in itertools.product(SAMPLES, REWRITES) if pair != ("clips.mbox", "CR")],
)
def test_white_space_changes_no_article(name: str, rewrite: str) -> None:
    plain = SAMPLES[name].replace("\r\n", "\n")
    text = REWRITES[rewrite](plain)
    found = split(text, layout_of(name))
    assert_lawful(text, found)
    before = split(plain, layout_of(name))
    assert [tell(article) for article in found.articles] == list(map(tell, before.articles))
    assert (found.claimed, codes(found)) == (before.claimed, codes(before))


def test_form_feeds_between_articles() -> None:
    text = "\f".join(write(number, 3) for number in (1, 2, 3))
    found = split(text, NEXIS)
    assert_lawful(text, found)
    assert [article.body for article in found.articles] == ["\n\n".join(TALE)] * 3
    glued = text.replace("\f\n\n", "\f")
    assert len(split(glued, NEXIS).articles) == 3


def test_hard_spaces_are_spaces() -> None:
    text = re.sub(r"(?<=\w) (?=\w)", "\u00a0", write())
    article = split_one(text.replace("1\u00a0of\u00a01\u00a0DOCUMENTS", "1 of 1 DOCUMENTS"))
    assert tell(article) == tell(split_one(write()))


@pytest.mark.parametrize("space", ["\u00a0", "\t"])
def test_hard_spaces_in_a_mark(space: str) -> None:
    text = write().replace("1 of 1 DOCUMENTS", f"1{space}of{space}1{space}DOCUMENTS")
    assert split_one(text).title == "The Light That Nobody Ordered"


def test_boilerplate_ends_where_its_line_ends() -> None:
    text = write(body=f"{TALE[0]}\n\nCopyright 2010 The Courier\n\nIt burns.\n\n{TALE[1]}")
    single = split_one(text.replace("\n", "\r"))
    assert single.body == split_one(text).body == f"{TALE[0]}\n\nIt burns.\n\n{TALE[1]}"


# Linear time: none of these ends within the limit where the work grows with the square

MARKS = {
    "nexis": "1 of 9 DOCUMENTS\n\nA\n\nMay 3 2019\n\nB\n\nBYLINE: C\n\n",
    "newswire": "DEV-MUC3-0001\n\n",
    "archive": "*TEXT 017 01/04/63\n",
    "mbox": "From a@b Thu Jan  3 12:00:00 2002\nSubject: c\n\n",
}
ODD = {
    "newlines": "\n",
    "line ends of two kinds": "\r\n",
    "form feeds": "\f",
    "a line without spaces": "a",
    "a line of words": "a ",
    "lines of a letter": "a\n",
    "paragraphs of a word": "word\n\n",
    "labels": "ABCDE: x\n",
    "labels without a value": "HEADLINE:\n",
    "labels of a tail": "LOAD-DATE: x\n\n",
    "boilerplate": "Copyright 2010 A\n\n",
    "brackets": "A, 3 MAY 89 ((",
    "dates": "May 3 2019\n",
    "errors": "error in this document ",
    "claims": "1-2 of ",
    "marks in a line": "1 of 9 DOCUMENTS ",
    "marks on lines": "1 of 9 DOCUMENTS\n",
    "ends": "*STOP\n",
}
WHITE = {"spaces": " ", "hard spaces": "\u00a0", "tabs": "\t"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", ODD)
@pytest.mark.parametrize("name", MARKS)
def test_odd_shapes_take_linear_time(name: str, shape: str) -> None:
    text = MARKS[name] + ODD[shape] * (300_000 // len(ODD[shape]))
    assert_lawful(text, split(text, LAYOUTS[name]))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("shape", WHITE)
@pytest.mark.parametrize("name", MARKS)
def test_white_space_behind_a_mark_takes_linear_time(name: str, shape: str) -> None:
    text = MARKS[name] + WHITE[shape] * 300_000
    assert_lawful(text, split(text, LAYOUTS[name]))


# Laws

PIECES = [
    *["\n", "\n\n", "\r\n", "\r", "\f", " ", "\u00a0", "\ufeff", "\u2028", "\x0b", "\x85", "\t"],
    *["1 of 9 DOCUMENTS", "Document 2 of 9 DOCUMENTS", "3 von 9 DOKUMENTEN", "9 de 9 DOCUMENTS"],
    *["HEADLINE:", "BYLINE: Ruth Almagor", "SECTION: NEWS; Pg. 3", "LENGTH: 40 words", "BODY:"],
    *["LOAD-DATE: May 3, 2010", "SUBJECT: A; B;", "ABCDE: x", "ABCDE:", "HIGHLIGHT:"],
    *["Copyright 2010 The Courier", "All Rights Reserved", ERROR, "Selected Items: 1-9"],
    *["DEV-MUC3-0001 (NOSC)", "HAIFA, 3 MAY 89 (AFP) --", "NO CITY, NO DATE --", "A, 3 MAY\n89 (["],
    *["*TEXT 017 01/04/63 PAGE 020", "*TEXT 18 99/99/99", "*STOP", "1-240 of 240"],
    *["From a@b Thu Jan  3 12:00:00 2002", "Subject: A light", "Date: 3 May 2019", "X-Y: z"],
    *[
        "HD\tA light",
        "PD\t3 May 2019",
        "WC\t40 words",
        "LP\t",
        "355 words",
        "Document AB0000001234",
    ],
    *["May 3 2019", "3 May", "The Jaffa Courier", "A Light", *TALE, TALE[0][:70], "x", ".", ":"],
]
any_text = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5))).map("".join),
    st.lists(st.sampled_from(PIECES)).map("\n".join),
    st.lists(st.sampled_from(PIECES)).map("\n\n".join),
    st.lists(st.sampled_from(PIECES)).map("\r".join),
)


@settings(deadline=None, max_examples=400)
@given(any_text, st.sampled_from(list(LAYOUTS)))
def test_any_text_is_split_by_any_layout(text: str, name: str) -> None:
    found = split(text, LAYOUTS[name])
    assert_lawful(text, found)
    assert split(text, LAYOUTS[name]) == found


articles_by_chance = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "outlet": st.just(""),
            "byline": st.sampled_from(["", "BYLINE: A\nB"]),
            "section": st.just(""),
            "length": st.just(""),
            "title": st.sampled_from(["A Light", "A Light\nAt Sea"]),
            "tail": st.sampled_from(["", "LOAD-DATE: May 3, 2010", "Copyright 2010 A"]),
            "body": st.permutations(TALE).map("\n\n".join),
        },
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=100)
@given(articles_by_chance)
def test_articles_do_not_change_with_their_neighbours(parts: list[dict[str, str]]) -> None:
    written = [write(number, len(parts), **each) for number, each in enumerate(parts, 1)]
    text = "".join(written)
    found = split(text, NEXIS)
    assert_lawful(text, found)
    assert found.doubts == ()
    alone = [split(each, NEXIS).articles for each in written]
    assert [[tell(article)] for article in found.articles] == [
        list(map(tell, one)) for one in alone
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_article_cut_out_is_the_same_article(name: str) -> None:
    text = SAMPLES[name]
    for article in split(text, layout_of(name)).articles:
        (again,) = split(text[article.start : article.end], layout_of(name)).articles
        assert tell(again) == tell(article)
