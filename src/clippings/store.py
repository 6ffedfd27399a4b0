"""Snapshots of the tables: lock, recover, commit, collect; the only writer of `processed/`.

    processed/articles.parquet -> current/articles.parquet    one link per table, made once
    processed/current -> .snapshots/00000042                  the only name that moves
    processed/.snapshots/00000042/{manifest,registry,datapackage}.json
    processed/.snapshots/00000042/articles.parquet/<bucket>-<sha16>.parquet
    processed/.store/{parts,work,lock,looks.json}

A snapshot never changes once it has its number. Its parts are hard links (copies where links fail)
to `.store/parts`, so a commit costs what it changes. The rename of `current` is the commit; killed
at any moment, a run leaves the tables as they were or as they shall be. The name of a part holds
the hash of its bytes, the manifest its own and those of the other files: what the disk has changed
is found and not carried on.

Every table is cut into buckets by the first hexadecimal digits of its owner, the first column of
its key, and all rows of one owner are replaced together.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import os
import platform
import shlex
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

from clippings import datapackage
from clippings.columns import put_owners, within
from clippings.errors import LockedError, StoreError
from clippings.notes import Notes
from clippings.records import SCHEMA_VERSION, TABLES
from clippings.registry import FILE as REGISTRY
from clippings.side import BOUND, READINGS, SIGNS, schema_of, table_key
from clippings.side import TABLES as SIDE_TABLES
from clippings.spill import DIGITS, Change, Spill

if TYPE_CHECKING:
    import pyarrow as pa

_MANIFEST = "manifest.json"
_LOOKS = "looks.json"
_NEXT = ".next"
_KEPT = 3
"""Snapshots kept, the current one among them; older ones go unless a reader holds them."""
_REST_SECONDS = 60
"""None goes sooner after another took its place: a reader that followed the link to its folder may
just be listing its files, and must not find half of them."""
_BUCKET_ROWS = 16_384
"""Rows of a table up to which another digit of buckets is not worth its files."""
_SHARES = {"articles": 1 / 16, "dumps": 0.25, BOUND: 4}
"""How many times that of tables with long rows, and of one that most runs read whole."""
_FORM = 3
"""Raised by hand when the same rows would be cut or written in another way."""
_DISTINCT = {
    "articles": ("article_id", "title", "body"),
    "dumps": ("dump_id", "path", "sha256"),
    "entities": ("entity_id", "name", "first_date", "last_date"),
    "aliases": ("entity_id", "alias"),
    READINGS: ("name_id", "surface", "blocks", "same"),
    SIGNS: ("article_id", "digest", "sketch", "title", "date"),
}
"""Columns whose values hardly recur: a dictionary of them would be as long, and double the time."""
_CODEC = "snappy"
"""Of a few rows, zstd takes four times as long: to make room for itself, a column at a time."""
_UNPACKED = {*SIDE_TABLES, "entities", "aliases"}
"""Tables of ids and names, of which every run reads and writes many parts: packed they would be a
quarter shorter, and take half as long again."""
_FEW = 1 / 16
"""The share of articles that may come or go, so that only what they concern is looked at."""
_WHOLE_ROWS = 500_000
"""Rows of a table up to which it is held against its next state all at once."""
_SEAL = b'{"sha256": "%s",'
"""How a manifest and the like begin: with the hash of all bytes behind this."""


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
        doubt: Why a power cut may still undo it, where the disk failed right behind its commit.
    """

    path: Path
    manifest: Mapping[str, Any]
    doubt: str | None = None

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
        """Read a table, or some of its columns and buckets, as Arrow.

        Raises:
            StoreError: A part is missing or damaged, or cannot be read.
        """
        import pyarrow as pa

        read = list(self.read_parts(table, columns, buckets))
        if not read:
            return _empty(table).select(columns) if columns else _empty(table)
        return pa.concat_tables(read)

    def read_parts(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        buckets: Collection[str] | None = None,
    ) -> Iterator[pa.Table]:
        """Read a table part by part, in the order of its key, so that it need not fit in memory.

        Raises:
            StoreError: A part is missing or damaged, or cannot be read.
        """
        for part in self.parts(table, buckets):
            yield _read_part(self.path.parents[1], part, columns)

    def read_owner(self, table: str, owner: str) -> pa.Table:
        """Read the rows of one owner: the value of the first column of the table's key."""
        return self.read_owners(table, [owner])

    def read_owners(
        self, table: str, owners: Collection[str], columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Read the rows of some owners, or some columns of these."""
        import pyarrow as pa

        owner = table_key(table)[0]
        digits = self.manifest["tables"][table]["digits"]
        buckets = {each[:digits] for each in owners}
        read = list({owner: 0, **dict.fromkeys(columns)}) if columns else None
        rows = within(self.read(table, read, buckets), owner, pa.array(sorted(owners), pa.string()))
        return rows.select(columns) if columns else rows


def _read_part(processed: Path, part: Path, columns: Sequence[str] | None) -> pa.Table:
    """Read a part, and check what is read: a whole part by its name, else pages by their sums."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = part.read_bytes()
        if columns is None and _hash_part(content) != part.stem.rpartition("-")[2]:
            raise _damaged(processed, part, "others")
        # From memory and by this thread: those that Arrow would start cost more than they save.
        source = pa.BufferReader(content)
        with pq.ParquetFile(source, page_checksum_verification=columns is not None) as file:
            return file.read(columns=columns, use_threads=False)
    except OSError as error:
        # What Arrow says of damaged bytes is an OSError too, but one without a number.
        if error.errno is None or isinstance(error, FileNotFoundError):
            raise _damaged(processed, part, error.strerror or str(error)) from None
        raise _unusable(part, error) from error
    except pa.ArrowException as error:
        raise _damaged(processed, part, str(error)) from None


def writer() -> str:
    """Name what writes the parts; another version, or cut, gives other bytes for the same rows."""
    return f"pyarrow {_arrow_version()}, {_CODEC}, {_BUCKET_ROWS:,} rows, form {_FORM}"


@cache
def _arrow_version() -> str:
    return version("pyarrow")


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
                return Snapshot(path, _unseal((path / _MANIFEST).read_bytes()))
            except FileNotFoundError:
                if os.readlink(link) == target:
                    raise
                # Else it was collected between the two looks, and the next one is there.
    except FileNotFoundError as error:
        if not link.is_symlink():
            return None
        raise _broken(processed, error) from None
    except ValueError as error:
        raise _broken(processed, error) from None
    except OSError as error:
        # Neither a link nor a folder that is there: no tables; else the disk is at fault.
        if error.errno in (errno.EINVAL, errno.ENOTDIR, errno.ELOOP):
            raise _broken(processed, error) from None
        raise _unusable(processed, error) from error


def _broken(processed: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{processed / 'current'}: expected a link to a snapshot, found {error}. "
        f"{_remedy(processed)}"
    )


def _damaged(processed: Path, path: Path, found: str) -> StoreError:
    return StoreError(
        f"{path}: expected the bytes that a run wrote, found {found}. {_remedy(processed)}"
    )


def _unusable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{error.filename or path}: expected to read and write it, found "
        f"{error.strerror or error}. Make room or mend its permissions, then run again; what is "
        "done is not done twice."
    )


def _remedy(processed: Path) -> str:
    """Tell how to rebuild tables, with the ids that they had where those can still be read."""
    broken = Path(f"{processed}.broken")
    command = f"mv {shlex.quote(str(processed))} {shlex.quote(str(broken))} && clippings ingest"
    command += f" --processed {shlex.quote(str(processed))}"
    if registry := _find_registry(processed):
        command += f" --registry {shlex.quote(str(broken / registry.relative_to(processed)))}"
    return f"The tables are rebuilt from the raw folder by `{command}`, with your other options."


def _find_registry(processed: Path) -> Path | None:
    """Find the last registry that is as it was written."""
    for folder in reversed(_snapshots(processed)):
        with suppress(OSError, ValueError):
            manifest = _unseal((folder / _MANIFEST).read_bytes())
            content = (folder / REGISTRY).read_bytes()
            if hashlib.sha256(content).hexdigest() == manifest["files"].get(REGISTRY):
                return folder / REGISTRY
    return None


def read_looks(processed: Path) -> dict[str, str]:
    """Read what `write_looks` kept; nothing where it is not as written, or in an older form."""
    with suppress(OSError, ValueError):
        looks: dict[str, str]
        looks = _unseal((processed / ".store" / _LOOKS).read_bytes()).get("files", {})
        return looks
    return {}


def write_looks(processed: Path, looks: Mapping[str, str]) -> None:
    """Keep what files look like, for the next run; a power cut may take it.

    Raises:
        OSError: It cannot be written.
    """
    path = processed / ".store" / _LOOKS
    content = _seal({"files": looks})
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _seal(values: Mapping[str, Any]) -> bytes:
    """Write values as JSON that tells whether it is as it was written."""
    # A line for each value, by the separators: `indent` would take ten times as long.
    encode = json.JSONEncoder(sort_keys=True, separators=(",\n", ": ")).encode
    written = (
        f'"{name}": {value.write() if isinstance(value, Notes) else encode(value)}'
        for name, value in sorted(values.items())
    )
    content = (",\n".join(written) + "}").encode()
    return _SEAL % hashlib.sha256(content).hexdigest().encode() + content


def _unseal(content: bytes) -> dict[str, Any]:
    """Read what `_seal` wrote.

    Raises:
        ValueError: It is not as it was written.
    """
    seal = _SEAL % (b"0" * 64)
    rest = content[len(seal) :]
    if content[: len(seal)] != _SEAL % hashlib.sha256(rest).hexdigest().encode():
        raise ValueError(f"a {_MANIFEST} that is not as it was written")
    text, notes = Notes.find(content.decode(), "dumps")
    values: dict[str, Any] = json.loads(text)
    del values["sha256"]
    if "dumps" in values:
        for dump_id, note in (values["dumps"] or {}).items():
            notes[dump_id] = note
        values["dumps"] = notes
    return values


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
                "the folder that holds them: --processed FOLDER, in Python processed=..."
            )
        try:
            handle = (snapshot.path / _MANIFEST).open("rb")
        except FileNotFoundError:  # collected between the two looks; the next one is there
            continue
        except OSError as error:
            raise _unusable(snapshot.path, error) from error
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
            f"{processed}: expected a folder that can be written, found {error.strerror}. Make "
            "room or mend its permissions, or name another with --processed."
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"{processed}: another run is at work on these tables. Wait until it has ended."
            ) from None
        except OSError as error:
            raise _unusable(processed, error) from error
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
        raise _unusable(processed, error) from error


def recover(processed: Path) -> Snapshot | None:
    """Clear away what a killed run left half-done, and give the current snapshot.

    Raises:
        StoreError: The current snapshot cannot be read, or is not as it was written.
    """
    snapshot = current(processed)
    now = snapshot.path.name if snapshot else ""
    if (processed / ".snapshots" / _NEXT).exists():
        shutil.rmtree(processed / ".snapshots" / _NEXT)
    for path in _snapshots(processed):
        is_half_deleted = path.name < now and not (path / _MANIFEST).exists()
        if path.name > now or is_half_deleted:
            shutil.rmtree(path)
    for folder in ("parts", "work", ""):
        for path in (processed / ".store" / folder).glob("*.tmp"):
            path.unlink()
    for path in (processed / ".store").glob("tmp*"):  # of `tempfile`, where it has to name them
        path.unlink()
    (processed / "current.tmp").unlink(missing_ok=True)
    if snapshot:
        _sync(processed)  # the run that committed may not have come to it
        _check(processed, snapshot)
    return snapshot


def _snapshots(processed: Path) -> list[Path]:
    # Not by `glob`, which from Python 3.13 on takes a folder that cannot be read for an empty one.
    folder = processed / ".snapshots"
    return sorted(path for path in folder.iterdir() if path.name.isdecimal())


def _names(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def _check(processed: Path, snapshot: Snapshot) -> None:
    """See that all files of a snapshot are there: readers would take fewer rows for all.

    Raises:
        StoreError: A part is missing, or another file is not as it was written.
    """
    kept = _names(processed / ".store" / "parts")
    for table, state in snapshot.manifest["tables"].items():
        folder = snapshot.path / f"{table}.parquet"
        names = {name for name, _ in state["parts"].values()}
        missing = names - (_names(folder) if folder.exists() else set())
        if missing:
            raise _damaged(processed, folder / min(missing), "none")
        for name in sorted(names - kept):  # somebody has made room
            _link(folder / name, processed / ".store" / "parts" / name)
    for name, digest in snapshot.manifest["files"].items():
        path = snapshot.path / name
        if not path.exists():
            raise _damaged(processed, path, "none")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise _damaged(processed, path, "others")


def collect(processed: Path) -> None:
    """Delete old snapshots that nobody reads, parts of no snapshot, and saved work.

    The tables are committed; what cannot be deleted now is left to the next run.
    """
    with suppress(OSError):
        _collect_snapshots(processed)
        live: set[str] = set()
        for snapshot in _snapshots(processed):
            for table in snapshot.iterdir():
                if table.suffix == ".parquet":
                    live.update(_names(table))
        for path in (processed / ".store" / "parts").iterdir():
            if path.name not in live:
                with suppress(OSError):
                    path.unlink()
        for path in (processed / ".store" / "work").iterdir():
            with suppress(OSError):
                path.unlink()


def _collect_snapshots(processed: Path) -> None:
    """Delete old snapshots; not one that a reader holds."""
    for path, later in pairwise(_snapshots(processed)[: 1 - _KEPT]):
        if time.time() - _written_at(later) >= _REST_SECONDS:
            with suppress(OSError), (path / _MANIFEST).open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _delete_snapshot(path)


def _written_at(snapshot: Path) -> float:
    """Tell when a snapshot was made, in seconds since 1970; long ago where nothing tells."""
    try:
        return (snapshot / _MANIFEST).stat().st_mtime
    except OSError:
        return 0.0


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
    for table in (*TABLES, *SIDE_TABLES):
        if table in tables:
            with pa.ipc.new_stream(buffer, tables[table].schema) as stream:
                stream.write_table(tables[table])
    content = buffer.getvalue()
    path = processed / ".store" / "work" / key
    # Two dumps may hold the same, in two processes or threads, or on two machines.
    temporary = path.with_suffix(f".{_machine()}.{os.getpid()}.{get_ident()}.tmp")
    with writing(processed):
        with temporary.open("wb") as handle:
            handle.write(hashlib.sha256(content).digest())
            handle.write(content)
        temporary.replace(path)


@cache
def _machine() -> str:
    """Name this machine in a few letters that fit the name of any file."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def load_work(processed: Path, key: str) -> dict[str, pa.Table] | None:
    """Load saved work; None where there is none, or where a power cut left it in pieces.

    Raises:
        StoreError: It cannot be read.
    """
    import pyarrow as pa

    path = processed / ".store" / "work" / key
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error
    content = memoryview(stored)[32:]
    if hashlib.sha256(content).digest() != stored[:32]:
        return None
    tables: dict[str, pa.Table] = {}
    # A BufferReader would let a single row hold the bytes of all tables for as long as it waits.
    source = io.BytesIO(content)
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

    Attributes:
        previous: That snapshot.
    """

    def __init__(self, processed: Path, previous: Snapshot | None) -> None:
        self._processed = processed
        self.previous = previous
        self._tables: dict[str, dict[str, Any]] = {}
        self._new_parts: dict[Path, None] = {}

    def twin(self, table: str) -> Publication:
        """Give another publication of this run, fit to be sent, with one table put already."""
        previous = self.previous
        if previous:
            known = {name: previous.manifest[name] for name in ("tables", "writer")}
            previous = Snapshot(previous.path, known)
        twin = Publication(self._processed, previous)
        twin._tables[table] = self._tables[table]
        return twin

    def adopt(self, twin: Publication) -> None:
        """Take over what was put in a twin."""
        self._tables |= twin._tables
        self._new_parts |= twin._new_parts

    @property
    def scratch(self) -> Path:
        """A folder for files that have no name, on the disk of the tables."""
        return self._processed / ".store"

    def few_articles(self) -> int:
        """Tell how many articles may come or go so that only what they concern is looked at."""
        return int(_FEW * self.previous.row_count("articles")) if self.previous else 0

    def _is_same_writer(self) -> bool:
        """Tell whether the same rows give the same bytes; else all parts are written again."""
        return self.previous is not None and self.previous.manifest["writer"] == writer()

    def put(self, table: str, removed: Collection[str], added: pa.Table) -> None:
        """Make the next state of a table.

        Args:
            table: Its name.
            removed: Owners whose rows go; those of `added` go anyway.
            added: Rows that come, in any order.
        """
        change = Change(table, self.scratch)
        change.remove(removed)
        change.add(added)
        self.put_change(change)

    def put_change(self, change: Change) -> None:
        """Make the next state of a table, part by part."""
        before = self._before(change)
        if before and not change.prefixes() and self._is_same_writer():
            self._tables[change.table] = before
            return
        rows = sum(part[1] for part in before["parts"].values()) if before else 0
        digits = _digits(change.table, rows + change.row_count)
        while True:  # a guess, until copies and what goes are counted
            parts = self._write(change, digits)
            right = _digits(change.table, sum(part[1] for part in parts.values()))
            if right == digits:
                break
            digits = right
        self._tables[change.table] = {"digits": digits, "parts": dict(sorted(parts.items()))}

    def put_whole(self, table: str, rows: Spill, *, is_anew: bool = False) -> None:
        """Make the next state of a table that was worked out anew.

        Args:
            table: Its name.
            rows: All its rows; those of owners of whom none has changed stay in their parts.
            is_anew: Whether what stands is of no use.
        """
        change = Change(table, self.scratch, is_anew=is_anew)
        previous = None if is_anew else self.previous
        count = rows.row_count + (previous.row_count(table) if previous else 0)
        for bucket in bucket_names(DIGITS if count > _WHOLE_ROWS else 0):
            new = rows.read(bucket)
            if previous is None:
                change.add(new)
                continue
            change.replace(self.read_before(table, bucket), new)
        self.put_change(change)

    def _before(self, change: Change) -> Any:
        if self.previous is None or change.is_anew:
            return None
        return self.previous.manifest["tables"][change.table]

    def _write(self, change: Change, digits: int) -> dict[str, list[Any]]:
        """Write the parts in which anything changes; of a table that is cut otherwise, all."""
        before = self._before(change)
        parts: dict[str, list[Any]] = {}
        if before and self._is_same_writer() and before["digits"] == digits:
            buckets = {prefix[:digits] for prefix in change.prefixes()}
            kept = before["parts"].items()
            parts = {name: part for name, part in kept if name not in buckets}
        else:
            buckets = set(bucket_names(digits))
        for bucket in sorted(buckets):
            rows = self.merge(change, bucket)
            if rows.num_rows or not digits:  # readers fail on a folder without a file
                parts[bucket] = self._write_part(bucket, rows)
        return parts

    def merge(self, change: Change, bucket: str) -> pa.Table:
        """Give the rows of a bucket as they will be, sorted by key."""
        rows = change.added(bucket)
        if self._before(change):
            old = self.read_before(change.table, bucket).cast(rows.schema)
            rows = put_owners(old, change.owners(bucket), rows, change.key[0])
        return change.finish(rows, bucket)

    def pieces(self, change: Change) -> list[str]:
        """List the first digits of all owners concerned, so that each stands for about a bucket."""
        digits = self._piece_digits(change)
        return sorted({prefix[:digits] for prefix in change.prefixes()})

    def _piece_digits(self, change: Change) -> int:
        before = self._before(change)
        return int(before["digits"]) if before else _digits(change.table, change.row_count)

    def preview(self, change: Change) -> Iterator[pa.Table]:
        """Read a table as it will be, bucket by bucket, in the order of its key."""
        before = self._before(change)
        touched = set(self.pieces(change))
        for bucket in bucket_names(self._piece_digits(change)):
            if bucket in touched:
                yield self.merge(change, bucket)
            elif before and bucket in before["parts"]:
                yield self.read_before(change.table, bucket)

    def read_before(
        self, table: str, bucket: str = "", columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Read the rows of a table as they stand, of owners that begin with some digits."""
        import pyarrow.compute as pc

        if self.previous is None:
            rows = _empty(table)
            return rows.select(columns) if columns else rows
        before = self.previous.manifest["tables"][table]
        near = {
            name for name in before["parts"] if name.startswith(bucket) or bucket.startswith(name)
        }
        rows = self.previous.read(table, columns, buckets=near)
        if len(bucket) > before["digits"]:
            rows = rows.filter(pc.starts_with(rows[table_key(table)[0]], bucket))
        return rows

    def read_owners(
        self, table: str, owners: Collection[str], columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Read the rows of some owners as they stand."""
        if self.previous and owners:
            return self.previous.read_owners(table, owners, columns)
        rows = _empty(table)
        return rows.select(columns) if columns else rows

    def count_owners(self, change: Change) -> int:
        """Count the owners of whom rows come or go."""
        return sum(len(change.owners(prefix)) for prefix in self.pieces(change))

    def read_parts(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        owners: pa.Array | None = None,
    ) -> Iterator[pa.Table]:
        """Read a table as it was put, part by part, in the order of its key.

        Args:
            table: Its name.
            columns: Names of columns; None for all.
            owners: Only parts that may hold rows of one of these; None for all.
        """
        import pyarrow.compute as pc

        parts = self._tables[table]["parts"]
        buckets = set(parts)
        if owners is not None:
            digits = self._tables[table]["digits"]
            buckets &= set(pc.unique(pc.utf8_slice_codeunits(owners, 0, digits)).to_pylist())
        for name in (parts[bucket][0] for bucket in sorted(buckets)):
            part = self._processed / ".store" / "parts" / name
            yield _read_part(self._processed, part, columns)

    def _write_part(self, bucket: str, rows: pa.Table) -> list[Any]:
        import pyarrow.parquet as pq

        buffer = io.BytesIO()
        table = rows.schema.metadata[b"table"].decode()
        distinct = _DISTINCT.get(table, ())
        pq.write_table(
            rows.combine_chunks(),
            buffer,
            compression="none" if table in _UNPACKED else _CODEC,
            use_dictionary=[name for name in rows.column_names if name not in distinct],
            row_group_size=100_000,
            write_page_checksum=True,
            write_statistics=rows.column_names[:1],  # of others they would be alike in all parts
        )
        content = buffer.getvalue()
        name = f"{bucket or '0'}-{_hash_part(content)}.parquet"
        path = self._processed / ".store" / "parts" / name
        if not path.exists() or path.read_bytes() != content:
            # A process of a run that was killed may be at it for a moment more.
            temporary = path.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_bytes(content)
            temporary.replace(path)
        self._new_parts[path] = None
        return [name, rows.num_rows]

    def commit(self, notes: Mapping[str, Any], files: Mapping[str, bytes]) -> Snapshot:
        """Make the tables that were put the current ones.

        Args:
            notes: What the manifest says beside the tables.
            files: Content by name of other files that belong to the snapshot.

        Returns:
            The new snapshot, or the previous one where not a byte would differ.
        """
        files = {**files, datapackage.FILE: datapackage.write_package(self._tables)}
        manifest = {
            **notes,
            "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
            "writer": writer(),
            "schema_version": SCHEMA_VERSION,
            "tables": self._tables,
        }
        content = _seal(manifest)
        if self.previous and (self.previous.path / _MANIFEST).read_bytes() == content:
            return self.previous
        snapshots = self._processed / ".snapshots"
        folder = snapshots / _NEXT
        parts = self._processed / ".store" / "parts"
        for path in (*self._new_parts, parts):  # all at once: the disk has most of them by now
            _sync(path)
        checkpoint("parts written")
        folder.mkdir()
        for table, state in self._tables.items():
            (folder / f"{table}.parquet").mkdir()
            for name, _ in state["parts"].values():
                _link(f"{parts}/{name}", f"{folder}/{table}.parquet/{name}")
            _sync(folder / f"{table}.parquet")
        for name in files:
            _write_durably(folder / name, files[name])
        checkpoint("snapshot linked")
        _write_durably(folder / _MANIFEST, content)
        _sync(folder)
        checkpoint("manifest written")
        number = max((int(path.name) for path in _snapshots(self._processed)), default=0) + 1
        path = folder.rename(snapshots / f"{number:08}")
        _sync(snapshots)
        checkpoint("snapshot named")
        make_links(self._processed)
        doubt = _point(self._processed / "current", Path(".snapshots") / path.name)
        checkpoint("committed")
        return Snapshot(path, manifest, doubt)


def make_links(processed: Path) -> None:
    """Make the links `<table>.parquet` and `datapackage.json`, where they are missing.

    Raises:
        StoreError: Something else stands in the place of one.
    """
    for name in (*(f"{table}.parquet" for table in TABLES), datapackage.FILE):
        link = processed / name
        target = Path("current") / name
        if not link.is_symlink():
            if link.exists():
                raise StoreError(
                    f"{link}: expected no such file, or the link that a run makes, found something "
                    "else. Move it away."
                )
            link.symlink_to(target)


def _point(link: Path, target: Path) -> str | None:
    """Let a link lead elsewhere: the commit.

    Returns:
        What the disk said behind that, when the new tables could be seen already; None for nothing.

    Raises:
        OSError: The link leads where it led.
    """
    temporary = link.with_suffix(".tmp")
    temporary.symlink_to(target)
    try:
        temporary.replace(link)
        _sync(link.parent)
    except OSError as error:
        if not link.is_symlink() or Path(os.readlink(link)) != target:
            raise
        return (
            f"{link}: expected the disk to keep the new tables, found {error.strerror or error}. "
            "They are there; run again before you trust the disk with a power cut."
        )
    return None


def _hash_part(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or too many of one file
        _write_durably(Path(target), Path(source).read_bytes())


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digits(table: str, row_count: int) -> int:
    """Give the digits of the bucket of a table with that many rows: 1, 16 or 256 buckets."""
    most = _BUCKET_ROWS * _SHARES.get(table, 1)
    return 0 if row_count <= most else 1 if row_count <= 16 * most else 2


def bucket_names(digits: int) -> list[str]:
    """List the names of all buckets of a table, sorted.

    >>> bucket_names(0), len(bucket_names(2)), bucket_names(1)[-1]
    ([''], 256, 'f')
    """
    return [f"{number:0{digits}x}" for number in range(16**digits)] if digits else [""]


def _empty(table: str) -> pa.Table:
    return schema_of(table).empty_table()


def concat(table: str, parts: Iterable[pa.Table]) -> pa.Table:
    """Join rows of one table; none at all give an empty table of its schema."""
    import pyarrow as pa

    return pa.concat_tables([_empty(table), *parts])
