"""raw/ -> the dumps found in it, each with the hash of its content or the reason it is not read.

A file is taken by the end of its name, and read as what its first bytes say that it is:

- a zip archive or a gzip file: each member is a dump of its own (a Word document is no archive);
- a PDF, Word or rich text document: left whole for `office.extract`;
- all else: left whole for `read.decode`, unless its name promises one of those above.

So a gzip file named `a.txt` is unpacked, and a text named `a.zip` is a problem.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from clippings import archives, office
from clippings.archives import Member
from clippings.errors import ReadError
from clippings.looks import Looks
from clippings.records import PASSING

ID_LENGTH = 20
"""Hexadecimal digits of an id: 80 bits, so that 100 million articles do not collide."""

VERSION = 2
"""Raised by hand when files or the members of an archive are found or judged in another way."""

MAX_UNPACKED = 8
"""How many times the size limit of a dump the members of one archive may unpack to together."""

_TEXT = (".txt", ".text", ".md", ".html", ".htm", ".xhtml", ".eml", ".mbox")
_OFFICE = (".pdf", ".docx", ".rtf")
_ARCHIVES = (".zip", ".gz")
_TAKEN = ("", *_TEXT, *_OFFICE, *_ARCHIVES)
_HEAD_BYTES = 1024
_NESTED = "expected a dump, found an archive in the archive"
_IGNORED = re.compile(r"\..*|~\$.*|.*~|.*\.sw[a-p]|__MACOSX|Thumbs\.db|desktop\.ini", re.DOTALL)


def hash_id(*parts: str | None) -> str:
    """Hash the parts of a key to an id.

    Args:
        parts: Texts or None; None differs from "", and ("ab", "c") from ("a", "bc").

    Returns:
        `ID_LENGTH` hexadecimal digits.
    """
    whole = []
    for part in parts:
        if part is None:
            whole.append(b"-")
        else:
            encoded = part.encode("utf-8", "surrogateescape")
            whole.append(b"%d:%b" % (len(encoded), encoded))
    return hashlib.sha256(b"".join(whole)).hexdigest()[:ID_LENGTH]


@dataclass(frozen=True, slots=True)
class Found:
    r"""One dump found in the raw folder: a file, or a member of an archive.

    Attributes:
        file: Path of the file, relative to the raw folder, as Python names it (`surrogateescape`).
        sha256: Hash of its content, of the member's own bytes where it is one; None where it was
            not read.
        byte_count: Its size in bytes; None where unknown.
        code: Why it is not used, one of `records.PROBLEMS`; None where it is.
        detail: What was expected and what was found; None where it is used.
        member: Name of the member of the archive `file`, in the same form; None where the file
            itself is meant.
        archive_sha256: Hash of the archive that it was found in; None for other files.
        is_office: Whether `office.extract` is to make text of it.
    """

    file: str
    sha256: str | None = None
    byte_count: int | None = None
    code: str | None = None
    detail: str | None = None
    member: str | None = None
    archive_sha256: str | None = None
    is_office: bool = False

    @property
    def dump_id(self) -> str:
        """Hash of the path: of both its parts, for a folder may bear the name `a.zip!` too."""
        return hash_id(self.file) if self.member is None else hash_id(self.file, self.member)

    @property
    def name(self) -> str:
        """Path as Python names it; that of a member is `a.zip!/b.txt`."""
        return name_dump(self.file, self.member)

    @property
    def path(self) -> str:
        r"""Path fit for a table and a message: bytes that are no UTF-8 as `\xNN`."""
        return to_text(self.name)


def name_dump(file: str, member: str | None) -> str:
    """Name a dump by its file and, where it is one of an archive, its member.

    >>> name_dump("a.zip", "b.txt")
    'a.zip!/b.txt'
    """
    return file if member is None else f"{file}!/{member}"


def to_text(name: str) -> str:
    r"""Make a name of a file fit for a table and a message: bytes that are no UTF-8 as `\xNN`.

    >>> to_text("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def find_dumps(
    raw: Path,
    *,
    max_bytes: int,
    known: Mapping[str, Sequence[Found]] | None = None,
    looks: Looks | None = None,
    is_kept: Callable[[str, str], bool] | None = None,
) -> list[Found]:
    """Look at every file of the raw folder and hash those that can be dumps.

    Args:
        raw: The folder; it is walked with its sub-folders and never written.
        max_bytes: Size limit of a dump, in bytes.
        known: What an earlier look with the same `max_bytes` found in each file; an archive that
            has not changed since is not unpacked again.
        looks: By which a file that has not changed is known without being read; None to read all.
        is_kept: Is told id and hash of a file that has not changed; where it says so, nothing more
            is said of that file.

    Returns:
        What was found beside, sorted by path.

    Raises:
        ReadError: The folder itself cannot be listed.
    """
    try:
        os.scandir(raw).close()
    except OSError as error:
        raise ReadError(
            "unreadable",
            f"{raw}: expected a folder with raw dumps, found {error.strerror}. Make it and put "
            "files of articles there, name another with --raw, or let `clippings sample` write "
            "some to try.",
        ) from None
    inside = Path(os.path.realpath(raw))
    found: list[Found] = []
    for file, status in _walk(raw, inside):
        same = looks.find(file, status) if looks and status else None
        if same and is_kept and is_kept(*same):
            continue
        old = known.get(file, ()) if known is not None else ()
        if same and same[1] == _whole_sha256(old):
            found += old
            continue
        new = _look_at(raw, file, inside, max_bytes, _members(old))
        found += new
        if looks and status and (sha256 := _whole_sha256(new)):
            with suppress(OSError):  # it is gone: the next run will see
                looks.keep(file, status, (hash_id(file), sha256), (raw / file).stat())
    return sorted(found, key=lambda each: (os.fsencode(each.name), os.fsencode(each.file)))


def find_in_file(path: Path, *, max_bytes: int) -> list[Found]:
    """Look at one file, wherever it lies.

    Args:
        path: The file.
        max_bytes: Size limit of a dump, in bytes.

    Returns:
        The dump that it is, or those in it where it is an archive; `file` is its name alone.
    """
    folder = Path(os.path.realpath(path.parent))
    return _look_at(path.parent, path.name, folder, max_bytes, ())


def _members(found: Sequence[Found]) -> list[Found]:
    return [each for each in found if each.archive_sha256]


def _whole_sha256(found: Sequence[Found]) -> str | None:
    """Give the hash of the file in which dumps were found; None where any was not hashed."""
    hashes = {each.archive_sha256 or each.sha256 for each in found}
    return hashes.pop() if len(hashes) == 1 else None


def _walk(raw: Path, inside: Path) -> Iterator[tuple[str, os.stat_result | None]]:
    """List the files below a folder, each with its status where no link leads to it.

    A linked folder is entered where it lies inside `raw`, links below it no more: what they lead
    to is found in its own place.
    """
    folders = [("", False)]
    while folders:
        folder, is_linked = folders.pop()
        try:
            entries = list(os.scandir(raw / folder))
        except OSError:
            yield folder, None
            continue
        for entry in entries:
            if _IGNORED.fullmatch(entry.name):
                continue
            file = f"{folder}/{entry.name}" if folder else entry.name
            if not _is_folder(entry):
                yield file, None if is_linked else _status(entry)
            elif not entry.is_symlink():
                folders.append((file, is_linked))
            elif not is_linked:
                real = Path(os.path.realpath(raw / file))
                here = Path(os.path.realpath(raw / folder))
                if not real.is_relative_to(inside) or here.is_relative_to(real):
                    yield file, None
                else:
                    folders.append((file, True))


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Give the status of a file; None of a link, a device and the like."""
    try:
        return entry.stat() if entry.is_file(follow_symlinks=False) else None
    except OSError:
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or one through a closed folder; _look_at says which
        return False


def _look_at(
    raw: Path, file: str, inside: Path, max_bytes: int, known: Sequence[Found]
) -> list[Found]:
    """Hash one file, or the members of an archive, or say why it is not used."""
    path = raw / file
    try:
        real = Path(os.path.realpath(path))
        if path.is_symlink() and (path.is_dir() or not real.exists()):
            return [Found(file, None, None, "outside_raw", _link_detail(path))]
        if not real.is_relative_to(inside):
            return [Found(file, None, None, "outside_raw", _link_detail(path))]
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            detail = "expected a file, or a folder that can be listed, found a folder"
            return [Found(file, None, None, "unreadable", detail)]
        if not stat.S_ISREG(status.st_mode):
            return [
                Found(file, None, None, "not_a_file", f"expected a file, found {_kind(status)}")
            ]
        size = status.st_size
        suffix = _suffix(file)
        if suffix not in _TAKEN:
            return [Found(file, None, size, "unsupported_type", _suffix_detail(_TAKEN, suffix))]
        if size > max_bytes:
            detail = f"expected at most {max_bytes:,} bytes, found {size:,}"
            return [Found(file, None, size, "too_large", detail)]
        with path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
            read = handle.tell()
            if read == size:
                found = _look_into(handle, Found(file, sha256, size), max_bytes, known)
        after = path.stat()
    except OSError as error:
        detail = f"expected a readable file, found {error.strerror}"
        return [Found(file, None, None, "unreadable", detail)]
    if (read, size, status.st_mtime_ns) != (size, after.st_size, after.st_mtime_ns):
        detail = f"expected {size:,} bytes, found {max(read, after.st_size):,} a moment later"
        if known:  # what was found in it before stays as it was
            return [replace(each, sha256=None, code="changing", detail=detail) for each in known]
        return [Found(file, None, after.st_size, "changing", detail)]
    return found


def _look_into(
    handle: BinaryIO, whole: Found, max_bytes: int, known: Sequence[Found]
) -> list[Found]:
    """Tell what a file is by its bytes, and find the members of an archive."""
    handle.seek(0)
    head = handle.read(_HEAD_BYTES)
    suffix = _suffix(whole.file)
    kind = archives.find_kind(head)
    if kind is None or (kind == "zip" and suffix == ".docx"):
        return [_judge(whole, suffix, head)]
    is_same = all(each.archive_sha256 == whole.sha256 for each in known)
    if known and is_same and not any(each.code in PASSING for each in known):
        return list(known)
    archive = replace(whole, sha256=None, archive_sha256=whole.sha256)
    member = replace(archive, byte_count=None)
    if kind == "gzip":
        name = archives.name_member(whole.file)
        pieces = archives.inflate_gzip(handle, max_bytes)
        return [_look_at_member(replace(member, member=name), pieces, _suffix(name))[0]]
    try:
        directory = archives.read_directory(handle)
        if office.is_word({member.printed for member in directory.members}):
            return [replace(whole, is_office=True)]
        found = _look_at_members(handle, member, directory.members, max_bytes)
    except ReadError as error:
        return [replace(archive, code=error.code, detail=error.detail)]
    if directory.fault:
        found.append(replace(archive, code="broken_archive", detail=directory.fault))
    elif not found:
        detail = "expected articles, found an archive without members"
        found.append(replace(archive, code="empty", detail=detail))
    return found


def _look_at_members(
    handle: BinaryIO, whole: Found, members: Iterable[Member], max_bytes: int
) -> list[Found]:
    """Hash the members of a zip archive.

    Raises:
        ReadError: All of them together unpack to more than is safe.
    """
    found = []
    unpacked = refused = 0
    for member in members:
        is_folder = member.printed.endswith("/") and not member.byte_count
        if is_folder or _is_ignored(member.printed):
            continue
        named = replace(whole, member=member.name)
        if member.is_link:
            detail = "expected a file, found a symbolic link"
            found.append(replace(named, code="not_a_file", detail=detail))
            continue
        pieces = archives.inflate(handle, member, max_bytes)
        each, byte_count = _look_at_member(named, pieces, _suffix(member.printed))
        found.append(each)
        unpacked += byte_count
        refused += byte_count if each.code else 0
        if unpacked > MAX_UNPACKED * max_bytes or refused > max_bytes:
            raise ReadError(
                "archive_bomb",
                f"expected members of at most {MAX_UNPACKED * max_bytes:,} bytes together, and "
                f"{max_bytes:,} of those that cannot be used, found more",
            )
    return found


def _look_at_member(whole: Found, pieces: Iterable[bytes], suffix: str) -> tuple[Found, int]:
    """Hash one member, or say why it is not used; and count the bytes that were unpacked."""
    if suffix in _ARCHIVES:
        return replace(whole, code="nested_archive", detail=_NESTED), 0
    if suffix not in _TAKEN:
        detail = _suffix_detail([each for each in _TAKEN if each not in _ARCHIVES], suffix)
        return replace(whole, code="unsupported_type", detail=detail), 0
    digest = hashlib.sha256()
    head = b""
    byte_count = 0
    try:
        for piece in pieces:
            digest.update(piece)
            head += piece[: _HEAD_BYTES - len(head)]
            byte_count += len(piece)
    except ReadError as error:
        refused = replace(whole, code=error.code, detail=error.detail)
        return refused, byte_count
    member = replace(whole, sha256=digest.hexdigest(), byte_count=byte_count)
    kind = archives.find_kind(head)
    if kind is None or (kind == "zip" and suffix == ".docx"):
        return _judge(member, suffix, head), byte_count
    return replace(member, sha256=None, code="nested_archive", detail=_NESTED), byte_count


def _judge(whole: Found, suffix: str, head: bytes) -> Found:
    """Take a file or a member that is no archive, unless its name promises another thing."""
    if office.find_kind(head):
        return replace(whole, is_office=True)
    if suffix in _ARCHIVES:
        detail = "expected a zip archive or a gzip file, found neither"
        return replace(whole, sha256=None, code="broken_archive", detail=detail)
    if suffix in _OFFICE:
        detail = "expected a PDF, Word or rich text document, found none of these"
        return replace(whole, sha256=None, code="broken_office", detail=detail)
    return whole


def _suffix(name: str) -> str:
    """Give the end of a name that tells its type, in lower case."""
    suffix = os.path.splitext(name)[1].lower()
    return "" if suffix[1:].isdigit() or suffix == "." else suffix  # "dump 27.3.2019" has none


def _suffix_detail(taken: Iterable[str], suffix: str) -> str:
    names = ", ".join(each for each in taken if each)
    return f'expected {names} or no suffix, found "{to_text(suffix)}"'


def _is_ignored(name: str) -> bool:
    """Tell whether a member would be ignored, were it unpacked in the raw folder."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return any(_IGNORED.fullmatch(part) for part in parts)


def _kind(status: os.stat_result) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(status.st_mode), "a device")


def _link_detail(path: Path) -> str:
    target = to_text(os.readlink(path))
    return f'expected a link to a file inside the raw folder, found one to "{target}"'
