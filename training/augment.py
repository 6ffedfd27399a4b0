"""Changes to a passage that leave its names where they are, and one that swaps them."""

import random
import re
from collections.abc import Iterable

from passages import UNKNOWN, Passage, Span

Edit = tuple[int, int, str]  # replace text[start:end] by this

STRAIGHT = str.maketrans("‘’“”", "''\"\"")
ARABIC_ARTICLE = re.compile(r"\b(?:Al|al|El|el)[- ](?=[A-Z])")  # "al-Qaim", "El Arish"
ARTICLE_SPELLINGS = ("al-", "Al-", "al ", "Al ", "el-", "El-", "al-")
HEADLINE = re.compile(r"[^.\n]{20,120}")


def perturb(passage: Passage, rng: random.Random) -> Passage:
    """Return the passage with other quotes, brackets, articles or capitals, or as it was."""
    chance = rng.random()
    if chance < 0.25:
        return change_quotes(passage)
    if chance < 0.40:
        return bracket_demonyms(passage, rng)
    if chance < 0.60:
        return respell_articles(passage, rng)
    if chance < 0.75:
        return capitalise_headline(passage)
    if chance < 0.85:
        return _with_text(passage, passage.text.lower())
    return passage


def change_quotes(passage: Passage) -> Passage:
    """Make curly quotes straight; where there are none, make straight ones curly."""
    straight = passage.text.translate(STRAIGHT)
    if straight != passage.text:
        return _with_text(passage, straight)
    text, is_open = "", False
    for character in passage.text:
        if character == '"':
            is_open = not is_open
            character = "“" if is_open else "”"
        text += "’" if character == "'" else character
    return _with_text(passage, text)


def bracket_demonyms(passage: Passage, rng: random.Random) -> Passage:
    """Put editor's brackets around some demonyms, as in "[Shiite] Kataib Hizballah"."""
    edits = [
        edit
        for span in passage.spans
        if span.label == "NORP" and rng.random() < 0.7
        for edit in ((span.start, span.start, "["), (span.end, span.end, "]"))
    ]
    return _apply(edits, passage)


def respell_articles(passage: Passage, rng: random.Random) -> Passage:
    """Write the Arabic article of each name in one of its other spellings."""
    edits = [
        (span.start + match.start(), span.start + match.end(), rng.choice(ARTICLE_SPELLINGS))
        for span in passage.spans
        for match in ARABIC_ARTICLE.finditer(passage.text[span.start : span.end])
    ]
    return _apply(edits, passage)


def capitalise_headline(passage: Passage) -> Passage:
    """Write the first line or sentence in capitals."""
    if not (headline := HEADLINE.match(passage.text)):
        return passage
    return _with_text(passage, headline[0].upper() + passage.text[headline.end() :])


def swap_names(passage: Passage, pools: dict[str, list[str]], rng: random.Random) -> Passage:
    """Put a pool name of the same label in the place of every second mention."""
    mentions = [span for span in passage.spans if span.label != UNKNOWN]
    text, spans, position = "", [], 0
    for span in passage.spans:
        is_overlapping = span.start < position or (
            span.label == UNKNOWN
            and any(span.start < other.end and other.start < span.end for other in mentions)
        )
        if is_overlapping:
            continue
        name = passage.text[span.start : span.end]
        if span.label in pools and rng.random() < 0.5:
            name = rng.choice(pools[span.label])
        text += passage.text[position : span.start]
        spans.append(Span(len(text), len(text) + len(name), span.label))
        text += name
        position = span.end
    return Passage(text + passage.text[position:], spans)


def _with_text(passage: Passage, text: str) -> Passage:
    """Take a text in which every character stands where it stood ("ß".upper() does not)."""
    return passage._replace(text=text) if len(text) == len(passage.text) else passage


def _apply(edits: Iterable[Edit], passage: Passage) -> Passage:
    """Apply edits that do not overlap; what is inserted at a span's edge stays outside it."""
    text, position, shifts = "", 0, []
    for start, end, new in sorted(set(edits)):
        if start < position:
            continue
        text += passage.text[position:start] + new
        position = end
        shifts.append((start, end, len(new) - (end - start)))

    def moved_start(offset: int) -> int:
        return offset + sum(shift for _, end, shift in shifts if end <= offset)

    def moved_end(offset: int) -> int:
        return offset + sum(
            shift for start, end, shift in shifts if end <= offset and start < offset
        )

    spans = [Span(moved_start(s), moved_end(e), label) for s, e, label in passage.spans]
    return Passage(text + passage.text[position:], spans)
