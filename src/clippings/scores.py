"""Gold mentions and found mentions -> precision, recall, F1, confusions and the worst sentences."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clippings.gold import GoldDocument, GoldMention
from clippings.records import LABELS

RESAMPLES = 1000
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*(?:[.!?]+[\"'”’)\]]*|\n|$)")


class Counts(NamedTuple):
    """Mentions of one kind: how many people marked, how many were found, how many agree."""

    gold: int = 0
    found: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """Share of the found ones that are right; 0 where none was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the marked ones that were found; 0 where none is marked."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.gold + self.found) if self.gold + self.found else 0.0


class Score(NamedTuple):
    """How well mentions of one label (or "all") were found.

    Attributes:
        label: PERSON, ORG, PLACE or "all".
        exact: Same extent and label.
        low: Lower end of the 95 % interval of the exact F1, by resampling documents.
        high: Its upper end.
        partial: Any overlap and the same label, each mention used once.
    """

    label: str
    exact: Counts
    low: float
    high: float
    partial: Counts


class Fault(NamedTuple):
    """A sentence with mentions that were missed or found wrongly."""

    name: str
    sentence: str
    missed: tuple[str, ...]
    spurious: tuple[str, ...]


Found = Sequence[tuple[int, int, str]]
"""Start, end and label of the mentions found in one document."""


def judge(documents: Sequence[GoldDocument], found: Sequence[Found]) -> list[Score]:
    """Score the mentions found in documents.

    Args:
        documents: Gold.
        found: What was found in each; what touches an ignored stretch does not count.

    Returns:
        One score for each label and one for all.
    """
    pairs = [
        (document, _judged(document, marks))
        for document, marks in zip(documents, found, strict=True)
    ]
    scores = []
    for label in ("all", *LABELS):
        exact = [
            _count(document.mentions, marks, label, is_exact=True) for document, marks in pairs
        ]
        partial = [
            _count(document.mentions, marks, label, is_exact=False) for document, marks in pairs
        ]
        low, high = _interval(exact)
        scores.append(Score(label, _sum(exact), low, high, _sum(partial)))
    return scores


def _judged(document: GoldDocument, marks: Found) -> list[GoldMention]:
    known = set(document.mentions)
    return [
        mention
        for mention in (GoldMention(start, end, label) for start, end, label in marks)
        if mention in known
        or not any(mention.start < end and start < mention.end for start, end in document.ignored)
    ]


def _count(
    gold: Sequence[GoldMention], found: Sequence[GoldMention], label: str, *, is_exact: bool
) -> Counts:
    marked = [mention for mention in gold if label in ("all", mention.label)]
    guessed = [mention for mention in found if label in ("all", mention.label)]
    if is_exact:
        return Counts(len(marked), len(guessed), len(set(marked) & set(guessed)))
    free, right = list(guessed), 0
    for mention in marked:
        hit = next((other for other in free if _agree(mention, other)), None)
        if hit is not None:
            free.remove(hit)
            right += 1
    return Counts(len(marked), len(guessed), right)


def _agree(one: GoldMention, other: GoldMention) -> bool:
    return one.label == other.label and one.start < other.end and other.start < one.end


def _sum(counts: Sequence[Counts]) -> Counts:
    return Counts(*(sum(column) for column in zip(*counts, strict=True))) if counts else Counts()


def _interval(counts: Sequence[Counts]) -> tuple[float, float]:
    """Give the 95 % interval of F1 over resampled documents; the same on every call."""
    if not counts:
        return 0.0, 0.0
    draw = random.Random(0)  # noqa: S311  no secret depends on it
    values = sorted(_sum(draw.choices(counts, k=len(counts))).f1 for _ in range(RESAMPLES))
    return values[int(0.025 * RESAMPLES)], values[int(0.975 * RESAMPLES) - 1]


def confuse(documents: Sequence[GoldDocument], found: Sequence[Found]) -> Counter[tuple[str, str]]:
    """Count which label was taken for which.

    Returns:
        Number by (marked label, found label). Two mentions that overlap are a pair; "none" stands
        for a mention without a partner.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for document, marks in zip(documents, found, strict=True):
        free = _judged(document, marks)
        for mention in document.mentions:
            hits = [one for one in free if mention.start < one.end and one.start < mention.end]
            best = next(
                (one for one in hits if one.label == mention.label), hits[0] if hits else None
            )
            pairs[mention.label, best.label if best else "none"] += 1
            if best:
                free.remove(best)
        pairs.update(("none", mention.label) for mention in free)
    return pairs


def find_faults(documents: Sequence[GoldDocument], found: Sequence[Found]) -> list[Fault]:
    """List the sentences with faults, the most faults first."""
    faults = []
    for document, marks in zip(documents, found, strict=True):
        gold, guessed = set(document.mentions), set(_judged(document, marks))
        for start, end in _sentences(document.text):
            missed, spurious = (
                tuple(
                    f"{document.text[one.start : one.end]} {one.label}"
                    for one in sorted(side)
                    if start <= one.start < end
                )
                for side in (gold - guessed, guessed - gold)
            )
            if missed or spurious:
                sentence = " ".join(document.text[start:end].split())
                faults.append(Fault(document.name, sentence, missed, spurious))
    return sorted(faults, key=lambda fault: -len(fault.missed) - len(fault.spurious))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for match in _SENTENCE.finditer(text):
        if match.end() > match.start():
            yield match.span()


def write_scores(
    documents: Sequence[GoldDocument], found: Sequence[Found], worst_count: int
) -> Iterator[str]:
    """Write scores, confusions and the worst sentences as lines of text."""
    yield f"{'':<8}{'gold':>6}{'found':>7}{'P':>8}{'R':>7}{'F1':>7}{'95 %':>14}{'partial F1':>12}"
    for score in judge(documents, found):
        exact = score.exact
        yield (
            f"{score.label:<8}{exact.gold:>6}{exact.found:>7}{100 * exact.precision:>8.1f}"
            f"{100 * exact.recall:>7.1f}{100 * exact.f1:>7.1f}"
            f"{100 * score.low:>8.1f}-{100 * score.high:<5.1f}{100 * score.partial.f1:>12.1f}"
        )
    pairs = confuse(documents, found)
    columns = (*LABELS, "none")
    yield from ("", "marked (rows) taken for (columns):")
    yield f"{'':<8}" + "".join(f"{column:>8}" for column in columns)
    for row in columns:
        yield f"{row:<8}" + "".join(f"{pairs[row, column]:>8}" for column in columns)
    for fault in find_faults(documents, found)[:worst_count]:
        yield from ("", f"{fault.name}: {fault.sentence}")
        if fault.missed:
            yield f"    missed: {'; '.join(fault.missed)}"
        if fault.spurious:
            yield f"    wrong:  {'; '.join(fault.spurious)}"
