"""Kinds of lines: what a line by itself can be read as, and at which cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import repeat

from clippings.dates import LONGEST, is_date_line
from clippings.layouts.layout import Layout
from clippings.reading.page import PAGE_WORD, cost_at_first_look, cost_at_second_look
from clippings.reading.words import capital_share, ends_sentence, is_terminal


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
_KINDS_KEPT = 1 << 12
_NO_TITLE = 10.0
"""From this cost on a line is no title, whatever stands around it."""
_LONGEST_TITLE = 250
"""In characters."""
_FULL_STOP = re.compile(r"\w{4}\.")  # "said." but not "U.S."


@dataclass(frozen=True, eq=False, slots=True)
class Kind:
    """What a line by itself says; lines that say the same share one.

    Attributes:
        readings: What it can be read as, and at which cost.
        hangs: Whether it goes on in the next line: "More about: Iran," and "More about:".
        is_open: Whether it may cost more as boilerplate than `readings` says.
    """

    readings: Mapping[Part, float]
    hangs: bool
    is_open: bool


def find_paragraph(line: str, layout: Layout) -> Kind:
    """Tell the kind of a line that is too long for anything but a paragraph."""
    return _PARAGRAPHS[_goes_on(line, layout)]


def find_kind(text: str, layout: Layout, *, is_repeated: bool, is_close: bool) -> Kind:
    """Tell the kind of a line.

    Args:
        text: The line in canonical form, not too long for a title.
        layout: The form of the dump.
        is_repeated: Whether it stands in the dump often.
        is_close: Whether it stands right below another line anywhere.

    Returns:
        What it can be read as in each of its places.
    """
    word_count = text.count(" ") + 1
    page = layout.boilerplate
    is_short = len(text) <= _LONGEST_TITLE or word_count <= page.longest
    share = capital_share(text.split(" ")) if is_short else 0.0
    title = _cost_of_title(text, word_count, share)
    hangs, has_author = _goes_on(text, layout), False
    name = listed = outlet = topics = more_topics = boilerplate = None
    if text[0] not in layout.labelled.not_initials and layout.labelled.pattern.match(text):
        name, listed = layout.outlet.value(text), layout.topics.value(text)
        hangs = hangs or listed == ""
        has_author = is_byline(text, word_count, layout)
    is_date = len(text) <= LONGEST and is_date_line(text, layout.dates)
    if not is_date:
        if name is not None:
            outlet = _cost_of_outlet(name)
        if listed is not None:
            topics = cost_of_topics(listed, layout)
        elif is_close and name is None:
            more_topics = _cost_of_more_topics(text, layout)
        if outlet is None and topics is None:
            is_title = word_count >= 4 and share >= 0.8
            boilerplate = cost_at_first_look(text, word_count, is_title, page)
            if boilerplate is None and is_repeated:
                boilerplate = cost_at_second_look(text, page)
    return _make_kind(
        title,
        _cost_of_body(text, word_count, title),
        min(word_count, 26),
        hangs,
        is_date,
        outlet,
        topics,
        more_topics,
        has_author,
        boilerplate,
        is_repeated,
    )


def _goes_on(line: str, layout: Layout) -> bool:
    return line.endswith((layout.topic_separator, "&"))


@lru_cache(maxsize=_KINDS_KEPT)
def _make_kind(
    title: float,
    body: float,
    word_count: int,
    hangs: bool,
    is_date: bool,
    outlet: float | None,
    topics: float | None,
    more_topics: float | None,
    is_byline: bool,
    page: float | None,
    is_repeated: bool,
) -> Kind:
    """Put together all that the kind of a line hangs on; costs are None where it is not that part.

    Args:
        title: Cost as title by its look, of whatever size.
        body: The same as body.
        word_count: Number of words; more than 26 are 26.
        hangs: Whether it goes on in the next line.
        is_date: Whether it is a date line, and so none of what follows.
        outlet: Cost as outlet.
        topics: Cost as list of topics.
        more_topics: Cost as what goes on a list of topics.
        is_byline: Whether it is a byline.
        page: Cost as boilerplate; None where that takes a second look.
        is_repeated: Whether it stands in the dump often.
    """
    readings = {
        BODY: body,
        PREAMBLE: 3.0 if word_count > 25 or (title == 0 and word_count > 3) else 0.0,
        UNKNOWN: 0.0,
    }
    if title < _NO_TITLE:
        readings[TITLE] = title
    if is_date:
        readings |= {DATE: 0.0, TITLE: title + 5, BODY: 10.0, PREAMBLE: 4.0}
        return _kind(tuple(readings.items()), hangs, False)
    if outlet is not None:
        readings |= {OUTLET: outlet, BODY: 8 - outlet, TITLE: title + 12}
    if topics is not None:
        readings |= {TOPICS: topics, BODY: 10 - 2 * topics, TITLE: title + 12}
    if more_topics is not None:
        readings[MORE_TOPICS] = more_topics
    if is_byline:
        readings[BYLINE] = 0.0
    is_open = False
    if outlet is None and topics is None:
        is_open = page is None
        readings[BOILERPLATE] = cost = PAGE_WORD if page is None else page
        if cost == 0:
            readings[BODY] += 6
            readings[TITLE] = title + (2 if title == 0 and word_count > 2 else 5)
            readings[PREAMBLE] = 2.0
        elif is_repeated and cost <= 5:
            readings[BOILERPLATE] = cost / 4
            readings[BODY] += 3
    return _kind(tuple(readings.items()), hangs, is_open)


def look_again(text: str, kind: Kind, layout: Layout) -> Kind:
    """Settle what a line of an open kind costs as boilerplate."""
    cost = cost_at_second_look(text, layout.boilerplate)
    return _kind(tuple({**kind.readings, BOILERPLATE: cost}.items()), kind.hangs, False)


@lru_cache(maxsize=_KINDS_KEPT)
def _kind(readings: tuple[tuple[Part, float], ...], hangs: bool, is_open: bool) -> Kind:
    return Kind(dict(readings), hangs, is_open)


_PARAGRAPHS = tuple(
    _kind(((BODY, 0.0), (PREAMBLE, 3.0), (UNKNOWN, 0.0)), hangs, False) for hangs in (False, True)
)


def is_byline(text: str, word_count: int, layout: Layout) -> bool:
    """Tell whether a line names an author and no more."""
    name = layout.byline.value(text)
    return (
        name is not None
        and name != ""
        and word_count <= 8
        and capital_share(name.split()) == 1
        and not is_terminal(text)
    )


def _cost_of_title(text: str, word_count: int, share: float) -> float:
    cost = 0.0
    if ends_sentence(text):
        cost += 4
    if text[0].islower():
        cost += 4
    cost += 6 if word_count > 25 else 1.5 if word_count < 2 else 0
    if cost >= _NO_TITLE or len(text) > _LONGEST_TITLE:
        return _NO_TITLE
    return cost + (0 if share >= 0.8 else 1 if share >= 0.5 and word_count <= 18 else 2)


def _cost_of_body(text: str, word_count: int, title: float) -> float:
    """A paragraph may be anything, but hardly ever a line that looks just like a title."""
    if word_count > 25 or (title > 0 and text.endswith(("?", "!"))):
        return 0.0
    if title <= 1:
        return (9.0 if word_count >= 4 else 7.5 if word_count == 3 else 2.5) - 3 * title
    return 3.5 if 3 <= word_count <= 18 and not is_terminal(text) else 0.0


def _cost_of_outlet(name: str) -> float | None:
    """Tell how odd a name is as that of an outlet; None where it is none."""
    words = name.split()
    count, share = len(words), capital_share(words)
    if (
        not 0 < count <= 10
        or re.search(r";|[a-z]{4}[.!?] |[!?].", name)
        or ("," in name and (share < 0.75 or count > 7))
    ):
        return None
    is_sentence = ends_sentence(name) and (share < 1 or count > 4)
    is_name = share >= 0.5 and not name.removeprefix("the ")[:1].islower()
    if count <= 8 and not is_sentence and (is_name or re.search(r"\w\.\w", name)):
        return 0.0
    return 3.0 if count <= 4 and not is_sentence else None


def cost_of_topics(listed: str, layout: Layout) -> float | None:
    """Tell how odd a text is as a list of topics; None where it is none."""
    topics = map(str.strip, listed.split(layout.topic_separator))
    longest = max(map(str.count, topics, repeat(" "))) + 1
    if longest > 7:
        return None
    if longest > 4 and listed[0].islower():
        return None
    if longest > 5 or "!" in listed or "?" in listed or ";" in listed:
        return 3.0
    return 3.0 if _FULL_STOP.fullmatch(listed[-5:]) else 0.0


def _cost_of_more_topics(text: str, layout: Layout) -> float | None:
    """Tell how odd a line is as one that goes on a list of topics; None where it is none."""
    cost = cost_of_topics(text, layout)
    if cost is None or text[0].islower():
        return cost
    return cost + (4, 2, 1)[min(text.count(layout.topic_separator), 2)]
