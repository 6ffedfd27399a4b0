r"""Pieces of the regular expressions of a learned layout.

How often a sign may stand is bounded everywhere, and no two neighbours share a blank: whatever text
such an expression meets, it takes time in proportion to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clippings.learning.kinds import NUMBER

LINE_END = r"(?=[ \t]{0,120}(?:[\r\n]|\Z))"
ANY_VALUE = r"[^\r\n]{0,300}"
BLANKS = re.compile(r"  |\t")
NAMED = re.compile(r"\(\?P<\w+>")


def write_literal(text: str) -> str:
    """Write a pattern of words as they stand; what cannot be shown is any character."""
    words = " ".join(text.split())
    signs = (re.escape(char) if char.isprintable() and char != "\ufeff" else "." for char in words)
    return "".join(" " if sign == r"\ " else sign for sign in signs)


def write_template(text: str, number: str = r"\d{1,9}") -> str:
    """Write a pattern of a line in its normal form: numbers differ."""
    return write_literal(text).replace(NUMBER, number)


def widen(pattern: str, texts: Iterable[str]) -> str:
    """Let a blank of a pattern be several where the lines have several: "Press desk     Page 3"."""
    is_wide = any(BLANKS.search(text) for text in texts)
    return pattern.replace(" ", r"[ \t]{1,120}") if is_wide else pattern


def group(part: str, pattern: str) -> str:
    """Put a pattern into the group of its part, where it is one."""
    return pattern if part in ("", "boilerplate", "body") else f"(?P<{part}>{pattern})"


def write_tail(opening: str, closing: str) -> str:
    """Write a pattern of the name of an outlet that stands behind a title, on its line."""
    first, last = write_literal(opening), write_literal(closing)
    inner = rf"[^\r\n{first}{last}]" if closing else rf"(?:(?![ \t]{first}[ \t])[^\r\n])"
    space = "" if closing else r"[ \t]{1,3}"
    return rf"(?:[ \t]{{1,3}}{first}{space}(?P<outlet>{inner}{{2,60}}){last})?"


def new_line(gap: int) -> str:
    """Write a line end with so many blank lines behind it at most."""
    if gap == 0:
        return r"[ \t]{0,120}\r?\n[ \t]{0,120}"
    return rf"(?:[ \t]{{0,120}}\r?\n){{1,{gap + 1}}}[ \t]{{0,120}}"
