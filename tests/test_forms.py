"""Forms that a shipped layout covers, and some that none does: dumps with their truth."""

import csv
import json
import random
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

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


# Forms without a layout, 56 articles each; every 14th has no date


FIRST = "Ida Ruth Pavel Ines Karim Lena Tomas Aisha Jorge Mette".split()
LAST = "Brandt Okafor Castillo Rashid Lindgren Pereira Novotny Mbeki Yildiz Vos".split()


class Made(NamedTuple):
    """One article of a made-up dump."""

    number: int
    title: str
    outlet: str
    day: date
    is_dated: bool
    paragraphs: list[str]


def make_articles() -> list[Made]:
    """Make articles with speakers, dates, lists and headings in their texts."""
    chance = random.Random(56)
    towns = "Narva Kotka Sfax Oran Batumi Durres Varna Rostock Split Mersin".split()
    things = "pier ferry market school bridge library".split()
    outlets = ["Harbour Times", "Northern Sentinel", "Gulf Ledger", "Evening Dispatch"]
    made = []
    for number in range(1, 57):
        town = chance.choice(towns)
        paragraphs = [
            f"{chance.choice(['In', 'Near', 'From'])} {chance.choice(towns)}, "
            f"{chance.choice(FIRST)} {chance.choice(LAST)}: the {chance.choice(things)} of "
            f"{chance.choice(towns)} was closed on {chance.randint(1, 28)} March 2021, and "
            f"{chance.randint(2, 90)} crates of lemons were left in the rain by the crew."
            for _ in range(chance.randint(2, 6))
        ]
        if number % 5 == 0:
            paragraphs[1:1] = ["Who pays for it", "- ropes\n- two cranes"]
        title = f"{chance.choice(['Strike', 'Storm', 'Vote'])} {number} keeps {town} waiting"
        day = date(chance.randint(2015, 2023), chance.randint(1, 12), chance.randint(1, 28))
        made.append(Made(number, title, chance.choice(outlets), day, number % 14 != 0, paragraphs))
    return made


def press_review(a: Made) -> str:
    printed = f", {a.day:%d.%m.%Y}" if a.is_dated else ""
    text = "\n\n".join(a.paragraphs)
    return f"{a.number}. {a.title}\nQuelle: {a.outlet}{printed}, S. {a.number}\n\n{text}\n\n"


def channel(a: Made) -> str:
    text = "\n\n".join(a.paragraphs)
    return f"[{a.day:%d.%m.%Y} 14:{a.number:02}] Harbour desk:\n{a.title}\n\n{text}\n\n"


def monitor(a: Made) -> str:
    printed = f"{a.day:%B} {a.day.day}, {a.day.year} {a.day:%A}\n" if a.is_dated else ""
    chance = random.Random(a.number)
    name = "Staff" if a.number % 3 == 0 else f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    text = "\n\n".join(fill(paragraph, 70) for paragraph in a.paragraphs)
    return (
        f"Article {a.number} of 56\n\n{a.outlet.upper()}\n{printed}\n{a.title}\n\n"
        f"{name}\n\n{text}\n\n\n"
    )


def news_list(a: Made) -> str:
    printed = f"Saved on {a.day:%B} {a.day.day}, {a.day.year} · " if a.is_dated else ""
    text = "\n\n".join(a.paragraphs)
    return f"## [{a.title}](https://example.org/{a.number})\n\n{printed}{a.outlet}\n\n{text}\n\n"


def feed(a: Made) -> str:
    """A rule between two articles, and none above the first."""
    printed = f"Published: {a.day:%a, %d %b %Y} 14:05:00 +0000\n" if a.is_dated else ""
    text = "\n\n".join(a.paragraphs)
    rule = "-" * 8
    return f"{a.title}\n{printed}https://example.org/{a.number}\n\n{text}\n\n{rule}\n\n"


def day_and_title(a: Made) -> str:
    text = "\n\n".join(fill(paragraph, 72) for paragraph in a.paragraphs)
    return f"{a.day:%d/%m/%Y} - {a.title} ({a.outlet})\n{text}\n\n"


UNKNOWN = {
    "press_review": (press_review, "Press review of the port\nNo. 11\n\n"),
    "channel": (channel, ""),
    "monitor": (monitor, "MONITORING SERVICE\n\n"),
    "news_list": (news_list, "# Reading list\n\n"),
    "feed": (feed, ""),
    "day_and_title": (day_and_title, ""),
}


def find_learned(text: str) -> list[Article]:
    """The articles of a dump whose form is learned from it."""
    choice = split_best(text, LAYOUTS)
    assert choice.layout == "learned"
    return list(choice.found.articles)


@pytest.mark.parametrize("form", UNKNOWN)
def test_form_without_a_layout_is_split(form: str) -> None:
    render: Callable[[Made], str]
    render, cover = UNKNOWN[form]
    articles = make_articles()
    pieces = [render(article) for article in articles]
    found = find_learned(cover + "".join(pieces))
    starts = [len(cover) + sum(map(len, pieces[:at])) for at in range(len(pieces))]
    assert [article.start for article in found] == starts
    assert [article.title for article in found] == [article.title for article in articles]
    is_undated = form not in ("channel", "day_and_title")
    assert [article.date and article.date.date.date() for article in found] == [
        None if is_undated and not article.is_dated else article.day for article in articles
    ]


def cuttings(a: Made) -> str:
    printed = f", {a.day.day} {a.day:%B %Y}" if a.is_dated else ""
    return f"•\t{a.title} ({a.outlet}{printed})\n" + "\n\n".join(a.paragraphs) + "\n\n"


def capitals(a: Made) -> str:
    """The first line is the one that may be missing."""
    printed = f"{a.day}\n" if a.is_dated else ""
    text = "\n\n".join(a.paragraphs)
    return f"{printed}{a.title.upper()}\n{a.outlet}\n\n{text}\n\n\n"


def library(a: Made) -> str:
    text = "\n\n".join(a.paragraphs)
    return (
        f"Record: {a.number}\n\nTitle: {a.title}.\nSource: {a.outlet}; {a.day:%m/%d/%Y}\n"
        f"Document Type: Article\n\nFull Text: {text}\n\nDatabase: Desk\n\n{'_' * 30}\n\n"
    )


def references(a: Made) -> str:
    printed = f"Date\t{a.day}\n" if a.is_dated else ""
    text = "\n".join(a.paragraphs)
    return f"{a.title}\nItem Type\tArticle\nPublication\t{a.outlet}\n{printed}Notes:\n{text}\n\n"


def arabic(a: Made) -> str:
    printed = f"التاريخ: {a.day:%d/%m/%Y}\n" if a.is_dated else ""
    text = "\n\n".join(a.paragraphs)
    return f"العنوان: {a.title}\nالمصدر: {a.outlet}\n{printed}\n{text}\n\n{'=' * 10}\n\n"


def updated(a: Made) -> str:
    again = f"Updated {a.day:%b} {a.day.day}, {a.day.year} 9:40 PM EST\n" * (a.number % 5 == 1)
    text = "\n\n".join(a.paragraphs)
    return (
        f"{a.title}\nBy Ida Brandt\nPublished {a.day:%b} {a.day.day}, {a.day.year} 3:04 PM EST\n"
        f"{again}Share this   Send this\n\n{text}\n\n\n"
    )


def counted(a: Made) -> str:
    printed = f"({a.outlet}, {a.day.day} {a.day:%B %Y})\n\n"
    return f"Article {a.number}: {a.title}\n\n" + "\n\n".join(a.paragraphs) + f"\n\n{printed}"


def read_later(a: Made) -> str:
    printed = f"Saved {a.day:%b} {a.day.day}, {a.day.year}\n"
    text = "\n\n".join(a.paragraphs)
    minutes = f"{a.outlet} · {a.number % 19 + 2} min"
    return f"{a.title}\n{minutes}\n{printed}\n{text}\n\nView Original\n\n"


def continued(a: Made) -> str:
    printed = f"{a.outlet}, {a.day.day} {a.day:%B %Y}" if a.is_dated else a.outlet
    text = "\n\n".join(a.paragraphs)
    return f"{a.title}\n{printed}\n\n{text}\n\nGo on at {a.outlet}\n\n———\n\n"


def sourced(a: Made) -> str:
    text = "\n\n".join(a.paragraphs)
    return f"{a.title}\n\n{text}\n\nSource: {a.outlet}, {a.day.day} {a.day:%B %Y}\n\n\n"


def paged(a: Made) -> str:
    """No sign stands between outlet and date, and the outlet stands below the text again."""
    text = "\n\n".join(a.paragraphs)
    printed = f"{a.outlet} vom {a.day:%d.%m.%Y}, Seite {a.number}"
    return f"{a.title}\n{printed}\n\n{text}\n\nMehr dazu bei {a.outlet}\n\n\n"


OF_OTHERS = {
    "cuttings": (cuttings, "Media monitoring\n\n"),
    "capitals": (capitals, ""),
    "library": (library, ""),
    "references": (references, "A report\n\n"),
    "arabic": (arabic, ""),
    "updated": (updated, ""),
    "counted": (counted, ""),
    "read_later": (read_later, ""),
    "sourced": (sourced, ""),
    "paged": (paged, ""),
    "continued": (continued, "The weekly tide\n\nIn this issue:\n\n- the sea\n\n———\n\n"),
}
ALL_DATED = ("library", "updated", "counted", "read_later", "sourced", "paged")


@pytest.mark.parametrize("form", OF_OTHERS)
def test_form_as_others_export_it_is_split(form: str) -> None:
    render: Callable[[Made], str]
    render, cover = OF_OTHERS[form]
    articles = make_articles()
    found = find_learned(cover + "".join(map(render, articles)))
    titles = [article.title.casefold() for article in articles]
    assert [(one.title or "").casefold().rstrip(".") for one in found] == titles
    assert [one.date and one.date.date.date() for one in found] == [
        one.day if one.is_dated or form in ALL_DATED else None for one in articles
    ]
    for one, article in zip(found, articles, strict=True):
        assert one.outlet in (None, article.outlet)
        assert one.body.split() == " ".join(article.paragraphs).split()


def lone_days(a: Made) -> str:
    """A day stands alone in some texts, and in the line of the title and outlet elsewhere."""
    paragraphs = [*a.paragraphs, *([f"{a.day}", a.paragraphs[0]] if a.number % 12 == 1 else [])]
    return f"{a.day} | {a.outlet} | {a.title}\n" + "\n\n".join(paragraphs) + "\n\n"


def chat(a: Made) -> str:
    """Who sent it stands before the title."""
    sender = ("Desk", "Ida Brandt", "Karim")[a.number % 3]
    return (
        f"{a.day:%d/%m/%Y}, 14:{a.number:02} - {sender}: {a.title}\n"
        + "\n".join(a.paragraphs)
        + "\n"
    )


@pytest.mark.parametrize("render", [lone_days, chat])
def test_form_that_is_not_understood_is_unsure(render: Callable[[Made], str]) -> None:
    choice = split_best("".join(map(render, make_articles())), LAYOUTS)
    assert choice.layout is None
    assert [doubt.code for doubt in choice.found.doubts] == ["unsure_layout"]


@pytest.mark.parametrize("kind", ["rows", "one text"])
def test_what_may_be_many_articles_is_no_single_one(kind: str) -> None:
    """A table of a line for each article, and a text that is longer than any article."""
    if kind == "rows":
        rows = [f'{a.number},"{a.title}",{a.day},"{a.paragraphs[0]}"' for a in make_articles()]
        text = "\n".join(["id,title,date,text", *rows])
    else:
        text = "A title\n\n" + "\n\n".join(
            paragraph.replace("2021", "") for a in make_articles() * 5 for paragraph in a.paragraphs
        )
    choice = split_best(text, LAYOUTS)
    assert choice.layout is None
    assert "unsure_layout" in [doubt.code for doubt in choice.found.doubts]


@pytest.mark.parametrize("language", ["en", "de", "es", "nl"])
def test_text_that_is_cut_off_is_reported(language: str) -> None:
    text = decode((SHIPPED / f"nexis_{language}.txt").read_bytes()).text
    whole = split_best(text, LAYOUTS).found
    third = whole.articles[2]
    half = (third.start + third.end) // 2
    cut = split_best(f"{text[:half]}\n\n\n{text[third.end :]}", LAYOUTS).found
    assert [article.title for article in cut.articles] == [
        article.title for article in whole.articles
    ]
    broken = [doubt for doubt in cut.doubts if doubt.code == "broken_article"]
    assert [doubt.start for doubt in broken] == [cut.articles[2].start]
    assert re.search(r"expected a text of \d+ words, as the article says", broken[0].detail)


@pytest.mark.parametrize(
    ("language", "edition", "title"),
    [
        ("de", "Deutschlandausgabe", "Haddad: „Wir wurden nicht gefragt“"),
        ("es", "Madrid", "Manama reabre tras nueve años"),
        ("nl", "Avondeditie", "Overleg in Sanaa uitgesteld"),
    ],
)
def test_edition_is_no_title_where_the_date_is_missing(
    language: str, edition: str, title: str
) -> None:
    text = decode((SHIPPED / f"nexis_{language}.txt").read_bytes()).text
    head = text.index(edition, text.index("3 v" if language != "es" else "3 de"))
    line = text.rindex("\n", 0, head)
    undated = text[: text.rindex("\n", 0, line)] + text[line:]
    third = split_best(undated, LAYOUTS).found.articles[2]
    assert (third.title, third.date) == (title, None)
