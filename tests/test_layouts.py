"""Layouts: the one that ships, and what a fault in a file is answered with."""

import re
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.errors import LayoutError
from clippings.layouts.layout import Label, Layout, layout_names, load_layout, parse_layout

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
        ("", "name", "3", "expected a str .*, found a int"),
        ("separator", "lines", "'%%'", "expected a list .*, found a str"),
        ("boilerplate", "longest", '"12"', "expected a int .*, found a str"),
        ("byline", "starts", '"By"', "expected a list .*, found a str"),
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
