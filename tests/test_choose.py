"""Choice: the layout that explains a dump, the one that comes next, and texts that are no dump."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.articles import Article, Spans, Split
from clippings.choose import Choice, score, split_best
from clippings.layouts.layout import layout_names, load_layout
from clippings.learning import Learned
from clippings.read import decode
from clippings.split import split

ROOT = Path(__file__).parents[1]
FORMS = ROOT / "tests" / "cases" / "forms"
LAYOUTS = [load_layout(name) for name in layout_names()]
NAMES = set(layout_names())
DIGESTS = [
    *sorted((ROOT / "raw").rglob("*.txt")),
    *sorted((ROOT / "tests" / "cases" / "dumps").glob("*.txt")),
]
OTHERS = [file for file in sorted((FORMS / "shipped").iterdir()) if file.suffix != ".json"]
FIRST_WORDS = {"clip": "mbox", "clips": "mbox"}
"""Layout by the first word of a file's name where it is another word."""


def expected_layout(file: Path) -> str:
    if file in DIGESTS:
        return "digest"
    word = file.name.split(".")[0].split("_")[0]
    return FIRST_WORDS.get(word, word)


def choose(content: bytes) -> tuple[str, Choice]:
    """The text of a dump, and how it is split; the spans tile it."""
    dump = decode(content)
    choice = split_best(dump.text, LAYOUTS, dump.marks)
    spans = choice.found.spans
    assert (spans[-1].end if spans else 0) == len(dump.text)
    assert all(left.end == right.start for left, right in pairwise(spans))
    return dump.text, choice


def tell(article: Article) -> dict[str, Any]:
    """An article without its place."""
    told = article._asdict()
    del told["start"], told["end"]
    return told


# The right one


@pytest.mark.parametrize("file", [*DIGESTS, *OTHERS], ids=lambda file: file.name)
def test_right_layout_is_chosen(file: Path) -> None:
    text, choice = choose(file.read_bytes())
    assert choice.layout == expected_layout(file)
    assert 0.5 <= choice.score <= 1
    assert choice.score == round(choice.score, 3)
    assert choice.runner_up in (NAMES - {choice.layout}) | {None}
    marks = decode(file.read_bytes()).marks
    assert choice.found == split(text, load_layout(choice.layout), marks)


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: file.name)
def test_marked_dump_has_a_digest_as_runner_up(file: Path) -> None:
    """Every text is some digest; the reading that its marks give explains more of it."""
    _, choice = choose(file.read_bytes())
    assert choice.runner_up in ("digest", None)
    dump = decode(file.read_bytes())
    assert choice.score > score(split(dump.text, load_layout("digest"), dump.marks))


@pytest.mark.parametrize("file", [DIGESTS[0], *OTHERS], ids=lambda file: file.name)
def test_order_of_the_layouts_does_not_matter(file: Path) -> None:
    dump = decode(file.read_bytes())
    choice = split_best(dump.text, LAYOUTS, dump.marks)
    assert split_best(dump.text, LAYOUTS[::-1], dump.marks) == choice


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("file", [DIGESTS[0], OTHERS[0]], ids=lambda file: file.name)
def test_single_layout_is_taken_whatever_it_explains(file: Path, layout: Any) -> None:
    dump = decode(file.read_bytes())
    choice = split_best(dump.text, [layout], dump.marks)
    found = split(dump.text, layout, dump.marks)
    assert (choice.layout, choice.runner_up, choice.learned) == (layout.name, None, None)
    assert (choice.found, choice.score) == (found, round(score(found), 3))


@pytest.mark.parametrize("text", ["", "\n", " \t\r\n\f", "\ufeff", "\ufeff\n\n"])
def test_nothing_has_no_layout(text: str) -> None:
    choice = split_best(text, LAYOUTS)
    assert (choice.layout, choice.score, choice.runner_up) == (None, 0.0, None)
    assert (choice.found.articles, choice.found.doubts) == ((), ())


# Dumps of more than one form


def read(name: str) -> bytes:
    return (FORMS / "shipped" / name).read_bytes()


@pytest.mark.parametrize("name", ["newswire.txt", "archive.txt", "nexis_de.txt"])
def test_long_dump_is_chosen_for_by_all_of_it(name: str) -> None:
    """More than the beginning by which layouts are compared: 300,000 characters."""
    once = choose(read(name))[1]
    count = 320_000 // len(read(name)) + 1
    _, choice = choose(read(name) * count)
    assert choice.layout == once.layout
    assert len(choice.found.articles) == count * len(once.found.articles)


def test_dump_that_begins_otherwise_than_it_goes_on() -> None:
    """300 kB of one form and a megabyte of another: the latter explains more."""
    beginning = read("archive.txt") * 13
    assert len(beginning) > 300_000
    rest = read("newswire.txt") * 20
    _, choice = choose(beginning + rest)
    assert choice.layout == "newswire"
    assert len(choice.found.articles) == 20 * 32
    codes = [doubt.code for doubt in choice.found.doubts]
    assert "bad_date" in codes


def test_beginning_that_is_not_understood_is_a_preamble() -> None:
    beginning = b"word of a very long preamble " * 12_000
    text, choice = choose(beginning + b"\n\n" + read("newswire.txt") * 40)
    assert choice.layout == "newswire"
    assert len(choice.found.articles) == 40 * 32
    first = next(span for span in choice.found.spans if span.kind == "preamble")
    assert text[first.start : first.end] == beginning.decode().strip()


def test_long_page_is_split() -> None:
    """An element of an article lies across the end of what layouts are compared on."""
    once = choose(read("factiva_es.html"))[1]
    count = 320_000 // len(decode(read("factiva_es.html")).text) + 1
    _, choice = choose(read("factiva_es.html") * count)
    assert choice.layout == "factiva"
    assert len(choice.found.articles) == count * len(once.found.articles)


# No dump of articles

ESSAY = """On Carrying Water

There is a way of carrying water that my grandmother had from hers, with a ring of cloth on the \
head and both hands free. Nobody taught it to me, because by then there were pipes.

I have thought about it more in the last year than in all the years before. A thing that is \
carried is looked after; a thing that arrives is not. When the pipes ran dry in the summer the \
whole street stood about with buckets, and nobody knew how to walk.

It is tempting to make a lesson of this. The engineers did so at once, and so did the priests, \
and they agreed for the first time in memory that it had been our own fault.

What I remember is how quiet it was. Water makes no noise in a jar, if it is full.
"""
CHAT = "".join(
    f"[{hour}:{minute:02}] {name}: {words}\n"
    for hour in range(9, 14)
    for minute, name, words in (
        (2, "ruth", "is anyone at the desk?"),
        (3, "amal", "yes, since eight"),
        (7, "ruth", "the printer is out again"),
        (15, "dov", "I called them. They said they would come when they came, and then hung up"),
        (41, "amal", "lol"),
    )
)
LIST = "".join(
    f"- {item}\n" for item in "flour oil salt eggs twine lamps rope tar nails".split() * 9
)
POEM = "\n\n".join(
    "\n".join(
        (
            f"The {noun} goes down to the water,",
            "the water goes down to the stone,",
            f"and who was the {noun} without me",
            "and where shall I leave it alone?",
        )
    )
    for noun in "lantern ladder shadow sparrow sailor sister".split()
)
SOURCE = Path(__file__).read_text(encoding="utf-8")
TABLE = "id,name,place,count\n" + "".join(
    f"{number},Ruth Almagor,Haifa,{number * 7}\n" for number in range(60)
)
NO_DUMPS = {
    "essay": ESSAY,
    "long essay": ESSAY * 12,
    "chat": CHAT,
    "list": LIST,
    "poem": POEM,
    "source code": SOURCE,
    "table": TABLE,
    "one line": "Nothing to see here.",
    "one word": "Nothing",
    "figures": "".join(f"{number * number}\n" for number in range(200)),
}


ONE_ARTICLE = {"essay", "poem"}
"""A title and a text: one article of a digest, and nothing to doubt."""


@pytest.mark.parametrize("kind", sorted(ONE_ARTICLE))
def test_a_title_and_a_text_are_one_article(kind: str) -> None:
    text, choice = choose(NO_DUMPS[kind].encode())
    (article,) = choice.found.articles
    assert f"{article.title} {article.body}".split() == text.split()
    assert choice.found.doubts == ()


@pytest.mark.parametrize("kind", sorted(NO_DUMPS.keys() - ONE_ARTICLE - {"long essay"}))
def test_what_is_no_dump_is_one_article_and_a_problem(kind: str) -> None:
    text, choice = choose(NO_DUMPS[kind].encode())
    assert len(choice.found.articles) == 1
    assert choice.layout is None
    assert "unsure_layout" in [doubt.code for doubt in choice.found.doubts]
    (article,) = choice.found.articles
    assert article.title is None
    assert article.body.split() == text.split()
    assert {span.kind for span in choice.found.spans} <= {"body", "separator"}


def test_unsure_says_what_came_nearest() -> None:
    _, choice = choose(NO_DUMPS["chat"].encode())
    assert choice.layout is None
    assert choice.runner_up in NAMES
    assert 0 < choice.score < 0.5
    (doubt,) = choice.found.doubts
    assert "expected a form that is known or that recurs, found neither" in doubt.detail


def test_a_reading_that_recurs_raises_doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that explains more than any that is known is taken where it is sure."""
    piece = "REF {0}\n3 May 20{0}\nThe Ferry of {0} Is Late\n\nIt was late, and so they walked.\n\n"
    text = "".join(piece.format(number) for number in range(10, 30))
    toml = (
        "name = 'learned'\n[article]\nbegins = ['REF (?P<id>\\d+)']\n"
        "[[head]]\npart = 'date'\n[[head]]\npart = 'title'\n"
    )
    digest = [load_layout(name) for name in ("digest", "archive")]
    outcomes = {}
    for confidence in (0.7, 0.9):
        learned = Learned(toml, confidence, ())
        monkeypatch.setattr("clippings.learning.learn", lambda *_, learned=learned, **__: learned)
        outcomes[confidence] = split_best(text, digest).layout
    assert outcomes == {0.7: None, 0.9: "learned"}


# Scores


def test_no_article_scores_nothing() -> None:
    assert score(Split((), Spans((0,), (), ()), ())) == 0.0
    assert score(split("word", load_layout("nexis"))) == 0.0


@pytest.mark.parametrize("file", [DIGESTS[0], *OTHERS], ids=lambda file: file.name)
def test_noise_between_articles_lowers_a_score(file: Path) -> None:
    """What stands behind the marks of the end is part of no article."""
    dump = decode(file.read_bytes())
    layout = load_layout(expected_layout(file))
    found = split(dump.text, layout, dump.marks)
    lost = [
        ("unknown", None) if span.kind == "body" else (span.kind, span.article)
        for span in found.spans
    ]
    kinds, articles = zip(*lost, strict=True)
    lowered = Split(found.articles, Spans(found.spans.cuts, kinds, articles), found.doubts)
    assert 0 <= score(lowered) < score(found) <= 1


PIECES = [
    "1 of 2 DOCUMENTS\n\n",
    "DEV-MUC3-0001\n",
    "*TEXT 017 01/04/63\n",
    "Title\n\n",
    "May 3 2019\n",
]
PIECES += ["word ", "word\n\n", "Read more at FDD\n", "- a\n", "[1] a | b | c\n", "=====\n", "\f"]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60).map("".join))
def test_any_text_has_a_choice(text: str) -> None:
    choice = split_best(text, LAYOUTS)
    assert 0 <= choice.score <= 1
    assert choice.layout in NAMES | {"learned", None}
    assert choice.runner_up != choice.layout or choice.layout is None
    codes = [doubt.code for doubt in choice.found.doubts]
    assert ("unsure_layout" in codes) <= (choice.layout is None and len(choice.found.articles) == 1)
    assert split_best(text, LAYOUTS) == choice
