"""Arrow tables as rows and back, and the few things that pyarrow has no one call for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 100_000
_HELD_BYTES = 50_000_000
_FEW_OWNERS = 16
"""Owners up to which it is faster to look for the rows of each than to go through all rows."""


def rows_of(rows: pa.Table | None) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table as tuples; none of None."""
    return zip(*(column.to_pylist() for column in rows.columns), strict=True) if rows else iter(())


def from_rows(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Make a table of tuples."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def join(*tables: pa.Table) -> pa.Table:
    """Put tables of one schema one behind the other; at least one."""
    import pyarrow as pa

    return pa.concat_tables(tables)


def put_column(rows: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Put other values in the place of a column."""
    place = rows.column_names.index(name)
    return rows.set_column(place, rows.schema.field(name), values)


def in_batches(tables: Iterable[pa.Table], least: int = _BATCH_ROWS) -> Iterator[pa.Table]:
    """Join small tables to larger ones, which are worked off faster."""
    waiting: list[pa.Table] = []
    for rows in tables:
        waiting.append(rows)
        if sum(each.num_rows for each in waiting) >= least:
            yield join(*waiting).combine_chunks()
            waiting = []
    if waiting:
        yield join(*waiting).combine_chunks()


def hold(read: Callable[[], Iterable[pa.Table]]) -> Callable[[], Iterable[pa.Table]]:
    """Hold rows that are to be read again, unless they are many."""
    held: list[pa.Table] = []
    for rows in read():
        held.append(rows)
        if sum(each.nbytes for each in held) > _HELD_BYTES:
            return read
    return lambda: held


def sort(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Sort rows by their key, and drop the second and later copies of rows with one key."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if rows.num_rows < 2:
        return rows
    rows = rows.sort_by([(name, "ascending") for name in key])
    is_new = reduce(pc.or_, (_differs(rows[name][1:], rows[name][:-1]) for name in key))
    if pc.all(is_new).as_py():
        return rows
    return rows.filter(pa.chunked_array([[True], *is_new.chunks]))


def put_owners(
    old: pa.Table, owners: pa.Array | pa.ChunkedArray, new: pa.Table, column: str
) -> pa.Table:
    """Put rows in the place of those of some owners; old and new ones are sorted by their key.

    Args:
        old: The rows.
        owners: Those whose rows go.
        new: Rows that come; all must be of these owners.
        column: The first one of the key, which holds the owner.
    """
    import pyarrow.compute as pc

    if len(owners) > _FEW_OWNERS:
        rows = join(without(old, column, owners), new)
        return rows.take(pc.sort_indices(rows[column]))  # a stable one
    pieces = []
    start = 0
    for owner in sorted(owners.to_pylist()):
        begin, end = _find_rows(old[column], owner)
        first, last = _find_rows(new[column], owner)
        pieces += [old[start:begin], new[first:last]]
        start = end
    return join(*pieces, old[start:])


def _find_rows(owners: pa.ChunkedArray, owner: str) -> tuple[int, int]:
    """Find where the rows of an owner begin and end, by halving."""
    read = type(owners[0]).as_py if len(owners) else None
    return bisect_left(owners, owner, key=read), bisect_right(owners, owner, key=read)


def _differs(these: pa.ChunkedArray, those: pa.ChunkedArray) -> pa.ChunkedArray:
    """Hold two columns against each other; null differs from all but null."""
    import pyarrow.compute as pc

    if not these.null_count + those.null_count:
        return pc.not_equal(these, those)
    is_half_known = pc.xor(pc.is_valid(these), pc.is_valid(those))
    return pc.coalesce(pc.not_equal(these, those), is_half_known)


def find_changed(old: pa.Table, new: pa.Table, owner: str) -> pa.Array:
    """List the owners of whom a row is in one of two tables only; each has a row but once."""
    import pyarrow.compute as pc

    counts = join(old.cast(new.schema), new).group_by(new.column_names, use_threads=False)
    once = counts.aggregate([([], "count_all")])
    return pc.unique(once.filter(pc.equal(once["count_all"], 1))[owner])


def without(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Leave out the rows that hold one of some values in a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(values) or not rows.num_rows:
        return rows
    value_set = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return rows.filter(pc.invert(pc.is_in(rows[column], value_set)))


def within(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Leave only the rows that hold one of some values in a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    value_set = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return rows.filter(pc.is_in(rows[column], value_set))
