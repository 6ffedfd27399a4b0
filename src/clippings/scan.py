"""raw/ -> the files found in it, each with the hash of its content or the reason it is not read."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clippings.errors import ReadError

ID_LENGTH = 20
"""Hexadecimal digits of an id: 80 bits, so that 100 million articles do not collide."""

_TAKEN = ("", ".txt", ".text", ".md")
_IGNORED = re.compile(r"\..*|~\$.*|.*~|.*\.sw[a-p]|__MACOSX|Thumbs\.db|desktop\.ini", re.DOTALL)


def hash_id(*parts: str | None) -> str:
    """Hash the parts of a key to an id.

    Args:
        parts: Texts or None; None differs from "", and ("ab", "c") from ("a", "bc").

    Returns:
        `ID_LENGTH` hexadecimal digits.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = b"" if part is None else part.encode("utf-8", "surrogateescape")
        digest.update(b"-" if part is None else b"%d:" % len(encoded))
        digest.update(encoded)
    return digest.hexdigest()[:ID_LENGTH]


@dataclass(frozen=True, slots=True)
class Found:
    r"""One file found in the raw folder.

    Attributes:
        file: Path relative to the raw folder, as Python names it (`surrogateescape`).
        sha256: Hash of its content; None where it was not read.
        byte_count: Its size in bytes; None where unknown.
        code: Why it is not used, one of `records.PROBLEMS`; None where it is.
        detail: What was expected and what was found; None where it is used.
    """

    file: str
    sha256: str | None = None
    byte_count: int | None = None
    code: str | None = None
    detail: str | None = None

    @property
    def dump_id(self) -> str:
        """Hash of the path."""
        return hash_id(self.file)

    @property
    def path(self) -> str:
        r"""Path fit for a table and a message: bytes that are no UTF-8 as `\xNN`."""
        return to_text(self.file)


def to_text(name: str) -> str:
    r"""Make a name of a file fit for a table and a message: bytes that are no UTF-8 as `\xNN`.

    >>> to_text("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def find_dumps(raw: Path, *, max_bytes: int) -> list[Found]:
    """Look at every file of the raw folder and hash those that can be dumps.

    Args:
        raw: The folder; it is walked with its sub-folders and never written.
        max_bytes: Size limit of a dump, in bytes.

    Returns:
        What was found, sorted by path.

    Raises:
        ReadError: The folder itself cannot be listed.
    """
    try:
        os.scandir(raw).close()
    except OSError as error:
        raise ReadError(
            "unreadable",
            f"{raw}: expected a folder with raw dumps, found {error.strerror}. Make it, or name "
            "another with --raw.",
        ) from None
    inside = Path(os.path.realpath(raw))
    found = [_look_at(raw, file, inside, max_bytes) for file in _walk(raw, inside)]
    return sorted(found, key=lambda each: os.fsencode(each.file))


def _walk(raw: Path, inside: Path) -> Iterator[str]:
    """List the files below a folder.

    A linked folder is entered where it lies inside `raw`, links below it no more: what they lead
    to is found in its own place.
    """
    folders = [("", False)]
    while folders:
        folder, is_linked = folders.pop()
        try:
            entries = list(os.scandir(raw / folder))
        except OSError:
            yield folder
            continue
        for entry in entries:
            if _IGNORED.fullmatch(entry.name):
                continue
            file = os.path.join(folder, entry.name)
            if not _is_folder(entry):
                yield file
            elif not entry.is_symlink():
                folders.append((file, is_linked))
            elif not is_linked:
                real = Path(os.path.realpath(raw / file))
                here = Path(os.path.realpath(raw / folder))
                if not real.is_relative_to(inside) or here.is_relative_to(real):
                    yield file
                else:
                    folders.append((file, True))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or one through a closed folder; _look_at says which
        return False


def _look_at(raw: Path, file: str, inside: Path, max_bytes: int) -> Found:
    """Hash one file, or say why it is not used."""
    path = raw / file
    try:
        real = Path(os.path.realpath(path))
        if path.is_symlink() and (path.is_dir() or not real.exists()):
            return Found(file, None, None, "outside_raw", _link_detail(path))
        if not real.is_relative_to(inside):
            return Found(file, None, None, "outside_raw", _link_detail(path))
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return Found(
                file, None, None, "unreadable", "expected a folder to list, found no right to"
            )
        if not stat.S_ISREG(status.st_mode):
            return Found(file, None, None, "not_a_file", f"expected a file, found {_kind(status)}")
        size = status.st_size
        suffix = os.path.splitext(file)[1].lower()
        if suffix[1:].isdigit() or suffix == ".":  # "dump 27.3.2019" has none
            suffix = ""
        if suffix not in _TAKEN:
            detail = f'expected .txt, .text, .md or no suffix, found "{to_text(suffix)}"'
            return Found(file, None, size, "unsupported_type", detail)
        if size > max_bytes:
            detail = f"expected at most {max_bytes:,} bytes, found {size:,}"
            return Found(file, None, size, "too_large", detail)
        with path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
            read = handle.tell()
        after = path.stat()
    except OSError as error:
        return Found(file, None, None, "unreadable", f"expected a readable file: {error.strerror}")
    if (read, size, status.st_mtime_ns) != (size, after.st_size, after.st_mtime_ns):
        detail = f"expected {size:,} bytes, found {max(read, after.st_size):,} a moment later"
        return Found(file, None, after.st_size, "changing", detail)
    return Found(file, sha256, size)


def _kind(status: os.stat_result) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(status.st_mode), "a device")


def _link_detail(path: Path) -> str:
    target = to_text(os.readlink(path))
    return f'expected a link to a file inside the raw folder, found one to "{target}"'
