"""Verdict: whether two names are one, how far apart they are, and why."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from clippings.names.blocks import Reading, read_name, word_blocks
from clippings.names.costs import find_cost, find_distance, is_near, is_spelling
from clippings.names.limits import LONGEST, MEMORY
from clippings.names.lists import is_closed, read_tokens
from clippings.names.sounds import hear

if TYPE_CHECKING:
    from collections.abc import Sequence

LONE_PERSON_LIMIT = 0.1
"""Cost up to which one-word persons agree: doubled letters and the like, no other vowel."""


class Verdict(NamedTuple):
    """Whether two names are one, and the rule that said so."""

    is_same: bool
    rule: str


def same_name(a: str, b: str, label: str) -> bool:
    """Tell whether two surfaces are spellings of one name.

    Aliases (ISIS, Daesh), acronyms and surnames alone are none: they are for others to know.

    Args:
        a: A name as it stands in a text.
        b: Another.
        label: PERSON, ORG or PLACE, of both.

    >>> same_name("Hizballah", "Hezbollah", "ORG")
    True
    >>> same_name("Hizballah", "Kataib Hizballah", "ORG")
    False
    >>> same_name("al-Zawahiri, Aiman Muhammad Rabi", "Ayman al-Dhawahiri", "PERSON")
    True
    """
    return judge(a, b, label).is_same


def judge(a: str, b: str, label: str) -> Verdict:
    """Give the verdict on two surfaces, with its rule in words."""
    if b < a:
        a, b = b, a
    first, second = read_name(a, label), read_name(b, label)
    if first.key == second.key:
        return Verdict(True, "the same key")
    if first.is_acronym or second.is_acronym:
        return Verdict(False, "an acronym must be the same")
    if set(first.blocks).isdisjoint(second.blocks):
        return Verdict(False, "no block in common")
    ours, theirs = _without_options(first, second)
    if ours == theirs:
        return Verdict(True, "the same words")
    if len(ours) == len(theirs) == 1:
        return _judge_word(ours[0], theirs[0], label)
    if label == "PERSON":
        return _judge_person(ours, theirs)
    if _align(ours, theirs, label):
        return Verdict(True, "each word is a spelling of its partner")
    return Verdict(False, "a word has no partner of its sound")


def _without_options(first: Reading, second: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Leave out "movement" and the like where only one name has such a word."""
    if (first.core == first.words) == (second.core == second.words):
        return first.words, second.words
    return first.core, second.core


def _judge_word(a: str, b: str, label: str) -> Verdict:
    if is_closed(a, label) or is_closed(b, label):
        return Verdict(False, "a number, a head word or an English word must be the same")
    if label != "PLACE" and min(len(a), len(b)) < 4:
        return Verdict(False, "under four letters a name must be the same")
    if label == "PERSON":
        is_same = find_cost(a, b, 1.0) <= LONE_PERSON_LIMIT
        return Verdict(is_same, "a person's one word must sound the same")
    is_same = is_near(a, b) if a < b else is_near(b, a)
    return Verdict(is_same, "near enough" if is_same else "too far apart")


def _align(ours: Sequence[str], theirs: Sequence[str], label: str) -> bool:
    """Tell whether words pair off in order; one may be two of the other (Telafar, Tel Afar)."""
    if len(ours) == len(theirs):
        for a, b in zip(ours, theirs, strict=True):
            if a != b and not is_spelling(a, b, label):
                return False
        return True
    if len(ours) > len(theirs):
        ours, theirs = theirs, ours
    if not ours or len(theirs) > min(2 * len(ours), LONGEST):
        return False
    head, rest = ours[0], ours[1:]
    if is_spelling(head, theirs[0], label) and _align(rest, theirs[1:], label):
        return True
    if any(is_closed(word, label) or len(word) < 2 for word in theirs[:2]):
        return False
    return is_spelling(head, theirs[0] + theirs[1], label) and _align(rest, theirs[2:], label)


def _judge_person(ours: tuple[str, ...], theirs: tuple[str, ...]) -> Verdict:
    short, long = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    if _align(short, long, "PERSON"):
        return Verdict(True, "each word is a spelling of its partner")
    if len(short) < 2:
        return Verdict(False, "one word is not enough for a person")
    if len(short) == len(long) == 2 and _is_swapped(short, long):
        return Verdict(True, "the same two words in the other order")
    if len(short) == len(long) and min(map(len, (*short, *long))) > 1:
        return Verdict(False, "a given or family name differs")
    return _judge_partial(short, long)


def _is_swapped(short: Sequence[str], long: Sequence[str]) -> bool:
    """Xi Jinping, Jinping Xi; not Hassan Ali, Ali Hassan."""
    return (
        is_spelling(short[0], long[1], "PERSON")
        and is_spelling(short[1], long[0], "PERSON")
        and not any(len(word) < 4 or _is_given(word) for word in short)
    )


def _judge_partial(short: Sequence[str], long: Sequence[str]) -> Verdict:
    """Judge two persons of whom one has names or letters that the other leaves out."""
    if len(long) > LONGEST:
        return Verdict(False, "too long to compare")
    if (
        len(long) > len(short)
        and is_spelling(long[0], "muhammad", "PERSON")
        and not _is_given(short[-1])
        and _align(short, long[1:], "PERSON")
    ):
        return Verdict(True, "a first name Muhammad is left out")
    pairs = _pair_in_order(short, long) if _agrees(short[0], long[0]) else None
    if pairs is None:
        return Verdict(False, "a given or family name differs")
    strong = [place for place, (a, b) in enumerate(pairs) if b and min(len(a), len(b)) > 1]
    weak_count = sum(1 for a, b in pairs if b and min(len(a), len(b)) == 1)
    missing = [a for a, b in pairs if not b]
    last = len(pairs) - 1
    if weak_count and (last not in strong or (0 not in strong and weak_count < 2)):
        return Verdict(False, "one letter is not enough for a given name")
    if not missing:
        return Verdict(True, "letters stand for given names")
    if len(strong) >= 3 and 0 in strong:
        return Verdict(True, "three names agree in order; the others are left out")
    if 0 not in strong or last not in strong:
        return Verdict(False, "first and last name must both be there")
    if weak_count or any(len(word) == 1 for word in short):
        return Verdict(False, "letters between the names differ")
    if all(len(word) == 1 for word in missing):
        return Verdict(True, "only letters between the names are left out")
    if _is_given(short[-1]) or _is_compound(short[0]):
        return Verdict(False, "too frequent a name to leave out the one between")
    return Verdict(True, "first and last name agree; names between are left out")


def _pair_in_order(short: Sequence[str], long: Sequence[str]) -> list[tuple[str, str]] | None:
    """Pair each word of the longer name with one of the shorter, or with none, in order."""
    pairs: list[tuple[str, str]] = []
    rest = list(short)
    for place, word in enumerate(long):
        left = len(long) - place
        # The last word of the shorter name waits for the last of the longer, if that agrees.
        is_waiting = len(rest) == 1 and left > 1 and _agrees(rest[0], long[-1])
        if rest and not is_waiting and _agrees(rest[0], word):
            pairs.append((word, rest.pop(0)))
        else:
            pairs.append((word, ""))
    return None if rest else pairs


def _agrees(a: str, b: str) -> bool:
    if len(a) == 1 or len(b) == 1:
        return a[0] == b[0]
    return is_spelling(a, b, "PERSON")


def _is_given(word: str) -> bool:
    """Tell whether a word is a frequent given name: too little to know a family by."""
    return _is_listed(word, "given")


def _is_compound(word: str) -> bool:
    """Tell whether a word often forms double given names: Mohammad Reza."""
    return word.startswith("abd") or _is_listed(word, "compound")


@lru_cache(MEMORY)
def _is_listed(word: str, kind: str) -> bool:
    """Tell whether a word is a spelling of one of a list."""
    blocks = _listed(kind)
    near = {other for key in word_blocks(word) for other in blocks.get(key, ())}
    return any(is_spelling(word, other, "PERSON") for other in near)


@cache
def _listed(kind: str) -> dict[str, list[str]]:
    """Give the words of a list by their blocks."""
    blocks: dict[str, list[str]] = {}
    for word in read_tokens("PERSON", kind):
        for key in word_blocks(word):
            blocks.setdefault(key, []).append(word)
    return blocks


def explain(a: str, b: str, label: str) -> list[str]:
    r"""Tell the steps of `same_name` in words.

    Args:
        a: A name as it stands in a text.
        b: Another.
        label: PERSON, ORG or PLACE, of both.

    Returns:
        Sentences: keys, words, blocks, the cost of each pair of words, verdict.

    >>> print(*explain("Yunis", "Younes", "PLACE"), sep="\n")
    Keys: "yunis" and "younes".
    Words: yunis; younes.
    Blocks in common: +NS:+, +NS:-, -NS:+, -NS:-.
    yunis, younes: sounds yunïs, yunës; cost 0.12, distance 0.02.
    Same: near enough.
    """
    first, second = read_name(a, label), read_name(b, label)
    ours, theirs = _without_options(first, second)
    shared = sorted(set(first.blocks).intersection(second.blocks))
    verdict = judge(a, b, label)
    lines = [
        f'Keys: "{first.key}" and "{second.key}".',
        f"Words: {', '.join(ours)}; {', '.join(theirs)}.",
        f"Blocks in common: {', '.join(shared) or 'none'}.",
    ]
    if len(ours) != len(theirs):
        lines.append(f"{len(ours)} words against {len(theirs)}.")
    for x, y in zip(ours, theirs, strict=False):
        if x != y and (is_closed(x, label) or is_closed(y, label)):
            lines.append(f"{x}, {y}: must be the same word.")
        elif x != y:
            distance = find_distance(x, y)
            cost = distance * max(len(hear(x).signs), len(hear(y).signs))
            far = "no spelling explains it"
            found = f"cost {cost:.2f}, distance {distance:.2f}" if distance < 1 else far
            lines.append(f"{x}, {y}: sounds {hear(x).signs}, {hear(y).signs}; {found}.")
    return [*lines, f"{'Same' if verdict.is_same else 'Not the same'}: {verdict.rule}."]
