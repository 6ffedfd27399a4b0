"""The cheapest reading of all lines together, from one part to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import compress, count
from math import inf
from typing import NamedTuple

from clippings.layouts.layout import Layout
from clippings.reading.kinds import (
    BODY,
    BOILERPLATE,
    BYLINE,
    DATE,
    MORE_TOPICS,
    OUTLET,
    PREAMBLE,
    TITLE,
    TOPICS,
    UNKNOWN,
    Kind,
    Part,
    find_kind,
    find_paragraph,
    look_again,
)
from clippings.reading.lines import LONG, Lines, Place

_START = "start"
_STEPS: dict[str, dict[Part, float]] = {
    _START: {TITLE: 0},
    PREAMBLE: {PREAMBLE: 2, TITLE: 0},
    TITLE: {BYLINE: 1, DATE: 0, BODY: 3, BOILERPLATE: 6, OUTLET: 6, TOPICS: 6, TITLE: 9},
    BYLINE: {DATE: 0, BODY: 2},
    DATE: {BYLINE: 1, BODY: 0, BOILERPLATE: 3, OUTLET: 4, TOPICS: 4, TITLE: 7},
    BODY: {BODY: 0, BOILERPLATE: 0, OUTLET: 0, TOPICS: 0, TITLE: 4},
    BOILERPLATE: {BOILERPLATE: 0, OUTLET: 0, TOPICS: 0, TITLE: 2, BODY: 5, UNKNOWN: 10},
    OUTLET: {TOPICS: 0, BOILERPLATE: 0.5, TITLE: 1, OUTLET: 8, UNKNOWN: 10, BODY: 10},
    TOPICS: {MORE_TOPICS: 0, TITLE: 0, OUTLET: 0.5, BOILERPLATE: 0.5, UNKNOWN: 10, BODY: 10},
    MORE_TOPICS: {MORE_TOPICS: 1, TITLE: 0, OUTLET: 0.5, BOILERPLATE: 0.5, UNKNOWN: 10, BODY: 10},
    UNKNOWN: {UNKNOWN: 2, TITLE: 0},
}
_LAST: dict[str, float] = {PREAMBLE: 10, TITLE: 8, BYLINE: 8, DATE: 6}
"""Cost of a dump that ends there; 0 for the other parts."""

_RULE_HERE = 5.0
"""A rule or form feed speaks for a title behind it, and as much against anything else."""
_WIDE_GAP = 3.0
"""More blank lines than this dump has between most lines speak for a title behind them, and as much
against a short line of text; fewer speak against a title."""

_OFTEN = 3
"""Times that a line stands in a dump which speak for the page rather than for an article."""

_PARTS = tuple(Part)
_NUMBERS: dict[str, int] = {part: number for number, part in enumerate(_PARTS)} | {_START: 0}
_STEPS_TO: dict[Part, dict[str, float]] = {
    part: {before: steps[part] for before, steps in _STEPS.items() if part in steps}
    for part in _PARTS
}

_PREAMBLE = 1.0
"""What it costs that there is a preamble at all."""
_MOST_LOOKS = 3
"""After so many looks for the cheapest reading all costs as boilerplate are told."""

_STEPS_KEPT = 1 << 14


@dataclass(frozen=True, eq=False, slots=True)
class _State:
    """What matters to the next line of all that was read so far; the same is one object.

    Attributes:
        costs: For each part that the last line may be, cost of the cheapest reading that ends with
            it, the preamble apart; the least is 0.
        hangs: Whether the last line goes on in the next.
    """

    costs: Mapping[str, float]
    hangs: bool


@dataclass(frozen=True, eq=False, slots=True)
class _Setting:
    """Where a line stands, as far as it matters to its cost; the same is one object.

    Attributes:
        width: 1 for a gap wider than is usual in the dump, -0.25 for a narrower one, else 0.
        is_close: Whether no blank line stands before it.
        is_ruled: Whether a rule or form feed does.
    """

    width: float
    is_close: bool
    is_ruled: bool


class _Step(NamedTuple):
    """What one more line makes of a state.

    Attributes:
        state: What comes of it.
        came_from: For each part of the line the part before, both by number.
        title: Cost, over the least, up to this line if it is a title; from where a preamble up to
            this line is no dearer, the step is another one. -inf where the line is no title.
        lag: What it costs more to read this line too as preamble.
    """

    state: _State
    came_from: bytes
    title: float
    lag: float


def find_parts(lines: Lines, layout: Layout) -> list[Part]:
    """Give every line its part, so that all readings and steps together cost least.

    What a line costs as boilerplate may take long to tell and seldom matters. So it is first put
    as low as it can be. Where the cheapest reading then has no such line as boilerplate, higher
    costs would not change it; otherwise those lines are looked at again.
    """
    if not lines.printed:
        return []
    printed, texts, _, places = lines
    settings = _find_settings(places)
    kinds = _find_kinds(lines, settings, layout)
    unsettled = [number for number, kind in enumerate(kinds) if kind.is_open]
    for looks in count(1):
        parts = _find_way(kinds, settings)
        settled = {
            printed[number]: look_again(texts[number], kinds[number], layout)
            for number in unsettled
            if parts[number] is BOILERPLATE or looks == _MOST_LOOKS
        }
        if not settled:
            break
        for number in unsettled:
            kinds[number] = settled.get(printed[number], kinds[number])
        unsettled = [number for number in unsettled if kinds[number].is_open]
    return parts


def _find_settings(places: list[Place]) -> list[_Setting]:
    counts = Counter(places)
    gaps: Counter[int] = Counter()
    for place, times in counts.items():
        gaps[place.gap] += times
    usual_gap = gaps.most_common(1)[0][0]
    of_place = {place: _find_setting(place, usual_gap) for place in counts}
    return list(map(of_place.__getitem__, places))


def _find_kinds(lines: Lines, settings: list[_Setting], layout: Layout) -> list[Kind]:
    """Find the kind of every line; one that stands there many times is looked at once."""
    printed, texts, _, _ = lines
    counts = Counter([line for line in printed if len(line) < LONG])
    close = set(compress(printed, [setting.is_close for setting in settings]))
    short = {line: text for line, text in zip(printed, texts, strict=True) if len(line) < LONG}
    kinds = {
        line: find_kind(text, layout, is_repeated=counts[line] >= _OFTEN, is_close=line in close)
        for line, text in short.items()
    }
    return [kinds[line] if len(line) < LONG else find_paragraph(line, layout) for line in printed]


def _find_way(kinds: list[Kind], settings: list[_Setting]) -> list[Part]:
    """Find the cheapest way through lines of some kinds in some places.

    A preamble is one stretch at the beginning. What it costs grows with each line and would make
    each state a new one, so it is kept beside the states.
    """
    state, preamble = _state(((_START, 0.0),), False), _PREAMBLE
    trail: list[bytes] = []
    for kind, setting in zip(kinds, settings, strict=True):
        behind, came_from, title, lag = _look_up_step(state, kind, setting)
        if preamble <= title:
            behind, came_from, _, lag = _work_out_step(state, kind, setting, preamble)
        trail.append(came_from)
        preamble += lag
        state = behind
    costs = {**state.costs, PREAMBLE: preamble}
    possible = [part for part in kinds[-1].readings if part in costs]
    number = _NUMBERS[min(possible, key=lambda part: costs[part] + _LAST.get(part, 0))]
    numbers = [number]
    for came_from in reversed(trail[1:]):
        number = came_from[number]
        numbers.append(number)
    return [_PARTS[number] for number in reversed(numbers)]


def _find_setting(place: Place, usual_gap: int) -> _Setting:
    width = (place.gap > usual_gap) - 0.25 * (place.gap < usual_gap)
    return _setting(width, place.gap == 0, place.is_ruled)


_setting = cache(_Setting)  # there are twelve at most


def _work_out_step(
    state: _State, kind: Kind, setting: _Setting, preamble: float | None = None
) -> _Step:
    """Find the cheapest way to each part that a line may be.

    Args:
        state: All that was read so far.
        kind: What the line says.
        setting: Where it stands.
        preamble: Cost, over the least, of reading all so far as preamble; None where a title is
            reached at less cost in another way.
    """
    before = dict(state.costs) if preamble is None else {**state.costs, PREAMBLE: preamble}
    reached: dict[Part, float] = {}
    came_from = bytearray(range(len(_NUMBERS)))  # a preamble comes from a preamble
    title = -inf
    for part, cost in kind.readings.items():
        if part is PREAMBLE or (part is MORE_TOPICS and not setting.is_close):
            continue
        steps = _STEPS_TO[part]
        ways = [(so_far + steps[way], way) for way, so_far in before.items() if way in steps]
        best, way = min(ways, default=(inf, _START))
        if part is TITLE:
            title = best
        if ways:
            reached[part] = best + _cost_there(part, cost, setting, state.hangs)
            came_from[_NUMBERS[part]] = _NUMBERS[way]
    least = min(reached.values(), default=0.0)
    preamble_cost = _cost_there(PREAMBLE, kind.readings[PREAMBLE], setting, state.hangs)
    return _Step(
        _state(
            tuple((part, reached[part] - least) for part in _PARTS if part in reached), kind.hangs
        ),
        bytes(came_from),
        title,
        _STEPS[PREAMBLE][PREAMBLE] + preamble_cost - least,
    )


_look_up_step = lru_cache(maxsize=_STEPS_KEPT)(_work_out_step)


@lru_cache(maxsize=_STEPS_KEPT)
def _state(costs: tuple[tuple[str, float], ...], hangs: bool) -> _State:
    return _State(dict(costs), hangs)


def _cost_there(part: Part, cost: float, setting: _Setting, hangs: bool) -> float:
    """Add to the cost of a reading what speaks for it, and against it, where the line stands."""
    if part is TITLE:
        cost -= _RULE_HERE * setting.is_ruled + _WIDE_GAP * setting.width
    else:
        cost += _RULE_HERE * setting.is_ruled
    if part is BODY and cost > 0 and setting.width > 0:
        cost += _WIDE_GAP
    if hangs and setting.is_close:
        cost += {TITLE: 6, MORE_TOPICS: -2}.get(part, 0)
    return cost
