"""Lines that were one before they were wrapped at a column, made one again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from itertools import accumulate, groupby, pairwise
from operator import add

from clippings.dates import is_date_line
from clippings.layouts.layout import Layout
from clippings.reading.kinds import BODY, Part, cost_of_topics, is_byline
from clippings.reading.lines import Lines, find_below
from clippings.reading.page import cost_at_first_look
from clippings.reading.words import (
    CLOSERS,
    STOPS,
    TERMINAL,
    capital_share,
    looks_like_title,
    runs_on,
)

_NARROWEST, _WIDEST = 40, 160
"""Columns at which text is wrapped."""
_ENOUGH = 5_000
"""So many breaks, taken from all over the dump, or twice as many tell its column."""
_SHORT = 50
"""A line of more characters is hardly a date, or a byline."""


def join_wrapped(text: str, lines: Lines, layout: Layout) -> Lines:
    """Make one line of each that was wrapped at the column of the dump, where it has one.

    A list of topics stays as it is: it may have been broken anywhere, and is read line by line.
    """
    printed, _, _, places = lines
    below = find_below(places)
    if not below:
        return lines
    indents = [place.indent for place in places]
    widths = list(map(add, indents, map(len, printed)))
    column = _find_column(printed, widths, below)
    if column is None:
        return lines
    full = {
        number
        for number in below
        if widths[number - 1] < column.stop > widths[number]
        and widths[number - 1] + _first_word(printed[number]) >= column.start
    }
    plain = layout.labelled.not_initials
    outlet, topics = layout.outlet.pattern, layout.topics.pattern
    labels = re.compile(f"{outlet.pattern}|{topics.pattern}", outlet.flags)
    is_tight = len(below) - len(full) > len(below) / 10
    doubtful = [  # most lines go on with the one above them, and that is quick to tell
        number
        for number, line in enumerate(printed)
        if number not in full
        or is_tight
        or len(line) <= _SHORT
        or indents[number] != indents[number - 1]
        or (line[0] not in plain and labels.match(line))
    ]
    heads: list[int] = []
    for number in doubtful:
        if heads and number <= heads[-1]:
            continue  # in a list of topics
        line = printed[number]
        if number in full:
            is_second = heads[-1] == number - 1  # hanging, or the first was indented
            if not (
                (indents[number] != indents[number - 1] and not is_second)
                or labels.match(line)
                or (len(line) <= _SHORT and _is_below_title(line, layout))
                or (is_tight and _is_apart(printed[number - 1], line, is_second, layout))
            ):
                continue
        heads.append(number)
        if line[0] not in plain:
            heads += _find_list(printed, number, full, layout)
    return _join(text, lines, list(pairwise([*heads, len(printed)])))


def _find_list(
    printed: list[str], number: int, full: Container[int], layout: Layout
) -> Iterator[int]:
    """Number the lines that go on the list of topics of a line, where it is one."""
    is_list = layout.topics.pattern.match(printed[number]) is not None
    while is_list and (number := number + 1) in full:
        yield number
        line = printed[number]
        is_list = (
            layout.topics.pattern.match(line) is not None
            or cost_of_topics(line, layout) is not None
        )


def _join(text: str, lines: Lines, blocks: Iterable[tuple[int, int]]) -> Lines:
    """Make one line of each block of lines; blocks are given by their first line and the next."""
    printed, texts, starts, places = lines
    joined = Lines([], [], [], [])
    for first, stop in blocks:
        is_one = stop == first + 1
        end = starts[stop - 1] + len(printed[stop - 1])
        joined.printed.append(printed[first] if is_one else text[starts[first] : end])
        joined.texts.append(texts[first] if is_one else " ".join(texts[first:stop]))
        joined.starts.append(starts[first])
        joined.places.append(places[first])
    return joined


def _first_word(line: str) -> int:
    """Measure the first word of a line in characters, marks of quotation apart."""
    if line[0] == ">":
        line = line.lstrip("> ")
    space = line.find(" ")
    return space if space >= 0 else len(line)


def _find_column(printed: list[str], widths: list[int], below: list[int]) -> range | None:
    """Find the columns at which a dump can have been wrapped; None where it was not.

    Wrapping leaves no line longer than the column, and each but the last of a paragraph would be
    longer with the first word of the next. So each line that runs on in the next says at which
    columns it may have ended, and speaks against narrower ones. Where most say the same, and two
    breaks in a row, that is it.
    """
    run_on = [
        number
        for number in below[:: 1 + len(below) // _ENOUGH]
        if widths[number - 1] <= _WIDEST and runs_on(printed[number - 1], printed[number])
    ]
    changes: Counter[int] = Counter()
    for number in run_on:
        changes[widths[number - 1]] += 2  # from against to for
        changes[widths[number - 1] + _first_word(printed[number]) + 1] -= 1
    edges = sorted(changes)
    sums = list(accumulate(map(changes.__getitem__, edges)))
    most = max(sums, default=0)
    if most - len(run_on) <= len(run_on) / 2:
        return None
    best = sums.index(most)
    column = range(edges[best], edges[best + 1])
    are_below = set(below)

    def fits(number: int) -> bool:
        if number not in are_below or widths[number - 1] > column.start:
            return False
        return widths[number - 1] + _first_word(printed[number]) >= column.start

    in_a_row = (fits(number) and (fits(number - 1) or fits(number + 1)) for number in run_on)
    return column if column.stop > _NARROWEST and any(in_a_row) else None


def _is_below_title(line: str, layout: Layout) -> bool:
    """Tell whether a line can only be a byline or a date line; "May 1948." may end a paragraph."""
    return is_byline(line, line.count(" ") + 1, layout) or (
        is_date_line(line, layout.dates) and not line.endswith(".")
    )


def _is_apart(above: str, below: str, is_first: bool, layout: Layout) -> bool:
    """Tell whether a line goes not with the one above it, though that one is full.

    For dumps in which titles, paragraphs and lines of the page stand under each other.
    """
    words = below.split(" ")
    if is_first and looks_like_title(above.split(" ")):
        return len(words) > 5 and capital_share(words) < 0.5 and not runs_on(above, below)
    return above.rstrip(CLOSERS).endswith(STOPS) and (
        looks_like_title(words)
        or cost_at_first_look(below, len(words), False, layout.boilerplate) == 0
    )


def join_blocks(text: str, lines: Lines, parts: list[Part]) -> tuple[Lines, list[Part]]:
    """Join the lines of text that were one before they were wrapped, where no column told so.

    A dump of few wrapped lines has no column; once they are known as text, a block of them that
    looks wrapped is a paragraph.
    """
    below = [
        number for number in find_below(lines.places) if parts[number] is BODY is parts[number - 1]
    ]
    gone: set[int] = set()
    for _, run in groupby(enumerate(below), lambda each: each[1] - each[0]):
        numbers = [number for _, number in run]
        if _is_wrapped(lines.printed[numbers[0] - 1 : numbers[-1] + 1]):
            gone.update(numbers)
    if not gone:
        return lines, parts
    kept = [number for number in range(len(parts)) if number not in gone]
    blocks = pairwise([*kept, len(parts)])
    return _join(text, lines, blocks), [parts[number] for number in kept]


def _is_wrapped(block: list[str]) -> bool:
    """Tell one paragraph that was wrapped at a column from lines that are paragraphs each."""
    *full, last = map(len, block)
    open_count = sum(not line.rstrip(CLOSERS).endswith(TERMINAL) for line in block[:-1])
    return (
        max(full) <= 100
        and min(full) >= 0.6 * max(full) >= 24
        and last <= max(full) + 5
        and open_count > 0.5 * len(full)
    )
