"""Sounds: a word as it is heard."""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import NamedTuple

from clippings.names.limits import MEMORY

FIRST_GROUP = operator.itemgetter(1)
"""What takes the place of a find; quicker than its template, which is read at every call."""
_DIVINE = re.compile(r"(?<=..)allah$")  # ramallah, whose -allah is not the -la of ramla
_DOUBLED = re.compile(r"([^aeiou])\1+")  # hassan
_LETTERS = re.compile(r"tch|sch|dzh|dj|kh|gh|dh|th|sh|ch|zh|ts|tz|ph|ck|ks|x")
_SOUND_OF = {
    "tch": "č", "sch": "š", "dzh": "j", "dj": "j", "kh": "x", "gh": "ğ", "dh": "ð", "th": "θ",
    "sh": "š", "ch": "č", "zh": "ž", "ts": "ц", "tz": "ц", "ph": "f", "ck": "k", "ks": "X",
    "x": "X",
}  # fmt: skip
_LAST_IE = re.compile(r"ie(?=h?$)")  # latifieh
_VOWEL_GROUP = re.compile(r"[aeiouyw]{2,}|y")  # qa(iyi)m; no step below looks past a consonant
_VOWEL_STEPS = [
    (re.compile(pattern), sound)
    for pattern, sound in [
        (r"(?:ou|oo)w?(?=[aei])|[ou]w(?=[aeiou])|u(?=[aeio])|o(?=a)", "w"),  # fouad, suwayda
        (r"a(?:w?(?:ou|oo|u)|w)(?![aeiouy])|ow(?![aeiouy])", "O"),  # zawr, daoud, fordow
        (r"[ae](?:yi|ye|ie|i|y)(?![aeiouy])|aee?(?![aeiouy])", "E"),  # husayn, hussein, raeesi
        (r"i?y+(?=[aeiou])|i(?=[aou])", "y"),  # qalqiliya, qalqilya
        (r"ie|ee|ii|y(?![aeiouEO])", "i"),  # lieberman, kareem
        (r"ou|oo|uu", "u"),  # nouri
    ]
]
RUN = re.compile(r"(.)\1+")  # saada
_LATE_E = re.compile(r"^([^aeiouEO]a[^aeiouEO])e(?=[^aeiouEOh]$)")  # salem: its e is an i
_CLOSED_I = re.compile(r"^([^aeiouEOy])i(?=[^aeiouEO]{2})")  # tikrit, takrit
_AFTER_U = re.compile(r"([uoO][^aeiouEO]+)([ieu])(?=[^aeiouEO]+$)")  # yunis, yunes, yunus
_FIRST = {"a": "â", "o": "ô", "s": "ś"}  # amman, oman; sana, zana
_LAST = {"d": "ḍ", "t": "ṭ"}  # ahmed, ahmet
_SECOND = {"i": "ï", "e": "ë", "u": "ü"}
PLAIN = dict(zip("âôśîėëïüḍṭ", "aosieeiudt", strict=True))
_COLOURS = {"o": "+", "u": "+", "O": "+", "ô": "+", "ü": "-+", "ï": "-+", "ë": "-+"}
"""Dark vowels; those that follow an u may be either; all others are bright."""
_FIRST_VOWEL = re.compile(r"[^aeiouEOâôîėëïüwy]?[aeiouEOâôîėëïü]")  # Ramla, Omar; not Sderot
VOWELS = frozenset("aeiouEOâôîėëïü")
_FINAL_CLASSES = {
    "a": "a", "â": "a", "e": "ai", "i": "i", "o": "u", "ô": "u", "u": "u", "O": "u", "E": "E",
    "Λ": "a-",
}  # fmt: skip
"""Vowels at the end that are spellings of one another; a final e is -a or -i."""


class Sounds(NamedTuple):
    """A word as it is heard.

    Attributes:
        signs: One sign for each sound.
        finals: The classes of the last sound: a, i, u, E; for a consonant the colour of the vowel
            before it: bright (-), dark (+) or both, where it may be dropped.
        colours: The colour of the first vowel.
    """

    signs: str
    finals: str
    colours: str


@lru_cache(MEMORY)
def hear(word: str) -> Sounds:
    """Write a word in signs, one for each sound, and tell its end and its first vowel."""
    text = _DIVINE.sub("Λ", word) if word.endswith("allah") else word
    text = _DOUBLED.sub(FIRST_GROUP, text)
    text = _LETTERS.sub(lambda found: _SOUND_OF[found[0]], text)
    if text.endswith(("ie", "ieh")):
        text = _LAST_IE.sub("ye", text)
    text = _VOWEL_GROUP.sub(lambda found: _hear_vowels(found[0]), text)
    text = _mark_places(RUN.sub(FIRST_GROUP, text))
    first = _FIRST_VOWEL.match(text)
    colours = _COLOURS.get(first[0][-1], "-") if first else "-+"
    return Sounds(text, _class_end(text), colours)


@lru_cache(MEMORY)
def _hear_vowels(group: str) -> str:
    """Write vowels in a row as they are heard together."""
    for pattern, sound in _VOWEL_STEPS:
        group = pattern.sub(sound, group)
    return group


def _class_end(text: str) -> str:
    """Give the classes a word may end in: Hasakeh is heard with its h and without."""
    last = text[-1:]
    if last in _FINAL_CLASSES:
        return _FINAL_CLASSES[last] + ("-+" if text.endswith("ne") else "")
    before = text[-2:-1]
    if before not in VOWELS or last in VOWELS:
        return "-+"  # Hamd; not Hamid
    finals = _COLOURS.get(before, "-")
    if last == "h":
        finals += _FINAL_CLASSES[PLAIN.get(before, before)]
    return finals


def _mark_places(text: str) -> str:
    """Write otherwise the sounds that count otherwise where they stand."""
    text = _FIRST.get(text[:1], text[:1]) + text[1:]
    if text[3:4] == "e":
        text = _LATE_E.sub(r"\1ė", text)
    if text[1:2] == "i":
        text = _CLOSED_I.sub(r"\1î", text)
    if "u" in text or "o" in text or "O" in text:
        text = _AFTER_U.sub(lambda found: found[1] + _SECOND[found[2]], text)
    return text[:-1] + _LAST.get(text[-1:], text[-1:])
