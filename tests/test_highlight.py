"""An article is shown with its names marked, and nothing of it is markup."""

from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

import clippings
from clippings.errors import StoreError
from clippings.highlight import ShownArticle

EVIL = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """Collects the tags, attributes and marked words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.names |= {value for name, value in attrs if name == "title"}

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(**fields: Any) -> ShownArticle:
    body = f"{EVIL} & “Ann”\n\nsaid {{bg}} \u202eto\x1b[2J Bob."
    mention = {"article_id": "a", "field": "body", "surface": "x", "model_label": "X"}
    mentions = pd.DataFrame(
        [
            mention | {"start": 0, "end": 8, "label": "ORG", "entity_id": "e", "name": f'"{EVIL}'},
            mention | {"start": 29, "end": 32, "label": "PERSON", "entity_id": None, "name": None},
        ]
    )
    given = {
        "article_id": "a",
        "title": EVIL,
        "published_date": pd.Timestamp("2020-01-02"),
        "published_text": None,
        "outlet": EVIL,
        "topics": [EVIL, "x\x1b"],
        "body": body,
        "mentions": mentions,
    }
    return ShownArticle(**(given | fields))


def test_names_are_marked_and_nothing_is_markup() -> None:
    article = shown()
    page = Reader(article._repr_html_())
    assert page.tags <= {"div", "h3", "p", "mark", "small", "br"}
    assert page.attributes <= {"class", "style", "title"}
    assert page.names == {f'"{EVIL}', ""}
    assert page.text.count(EVIL) == 3  # title, outlet, topics; that of the body has a mark in it
    assert "<script>ORGalert" in page.text.replace("\n", "")
    assert "{bg}" in page.text


def test_elsewhere_it_is_plain_text() -> None:
    lines = repr(shown()).split("\n\n")
    assert lines == [
        EVIL,
        f"2020-01-02 · {EVIL}",
        f"{EVIL} & “Ann”",
        "said {bg} \\u202eto\\x1b[2J Bob.",
        f"{EVIL}, x\\x1b",
    ]
    bare = shown(title=None, published_date=None, outlet=None, topics=[])
    assert repr(bare).startswith(EVIL + " &")
    assert "(no title)" in bare._repr_html_()


def test_article_gives_what_the_tables_say(desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(1, 4, 6))
    desk.ingest()
    for row in desk.rows("articles"):
        article = clippings.article(row["article_id"], processed=desk.processed)
        assert (article.title, article.body, article.outlet) == (
            row["title"], row["body"], row["outlet"],
        )  # fmt: skip
        assert article.published_date == row["published_date"]
        own = [m for m in desk.rows("mentions") if m["article_id"] == row["article_id"]]
        assert article.mentions["surface"].tolist() == [m["surface"] for m in own]
        assert own
        topics = [t for t in desk.rows("article_topics") if t["article_id"] == row["article_id"]]
        assert article.topics == [topic["topic"] for topic in topics]
        assert Reader(article._repr_html_()).names == set(article.mentions["name"])
    with pytest.raises(StoreError, match='expected an article_id, found "x"'):
        clippings.article("x", processed=desk.processed)
