"""Archives (zip, gzip) -> their members, each inflated as a stream under caps, never to disk.

A name of a member is only a name: no path is made from it. What a header says of a size is not
believed: a member is measured while it is inflated.

The standard library's `zipfile` is not used for reading: it holds a whole directory in memory
before anything can be capped, refuses a whole archive for one bad name or a missing end, and finds
members that overlap only in later versions of Python.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, pairwise
from pathlib import Path
from typing import BinaryIO

from clippings.errors import ReadError

MAX_MEMBERS = 100_000
"""Members of one archive, folders among them."""
MAX_RATIO = 200
"""How many times its packed size a member may unpack to; text seldom gets beyond 20."""
MAX_UNMEASURED_BYTES = 2**20
"""Up to this size, in bytes, the ratio is not looked at: a page of blanks packs well."""

_CHUNK = 2**16
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_MEMBER = struct.Struct("<4s2xHH4xLLLHH")
_RECORD = struct.Struct("<4sxB2xHH4xLLLHHH4xLL")
_END = struct.Struct("<4s8xLL2x")
_END_64 = struct.Struct("<4s36xQQ")
_LOCATOR_64_BYTES = 20
_MAX_COMMENT = 2**16
_IN_EXTRA = 2**32 - 1  # a size or an offset that stands in the extra field of zip64
_IS_ENCRYPTED = 0x1 | 0x40
_HAS_DESCRIPTOR = 0x8
_STORED, _DEFLATED = 0, 8
_UNIX = 3


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a zip archive, as its headers tell.

    Attributes:
        name: Its name, as Python names files (`surrogateescape`); of those that share a name the
            second ends in "#2", and so on.
        printed: The name as it stands in the archive.
        start: Where its header begins, in bytes.
        packed_count: Its size in the archive, in bytes.
        byte_count: The size that it claims to unpack to, in bytes.
        crc: The CRC-32 that it claims.
        method: How it is packed.
        flags: The general purpose bits.
        is_link: Whether it is a symbolic link.
        fault: Why it is not to be inflated; None where nothing is known against it.
    """

    name: str
    printed: str
    start: int
    packed_count: int
    byte_count: int
    crc: int
    method: int
    flags: int
    is_link: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """The members of a zip archive.

    Attributes:
        members: In the order of the archive's directory.
        fault: What is wrong with the archive as a whole; None where nothing is.
    """

    members: tuple[Member, ...]
    fault: str | None = None


class _NoDirectoryError(Exception):
    """The directory at the end of a zip archive is missing or broken."""


def find_kind(head: bytes) -> str | None:
    r"""Tell an archive by its first bytes, whatever its name.

    Args:
        head: The first four bytes or more.

    Returns:
        "zip", "gzip" or None.

    >>> find_kind(b"\x1f\x8b\x08\x00")
    'gzip'
    """
    if head.startswith(_ZIP):
        return "zip"
    return "gzip" if head.startswith(_GZIP) else None


def name_member(file: str) -> str:
    """Name what a gzip file holds: by the file itself, not by the name in its header.

    >>> name_member("wires/1990.txt.gz")
    '1990.txt'
    """
    name = file.rpartition("/")[2]
    return name[:-3] if name[-3:].lower() == ".gz" else name


def read_content(raw: Path, file: str, member: str | None, *, max_bytes: int) -> bytes:
    """Read the bytes of a dump again: a file of the raw folder or a member of one.

    Args:
        raw: The raw folder.
        file: A file in it, as `scan.Found` names it.
        member: A member of that archive, as `scan.Found` names it; None for the file itself.
        max_bytes: Size limit of a dump, in bytes.

    Returns:
        The content.

    Raises:
        ReadError: The file cannot be opened, has no such member, or that cannot be inflated.
    """
    try:
        with (raw / file).open("rb") as handle:
            if member is None:
                return _read_capped(handle, max_bytes)
            if find_kind(handle.read(4)) == "gzip":
                if member != name_member(file):
                    raise _gone(member)
                return b"".join(inflate_gzip(handle, max_bytes))
            status = os.fstat(handle.fileno())
            identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            found = _members_by_name(raw / file, identity).get(member)
            if found is None:
                raise _gone(member)
            return b"".join(inflate(handle, found, max_bytes))
    except OSError as error:
        raise ReadError(
            "unreadable", f"expected a readable file, found {error.strerror or error}"
        ) from None
    except ValueError as error:  # a name with a NUL
        raise ReadError("unreadable", f"expected a readable file, found {error}") from None


def _read_capped(handle: BinaryIO, max_bytes: int) -> bytes:
    content = handle.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _too_large(max_bytes)
    return content


@lru_cache(maxsize=4)
def _members_by_name(path: Path, identity: tuple[int, ...]) -> dict[str, Member]:  # noqa: ARG001
    """Read the directory of an archive once, not once for each of its members."""
    with path.open("rb") as handle:
        return {member.name: member for member in read_directory(handle).members}


def _gone(member: str) -> ReadError:
    name = os.fsencode(member).decode("utf-8", "backslashreplace")
    return ReadError("changing", f'expected "{name}" in the archive, found none')


def _too_large(max_bytes: int) -> ReadError:
    return ReadError("too_large", f"expected at most {max_bytes:,} bytes, found more")


def _broken(detail: str) -> ReadError:
    return ReadError("broken_archive", detail)


# --- the directory of a zip archive -----------------------------------------------------------


def read_directory(handle: BinaryIO) -> Directory:
    """List the members of a zip archive.

    Where the directory at its end is missing or broken, as in half a download, the headers before
    the members are followed from the first one on as far as they go.

    Args:
        handle: The archive, open for reading.

    Returns:
        Its members, and what is wrong with the archive.

    Raises:
        ReadError: There are too many.
    """
    size = handle.seek(0, os.SEEK_END)
    try:
        members = _mark_overlaps(_capped_members(_read_records(handle, size)))
        fault = None
    except (_NoDirectoryError, struct.error):
        members = _capped_members(_follow_headers(handle, size))
        fault = (
            "expected a directory at the end of the archive, found none that can be read; its "
            f"first {len(members):,} members were found without it"
        )
    names = _distinct_names([member.printed for member in members])
    return Directory(
        tuple(replace(member, name=name) for member, name in zip(members, names, strict=True)),
        fault,
    )


def _capped_members(members: Iterable[Member]) -> list[Member]:
    capped: list[Member] = []
    for member in members:
        if len(capped) == MAX_MEMBERS:
            raise ReadError("archive_bomb", f"expected at most {MAX_MEMBERS:,} members, found more")
        capped.append(member)
    return capped


def _read_records(handle: BinaryIO, size: int) -> Iterator[Member]:
    """Read the directory at the end of an archive."""
    handle.seek(max(0, size - _MAX_COMMENT - _END.size - _LOCATOR_64_BYTES - _END_64.size))
    tail_start = handle.tell()
    tail = handle.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise _NoDirectoryError
    _, length, start = _END.unpack_from(tail, at)
    at_64 = at - _LOCATOR_64_BYTES - _END_64.size
    if at_64 >= 0 and tail.startswith(b"PK\x06\x06", at_64):
        at = at_64
        _, length, start = _END_64.unpack_from(tail, at)
    end = tail_start + at
    shift = end - length - start  # bytes that were put before the archive
    if end < length or shift < 0:
        raise _NoDirectoryError
    position = end - length
    while position < end:
        handle.seek(position)
        record = _RECORD.unpack(handle.read(_RECORD.size))
        sign, system, flags, method, crc, packed, unpacked = record[:7]
        name_length, extra_length, comment_length, attributes, at = record[7:]
        if sign != b"PK\x01\x02":
            raise _NoDirectoryError
        name, extra = handle.read(name_length), handle.read(extra_length)
        unpacked, packed, at = _widen(extra, unpacked, packed, at)
        is_link = system == _UNIX and stat.S_ISLNK(attributes >> 16)
        printed = os.fsdecode(name)
        fault = None if shift + at < end else f"expected a member, found one beyond byte {end:,}"
        yield Member(
            printed, printed, shift + at, packed, unpacked, crc, method, flags, is_link, fault
        )
        position += _RECORD.size + name_length + extra_length + comment_length


def _widen(extra: bytes, *values: int) -> Iterator[int]:
    """Take the values that were too large for their place from the extra field of zip64."""
    wide = b""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == 1:
            wide = extra[position + 4 : position + 4 + length]
            break
        position += 4 + length
    for value in values:
        if value == _IN_EXTRA and len(wide) >= 8:
            yield struct.unpack_from("<Q", wide)[0]
            wide = wide[8:]
        else:
            yield value


def _mark_overlaps(members: list[Member]) -> list[Member]:
    """Refuse the members that run into another one, as those of a zip bomb do."""
    fault = "expected the bytes of one member, found those of another among them"
    marked = list(members)
    order = sorted(range(len(members)), key=lambda number: (members[number].start, number))
    for number, following in pairwise(order):
        member = members[number]
        end = member.start + _MEMBER.size + member.packed_count
        if end > members[following].start:
            marked[number] = replace(member, fault=fault)
    return marked


def _follow_headers(handle: BinaryIO, size: int) -> Iterator[Member]:
    """Find members by the headers that stand before them, each behind the one before."""
    position = 0
    while position + _MEMBER.size <= size:
        handle.seek(position)
        header = _MEMBER.unpack(handle.read(_MEMBER.size))
        sign, flags, method, crc, packed, unpacked, name_length, extra_length = header
        if sign != b"PK\x03\x04":
            return
        printed = os.fsdecode(handle.read(name_length))
        unpacked, packed = _widen(handle.read(extra_length), unpacked, packed)
        start = position
        position += _MEMBER.size + name_length + extra_length
        fault = None
        if flags & _HAS_DESCRIPTOR:
            try:
                packed, crc, position = _measure(handle, position, size, method)
            except ReadError as error:
                fault, position = error.detail, size
        else:
            position += packed
        yield Member(printed, printed, start, packed, unpacked, crc, method, flags, False, fault)


def _measure(handle: BinaryIO, start: int, size: int, method: int) -> tuple[int, int, int]:
    """Find the end of a member whose size stands behind it.

    Returns:
        Its size in the archive, its CRC-32, and where the next header begins.
    """
    if method != _DEFLATED:
        raise _broken("expected the size of the member, found none without the directory")
    handle.seek(start)
    for _ in _capped(_inflate_one(handle, size - start, -zlib.MAX_WBITS), size * MAX_RATIO):
        pass
    end = handle.tell()
    behind = handle.read(28)  # the longest form of what stands there, and a sign
    unsigned = behind.removeprefix(b"PK\x07\x08")
    if len(unsigned) < 4:
        raise _ends_early()
    at = behind.find(b"PK\x03\x04")
    following = end + at if at >= 0 else size
    return end - start, struct.unpack_from("<L", unsigned)[0], following


def _distinct_names(printed: list[str]) -> list[str]:
    """Give each of some names that are the same a number.

    >>> _distinct_names(["a", "b", "a", "a#2", "a"])
    ['a', 'b', 'a#3', 'a#2', 'a#4']
    """
    taken = set(printed)
    seen = set()
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(2))
    names = []
    for name in printed:
        distinct = name
        if name in seen:
            while distinct in taken:
                distinct = f"{name}#{next(numbers[name])}"
            taken.add(distinct)
        seen.add(name)
        names.append(distinct)
    return names


# --- inflating --------------------------------------------------------------------------------


def inflate(handle: BinaryIO, member: Member, max_bytes: int) -> Iterator[bytes]:
    """Unpack one member of a zip archive.

    Args:
        handle: The archive, open for reading.
        member: What is to be read of it.
        max_bytes: Size limit of a dump, in bytes.

    Yields:
        Its bytes, in pieces of at most 64 kB.

    Raises:
        ReadError: It is locked, broken, packed in another way or too large. It may come after
            bytes have been yielded; they are then not to be used.
    """
    if member.fault:
        raise _broken(member.fault)
    if member.flags & _IS_ENCRYPTED:
        raise ReadError("encrypted", "expected a member that is open, found one with a password")
    if member.method not in (_STORED, _DEFLATED):
        raise ReadError(
            "unsupported_type",
            f"expected a member that is stored or deflated, found method {member.method}",
        )
    if member.byte_count > max_bytes:
        raise ReadError(
            "too_large", f"expected at most {max_bytes:,} bytes, found {member.byte_count:,}"
        )
    handle.seek(member.start)
    header = handle.read(_MEMBER.size)
    if len(header) < _MEMBER.size or not header.startswith(b"PK\x03\x04"):
        raise _broken(f"expected a member at byte {member.start:,} of the archive, found none")
    *_, name_length, extra_length = _MEMBER.unpack(header)
    handle.seek(name_length + extra_length, os.SEEK_CUR)
    if member.method == _STORED:
        pieces = _copy(handle, member.packed_count)
    else:
        pieces = _inflate_one(handle, member.packed_count, -zlib.MAX_WBITS)
    crc = 0
    for piece in _capped(pieces, max_bytes):
        crc = zlib.crc32(piece, crc)
        yield piece
    if crc != member.crc:
        raise _broken(f"expected bytes with the checksum {member.crc:08x}, found {crc:08x}")


def inflate_gzip(handle: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """Unpack a gzip file; several that were put one behind the other are one content.

    Args:
        handle: The file, open for reading.
        max_bytes: Size limit of a dump, in bytes.

    Yields:
        Its bytes, in pieces of at most 64 kB.

    Raises:
        ReadError: It is broken or too large. It may come after bytes have been yielded; they are
            then not to be used.
    """
    return _capped(_inflate_all(handle), max_bytes)


def _capped(pieces: Iterable[tuple[bytes, int]], max_bytes: int) -> Iterator[bytes]:
    """Stop at the size limit, and where bytes unpack to far more than text does."""
    byte_count = 0
    for piece, packed_count in pieces:
        byte_count += len(piece)
        if byte_count > max_bytes:
            raise _too_large(max_bytes)
        if byte_count > MAX_UNMEASURED_BYTES and byte_count > MAX_RATIO * packed_count:
            raise ReadError(
                "archive_bomb",
                f"expected bytes that unpack to at most {MAX_RATIO} times their size, found "
                f"{packed_count:,} that unpack to more than {byte_count:,}",
            )
        yield piece


def _copy(handle: BinaryIO, length: int) -> Iterator[tuple[bytes, int]]:
    """Read bytes that are not packed, with how many were read so far."""
    left = length
    while left:
        piece = handle.read(min(_CHUNK, left))
        if not piece:
            raise _ends_early()
        left -= len(piece)
        yield piece, length - left


def _inflate_one(handle: BinaryIO, length: int, bits: int) -> Iterator[tuple[bytes, int]]:
    """Unpack one deflate stream, with how many packed bytes were used so far.

    The handle is left behind the last byte of the stream.
    """
    start = handle.tell()
    inflater = zlib.decompressobj(bits)
    read = 0
    while not inflater.eof:
        packed = inflater.unconsumed_tail
        if not packed:
            packed = handle.read(max(0, min(_CHUNK, length - read)))
            read += len(packed)
        try:
            piece = inflater.decompress(packed, _CHUNK)
        except zlib.error as error:
            raise _broken(f"expected packed bytes, found damaged ones ({error})") from None
        if not packed and not piece and not inflater.eof:
            raise _ends_early()
        yield piece, read - len(inflater.unconsumed_tail)
    handle.seek(start + read - len(inflater.unused_data))


def _inflate_all(handle: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Unpack the gzip streams of a file; zeros behind the last are padding."""
    size = handle.seek(0, os.SEEK_END)
    start = 0
    for _ in range(MAX_MEMBERS):
        handle.seek(start)
        for piece, packed_count in _inflate_one(handle, size - start, zlib.MAX_WBITS | 16):
            yield piece, start + packed_count
        start = handle.tell()
        if handle.read(2) != _GZIP:
            break
    else:
        raise ReadError("archive_bomb", f"expected at most {MAX_MEMBERS:,} streams, found more")
    handle.seek(start)
    while piece := handle.read(_CHUNK):
        if piece.strip(b"\0"):
            raise _broken(f"expected the end of the archive at byte {start:,}, found other bytes")


def _ends_early() -> ReadError:
    return _broken("expected all bytes of the member, found the end of the archive before")
