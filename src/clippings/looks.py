"""What files looked like when they were hashed: one that looks the same is not hashed again.

Git's way with its index: the size, both times of change and the number of a file. Whoever writes a
file anew changes one of them, even if he sets the time of change back. Clocks of file systems are
coarse: a file that was changed about when it was looked at is looked at again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

COARSEST_NS = 2_000_000_000
"""Steps of the coarsest clock, that of FAT."""


class Looks:
    """The looks of files, their ids and hashes.

    Args:
        before: What an earlier run kept, by file; it is not changed.
        now_ns: The time, in nanoseconds, before any file is looked at.

    Attributes:
        kept: What is to be kept for the next run: looks, id and hash by file.
    """

    def __init__(self, before: Mapping[str, str], now_ns: int) -> None:
        self.kept: dict[str, str] = {}
        self._before = before
        self._last = now_ns - COARSEST_NS

    def find(self, file: str, status: os.stat_result) -> tuple[str, str] | None:
        """Give id and hash of a file that looks as it did; None where it must be hashed."""
        old = self._before.get(file)
        if old is None or not old.startswith(_describe(status)):
            return None
        self.kept[file] = old
        _, dump_id, sha256 = old.rsplit(" ", 2)
        return dump_id, sha256

    def keep(
        self, file: str, status: os.stat_result, same: tuple[str, str], after: os.stat_result
    ) -> None:
        """Keep the looks of a file that was hashed, if it surely has not changed meanwhile.

        Args:
            file: Its name.
            status: What it looked like before.
            same: Its id and hash.
            after: What it looked like afterwards.
        """
        looks = _describe(status)
        is_settled = max(status.st_mtime_ns, status.st_ctime_ns) < self._last
        if is_settled and looks == _describe(after):
            self.kept[file] = looks + " ".join(same)


def _describe(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} "
