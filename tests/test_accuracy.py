"""27 dumps, 372 articles: every deviation that people's files show, alone and together.

Written by somebody who had not seen the rules; the rules were mended by them since, so this guards
against falling back and says nothing of dumps not seen.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from clippings.layouts.layout import load_layout
from clippings.read import decode
from clippings.split import split

DUMPS = Path(__file__).parent / "cases" / "dumps"
EXPECTED = json.loads((DUMPS / "expected.json").read_text(encoding="utf-8"))
SAMPLES = json.loads((DUMPS.parent / "samples.json").read_text(encoding="utf-8"))
RAW = Path(__file__).parents[1] / "raw"
CASES = [(DUMPS / name, articles) for name, articles in EXPECTED.items()]
CASES += [(RAW / name, articles) for name, articles in SAMPLES.items()]


def fields(article):
    date, precision = article.date or (None, None)
    return {
        "title": article.title,
        "published_date": date and date.date().isoformat(),
        "date_precision": precision,
        "published_text": article.published_text,
        "outlet": article.outlet,
        "topics": list(article.topics),
        "body": article.body,
    }


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path.name for path, _ in CASES])
def test_every_field_of_every_article(path, expected):
    found = split(decode(path.read_bytes()).text, load_layout("digest"))
    assert [fields(article) for article in found.articles] == expected
    unknown = sum(span.end - span.start for span in found.spans if span.kind == "unknown")
    assert unknown == 0


def test_the_set_is_as_large_as_it_says():
    counts = Counter(len(articles) > 0 for articles in EXPECTED.values())
    assert counts == {True: 27}
    assert sum(map(len, EXPECTED.values())) == 372
