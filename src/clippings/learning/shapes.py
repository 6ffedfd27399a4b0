"""The lines above the texts of all articles, laid over each other -> the lines of a usual head."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from statistics import mean
from typing import NamedTuple

from clippings.dates import DateRules
from clippings.learning.date_lines import titles_beside
from clippings.learning.days import cut_date
from clippings.learning.expressions import ANY_VALUE, NAMED
from clippings.learning.kinds import FEWEST, Line, fills, is_names, value_of
from clippings.learning.parts import find_source, find_title, guess_line, part_of_label
from clippings.learning.patterns import write_line

USUAL = 0.5
"""A line belongs to the head where at least this share of the articles has it."""
SOMETIMES = 0.25
"""A label or a line of the page is known where this share of the articles has it."""
HEAD = 14
"""No head has more lines."""

# How the pattern of a label with a colon ends: "(?i:date):[ \t]*(?P<date>[^\r\n]{0,300})"
_COLON = re.compile(
    r"\):\[ \\t\]\*\(\?P<\w+>\[\^\\r\\n\]\{0,300\}\)$|\):\[ \\t\]\*\[\^\\r\\n\]\{0,300\}$"
)

_SELDOM = 0.1
"""And a second date where this share has one: "Updated 3 May 2019"."""
_FIELDS = r"[ \t]*(?:"
"""What stands between a label and a date with fields beside it."""

Row = tuple[str, list[Line]]
"""A line of the head: its kind, and the lines of all articles that have it."""


class Item(NamedTuple):
    """A line of the head, as most articles have it.

    Attributes:
        kind: What the line is like; "free" where only its place tells.
        share: Share of the articles that have it.
        gap: Most blank lines seen above it.
        pattern: Matches the line; its groups are parts.
    """

    kind: str
    share: float
    gap: int
    pattern: str

    @property
    def plain(self) -> str:
        """The pattern without the names of its groups."""
        return NAMED.sub("(?:", self.pattern)

    @property
    def sight(self) -> str:
        """What is enough of the pattern to know the line: a label without its value."""
        if self.kind.startswith(("label:", "tag:")):
            opening, fields, _ = self.pattern.partition(_FIELDS)
            if fields:
                return opening + _FIELDS.removesuffix("(?:")
            return opening.partition("(?P<")[0].removesuffix('"?').removesuffix(ANY_VALUE)
        return self.plain

    @property
    def is_anchor(self) -> bool:
        """Whether the line is known by what it looks like."""
        return self.kind not in ("free", "wrapped")

    @property
    def is_labelled(self) -> bool:
        """Whether the engine knows the line by its label alone, wherever it stands."""
        return _COLON.search(self.pattern) is not None


def cut_head(lines: Sequence[Line]) -> list[Line]:
    """Give the lines of an article above the first line of its text; a dateline is the last."""
    head: list[Line] = []
    for line in lines[:HEAD]:
        if line.kind == "para":
            break
        head.append(line)
        if line.kind == "dateline":
            break
    return head


def find_items(heads: Sequence[Sequence[Line]], rules: DateRules) -> list[Item]:
    """Find the lines of which the heads of most articles are made, in their order."""
    rows = _join_wrapped(_find_rows(heads))
    parts = _find_parts(rows, rules)
    has_title = "title" in parts
    items: list[Item] = []
    for (kind, lines), part in zip(rows, parts, strict=True):
        if part == "body" and kind.startswith("label:"):
            continue  # read as a label: text may follow it
        gap = sorted(line.gap for line in lines)[int(0.97 * (len(lines) - 1))]
        pattern = write_line(kind, lines, part, rules, has_title=has_title)
        items.append(Item(kind, len(lines) / max(len(heads), 1), gap, pattern))
    while items and not items[-1].is_anchor and "(?P<" not in items[-1].pattern:
        items.pop()  # a line above the text that may be its first
    return _guard(items)


def _find_rows(heads: Sequence[Sequence[Line]]) -> list[Row]:
    """Lay heads over each other at the lines that are known by what they look like."""
    anchors = _find_anchors(heads)
    ranks = {key: rank for rank, key in enumerate(anchors)}
    known: dict[str, list[Line]] = {key: [] for key in anchors}
    free: dict[tuple[int, int], list[Line]] = {}  # by slot between two anchors, and place there
    counts: list[Counter[int]] = []  # of each article, how many free lines stand in each slot
    for head in heads:
        slot, count = 0, Counter[int]()
        for key, line in _number(head):
            if line.kind == "dateline":
                break
            if ranks.get(key, -1) >= slot:
                slot = ranks[key] + 1
                known[key].append(line)
            else:
                free.setdefault((slot, count[slot]), []).append(line)
                count[slot] += 1
        counts.append(count)
    rows: list[Row] = []
    for slot in range(len(anchors) + 1):
        filled = Counter(count[slot] for count in counts if count[slot])
        if filled.total() >= USUAL * len(heads):
            usual = min(most for most, count in filled.items() if count == max(filled.values()))
            rows += [("free", free[slot, place]) for place in range(min(usual, 3))]
        if slot < len(anchors) and known[anchors[slot]]:
            rows.append((anchors[slot].rpartition("#")[0], known[anchors[slot]]))
    return rows


def _number(head: Sequence[Line]) -> list[tuple[str, Line]]:
    """Give each line its kind and how many of that kind stand above it: "date#0"."""
    seen = Counter[str]()
    numbered = []
    for line in head:
        numbered.append((f"{line.kind}#{seen[line.kind]}", line))
        seen[line.kind] += 1
    return numbered


def _find_anchors(heads: Sequence[Sequence[Line]]) -> list[str]:
    """Give the kinds of lines that most heads have, in their usual order."""
    ranks: dict[str, list[int]] = {}
    for head in heads:
        for rank, (key, line) in enumerate(_number(head)):
            if line.kind not in ("free", "dateline", "para"):
                ranks.setdefault(key, []).append(rank)
    usual = []
    for key, found in ranks.items():
        share = SOMETIMES if key.startswith(("label:", "tag:", "by#")) else USUAL
        share = _SELDOM if key == "date#1" else share
        if len(found) >= max(share * len(heads), FEWEST - 1):
            usual.append(key)
    return sorted(usual, key=lambda key: (mean(ranks[key]), key))


def _join_wrapped(rows: Sequence[Row]) -> list[Row]:
    """Take a line and the rest of it below, cut at a column, as one: a title of two lines."""
    joined: list[Row] = []
    for kind, lines in rows:
        above = joined[-1][1] if joined and joined[-1][0] == kind == "free" else []
        is_source = find_source([line.text for line in lines]) != ""
        if above and not is_source and _is_varied(above) and _is_varied(lines):
            ends = [line.end for line in above]
            width = max(len(line.text) for line in above)
            rest = [line for line in lines if line.gap == 0]
            cut = [
                fills(above[bisect_right(ends, line.start) - 1].text, line.text, width)
                for line in rest
            ]
            if len(rest) >= 0.9 * len(lines) and sum(cut) >= 0.85 * len(cut):
                joined[-1] = ("wrapped", above)
                continue
        joined.append((kind, lines))
    return joined


def _is_varied(lines: Sequence[Line]) -> bool:
    """Tell whether lines are nearly all different, and no names."""
    texts = [line.text for line in lines]
    return len(set(texts)) >= 0.8 * len(texts) and 2 * sum(map(is_names, texts)) <= len(texts)


def _find_parts(rows: Sequence[Row], rules: DateRules) -> list[str]:
    """Say which part each line of the head is."""
    named = [part_of_label(kind, lines, rules) for kind, lines in rows]
    if "date" not in named:
        for number, (kind, lines) in enumerate(rows):
            if named[number] not in ("title", "body", "topics") and _is_dated(kind, lines, rules):
                named[number] = "dated"
                break
    values = {}
    for number, (kind, lines) in enumerate(rows):
        found = [value_of(line) for line in lines]
        if named[number] == "dated":
            continue
        if kind in ("free", "wrapped") or (
            kind.startswith(("num:", "sign:")) and 2 * sum(map(bool, found)) > len(found)
        ):
            values[number] = found
    beside = {
        number: found
        for number, (kind, lines) in enumerate(rows)
        if (kind == "date" or (named[number] == "dated" and not kind.startswith("label:")))
        and len(found := titles_beside(list(map(value_of, lines)), rules)) >= 0.7 * len(lines)
    }
    title = None if "title" in named else find_title(sorted({**values, **beside}.items()))
    parts: list[str] = []
    for number, part in enumerate(named):
        if part == "dated":
            pass
        elif number == title and number in values:
            part = "title"
        elif number in values:
            part = guess_line(values[number], parts)
        parts.append(part)
    return parts


def _is_dated(kind: str, lines: Sequence[Line], rules: DateRules) -> bool:
    """Tell whether a label, number or sign has a date behind it: "Source: The Times, 3 May"."""
    values = [value for line in lines if (value := value_of(line))]
    dated = sum(cut_date(value, rules) is not None for value in values)
    return kind.startswith(("label:", "num:", "sign:")) and dated >= 0.7 * len(lines)


def _guard(items: Sequence[Item]) -> list[Item]:
    """Keep lines that are known only by their place from taking another's place."""
    anchors = "|".join(item.sight for item in items if item.is_anchor)
    guard = f"(?!{anchors})" if anchors else ""
    return [
        item
        if item.is_anchor
        else item._replace(pattern=guard + item.pattern.replace(r"\n[ \t]*", rf"\n[ \t]*{guard}"))
        for item in items
    ]
