"""Unmarked dumps: the cheapest reading of all lines together.

Each line of a dump can be read as one or more parts of an article (title, date, body, ...), each
reading at a cost; so can each step from one part to the next. The cheapest reading of all lines
together is taken (Viterbi's algorithm, linear in the lines). So no single missing or odd line
decides: a title without a date is found by the footer before it, a date line in a body is body
because no title stands above it.

Costs are in one unit, about "one odd thing": 0 is what the layout says, 10 is next to impossible.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from clippings.articles import Article, Doubt, Span, Split, squeeze
from clippings.dates import PrintedDate, is_date_line, parse_date
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


_START = "start"
_STEPS: dict[str, dict[Part, float]] = {
    _START: {Part.PREAMBLE: 3, Part.TITLE: 0},
    Part.PREAMBLE: {Part.PREAMBLE: 2, Part.TITLE: 0},
    Part.TITLE: {
        Part.BYLINE: 1,
        Part.DATE: 0,
        Part.BODY: 3,
        Part.BOILERPLATE: 6,
        Part.OUTLET: 6,
        Part.TOPICS: 6,
        Part.TITLE: 9,
    },
    Part.BYLINE: {Part.DATE: 0, Part.BODY: 2},
    Part.DATE: {
        Part.BYLINE: 1,
        Part.BODY: 0,
        Part.BOILERPLATE: 3,
        Part.OUTLET: 4,
        Part.TOPICS: 4,
        Part.TITLE: 7,
    },
    Part.BODY: {
        Part.BODY: 0,
        Part.BOILERPLATE: 0,
        Part.OUTLET: 0,
        Part.TOPICS: 0,
        Part.TITLE: 4,
    },
    Part.BOILERPLATE: {
        Part.BOILERPLATE: 0,
        Part.OUTLET: 0,
        Part.TOPICS: 0,
        Part.TITLE: 2,
        Part.BODY: 5,
        Part.UNKNOWN: 10,
    },
    Part.OUTLET: {
        Part.TOPICS: 0,
        Part.BOILERPLATE: 0.5,
        Part.TITLE: 1,
        Part.OUTLET: 8,
        Part.UNKNOWN: 10,
        Part.BODY: 10,
    },
    Part.TOPICS: {
        Part.MORE_TOPICS: 0,
        Part.TITLE: 0,
        Part.OUTLET: 0.5,
        Part.BOILERPLATE: 0.5,
        Part.UNKNOWN: 10,
        Part.BODY: 10,
    },
    Part.MORE_TOPICS: {
        Part.MORE_TOPICS: 1,
        Part.TITLE: 0,
        Part.OUTLET: 0.5,
        Part.BOILERPLATE: 0.5,
        Part.UNKNOWN: 10,
        Part.BODY: 10,
    },
    Part.UNKNOWN: {Part.UNKNOWN: 2, Part.TITLE: 0},
}
_LAST: dict[str, float] = {Part.PREAMBLE: 10, Part.TITLE: 8, Part.BYLINE: 8, Part.DATE: 6}
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

_NO_TITLE = 10.0
"""From this cost on a line is no title, whatever stands around it."""
_LONG = 400
"""A line of that many characters is a paragraph: no title, label or paywall line is as long."""
_PARAGRAPH = {Part.BODY: 0.0, Part.PREAMBLE: 3.0, Part.UNKNOWN: 0.0}
_LINE = re.compile(r"[^\n\r\f]+")
_PRICE = re.compile(r"[$€£] ?\d")
_BLANK = re.compile(r"[\s\ufeff]*")  # files that were joined bring byte order marks along
_TERMINAL = re.compile(r"[.!?:;,…][\"'”’»)\]]*$")
_SENTENCE_END = re.compile(r"(?<!\b\w)(?<!\.\w)[.:;,…][\"'”’»)\]]*$")  # "the war." but not "U.S."
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SMALL = frozenset(
    "a an and as at but by for from in into is its nor not of off on or over per so than that "
    "the their then to up upon via vs was with yet al el de la le der den van von bin ibn ben "
    "about above across after against along amid among around because before behind below "
    "beneath beside between beyond during if inside like near once onto out outside since "
    "through till toward towards under underneath unlike until when while within without".split()
)


class Line(NamedTuple):
    """One line with words in it.

    Attributes:
        start: Character offset of its first character that is no white space.
        end: Character offset behind its last such character.
        gap: Blank lines before it.
        is_ruled: Whether a rule or form feed stands between it and the line before.
    """

    start: int
    end: int
    gap: int
    is_ruled: bool


def read_lines(text: str, layout: Layout) -> Split:
    """Split the text of a dump whose articles are told apart by what their lines look like.

    Args:
        text: The whole text of a dump.
        layout: The form it has.

    Returns:
        Articles in order, spans that tile `text` exactly, and doubts.
    """
    lines = list(_find_lines(text, layout))
    parts = _cheapest_reading(text, lines, layout)
    return _Assembly(text, layout).assemble(lines, parts)


def _find_lines(text: str, layout: Layout) -> Iterator[Line]:
    previous_end, is_ruled = 0, False
    for chunk in _LINE.finditer(text):
        blank = _BLANK.match(text, chunk.start(), chunk.end())
        start = blank.end() if blank else chunk.start()
        line = text[start : chunk.end()].rstrip()
        if not line:
            continue
        end = start + len(line)
        if len(line) < _LONG and layout.separator.fullmatch(squeeze(line)):
            is_ruled = True
            continue
        breaks, has_form_feed = _count_breaks(text[previous_end:start])
        yield Line(start, end, max(0, breaks - 1), is_ruled or has_form_feed)
        previous_end, is_ruled = end, False


@lru_cache(maxsize=1024)
def _count_breaks(between: str) -> tuple[int, bool]:
    """Count the line ends between two lines, and tell whether there is a form feed."""
    breaks = between.count("\n") + between.count("\r") - between.count("\r\n")
    return breaks, "\f" in between


def _cheapest_reading(text: str, lines: list[Line], layout: Layout) -> list[Part]:
    """Give every line its part, so that all readings and steps together cost least."""
    if not lines:
        return []
    usual_gap = Counter(line.gap for line in lines).most_common(1)[0][0]
    counts = Counter(text[line.start : line.end] for line in lines if _is_short(line))
    costs: dict[str, float] = {_START: 0.0}
    trail: list[bytes] = []  # for each line and part the part before, by number
    hangs = False
    for line in lines:
        reached: dict[str, float] = {}
        came_from = bytearray(len(_NUMBERS))
        width = (line.gap > usual_gap) - 0.25 * (line.gap < usual_gap)
        printed = text[line.start : line.end]
        for part, cost in _readings(printed, layout, counts[printed] >= _OFTEN).items():
            if part is Part.TITLE:
                cost -= _RULE_HERE * line.is_ruled + _WIDE_GAP * width
            elif part is Part.MORE_TOPICS and line.gap > 0:
                continue
            else:
                cost += _RULE_HERE * line.is_ruled
            if part is Part.BODY and cost > 0 and width > 0:
                cost += _WIDE_GAP
            if hangs and line.gap == 0:
                cost += {Part.TITLE: 6, Part.MORE_TOPICS: -2}.get(part, 0)
            steps = _STEPS_TO[part]
            ways = [
                (so_far + steps[before], before)
                for before, so_far in costs.items()
                if before in steps
            ]
            if ways:
                best, before = min(ways)
                reached[part] = best + cost
                came_from[_NUMBERS[part]] = _NUMBERS[before]
        # "More about: Iran," and "More about:" go on in the next line.
        hangs = printed.endswith((layout.topic_separator, "&")) or (
            layout.topics.value(printed) == ""
        )
        costs = reached
        trail.append(bytes(came_from))
    last = min(costs, key=lambda part: costs[part] + _LAST.get(part, 0))
    parts = [Part(last)]
    for step in reversed(trail[1:]):
        parts.append(_PARTS[step[_NUMBERS[parts[-1]]]])
    return parts[::-1]


def _is_short(line: Line) -> bool:
    return line.end - line.start < _LONG


def _readings(line: str, layout: Layout, is_repeated: bool) -> dict[Part, float]:
    """Tell what a line by itself can be read as, and at which cost."""
    if len(line) >= _LONG:
        return _PARAGRAPH
    words = line.split()
    text = " ".join(words)
    title = _cost_of_title(text, words)
    readings = {
        Part.BODY: _cost_of_body(text, words, title),
        Part.PREAMBLE: 3.0 if len(words) > 25 or (title == 0 and len(words) > 3) else 0.0,
        Part.UNKNOWN: 0.0,
    }
    if title < _NO_TITLE:
        readings[Part.TITLE] = title
    if is_date_line(text):
        readings |= {Part.DATE: 0.0, Part.TITLE: title + 5, Part.BODY: 10.0, Part.PREAMBLE: 4.0}
        return readings
    outlet = layout.outlet.value(text)
    if outlet is not None and (cost := _cost_of_outlet(outlet)) is not None:
        readings |= {Part.OUTLET: cost, Part.BODY: 8 - cost, Part.TITLE: title + 12}
    topics = layout.topics.value(text)
    if topics is not None and (cost := _cost_of_topics(topics, layout)) is not None:
        readings |= {Part.TOPICS: cost, Part.BODY: 10 - 2 * cost, Part.TITLE: title + 12}
    elif outlet is None and (cost := _cost_of_topics(text, layout)) is not None:
        count = text.count(layout.topic_separator)
        readings[Part.MORE_TOPICS] = cost + (0 if text[0].islower() else (4, 2, 1)[min(count, 2)])
    byline = layout.byline.value(text)
    if byline and len(words) <= 8 and _is_capitalised(byline) and not _TERMINAL.search(text):
        readings[Part.BYLINE] = 0.0
    if Part.OUTLET in readings or Part.TOPICS in readings:
        return readings
    readings[Part.BOILERPLATE] = cost = _cost_of_boilerplate(text, words, layout)
    if cost == 0:
        readings[Part.BODY] = readings[Part.BODY] + 6
        readings[Part.TITLE] = title + (2 if title == 0 and len(words) > 2 else 5)
        readings[Part.PREAMBLE] = 2.0
    elif is_repeated and cost <= 5:
        readings[Part.BOILERPLATE] = cost / 4
        readings[Part.BODY] = readings[Part.BODY] + 3
    return readings


def _cost_of_title(text: str, words: list[str]) -> float:
    cost = 0.0
    if _SENTENCE_END.search(text):
        cost += 4
    if text[0].islower():
        cost += 4
    cost += 6 if len(words) > 25 else 1.5 if len(words) < 2 else 0
    if cost >= _NO_TITLE or len(text) > 250:
        return _NO_TITLE
    share = _capital_share(text)
    return cost + (0 if share >= 0.8 else 1 if share >= 0.5 and len(words) <= 18 else 2)


def _cost_of_body(text: str, words: list[str], title: float) -> float:
    """A paragraph may be anything, but hardly ever a line that looks just like a title."""
    if len(words) > 25 or (title > 0 and text.endswith(("?", "!"))):
        return 0.0
    if title <= 1:
        return (9.0 if len(words) >= 4 else 7.5 if len(words) == 3 else 2.5) - 3 * title
    return 3.5 if 3 <= len(words) <= 18 and not _TERMINAL.search(text) else 0.0


def _looks_like_title(text: str, words: list[str]) -> bool:
    return len(words) >= 4 and _capital_share(text) >= 0.8


def _capital_share(text: str) -> float:
    """Share of the words that a headline would capitalise which are capitalised."""
    big = [word for word in _WORD.findall(text) if word.lower() not in _SMALL]
    return sum(word[0].isupper() for word in big) / len(big) if big else 0.0


def _is_capitalised(text: str) -> bool:
    return _capital_share(text) == 1.0


def _cost_of_outlet(name: str) -> float | None:
    """Tell how odd a name is as that of an outlet; None where it is none."""
    count = len(name.split())
    share = _capital_share(name)
    if (
        not 0 < count <= 10
        or re.search(r";|[a-z]{4}[.!?] |[!?].", name)
        or ("," in name and (share < 0.75 or count > 7))
    ):
        return None
    is_sentence = _SENTENCE_END.search(name) is not None and (share < 1 or count > 4)
    is_name = share >= 0.5 and not name.removeprefix("the ")[:1].islower()
    if count <= 8 and not is_sentence and (is_name or re.search(r"\w\.\w", name)):
        return 0.0
    return 3.0 if count <= 4 and not is_sentence else None


def _cost_of_topics(listed: str, layout: Layout) -> float | None:
    """Tell how odd a text is as a list of topics; None where it is none."""
    topics = [topic for topic in listed.split(layout.topic_separator) if topic.strip()]
    longest = max((len(topic.split()) for topic in topics), default=0)
    if longest > 7 or (longest > 4 and listed[0].islower()):
        return None
    return 3.0 if longest > 5 or re.search(r"[!?;]|\w{4}\.$", listed) else 0.0


def _cost_of_boilerplate(text: str, words: list[str], layout: Layout) -> float:
    page = layout.boilerplate
    straight = text.replace("’", "").replace("'", "")
    plain = straight.lower()
    if page.whole.fullmatch(plain):
        return 0.0
    if len(words) > page.longest:
        return 9.0
    if _is_made_of_page_words(straight, page):
        return 0.0
    if page.tells.search(plain):
        return 9.0
    if opening := page.opens.match(plain):
        # "Subscribe" alone says nothing of a line that begins with it.
        is_page = any(word.end() > opening.end() for word in page.words.finditer(plain))
        return 0.0 if is_page and not _looks_like_title(text, words) else 3.5
    if page.words.search(plain):
        return 2.5
    return 4.5 if len(words) <= 15 and not _SENTENCE_END.search(text) else 7.0


def _is_made_of_page_words(text: str, page: Boilerplate) -> bool:
    """Tell whether a line holds words of the page and none that only an article would use."""
    page_count, name_count = len(_PRICE.findall(text)), 0
    for number, word in enumerate(_WORD.findall(text)):
        lower = word.lower()
        if lower in page.page:
            page_count += 1
        elif lower not in page.plain:
            if number == 0 or not word[0].isupper():
                return False
            name_count += 1
    if name_count == 0:
        return page_count > 0
    return page_count > 1 and name_count <= 4 and not _looks_like_title(text, text.split())


class _Assembly:
    """Puts the articles, spans and doubts of one dump together from its lines and their parts."""

    def __init__(self, text: str, layout: Layout) -> None:
        self.text = text
        self.layout = layout
        self.articles: list[Article] = []
        self.pieces: list[Span] = []
        self.doubts: list[Doubt] = []

    def assemble(self, lines: list[Line], parts: list[Part]) -> Split:
        if Part.TITLE not in parts:
            parts = [Part.UNKNOWN] * len(lines)
        starts = [i for i, part in enumerate(parts) if part is Part.TITLE]
        for start, stop in pairwise([0, *starts, len(lines)]):
            if stop > start:
                self._take(lines[start:stop], parts[start:stop])
        return Split(tuple(self.articles), tuple(self._tile()), tuple(self.doubts))

    def _take(self, lines: list[Line], parts: list[Part]) -> None:
        """Take one article, or what stands before the first, and what belongs to none behind it."""
        outside = (Part.PREAMBLE, Part.UNKNOWN)
        inside = [
            (line, part) for line, part in zip(lines, parts, strict=True) if part not in outside
        ]
        if inside:
            self._take_article(inside)
        loose = [(line, part) for line, part in zip(lines, parts, strict=True) if part in outside]
        if not loose:
            return
        start, end, kind = loose[0][0].start, loose[-1][0].end, loose[0][1]
        self.pieces.append(Span(start, end, kind, None))
        if kind is Part.UNKNOWN:
            first = squeeze(self.text[start : loose[0][0].end])
            code, found = "no_article", "no title line"
            if inside:
                code, found = "unplaced", "text behind the last part of one"
            self.doubts.append(
                Doubt(code, start, f"expected an article, found {found}: {_quote(first)}")
            )

    def _take_article(self, inside: list[tuple[Line, Part]]) -> None:
        values: dict[Part, list[str]] = {part: [] for part in Part}
        index = len(self.articles)
        paragraphs = list(_paragraphs(self.text, inside))
        for start, end, part in paragraphs:
            values[part].append(squeeze(self.text[start:end]))
            kind = "topics" if part is Part.MORE_TOPICS else part.value
            self.pieces.append(Span(start, end, kind, index))
        published_text = values[Part.DATE][0] if values[Part.DATE] else None
        start = inside[0][0].start
        outlet = [self.layout.outlet.value(text) for text in values[Part.OUTLET]]
        self.articles.append(
            Article(
                title=values[Part.TITLE][0],
                date=self._read_date(published_text, paragraphs),
                published_text=published_text,
                byline=values[Part.BYLINE][0] if values[Part.BYLINE] else None,
                dateline=None,
                outlet=outlet[0] if outlet else None,
                topics=tuple(self._read_topics(paragraphs)),
                body="\n\n".join(values[Part.BODY]),
                start=start,
                end=inside[-1][0].end,
            )
        )

    def _read_topics(self, paragraphs: list[tuple[int, int, Part]]) -> Iterator[str]:
        lists: list[str] = []
        for start, end, part in paragraphs:
            line = squeeze(self.text[start:end])
            if part is Part.TOPICS:
                lists.append(self.layout.topics.value(line) or "")
            elif part is Part.MORE_TOPICS:
                lists[-1] += f" {line}"
        for listed in lists:
            yield from filter(None, map(str.strip, listed.split(self.layout.topic_separator)))

    def _read_date(
        self, printed: str | None, paragraphs: list[tuple[int, int, Part]]
    ) -> PrintedDate | None:
        if printed is None:
            return None
        start = next(start for start, _, part in paragraphs if part is Part.DATE)
        try:
            return parse_date(printed, where=f"character {start}")
        except DateError as error:
            self.doubts.append(Doubt("bad_date", start, str(error)))
            return None

    def _tile(self) -> Iterator[Span]:
        """Fill the stretches between the pieces with separators."""
        position, before = 0, None
        for piece in sorted(self.pieces, key=lambda span: span.start):
            if piece.start > position:
                article = piece.article if piece.article == before else None
                yield Span(position, piece.start, "separator", article)
            yield piece
            position, before = piece.end, piece.article
        if position < len(self.text):
            yield Span(position, len(self.text), "separator", None)


def _paragraphs(text: str, inside: list[tuple[Line, Part]]) -> Iterator[tuple[int, int, Part]]:
    """Join the lines of hard-wrapped paragraphs; every other line is a paragraph of its own.

    Yields:
        Start, end (character offsets) and part.
    """
    block: list[Line] = []
    for line, part in inside:
        if part is Part.BODY and block and line.gap == 0 and not line.is_ruled:
            block.append(line)
            continue
        yield from _unwrap(text, block)
        block = []
        if part is Part.BODY:
            block = [line]
        else:
            yield line.start, line.end, part
    yield from _unwrap(text, block)


def _unwrap(text: str, block: list[Line]) -> Iterator[tuple[int, int, Part]]:
    """Tell paragraphs of one line each from one paragraph that was wrapped at a column."""
    widths = [line.end - line.start for line in block]
    is_wrapped = (
        len(block) > 1
        and max(widths) <= 100
        and min(widths[:-1]) >= 0.6 * max(widths[:-1]) >= 24
        and widths[-1] <= max(widths[:-1]) + 5
        and sum(not _TERMINAL.search(text[line.start : line.end]) for line in block[:-1])
        > 0.5 * len(widths[:-1])
    )
    if is_wrapped:
        yield block[0].start, block[-1].end, Part.BODY
        return
    for line in block:
        yield line.start, line.end, Part.BODY


def _quote(text: str, limit: int = 60) -> str:
    return f'"{text}"' if len(text) <= limit else f'"{text[:limit]}…"'
