"""The lines of a dump that have words in them, and what stands between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, compress
from operator import add
from typing import NamedTuple

from clippings.articles import squeeze
from clippings.layouts.layout import Layout

LONG = 400
"""A line of that many characters is a paragraph: no title, label or paywall line is as long."""
# What stands before a line; files that were joined bring byte order marks along
_BREAK = re.compile("(\n[\\s\ufeff]*)")


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """What stands between a line and the line before.

    Attributes:
        gap: Number of blank lines.
        is_ruled: Whether a rule or form feed stands there.
        indent: Number of characters between the margin and the line.
    """

    gap: int
    is_ruled: bool
    indent: int


def find_below(places: Sequence[Place]) -> list[int]:
    """Number the lines that stand right below another one."""
    empty = {place for place in set(places) if not place.gap and not place.is_ruled}
    return [number for number, place in enumerate(places) if place in empty and number]


class Lines(NamedTuple):
    """The lines of a dump that have words in them; each list holds one entry for each.

    Attributes:
        printed: The line without white space at its ends.
        texts: The same in canonical form.
        starts: Character offset of its first character.
        places: What stands before it.
    """

    printed: list[str]
    texts: list[str]
    starts: list[int]
    places: list[Place]


def find_lines(text: str, layout: Layout) -> Lines:
    """Find the lines of a dump, white space and rules between them left out.

    Args:
        text: The whole text of a dump.
        layout: Says what a rule looks like.

    Returns:
        The lines as they stand there.
    """
    even = text.replace("\r", "\n").replace("\f", "\n")  # of the same length, so offsets hold
    stretches = _BREAK.split(f"\n{even}")  # "", break, line, break, line, ...
    if not stretches[-1]:
        del stretches[-2:]
    starts = list(accumulate(map(len, stretches), initial=-1))[2:-1:2]
    ragged = stretches[2::2]
    printed = list(map(str.rstrip, ragged))
    texts = [line if line.isprintable() and "  " not in line else squeeze(line) for line in printed]
    short = {text for text, line in zip(texts, printed, strict=True) if len(line) < LONG}
    if rules := set(filter(layout.separator.fullmatch, short)):
        kept = [text not in rules for text in texts]
        printed, texts = list(compress(printed, kept)), list(compress(texts, kept))
        starts = list(compress(starts, kept))
    if printed == ragged and even == text:
        between = [stretches[1][1:], *stretches[3::2]] if printed else []
    else:
        ends = map(add, starts, map(len, printed))
        between = [text[end:start] for end, start in zip(chain([0], ends), starts, strict=False)]
    of_stretch = {stretch: _find_place(stretch) for stretch in set(between)}
    return Lines(printed, texts, starts, list(map(of_stretch.__getitem__, between)))


def _find_place(between: str) -> Place:
    """Count the blank lines in what stands between two lines, and look for rules."""
    breaks = between.count("\n") + between.count("\r") - between.count("\r\n")
    gap = max(0, breaks - 1)
    if breaks == 1 and "\ufeff" in between:
        gap = 1  # another file begins there
    indent = len(between) - 1 - max(map(between.rfind, "\n\r\f"))
    is_ruled = "\f" in between or bool(between.replace("\ufeff", "").strip())
    return Place(gap, is_ruled, indent)
