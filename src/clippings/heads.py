"""The lines above a body: told by their labels, by what they look like and by their place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from clippings.dates import find_date, is_date_line
from clippings.layouts.layout import MarkedLayout, Slot, groups, label_part
from clippings.pieces import LINE, Elements, Piece, trim

_AHEAD = 8
"""So many lines are looked at for the next part that is known by what it looks like."""
_REST = 40
"""A date line holds at most so many characters beside the date: "..., Late Edition - Final"."""


class _Line(NamedTuple):
    """One line with words in it, the white space around it left out.

    Attributes:
        start: Character offset.
        end: Character offset, exclusive.
        is_first: Whether a blank line stands above it.
    """

    start: int
    end: int
    is_first: bool


def read_head(
    text: str, start: int, end: int, layout: MarkedLayout, elements: Elements
) -> tuple[list[Piece], int]:
    """Read the lines above the body of an article.

    Args:
        text: The text of a dump.
        start: First character of the article behind the line that begins it.
        end: Character behind its last one.
        layout: The form of the dump.
        elements: The elements of the page, where it is one.

    Returns:
        The parts, and the character where the body begins.
    """
    if not (layout.head or layout.labels or layout.boilerplate or elements.parts):
        return [], start
    head = _Head(text, start, end, layout, elements)
    body = head.read()
    return head.pieces, body


class _Head:
    """Reads the lines above the body of one article.

    Attributes:
        pieces: The parts found there.
    """

    def __init__(
        self, text: str, start: int, end: int, layout: MarkedLayout, elements: Elements
    ) -> None:
        self.pieces: list[Piece] = []
        self._text = text
        self._end = end
        self._layout = layout
        self._elements = elements
        self._lines: list[_Line] = []
        self._scanned = start
        self._slots = list(layout.head)
        self._has_label = False
        self._body: int | None = None

    def read(self) -> int:
        """Read the head.

        Returns:
            The character offset where the body begins.
        """
        index = 0
        while (line := self._line(index)) is not None:
            if self._layout.head_is_block and index and line.is_first:
                return line.start
            taken = self._take_element(index, line)
            if taken is None:
                taken = (
                    self._take_label(index, line)
                    or self._take_boilerplate(line)
                    or self._take_slots(index)
                )
            if taken is None and self._elements.is_above_one(line.start, self._end):
                self.pieces.append(Piece(line.start, line.end, "boilerplate", line.start))
                taken = 1
            if taken is None:
                return line.start
            if self._body is not None:
                return self._body
            index += taken
        return self._end

    def _line(self, index: int) -> _Line | None:
        """Give a line by its number; None behind the last one."""
        while len(self._lines) <= index:
            match = LINE.search(self._text, self._scanned, self._end)
            if match is None:
                return None
            start, end = trim(self._text, *match.span())
            breaks = self._text.count("\n", self._scanned, start)
            self._lines.append(_Line(start, end, breaks > 1 or not self._lines))
            self._scanned = match.end()
        return self._lines[index]

    def _take_element(self, index: int, line: _Line) -> int | None:
        element = self._elements.part_at(line.start)
        if element is None:
            return None
        start, end, part = element
        start, end = trim(self._text, max(start, line.start), min(end, self._end))
        if part == "body":
            self._body = start
            return 0
        self.pieces.append(Piece(start, end, part, start))
        count = 1
        while (following := self._line(index + count)) and following.end <= end:
            count += 1
        if line.end > end:  # the element is the beginning of a line
            self._lines[index + count - 1] = _Line(*trim(self._text, end, line.end), is_first=False)
            return count - 1
        return count

    def _take_label(self, index: int, line: _Line) -> int | None:
        labels = self._layout.labels
        match = labels.match(self._text, line.start, line.end) if labels else None
        if labels is None or match is None:
            return None
        part = label_part(match)
        if part == "other":  # between labels that are known, and so only behind a body
            return None
        if part == "body":
            self.pieces.append(Piece(*trim(self._text, *match.span("line")), "boilerplate", 0))
            self._body = match.end()
            return 1
        count, last = 1, line
        is_empty = match.end() >= line.end
        while following := self._line(index + count):
            is_value = is_empty and count == 1
            if (
                (following.is_first and not is_value)
                or labels.match(self._text, following.start, following.end)
                or self._is_boilerplate(following)
            ):
                break
            count, last = count + 1, following
        self._has_label = True
        self.pieces.append(Piece(line.start, last.end, part, match.end()))
        return count

    def _is_boilerplate(self, line: _Line) -> bool:
        lines = self._layout.boilerplate
        return lines is not None and lines.match(self._text, line.start, line.end) is not None

    def _take_boilerplate(self, line: _Line) -> int | None:
        if not self._is_boilerplate(line):
            return None
        self.pieces.append(Piece(line.start, line.end, "boilerplate", line.start))
        return 1

    def _take_slots(self, index: int) -> int | None:
        """Take the lines up to and with the next one that is known by what it looks like."""
        for number, slot in enumerate(self._slots):
            if not _is_anchor(slot):
                continue
            plain: int | None = None  # lines before one that says itself what it is
            for ahead in range(_AHEAD):
                line = self._line(index + ahead)
                if line is None or (ahead and self._is_labelled(line)):
                    break
                if self._elements.part_at(line.start):
                    plain = ahead if plain is None else plain
                elif stretch := self._fit(slot, line):
                    self._fill(self._slots[:number], index, ahead if plain is None else plain)
                    if plain is not None:
                        self._slots = self._slots[number:]
                        return plain
                    self._slots = self._slots[number + 1 :]
                    self._take(slot, line, stretch)
                    return ahead + 1
        free = [slot for slot in self._slots if not _is_anchor(slot)]
        line = self._line(index)
        if not free or line is None or self._has_label:
            if line is not None and not line.is_first and self._is_behind_slot(line):
                self.pieces.append(Piece(line.start, line.end, "boilerplate", line.start))
                return 1
            return None
        if free[0].is_block and not line.is_first:
            self.pieces.append(Piece(line.start, line.end, "boilerplate", line.start))
            return 1
        count = self._block_size(index) if free[0].is_block else 1
        if free[0].is_block and self._is_above_title(index):
            self._fill([], index, count)
            return count
        self._fill(free[:1], index, count)
        self._slots = free[1:]
        return count

    def _is_above_title(self, index: int) -> bool:
        """Tell whether one more block stands between this one and the labels, and no date above.

        This one is what stood beside the date that is missing: "City Final Edition".
        """
        if any(piece.part == "date" for piece in self.pieces):
            return False
        behind = index + self._block_size(index)
        line = self._line(behind)
        if line is None or self._is_labelled(line) or self._is_boilerplate(line):
            return False
        after = self._line(behind + self._block_size(behind))
        return after is not None and self._is_labelled(after)

    def _is_behind_slot(self, line: _Line) -> bool:
        """Tell whether a line is the rest of the block of a date: "City Final Edition"."""
        if not self.pieces or self.pieces[-1].part not in ("date", "boilerplate"):
            return False
        between = self._text[self.pieces[-1].end : line.start]
        return (
            not between.strip()
            and any(piece.part == "date" for piece in self.pieces)
            and any(slot.is_block for slot in self._layout.head)
        )

    def _is_labelled(self, line: _Line) -> bool:
        labels = self._layout.labels
        return labels is not None and labels.match(self._text, line.start, line.end) is not None

    def _block_size(self, index: int) -> int:
        count = 1
        while (line := self._line(index + count)) and not line.is_first:
            if self._is_labelled(line) or self._is_boilerplate(line):
                break
            count += 1
        return count

    def _fit(self, slot: Slot, line: _Line) -> tuple[int, int] | re.Match[str] | None:
        """Tell whether a line looks like a part, and which stretch of it is that part."""
        printed = self._text[line.start : line.end]
        if slot.matches:
            return slot.matches.fullmatch(self._text, line.start, line.end)
        rules = self._layout.dates
        if is_date_line(printed, rules):
            return line.start, line.end
        stretch = find_date(printed, rules)
        if stretch is None or len(printed) - (stretch.end - stretch.start) > _REST:
            return None
        if stretch.start > 0 and stretch.end < len(printed):
            return None
        return line.start + stretch.start, line.start + stretch.end

    def _take(self, slot: Slot, line: _Line, found: tuple[int, int] | re.Match[str]) -> None:
        """Take a line that is known by what it looks like, and what stands beside the part."""
        if isinstance(found, re.Match):
            stretches = sorted((*stretch, name) for name, stretch in groups(found).items())
            if not stretches:
                stretches = [(line.start, line.end, slot.part)]
        else:
            stretches = [(*found, slot.part)]
        position = line.start
        for start, end, part in [*stretches, (line.end, line.end, "")]:
            first, last = trim(self._text, position, start)
            if last > first:
                self.pieces.append(Piece(first, last, "boilerplate", first))
            if part:
                self.pieces.append(Piece(start, end, part, start))
            position = end

    def _fill(self, slots: Sequence[Slot], index: int, count: int) -> None:
        """Give lines their parts by their place: `slots` without anchors to `count` lines."""
        free = [slot for slot in slots if not _is_anchor(slot)]
        units: list[tuple[int, int]] = []
        number = 0
        while number < count:
            line = self._lines[index + number]
            is_block = any(slot.is_block for slot in free)
            size = min(self._block_size(index + number), count - number) if is_block else 1
            units.append((line.start, self._lines[index + number + size - 1].end))
            number += size
        while len(free) > len(units):
            optional = [slot for slot in free if slot.is_optional]
            free.remove((optional or free)[-1])
        parts = [slot.part for slot in free] + ["boilerplate"] * (len(units) - len(free))
        self.pieces += [
            Piece(start, end, part, start) for (start, end), part in zip(units, parts, strict=True)
        ]


def _is_anchor(slot: Slot) -> bool:
    """Tell whether a part is known by what it looks like."""
    return slot.matches is not None or slot.part == "date"
