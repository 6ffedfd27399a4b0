"""Dump + Layout -> articles with spans."""

from __future__ import annotations

from clippings.articles import Split
from clippings.layouts.layout import Layout
from clippings.reading import read_lines

VERSION = 1
"""Raised by hand when read, dates or split yield something else for the same dump and layout."""


def split(text: str, layout: Layout) -> Split:
    """Split the text of a dump into its articles.

    Args:
        text: The whole text of a dump.
        layout: The form it has.

    Returns:
        Articles in order, spans that tile `text` exactly, and doubts.
    """
    return read_lines(text, layout)
