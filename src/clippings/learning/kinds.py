"""Lines and their kinds: a rule of signs, a label, a date, the same words again, or plain text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

from clippings.dates import DateRules, is_date_line
from clippings.learning.days import cut_date, find_dateline, is_of_head

FEWEST = 4
"""What recurs less often is no rhythm."""
LONGEST_LINE = 400
"""Only so much of a line is looked at, in characters."""
NUMBER = "№"
"""Stands for any number in what recurs: "Document № of №"."""
_BULLETS = frozenset("•●▪◦‣■►▶")
_TITLE_WORDS = 24
"""No title has more words."""
_WHITE = " \t\v\u00a0\ufeff\x1c\x1d\x1e\x1f\x85\u2028\u2029\u3000\u2002\u2003\u2009"

TEXT_LINE = re.compile(r"[^\n\r\f]+")
DIGITS = re.compile(r"\d+")
_BREAK = re.compile(r"\r\n|[\n\r\f]")
_RULE = re.compile(r"(?:[^\w\s]|_)(?:[ \t]?(?:[^\w\s]|_)){2,}")  # "=====", "* * *", "-----"
TAG = re.compile(r"<(/?[A-Za-z][\w:.-]{0,30})(?: [^<>]{0,120})?/?>")  # "<headline>", "</doc>"
# "Headline: A title", "**Date:** 3 May 2019", "Medio..... X", "TITLE = x", "TI  - x", "@title x"
LABEL = re.compile(
    r"(?P<words>(?:[>|•]{1,2} )?\*{0,2}[^\W\d_][^:\t<>=\n]{0,40}?(?<=\S)\*{0,2})"
    r"(?P<sign> {0,16}:\*{0,2}(?=\s|$)|\t| {0,16}=(?=\s)| ?\.{3,40}:?(?=\s))"
    r"|(?P<code>[A-Z][A-Z0-9]{1,3})(?P<dash> {1,4}-(?=\s|$))"
    r"|(?P<at>[@\\.][^\W\d_][\w-]{1,20})(?=\s|$)"
)
# "[12] A title", "12.", "007 A title", "### 3. A title", "Article 3: A title"
NUMBERED = re.compile(
    r"((?:#{1,4} )?[^\w\s]{0,3}\d{1,7}[^\w\s]{1,3}|0\d{1,5}|\d{1,6}(?=\t|  )"
    r"|[^\W\d_]{3,12} \d{1,7}[:.])(?:\s+(?=\S)|$)"
)
# "# A title", "## [A title](https://example.org)"
SIGN = re.compile(r"([^\w\s“”‘’«„״׳'\"(\[…-]{1,6})\s{0,3}(?=\w|[“‘«„״'\"]|\[[^\[\]\n]+\]\()")
URL = re.compile(r"<?(?:https?://|www\.)[^\s<>]{3,380}>?")  # nothing else stands in its line
BY = re.compile(r"(?i:by|von|par|por|door)\s(?=[A-ZÀ-Þ])")  # "By Somebody", "Von Somebody"
_NAMES = re.compile(  # "Maya Nazari", "Jean-Paul van der Berg and Ali al-Attas"
    r"(?:[^\W\d_][\w'’.-]{0,24}[ ,]{1,2}){0,9}[^\W\d_][\w'’.-]{0,24}"
)
# "(c) Agency 2019", "© The Times. All rights reserved.", "Copyright 2019 Times Limited"
RIGHTS = re.compile(r"(?i:©|\(c\)|copyright\b|copr\.)[^\r\n]{0,200}")
STOP = re.compile(r"[.;,:][\"'”’»)\]]*$")


class Line(NamedTuple):
    """A line with words or signs in it.

    Attributes:
        start: Character offset of its first character that is no white space.
        end: Character offset behind the last such one.
        text: What stands between them, cut where it is very long.
        gap: Number of blank lines above it.
        kind: What it is like, such as "label:headline"; "free" for a few words that nothing tells,
            "para" for text.
        indent: Number of characters of white space before the first.
    """

    start: int
    end: int
    text: str
    gap: int
    kind: str
    indent: int = 0


def read_lines(text: str) -> Iterator[Line]:
    """Give the lines of a text that are not blank, their kinds unknown."""
    position = 0
    for match in TEXT_LINE.finditer(text):
        line = match.group()
        start = match.start() + len(line) - len(line.lstrip(_WHITE))
        end = match.end() - (len(line) - len(line.rstrip(_WHITE)))
        if start >= end:
            continue
        gap = max(0, len(_BREAK.findall(text, position, start)) - 1)
        words = text[start : min(end, start + LONGEST_LINE)]
        yield Line(start, end, words, gap, "", start - match.start())
        position = end


def find_kinds(lines: Sequence[Line], rules: DateRules) -> list[Line]:
    """Say of each line what it is like."""
    width = _find_width(lines)
    same = Counter(normal(line.text) for line in lines)
    exact = Counter(" ".join(line.text.split()) for line in lines)
    same.update({text: count for text, count in exact.items() if text not in same})
    known = _fall_back_rare(
        [line._replace(kind=_find_kind(line.text, same, rules)) for line in lines]
    )
    kinds: list[Line] = []
    for line, below in zip_longest(known, known[1:]):
        kind = line.kind
        if width:  # lines are cut at a column: this one may be of a paragraph
            above = kinds[-1] if kinds and line.gap == 0 else None
            is_below = above is not None and above.kind in ("para", "dateline")
            if above and is_below and fills(above.text, line.text, width):
                kind = "para"
            elif kind == "free":
                is_above = below and below.gap == 0 and _is_first_of(line, below, width)
                kind = "para" if is_below or is_above else kind
        kinds.append(line._replace(kind=kind))
    return _fall_back_rare(_join_values(kinds))


def _fall_back_rare(lines: Sequence[Line]) -> list[Line]:
    """Take labels, signs and the like that hardly recur for text: "The minister said: ..."."""
    counts = Counter(line.kind for line in lines)
    return [
        line._replace(kind=_fall_back(line.text))
        if line.kind.startswith(("label:", "num:", "sign:", "tag:")) and counts[line.kind] < FEWEST
        else line
        for line in lines
    ]


def _find_width(lines: Sequence[Line]) -> int | None:
    """Find the column at which the lines of a dump are cut; None where they are not."""
    lengths = sorted(len(line.text) for line in lines)
    if not lengths:
        return None
    width = lengths[int(0.97 * (len(lengths) - 1))]
    near = sum(width - 14 <= length <= width for length in lengths)
    return width if 40 <= width <= 110 and near >= 0.3 * len(lengths) else None


def fills(line: str, below: str, width: int) -> bool:
    """Tell whether the first word of the line below had no room in a line."""
    return len(line) + 1 + len(below.split(None, 1)[0]) >= width - 2


def _is_first_of(line: Line, below: Line, width: int) -> bool:
    """Tell whether a line goes on in the next; the first one of a paragraph may be indented."""
    return fills(line.text, below.text, width - max(0, line.indent - below.indent))


_NO_VALUE = ("para", "dateline", "label:", "tag:", "rule:")


def _join_values(lines: Sequence[Line]) -> list[Line]:
    """Take a label and the value below it as one line, where a label has its values there."""
    empty = Counter[str]()
    for line, below in pairwise(lines):
        if line.kind.startswith("label:") and not value_of(line):
            empty[line.kind] += below.gap == 0 and not below.kind.startswith(_NO_VALUE)
    counts = Counter(line.kind for line in lines)
    joined: list[Line] = []
    for line in lines:
        above = joined[-1] if joined else None
        if (
            above is not None
            and line.gap == 0
            and not line.kind.startswith(_NO_VALUE)
            and empty[above.kind] >= max(FEWEST, 0.7 * counts[above.kind])
            and not value_of(above)
        ):
            joined[-1] = above._replace(text=f"{above.text}\n{line.text}", end=line.end)
        else:
            joined.append(line)
    return joined


def normal(text: str) -> str:
    """Bring a line to the form in which it may recur: any number alike, single spaces."""
    return DIGITS.sub(NUMBER, " ".join(text.split()))


def _find_kind(text: str, same: Mapping[str, int], rules: DateRules) -> str:
    if _RULE.fullmatch(text):
        signs = "".join(text.split())
        return f"rule:{signs[:3]}{len(signs)}" if len(set(signs)) <= 2 else f"rule:{signs[:40]}"
    if URL.fullmatch(text):
        return "url"
    if match := TAG.match(text):
        return f"tag:{match[1].lower()}"
    if (match := LABEL.match(text)) and not NUMBERED.match(text):
        words = (match["code"] or match["at"] or normal(match["words"])).strip("* ").lower()
        if len(words.split()) <= 4 and match["at"] != text:
            return f"label:{words}"
    if len(text) > 4 and is_date_line(text, rules):
        return "date"
    if RIGHTS.fullmatch(text):
        return "rights"
    is_short = len(text) <= 200
    same_text, words = normal(text), " ".join(text.split())
    if is_short and same[words] >= max(FEWEST, 0.9 * same[same_text]):
        return f"same:{words}"
    if is_short and (match := NUMBERED.match(text)):
        return f"num:{normal(match[1])}"
    if is_short and (match := SIGN.match(text)) and match[1] in _BULLETS:
        return f"sign:{match[1]}"
    cut = cut_date(text, rules)
    if cut and is_of_head(text, cut):
        return "date"
    if not cut and is_short and same[same_text] >= FEWEST:
        return f"same:{same_text}"
    if is_short and (match := SIGN.match(text)) and match[1] not in "-–—*":
        return f"sign:{match[1]}"
    if not cut and is_byline(text):
        return "by"
    return "dateline" if find_dateline(text, rules) else _fall_back(text)


def _fall_back(text: str) -> str:
    return "free" if is_title_like(text) else "para"


def is_title_like(text: str) -> bool:
    """Tell whether a line may be a title: of few words, without a full stop."""
    return (
        len(text) <= 200
        and len(text.split()) <= _TITLE_WORDS
        and not STOP.search(text)
        and any(char.isalpha() for char in text)
        and URL.match(text) is None
    )


def is_upper(text: str) -> bool:
    """Tell whether a line is written in capitals; Hebrew and Arabic have none.

    >>> is_upper("THE FERRY IS 3 DAYS LATE"), is_upper("Ferries"), is_upper("המגדלור הישן")
    (True, False, False)
    """
    return sum(map(str.isupper, text)) >= 4 and not any(map(str.islower, text))


def is_byline(text: str) -> bool:
    """Tell whether a line says who wrote: "By Maya Nazari"."""
    match = BY.match(text)
    return match is not None and len(text) <= 100 and is_names(text[match.end() :])


def is_names(text: str) -> bool:
    """Tell whether words look like names of persons: few, nearly all with a capital."""
    words = text.split()
    return (
        1 <= len(words) <= 10
        and _NAMES.fullmatch(text.rstrip(" .,")) is not None
        and sum(word[:1].isupper() for word in words) >= 0.6 * len(words)
    )


def is_rule(kind: str) -> bool:
    """Tell whether a line may stand between two articles and tell nothing of them."""
    return kind.startswith(("rule:", "tag:/", "rights")) or (
        kind.startswith("same:") and NUMBER not in kind
    )


def value_of(line: Line) -> str:
    """Give what stands behind the label, tag, number or sign that opens a line."""
    opening = {"label": LABEL, "tag": TAG, "num": NUMBERED, "sign": SIGN}
    pattern = opening.get(line.kind.partition(":")[0])
    match = pattern.match(line.text) if pattern else None
    value = line.text[match.end() :] if match else line.text
    return (value.partition("</")[0] if pattern is TAG else value).strip()
