"""Rows that wait on the disk come back as they were added, once each."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clippings import spill
from clippings.records import arrow_schema
from clippings.spill import Change, Spill

_SCHEMA = pa.schema([("owner", pa.string()), ("number", pa.int64())])
_OWNERS = ("00a", "00b", "0f1", "a00", "ff0")
_ADDED = st.lists(st.lists(st.tuples(st.sampled_from(_OWNERS), st.integers(0, 9)), max_size=6))


def rows(*pairs: tuple[str, int]) -> pa.Table:
    owners, numbers = zip(*pairs, strict=True) if pairs else ((), ())
    return pa.table([owners, numbers], schema=_SCHEMA)


@given(_ADDED, st.integers(0, 200), st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_added_comes_back(
    added: list[list[tuple[str, int]]], held_bytes: int, is_read_between: bool
) -> None:
    """In the order of the prefixes, of equals as they came; from memory and from the file."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "_HELD_BYTES", held_bytes)
        kept = Spill(_SCHEMA, "owner", Path(folder))
        for pairs in added:
            kept.add(rows(*pairs))
            if is_read_between:
                kept.read("00")
        every = [pair for pairs in added for pair in pairs]
        assert kept.row_count == len(every)
        assert kept.prefixes() == sorted({owner[:2] for owner, _ in every})
        for prefix in ("", "0", "00", "ff", "77"):
            expected = [pair for pair in every if pair[0].startswith(prefix)]
            expected.sort(key=lambda pair: pair[0][:2])
            assert kept.read(prefix).equals(rows(*expected))
        assert list(Path(folder).iterdir()) == []


def aliases(*made: tuple[str, str]) -> pa.Table:
    columns = [(row[0], row[1], 1, "alone") for row in made]
    arrays = [pa.array(column) for column in zip(*columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=arrow_schema("aliases"))


def test_a_change_knows_who_goes_and_who_comes(tmp_path: Path) -> None:
    change = Change("aliases", tmp_path)
    change.remove(["aa1", "bb1"])
    change.add(aliases(("aa2", "x"), ("cc1", "y")))
    change.add(aliases(("aa2", "x"), ("aa2", "z")))
    change.put_instead(aliases(("cc1", "other"), ("dd1", "w")))
    assert change.prefixes() == ["aa", "bb", "cc", "dd"]
    assert sorted(change.owners("aa").to_pylist()) == ["aa1", "aa2"]
    assert change.added("aa")["alias"].to_pylist() == ["x", "z"]
    assert change.added("cc")["alias"].to_pylist() == ["other"]
    assert sorted(change.owners().to_pylist()) == ["aa1", "aa2", "bb1", "cc1", "dd1"]


def test_only_owners_of_whom_a_row_changes_are_replaced(tmp_path: Path) -> None:
    change = Change("stories", tmp_path)
    schema = arrow_schema("stories")

    def stories(**rows: str) -> pa.Table:
        return pa.table([list(rows), list(rows.values())], schema=schema)

    change.replace(stories(same="a", other="a", gone="a"), stories(same="a", other="b", new="b"))
    assert sorted(change.owners().to_pylist()) == ["gone", "new", "other"]
    assert change.added().sort_by("article_id") == stories(new="b", other="b")
