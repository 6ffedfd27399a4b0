"""Rows that wait on the disk by the first digits of their owner, so that no run holds them all."""

from __future__ import annotations

import weakref
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from clippings.columns import find_changed, join, sort, within, without
from clippings.side import schema_of, table_key

if TYPE_CHECKING:
    import pyarrow as pa

Derive = Callable[["pa.Table", "pa.Table"], "pa.Table"]

DIGITS = 2
"""Digits of an owner by which rows are kept apart: the most that a table is cut by."""
_HELD_BYTES = 4_000_000
_MOST_WAITING = 500


class Spill:
    """Rows by the first digits of a column, most of them in a file without a name.

    Args:
        schema: That of the rows.
        owner: The column, of hexadecimal digits.
        folder: Where the file lies; it is gone with the process.
    """

    def __init__(self, schema: pa.Schema, owner: str, folder: Path) -> None:
        self.row_count = 0
        self._schema, self._owner, self._folder = schema, owner, folder
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._held: dict[str, list[pa.Table]] = defaultdict(list)
        self._file: IO[bytes] | None = None
        self._places: dict[str, array[int]] = defaultdict(partial(array, "q"))  # start, size, ...

    def add(self, rows: pa.Table) -> None:
        """Add rows.

        Raises:
            OSError: The file cannot be written.
        """
        import pyarrow as pa

        if rows.num_rows:
            self.row_count += rows.num_rows
            self._waiting.append(pa.Table.from_arrays(rows.columns, schema=self._schema))
            if len(self._waiting) > _MOST_WAITING:  # each takes more room than a few rows
                self._waiting = [pa.concat_tables(self._waiting).combine_chunks()]
            self._waiting_bytes += rows.get_total_buffer_size()
            if self._waiting_bytes > _HELD_BYTES:
                self._write()

    def prefixes(self) -> list[str]:
        """List the first digits that any row has, sorted."""
        self._settle()
        return sorted({*self._places, *self._held})

    def read(self, prefix: str = "") -> pa.Table:
        """Read the rows whose owner begins with some digits, in the order of the first ones."""
        import pyarrow as pa

        self._settle()
        found = []
        for place in self.prefixes() if len(prefix) < DIGITS else [prefix]:
            if place.startswith(prefix):
                spots = iter(self._places.get(place, ()))
                found += [self._load(*spot) for spot in zip(spots, spots, strict=True)]
                found += self._held.get(place, ())
        return pa.concat_tables(found) if found else self._schema.empty_table()

    def _load(self, start: int, size: int) -> pa.Table:
        import pyarrow as pa

        assert self._file
        self._file.seek(start)
        content = pa.py_buffer(self._file.read(size))
        return pa.Table.from_batches([pa.ipc.read_record_batch(content, self._schema)])

    def _settle(self) -> None:
        """Sort what waits: into the file, once there is one."""
        if self._waiting and self._file:
            self._write()
        elif self._waiting:
            for prefix, rows in self._cut():
                self._held[prefix].append(rows)

    def _write(self) -> None:
        if self._file is None:
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115  # lives as long as this
            weakref.finalize(self, self._file.close)
        for prefix, held in self._held.items():
            for rows in held:
                self._put(prefix, rows)
        self._held.clear()
        for prefix, rows in self._cut():
            self._put(prefix, rows)
        self._file.flush()

    def _put(self, prefix: str, rows: pa.Table) -> None:
        assert self._file
        place = self._file.seek(0, 2)
        for batch in rows.to_batches():
            content = batch.serialize()
            self._file.write(content)
            self._places[prefix].extend((place, content.size))
            place += content.size

    def _cut(self) -> Iterator[tuple[str, pa.Table]]:
        """Cut what waits by the first digits of its owners, and let it wait no more."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = pa.concat_tables(self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        prefixes = pc.utf8_slice_codeunits(rows[self._owner], 0, DIGITS)
        order = pc.sort_indices(prefixes)  # a stable one
        rows = rows.take(order).combine_chunks()
        start = 0
        for count in pc.value_counts(prefixes.take(order)).to_pylist():
            yield count["values"], rows.slice(start, count["counts"])
            start += count["counts"]


class Change:
    """What is to change in a table: owners whose rows go, and rows that come.

    Args:
        table: Name of the table.
        folder: Where its rows wait.
        is_anew: Whether none of its rows stays.
    """

    def __init__(self, table: str, folder: Path, *, is_anew: bool = False) -> None:
        import pyarrow as pa

        self.table = table
        self.is_anew = is_anew
        self.key = table_key(table)
        owner = self.key[0]
        self._added = Spill(schema_of(table), owner, folder)
        self._removed = Spill(pa.schema([(owner, pa.string())]), owner, folder)
        self._instead = schema_of(table).empty_table()
        self._source: tuple[Change, Derive] | None = None

    def remove(self, owners: Iterable[str] | pa.Array) -> None:
        """Let the rows of owners go."""
        import pyarrow as pa

        some = owners if isinstance(owners, (pa.Array, pa.ChunkedArray)) else sorted(owners)
        names = [self.key[0]]
        self._removed.add(pa.table([some], schema=pa.schema([(names[0], pa.string())])))

    def add(self, rows: pa.Table) -> None:
        """Let rows come; those of their owners that stand go. The first of one key counts."""
        self._added.add(rows)

    def replace(self, old: pa.Table, new: pa.Table) -> None:
        """Let rows come for others, but those of owners of whom no row changes."""
        owner = self.key[0]
        changed = find_changed(old, new, owner)
        self.remove(changed)
        self.add(within(new, owner, changed))

    def put_instead(self, rows: pa.Table) -> None:
        """Let rows come in the place of all others of their owners; a few."""
        self._instead = rows.cast(self._instead.schema)

    def derive(self, source: Change, how: Derive) -> None:
        """Have what rows say follow from the rows that come in another change.

        Args:
            source: That change, of a table with the same owners.
            how: Takes rows of this table, those that stay too, and rows of the other, and gives the
                former as they shall be. Those of owners who are not in the latter stay.
        """
        self._source = source, how

    def finish(self, rows: pa.Table, prefix: str) -> pa.Table:
        """Work out what follows from another change."""
        if self._source is None:
            return rows
        source, how = self._source
        return how(rows, source.added(prefix))

    @property
    def row_count(self) -> int:
        """Count the rows that come, copies too."""
        return self._added.row_count + int(self._instead.num_rows)

    def prefixes(self) -> list[str]:
        """List the first digits of all owners concerned, sorted."""
        owners = self._instead[self.key[0]].to_pylist()
        instead = {owner[:DIGITS] for owner in owners}
        source = self._source[0].prefixes() if self._source else ()
        return sorted({*self._added.prefixes(), *self._removed.prefixes(), *instead, *source})

    def owners(self, prefix: str = "") -> pa.Array:
        """List the owners whose rows go, with those whose rows come."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = [pa.array([], pa.string())]
        # Digits by digits: the rows of all owners may be more than memory holds.
        for place in self.prefixes() if len(prefix) < DIGITS else [prefix]:
            if place.startswith(prefix):
                tables = self._removed.read(place), self._added.read(place)
                owners = [each[self.key[0]] for each in (*tables, self._find_instead(place))]
                found.append(
                    pc.unique(pa.chunked_array([part for each in owners for part in each.chunks]))
                )
        return pa.concat_arrays(found)

    def added(self, prefix: str = "") -> pa.Table:
        """Read the rows that come, sorted by key, each key once."""
        rows, instead = self._added.read(prefix), self._find_instead(prefix)
        if instead.num_rows:
            owner = self.key[0]
            rows = join(instead, without(rows, owner, instead[owner]))
        return sort(rows, self.key)

    def _find_instead(self, prefix: str) -> pa.Table:
        import pyarrow.compute as pc

        rows = self._instead
        return rows.filter(pc.starts_with(rows[self.key[0]], prefix)) if rows.num_rows else rows
