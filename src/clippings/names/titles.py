"""Titles before and behind a person's name, and a family name put in front."""

from __future__ import annotations

from functools import cache

from clippings.names.lists import read_rows

_SUFFIX = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"])


def strip_titles(name: str) -> str:
    """Take the titles off a person's name; at least one word is left.

    Args:
        name: A person as a text names it.

    Returns:
        The name without titles before and behind it. "Mullah", "King" and the like stay where only
        one word follows: there they are part of the name.

    >>> strip_titles("Prime Minister Dr. Haider al-Abadi")
    'Haider al-Abadi'
    >>> strip_titles("Mullah Omar"), strip_titles("Mullah Mohammed Omar")
    ('Mullah Omar', 'Mohammed Omar')
    """
    words = name.split()
    count = len(words)
    while len(words) > 1 and _bare(words[0]) in _title_edges("before"):
        size = _title_size(words, "before")
        if not size:
            break
        words = words[size:]
    while len(words) > 1 and _bare(words[-1]) in _title_edges("after"):
        size = _title_size(words, "after")
        if not size:
            break
        words = words[:-size]
    return name if len(words) == count else " ".join(words).rstrip(",")


def _title_size(words: list[str], position: str) -> int:
    """Count the words of the longest title at one end that may go."""
    titles = _titles(position)
    for size in range(min(4, len(words) - 1), 0, -1):
        part = words[:size] if position == "before" else words[-size:]
        is_kept = titles.get(tuple(map(_bare, part)))
        if is_kept is not None:
            return 0 if is_kept and len(words) - size < 2 else size
    return 0


@cache
def _titles(position: str) -> dict[tuple[str, ...], bool]:
    """Give the titles as words, and whether one is part of a name of one word."""
    return {
        tuple(map(_bare, row["title"].split())): row["kept_with_one_word"] == "yes"
        for row in read_rows("titles.csv")
        if row["position"] == position
    }


@cache
def _title_edges(position: str) -> frozenset[str]:
    edge = 0 if position == "before" else -1
    return frozenset(title[edge] for title in _titles(position))


def _bare(word: str) -> str:
    return word.casefold().strip(".,")


def put_given_name_first(name: str) -> str:
    """Turn "al-Zawahiri, Ayman" round; "King, Jr." stays."""
    family, comma, given = name.partition(",")
    if not comma or "," in given or not family.strip() or not given.strip():
        return name
    return name if _bare(given.strip()) in _SUFFIX else f"{given.strip()} {family.strip()}"
