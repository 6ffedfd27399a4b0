"""Tables that grow together with every word that is met, and fall back when they are too large."""

from __future__ import annotations

from array import array
from typing import Any


class Tables:
    """Some tables; what comes new stands at their ends.

    Args:
        tables: Lists, arrays, and dictionaries of which no key is ever put twice.
    """

    def __init__(self, *tables: list[Any] | array[Any] | dict[Any, Any]) -> None:
        self._tables = tables

    def sizes(self) -> list[int]:
        """Tell how large each is."""
        return list(map(len, self._tables))

    def shrink(self, sizes: list[int]) -> None:
        """Forget what came after they were of some sizes."""
        for table, size in zip(self._tables, sizes, strict=True):
            if isinstance(table, dict):
                while len(table) > size:
                    table.popitem()  # the newest
            else:
                del table[size:]
