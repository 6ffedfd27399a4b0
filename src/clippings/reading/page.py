"""Lines of the page: how odd a line is as one that belongs to the page and not to an article."""

from __future__ import annotations

import re

from clippings.layouts.layout import Boilerplate
from clippings.reading.words import WORD, ends_sentence

_OPENING, PAGE_WORD = 3.5, 2.5
"""Costs as boilerplate of a line that begins like it, and of one that only holds words of the page:
the least at a second look."""
_PRICE = re.compile(r"[$€£] ?\d")


def cost_at_first_look(
    text: str, word_count: int, is_title: bool, page: Boilerplate
) -> float | None:
    """Tell how odd a line is as boilerplate.

    Args:
        text: The line, canonical.
        word_count: Number of its words.
        is_title: Whether it looks like a title.
        page: What such lines look like.

    Returns:
        Its cost; None where that takes a second look.
    """
    straight = _straighten(text)
    plain = straight.lower()
    if page.whole.fullmatch(plain):
        return 0.0
    if word_count > page.longest:
        return 9.0
    if _is_made_of_page_words(straight, page, is_title):
        return 0.0
    if is_title or not (opening := page.opens.match(plain)):
        return None
    if page.tells.search(plain):
        return 9.0
    # "Subscribe" alone says nothing of a line that begins with it.
    is_page = any(word.end() > opening.end() for word in page.words.finditer(plain))
    return 0.0 if is_page else _OPENING


def cost_at_second_look(text: str, page: Boilerplate) -> float:
    """Tell it of a line that does not begin like boilerplate, or looks like a title."""
    plain = _straighten(text).lower()
    if page.tells.search(plain):
        return 9.0
    if page.opens.match(plain):
        return _OPENING
    if page.words.search(plain):
        return PAGE_WORD
    return 4.5 if len(text.split(" ")) <= 15 and not ends_sentence(text) else 7.0


def _straighten(text: str) -> str:
    return text.replace("’", "").replace("'", "")


def _is_made_of_page_words(text: str, page: Boilerplate, is_title: bool) -> bool:
    """Tell whether a line holds words of the page and none that only an article would use."""
    start = text.partition(" ")[0]
    if start.isalpha() and start.lower() not in page.known:  # as most lines, and quick to tell
        return False
    page_count = name_count = 0
    for number, word in enumerate(WORD.findall(text)):
        lower = word.lower()
        if lower in page.page:
            page_count += 1
        elif lower not in page.known:
            if number == 0 or name_count == 4 or not word[0].isupper():
                return False
            if is_title and len(text.split()) >= 4:
                return False
            name_count += 1
    page_count += len(_PRICE.findall(text))
    return page_count > (1 if name_count else 0)
