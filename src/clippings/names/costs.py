"""Costs: how near two words are, by what it takes to hear one as the other."""

from __future__ import annotations

import itertools
import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from clippings.names.limits import LONGEST, MEMORY
from clippings.names.lists import is_closed, read_rows
from clippings.names.sounds import PLAIN, VOWELS, hear

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD_LIMIT = 0.13
"""Distance for each sound of the longer word, up to which two words are spellings of one."""
SHORT_LIMIT = 0.36
"""Cost up to which words under four letters agree beside other words, and short places alone."""
_UNRELATED = 1.5  # cost of two sounds, or of a lost consonant, that no spelling explains
_LOST = VOWELS | frozenset("hyw")
"""Sounds that a spelling may leave out."""


def is_spelling(a: str, b: str, label: str) -> bool:
    """Tell whether two words beside other words are spellings of one."""
    if a == b:
        return True
    if len(a) == 1 or len(b) == 1 or not (is_near(a, b) if a < b else is_near(b, a)):
        return False
    return not is_closed(a, label) and not is_closed(b, label)


@lru_cache(MEMORY)
def is_near(a: str, b: str) -> bool:
    """Tell whether two words sound near enough; the lesser first, so that a pair is kept once."""
    if len(a) < 4 or len(b) < 4:
        return find_cost(a, b, 1.0) <= SHORT_LIMIT
    return find_cost(a, b, WORD_LIMIT) < math.inf


def find_distance(a: str, b: str) -> float:
    """Give the distance of two words also where they are no spellings; 1 where past telling."""
    if a == b:
        return 0.0
    cost = find_cost(a, b, 0.3)
    return min(1.0, cost / max(1, len(hear(a).signs), len(hear(b).signs)))


def find_cost(a: str, b: str, limit: float) -> float:
    """Give the least cost of hearing one word as another; infinite past a limit for each sound.

    The last vowel's class must agree: Khamenei, Khomeini; Hama, Hamas; Baghdad, Baghdadi.
    """
    if b < a:
        a, b = b, a
    ours, our_finals, _ = hear(a)
    theirs, their_finals, _ = hear(b)
    if ours == theirs:
        return 0.0
    if our_finals != their_finals and set(our_finals).isdisjoint(their_finals):
        return math.inf
    size = max(len(ours), len(theirs))
    return _edit_cost(ours, theirs, limit * size) if size <= LONGEST else math.inf


def _edit_cost(ours: str, theirs: str, limit: float) -> float:
    """Give the least cost between two words, past what they begin and end with alike."""
    costs = _sound_costs()
    our_losses, their_losses = _losses(ours), _losses(theirs)
    start, end, other_end = 0, len(ours), len(theirs)
    while start < end and start < other_end and ours[start] == theirs[start]:
        start += 1
    # Either one is heard as the other here or one is left out, whatever follows.
    if (
        start < end
        and start < other_end
        and limit < our_losses[start]
        and limit < their_losses[start]
        and limit < costs.get(ours[start] + theirs[start], _UNRELATED)
    ):
        return math.inf
    while end > start and other_end > start and ours[end - 1] == theirs[other_end - 1]:
        end, other_end = end - 1, other_end - 1
    if end - start == other_end - start == 1:  # most often
        kept = costs.get(ours[start] + theirs[start], _UNRELATED)
        kept = min(kept, our_losses[start] + their_losses[start])
        return kept if kept <= limit else math.inf
    # Costs only grow, so a place past the limit leads nowhere: a row holds the others alone.
    row = {start: 0.0}  # places in their word, and the least cost of coming there
    _leave_out(row, their_losses, other_end, limit)
    for sound, loss in zip(ours[start:end], our_losses[start:end], strict=True):
        below: dict[int, float] = {}
        for place, cost in row.items():
            if cost + loss <= limit and cost + loss < below.get(place, math.inf):
                below[place] = cost + loss
            if place < other_end:
                other = theirs[place]
                if sound != other:
                    cost += costs.get(sound + other, _UNRELATED)
                if cost <= limit and cost < below.get(place + 1, math.inf):
                    below[place + 1] = cost
        if not below:
            return math.inf
        row = below
        _leave_out(row, their_losses, other_end, limit)
    return row.get(other_end, math.inf)


def _leave_out(row: dict[int, float], losses: Sequence[float], end: int, limit: float) -> None:
    """Add to a row the places reached by leaving out sounds of the other word."""
    for place in list(row):
        cost = row[place]
        while place < end:
            cost += losses[place]
            place += 1
            if cost > limit or cost >= row.get(place, math.inf):
                break
            row[place] = cost


@lru_cache(MEMORY)
def _losses(text: str) -> tuple[float, ...]:
    """Say what it costs to leave out each sound of a word."""
    losses = [
        _loss(text, place) if sound in _LOST else _UNRELATED for place, sound in enumerate(text)
    ]
    return tuple(losses)


def _loss(text: str, place: int) -> float:
    """Say what it costs to leave out one sound, by where it stands."""
    sound, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if sound in VOWELS:
        if sound in "EO":
            return 1.2
        if not after:
            is_silent = sound == "e" and before == "n"
            return 0.4 if is_silent else _UNRELATED  # Rahmane, Rahman; Baghdad, Baghdadi
        if not before:
            return 0.8  # Ibrahim, Brahim
        if sound in "iï" and place == len(text) - 2:
            return 0.7  # Hamid, Hamd are two
        return 0.45 if sound == "a" else 0.35  # Misurata, Misrata
    if sound == "h":
        if not after:
            return 0.0 if before in VOWELS else 0.8  # Hamah, Hama
        return 0.7 if before else 1.0  # Rafah, Rafha are two
    if sound == "y" and not before and after in ("i", "e", "ï", "ë"):
        return 0.2  # Yitzhak, Itzhak
    if sound in "yw" and before in VOWELS and after in VOWELS:
        return 0.6
    return _UNRELATED


@cache
def _sound_costs() -> dict[str, float]:
    """Give the cost of each pair of sounds that can stand for one another, both ways round."""
    plain = {(row["a"], row["b"]): float(row["cost"]) for row in read_rows("sound_costs.csv")}
    plain |= {(b, a): cost for (a, b), cost in plain.items()}
    signs = {sign for pair in plain for sign in pair} | PLAIN.keys() | set(PLAIN.values())
    costs: dict[str, float] = {}
    for a, b in itertools.product(sorted(signs), repeat=2):
        heard = (PLAIN.get(a, a), PLAIN.get(b, b))
        cost = plain.get((a, b))
        if cost is None and heard[0] == heard[1]:
            cost = 0.0
        for pair in ((a, heard[1]), (heard[0], b), heard):
            cost = plain.get(pair) if cost is None else cost
        if cost is not None:
            costs[a + b] = cost
    return costs
