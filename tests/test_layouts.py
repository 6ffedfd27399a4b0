"""Layouts: those that ship, a user's own, and what a fault in a file is answered with."""

import json
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.errors import LayoutError
from clippings.layouts.layout import (
    Label,
    Layout,
    MarkedLayout,
    groups,
    layout_names,
    load_layout,
    name_source,
    parse_layout,
    read_source,
)
from clippings.split import split

DIGEST = (resources.files("clippings.layouts") / "digest.toml").read_text(encoding="utf-8")
SECTIONS = ["separator", "byline", "outlet", "topics", "boilerplate"]


def put(section: str, key: str, value: str | None) -> str:
    """The text of digest.toml with another value for one key, or without the key."""
    start = DIGEST.index(f"[{section}]\n") if section else 0
    pattern = rf"^{key} = (\[.*?\]|\"\"\".*?\"\"\"|[^\n]*)$"
    line = "" if value is None else f"{key} = {value}"
    changed, count = re.compile(pattern, re.MULTILINE | re.DOTALL).subn(
        lambda _: line, DIGEST[start:], count=1
    )
    assert count == 1
    return DIGEST[:start] + changed


def parse(text: str) -> Layout:
    return parse_layout(text, where="my.toml")


def find_line(text: str, section: str, words: str) -> int:
    """Number of the line of a section that holds some words, from 1."""
    at = text.index(words, text.index(f"[{section}]") if section else 0)
    return text.count("\n", 0, at) + 1


def test_digest_ships() -> None:
    assert "digest" in layout_names()
    assert layout_names() == sorted(layout_names())
    assert load_layout("digest") is load_layout("digest")


@pytest.mark.parametrize("name", layout_names())
def test_every_layout_that_ships_can_be_used(name: str) -> None:
    assert load_layout(name).name == name
    # Its patterns are not looked at one by one when a run loads it.
    assert load_layout(name) == parse_layout(read_source(name), where=name)


def test_fingerprint_follows_the_content() -> None:
    first = parse(DIGEST)
    assert first.fingerprint == parse_layout(DIGEST, where="other.toml").fingerprint
    assert first.fingerprint != parse(DIGEST + "\n").fingerprint


def test_layout_says_what_the_file_says() -> None:
    assert parse(put("", "name", '"mine"')).name == "mine"
    assert parse(put("topics", "separator", '";"')).topic_separator == ";"
    assert parse(put("boilerplate", "longest", "12")).boilerplate.longest == 12
    separator = parse(put("separator", "lines", "['%%', 'END']")).separator
    assert separator.fullmatch("%%")
    assert separator.fullmatch("END")
    assert not separator.fullmatch("-----")
    whole = parse(put("boilerplate", "lines", "['click here']")).boilerplate.whole
    assert whole.fullmatch("click here!")
    assert not whole.fullmatch("click here to go on")
    opens = parse(put("boilerplate", "opens", "['please']")).boilerplate.opens
    assert opens.match("please wait")
    assert not opens.match("pleased")
    words = parse(put("boilerplate", "words", "['pay']")).boilerplate.words
    assert words.search("to pay for it")
    assert not words.search("no payment")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Source: FDD", "FDD"),
        ("SOURCE:FDD", "FDD"),
        ("source:   FDD ", "FDD"),
        ("As seen in Haaretz", "Haaretz"),
        ("as  seen\u00a0in Haaretz", "Haaretz"),
        ("As seen in: Haaretz", "Haaretz"),
        ("As seen in", ""),
        ("Sources: FDD", None),
        ("Source FDD", None),
        ("As seen inside", None),
        ("The Source: FDD", None),
        ("", None),
    ],
)
def test_label_gives_what_follows_it(line: str, value: str | None) -> None:
    layout = parse(put("outlet", "starts", '["Source:", "As seen in"]'))
    assert layout.outlet.value(line) == value


@pytest.mark.parametrize(
    ("name", "found"), [("digst", 'Did you mean "digest"?'), ("zzz", 'found "zzz".'), ("", '""')]
)
def test_unknown_layout_is_named_with_those_there_are(name: str, found: str) -> None:
    with pytest.raises(LayoutError, match="expected one of .*digest.*" + re.escape(found)):
        load_layout(name)


@pytest.mark.parametrize("name", ["../layouts/digest", "digest.toml", "/etc/passwd"])
def test_layout_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(LayoutError):
        load_layout(name)


def test_no_toml_is_named_with_its_line() -> None:
    text = DIGEST.replace("[byline]", "[byline")
    line = find_line(text, "separator", "[byline")
    with pytest.raises(LayoutError, match=rf"^my.toml: expected TOML, .*line {line}\b"):
        parse(text)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("separator", "lines"),
        ("byline", "starts"),
        ("outlet", "starts"),
        ("topics", "separator"),
        ("boilerplate", "longest"),
        ("boilerplate", "tells"),
    ],
)
def test_missing_key_is_named(section: str, key: str) -> None:
    with pytest.raises(LayoutError, match=f'^my.toml: expected a key "{key}", found none'):
        parse(put(section, key, None))


@pytest.mark.parametrize("section", SECTIONS)
def test_missing_section_is_named(section: str) -> None:
    text = re.sub(rf"^\[{section}\]\n(?:(?!^\[).*\n)*", "", DIGEST, flags=re.MULTILINE)
    with pytest.raises(LayoutError, match=f'^my.toml: expected a key "{section}", found none'):
        parse(text)


def test_unknown_key_is_named_with_its_line_and_the_nearest() -> None:
    text = DIGEST.replace("\nlongest = ", "\nlongst = ")
    line = find_line(text, "boilerplate", "longst")
    with pytest.raises(LayoutError, match=rf'^my.toml:{line}: .*"longst".*mean "longest"\?'):
        parse(text)
    text = DIGEST.replace("[byline]", "[bylines]")
    line = find_line(text, "separator", "[bylines]")
    with pytest.raises(LayoutError, match=rf'^my.toml:{line}: .*"bylines".*mean "byline"\?'):
        parse(text)


@pytest.mark.parametrize(
    ("section", "key", "value", "problem"),
    [
        ("", "name", "3", "expected a text .*, found a number"),
        ("separator", "lines", "'%%'", "expected a list .*, found a text"),
        ("boilerplate", "longest", '"12"', "expected a number .*, found a text"),
        ("byline", "starts", '"By"', "expected a list .*, found a text"),
        ("separator", "lines", "['(%%']", "expected a regular expression"),
        ("boilerplate", "words", "['pay[']", "expected a regular expression"),
        ("byline", "starts", "[1]", "expected"),
        ("boilerplate", "words", "[1]", "expected"),
        ("topics", "separator", '""', "expected"),
        ("boilerplate", "longest", "true", "expected"),
        ("boilerplate", "words", "['p{9999999999}']", "expected"),
    ],
)
def test_wrong_value_is_named(section: str, key: str, value: str, problem: str) -> None:
    with pytest.raises(LayoutError, match=rf"^my.toml:\d+: {problem}"):
        parse(put(section, key, value))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("boilerplate", "longest", '"12"'),
        ("separator", "lines", "'%%'"),
        ("topics", "starts", '"More"'),
        ("separator", "lines", "['(%%']"),
        ("boilerplate", "words", "['pay[']"),
    ],
)
def test_wrong_value_is_named_with_its_line(section: str, key: str, value: str) -> None:
    text = put(section, key, value)
    line = find_line(text, section, f"{key} = ")
    with pytest.raises(LayoutError, match=rf"^my.toml:{line}: "):
        parse(text)


@pytest.mark.parametrize("key", ["opens", "words", "tells"])
def test_empty_list_matches_nothing(key: str) -> None:
    page = parse(put("boilerplate", key, "[]")).boilerplate
    assert getattr(page, key).search("a plain line") is None


def test_empty_label_matches_nothing() -> None:
    byline: Label = parse(put("byline", "starts", "[]")).byline
    assert byline.value(": a line that begins with a colon") is None


def test_line_with_a_label_begins_with_an_initial() -> None:
    starts = ["by", " Kilo", "\u017fource", "Über", "[x]"]  # a long s is an "s" in any case
    label: Label = parse(put("byline", "starts", json.dumps(starts))).byline
    opening = {
        initial
        for initial in map(chr, range(128))
        for start in starts
        if label.pattern.match(initial + start.strip()[1:])
    }
    assert opening == set("bBkKsS[")
    assert label.not_initials == set(map(chr, range(128))) - opening


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_damage_is_a_layout_or_a_layout_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DIGEST)))
    end = data.draw(st.integers(start, min(len(DIGEST), start + 30)))
    text = DIGEST[:start] + data.draw(st.text(max_size=5)) + DIGEST[end:]
    try:
        parse(text)
    except LayoutError as error:
        message = str(error)
    else:
        return
    assert message.startswith("my.toml:")


def test_patterns_of_digest_are_written_as_lines_are_compared() -> None:
    """They see the line in lower case and without apostrophes."""
    page = DIGEST[DIGEST.index("[boilerplate]") :]
    for line in page.splitlines():
        if not line.startswith("#"):
            plain = re.sub(r"\\.", "", line)
            assert plain == plain.lower()
            assert "’" not in plain


# Layouts of marked dumps

WIRE = """\
name = "wire"

[article]
begins = ['MSG (?P<id>[A-Z]+-(?P<number>\\d+)) of (?P<claimed>\\d+)', 'ITEM (?P<number>\\d+)']
ends = ['END']
broken = ['lost']
gap = 1
part = "section"

[[head]]
part = "outlet"

[[head]]
part = "title"
matches = '[A-Z ]{1,60}'
is_optional = true
is_block = true

[labels]
byline = ["BY", "VON"]
topics = ["RE:"]
other = ['[A-Z]{5,9}']

[dateline]
opens = ['(?P<dateline>[A-Z]+, (?P<date>\\d+ [A-Z]+)) -- ']

[topics]
separator = "/"

[boilerplate]
lines = ['(?i:all rights reserved)']

[cover]
claims = ['(?P<first>\\d+)-(?P<last>\\d+) of (?P<claimed>\\d+)']

[dates]
languages = ["en", "de"]
century = 1930
order = "day"
needs_year = false
"""


def parse_wire(old: str = "", new: str = "") -> MarkedLayout:
    """WIRE with one stretch of it changed."""
    assert old in WIRE
    layout = parse_layout(WIRE.replace(old, new, 1) if old else WIRE, where="my.toml")
    assert isinstance(layout, MarkedLayout)
    return layout


def test_all_forms_ship() -> None:
    names = {"archive", "digest", "factiva", "mbox", "newswire", "nexis"}
    assert names <= set(layout_names())
    assert isinstance(load_layout("digest"), Layout)
    for name in layout_names():
        layout = load_layout(name)
        assert isinstance(layout, Layout if name == "digest" else MarkedLayout)
        assert layout.name == name
        if isinstance(layout, MarkedLayout):
            assert layout.begins or layout.ends or layout.elements


def test_marked_layout_says_what_the_file_says() -> None:
    layout = parse_wire()
    assert (layout.name, layout.gap, layout.begin_part) == ("wire", 1, "section")
    assert (layout.topic_separator, layout.elements, layout.marks) == ("/", (), {})
    assert layout.dates.languages == ("en", "de")
    assert (layout.dates.century, layout.dates.order) == (1930, "day")
    assert not layout.dates.is_year_needed
    first, second = layout.head
    assert (first.part, first.matches, first.is_optional, first.is_block) == (
        *("outlet", None),
        *(False, False),
    )
    assert (second.part, second.is_optional, second.is_block) == ("title", True, True)
    assert second.matches
    assert second.matches.fullmatch("A LIGHT")
    assert layout.claims
    claim = layout.claims.search("1-240 of 240")
    assert claim
    assert set(groups(claim)) == {"first", "last", "claimed"}


def test_what_a_marked_layout_leaves_out_is_empty() -> None:
    layout = parse_layout("name = 'bare'\n[article]\nbegins = ['#']\n", where="my.toml")
    assert isinstance(layout, MarkedLayout)
    assert (layout.ends, layout.broken, layout.labels, layout.dateline) == (None,) * 4
    assert (layout.boilerplate, layout.claims) == (None, None)
    assert (layout.gap, layout.begin_part, layout.topic_separator) == (0, "id", ",")
    assert (layout.elements, layout.head, layout.marks) == ((), (), {})
    assert (layout.dates.languages, layout.dates.century) == (("en",), None)
    assert layout.dates.is_year_needed


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("MSG A-1 of 9\nx\n   ITEM 2\n", ["MSG A-1 of 9", "ITEM 2"]),
        ("\ufeffITEM 1", ["ITEM 1"]),
        ("x\r\nITEM 1  \r\n", ["ITEM 1"]),
        ("ITEM 1\nITEM 2\nITEM 3", ["ITEM 1", "ITEM 2", "ITEM 3"]),
        ("an ITEM 1\nITEM 1 is out\nITEM one\nitem 1\nITEMS 1", []),
    ],
)
def test_a_line_is_found_where_it_is_a_whole_line(text: str, lines: list[str]) -> None:
    begins = parse_wire().begins
    assert begins
    found = [match.group("line").rstrip() for match in begins.find(text, 0, len(text))]
    assert found == lines


def test_groups_of_several_patterns_share_their_names() -> None:
    begins = parse_wire().begins
    assert begins
    text = "MSG A-1 of 9\nITEM 2"
    found = [
        {name: text[slice(*stretch)] for name, stretch in groups(match).items()}
        for match in begins.find(text, 0, len(text))
    ]
    assert found == [{"id": "A-1", "number": "1", "claimed": "9"}, {"number": "2"}]


@pytest.mark.parametrize(
    ("line", "part", "value"),
    [
        ("BY: Ruth", "byline", "Ruth"),
        ("by: Ruth", "byline", "Ruth"),
        ("  VON :Ruth", "byline", "Ruth"),
        ("BY\tRuth", "byline", "Ruth"),
        ("RE: a/b", "topics", "a/b"),
        ("PLACE: Haifa", "other", "Haifa"),
        ("BY:", "byline", ""),
        ("BY Ruth", None, None),
        ("BYE: Ruth", None, None),
        ("BY-BY: Ruth", None, None),
        ("place: Haifa", None, None),
        ("written BY: Ruth", None, None),
    ],
)
def test_label_names_the_part(line: str, part: str | None, value: str | None) -> None:
    labels = parse_wire().labels
    assert labels
    match = labels.match(line, 0, len(line))
    found = match and next(name for name in ("byline", "topics", "other") if match[name])
    assert found == part
    assert (match and line[match.end() :]) == value


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("begins =", "begin =", "begin", 'found "begin".* mean "begins"'),
        (
            "[boilerplate]",
            "[boilerplates]",
            "[boilerplates]",
            '"boilerplates".* mean "boilerplate"',
        ),
        ("is_optional", "is_optinal", "is_optinal", '"is_optinal".* mean "is_optional"'),
        ("byline =", "by_line =", "by_line", '"by_line".* mean "byline"'),
        ("century", "centuri", "centuri", '"centuri".* mean "century"'),
        ("claims", "claim", "claim ", '"claim".* mean "claims"'),
        ("opens", "open", "open ", '"open".* mean "opens"'),
        ("gap = 1", 'gap = "1"', "gap", "expected a number .*found a text"),
        ("gap = 1", "gap = true", "gap", "expected a number .*found true or false"),
        ("gap = 1", "gap = 1.5", "gap", "expected a number .*found a decimal number"),
        ("['END']", "'END'", "ends", "expected a list .*found a text"),
        ("['END']", "['END', 3]", "ends", "expected text .*found 3"),
        ("['END']", "['']", "ends", "expected text .*found ''"),
        ("['END']", "[['END']]", "ends", "expected text"),
        ("['END']", "['(END']", "ends", "expected a regular expression"),
        ("(?P<claimed>", "(?P<claim>", "begins", 'expected a group of .*"claim".* mean "claimed"'),
        (
            "(?P<dateline>",
            "(?P<place>",
            "opens",
            'expected a group of dateline, date, found "place"',
        ),
        ("(?i:all", "(?P<title>all", "lines", 'expected a group of none, found "title"'),
        ('"de"]', '"ge"]', "languages", 'expected a language of en, fr, de, es, nl, found "ge"'),
        ('"day"', '"days"', "order", 'expected "day" or "month", found "days"'),
        (
            "needs_year = false",
            "needs_year = 0",
            "needs_year",
            "expected true or false .*found a number",
        ),
        ('["BY", "VON"]', '["BY(", "VON"]', "byline", "expected a regular expression"),
        ('separator = "/"', 'separator = ["/"]', "separator", "expected a text .*found a list"),
        ("name = ", "nam = ", "nam ", '"nam".* mean "name"'),
    ],
)
def test_fault_in_a_marked_layout_is_named_with_its_line(
    old: str, new: str, line: str, problem: str
) -> None:
    text = WIRE.replace(old, new, 1)
    number = next(
        number for number, each in enumerate(text.splitlines(), 1) if each.startswith(line)
    )
    with pytest.raises(LayoutError, match=rf"^my\.toml:{number}: .*{problem}"):
        parse_wire(old, new)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('part = "outlet"\n', "", 'expected a key "part", found none'),
        ('part = "outlet"', 'part = "outlets"', '"outlets".* mean "outlet"'),
        ('part = "section"', 'part = "sections"', '"sections".* mean "section"'),
        ('name = "wire"', "", 'expected a key "name", found none'),
        ('[[head]]\npart = "outlet"', "[head.a]", "expected"),
        ("[article]", "[articles]", "expected"),
    ],
)
def test_fault_in_a_marked_layout_is_named(old: str, new: str, problem: str) -> None:
    with pytest.raises(LayoutError, match=rf"^my\.toml(:\d+)?: .*{problem}"):
        parse_wire(old, new)


@pytest.mark.xfail(strict=True, reason="the line of the first table is told")
def test_fault_in_a_second_table_has_the_line_of_that_table() -> None:
    text = WIRE.replace('part = "title"', "part = 3")
    with pytest.raises(LayoutError, match=rf"^my\.toml:{find_line(text, '', 'part = 3')}: "):
        parse(text)


@pytest.mark.parametrize("rest", ["", "begins = []", "gap = 2", "broken = ['lost']"])
def test_something_marks_an_article(rest: str) -> None:
    with pytest.raises(LayoutError, match='expected "begins", "ends" or "marks" under'):
        parse(f"name = 'bare'\n[article]\n{rest}\n")


@pytest.mark.parametrize("selector", ["div..a", "#", "a > b", ".", "div article", "1a"])
@pytest.mark.parametrize("section", ["article", "marks"])
def test_selector_that_is_none_is_an_error(section: str, selector: str) -> None:
    key = "marks" if section == "article" else "title"
    text = f"name = 'page'\n[article]\nbegins = ['#']\n[{section}]\n{key} = ['{selector}']\n"
    text = text.replace("[article]\nbegins = ['#']\n[article]\n", "[article]\n")
    line = find_line(text, "", f"{key} =")
    with pytest.raises(LayoutError, match=rf"^my\.toml:{line}: expected a selector"):
        parse(text)


SHIPPED = {name: read_source(name) for name in layout_names()}


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("separator", "lines"),
        *(("boilerplate", key) for key in ("lines", "opens", "words", "tells")),
    ],
)
def test_patterns_that_cannot_stand_side_by_side(section: str, key: str) -> None:
    text = put(section, key, "['(?i)abc', 'd']")
    line = find_line(text, section, f"{key} =")
    with pytest.raises(LayoutError, match=rf"^my\.toml:{line}: .*side by side.*\(\?i:"):
        parse(text)


def test_a_back_reference_is_a_layout_error() -> None:
    source = SHIPPED["newswire"]
    begins = source.index("begins = [")
    pattern = source.index("'", begins) + 1
    text = source[:pattern] + r"(a)\1|" + source[pattern:]
    with pytest.raises(LayoutError, match="no back references"):
        parse_layout(text, where="my.toml")


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_damage_to_any_layout_is_a_layout_or_a_layout_error(data: st.DataObject) -> None:
    source = SHIPPED[data.draw(st.sampled_from(sorted(SHIPPED)))]
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, min(len(source), start + 30)))
    text = source[:start] + data.draw(st.text(max_size=5)) + source[end:]
    try:
        layout = parse_layout(text, where="my.toml")
    except LayoutError as error:
        message = str(error)
        assert message.startswith("my.toml:")
    else:
        dump = "1 of 2 DOCUMENTS\n\nTitle\n\nMay 3 2019\n\nWords.\n"
        assert split(dump, layout).spans[-1].end == len(dump)


# A user's own


def test_own_layout_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "wire.toml").write_text(WIRE, encoding="utf-8")
    assert layout_names(tmp_path) == ["wire", *layout_names()]
    assert load_layout("wire", tmp_path).name == "wire"
    assert load_layout("nexis", tmp_path) == load_layout("nexis")
    assert read_source("wire", tmp_path) == WIRE
    assert read_source("nexis", tmp_path) == SHIPPED["nexis"]


def test_own_layout_comes_before_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "nexis.toml").write_text(name_source(WIRE, "nexis"), encoding="utf-8")
    own = load_layout("nexis", tmp_path)
    assert (own.name, own.dates.century) == ("nexis", 1930)
    assert layout_names(tmp_path) == sorted(layout_names(), key=lambda name: name != "nexis")
    assert load_layout("nexis").fingerprint != own.fingerprint


def test_own_layout_that_is_mended_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "wire.toml"
    file.write_text(WIRE, encoding="utf-8")
    before = load_layout("wire", tmp_path)
    file.write_text(WIRE.replace("gap = 1", "gap = 2"), encoding="utf-8")
    after = load_layout("wire", tmp_path)
    assert isinstance(after, MarkedLayout)
    assert after.gap == 2
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize("name", [".wire.toml", "~wire.toml", "wire.toml~", "wire.txt", "wire.TML"])
def test_other_files_are_no_layouts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("nothing", encoding="utf-8")
    assert layout_names(tmp_path) == layout_names()


def test_folder_need_not_exist(tmp_path: Path) -> None:
    assert layout_names(tmp_path / "none") == layout_names()
    assert load_layout("digest", tmp_path / "none") is load_layout("digest")


def test_fault_in_an_own_layout_is_named_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "wire.toml"
    file.write_text(WIRE.replace("ends", "end"), encoding="utf-8")
    with pytest.raises(LayoutError, match=rf"^{re.escape(str(file))}:5: .*mean \"ends\"\?"):
        load_layout("wire", tmp_path)
    file.write_bytes(b"name = '\xff'")
    with pytest.raises(LayoutError, match=rf"^{re.escape(str(file))}: expected a layout in UTF-8"):
        load_layout("wire", tmp_path)


def test_unknown_layout_is_named_with_those_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "wire.toml").write_text(WIRE, encoding="utf-8")
    with pytest.raises(
        LayoutError, match=r'expected one of wire, .*, found "wires"\..*mean "wire"'
    ):
        load_layout("wires", tmp_path)


def test_source_takes_another_name() -> None:
    renamed = name_source(WIRE, "cable")
    assert parse(renamed).name == "cable"
    assert renamed == WIRE.replace('name = "wire"', 'name = "cable"')
