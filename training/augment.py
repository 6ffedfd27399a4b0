"""Changes to a passage that leave its names what they are: quotes, brackets, articles, capitals."""

import random
import re
from collections.abc import Iterable

from passages import Passage, Span

Edit = tuple[int, int, str]  # replace text[start:end] by this

STRAIGHT = str.maketrans("‘’“”", "''\"\"")
ARABIC_ARTICLE = re.compile(r"\b(?:Al|al|El|el)[- ](?=[A-Z])")  # "al-Qaim", "El Arish"
ARTICLE_SPELLINGS = ("al-", "Al-", "al ", "Al ", "el-", "El-", "al-")
HEADLINE = re.compile(r"[^.\n]{20,120}")
WORD = re.compile(r"[^\s-]+")
FIRST_LETTER = re.compile(r"[^\W\d_]")
SMALL_IN_TITLES = frozenset(
    "a an the and or but nor of in on at by to for from with as vs via".split()
)


def perturb(passage: Passage, rng: random.Random) -> Passage:
    """Return the passage with other quotes, brackets, articles or capitals."""
    chance = rng.random()
    if chance < 0.20:
        return change_quotes(passage)
    if chance < 0.28:
        return bracket_demonyms(passage, rng)
    if chance < 0.42:
        return respell_articles(passage, rng)
    if chance < 0.80:
        return title_first_sentence(passage)
    if chance < 0.92:
        return capitalise_first_sentence(passage)
    return _with_text(passage, passage.text.lower())


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


def title_first_sentence(passage: Passage) -> Passage:
    """Write the first sentence as a headline: Verbs and Nouns Rise, and a Blank Line Follows."""
    if not (sentence := HEADLINE.match(passage.text)):
        return passage
    headline = WORD.sub(_title_word, sentence[0])
    rest = passage.text[sentence.end() :]
    if rest.startswith(". "):
        rest = "\n\n" + rest[2:]
    return _with_text(passage, headline + rest)


def capitalise_first_sentence(passage: Passage) -> Passage:
    """Write the first line or sentence in capitals."""
    if not (sentence := HEADLINE.match(passage.text)):
        return passage
    return _with_text(passage, sentence[0].upper() + passage.text[sentence.end() :])


def _title_word(word: re.Match[str]) -> str:
    if word[0] in SMALL_IN_TITLES and word.start():
        return word[0]
    return FIRST_LETTER.sub(lambda letter: letter[0].upper(), word[0], count=1)


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
