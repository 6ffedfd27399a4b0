"""The paragraphs of a body, and the labelled lines and lines of the page behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from clippings.layouts.layout import MarkedLayout, label_part
from clippings.pieces import LINE, Elements, Piece, trim

_BREAK = re.compile(r"\n(?=[^\S\n]*\n|[ \t]{2,}\S)")
"""Where a paragraph that was wrapped at a column ends: above a blank line or an indented one."""
_ENDS = tuple('.!?…:;"”’»)]')
_SEEN = 800
"""So many characters tell whether a text was wrapped at a column."""
_OTHER_WORDS = 12
"""The value of a label that a layout does not name is no longer, in words."""


class _Known(NamedTuple):
    """A line that says itself what it is.

    Attributes:
        start: Character offset.
        end: Where a line of the page ends, or the label of a labelled one.
        value: Where the value of a label begins; the start of a line of the page.
        part: The part that it is.
    """

    start: int
    end: int
    value: int
    part: str


def read_body(
    text: str, start: int, end: int, layout: MarkedLayout, elements: Elements
) -> tuple[list[tuple[int, int]], list[Piece]]:
    """Tell the paragraphs of a body from what stands behind it.

    Args:
        text: The text of a dump.
        start: First character of the body.
        end: Character behind the last one that belongs to the article.
        layout: The form of the dump.
        elements: The elements of the page, where it is one.

    Returns:
        Start and end of each paragraph in characters, and the parts behind and between them.
    """
    blocks = paragraphs(text, start, end)
    inside = (
        [at for at, block in enumerate(blocks) if elements.is_body(block[0])]
        if elements.parts
        else []
    )
    if inside:
        cut = inside[-1] + 1
        tail = [(block, _find_known(text, *block, layout)) for block in blocks[cut:]]
        blocks = blocks[:cut]
        labels = _find_known(text, start, blocks[-1][1], layout)
    else:
        blocks, tail = _cut_tail(text, blocks, layout)
        last = blocks[-1][1] if blocks else start
        labels = list(_find_pages(text, start, last, layout))
    between = [
        Piece(*trim(text, known.start, known.end), "boilerplate", known.start)
        for known in labels
        if known.part in ("body", "boilerplate") and known.value in (known.start, known.end)
    ]
    if between:
        blocks = list(_without(text, blocks, between))
    return blocks, [*between, *_read_tail(text, tail)]


def _find_known(text: str, start: int, end: int, layout: MarkedLayout) -> list[_Known]:
    """Find the lines of a stretch that have a label or are the page's."""
    known: dict[int, _Known] = {
        known.start: known for known in _find_pages(text, start, end, layout)
    }
    for match in layout.labels.find(text, start, end) if layout.labels else ():
        at = match.start("line")
        known[at] = _Known(at, match.end(), match.end(), label_part(match))
    return sorted(known.values())


def _find_pages(text: str, start: int, end: int, layout: MarkedLayout) -> Iterator[_Known]:
    for match in layout.boilerplate.find(text, start, end) if layout.boilerplate else ():
        at, stop = match.span("line")
        yield _Known(at, stop, at, "boilerplate")


_Tail = list[tuple[tuple[int, int], list[_Known]]]


def _cut_tail(
    text: str, blocks: list[tuple[int, int]], layout: MarkedLayout
) -> tuple[list[tuple[int, int]], _Tail]:
    """Cut off the blocks, from the last one back, that have labels or are the page's.

    A block that is so only in part is cut in two.
    """
    if layout.head_is_block or not (layout.labels or layout.boilerplate):
        return blocks, []
    tail: _Tail = []
    is_sure = False  # whether a label that the layout names is among them
    while blocks:
        start, end = blocks[-1]
        known = _find_known(text, start, end, layout)
        if known and known[0].start == start:
            if known[0].part == "other" and _is_sentence(text[known[0].value : end]):
                break
            tail.append((blocks.pop(), known))
            is_sure |= known[0].part != "other"
        elif known and known[0].part != "other":
            blocks[-1] = trim(text, start, known[0].start)
            tail.append(((known[0].start, end), known))
            is_sure = True
            break
        elif len(blocks) > 1 and (label := _empty_label(text, blocks[-2], layout)):
            tail.append((blocks.pop(), []))
            tail.append((blocks.pop(), [label]))
            is_sure |= label.part != "other"
        else:
            break
    tail.reverse()
    if not is_sure:
        return [*blocks, *(block for block, _ in tail)], []
    return blocks, tail


def _is_sentence(value: str) -> bool:
    """Tell whether words behind capitals and a colon are text: "JAFFA: The light is out."."""
    return value.rstrip().endswith(_ENDS[:4]) or len(value.split()) > _OTHER_WORDS


def _empty_label(text: str, block: tuple[int, int], layout: MarkedLayout) -> _Known | None:
    """Give the label that stands alone in a block, whose value is the next one."""
    match = layout.labels.match(text, *block) if layout.labels else None
    if match is None or text[match.end() : block[1]].strip():
        return None
    return _Known(block[0], match.end(), match.end(), label_part(match))


def _read_tail(text: str, tail: _Tail) -> Iterator[Piece]:
    """Give each block behind a body the part that its label names."""
    part = "boilerplate"
    for (start, end), lines in tail:
        if not lines or lines[0].start > start:
            yield Piece(*trim(text, start, lines[0].start if lines else end), part, start)
        for number, known in enumerate(lines):
            stop = lines[number + 1].start if number + 1 < len(lines) else end
            part = {"other": "boilerplate", "body": "boilerplate"}.get(known.part, known.part)
            first, last = trim(text, known.start, stop)
            yield Piece(first, last, part, min(known.value, last))


def _without(
    text: str, blocks: Iterable[tuple[int, int]], pieces: Sequence[Piece]
) -> Iterator[tuple[int, int]]:
    """Cut pieces out of blocks."""
    remaining = list(pieces)
    for start, end in blocks:
        while remaining and remaining[0].start < end:
            piece = remaining.pop(0)
            before = trim(text, start, piece.start)
            if before[0] < before[1]:
                yield before
            start = piece.end
        behind = trim(text, start, end)
        if behind[0] < behind[1]:
            yield behind


def paragraphs(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a stretch of text into paragraphs.

    Where it was wrapped at a column, blank lines and lines that begin with spaces part them;
    elsewhere each line is one.

    Args:
        text: The text of a dump.
        start: First character of the stretch, where a line begins.
        end: Character behind the last one.

    Returns:
        Start and end of each paragraph, in characters, the white space around it left out.
    """
    stretches: Iterable[tuple[int, int]]
    if _is_wrapped(text[start : min(end, start + _SEEN)]):
        ends = [match.start() for match in _BREAK.finditer(text, start, end)]
        stretches = zip([start, *ends], [*ends, end], strict=True)
    else:
        stretches = (match.span() for match in LINE.finditer(text, start, end))
    trimmed = [trim(text, first, last) for first, last in stretches]
    return [(first, last) for first, last in trimmed if first < last]


def _is_wrapped(text: str) -> bool:
    """Tell a text that was wrapped at a column from lines that are paragraphs each."""
    lines = [line.rstrip() for line in text.split("\n")]
    above = [line for line, below in pairwise(lines) if line and below]
    longest = max(map(len, above), default=0)
    open_count = sum(not line.endswith(_ENDS) for line in above)
    return 30 <= longest <= 120 and 2 * open_count >= len(above)
