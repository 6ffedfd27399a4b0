"""Snapshots of the tables: lock, recover, commit, collect; the only writer of `processed/`.

    processed/articles.parquet -> current/articles.parquet    one link per table, made once
    processed/current -> .snapshots/00000042                  the only name that moves
    processed/.snapshots/00000042/manifest.json
    processed/.snapshots/00000042/articles.parquet/<bucket>-<sha16>.parquet
    processed/.store/{parts,work,lock}

A snapshot never changes once it has its number. Its parts are hard links (copies where links fail)
to `.store/parts`, so a commit costs what it changes. The rename of `current` is the commit; killed
at any moment, a run leaves the tables as they were or as they shall be.

Every table is cut into buckets by the first hexadecimal digits of its owner, the first column of
its key, and all rows of one owner are replaced together.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

from clippings.errors import LockedError, StoreError
from clippings.records import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

_MANIFEST = "manifest.json"
_NEXT = ".next"
_KEPT = 3
"""Snapshots kept, the current one among them; older ones go unless a reader holds them."""
_BUCKET_ROWS = 4096
"""Rows of a table up to which another digit of buckets is not worth its files."""


def checkpoint(name: str) -> None:
    """Mark a named point of a run; the tests kill the process here."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One committed state of all tables.

    Attributes:
        path: Its folder, by its own name (not through `current`).
        manifest: What `manifest.json` says: `tables` (per table its `digits` of buckets and its
            `parts`: bucket -> [file, rows]), `dumps` (per dump_id what was found), and what the
            run added.
    """

    path: Path
    manifest: Mapping[str, Any]

    def parts(self, table: str, buckets: Collection[str] | None = None) -> list[Path]:
        """List the files of a table, in the order of its key."""
        parts = self.manifest["tables"][table]["parts"]
        names = [
            parts[bucket][0] for bucket in sorted(parts) if buckets is None or bucket in buckets
        ]
        return [self.path / f"{table}.parquet" / name for name in names]

    def row_count(self, table: str) -> int:
        """Count the rows of a table."""
        parts = self.manifest["tables"][table]["parts"]
        return sum(rows for _, rows in parts.values())

    def read(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        buckets: Collection[str] | None = None,
    ) -> pa.Table:
        """Read a table, or some of its columns and buckets, as Arrow."""
        import pyarrow as pa

        read = list(self.read_parts(table, columns, buckets))
        return pa.concat_tables(read) if read else _empty(table)

    def read_parts(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        buckets: Collection[str] | None = None,
    ) -> Iterator[pa.Table]:
        """Read a table part by part, in the order of its key, so that it need not fit in memory."""
        import pyarrow.parquet as pq

        for part in self.parts(table, buckets):
            yield pq.ParquetFile(part).read(columns=columns)

    def read_owner(self, table: str, owner: str) -> pa.Table:
        """Read the rows of one owner: the value of the first column of the table's key."""
        import pyarrow.compute as pc

        bucket = owner[: self.manifest["tables"][table]["digits"]]
        rows = self.read(table, buckets=(bucket,))
        return rows.filter(pc.equal(rows[TABLES[table].key[0]], owner))


def writer() -> str:
    """Name what writes the parts; another version may give other bytes for the same rows."""
    return f"pyarrow {version('pyarrow')}"


def current(processed: Path) -> Snapshot | None:
    """Give the snapshot that `current` names; None where nothing was ever committed.

    Raises:
        StoreError: The link leads nowhere, or the manifest cannot be read.
    """
    link = processed / "current"
    try:
        while True:
            target = os.readlink(link)
            path = processed / target
            try:
                return Snapshot(path, json.loads((path / _MANIFEST).read_text(encoding="utf-8")))
            except FileNotFoundError:
                if os.readlink(link) == target:
                    raise
                # Else it was collected between the two looks, and the next one is there.
    except FileNotFoundError as error:
        if not link.is_symlink():
            return None
        raise _broken(processed, error) from None
    except (OSError, ValueError) as error:
        raise _broken(processed, error) from None


def _broken(processed: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{processed / 'current'}: expected a link to a snapshot, found {error}. Move the folder "
        f"{processed} away and run `clippings ingest` again; it is rebuilt from the raw folder."
    )


@contextmanager
def pin(processed: Path) -> Iterator[Snapshot]:
    """Hold the current snapshot, so that no commit collects it while it is read.

    Raises:
        StoreError: There are no tables.
    """
    while True:
        snapshot = current(processed)
        if snapshot is None:
            raise StoreError(
                f"{processed}: expected tables, found none. Run `clippings ingest` first, or name "
                "the folder that holds them: processed=..."
            )
        try:
            handle = (snapshot.path / _MANIFEST).open("rb")
        except FileNotFoundError:  # collected between the two looks; the next one is there
            continue
        with handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if (snapshot.path / _MANIFEST).exists():
                yield snapshot
                return


@contextmanager
def lock(processed: Path) -> Iterator[None]:
    """Be the only run on a folder of tables; the lock falls with the process.

    Raises:
        LockedError: Another run holds it.
        StoreError: The folder cannot be made or written.
    """
    try:
        for folder in ("parts", "work"):
            (processed / ".store" / folder).mkdir(parents=True, exist_ok=True)
        (processed / ".snapshots").mkdir(exist_ok=True)
        handle = (processed / ".store" / "lock").open("a+b")
    except OSError as error:
        raise StoreError(
            f"{processed}: expected a folder that can be written, found {error.strerror}. Mend its "
            "permissions or name another with --processed."
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"{processed}: another run is at work on these tables. Wait until it has ended."
            ) from None
        yield


@contextmanager
def writing(processed: Path) -> Iterator[None]:
    """Turn an error of the disk into one that names the remedy.

    Raises:
        StoreError: Something below the folder of tables cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename or processed}: expected to read and write it, found "
            f"{error.strerror or error}. Make room or mend its permissions, then run again; what "
            "is done is not done twice."
        ) from error


def recover(processed: Path) -> Snapshot | None:
    """Clear away what a killed run left half-done, and give the current snapshot.

    Raises:
        StoreError: The current snapshot cannot be read.
    """
    snapshot = current(processed)
    now = snapshot.path.name if snapshot else ""
    for path in (processed / ".snapshots").glob("[0-9.]*"):
        if path.name != _NEXT and not path.name.isdigit():
            continue  # a file manager's own
        is_half_deleted = path.name < now and not (path / _MANIFEST).exists()
        if path.name == _NEXT or path.name > now or is_half_deleted:
            shutil.rmtree(path)
    for folder in ("parts", "work"):
        for path in (processed / ".store" / folder).glob("*.tmp"):
            path.unlink()
    (processed / "current.tmp").unlink(missing_ok=True)
    return snapshot


def collect(processed: Path) -> None:
    """Delete old snapshots that nobody reads, parts of no snapshot, and saved work."""
    snapshots = sorted((processed / ".snapshots").glob("[0-9]*"))
    live: set[str] = set()
    for path in snapshots:
        with (path / _MANIFEST).open("rb") as handle:
            try:
                if path in snapshots[:-_KEPT]:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _delete_snapshot(path)
                    continue
            except BlockingIOError:  # a reader holds it
                pass
            tables = json.load(handle)["tables"].values()
        live.update(part[0] for table in tables for part in table["parts"].values())
    for path in (processed / ".store" / "parts").iterdir():
        if path.name not in live:
            path.unlink()
    for path in (processed / ".store" / "work").iterdir():
        path.unlink()


def _delete_snapshot(path: Path) -> None:
    # The manifest last: a snapshot without one could not be told from rubbish by the next run.
    for table in path.glob("*.parquet"):
        shutil.rmtree(table)
    shutil.rmtree(path)


def save_work(processed: Path, key: str, tables: Mapping[str, pa.Table]) -> None:
    """Save what one dump yields, so that a run killed later need not do it again.

    Args:
        processed: The folder of tables.
        key: Name of the work; whatever the result depends on is hashed into it.
        tables: The rows by table.

    Raises:
        StoreError: It cannot be written.
    """
    import pyarrow as pa

    buffer = io.BytesIO()
    for table in TABLES:
        if table in tables:
            with pa.ipc.new_stream(buffer, tables[table].schema) as stream:
                stream.write_table(tables[table])
    content = buffer.getvalue()
    path = processed / ".store" / "work" / key
    # Two dumps may hold the same, in two processes or threads.
    temporary = path.with_suffix(f".{os.getpid()}.{get_ident()}.tmp")
    with writing(processed):
        with temporary.open("wb") as handle:
            handle.write(hashlib.sha256(content).digest())
            handle.write(content)
        temporary.replace(path)


def load_work(processed: Path, key: str) -> dict[str, pa.Table] | None:
    """Load saved work; None where there is none, or where a power cut left it in pieces."""
    import pyarrow as pa

    try:
        stored = (processed / ".store" / "work" / key).read_bytes()
    except FileNotFoundError:
        return None
    content = memoryview(stored)[32:]
    if hashlib.sha256(content).digest() != stored[:32]:
        return None
    tables: dict[str, pa.Table] = {}
    source = pa.BufferReader(content)
    while source.tell() < len(content):
        table = pa.ipc.open_stream(source).read_all()
        tables[table.schema.metadata[b"table"].decode()] = table
    return tables


class Publication:
    """The next snapshot in the making.

    Every table is put once, then all are committed. Used under `lock`, after `recover`.

    Args:
        processed: The folder of tables.
        previous: The snapshot whose rows stay unless they are replaced; None to begin anew.
    """

    def __init__(self, processed: Path, previous: Snapshot | None) -> None:
        self._processed = processed
        self._previous = previous
        self._tables: dict[str, dict[str, Any]] = {}

    @property
    def scratch(self) -> Path:
        """A folder for files that have no name, on the disk of the tables."""
        return self._processed / ".store"

    def _is_same_writer(self) -> bool:
        """Tell whether the same rows give the same bytes; else all parts are written again."""
        return self._previous is not None and self._previous.manifest["writer"] == writer()

    def put(self, table: str, removed: Collection[str], added: pa.Table) -> None:
        """Make the next state of a table.

        Args:
            table: Its name.
            removed: Owners whose rows go; those of `added` go anyway.
            added: Rows that come, in any order.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        owner = TABLES[table].key[0]
        owners = set(removed) | set(pc.unique(added[owner]).to_pylist())
        before = self._previous.manifest["tables"][table] if self._previous else None
        if before and not owners and self._is_same_writer():
            self._tables[table] = before
            return
        digits = before["digits"] if before else 0
        parts: dict[str, list[Any]] = {}
        buckets: set[str] | None = None
        if before and self._is_same_writer():
            buckets = {name[:digits] for name in owners}
            parts = {name: part for name, part in before["parts"].items() if name not in buckets}
        rows = added
        if self._previous:
            old = self._previous.read(table, buckets=buckets)
            stays = pc.invert(pc.is_in(old[owner], pa.array(sorted(owners), pa.string())))
            rows = pa.concat_tables([old.filter(stays).cast(added.schema), added])
        row_count = rows.num_rows + sum(part[1] for part in parts.values())
        if _digits(row_count) != digits:
            if self._previous:
                kept = self._previous.read(table, buckets=parts.keys())
                rows = pa.concat_tables([rows, kept.cast(added.schema)])
            parts, digits = {}, _digits(row_count)
        parts |= self._write(table, rows, digits)
        self._tables[table] = {"digits": digits, "parts": dict(sorted(parts.items()))}

    def _write(self, table: str, rows: pa.Table, digits: int) -> dict[str, list[Any]]:
        import pyarrow.compute as pc

        rows = rows.sort_by([(column, "ascending") for column in TABLES[table].key])
        if digits == 0:  # also without a row: readers fail on a folder without a file
            return {"": self._write_part("", rows)}
        prefixes = pc.utf8_slice_codeunits(rows[TABLES[table].key[0]], 0, digits)
        counts = pc.value_counts(prefixes).to_pylist()  # in order of appearance: sorted
        written, start = {}, 0
        for count in counts:
            bucket = count["values"]
            written[bucket] = self._write_part(bucket, rows.slice(start, count["counts"]))
            start += count["counts"]
        return written

    def _write_part(self, bucket: str, rows: pa.Table) -> list[Any]:
        import pyarrow.parquet as pq

        buffer = io.BytesIO()
        pq.write_table(
            rows.combine_chunks(),
            buffer,
            compression="zstd",
            compression_level=1,
            row_group_size=100_000,
        )
        content = buffer.getvalue()
        name = f"{bucket or '0'}-{hashlib.sha256(content).hexdigest()[:16]}.parquet"
        path = self._processed / ".store" / "parts" / name
        if not path.exists():
            temporary = path.with_suffix(".tmp")
            _write_durably(temporary, content)
            temporary.replace(path)
        return [name, rows.num_rows]

    def commit(self, notes: Mapping[str, Any], files: Mapping[str, bytes]) -> Snapshot:
        """Make the tables that were put the current ones.

        Args:
            notes: What the manifest says beside the tables.
            files: Content by name of other files that belong to the snapshot.

        Returns:
            The new snapshot, or the previous one where not a byte would differ.
        """
        manifest = {
            **notes,
            "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
            "writer": writer(),
            "schema_version": SCHEMA_VERSION,
            "tables": self._tables,
        }
        if self._previous and self._previous.manifest == json.loads(json.dumps(manifest)):
            return self._previous
        snapshots = self._processed / ".snapshots"
        folder = snapshots / _NEXT
        parts = self._processed / ".store" / "parts"
        _sync(parts)
        checkpoint("parts written")
        folder.mkdir()
        for table, state in self._tables.items():
            (folder / f"{table}.parquet").mkdir()
            for name, _ in state["parts"].values():
                _link(parts / name, folder / f"{table}.parquet" / name)
            _sync(folder / f"{table}.parquet")
        for name, content in files.items():
            _write_durably(folder / name, content)
        checkpoint("snapshot linked")
        content = json.dumps(manifest, indent=1, sort_keys=True).encode()
        _write_durably(folder / _MANIFEST, content)
        _sync(folder)
        checkpoint("manifest written")
        number = max((int(path.name) for path in snapshots.glob("[0-9]*")), default=0) + 1
        path = folder.rename(snapshots / f"{number:08}")
        _sync(snapshots)
        checkpoint("snapshot named")
        make_links(self._processed)
        _replace_link(self._processed / "current", Path(".snapshots") / path.name)
        checkpoint("committed")
        return Snapshot(path, manifest)


def make_links(processed: Path) -> None:
    """Make the links `<table>.parquet` that people type, where they are missing.

    Raises:
        StoreError: Something else stands in the place of one.
    """
    for table in TABLES:
        link = processed / f"{table}.parquet"
        target = Path("current") / link.name
        if not link.is_symlink():
            if link.exists():
                raise StoreError(
                    f"{link}: expected no such file, or the link that a run makes, found something "
                    "else. Move it away."
                )
            link.symlink_to(target)


def _replace_link(link: Path, target: Path) -> None:
    temporary = link.with_suffix(".tmp")
    temporary.symlink_to(target)
    temporary.replace(link)
    _sync(link.parent)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or too many of one file
        _write_durably(target, source.read_bytes())


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digits(row_count: int) -> int:
    """Give the digits of the bucket of a table with that many rows: 1, 16 or 256 buckets."""
    return 0 if row_count <= _BUCKET_ROWS else 1 if row_count <= 16 * _BUCKET_ROWS else 2


def _empty(table: str) -> pa.Table:
    from clippings.records import arrow_schema

    return arrow_schema(table).empty_table()


def concat(table: str, parts: Iterable[pa.Table]) -> pa.Table:
    """Join rows of one table; none at all give an empty table of its schema."""
    import pyarrow as pa

    return pa.concat_tables([_empty(table), *parts])
