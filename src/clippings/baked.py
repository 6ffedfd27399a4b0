"""Indexes worked out beforehand, in `data/`: which rows of a list have a key.

A dictionary of all keys takes longer to fill, and more memory, than a run has use for. So they
stand sorted in a text, a line for each key with the numbers of its rows, and an empty line behind
every so many; the page on which a key would stand is found by halving.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

_LINES_OF_PAGE = 32


def bake_index(rows_of: Mapping[str, Sequence[int]]) -> bytes:
    """Give the content of a file that `Index` reads.

    Args:
        rows_of: Numbers of rows by key, of one at least; a key has neither tabs nor ends of lines.

    Returns:
        Text in UTF-8; the same for the same keys and rows.
    """
    lines = sorted(f"{key}\t{' '.join(map(str, rows))}" for key, rows in rows_of.items())
    starts = range(0, len(lines), _LINES_OF_PAGE)
    pages = ["\n".join(lines[start : start + _LINES_OF_PAGE]) for start in starts]
    return "\n\n".join(pages).encode()


class Index:
    """The numbers of the rows that have a key.

    Args:
        path: A file of `bake_index`.
    """

    def __init__(self, path: Path) -> None:
        pages = path.read_bytes().decode().split("\n\n")
        self._pages = [f"\n{page}\n" for page in pages]

    def find(self, key: str) -> list[int]:
        """Give the rows of a key in the order in which they were baked; none where it has none."""
        head = f"\n{key}\t"
        page = self._pages[bisect_right(self._pages, f"{head}~") - 1]  # "~" is behind all numbers
        start = page.find(head)
        if start < 0:
            return []
        start += len(head)
        return [int(number) for number in page[start : page.index("\n", start)].split()]

    def read_keys(self) -> pa.Array:
        """Give all keys, for many to be looked up at once; some empty ones are among them."""
        import pyarrow as pa
        import pyarrow.compute as pc

        lines = pc.list_flatten(pc.split_pattern(pa.array(self._pages), "\n"))
        return pc.replace_substring_regex(lines, r"\t.*", "")

    def __iter__(self) -> Iterator[tuple[str, list[int]]]:
        for page in self._pages:
            for line in page.split("\n")[1:-1]:
                key, _, rows = line.partition("\t")
                yield key, [int(number) for number in rows.split()]
