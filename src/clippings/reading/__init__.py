"""Unmarked dumps: the cheapest reading of all lines together.

Each line of a dump can be read as one or more parts of an article (title, date, body, ...), each
reading at a cost; so can each step from one part to the next. The cheapest reading of all lines
together is taken (Viterbi's algorithm, linear in the lines). So no single missing or odd line
decides: a title without a date is found by the footer before it, a date line in a body is body
because no title stands above it.

Where a dump was wrapped at a column, the lines that were one are made one before that: read one by
one, the pieces of a paragraph look like anything.

Costs are in one unit, about "one odd thing": 0 is what the layout says, 10 is next to impossible.

The walk: `lines`, `wrapping` (lines that were one), `kinds` (what a line by itself can be, by its
`words` and by those of the `page`), `steps` (the cheapest reading), `assembly`.

Four things make it fast, and none changes what is found. A line is brought to canonical form once,
and one that stands in a dump many times is read once. What takes long to tell of a line is told
only where the reading could depend on it. And the lines of all dumps are of few kinds, so that the
same step is taken again and again: a step that was worked out before is looked up.
"""

from __future__ import annotations

from clippings.articles import Split
from clippings.layouts.layout import Layout
from clippings.reading.assembly import assemble
from clippings.reading.lines import find_lines
from clippings.reading.steps import find_parts
from clippings.reading.wrapping import join_blocks, join_wrapped


def read_lines(text: str, layout: Layout) -> Split:
    """Split the text of a dump whose articles are told apart by what their lines look like.

    Args:
        text: The whole text of a dump.
        layout: The form it has.

    Returns:
        Articles in order, spans that tile `text` exactly, and doubts.
    """
    lines = join_wrapped(text, find_lines(text, layout), layout)
    parts = find_parts(lines, layout)
    lines, parts = join_blocks(text, lines, parts)
    return assemble(text, lines, parts, layout)
