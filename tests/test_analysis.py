"""Counts agree with the tables, pairs with a plain loop, words with the raw files."""

import tempfile
from collections import Counter, defaultdict
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clippings
from clippings import analysis, pairs
from clippings.errors import StoreError
from clippings.records import LABELS

NAMES = ("Ann Abel", "Bob Best", "Cole Crew", "Dora Dean", "Earl Eden")
FILLER = ("of the hill", "a naïve “road”", "𝔘nder", "\u202eback")


def an_article(number: int, title: list[str], paragraphs: list[list[str]], date: Any) -> Any:
    """Make an article of words, and the mentions of those that are names."""
    article_id = f"{number:020x}"
    mentions = []
    texts = {"title": " ".join(title), "body": "\n\n".join(map(" ".join, paragraphs))}
    for field, parts in (("title", [title]), ("body", paragraphs)):
        offset = 0
        for words in parts:
            for word in words:
                if word in NAMES:
                    entity = NAMES.index(word)
                    span = {"article_id": article_id, "field": field, "surface": word}
                    span |= {"start": offset, "end": offset + len(word), "model_label": "X"}
                    span |= {"label": "PERSON", "entity_id": f"{entity:020x}" if entity else None}
                    mentions.append(span)
                offset += len(word) + 1
            offset += 1
    day, precision = date
    row = {"article_id": article_id, "published_date": day, "date_precision": precision}
    return {**row, **texts, "word_count": 1}, mentions


WORDS = st.lists(st.sampled_from(NAMES + FILLER), min_size=1, max_size=5)
DATES = st.one_of(
    st.just((None, None)),
    st.datetimes(datetime(1, 1, 1), datetime(1, 12, 31)).map(lambda day: (day, "day")),
    st.integers(1, 12).map(lambda month: (datetime(3, month, 1), "month")),
    st.integers(1, 4).map(lambda year: (datetime(year, 1, 1), "year")),
)
ARTICLES = st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=4), DATES), max_size=6)


def write(publish: Any, folder: str, drawn: Any) -> tuple[Path, list[Any], list[Any]]:
    """Write tables of some articles: folder, articles, mentions that have an entity."""
    made = [an_article(number, *each) for number, each in enumerate(drawn)]
    articles = [article for article, _ in made]
    mentions = [mention for _, found in made for mention in found]
    named = [mention for mention in mentions if mention["entity_id"]]
    entities = [
        {
            "entity_id": f"{number:020x}",
            "label": LABELS[number % 3],
            "name": name,
            "mention_count": sum(name == mention["surface"] for mention in named),
            "article_count": len({m["article_id"] for m in named if m["surface"] == name}),
        }
        for number, name in enumerate(NAMES)
    ]
    processed = Path(folder) / "processed"
    publish(processed, articles=articles, mentions=mentions, entities=entities)
    return processed, articles, named


def count_naively(articles: list[Any], named: list[Any], within: str) -> dict[Any, tuple[int, int]]:
    units: dict[Any, set[str]] = defaultdict(set)
    bodies = {article["article_id"]: article["body"] for article in articles}
    for mention in named:
        article_id, field = mention["article_id"], mention["field"]
        place: Any = 0
        if within == "paragraph" and field == "title":
            place = "title"
        elif within == "paragraph":
            place = bodies[article_id].count("\n\n", 0, mention["start"])
        units[article_id, place].add(mention["surface"])
    unit_counts: Counter[Any] = Counter()
    found_in: dict[Any, set[str]] = defaultdict(set)
    for (article_id, _), names in units.items():
        for pair in combinations(sorted(names), 2):
            unit_counts[pair] += 1
            found_in[pair].add(article_id)
    return {pair: (count, len(found_in[pair])) for pair, count in unit_counts.items()}


def as_counts(rows: pd.DataFrame) -> dict[Any, tuple[int, int]]:
    found = {
        tuple(sorted((row.name_a, row.name_b))): (row.unit_count, row.article_count)
        for row in rows.itertuples()
    }
    assert len(found) == len(rows)  # every pair once
    return found


@given(drawn=ARTICLES, most=st.sampled_from([1, 3, 1 << 22]))
@settings(max_examples=25, deadline=None)
def test_pairs_are_those_of_a_plain_loop(publish: Any, drawn: Any, most: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "_MOST_PAIRS", most)
        processed, articles, named = write(publish, folder, drawn)
        for within in ("paragraph", "article"):
            every = count_naively(articles, named, within)
            assert as_counts(analysis.cooccurrence(None, within, processed=processed)) == every
            label = analysis.cooccurrence(LABELS[1:], within, processed=processed)
            kept = [name for place, name in enumerate(NAMES) if LABELS[place % 3] != LABELS[0]]
            assert as_counts(label) == {p: n for p, n in every.items() if set(p) <= set(kept)}
            one = analysis.cooccurrence("PERSON", within, entity=NAMES[1], processed=processed)
            assert set(one["name_a"]) <= {NAMES[1]}
            allowed = [{NAMES[1], NAMES[3]}]  # the other person; entity 0 has no mention
            assert as_counts(one) == {p: n for p, n in every.items() if set(p) in allowed}


@given(drawn=ARTICLES)
@settings(max_examples=15, deadline=None)
def test_timelines_have_all_mentions(publish: Any, drawn: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        processed, articles, named = write(publish, folder, drawn)
        dates = {article["article_id"]: article for article in articles}
        for by in ("day", "week", "month", "quarter", "year"):
            rows = analysis.timeline(NAMES[1], by, processed=processed)
            own = [mention for mention in named if mention["surface"] == NAMES[1]]
            assert rows["mention_count"].sum() == len(own)
            assert rows["article_count"].sum() == len({m["article_id"] for m in own})
            dated = rows.dropna(subset="period")
            expected: Counter[Any] = Counter()
            for mention in own:
                article = dates[mention["article_id"]]
                day, precision = article["published_date"], article["date_precision"]
                if precision == "day" or (precision, by) in (
                    ("month", "month"), ("month", "quarter"), ("month", "year"), ("year", "year"),
                ):  # fmt: skip
                    expected[day.year, getattr(day, by, 0) if by != "year" else 0] += 1
            if by in ("day", "month", "year"):
                counts = Counter()
                for row in dated[dated["mention_count"] > 0].itertuples():
                    key = row.period.year, getattr(row.period, by) if by != "year" else 0
                    counts[key] += row.mention_count
                assert counts == expected
            assert dated["mention_count"].sum() == expected.total()
            if by == "week":
                assert set(dated["period"].dt.dayofweek) <= {0}
            if by == "quarter":
                assert set(dated["period"].dt.month) <= {1, 4, 7, 10}


def test_a_timeline_has_no_gaps_and_says_what_it_cannot_place(publish: Any, tmp_path: Path) -> None:
    name = NAMES[1]
    drawn = [
        ([name], [[name, "x", name]], (datetime(2020, 1, 31), "day")),
        ([name], [["x"]], (datetime(2020, 4, 1), "month")),
        (["x"], [[name]], (datetime(2020, 1, 1), "year")),
        (["x"], [[name, name]], (None, None)),
    ]
    processed, _, _ = write(publish, str(tmp_path), drawn)
    rows = analysis.timeline("bob BEST", processed=processed)
    assert rows.columns.tolist() == [
        "entity_id", "name", "period", "mention_count", "article_count",
    ]  # fmt: skip
    assert rows["period"].dt.strftime("%Y-%m-%d").fillna("").tolist() == [
        "2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", "",
    ]  # fmt: skip
    assert rows["mention_count"].tolist() == [3, 0, 0, 1, 3]
    assert rows["article_count"].tolist() == [1, 0, 0, 1, 2]
    assert analysis.timeline(name, "year", processed=processed)["mention_count"].tolist() == [5, 2]
    assert analysis.timeline(name, "day", processed=processed)["mention_count"].tolist() == [3, 4]


def test_what_cannot_be_asked_is_named(publish: Any, tmp_path: Path) -> None:
    processed, _, _ = write(publish, str(tmp_path), [])
    with pytest.raises(StoreError, match=r'a period of day, week, .*found "decade"'):
        analysis.timeline(NAMES[1], "decade", processed=processed)
    with pytest.raises(StoreError, match="expected labels of PERSON, ORG, PLACE, found PEOPLE"):
        analysis.cooccurrence("PEOPLE", processed=processed)
    with pytest.raises(StoreError, match='expected a unit of paragraph, article, found "page"'):
        analysis.cooccurrence(within="page", processed=processed)
    with pytest.raises(StoreError, match="Did you mean Bob Best"):
        analysis.concordance("Bob Besk Junior", processed=processed)


HOSTILE = """\
<script>alert(1)</script> =cmd|' /C calc'!A0 \u202e Haifa

27 March 2019

“It was so,” said Golda  Meir in \u200fHaifa, and nobody there had any word to say against it then.

Golda Meir left for Jaffa; Golda Meir did not come back, or so it was told in Haifa for years.

Read more at FDD
"""


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_concordance_leads_to_the_bytes(desk: Any, codec: str) -> None:
    desk.put("a.txt", HOSTILE.encode(codec))
    desk.ingest()
    rows = clippings.concordance("golda meir", 12, processed=desk.processed)
    articles = clippings.load("articles", processed=desk.processed).set_index("article_id")
    mentions = clippings.load("mentions", processed=desk.processed)
    assert len(rows) == (mentions["surface"] == "Golda Meir").sum() == 3
    for row in rows.itertuples():
        text = articles.loc[row.article_id, row.field]
        assert text[row.start : row.end] == row.keyword == "Golda Meir"
        assert text[row.start - len(row.left) : row.end + len(row.right)] == (
            row.left + row.keyword + row.right
        )
        assert max(len(row.left), len(row.right)) <= 12
        raw = (desk.raw / row.path).read_bytes()[row.start_byte : row.end_byte]
        assert raw.decode("utf-16-le" if codec == "utf-16" else codec).split() == ["Golda", "Meir"]
    assert rows.iloc[0]["left"] == "as so,” said "[-12:]
    assert rows.iloc[1]["left"] == ""  # not beyond the paragraph
    whole = clippings.concordance("golda meir", None, processed=desk.processed).iloc[1]
    paragraph = whole["left"] + whole["keyword"] + whole["right"]
    assert paragraph == articles.iloc[0]["body"].split("\n\n")[1]


def test_a_concordance_without_the_raw_file_has_no_place(desk: Any) -> None:
    file = desk.put("a.txt", HOSTILE)
    desk.put("b/c.txt", HOSTILE)
    desk.ingest()

    def ask() -> pd.DataFrame:
        return clippings.concordance("Haifa", processed=desk.processed)

    rows = ask()
    assert rows["field"].tolist() == ["title", "body"]
    gone = set(rows["path"])
    assert len(gone) == 1  # of the two dumps the first
    for path in gone:
        (desk.raw / path).write_text("other", encoding="utf-8")
    assert set(ask()["path"]) == {"a.txt", "b/c.txt"} - gone
    file.unlink(missing_ok=True)
    (desk.raw / "b" / "c.txt").unlink(missing_ok=True)
    rest = ask()
    assert rest[["path", "start_byte", "end_byte"]].isna().all(axis=None)
    assert rest["keyword"].tolist() == rows["keyword"].tolist()
    assert "<script>" not in rest._repr_html_()
