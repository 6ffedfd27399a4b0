"""Forms that a shipped layout covers: every article, field and figure of dumps with their truth."""

import csv
import json
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clippings.articles import Article, squeeze
from clippings.choose import Choice, split_best
from clippings.layouts.layout import layout_names, load_layout
from clippings.read import Dump, decode
from clippings.records import PROBLEMS, SPAN_KINDS

HERE = Path(__file__).parent
SHIPPED = HERE / "cases" / "forms" / "shipped"
SHARED = HERE.parents[1] / "shared" / "data" / "dumps"
LAYOUTS = [load_layout(name) for name in layout_names()]
TRUTHS = {
    file.name: json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    for file in sorted(SHIPPED.iterdir())
    if file.suffix != ".json"
}
FORMS = {"clip": "mbox", "clips": "mbox"}
"""Layout by the first word of a file's name where it is another word."""
# "expected 6 articles, as the file says, found 5; missing: 4, 7-9"
MISSING = re.compile(r"; missing: ([\d, -]+)$")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared folder is not here")


@lru_cache
def read(path: Path) -> tuple[Dump, Choice]:
    """A dump and how it is split, by whatever layout is chosen."""
    dump = decode(path.read_bytes())
    return dump, split_best(dump.text, LAYOUTS, dump.marks)


def tell(article: Article) -> dict[str, Any]:
    """The fields of an article as the truth has them."""
    words = article.body.split()
    return {
        "title": article.title,
        "published_date": article.date and article.date.date.date().isoformat(),
        "date_precision": article.date and article.date.precision,
        "published_text": article.published_text,
        "byline": article.byline,
        "dateline": article.dateline,
        "outlet": article.outlet,
        "first_words": " ".join(words[:8]),
        "last_words": " ".join(words[-8:]),
    }


FIELDS = [
    *("title", "published_date", "date_precision", "published_text", "byline", "dateline"),
    *("outlet", "first_words", "last_words"),
]


def answers(truth: dict[str, Any], field: str) -> list[Any]:
    """All right answers for a field of an article."""
    told = [truth.get(field), *truth.get(f"{field}_alt", [])]
    return [squeeze(answer) if isinstance(answer, str) else answer for answer in told]


def texts(path: Path, kind: str, article: int | None) -> list[str]:
    """What the spans of a kind hold."""
    dump, choice = read(path)
    return [
        squeeze(dump.text[span.start : span.end])
        for span in choice.found.spans
        if (span.kind, span.article) == (kind, article)
    ]


def missing_numbers(choice: Choice) -> list[int]:
    """The numbers that doubts name as missing."""
    ranges = [
        part.split("-")
        for doubt in choice.found.doubts
        if (match := MISSING.search(doubt.detail))
        for part in match[1].split(", ")
    ]
    return [
        number for low, *high in ranges for number in range(int(low), int((high or [low])[0]) + 1)
    ]


def test_every_shipped_layout_has_a_dump() -> None:
    forms = {name.split(".")[0].split("_")[0] for name in TRUTHS}
    elsewhere = {"digest", "europresse"}  # tests/cases/dumps, and pages by others below
    assert {FORMS.get(form, form) for form in forms} | elsewhere == set(layout_names())
    assert sum(len(truth["articles"]) for truth in TRUTHS.values()) >= 120


@pytest.mark.parametrize("name", TRUTHS)
def test_layout_is_chosen(name: str) -> None:
    form = name.split(".")[0].split("_")[0]
    _, choice = read(SHIPPED / name)
    assert choice.layout == FORMS.get(form, form)
    assert choice.score >= 0.75
    assert choice.runner_up != choice.layout


@pytest.mark.parametrize("name", TRUTHS)
def test_every_article_is_found(name: str) -> None:
    _, choice = read(SHIPPED / name)
    assert len(choice.found.articles) == len(TRUTHS[name]["articles"])


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", TRUTHS)
def test_every_field_is_right(name: str, field: str) -> None:
    _, choice = read(SHIPPED / name)
    wrong = [
        (number, value, right)
        for number, (article, truth) in enumerate(
            zip(choice.found.articles, TRUTHS[name]["articles"], strict=True), 1
        )
        if (value := tell(article)[field]) not in (right := answers(truth, field))
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", ["section", "page", "id"])
@pytest.mark.parametrize("name", TRUTHS)
def test_what_has_no_column_has_a_span(name: str, kind: str) -> None:
    for index, truth in enumerate(TRUTHS[name]["articles"]):
        if truth.get(kind):
            told = " ".join(texts(SHIPPED / name, kind, index))
            assert any(answer in told for answer in answers(truth, kind))


@pytest.mark.parametrize("name", TRUTHS)
def test_claimed_and_found(name: str) -> None:
    _, choice = read(SHIPPED / name)
    truth = TRUTHS[name]
    assert choice.found.claimed == truth["claimed_count"]
    lost = sorted([*truth["missing"], *truth.get("broken_numbers", [])])
    assert missing_numbers(choice) == lost
    codes = [doubt.code for doubt in choice.found.doubts]
    code = "numbers_skip" if truth["claimed_count"] is None else "count_differs"
    assert [each for each in codes if each in ("numbers_skip", "count_differs")] == [code] * bool(
        lost
    )


@pytest.mark.parametrize("name", TRUTHS)
def test_broken_pieces_are_reported(name: str) -> None:
    _, choice = read(SHIPPED / name)
    broken = [doubt for doubt in choice.found.doubts if doubt.code == "broken_article"]
    assert len(broken) == TRUTHS[name]["broken"]
    unknown = [span.start for span in choice.found.spans if span.kind == "unknown"]
    assert unknown == [doubt.start for doubt in broken]


@pytest.mark.parametrize("name", TRUTHS)
def test_nothing_else_is_doubted(name: str) -> None:
    """A date that is printed and cannot be read is told once, and "NO DATE" is no date."""
    _, choice = read(SHIPPED / name)
    doubted = [
        article
        for article in choice.found.articles
        if article.date is None and re.search(r"\d", article.published_text or "")
    ]
    codes = [doubt.code for doubt in choice.found.doubts]
    assert codes.count("bad_date") == len(doubted)
    assert set(codes) <= {"bad_date", "broken_article", "count_differs", "numbers_skip"}


def assert_tiled(path: Path) -> None:
    dump, choice = read(path)
    spans = choice.found.spans
    assert (spans[0].start, spans[-1].end) == (0, len(dump.text))
    assert all(left.end == right.start for left, right in pairwise(spans))
    assert all(span.start < span.end and span.kind in SPAN_KINDS for span in spans)
    assert all(doubt.code in PROBLEMS for doubt in choice.found.doubts)
    offsets = [dump.byte_offset(span.start) for span in spans] + [len(dump.content)]
    assert b"".join(dump.content[start:end] for start, end in pairwise(offsets)) == dump.content


@pytest.mark.parametrize("name", TRUTHS)
def test_spans_tile_the_dump(name: str) -> None:
    assert_tiled(SHIPPED / name)


# Real dumps by others


NEWSWIRE = sorted((SHARED / "newswire").glob("*.txt"))
YEARLESS = ["0075", "0702", "0708", "0716", "0745", "0759"]


@lru_cache
def messages() -> list[tuple[Path, int, Article, dict[str, Any]]]:
    """All newswire messages: file, number within it, what was found, what is right."""
    truths = json.loads((SHARED / "newswire" / "expected.json").read_text(encoding="utf-8"))
    return [
        (path, index, article, truth)
        for path in NEWSWIRE
        for index, (article, truth) in enumerate(
            zip(read(path)[1].found.articles, truths[path.name], strict=True)
        )
    ]


@needs_shared
def test_all_600_messages_are_found_in_their_order() -> None:
    found = messages()
    assert len(found) == 600
    assert {read(path)[1].layout for path, *_ in found} == {"newswire"}
    for path, index, article, truth in found:
        assert article.start == truth["start"]
        assert texts(path, "id", index)[0].startswith(truth["id"])


@needs_shared
def test_dateline_of_every_message_is_as_printed() -> None:
    wrong = [
        (truth["id"], article.dateline)
        for _, _, article, truth in messages()
        # "(AFP)-- [TEXT] ...", without a space before the hyphens, stands whole in two truths
        if article.dateline != squeeze(truth["dateline"].partition("--")[0])
    ]
    assert wrong == []


@needs_shared
def test_date_of_every_message_is_right_or_null() -> None:
    yearless = []
    for _, _, article, truth in messages():
        date = article.date and article.date.date.date().isoformat()
        if (truth["dateline_date"] or "").startswith("????"):
            yearless.append(truth["id"][-4:])
            assert date is None
            assert re.fullmatch(r"\d{1,2} [A-Z]{3}", article.published_text or "")
        else:
            assert (truth["id"], date) == (truth["id"], truth["date"])
            assert article.date is None or article.date.precision == "day"
    assert yearless == YEARLESS


@needs_shared
def test_2011_among_1990_is_flagged() -> None:
    flagged = [
        read(path)[0].text[doubt.start :].split()[0]
        for path in NEWSWIRE
        for doubt in read(path)[1].found.doubts
        if doubt.code == "odd_date"
    ]
    assert flagged == ["DEV-MUC3-1166"]


@needs_shared
def test_yearless_dates_are_the_only_other_doubts() -> None:
    doubted = [
        doubt.code
        for path in NEWSWIRE
        for doubt in read(path)[1].found.doubts
        if doubt.code != "odd_date"
    ]
    assert doubted == ["bad_date"] * len(YEARLESS)


@needs_shared
def test_nexis_sample() -> None:
    _, choice = read(SHARED / "nexis" / "sample.TXT")
    with (SHARED / "nexis" / "EXPECTED_meta.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (choice.layout, choice.found.claimed) == ("nexis", 10)
    assert choice.found.doubts == ()
    found = choice.found.articles
    assert [article.outlet for article in found] == [row["Newspaper"] for row in rows]
    assert [tell(article)["published_date"] for article in found] == [row["Date"] for row in rows]
    assert [article.byline or "" for article in found] == [row["Author"] for row in rows]
    assert [article.title for article in found] == [row["Headline"] for row in rows]
    sections = [texts(SHARED / "nexis" / "sample.TXT", "section", index) for index in range(10)]
    assert [" ".join(told).removeprefix("SECTION: ") for told in sections] == [
        row["Section"] for row in rows
    ]
    for index, row in enumerate(rows):
        page = texts(SHARED / "nexis" / "sample.TXT", "boilerplate", index)
        assert any(row["Length"] in line for line in page)
    assert sum(len(article.body.split("\n\n")) for article in found) == 122


@needs_shared
@pytest.mark.parametrize(
    ("name", "count", "broken", "claimed"),
    [
        ("lexisnexis_test_copyright_error.html", 1, 1, 2),
        ("lexisnexis_test_en.html", 2, 0, 2146),
        ("lexisnexis_test_fr.html", 3, 0, 3),
    ],
)
def test_nexis_pages(name: str, count: int, broken: int, claimed: int) -> None:
    _, choice = read(SHARED / "nexis" / name)
    codes = [doubt.code for doubt in choice.found.doubts]
    assert (choice.layout, len(choice.found.articles)) == ("nexis", count)
    assert codes.count("broken_article") == broken
    assert choice.found.claimed == claimed
    assert codes.count("count_differs") == (count != claimed)
    for article in choice.found.articles:
        assert None not in (article.date, article.outlet)
        assert article.body
        # the one article of the broken file is a table, and has no headline
        assert (article.title is None) == (broken > 0)


@needs_shared
def test_factiva_page() -> None:
    _, choice = read(SHARED / "factiva" / "factiva_test.html")
    assert (choice.layout, choice.found.doubts) == ("factiva", ())
    assert len(choice.found.articles) == 2
    for article in choice.found.articles:
        assert None not in (article.title, article.date, article.outlet)
        assert article.body


@needs_shared
@pytest.mark.parametrize(("number", "count"), [(1, 3), (2, 4)])
def test_europresse_pages(number: int, count: int) -> None:
    _, choice = read(SHARED / "europresse" / f"europresse_test{number}.html")
    assert (choice.layout, choice.found.doubts) == ("europresse", ())
    assert len(choice.found.articles) == count
    for article in choice.found.articles:
        assert None not in (article.title, article.date, article.outlet)
        assert "document est protégé" not in article.body


@needs_shared
@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SHARED.rglob("*")) if path.suffix in (".txt", ".TXT", ".html")],
    ids=lambda path: path.name,
)
def test_spans_tile_what_others_wrote(path: Path) -> None:
    assert_tiled(path)
