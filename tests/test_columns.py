"""What pyarrow has no one call for."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from clippings import columns
from clippings.columns import (
    find_changed,
    from_rows,
    in_batches,
    put_column,
    put_owners,
    rows_of,
    sort,
    within,
    without,
)

_SCHEMA = pa.schema([("owner", pa.string()), ("number", pa.int64())])


def rows(*pairs: tuple[str, int | None]) -> pa.Table:
    return from_rows(pairs, _SCHEMA)


def test_rows_go_in_and_come_out() -> None:
    assert list(rows_of(rows(("a", 1), ("b", 2)))) == [("a", 1), ("b", 2)]
    assert list(rows_of(rows())) == list(rows_of(None)) == []
    assert rows().schema == _SCHEMA


def test_choices() -> None:
    made = rows(("a", 1), ("b", 2), ("a", 1), ("a", 3))
    assert without(made, "owner", pa.array(["a"])).equals(rows(("b", 2)))
    assert within(made, "owner", pa.array(["b"])).equals(rows(("b", 2)))
    assert without(made, "owner", pa.array([], pa.string())).equals(made)


def test_rows_are_sorted_and_copies_go() -> None:
    made = rows(("b", 2), ("a", 3), ("a", 1), ("b", 2), ("a", None), ("b", 2), ("a", None))
    kept = rows(("a", 1), ("a", 3), ("a", None), ("b", 2))
    assert sort(made, ["owner", "number"]).equals(kept)
    assert sort(pa.concat_tables([made[:3], made[3:]]), ["owner", "number"]).equals(kept)
    assert sort(kept, ["owner", "number"]).equals(kept)
    assert sort(made, ["owner"]).equals(rows(("a", 3), ("b", 2)))  # the first of them
    assert sort(made[:1], ["owner"]).equals(made[:1])
    assert sort(made[:0], ["owner"]).equals(made[:0])


def test_owners_of_whom_anything_changed() -> None:
    old, new = rows(("a", 1), ("b", 1), ("c", 1)), rows(("a", 1), ("b", 2), ("d", 1))
    assert sorted(find_changed(old, new, "owner").to_pylist()) == ["b", "c", "d"]
    assert len(find_changed(old, old, "owner")) == 0


@pytest.mark.parametrize("few", [0, 16])
def test_rows_of_owners_are_put_in_the_place_of_others(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_FEW_OWNERS", few)
    a, b, e = rows(("a", 2), ("a", 1)), rows(("b", 2), ("b", 3)), rows(("e", 1))
    d, f = rows(("d", 1)), rows(("f", 1), ("f", 0))
    old = pa.concat_tables([b, d, f])
    for owners, new, expected in [
        ("", [], [b, d, f]),
        ("b", [], [d, f]),
        ("fb", [rows(("b", 9))], [rows(("b", 9)), d]),
        ("eag", [a, e], [a, b, d, e, f]),
    ]:
        some = pa.concat_tables([rows(), *new])
        found = put_owners(old, pa.array(list(owners), pa.string()), some, "owner")
        assert found.equals(pa.concat_tables(expected))
        assert put_owners(rows(), pa.array(list(owners), pa.string()), some, "owner").equals(some)


def test_a_column_is_put_in_its_place() -> None:
    made = put_column(rows(("a", 1), ("b", 2)), "number", pa.array([3, 4]))
    assert made.equals(rows(("a", 3), ("b", 4)))


def test_small_tables_become_larger_ones() -> None:
    made = [rows((name, 1), (name, 2)) for name in "abc"]
    batches = list(in_batches(made, 4))
    assert [each.num_rows for each in batches] == [4, 2]
    assert list(rows_of(pa.concat_tables(batches))) == list(rows_of(pa.concat_tables(made)))
    assert list(in_batches([])) == []


def test_few_rows_are_held_and_many_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    times = []

    def read() -> Iterator[pa.Table]:
        times.append(1)
        yield from [pa.table({"a": [1, 2]}), pa.table({"a": [3]})]

    held = columns.hold(read)
    assert [rows.num_rows for rows in (*held(), *held())] == [2, 1, 2, 1]
    assert len(times) == 1
    monkeypatch.setattr(columns, "_HELD_BYTES", 8)
    read_again = columns.hold(read)
    assert [rows.num_rows for rows in (*read_again(), *read_again())] == [2, 1, 2, 1]
    assert len(times) == 4
