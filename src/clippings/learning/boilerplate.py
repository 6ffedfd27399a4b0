"""Lines that repeat across the articles of a dump, for somebody to set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from clippings.articles import Split, squeeze
from clippings.learning.kinds import LONGEST_LINE, TEXT_LINE


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line that may belong to the page and not to the articles.

    Attributes:
        line: The line, each run of white space one space.
        count: How often it stands in the dump.
        article_count: In how many articles it stands.
        reason: Why it is proposed.
    """

    line: str
    count: int
    article_count: int
    reason: str


def propose_boilerplate(text: str, found: Split) -> list[Proposal]:
    """Find lines that repeat across the articles of a dump beyond chance.

    Args:
        text: The whole text of the dump.
        found: The articles that it was split into.

    Returns:
        Lines that stand in the texts of at least three articles and of two in a hundred, most
        frequent first. Articles with the same text count once. Nothing is set aside before a
        layout names it.
    """
    bodies: dict[str, int] = {}
    owners = [bodies.setdefault(article.body, len(bodies)) for article in found.articles]
    ends: dict[int, tuple[int, int]] = {}  # of each article, where its text begins and ends
    for span in found.spans:
        if span.kind == "body" and span.article is not None:
            first, last = ends.get(span.article, (span.start, span.end))
            ends[span.article] = (min(first, span.start), max(last, span.end))
    counts: Counter[str] = Counter()
    places: dict[str, set[int]] = {}
    firsts: Counter[str] = Counter()
    lasts: Counter[str] = Counter()
    for span in found.spans:
        if span.kind != "body" or span.article is None:
            continue
        for match in TEXT_LINE.finditer(text, span.start, span.end):
            line = squeeze(match.group())
            if not line or len(line) > LONGEST_LINE:
                continue
            counts[line] += 1
            places.setdefault(line, set()).add(owners[span.article])
            start, end = ends[span.article]
            firsts[line] += not text[start : match.start()].strip()
            lasts[line] += not text[match.end() : end].strip()
    least = max(3, round(0.02 * len(bodies)))
    return [
        Proposal(
            line,
            counts[line],
            len(places[line]),
            _give_reason(line, counts[line], len(places[line]), len(bodies), firsts, lasts),
        )
        for line in sorted(counts, key=lambda line: (-len(places[line]), -counts[line], line))
        if len(places[line]) >= least
    ]


def _give_reason(
    line: str,
    count: int,
    article_count: int,
    all_count: int,
    firsts: Mapping[str, int],
    lasts: Mapping[str, int],
) -> str:
    """Say why a line is proposed."""
    reason = f"the same line stands in {article_count:,} of {all_count:,} different texts"
    if 2 * lasts[line] > count:
        return f"{reason}, mostly as the last"
    if 2 * firsts[line] > count:
        return f"{reason}, mostly as the first"
    return reason
