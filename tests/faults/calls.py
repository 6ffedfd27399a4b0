"""The calls by which a run touches its folder of tables: counted, made to fail, cut short.

The interpreter tells of every call that takes a path (audit events), whatever code makes it. Files
that are read and written are opened as ones that count. `long.py` has strace list what the kernel
saw, and compares.
"""

import builtins
import errno
import fcntl
import io
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

CHANGES = ("create", "rename", "link", "symlink", "mkdir", "remove", "rmdir")
"""Calls that change what stands in a folder; "create" is any opening of a file for writing."""
KINDS = (*CHANGES, "write", "fsync", "open", "read", "list", "flock")
_EVENTS = {f"os.{kind}": kind for kind in CHANGES} | {
    "os.listdir": "list",
    "os.scandir": "list",
    "fcntl.flock": "flock",
}
_WRITES = os.O_WRONLY | os.O_RDWR


class Calls:
    """Counts the calls below a folder, once installed; for the rest of the process.

    Args:
        folder: The folder of tables.
        fail: The call that fails: its `kind`, its `number` from 1 on, the name of the `error`, and
            whether it `is_lasting`: all that come after it fail too.
        room: Bytes that can be written until the disk is full; None for no end.
        is_syncing: Whether `fsync` is called and not only counted: no test cuts the power.
        before: Called with the kind, before each.
    """

    def __init__(
        self,
        folder: str,
        *,
        fail: dict[str, Any] | None = None,
        room: int | None = None,
        is_syncing: bool = False,
        before: Callable[[str], None] = lambda kind: None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.byte_count = 0
        self.is_reached = False
        self._folder = folder
        self._fail = fail or {"kind": None}
        self._room = room
        self._sync = os.fsync if is_syncing else lambda _: None
        self._before = before

    def make(self, kind: str, path: str | None = None) -> None:
        """Count a call; raise the error that it is to fail with."""
        self._before(kind)
        self.counts[kind] += 1
        if kind != self._fail["kind"]:
            return
        number, count = self._fail["number"], self.counts[kind]
        if count == number or (count > number and self._fail["is_lasting"]):
            self.is_reached = True
            code = getattr(errno, self._fail["error"])
            raise OSError(code, os.strerror(code), path)

    def take(self, byte_count: int) -> int:
        """Tell how many bytes a write gets onto the disk."""
        self.make("write")
        if self._room is not None:
            if byte_count and not self._room:
                self.is_reached = True
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            byte_count = min(byte_count, self._room)
            self._room -= byte_count
        self.byte_count += byte_count
        return byte_count

    def is_inside(self, path: Any) -> bool:
        """Tell whether a path lies in the folder, or is relative to one, as `rmtree` has it."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        name = os.fsdecode(path)
        return name == self._folder or name.startswith(f"{self._folder}/") or "/" not in name

    def install(self) -> None:
        """Begin; there is no end to it but that of the process."""
        calls = self
        real_open = io.open

        class File(io.FileIO):
            def write(self, data: Any) -> int:
                data = memoryview(data).cast("B")
                return super().write(data[: calls.take(len(data))])

            def readinto(self, buffer: Any) -> int:
                calls.make("read")
                return super().readinto(buffer)

            def readall(self) -> bytes:
                calls.make("read")
                return super().readall()

        def open_(
            file: Any, mode: str = "r", buffering: int = -1, *how: Any, **named: Any
        ) -> io.IOBase:
            if not calls.is_inside(file) or "/" not in os.fspath(file):
                return real_open(file, mode, buffering, *how, **named)
            opener = named.pop("opener", None)
            raw = File(file, mode.replace("b", "").replace("t", ""), opener=opener)
            kind = io.BufferedReader if "r" in mode else io.BufferedWriter
            binary = io.BufferedRandom(raw) if "+" in mode else kind(raw)
            return binary if "b" in mode else io.TextIOWrapper(binary, *how, **named)

        io.open = builtins.open = open_
        os.fsync = self._hear_sync
        sys.addaudithook(self._hear)

    def _hear_sync(self, handle: int) -> None:
        self.make("fsync")
        self._sync(handle)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "fcntl.flock":
            if arguments[1] != fcntl.LOCK_UN:
                self.make("flock")
            return
        if event == "open":
            kind = "create" if (arguments[2] or 0) & _WRITES else "open"
        elif event in _EVENTS:
            kind = _EVENTS[event]
        else:
            return
        path = arguments[1 if event == "os.symlink" else 0]
        if self.is_inside(path):
            self.make(kind, os.fsdecode(path))
