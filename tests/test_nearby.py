import random
from typing import Any

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clippings.columns import within, without
from clippings.nearby import COLUMNS, find_near
from clippings.records import arrow_schema
from clippings.stories import group_signed, group_stories, sign

WORDS = random.Random(9).choices([f"word{number}" for number in range(5000)], k=2000)
BRIEF = "The ferry was back in service on Monday after a week of storms."


def write_text(first: int, last: int) -> str:
    """Write a stretch of the same long text; stretches that overlap tell one story."""
    return " ".join(WORDS[first * 20 : last * 20])


# From hardly any words to hundreds; windows that slide make chains of look-alikes.
BODIES = st.one_of(
    st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda it: write_text(it[0], sum(it))),
    st.sampled_from(["", "No.", BRIEF, BRIEF.upper()]),
)
ARTICLES = st.dictionaries(st.sampled_from("abcdefghijkl"), BODIES, max_size=12)


def table(bodies: dict[str, str]) -> pa.Table:
    rows = [
        {"article_id": article_id, "title": None, "body": bodies[article_id]}
        for article_id in sorted(bodies)
    ]
    names = [("article_id", pa.string()), ("title", pa.string()), ("body", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema(names))


def group_near(bodies: dict[str, str], near: pa.Array) -> pa.Table:
    some = within(table(bodies), "article_id", near)

    def read_bodies(article_ids: pa.Array) -> Any:
        yield from within(some, "article_id", article_ids).select([0, 2]).to_batches()

    return group_signed(lambda: [sign(some)], read_bodies)


@settings(max_examples=80, deadline=None)
@given(ARTICLES, ARTICLES, st.sets(st.sampled_from("abcdefghijkl"), max_size=3))
@example({"a": BRIEF}, {"b": BRIEF}, {"b"})
@example({"a": write_text(0, 8), "b": write_text(0, 8)}, {}, {"b"})
@example({"a": write_text(0, 9), "b": write_text(2, 11)}, {"c": write_text(1, 10)}, {"c"})
def test_only_families_near_a_change_change(
    before: dict[str, str], now: dict[str, str], replaced: set[str]
) -> None:
    after = {key: body for key, body in before.items() if key not in replaced}
    come = {key: body for key, body in now.items() if key in replaced}
    after |= come
    gone = {key: body for key, body in before.items() if key in replaced}
    changed = pa.concat_tables([sign(table(each)).select(COLUMNS) for each in (come, gone)])
    signs = sign(table(after)).select(COLUMNS)
    near = find_near(lambda: [signs.slice(0, 5), signs.slice(5)], changed, len(before | after))
    assert near is not None
    assert set(near.to_pylist()) >= set(come) | set(gone)

    stays = without(group_stories(table(before)), "article_id", near)
    found = pa.concat_tables([stays, group_near(after, near)]).sort_by("article_id")
    assert found.cast(arrow_schema("stories")).equals(group_stories(table(after)))


def test_articles_that_share_nothing_are_not_near() -> None:
    bodies = {"a": write_text(0, 6), "b": write_text(10, 16), "c": "No.", "d": "No.", "e": ""}
    new = {"f": write_text(20, 26), "g": "No.", "h": ""}
    signs = sign(table(bodies | new)).select(COLUMNS)
    found = find_near(lambda: [signs], sign(table(new)).select(COLUMNS), 8)
    assert found is not None
    assert found.to_pylist() == ["f", "g", "h"]


def test_those_are_near_that_others_lead_to() -> None:
    bodies = {str(number): write_text(2 * number, 2 * number + 10) for number in range(10)}
    signs = sign(table(bodies)).select(COLUMNS)
    found = find_near(lambda: [signs], signs.slice(0, 1), 10)
    assert found is not None
    assert len(found) == 10
    assert find_near(lambda: [signs], signs.slice(0, 1), 5) is None
