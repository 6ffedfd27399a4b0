"""Marks: the kinds of lines that recur at the rhythm of articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median, pstdev

from clippings.learning.kinds import FEWEST, Line, is_rule, is_upper

_MOST_MARKS = 14
"""No more marks are tried, those with the best rhythm first."""


def find_marks(lines: Sequence[Line]) -> list[tuple[str, list[int]]]:
    """Find the kinds of lines that recur at the rhythm of articles, the steadiest first.

    Returns:
        Each kind, and the numbers of its lines; "upper" is a line in capitals, "gap:2" one with two
        blank lines above it or more.
    """
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        kinds = [f"gap:{gap}" for gap in (2, 3, 4) if line.gap >= gap]
        if line.kind not in ("para", "free"):
            kinds.append(line.kind)
        elif line.kind == "free" and is_upper(line.text):
            kinds.append("upper")
        for kind in kinds:
            places.setdefault(kind, []).append(at)
    ranked = []
    for kind, found in places.items():
        # A line right below another of its kind is no mark of its own.
        positions = found[:1] + [at for above, at in pairwise(found) if at - above > 1]
        if len(positions) < FEWEST:
            continue
        steps = [below - above for above, below in pairwise(positions)]
        share = (positions[-1] - positions[0]) / len(lines)
        if share < 0.5 or mean(steps) < 3:
            continue
        # Many and steady: a word that opens five paragraphs is no rhythm.
        spread = pstdev(steps) / mean(steps)
        ranked.append((-share * len(positions) / (1 + spread), kind, positions))
    ranked.sort()
    return [(kind, positions) for _, kind, positions in ranked[:_MOST_MARKS]]


def climb(lines: Sequence[Line], positions: Sequence[int], mark: str) -> list[int]:
    """Give how many lines above a mark may belong to the head of its article.

    All that are no text, or fewer: the lines of the page below an article are no text either. Then
    the first article shows how many, or the widest gap.
    """
    above, gaps = 0, [median(lines[at].gap for at in positions)]
    for step in range(1, 9):
        over = [lines[at - step] for before, at in pairwise([-1, *positions]) if at - step > before]
        if len(over) < 0.7 * len(positions) - 1:
            break
        kinds = Counter(line.kind for line in over)
        if kinds["para"] > 0.25 * len(over):
            break
        above = step
        gaps.append(median(line.gap for line in over))
        kind, count = kinds.most_common(1)[0]
        if is_rule(kind) and count >= 0.7 * len(over):
            break
    choices = [above, gaps.index(max(gaps)), min(positions[0], above)]
    return list(dict.fromkeys([0, *choices] if is_rule(mark) else choices))
