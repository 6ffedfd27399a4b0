"""A dump that no layout explains -> the text of a layout, learned from what repeats in it.

Lines are brought to kinds (a rule of signs, a label, a date, the same words again). A kind that
recurs at the rhythm of articles is a mark. For each mark the lines around it are laid over each
other: what shapes the head, where the title stands, what closes the article. Each such reading
becomes a layout, the ordinary engine splits the dump with it, and the split that makes most pieces
look like articles wins. How sure that is, is said with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clippings.learning.boilerplate import Proposal, propose_boilerplate
from clippings.learning.days import learn_rules
from clippings.learning.judging import judge, look_wrong, tell
from clippings.learning.kinds import FEWEST, find_kinds, read_lines
from clippings.learning.readings import read_marks
from clippings.learning.scoring import Way, try_way
from clippings.learning.writing import show, without_comments, write_layouts

if TYPE_CHECKING:
    from clippings.markup import Mark

__all__ = ["Learned", "Proposal", "learn", "look_wrong", "propose_boilerplate"]

_SAMPLE = 300_000
"""A layout is learned from the beginning of a dump, in characters."""
_FIRST_LOOK = 40_000
"""So much of a longer dump is split with every layout, in characters ..."""
_FULL_LOOKS = 8
"""... and all of it with the best of them, so many."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A layout that was learned from one dump.

    Attributes:
        toml: The text of a layout file; its comments say what was seen.
        confidence: How sure the reading is, from 0 to 1; below 0.8 it is a guess.
        evidence: Sentences for a person: what recurs, how often, what speaks against it.
    """

    toml: str
    confidence: float
    evidence: tuple[str, ...]


def learn(text: str, marks: Sequence[Mark] = (), *, name: str = "learned") -> Learned | None:
    """Infer a layout from what repeats in a dump.

    Args:
        text: The whole text of a dump.
        marks: The elements of a page, where the dump is one; handed to the engine.
        name: Name of the layout.

    Returns:
        The best layout that was found and how sure it is; None where nothing repeats at the rhythm
        of articles. Below a confidence of 0.8 it is better to keep the dump as one piece.
    """
    sample = _cut(text, _SAMPLE)
    raw = list(read_lines(sample))
    if len(raw) < 3 * FEWEST:
        return None
    rules = learn_rules([line.text for line in raw])
    lines = find_kinds(raw, rules)
    ways: dict[str, Way] = {}  # by what a layout says
    for reading in read_marks(lines, rules):
        for toml in write_layouts(reading, name, rules):
            ways.setdefault(without_comments(toml), Way(len(ways), reading, toml))
    likely = list(ways.values())
    if len(sample) > 2 * _FIRST_LOOK:
        first = _cut(sample, _FIRST_LOOK)
        looked = sorted((try_way(way, first, marks, lines) for way in likely), reverse=True)
        likely = [one.way for one in looked[:_FULL_LOOKS]]
    tried = [try_way(way, sample, marks, lines) for way in likely]
    best = max(tried, default=None)
    if best is None or len(best.split.articles) < 2:
        return None
    confidence, doubts = judge(best, tried, lines)
    evidence = [*tell(best), *doubts]
    if len(sample) < len(text):
        evidence.append(f"only the first {_SAMPLE:,} characters were looked at.")
    said = "".join(f"# {show(sentence, 200)}\n" for sentence in evidence)
    return Learned(f"{said}#\n{best.way.toml}", confidence, tuple(evidence))


def _cut(text: str, size: int) -> str:
    """Give the beginning of a text, up to the end of a line."""
    return text if len(text) <= size else text[: max(text.rfind("\n", 0, size), size // 2)]
