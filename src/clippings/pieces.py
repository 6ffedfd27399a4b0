"""Stretches of an article and the part that each is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from clippings.layouts.layout import MarkedLayout

if TYPE_CHECKING:
    from clippings.markup import Mark

LINE = re.compile(r"[^\s\ufeff][^\n]*")  # "SAN SALVADOR, 3 JAN --" in "   SAN SALVADOR, 3 JAN --"
_LONE_RETURN = re.compile(r"\r(?!\n)")  # the line ends of an old Macintosh


class Piece(NamedTuple):
    """A stretch of an article and the part it is; `value` is where the label ends."""

    start: int
    end: int
    part: str
    value: int


class Elements(NamedTuple):
    """The elements of a page that a layout knows.

    Attributes:
        articles: Start and end of those that hold an article each.
        parts: Start, end and part of those that are one; they do not overlap.
        starts: Where the parts begin.
    """

    articles: tuple[tuple[int, int], ...]
    parts: tuple[tuple[int, int, str], ...]
    starts: tuple[int, ...]

    def part_at(self, position: int) -> tuple[int, int, str] | None:
        """Give the element of a part that covers a character."""
        index = bisect_right(self.starts, position) - 1
        if index < 0 or self.parts[index][1] <= position:
            return None
        return self.parts[index]

    def is_body(self, position: int) -> bool:
        """Tell whether a character is in an element of a body."""
        element = self.part_at(position)
        return element is not None and element[2] == "body"

    def is_above_one(self, start: int, end: int) -> bool:
        """Tell whether an element begins in a stretch."""
        return bisect_right(self.starts, start - 1) < bisect_right(self.starts, end - 1)


def find_elements(marks: Sequence[Mark], layout: MarkedLayout) -> Elements:
    """Find the elements of a page that a layout selects, the outermost of each kind."""
    articles: list[tuple[int, int]] = []
    parts: list[tuple[int, int, str]] = []
    for mark in marks:
        if mark.start == mark.end:
            continue
        if any(map(mark.fits, layout.elements)):
            if not articles or mark.start >= articles[-1][1]:
                articles.append((mark.start, mark.end))
            continue
        for part, selectors in layout.marks.items():
            if any(map(mark.fits, selectors)):
                if not parts or mark.start >= parts[-1][1]:
                    parts.append((mark.start, mark.end, part))
                break
    return Elements(tuple(articles), tuple(parts), tuple(start for start, _, _ in parts))


def even_lines(text: str) -> str:
    r"""Write every line end so that it has a line feed; no character changes its place.

    >>> even_lines("a\rb\r\nc\fd")
    'a\nb\r\nc\nd'
    """
    if "\r" in text:
        text = _LONE_RETURN.sub("\n", text)
    return text.replace("\f", "\n")


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave white space, and byte order marks of joined files, at both ends of a stretch out."""
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == "\ufeff"):
        end -= 1
    return start, end
