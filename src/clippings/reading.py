"""Unmarked dumps: the cheapest reading of all lines together.

Each line of a dump can be read as one or more parts of an article (title, date, body, ...), each
reading at a cost; so can each step from one part to the next. The cheapest reading of all lines
together is taken (Viterbi's algorithm, linear in the lines). So no single missing or odd line
decides: a title without a date is found by the footer before it, a date line in a body is body
because no title stands above it.

Where a dump was wrapped at a column, the lines that were one are made one before that: read one by
one, the pieces of a paragraph look like anything.

Costs are in one unit, about "one odd thing": 0 is what the layout says, 10 is next to impossible.

Three things make it fast, and none changes what is found. A line that stands in a dump many times
is read once. What takes long to tell of a line is told only where the reading could depend on it.
And the lines of all dumps are of few kinds, so that the same step is taken again and again: a step
that was worked out before is looked up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import accumulate, chain, compress, count, groupby, pairwise, repeat
from math import inf
from operator import add
from typing import NamedTuple

from clippings.articles import Article, Doubt, Span, Split, excerpt, make_span, squeeze, tile
from clippings.dates import LONGEST, is_date_line, parse_date
from clippings.errors import DateError
from clippings.layouts.layout import Boilerplate, Layout


class Part(StrEnum):
    """What a line can be read as."""

    PREAMBLE = "preamble"
    TITLE = "title"
    BYLINE = "byline"
    DATE = "date"
    BODY = "body"
    BOILERPLATE = "boilerplate"
    OUTLET = "outlet"
    TOPICS = "topics"
    MORE_TOPICS = "more topics"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # that of enumerations is many times slower


# By themselves, since Python 3.11 takes long to look up "Part.TITLE".
PREAMBLE, TITLE, BYLINE, DATE, BODY, BOILERPLATE, OUTLET, TOPICS, MORE_TOPICS, UNKNOWN = Part

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
_OUTSIDE = (PREAMBLE, UNKNOWN)
"""What belongs to no article."""
_KINDS = {part: part.value for part in Part} | {MORE_TOPICS: "topics"}
"""What the spans of each part are called."""
_STEPS_TO: dict[Part, dict[str, float]] = {
    part: {before: steps[part] for before, steps in _STEPS.items() if part in steps}
    for part in _PARTS
}

_PREAMBLE = 1.0
"""What it costs that there is a preamble at all."""

_OPENING, _PAGE_WORD = 3.5, 2.5
"""Costs as boilerplate of a line that begins like it, and of one that only holds words of the page:
the least at a second look."""
_MOST_LOOKS = 3
"""After so many looks for the cheapest reading all costs as boilerplate are told."""

_STEPS_KEPT = 1 << 14
_KINDS_KEPT = 1 << 12
_WORDS_KEPT = 1 << 14
"""How many are remembered: more than most dumps have, and a bound on memory."""

_NO_TITLE = 10.0
"""From this cost on a line is no title, whatever stands around it."""
_LONG = 400
"""A line of that many characters is a paragraph: no title, label or paywall line is as long."""
_NARROWEST, _WIDEST = 40, 160
"""Columns at which text is wrapped."""
_ENOUGH = 5_000
"""So many breaks, taken from all over the dump, or twice as many tell its column."""
_SHORT = 50
"""A line of more characters is hardly a date, or a byline."""
_PARAGRAPH = ((BODY, 0.0), (PREAMBLE, 3.0), (UNKNOWN, 0.0))
# What stands before a line; files that were joined bring byte order marks along
_BREAK = re.compile("(\n[\\s\ufeff]*)")
_PRICE = re.compile(r"[$€£] ?\d")
_CLOSERS = "\"'”’»)]"
"""What may stand behind the stop at the end of a sentence."""
_TERMINAL = (".", "!", "?", ":", ";", ",", "…")
_STOPS = (".", "!", "?")
_SENTENCE_END = re.compile(r"(?<!\b\w)(?<!\.\w)[.:;,…]")  # that of "the war." but not of "U.S."
_FULL_STOP = re.compile(r"\w{4}\.")  # "said." but not "U.S."
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SMALL = frozenset(
    "a an and as at but by for from in into is its nor not of off on or over per so than that "
    "the their then to up upon via vs was with yet al el de la le der den van von bin ibn ben "
    "about above across after against along amid among around because before behind below "
    "beneath beside between beyond during if inside like near once onto out outside since "
    "through till toward towards under underneath unlike until when while within without".split()
)


@dataclass(frozen=True, eq=False, slots=True)
class _Place:
    """What stands between a line and the line before.

    Attributes:
        gap: Number of blank lines.
        is_ruled: Whether a rule or form feed stands there.
        indent: Number of characters between the margin and the line.
    """

    gap: int
    is_ruled: bool
    indent: int

    @property
    def is_empty(self) -> bool:
        """Whether the line stands right below the other."""
        return not self.gap and not self.is_ruled


class _Lines(NamedTuple):
    """The lines of a dump that have words in them; each list holds one entry for each.

    Lines that were one before they were wrapped at a column are one here.

    Attributes:
        printed: The line without white space at its ends.
        starts: Character offset of its first character.
        places: What stands before it.
    """

    printed: list[str]
    starts: list[int]
    places: list[_Place]


def read_lines(text: str, layout: Layout) -> Split:
    """Split the text of a dump whose articles are told apart by what their lines look like.

    Args:
        text: The whole text of a dump.
        layout: The form it has.

    Returns:
        Articles in order, spans that tile `text` exactly, and doubts.
    """
    lines = _find_lines(text, layout)
    parts = _cheapest_reading(lines, layout)
    lines, parts = _join_blocks(text, lines, parts)
    return _assemble(text, lines, parts, layout)


def _find_lines(text: str, layout: Layout) -> _Lines:
    even = text.replace("\r", "\n").replace("\f", "\n")  # of the same length, so offsets hold
    stretches = _BREAK.split(f"\n{even}")  # "", break, line, break, line, ...
    starts = list(accumulate(map(len, stretches), initial=-1))[2:-1:2]
    printed = list(map(str.rstrip, stretches[2::2]))
    if not printed[-1]:
        del starts[-1], printed[-1]
    rules = {
        line
        for line in {line for line in printed if len(line) < _LONG}
        if layout.separator.fullmatch(squeeze(line))
    }
    if rules:
        kept = [line not in rules for line in printed]
        starts, printed = list(compress(starts, kept)), list(compress(printed, kept))
    ends = map(add, starts, map(len, printed))
    between = [text[end:start] for end, start in zip(chain([0], ends), starts, strict=False)]
    of_stretch = {stretch: _find_place(stretch) for stretch in set(between)}
    places = [of_stretch[stretch] for stretch in between]
    return _join_wrapped(text, _Lines(printed, starts, places), layout)


def _find_place(between: str) -> _Place:
    """Count the blank lines in what stands between two lines, and look for rules."""
    breaks = between.count("\n") + between.count("\r") - between.count("\r\n")
    gap = max(0, breaks - 1)
    if breaks == 1 and "\ufeff" in between:
        gap = 1  # another file begins there
    indent = len(between) - 1 - max(map(between.rfind, "\n\r\f"))
    is_ruled = "\f" in between or bool(between.replace("\ufeff", "").strip())
    return _Place(gap, is_ruled, indent)


def _join_wrapped(text: str, lines: _Lines, layout: Layout) -> _Lines:
    """Make one line of each that was wrapped at the column of the dump, where it has one.

    A list of topics stays as it is: it may have been broken anywhere, and is read line by line.
    """
    printed, starts, places = lines
    below = [number for number, place in enumerate(places) if place.is_empty and number]
    if not below:
        return lines
    indents = [place.indent for place in places]
    widths = list(map(add, indents, map(len, printed)))
    reaches = {  # how long the line above would be with the first word of the one below
        number: widths[number - 1] + _first_word(printed[number]) for number in below
    }
    column = _find_column(printed, widths, reaches)
    if column is None:
        return lines
    full = {
        number
        for number, reach in reaches.items()
        if reach >= column.start and widths[number - 1] < column.stop > widths[number]
    }
    is_tight = len(reaches) - len(full) > len(reaches) / 10
    outlet, topics = layout.outlet.pattern, layout.topics.pattern
    labels = re.compile(f"{outlet.pattern}|{topics.pattern}", outlet.flags)
    heads: list[int] = []
    in_list = False
    for number, line in enumerate(printed):
        if number in full and not in_list:
            is_second = heads[-1] == number - 1  # hanging, or the first was indented
            if not (
                (indents[number] != indents[number - 1] and not is_second)
                or labels.match(line)
                or (len(line) <= _SHORT and _is_below_title(line, layout))
                or (is_tight and _is_apart(printed[number - 1], line, is_second, layout))
            ):
                continue
        in_list = topics.match(line) is not None or (
            in_list and number in full and _cost_of_topics(line, layout) is not None
        )
        heads.append(number)
    lasts = [number - 1 for number in heads[1:]] + [len(printed) - 1]
    return _Lines(
        [
            text[starts[head] : starts[last] + len(printed[last])]
            for head, last in zip(heads, lasts, strict=True)
        ],
        [starts[head] for head in heads],
        [places[head] for head in heads],
    )


def _first_word(line: str) -> int:
    """Measure the first word of a line in characters, marks of quotation apart."""
    if line[0] == ">":
        line = line.lstrip("> ")
    space = line.find(" ")
    return space if space >= 0 else len(line)


def _find_column(printed: list[str], widths: list[int], reaches: Mapping[int, int]) -> range | None:
    """Find the columns at which a dump can have been wrapped; None where it was not.

    Wrapping leaves no line longer than the column, and each but the last of a paragraph would be
    longer with the first word of the next. So each line that runs on in the next says at which
    columns it may have ended, and speaks against narrower ones. Where most say the same, and two
    breaks in a row, that is it.
    """
    run_on = [
        number
        for number in list(reaches)[:: 1 + len(reaches) // _ENOUGH]
        if widths[number - 1] <= _WIDEST and _runs_on(printed[number - 1], printed[number])
    ]
    changes: Counter[int] = Counter()
    for number in run_on:
        changes[widths[number - 1]] += 2  # from against to for
        changes[reaches[number] + 1] -= 1
    edges = sorted(changes)
    sums = list(accumulate(map(changes.__getitem__, edges)))
    most = max(sums, default=0)
    if most - len(run_on) <= len(run_on) / 2:
        return None
    best = sums.index(most)
    column = range(edges[best], edges[best + 1])

    def fits(number: int) -> bool:
        return number in reaches and widths[number - 1] <= column.start <= reaches[number]

    in_a_row = (fits(number) and (fits(number - 1) or fits(number + 1)) for number in run_on)
    return column if column.stop > _NARROWEST and any(in_a_row) else None


def _runs_on(above: str, below: str) -> bool:
    """Tell whether a line looks like the middle of a sentence that the line above it begins."""
    start = below[0] if below[0] != ">" else below.lstrip("> ")[:1]
    return start.isalpha() and not start.isupper() and not above.endswith(_STOPS)


def _is_below_title(line: str, layout: Layout) -> bool:
    """Tell whether a line can only be a byline or a date line; "May 1948." may end a paragraph."""
    return _is_byline(line, line.split(" "), layout) or (
        is_date_line(line, layout.dates) and not line.endswith(".")
    )


def _is_apart(above: str, below: str, is_first: bool, layout: Layout) -> bool:
    """Tell whether a line goes not with the one above it, though that one is full.

    For dumps in which titles, paragraphs and lines of the page stand under each other.
    """
    words = below.split(" ")
    if is_first and _looks_like_title(above.split(" ")):
        return len(words) > 5 and _capital_share(words) < 0.5 and not _runs_on(above, below)
    return above.rstrip(_CLOSERS).endswith(_STOPS) and (
        _looks_like_title(words) or _cost_at_first_look(below, words, layout.boilerplate) == 0
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Kind:
    """What a line by itself says; lines that say the same share one.

    Attributes:
        readings: What it can be read as, and at which cost.
        hangs: Whether it goes on in the next line: "More about: Iran," and "More about:".
        is_open: Whether it may cost more as boilerplate than `readings` says.
    """

    readings: Mapping[Part, float]
    hangs: bool
    is_open: bool


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


class _Signs(NamedTuple):
    """All that the kind of a line hangs on; costs are None where it cannot be that part.

    Attributes:
        title: Cost as title by its look, of whatever size.
        body: The same as body.
        word_count: Number of words; more than 26 are 26.
        hangs: Whether it goes on in the next line.
        is_date: Whether it is a date line.
        outlet: Cost as outlet.
        topics: Cost as list of topics.
        more_topics: Cost as what goes on a list of topics.
        is_byline: Whether it is a byline.
        page: Cost as boilerplate; None where that takes a second look.
        is_repeated: Whether it stands in the dump often.
    """

    title: float
    body: float
    word_count: int
    hangs: bool
    is_date: bool = False
    outlet: float | None = None
    topics: float | None = None
    more_topics: float | None = None
    is_byline: bool = False
    page: float | None = None
    is_repeated: bool = False


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


def _cheapest_reading(lines: _Lines, layout: Layout) -> list[Part]:
    """Give every line its part, so that all readings and steps together cost least.

    What a line costs as boilerplate may take long to tell and seldom matters. So it is first put
    as low as it can be. Where the cheapest reading then has no such line as boilerplate, higher
    costs would not change it; otherwise those lines are looked at again.
    """
    if not lines.printed:
        return []
    usual_gap = Counter([place.gap for place in lines.places]).most_common(1)[0][0]
    of_place = {place: _find_setting(place, usual_gap) for place in set(lines.places)}
    settings = [of_place[place] for place in lines.places]
    counts = Counter([line for line in lines.printed if len(line) < _LONG])
    close = set(compress(lines.printed, [setting.is_close for setting in settings]))
    short = {
        line: _find_kind(line, layout, is_repeated=times >= _OFTEN, is_close=line in close)
        for line, times in counts.items()
    }
    kinds = [
        short[line] if len(line) < _LONG else _find_paragraph(_hangs(line, layout))
        for line in lines.printed
    ]
    for looks in count(1):
        parts = _find_way(kinds, settings)
        settled = {
            line: _look_again(line, kind, layout)
            for line, kind, part in zip(lines.printed, kinds, parts, strict=True)
            if kind.is_open and (part is BOILERPLATE or looks == _MOST_LOOKS)
        }
        if not settled:
            break
        kinds = [
            settled.get(line, kind) if kind.is_open else kind
            for line, kind in zip(lines.printed, kinds, strict=True)
        ]
    return parts


def _find_way(kinds: list[_Kind], settings: list[_Setting]) -> list[Part]:
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


def _find_setting(place: _Place, usual_gap: int) -> _Setting:
    width = (place.gap > usual_gap) - 0.25 * (place.gap < usual_gap)
    return _setting(width, place.gap == 0, place.is_ruled)


_setting = cache(_Setting)  # there are twelve at most


def _work_out_step(
    state: _State, kind: _Kind, setting: _Setting, preamble: float | None = None
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


@cache
def _find_paragraph(hangs: bool) -> _Kind:
    """Tell the kind of a line that is too long for anything but a paragraph."""
    return _kind(_PARAGRAPH, hangs, False)


def _find_kind(line: str, layout: Layout, *, is_repeated: bool, is_close: bool) -> _Kind:
    """Tell the kind of a line.

    Args:
        line: As printed, and not too long for a title.
        layout: The form of the dump.
        is_repeated: Whether it stands in the dump often.
        is_close: Whether it stands right below another line anywhere.

    Returns:
        What it can be read as in each of its places.
    """
    return _kind_of(_find_signs(line, layout, is_repeated, is_close))


def _hangs(line: str, layout: Layout) -> bool:
    return line.endswith((layout.topic_separator, "&"))


def _find_signs(line: str, layout: Layout, is_repeated: bool, is_close: bool) -> _Signs:
    """Look for all that tells the kind of a line, what is quick to tell first."""
    text = squeeze(line)
    words = text.split(" ")
    hangs, is_byline = _hangs(line, layout), False
    name = listed = outlet = topics = more_topics = page = None
    if layout.labelled.match(text):
        name, listed = layout.outlet.value(text), layout.topics.value(text)
        hangs = hangs or listed == ""
        is_byline = _is_byline(text, words, layout)
    title = _cost_of_title(text, words)
    body = _cost_of_body(text, words, title)
    shape = title, body, min(len(words), 26), hangs
    if len(text) <= LONGEST and is_date_line(text, layout.dates):
        return _Signs(*shape, is_date=True)
    if name is not None:
        outlet = _cost_of_outlet(name)
    if listed is not None:
        topics = _cost_of_topics(listed, layout)
    if is_close and topics is None and name is None:
        more_topics = _cost_of_more_topics(text, layout)
    if outlet is None and topics is None:
        page = _cost_at_first_look(text, words, layout.boilerplate)
        if page is None and is_repeated:
            page = _cost_at_second_look(text, layout.boilerplate)
    return _Signs(*shape, False, outlet, topics, more_topics, is_byline, page, is_repeated)


@lru_cache(maxsize=_KINDS_KEPT)
def _kind_of(signs: _Signs) -> _Kind:
    """Tell what a line can be read as, at which cost, and whether its kind is open."""
    title, count = signs.title, signs.word_count
    readings = {
        BODY: signs.body,
        PREAMBLE: 3.0 if count > 25 or (title == 0 and count > 3) else 0.0,
        UNKNOWN: 0.0,
    }
    if title < _NO_TITLE:
        readings[TITLE] = title
    if signs.is_date:
        readings |= {DATE: 0.0, TITLE: title + 5, BODY: 10.0, PREAMBLE: 4.0}
        return _kind(tuple(readings.items()), signs.hangs, False)
    if signs.outlet is not None:
        readings |= {OUTLET: signs.outlet, BODY: 8 - signs.outlet, TITLE: title + 12}
    if signs.topics is not None:
        readings |= {TOPICS: signs.topics, BODY: 10 - 2 * signs.topics, TITLE: title + 12}
    if signs.more_topics is not None:
        readings[MORE_TOPICS] = signs.more_topics
    if signs.is_byline:
        readings[BYLINE] = 0.0
    is_open = False
    if signs.outlet is None and signs.topics is None:
        is_open = signs.page is None
        readings[BOILERPLATE] = page = _PAGE_WORD if signs.page is None else signs.page
        if page == 0:
            readings[BODY] += 6
            readings[TITLE] = title + (2 if title == 0 and count > 2 else 5)
            readings[PREAMBLE] = 2.0
        elif signs.is_repeated and page <= 5:
            readings[BOILERPLATE] = page / 4
            readings[BODY] += 3
    return _kind(tuple(readings.items()), signs.hangs, is_open)


def _look_again(line: str, kind: _Kind, layout: Layout) -> _Kind:
    """Settle what a line of an open kind costs as boilerplate."""
    cost = _cost_at_second_look(squeeze(line), layout.boilerplate)
    return _kind(tuple({**kind.readings, BOILERPLATE: cost}.items()), kind.hangs, False)


@lru_cache(maxsize=_KINDS_KEPT)
def _kind(readings: tuple[tuple[Part, float], ...], hangs: bool, is_open: bool) -> _Kind:
    return _Kind(dict(readings), hangs, is_open)


def _is_byline(text: str, words: list[str], layout: Layout) -> bool:
    name = layout.byline.value(text)
    return (
        name is not None
        and name != ""
        and len(words) <= 8
        and _capital_share(name.split()) == 1
        and not _is_terminal(text)
    )


def _cost_of_title(text: str, words: list[str]) -> float:
    cost = 0.0
    if _ends_sentence(text):
        cost += 4
    if text[0].islower():
        cost += 4
    cost += 6 if len(words) > 25 else 1.5 if len(words) < 2 else 0
    if cost >= _NO_TITLE or len(text) > 250:
        return _NO_TITLE
    share = _capital_share(words)
    return cost + (0 if share >= 0.8 else 1 if share >= 0.5 and len(words) <= 18 else 2)


def _cost_of_body(text: str, words: list[str], title: float) -> float:
    """A paragraph may be anything, but hardly ever a line that looks just like a title."""
    if len(words) > 25 or (title > 0 and text.endswith(("?", "!"))):
        return 0.0
    if title <= 1:
        return (9.0 if len(words) >= 4 else 7.5 if len(words) == 3 else 2.5) - 3 * title
    return 3.5 if 3 <= len(words) <= 18 and not _is_terminal(text) else 0.0


def _is_terminal(text: str) -> bool:
    """Tell whether a text ends with a stop of any sort.

    >>> _is_terminal("Is it dead?"), _is_terminal("(at length.)"), _is_terminal("At Length")
    (True, True, False)
    """
    return not text[-1:].isalnum() and text.rstrip(_CLOSERS).endswith(_TERMINAL)


def _ends_sentence(text: str) -> bool:
    """Tell whether a text ends as a statement does, and not with an initial.

    >>> _ends_sentence("It ended the war.”"), _ends_sentence("Made in the U.S.")
    (True, False)
    """
    if text[-1:].isalnum():  # most titles, and quick to tell
        return False
    stop = len(text.rstrip(_CLOSERS)) - 1
    return stop >= 0 and _SENTENCE_END.match(text, stop) is not None


def _looks_like_title(words: list[str]) -> bool:
    return len(words) >= 4 and _capital_share(words) >= 0.8


def _capital_share(words: list[str]) -> float:
    """Share of the words that a headline would capitalise which are capitalised.

    >>> _capital_share("The Life of a Word and the next".split())
    0.6666666666666666
    """
    weight = sum(map(_weigh, words), 0j)
    return weight.imag / weight.real if weight else 0.0


@lru_cache(maxsize=_WORDS_KEPT)
def _weigh(word: str) -> complex:
    """Count the words that a headline would capitalise, and as imaginary part those it does.

    >>> _weigh("Free-Range"), _weigh("of"), _weigh("word"), _weigh("either/Both")
    ((1+1j), 0j, (1+0j), (2+1j))
    """
    parts = [word] if word.isalpha() else _WORD.findall(word)
    big = [part for part in parts if part.lower() not in _SMALL]
    return complex(len(big), sum(part[0].isupper() for part in big))


def _cost_of_outlet(name: str) -> float | None:
    """Tell how odd a name is as that of an outlet; None where it is none."""
    words = name.split()
    count, share = len(words), _capital_share(words)
    if (
        not 0 < count <= 10
        or re.search(r";|[a-z]{4}[.!?] |[!?].", name)
        or ("," in name and (share < 0.75 or count > 7))
    ):
        return None
    is_sentence = _ends_sentence(name) and (share < 1 or count > 4)
    is_name = share >= 0.5 and not name.removeprefix("the ")[:1].islower()
    if count <= 8 and not is_sentence and (is_name or re.search(r"\w\.\w", name)):
        return 0.0
    return 3.0 if count <= 4 and not is_sentence else None


def _cost_of_topics(listed: str, layout: Layout) -> float | None:
    """Tell how odd a text is as a list of topics; None where it is none."""
    topics = listed.split(layout.topic_separator)
    longest = max([topic.strip().count(" ") for topic in topics]) + 1
    if longest > 7:
        return None
    if longest > 4 and listed[0].islower():
        return None
    if longest > 5 or "!" in listed or "?" in listed or ";" in listed:
        return 3.0
    return 3.0 if _FULL_STOP.fullmatch(listed[-5:]) else 0.0


def _cost_of_more_topics(text: str, layout: Layout) -> float | None:
    """Tell how odd a line is as one that goes on a list of topics; None where it is none."""
    cost = _cost_of_topics(text, layout)
    if cost is None or text[0].islower():
        return cost
    return cost + (4, 2, 1)[min(text.count(layout.topic_separator), 2)]


def _cost_at_first_look(text: str, words: list[str], page: Boilerplate) -> float | None:
    """Tell how odd a line is as boilerplate; None where that takes a second look."""
    straight = _straighten(text)
    plain = straight.lower()
    if page.whole.fullmatch(plain):
        return 0.0
    if len(words) > page.longest:
        return 9.0
    if _is_made_of_page_words(straight, page):
        return 0.0
    opening = page.opens.match(plain)
    if not opening or _looks_like_title(words):
        return None
    if page.tells.search(plain):
        return 9.0
    # "Subscribe" alone says nothing of a line that begins with it.
    is_page = any(word.end() > opening.end() for word in page.words.finditer(plain))
    return 0.0 if is_page else _OPENING


def _cost_at_second_look(text: str, page: Boilerplate) -> float:
    """Tell it of a line that does not begin like boilerplate, or looks like a title."""
    plain = _straighten(text).lower()
    if page.tells.search(plain):
        return 9.0
    if page.opens.match(plain):
        return _OPENING
    if page.words.search(plain):
        return _PAGE_WORD
    return 4.5 if len(text.split(" ")) <= 15 and not _ends_sentence(text) else 7.0


def _straighten(text: str) -> str:
    return text.replace("’", "").replace("'", "")


def _is_made_of_page_words(text: str, page: Boilerplate) -> bool:
    """Tell whether a line holds words of the page and none that only an article would use."""
    page_count, name_count = 0, 0
    first = _WORD.search(text)
    if first and (lower := first.group().lower()) not in page.page and lower not in page.plain:
        return False  # as most lines, and quick to tell
    for word in _WORD.findall(text):
        lower = word.lower()
        if lower in page.page:
            page_count += 1
        elif lower not in page.plain:
            name_count += 1
            if name_count > 4 or not word[0].isupper():
                return False
    page_count += len(_PRICE.findall(text))
    if name_count == 0:
        return page_count > 0
    return page_count > 1 and not _looks_like_title(text.split())


def _join_blocks(text: str, lines: _Lines, parts: list[Part]) -> tuple[_Lines, list[Part]]:
    """Join the lines of text that were one before they were wrapped, where no column told so.

    A dump of few wrapped lines has no column; once they are known as text, a block of them that
    looks wrapped is a paragraph.
    """
    below = [
        number
        for number, place in enumerate(lines.places)
        if number and place.is_empty
        if parts[number] is BODY is parts[number - 1]
    ]
    gone: set[int] = set()
    printed = list(lines.printed)
    for _, run in groupby(enumerate(below), lambda each: each[1] - each[0]):
        numbers = [number for _, number in run]
        block = range(numbers[0] - 1, numbers[-1] + 1)
        if _is_wrapped([lines.printed[number] for number in block]):
            first, last = block[0], block[-1]
            printed[first] = text[lines.starts[first] : lines.starts[last] + len(printed[last])]
            gone.update(numbers)
    if not gone:
        return lines, parts
    kept = [number not in gone for number in range(len(parts))]
    joined = (list(compress(values, kept)) for values in lines._replace(printed=printed))
    return _Lines(*joined), list(compress(parts, kept))  # type: ignore[arg-type]


def _is_wrapped(block: list[str]) -> bool:
    """Tell one paragraph that was wrapped at a column from lines that are paragraphs each."""
    *full, last = map(len, block)
    open_count = sum(not line.rstrip(_CLOSERS).endswith(_TERMINAL) for line in block[:-1])
    return (
        max(full) <= 100
        and min(full) >= 0.6 * max(full) >= 24
        and last <= max(full) + 5
        and open_count > 0.5 * len(full)
    )


def _assemble(text: str, lines: _Lines, parts: list[Part], layout: Layout) -> Split:
    """Put articles, spans and doubts together from the lines and their parts."""
    articles: list[Article] = []
    doubts: list[Doubt] = []
    printed, starts, _ = lines
    ends = list(map(add, starts, map(len, printed)))
    titles = [number for number, part in enumerate(parts) if part is TITLE]
    pieces: list[Span] = []
    for first, stop in pairwise([0, *titles, len(parts)]):
        behind = stop  # what belongs to no article stands at the end
        while behind > first and (parts[behind - 1] in _OUTSIDE or not titles):
            behind -= 1
        if first < behind:
            own = slice(first, behind)
            kinds = map(_KINDS.__getitem__, parts[own])
            pieces += map(make_span, zip(starts[own], ends[own], kinds, repeat(len(articles))))
            read = _read_article(parts[own], printed[own], starts[own], layout, doubts)
            articles.append(read)
        if behind < stop:
            kind = PREAMBLE if parts[behind] is PREAMBLE and titles else UNKNOWN
            pieces.append(Span(starts[behind], ends[stop - 1], kind.value, None))
            if kind is UNKNOWN:
                doubts.append(
                    _doubt_loose(printed[behind], starts[behind], is_behind=first < behind)
                )
    return Split(tuple(articles), tile(pieces, len(text)), tuple(doubts))


def _read_article(
    parts: list[Part], printed: list[str], starts: list[int], layout: Layout, doubts: list[Doubt]
) -> Article:
    """Read the article of some lines; note what is doubtful."""
    first = dict(zip(reversed(parts), reversed(printed), strict=True))
    told = date = None
    if DATE in first:
        told, start = squeeze(first[DATE]), starts[parts.index(DATE)]
        try:
            date = parse_date(told, where=f"character {start}", rules=layout.dates)
        except DateError as error:
            doubts.append(Doubt("bad_date", start, str(error)))
    body = [squeeze(line) for line, part in zip(printed, parts, strict=True) if part is BODY]
    return Article(
        title=squeeze(first[TITLE]),
        date=date,
        published_text=told,
        byline=squeeze(first[BYLINE]) if BYLINE in first else None,
        dateline=None,
        outlet=layout.outlet.value(squeeze(first[OUTLET])) if OUTLET in first else None,
        topics=tuple(_read_topics(parts, printed, layout)) if TOPICS in first else (),
        body="\n\n".join(body),
        start=starts[0],
        end=starts[-1] + len(printed[-1]),
    )


def _read_topics(parts: list[Part], printed: list[str], layout: Layout) -> Iterator[str]:
    lists: list[str] = []
    for line, part in zip(printed, parts, strict=True):
        if part is TOPICS:
            lists.append(layout.topics.value(squeeze(line)) or "")
        elif part is MORE_TOPICS:
            lists[-1] += f" {squeeze(line)}"
    for listed in lists:
        yield from filter(None, map(str.strip, listed.split(layout.topic_separator)))


def _doubt_loose(line: str, start: int, *, is_behind: bool) -> Doubt:
    """Doubt a stretch that is part of no article."""
    code, found = "no_article", "no title line"
    if is_behind:
        code, found = "unplaced", "text behind the last part of one"
    return Doubt(code, start, f"expected an article, found {found}: {excerpt(squeeze(line))}")
