r"""Pieces of the regular expressions of a learned layout.

How often a sign may stand is bounded everywhere, and no two neighbours share a blank: whatever text
such an expression meets, it takes time in proportion to it.
"""

from __future__ import annotations

import re

from clippings.learning.kinds import NUMBER

LINE_END = r"(?=[ \t]{0,120}(?:[\r\n]|\Z))"
ANY_VALUE = r"[^\r\n]{0,300}"
NAMED = re.compile(r"\(\?P<\w+>")


def write_literal(text: str) -> str:
    """Write a pattern of words as they stand; what cannot be shown is any character."""
    words = " ".join(text.split())
    signs = (re.escape(char) if char.isprintable() and char != "\ufeff" else "." for char in words)
    return "".join(" " if sign == r"\ " else sign for sign in signs)


def write_template(text: str, number: str = r"\d{1,9}") -> str:
    """Write a pattern of a line in its normal form: numbers differ."""
    return write_literal(text).replace(NUMBER, number)


def group(part: str, pattern: str) -> str:
    """Put a pattern into the group of its part, where it is one."""
    return pattern if part in ("", "boilerplate", "body") else f"(?P<{part}>{pattern})"


def new_line(gap: int) -> str:
    """Write a line end with so many blank lines behind it at most."""
    if gap == 0:
        return r"[ \t]{0,120}\r?\n[ \t]{0,120}"
    return rf"(?:[ \t]{{0,120}}\r?\n){{1,{gap + 1}}}[ \t]{{0,120}}"
