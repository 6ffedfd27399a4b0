"""The words of a line: what its capitals and its last signs say."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS_KEPT = 1 << 14
"""So many are remembered: more than most dumps have, and a bound on memory."""
CLOSERS = "\"'”’»)]"
"""What may stand behind the stop at the end of a sentence."""
TERMINAL = (".", "!", "?", ":", ";", ",", "…")
STOPS = (".", "!", "?")
_SENTENCE_END = re.compile(r"(?<!\b\w)(?<!\.\w)[.:;,…]")  # that of "the war." but not of "U.S."
WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SMALL = frozenset(
    "a an and as at but by for from in into is its nor not of off on or over per so than that "
    "the their then to up upon via vs was with yet al el de la le der den van von bin ibn ben "
    "about above across after against along amid among around because before behind below "
    "beneath beside between beyond during if inside like near once onto out outside since "
    "through till toward towards under underneath unlike until when while within without".split()
)


def runs_on(above: str, below: str) -> bool:
    """Tell whether a line looks like the middle of a sentence that the line above it begins."""
    start = below[0] if below[0] != ">" else below.lstrip("> ")[:1]
    return start.isalpha() and not start.isupper() and not above.endswith(STOPS)


def is_terminal(text: str) -> bool:
    """Tell whether a text ends with a stop of any sort.

    >>> is_terminal("Is it dead?"), is_terminal("(at length.)"), is_terminal("At Length")
    (True, True, False)
    """
    return not text[-1:].isalnum() and text.rstrip(CLOSERS).endswith(TERMINAL)


def ends_sentence(text: str) -> bool:
    """Tell whether a text ends as a statement does, and not with an initial.

    >>> ends_sentence("It ended the war.”"), ends_sentence("Made in the U.S.")
    (True, False)
    """
    if text[-1:].isalnum():  # most titles, and quick to tell
        return False
    stop = len(text.rstrip(CLOSERS)) - 1
    return stop >= 0 and _SENTENCE_END.match(text, stop) is not None


def looks_like_title(words: list[str]) -> bool:
    """Tell whether four words or more are capitalised as in a headline."""
    return len(words) >= 4 and capital_share(words) >= 0.8


def capital_share(words: Iterable[str]) -> float:
    """Share of the words that a headline would capitalise which are capitalised.

    >>> capital_share("The Life of a Word and the next".split())
    0.6666666666666666
    """
    capitals, big = divmod(sum(map(_WEIGHTS.__getitem__, words)), _CAPITAL)
    return capitals / big if big else 0.0


_CAPITAL = 1 << 32
"""A capital counts so much, and so stands apart from the words when both are summed up as one."""


class _Weights(dict[str, int]):
    """For each word how many a headline would capitalise, and times `_CAPITAL` those it does.

    It forgets all when it is full; to look a word up is much quicker than to call a function.

    >>> [divmod(_Weights()[word], _CAPITAL) for word in ("Free-Range", "of", "word", "either/Both")]
    [(1, 1), (0, 0), (0, 1), (1, 2)]
    """

    def __missing__(self, word: str) -> int:
        parts = [word] if word.isalpha() else WORD.findall(word)
        big = [part for part in parts if part.lower() not in _SMALL]
        if len(self) >= WORDS_KEPT:
            self.clear()
        capitals = sum(part[0].isupper() for part in big)
        self[word] = len(big) + _CAPITAL * capitals
        return self[word]


_WEIGHTS = _Weights()
