"""Layouts: the one that ships, and what a fault in a file is answered with."""

import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.errors import LayoutError
from clippings.layouts.layout import layout_names, load_layout, parse_layout

DIGEST = (resources.files("clippings.layouts") / "digest.toml").read_text(encoding="utf-8")

SMALL = """\
name = "small"

[separator]
lines = ['%%']

[byline]
starts = ["From"]

[outlet]
starts = ["Source:", "As seen in"]

[topics]
starts = ["Subjects:"]
separator = ";"

[boilerplate]
longest = 12
lines = ['click here']
opens = ['please']
words = ['pay']
tells = ['said']
"""


def change(old: str, new: str) -> str:
    """The small layout with one thing changed."""
    assert SMALL.count(old) == 1
    return SMALL.replace(old, new)


def known_bug(*values: Any, reason: str) -> Any:
    return pytest.param(*values, marks=pytest.mark.xfail(strict=True, reason=reason))


def test_digest_ships() -> None:
    assert "digest" in layout_names()
    assert layout_names() == sorted(layout_names())
    layout = load_layout("digest")
    assert layout.name == "digest"
    assert load_layout("digest") is layout


@pytest.mark.parametrize("name", layout_names())
def test_every_layout_that_ships_can_be_used(name: str) -> None:
    assert load_layout(name).name == name


def test_fingerprint_follows_the_content() -> None:
    first = parse_layout(SMALL, where="small.toml")
    assert first.fingerprint == parse_layout(SMALL, where="other.toml").fingerprint
    assert first.fingerprint != parse_layout(SMALL + "\n", where="small.toml").fingerprint


def test_small_layout_says_what_the_file_says() -> None:
    layout = parse_layout(SMALL, where="small.toml")
    assert layout.name == "small"
    assert layout.separator.fullmatch("%%")
    assert not layout.separator.fullmatch("%")
    assert (layout.topic_separator, layout.boilerplate.longest) == (";", 12)
    assert layout.boilerplate.whole.fullmatch("click here!")
    assert not layout.boilerplate.whole.fullmatch("click here to go on")
    assert layout.boilerplate.opens.match("please wait")
    assert not layout.boilerplate.opens.match("pleased")
    assert layout.boilerplate.words.search("to pay for it")
    assert not layout.boilerplate.words.search("a payment")
    assert layout.boilerplate.tells.search("he said so")


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
    assert parse_layout(SMALL, where="small.toml").outlet.value(line) == value


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name =", r"^small.toml: expected TOML, found a fault: .*line 1"),
        (change("[byline]", "[byline"), r"^small.toml: expected TOML, found a fault: .*line 6"),
        (change("[byline]", "[bylines]"), r'^small.toml:6: .*"bylines".*Did you mean "byline"\?'),
        (change("longest = 12", "longst = 12"), r'^small.toml:17: .*Did you mean "longest"\?'),
        (change("longest = 12\n", ""), r'^small.toml: expected a key "longest", found none'),
        (change('separator = ";"\n', ""), r'^small.toml: expected a key "separator"'),
        (change("longest = 12", 'longest = "12"'), r"^small.toml:17: .*int.*str"),
        (change("lines = ['%%']", "lines = '%%'"), r"^small.toml:4: .*list.*str"),
        (change('name = "small"', "name = 3"), r"^small.toml:1: .*str.*int"),
        (change('["Subjects:"]', '"Subjects:"'), r"^small.toml:\d+: .*list.*str"),
        (change("'%%'", "'(%%'"), r"^small.toml:\d+: expected a regular expression"),
        (change("'pay'", "'pay['"), r"^small.toml:\d+: expected a regular expression"),
        ("", r'^small.toml: expected a key "name", found none'),
        known_bug(
            change("'%%'", "'(%%'"),
            r"^small.toml:4: ",
            reason="a pattern is looked for as it was compiled, so line 1 is named",
        ),
        known_bug(
            change('["Subjects:"]', '"Subjects:"'),
            r"^small.toml:13: ",
            reason="the first line that holds the key is named, whatever its section",
        ),
        known_bug(
            change('["From"]', "[1]"), r"^small.toml:7: ", reason="AttributeError: items unchecked"
        ),
        known_bug(
            change("['pay']", "[1]"), r"^small.toml:\d+: ", reason="items of lists are unchecked"
        ),
        known_bug(
            change('";"', '""'), r"^small.toml:14: ", reason="fails later, at the first topics line"
        ),
        known_bug(
            change("longest = 12", "longest = true"), r"^small.toml:17: ", reason="true is an int"
        ),
        known_bug(
            change("'pay'", "'p{99999999999}'"), r"^small.toml:\d+: ", reason="OverflowError"
        ),
    ],
)
def test_fault_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        parse_layout(text, where="small.toml")


@pytest.mark.xfail(strict=True, reason="an empty alternative matches wherever a word begins")
@pytest.mark.parametrize("key", ["opens", "words", "tells"])
def test_empty_list_matches_nothing(key: str) -> None:
    text = re.sub(rf"{key} = .*", f"{key} = []", SMALL)
    page = parse_layout(text, where="small.toml").boilerplate
    assert getattr(page, key).search("a plain line") is None


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_damage_is_a_layout_or_a_layout_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SMALL)))
    end = data.draw(st.integers(start, min(len(SMALL), start + 30)))
    text = SMALL[:start] + data.draw(st.text(max_size=5)) + SMALL[end:]
    try:
        parse_layout(text, where="small.toml")
    except LayoutError as error:
        message = str(error)
    else:
        return
    assert message.startswith("small.toml:")


def test_patterns_of_digest_are_lower_case_and_have_no_apostrophes() -> None:
    page = DIGEST[DIGEST.index("[boilerplate]") :]
    for pattern in re.findall(r"'(.*?)'", page):
        plain = re.sub(r"\\.", "", pattern)
        assert plain == plain.lower()
        assert "’" not in plain
