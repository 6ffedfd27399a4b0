"""Splitting: deviations alone and together, look-alikes, and the law that spans tile the text."""

import json
import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.articles import Article, Split, squeeze
from clippings.errors import ReadError
from clippings.layouts.layout import load_layout
from clippings.read import decode
from clippings.records import PROBLEMS, SPAN_KINDS
from clippings.split import split

HERE = Path(__file__).parent
RAW = HERE.parent / "raw"
SEED = HERE.parents[1] / "shared" / "examples"
LAYOUT = load_layout("digest")


def read_cases(name: str) -> Any:
    return json.loads((HERE / "cases" / name).read_text(encoding="utf-8"))


def to_param(case: dict[str, Any], label: str) -> Any:
    """A parameter; a case with a known bug is expected to fail."""
    marks = [pytest.mark.xfail(strict=True, reason=case["bug"])] if "bug" in case else []
    return pytest.param(case, id=label, marks=marks)


NAMED = read_cases("split.json")["articles"]
DUMPS = read_cases("lines.json")["dumps"]
SAMPLES = read_cases("samples.json")
POOL = read_cases("articles.json")
DATES = read_cases("dates.json")


def tell(article: Article) -> dict[str, Any]:
    """The fields of an article as cases have them."""
    return {
        "title": article.title,
        "published_text": article.published_text,
        "published_date": article.date and article.date.date.date().isoformat(),
        "date_precision": article.date and article.date.precision,
        "byline": article.byline,
        "outlet": article.outlet,
        "topics": list(article.topics),
        "body": article.body,
    }


def texts(text: str, found: Split, kind: str, article: int | None = None) -> list[str]:
    """What the spans of a kind hold."""
    return [
        squeeze(text[span.start : span.end])
        for span in found.spans
        if span.kind == kind and (article is None or span.article == article)
    ]


def assert_lawful(text: str, found: Split) -> None:
    """Everything that holds of every split."""
    assert [span.start for span in found.spans] == [0, *(span.end for span in found.spans)][:-1]
    assert (found.spans[-1].end if found.spans else 0) == len(text)
    assert all(span.start < span.end and span.kind in SPAN_KINDS for span in found.spans)
    lawless = {span.kind for span in found.spans if span.article is None}
    assert lawless <= {"separator", "preamble", "unknown"}
    for index, article in enumerate(found.articles):
        mine = [span for span in found.spans if span.article == index]
        assert (mine[0].start, mine[-1].end) == (article.start, article.end)
        assert all(left.end == right.start for left, right in pairwise(mine))
        assert [article.title] == texts(text, found, "title", index)
        assert article.body == "\n\n".join(texts(text, found, "body", index))
        assert [article.published_text or ""] == (texts(text, found, "date", index) or [""])[:1]
        assert article.date is None or article.published_text
        outlets = texts(text, found, "outlet", index)
        assert article.outlet is None if not outlets else outlets[0].endswith(article.outlet or " ")
        listed = " ".join(texts(text, found, "topics", index))
        assert all(topic == squeeze(topic) != "" for topic in article.topics)
        assert all(word in listed for topic in article.topics for word in topic.split())
        for value in (article.title, article.published_text, article.byline, article.outlet):
            assert value is None or (value and value == squeeze(value))
    assert all(left.end <= right.start for left, right in pairwise(found.articles))
    for doubt in found.doubts:
        assert PROBLEMS[doubt.code].severity == "warning"
        assert 0 <= doubt.start < len(text)
        assert doubt.detail
    unknown = [span.start for span in found.spans if span.kind == "unknown"]
    reported = [doubt.start for doubt in found.doubts if doubt.code in ("unplaced", "no_article")]
    assert unknown == reported


# By example


def expect(like: str, **changes: Any) -> dict[str, Any]:
    """An article of split.json: a named one with changes."""
    return {**NAMED[like], **changes}


def join_lines(dump: str | list[str]) -> str:
    return dump if isinstance(dump, str) else "".join(line + "\n" for line in dump)


@pytest.mark.parametrize(
    "case", [to_param(case, case["label"]) for case in read_cases("split.json")["cases"]]
)
def test_split(case: dict[str, Any]) -> None:
    text = join_lines(case["dump"])
    expected = [expect(**article) for article in case["articles"]]
    paywall = [line for article in expected for line in article.pop("paywall")]
    found = split(text, LAYOUT)
    assert_lawful(text, found)
    assert [tell(article) for article in found.articles] == [
        {**article, "body": "\n\n".join(article["body"])} for article in expected
    ]
    squeezed = [squeeze(line) for line in case.get("boilerplate", paywall)]
    assert texts(text, found, "boilerplate") == squeezed
    assert [doubt.code for doubt in found.doubts] == case.get("problems", [])
    for kind in ("preamble", "unknown"):
        assert texts(text, found, kind) == ([case[kind]] if kind in case else [])


@pytest.mark.parametrize(
    "case",
    [
        to_param(case, f"{case['kind']}: {case['line']}")
        for case in read_cases("lines.json")["lines"]
    ],
)
def test_line_has_its_place(case: dict[str, Any]) -> None:
    dumps = DUMPS[case["kind"]]
    for dump in dumps[: case.get("dump_count")]:
        before = join_lines(dump[: dump.index("LINE")])
        text = before + case["line"] + "\n" + join_lines(dump[dump.index("LINE") + 1 :])
        found = split(text, LAYOUT)
        assert_lawful(text, found)
        titles = ["The Bridge That No One Repaired", "A Canal That Was Dug Twice"]
        if case["kind"] == "title":
            titles.insert(1, case["line"])
        assert [article.title for article in found.articles] == titles
        start = text.index(case["line"].strip(), len(before))
        end = start + len(case["line"].strip())
        kinds = {span.kind for span in found.spans if span.start < end and span.end > start}
        assert kinds == {case["kind"]}
        if case["kind"] == "outlet":
            assert found.articles[0].outlet == case["value"]
        if case["kind"] == "topics":
            assert list(found.articles[0].topics) == case["value"]


def put_date(line: str, gap: str) -> str:
    """A dump whose first article has this line under its title."""
    first = gap.join([NAMED["bridge"]["title"], line, *NAMED["bridge"]["body"]])
    second = gap.join([NAMED["canal"]["title"], "May 3 2018", *NAMED["canal"]["body"]])
    return f"{first}{gap}{second}\n"


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n"], ids=["0", "1", "2"])
@pytest.mark.parametrize("case", [to_param(case, case["label"]) for case in DATES["dates"]])
def test_every_printed_date_is_a_date_line(case: dict[str, Any], gap: str) -> None:
    found = split(put_date(case["line"], gap), LAYOUT)
    first, second = (tell(article) for article in found.articles)
    assert first["published_text"] == squeeze(case["line"])
    assert (first["published_date"], first["date_precision"]) == (case["date"], case["precision"])
    assert first["body"] == "\n\n".join(NAMED["bridge"]["body"])
    assert second["title"] == NAMED["canal"]["title"]
    assert found.doubts == ()


@pytest.mark.parametrize("case", [to_param(case, case["label"]) for case in DATES["refused"]])
def test_uncertain_date_keeps_its_text(case: dict[str, Any]) -> None:
    text = put_date(case["line"], "\n\n")
    found = split(text, LAYOUT)
    assert found.articles[0].date is None
    assert found.articles[0].published_text == case["line"]
    (doubt,) = found.doubts
    assert (doubt.code, text[doubt.start :].startswith(case["line"])) == ("bad_date", True)


# Dumps on disk


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_exact(name: str) -> None:
    dump = decode((RAW / name).read_bytes())
    found = split(dump.text, LAYOUT)
    assert_lawful(dump.text, found)
    told = [tell(article) for article in found.articles]
    assert told == [{"byline": None, **article} for article in SAMPLES[name]]
    assert found.doubts == ()


def test_samples_are_all_there() -> None:
    files = {str(file.relative_to(RAW)) for file in RAW.rglob("*.txt")}
    assert files == set(SAMPLES)
    assert len(files) >= 4
    assert sum(map(len, SAMPLES.values())) >= 25


@pytest.mark.skipif(not SEED.is_dir(), reason="the seed dump is not part of the project")
def test_seed_is_exact() -> None:
    (expected,) = json.loads((SEED / "seed_expected.json").read_text(encoding="utf-8")).values()
    dump = decode((SEED / "seed_dump.txt").read_bytes())
    found = split(dump.text, LAYOUT)
    assert_lawful(dump.text, found)
    assert found.doubts == ()
    for article, fields in zip(found.articles, expected, strict=True):
        told = tell(article)
        assert told["published_date"] == fields["date"]
        assert told["date_precision"] == "day"
        assert {key: told[key] for key in ("title", "outlet", "topics")} == {
            key: fields[key] for key in ("title", "outlet", "topics")
        }
        assert len(article.body.split("\n\n")) == fields["paragraph_count"]
    assert len(texts(dump.text, found, "boilerplate")) == 8
    assert found.articles[0].body.startswith("In November 2017, Iran-backed militias drove")
    assert found.articles[0].body.endswith("weapons, fighters, and other illicit goods.")
    assert found.articles[1].body.endswith("preventative measure. (Free registration required.)")


# Wrapped at a column

WRAPPED = [RAW / name for name in SAMPLES] + sorted((HERE / "cases" / "dumps").glob("*.txt"))
UNDECIDED = {("odds-and-ends.txt", 70)}
"""There a paragraph ends "... of the right ones. (Free registration required.)": wrapped, with the
page's own lines right below it, the words in brackets stand like one of those."""


def wrap_at(column: int, text: str, found: Split, kinds: set[str]) -> str:
    """A text with its spans of some kinds wrapped at a column."""
    stretches = [text[span.start : span.end] for span in found.spans]
    return "".join(
        "\n".join("\n".join(wrap(line, column)) for line in stretch.split("\n"))
        if span.kind in kinds and len(stretch) > column
        else stretch
        for span, stretch in zip(found.spans, stretches, strict=True)
    )


def tell_words(found: Split) -> list[dict[str, Any]]:
    """The articles but for white space, which a line that was broken at a hyphen gains."""
    return [
        {key: re.sub(r"\s", "", str(value)) for key, value in tell(article).items()}
        for article in found.articles
    ]


@pytest.mark.parametrize("kinds", [{"body"}, SPAN_KINDS], ids=["body", "all"])
@pytest.mark.parametrize(
    ("path", "column"),
    [
        pytest.param(
            path,
            column,
            id=f"{path.name} at {column}",
            marks=[pytest.mark.xfail(strict=True)] if (path.name, column) in UNDECIDED else [],
        )
        for path in WRAPPED
        for column in (60, 70, 80, 100)
    ],
)
def test_wrapping_changes_no_article(path: Path, column: int, kinds: set[str]) -> None:
    text = decode(path.read_bytes()).text
    found = split(text, LAYOUT)
    wrapped = wrap_at(column, text, found, set(kinds) - {"separator"})
    assert wrapped.count("\n") > text.count("\n") + 10
    again = split(wrapped, LAYOUT)
    assert_lawful(wrapped, again)
    assert tell_words(again) == tell_words(found)
    assert [doubt.code for doubt in again.doubts] == [doubt.code for doubt in found.doubts]


# Deviations together

PRINTED = [
    ("{d:%B} {d.day} {d.year}", "day"),
    ("{d:%b}. {d.day} {d.year}", "day"),
    ("{d:%b} {d.day} {d.year}", "day"),
    ("{d.day} {d:%B} {d.year}", "day"),
    ("{d.day} {d:%b} {d.year}", "day"),
    ("{d:%B} {d.day}, {d.year}", "day"),
    ("{d.day} {d:%B}, {d.year}", "day"),
    ("{d:%Y-%m-%d}", "day"),
    ("{d:%B} {d.year}", "month"),
    ("{d:%b}. {d.year}", "month"),
    ("{d.year}", "year"),
]
CASINGS = {"as is": str, "upper": str.upper, "lower": str.lower, "title": str.title}
PREAMBLES = [
    [],
    ["Saved articles, spring"],
    [
        "My clippings, copied by hand",
        "Everything below is for the seminar; ask before you lend it.",
    ],
]
STRAIGHT = str.maketrans("“”‘’", "\"\"''")

dump_forms = st.fixed_dictionaries(
    {
        "gap": st.sampled_from([1, 0, 2]),
        "article_gap": st.sampled_from([2, 1, 0, 3]),
        "rule": st.sampled_from([None, "-----", "\f", "* * *", "========"]),
        "preamble": st.sampled_from(PREAMBLES),
        "casing": st.sampled_from(list(CASINGS)),
        "trailing": st.sampled_from(["", " ", "  \t", "\u00a0"]),
        "line_end": st.sampled_from(["\n", "\r\n", "\r"]),
        "end": st.sampled_from(["\n", "", "\n\n\n"]),
        "is_straight": st.booleans(),
        "is_wrapped": st.booleans(),
    }
)
article_forms = st.fixed_dictionaries(
    {
        "date": st.none()
        | st.tuples(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.sampled_from(PRINTED)),
        "paywall": st.just([]) | st.sampled_from(POOL["paywalls"]).flatmap(st.permutations),
        "paywall_gaps": st.lists(st.integers(0, 2), min_size=4, max_size=4),
        "has_outlet": st.booleans(),
        "has_topics": st.booleans(),
        "has_hard_spaces": st.booleans(),
    }
)


def lay_out(
    article: dict[str, Any], form: dict[str, Any], dump: dict[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """The lines of one article, and what they are to yield."""
    label = CASINGS[dump["casing"]]
    quotes = STRAIGHT if dump["is_straight"] else {}
    title = article["title"].translate(quotes)
    paragraphs = [paragraph.translate(quotes) for paragraph in article["body"]]
    paywall = [line.translate(quotes) for line in form["paywall"]]
    expected = {"title": title, "byline": None, "body": "\n\n".join(paragraphs)}
    expected |= {"published_text": None, "published_date": None, "date_precision": None}
    parts = [[title]]
    if form["date"]:
        day, (printed, precision) = form["date"]
        start = day.replace(
            day=day.day if precision == "day" else 1, month=1 if precision == "year" else day.month
        )
        expected["published_text"] = printed.format(d=day)
        expected |= {"published_date": start.isoformat(), "date_precision": precision}
        parts.append([expected["published_text"]])
    parts += [[paragraph] for paragraph in paragraphs]
    for line, gap in zip(paywall, form["paywall_gaps"], strict=False):
        parts.append([*[""] * gap, line])
    expected["outlet"] = article["outlet"] if form["has_outlet"] else None
    if form["has_outlet"]:
        parts.append([f"{label('Read more at')} {article['outlet']}"])
    expected["topics"] = article["topics"] if form["has_topics"] else []
    if form["has_topics"]:
        *listed, last = article["topics"]
        break_ = "\n" if dump["is_wrapped"] and listed else " "
        line = ", ".join(listed) + "," * bool(listed) + break_ + last
        parts.append(f"{label('More about:')} {line.strip(' ')}".split("\n"))
    lines = parts[0]
    for part in parts[1:]:
        is_paywall = part[-1] in paywall
        lines = [*lines, *[""] * (0 if is_paywall else dump["gap"]), *part]
    if form["has_hard_spaces"]:
        lines = [line.replace(" ", "\u00a0", 1) for line in lines]
    return lines, expected


@settings(deadline=None, max_examples=300, derandomize=True)
@given(
    st.lists(st.sampled_from(POOL["articles"]), min_size=2, max_size=5, unique_by=str),
    st.lists(article_forms, min_size=5, max_size=5),
    dump_forms,
)
def test_deviations_together(
    articles: list[dict[str, Any]], forms: list[dict[str, Any]], dump: dict[str, Any]
) -> None:
    between = [""] * max(dump["gap"], dump["article_gap"])
    if dump["rule"]:
        between += [dump["rule"], *between]
    lines = [line for part in dump["preamble"] for line in (part, "")]
    lines += [""] if lines else []
    expected = []
    for article, form in zip(articles, forms, strict=False):
        laid, fields = lay_out(article, form, dump)
        lines += (between if expected else []) + laid
        expected.append(fields)
    text = dump["line_end"].join(line + dump["trailing"] for line in lines)
    text += dump["end"].replace("\n", dump["line_end"])
    found = split(text, LAYOUT)
    assert_lawful(text, found)
    assert [tell(article) for article in found.articles] == expected
    assert texts(text, found, "preamble") == [" ".join(dump["preamble"])] * bool(dump["preamble"])
    assert texts(text, found, "unknown") == []


# Laws

TEXTS = {name: decode((RAW / name).read_bytes()).text for name in SAMPLES}
PIECES = [
    *["\n", "\n\n", "\r\n", "\r", "\f", " ", "\u00a0", "\ufeff", "\u2028", "\x0b", "\x85", "\t"],
    *[
        "-----",
        "* * *",
        "=",
        "-" * 200,
        "Read more at FDD",
        "read more at",
        "Read more at any library",
    ],
    *["More about: Iran, Iraq", "More about:", "MORE ABOUT: ,,,", "Iran, Iraq", "Register Now"],
    *[
        "March 27 2019",
        "30 Feb 2019",
        "2019",
        "03/04/2019",
        "By Ruth Almagor",
        "by",
        "Why?",
        "Silence",
    ],
    *[
        "The Lighthouse Keepers of Jaffa",
        "Exile",
        "A paragraph that says something, at length.",
        "x",
    ],
    *["Already a subscriber? Sign in now", "“", ".", ",", ". . .", "שלום", "😀", "word " * 70],
]


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.text(),
        st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5))).map("".join),
        st.lists(st.sampled_from(PIECES)).map("\n".join),
        st.lists(st.sampled_from(PIECES)).map("\n\n".join),
    )
)
def test_any_text_is_tiled(text: str) -> None:
    assert_lawful(text, split(text, LAYOUT))


@settings(deadline=None, max_examples=100)
@given(st.binary())
def test_any_bytes_split_or_are_refused(content: bytes) -> None:
    try:
        text = decode(content).text
    except ReadError:
        return
    assert_lawful(text, split(text, LAYOUT))


changes = st.lists(
    st.tuples(
        st.sampled_from(["drop", "duplicate", "swap", "insert", "glue", "break"]),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.sampled_from(PIECES),
    ),
    min_size=1,
    max_size=8,
)


def mutate(text: str, steps: list[tuple[str, int, int, str]], line_end: str) -> str:
    """A text with some of its lines dropped, repeated, swapped, joined, cut or put between."""
    lines = re.split(r"\r\n|\r|\n", text)
    for step, first, second, piece in steps:
        at, other = first % len(lines), second % len(lines)
        if step == "drop" and len(lines) > 1:
            del lines[at]
        elif step == "duplicate":
            lines.insert(at, lines[other])
        elif step == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif step == "insert":
            lines.insert(at, piece)
        elif step == "glue" and at + 1 < len(lines):
            lines[at : at + 2] = [lines[at] + lines[at + 1]]
        elif step == "break" and lines[at]:
            cut = second % len(lines[at])
            lines[at : at + 1] = [lines[at][:cut], lines[at][cut:]]
    return line_end.join(lines)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(TEXTS)), changes, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))
def test_mutated_dumps_are_tiled(
    name: str, steps: list[tuple[str, int, int, str]], line_end: str
) -> None:
    text = mutate(TEXTS[name], steps, line_end)
    assert_lawful(text, split(text, LAYOUT))


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(list(TEXTS)), st.integers(0, 30_000), st.integers(0, 3_000), st.booleans())
def test_cut_bytes_are_tiled_or_refused(name: str, start: int, count: int, is_kept: bool) -> None:
    content = (RAW / name).read_bytes()
    start %= len(content)
    end = start + count
    content = content[start:end] if is_kept else content[:start] + content[end:]
    try:
        dump = decode(content)
    except ReadError:
        return
    found = split(dump.text, LAYOUT)
    assert_lawful(dump.text, found)
    offsets = [*(dump.byte_offset(span.start) for span in found.spans), len(content)]
    assert b"".join(content[start:end] for start, end in pairwise(offsets)) == content


REWRITES = {
    "LF": lambda text: re.sub(r"\r\n|\r", "\n", text),
    "CRLF": lambda text: re.sub(r"\r\n|\r|\n", "\r\n", text),
    "CR": lambda text: re.sub(r"\r\n|\r|\n", "\r", text),
    "trailing spaces": lambda text: re.sub(r"(?=[\r\n])(?<!\r)", " \t\u00a0", text),
    "leading spaces": lambda text: re.sub(r"(?<=\n)", "   ", text),
    "double spaces": lambda text: text.replace(" ", "  "),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "tabs": lambda text: text.replace(" ", "\t"),
    "no newline at the end": lambda text: text.rstrip("\r\n"),
    "many newlines at the end": lambda text: text + "\n" * 20,
    "many newlines at the beginning": lambda text: "\n" * 20 + text,
    "a rule at the end": lambda text: text + "\n\n-----\n",
    "a byte order mark": lambda text: "\ufeff" + text,
}


@pytest.mark.parametrize("rewrite", REWRITES)
@pytest.mark.parametrize("name", SAMPLES)
def test_white_space_changes_no_article(name: str, rewrite: str) -> None:
    text = REWRITES[rewrite](TEXTS[name])
    found = split(text, LAYOUT)
    assert_lawful(text, found)
    told = [tell(article) for article in found.articles]
    assert told == [{"byline": None, **article} for article in SAMPLES[name]]


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_squeeze_keeps_the_words(text: str) -> None:
    squeezed = squeeze(text)
    assert squeezed.split() == text.split()
    assert squeezed == squeeze(squeezed)
    assert not re.search(r"^\s|\s$|\s\s|[^\S ]", squeezed)


# Linear time: none of these ends within the limit where the work grows with the square

ODD = {
    "only spaces": " " * 2_000_000,
    "only newlines": "\n" * 2_000_000,
    "only form feeds": "\f" * 2_000_000,
    "only dashes": "-" * 2_000_000,
    "one line without spaces": "a" * 2_000_000,
    "one line of full stops": "." * 2_000_000,
    "one line of quotes": '."' * 1_000_000,
    "one line of commas": "a," * 1_000_000,
    "one line of one-letter words": "a " * 1_000_000,
    "one line of a paywall's word": "subscri-" * 250_000,
    "letters on lines of their own": "a\n" * 200_000,
    "rules": "---\n" * 500_000,
    "lines of white space": " \u00a0\n" * 700_000,
    "outlets": "Read more at FDD\n" * 20_000,
    "dates": "May 2019\n" * 20_000,
}


@pytest.mark.timeout(150)
@pytest.mark.parametrize("shape", ODD)
def test_odd_shapes_take_linear_time(shape: str) -> None:
    text = ODD[shape]
    found = split(text, LAYOUT)
    assert sum(span.end - span.start for span in found.spans) == len(text)
