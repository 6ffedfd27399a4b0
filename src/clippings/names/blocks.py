"""Blocks: who is compared with whom."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from clippings.names.costs import is_spelling
from clippings.names.keys import is_acronym, lookup_key
from clippings.names.limits import MEMORY
from clippings.names.lists import is_closed
from clippings.names.sounds import FIRST_GROUP, RUN, VOWELS, hear
from clippings.names.words import read_words
from clippings.records import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_KEYS = 16  # readings of one skeleton
_CLASSES = {
    **dict.fromkeys("bp", ("B",)), "v": ("", "B"), "d": ("D",), **dict.fromkeys("tḍṭ", ("T",)),
    **dict.fromkeys("sśzцšjž", ("S",)), "θ": ("T", "S"), "ð": ("D", "S"),
    **dict.fromkeys("kqğ", ("K",)), **dict.fromkeys("gc", ("K", "S")),
    **dict.fromkeys("xX", ("K", "")), "č": ("S", "K", ""), "Λ": ("L",),
    **{sign: (sign.upper(),) for sign in "fmnrl"}, **dict.fromkeys("hyw", ("",)),
    **dict.fromkeys(VOWELS, ("",)),
}  # fmt: skip
"""The classes of sounds that may stand for one another; the first is the usual reading."""
_ONE_CLASS = str.maketrans({sign: each[0] for sign, each in _CLASSES.items() if len(each) == 1})
_MANY_CLASSES = {sign: each for sign, each in _CLASSES.items() if len(each) > 1}
_SEVERAL = re.compile(f"([{''.join(_MANY_CLASSES)}])")


def skeleton(name: str, label: str | None = None) -> tuple[str, ...]:
    """Give the blocking keys of a name: two names are compared only where they share one.

    Args:
        name: A name as it stands in a text.
        label: PERSON, ORG or PLACE; None for the keys under all of them.

    Returns:
        The lookup key, then skeletons of consonants and the class of the last sound, with their
        other readings (g as k or j, kh as k or h); for a person also of the first and last word.
        Sorted; never empty.

    >>> ["-DRSR:+" in skeleton(name, "PLACE") for name in ["Deir ez-Zor", "Dayr az Zawr"]]
    [True, True]
    """
    if label is not None:
        return read_name(name, label).blocks
    return tuple(sorted(set().union(*(read_name(name, each).blocks for each in LABELS))))


class Reading(NamedTuple):
    """A name with all that a comparison needs.

    Attributes:
        key: Its lookup key.
        words: Its words; titles, particles and stop words off, compounds in one.
        core: The words without a head word that may be left out.
        blocks: Its blocking keys, sorted.
        is_acronym: Whether it is written as one.
    """

    key: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    blocks: tuple[str, ...]
    is_acronym: bool


@lru_cache(MEMORY)
def read_name(name: str, label: str) -> Reading:
    """Read a name in all the steps before the verdict."""
    key = lookup_key(name)
    words, core = read_words(name, key, label)
    blocks = {f"={key}"}
    is_short_form = is_acronym(name)
    if not is_short_form:
        blocks.update(_skeletons(core, label))
        if label == "PERSON" and len(core) > 1:
            blocks.update(_person_blocks(core))
    return Reading(key, words, core, tuple(sorted(blocks)), is_short_form)


def _person_blocks(words: Sequence[str]) -> Iterator[str]:
    """First and last word in any order, the first three, a first name Muhammad left out."""
    last = words[-1]
    yield from _paired(words[0], last)
    if len(words) > 2:
        if len(words) > 3:
            yield from _skeletons(words[:3], "PERSON")
        yield f"{words[0][0]}{words[1][0]}~{_word_skeletons(last)[0]}"
        if is_spelling(words[0], "muhammad", "PERSON"):
            yield from _paired(words[1], last)


def _paired(first: str, last: str) -> list[str]:
    return [
        f"{one}~{two}" if one <= two else f"{two}~{one}"
        for one in word_blocks(first)
        for two in word_blocks(last)
    ]


def _skeletons(words: Sequence[str], label: str) -> list[str]:
    """Write words as one skeleton, so that "Tel Afar" and "Telafar" meet; closed words in full."""
    free, closed = words, ""
    if label != "PERSON" and (in_full := [word for word in words if is_closed(word, label)]):
        free = [word for word in words if word not in in_full]
        closed = ".".join(in_full)
    if len(free) < 2:
        return [closed + key for key in word_blocks(free[0] if free else "")]
    parts = [_word_skeletons(word) for word in free]
    first, finals = hear(free[0]), hear(free[-1]).finals
    keys: Sequence[str] = parts[0]
    for part in parts[1:]:  # no part has the same sign twice in a row, nor may the whole
        keys = [a + b if a[-1:] != b[:1] else a + b[1:] for a in keys for b in part][:_MOST_KEYS]
    return [
        f"{closed}{colour}{key}:{final}"
        for key in keys
        for final in finals
        for colour in first.colours
    ][: _MOST_KEYS * len(first.colours)]


@lru_cache(MEMORY)
def word_blocks(word: str) -> tuple[str, ...]:
    """Give the skeletons of a word with the colour of its first vowel and the class of its end."""
    sounds = hear(word)
    return tuple(
        f"{colour}{key}:{final}"
        for key in _word_skeletons(word)
        for final in sounds.finals
        for colour in sounds.colours
    )


@lru_cache(MEMORY)
def _word_skeletons(word: str) -> tuple[str, ...]:
    parts = [
        _MANY_CLASSES.get(part) or (part,)
        for part in _SEVERAL.split(hear(word).signs.translate(_ONE_CLASS))
    ]
    readings = map("".join, itertools.islice(itertools.product(*parts), _MOST_KEYS))
    return tuple(dict.fromkeys([RUN.sub(FIRST_GROUP, reading) for reading in readings]))
