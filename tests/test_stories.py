"""Families of near-duplicates: what is one story and what is not, in any order."""

import json
import random
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings import stories
from clippings.records import arrow_schema
from clippings.stories import group_stories

CASES = json.loads((Path(__file__).parent / "cases" / "stories.json").read_text(encoding="utf-8"))
SCHEMA = pa.schema(
    [
        ("article_id", pa.string()),
        ("title", pa.string()),
        ("published_date", pa.timestamp("ms")),
        ("body", pa.string()),
    ]
)


def as_rows(cases):
    """Give each case an id that says nothing of its family."""
    return [
        {
            "article_id": f"{37 * number % 997:03}",
            "title": case["title"],
            "published_date": case["published_date"]
            and datetime.fromisoformat(case["published_date"]),
            "body": case["body"],
        }
        for number, case in enumerate(cases)
    ]


ROWS = as_rows(CASES)


def table(rows):
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def bodies(*texts):
    return table([{"article_id": f"{n:04}", "body": text} for n, text in enumerate(texts)])


def families(found):
    """Give the families as sorted lists of ids."""
    members = defaultdict(list)
    for article_id, story_id in zip(*found.to_pydict().values(), strict=True):
        members[story_id].append(article_id)
    return sorted(members.values())


def make_text(count, seed):
    """Make words of which no two texts share a run."""
    rng = random.Random(seed)
    return ["".join(rng.choices("abcdefghijklmnop", k=6)) for _ in range(count)]


def test_the_truth():
    labels = defaultdict(list)
    for row, case in zip(ROWS, CASES, strict=True):
        if case["family"]:
            labels[case["family"]].append(row["article_id"])
    names = {
        row["article_id"]: (case["family"], case["label"])
        for row, case in zip(ROWS, CASES, strict=True)
    }
    found = families(group_stories(table(ROWS)))
    expected = sorted(sorted(members) for members in labels.values())
    assert [[names[each] for each in family] for family in found] == [
        [names[each] for each in family] for family in expected
    ]


def test_rows_are_sorted_and_named_after_the_smallest_id():
    found = group_stories(table(ROWS))
    assert found.schema.equals(arrow_schema("stories"), check_metadata=True)
    ids = found["article_id"].to_pylist()
    assert ids == sorted(set(ids))
    grouped = defaultdict(list)
    for article_id, story_id in zip(*found.to_pydict().values(), strict=True):
        grouped[story_id].append(article_id)
    assert grouped
    assert all(len(members) > 1 and min(members) == key for key, members in grouped.items())


@settings(deadline=None, max_examples=20)
@given(st.permutations(ROWS), st.integers(1, len(ROWS)))
def test_the_order_and_the_batches_do_not_matter(rows, size):
    batches = table(rows).to_batches(max_chunksize=size)
    assert group_stories(lambda: iter(batches)).equals(group_stories(table(ROWS)))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_an_article_of_its_own_changes_nothing(seed):
    alone = {"article_id": "", "body": " ".join(make_text(200, seed))}
    assert group_stories(table([*ROWS, alone])).equals(group_stories(table(ROWS)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.text(max_size=400)), max_size=20))
def test_any_text_is_read(texts):
    rows = [
        {"article_id": f"{number:02}", "title": title, "body": body}
        for number, (title, body) in enumerate(texts)
    ]
    twice = [*rows, *({**row, "article_id": f"x{row['article_id']}"} for row in rows)]
    found = dict(zip(*group_stories(table(twice)).to_pydict().values(), strict=True))
    words = stories._read_words(pa.array([row["body"] for row in rows], pa.string()))
    for row, count in zip(rows, np.diff(words.offsets).tolist(), strict=True):
        twin = found.get(f"x{row['article_id']}")
        assert found.get(row["article_id"]) == twin
        assert (twin is not None) == (count >= stories.MIN_WORDS)


def test_nothing_at_all():
    assert group_stories(table([])).num_rows == 0
    assert group_stories(lambda: iter(())).num_rows == 0


def test_only_the_three_columns_are_needed():
    rows = table(ROWS)
    bare = rows.select(["article_id", "title", "body"]).cast(
        pa.schema([(name, pa.large_string()) for name in ("article_id", "title", "body")])
    )
    found = families(group_stories(bare))
    assert len(found) == len(families(group_stories(rows))) + 1  # the weather of two days


def test_no_chain_of_weak_links():
    words = make_text(400, seed=1)
    steps = [" ".join(words[start : start + 100]) for start in range(0, 271, 30)]
    found = group_stories(bodies(*steps))
    leaders = {}
    for members in families(found):
        for member in members:
            leaders[member] = members
    assert len(families(found)) > 2
    assert all(int(members[-1]) - int(members[0]) <= 2 for members in leaders.values())


def test_an_excerpt_does_not_lead_those_that_open_alike():
    opening = make_text(50, seed=20)
    editions = [" ".join(opening + make_text(150, seed=n)) for n in range(21, 25)]
    found = families(group_stories(bodies(*editions, " ".join(opening))))
    assert found == [["0000", "0004"]]


def test_two_that_share_nothing_are_not_joined_by_what_holds_both():
    a, b = make_text(60, seed=2), make_text(60, seed=3)
    found = families(group_stories(bodies(" ".join(a + b), " ".join(a), " ".join(b))))
    assert found == [["0000", "0001"]]
    third = make_text(60, seed=4)
    found = families(group_stories(bodies(" ".join(a + b + third), " ".join(a), " ".join(b))))
    assert found == [["0000", "0001"]]


@pytest.mark.parametrize(("count", "is_one"), [(39, False), (40, True), (60, True)])
def test_an_excerpt_needs_forty_words(count, is_one):
    words = make_text(400, seed=5)
    found = group_stories(bodies(" ".join(words), " ".join(words[:count])))
    assert bool(found.num_rows) == is_one


@pytest.mark.parametrize(("count", "is_one"), [(44, False), (56, True)])
def test_what_resembles_shares_more_than_half(count, is_one):
    shared, rest = (
        make_text(count * 2, seed=6),
        [make_text(200 - count * 2, seed=n) for n in (7, 8)],
    )
    found = group_stories(bodies(*(" ".join(part[:20] + shared + part[20:]) for part in rest)))
    assert bool(found.num_rows) == is_one


@pytest.mark.parametrize(
    ("numbers", "is_one"),
    [("4.2 38 03:12 11", False), ("4.1 38 03:12 11", True), ("4.2 39", True)],
)
def test_half_of_the_numbers_must_agree(numbers, is_one):
    words = " ".join(make_text(150, seed=9))
    found = group_stories(bodies(f"4.1 38 3:12 10 {words}", f"{numbers} {words}"))
    assert bool(found.num_rows) == is_one


def test_a_family_that_no_bucket_holds_whole():
    rng = random.Random(10)
    base = make_text(150, seed=11)
    versions = [
        " ".join(f"v{n}" if rng.random() < 0.04 else word for word in base) for n in range(400)
    ]
    found = families(group_stories(bodies(*versions, " ".join(make_text(150, seed=12)))))
    assert list(map(len, found)) == [400]


def test_a_shared_paragraph_joins_nobody():
    paywall = make_text(45, seed=13)
    texts = [" ".join(make_text(100, seed=n) + paywall) for n in range(100, 500)]
    assert group_stories(bodies(*texts)).num_rows == 0


def test_pairs_grow_with_the_texts_and_not_with_their_square():
    longer, shorter = stories._pairs_of_bucket(np.zeros(10_000, np.uint32))
    assert len(longer) < 3 * 10_000
    assert (longer < shorter).all()
    assert set(shorter[longer == 0].tolist()) == set(range(1, 10_000))
    longer, _ = stories._pairs_of_bucket(np.zeros(16, np.uint32))
    assert len(longer) == 16 * 15 // 2


def test_copies_are_compared_once(monkeypatch):
    seen = []
    monkeypatch.setattr(stories, "_propose", lambda _, rows: seen.append(len(rows)) or ((), ()))
    text = " ".join(make_text(100, seed=14))
    found = group_stories(bodies(*[text] * 500))
    assert seen == [1]
    assert list(map(len, families(found))) == [500]


def test_portions_and_slices_do_not_matter(monkeypatch):
    expected = group_stories(table(ROWS))
    monkeypatch.setattr(stories, "_SLICE_BYTES", 700)
    monkeypatch.setattr(stories, "_PORTION_RUNS", 50)
    monkeypatch.setattr(stories, "_PORTION_PAIRS", 2)
    assert group_stories(table(ROWS)).equals(expected)


def test_other_batches_at_the_second_reading_are_refused():
    readings = [table(ROWS), table(ROWS[:1])]
    with pytest.raises(ValueError, match="first reading"):
        group_stories(lambda: readings.pop(0).to_batches())


def test_nothing_is_left_in_the_folder(tmp_path):
    assert group_stories(table(ROWS), folder=tmp_path).num_rows
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="missing"):
        group_stories(table(ROWS), folder=tmp_path / "missing")


def test_numbers_are_words_and_marks_are_not():
    def read(text):
        words = stories._read_words(pa.array([text]))
        return len(words.hashes), int(words.is_number.sum())

    assert read("“Well,” he said — 1,200 came at 03:12!") == (7, 2)
    assert read("...") == (0, 0)
    assert read("霧の中") == (3, 0)
    assert read("Ärger ÄRGER Arger") == (3, 0)
    hashes = stories._read_words(pa.array(["Ärger ÄRGER Arger"])).hashes.tolist()
    assert hashes[0] == hashes[1] != hashes[2]


_SIGNS = "aZ0.,’é\u0301\u0338=≠ΣßÅ가\u1161記〇 \n\t\u00a0"


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from(_SIGNS)), max_size=4))
def test_no_rule_for_words_looks_past_a_space(texts):
    column = pa.array(texts, pa.string())
    for read, whole in zip(stories._read_words(column), stories._read_pieces(column), strict=True):
        assert read.tolist() == whole.tolist()
