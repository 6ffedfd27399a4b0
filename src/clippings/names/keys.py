"""The key: surely the same name. And acronyms, which are only themselves."""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache

from clippings.names.limits import LONGEST, MEMORY
from clippings.names.lists import read_lists, read_tokens

_SIGNS = str.maketrans(
    dict.fromkeys("’‘‛ʼʻʽˈ`´ʿʾ′ʹ׳＇ᶜ", "'")
    | {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
    | {"ə": "e", "ħ": "h", "ŧ": "t"}
)
_POSSESSIVE = re.compile(r"'s?\s*$")  # "fatah's", "morris'"
_WORD = re.compile(r"\d+(?:st|nd|rd|th)(?![^\W\d_])|\d+|[^\W\d_]+")  # "1st", "15", "aleppo"
_ARTICLES: dict[str, tuple[str, ...]] = {
    "the": (), "al": (), "el": (), "ul": (), "ash": ("sh", "ch"), "esh": ("sh", "ch"),
    "ush": ("sh", "ch"), "ach": ("ch",), "ech": ("ch",), "as": ("s",), "es": ("s",), "us": ("s",),
    "ar": ("r",), "er": ("r",), "ur": ("r",), "ad": ("d",), "ed": ("d",), "ud": ("d",),
    "an": ("n",), "en": ("n",), "un": ("n",), "at": ("t",), "et": ("t",), "ut": ("t",),
    "az": ("z",), "ez": ("z",), "uz": ("z",), "adh": ("dh",), "ath": ("th",),
}  # fmt: skip
"""Articles and what they may stand before; nothing: any letter."""
_NEVER_IN_FRONT = frozenset("ul esh ech ush es us er ur ed ud en un et ut ez uz".split())
"""Ed Davey, En Nuqra: in front of a name these are no sure article."""


def lookup_key(name: str) -> str:
    """Give the key under which spellings of a name are the same name.

    Case, diacritics, white space, hyphens, dots, the signs for ayn and hamza, a possessive, "the"
    and the Arabic article do not count; the article only where the next letter agrees.

    Args:
        name: A name as it stands in a text.

    Returns:
        The key; never empty unless the name is. The key of a key is the key.

    >>> lookup_key("The  Knesset’s") == lookup_key("Knesset")
    True
    >>> lookup_key("Al-Qaim") == lookup_key("al-Qa‘im") == lookup_key("Qāʾim")
    True
    >>> lookup_key("ash-Sharqiya"), lookup_key("Ash Carter"), lookup_key("U.S.")
    ('sharqiya', 'ash carter', 'us')
    """
    return _key(name)


@lru_cache(MEMORY)
def _key(name: str) -> str:
    words = bare_words(name)
    while (joined := _join_letters(words)) != words:
        words = _drop_articles(joined)
    return " ".join(words) or " ".join(_fold(name).split()) or name


def bare_words(name: str) -> list[str]:
    """Give the words of a name without articles."""
    return _drop_articles(_split_words(name))


def _split_words(name: str) -> list[str]:
    text = name.lower().replace("`", "'") if name.isascii() else _fold(name)
    if "'" in text:
        text = _POSSESSIVE.sub("", text).replace("'", "")
    return _WORD.findall(text)


def _fold(name: str) -> str:
    """Write letters small, without marks and unseen signs, and every apostrophe as one sign."""
    text = name
    for _ in range(2):  # a folded letter can open up: U+1E9E, U+0130
        text = unicodedata.normalize("NFKD", text.translate(_SIGNS)).casefold()
    text = unicodedata.normalize("NFKD", text).translate(_SIGNS)
    return "".join(
        letter
        for letter in text
        if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )


def _drop_articles(words: list[str]) -> list[str]:
    """Take articles off, from the right, so that each sees the word it belongs to."""
    if len(words) < 2 or _ARTICLES.keys().isdisjoint(words[:-1]):
        return words
    kept = [words[-1]]
    for place in range(len(words) - 2, -1, -1):
        word, follower = words[place], kept[-1]
        before = _ARTICLES.get(word)
        is_article = before is not None and (not before or follower.startswith(before))
        if place == 0 and is_article:
            is_article = word not in _NEVER_IN_FRONT
            is_article = is_article and f"{word} {follower}" not in read_tokens("", "not_article")
        if not is_article:
            kept.append(word)
    kept.reverse()
    return kept


def _join_letters(words: list[str]) -> list[str]:
    """Write single letters in a row as one word: u, s -> us."""
    if len(words) < 2 or min(map(len, words)) > 1:
        return words
    joined: list[str] = []
    for is_letter, run in itertools.groupby(words, lambda word: len(word) == 1 and word.isalpha()):
        letters = list(run)
        joined.extend(["".join(letters)] if is_letter else letters)
    return joined


_ACRONYM = re.compile(r"(?:[A-Z][a-z]?(?=[A-Z&])|[A-Z&]\.?){1,8}[A-Z0-9]\.?(?:-[A-Z0-9]{1,8})?")
"""IDF, U.S., MoD, IRGC-QF."""


def is_acronym(name: str) -> bool:
    """Tell whether a name is written as an acronym.

    >>> [is_acronym(name) for name in ["IDF", "U.S.", "MoD", "IRGC-QF", "Iran", "A", "THE IDF"]]
    [True, True, True, True, False, False, False]
    """
    bare = name.strip()
    if " " in bare:
        return False
    if bare.isalpha() and bare.isascii():  # most names, and without an apostrophe
        return bare[-1].isupper() and len(bare) > 1 and _ACRONYM.fullmatch(bare) is not None
    bare = _POSSESSIVE.sub("", bare.translate(_SIGNS))
    return len(bare) > 1 and _ACRONYM.fullmatch(bare) is not None


def acronym_fits(acronym: str, name: str) -> bool:
    """Tell whether the letters of an acronym can stand for the words of a name.

    Each word gives its first letter; "and", "of", "the" and articles may give none. Where the
    acronym has five letters or more, a word may give more of its beginning (CENTCOM).

    Args:
        acronym: The short form, with or without dots.
        name: The long form, in any language in Latin letters.

    >>> acronym_fits("IDF", "Israel Defense Forces"), acronym_fits("PMF", "Popular Front")
    (True, False)
    >>> acronym_fits("HTS", "Hayat Tahrir al-Sham"), acronym_fits("CENTCOM", "Central Command")
    (True, True)
    """
    letters = "".join(_split_words(acronym))
    words = _split_words(name)
    stop = read_lists("ORG").stop | _ARTICLES.keys()
    if len(letters) < 2 or len(words) < 2 or len(words) > LONGEST or " " in acronym.strip():
        return False
    reach = 4 if len(letters) >= 5 else 1
    places = {0}  # how many letters are used up
    for word in words:
        nearer = set(places) if word in stop else set()
        for place in places:
            for size in range(1, reach + 1):
                part = letters[place : place + size]
                if len(part) == size and word.startswith(part):
                    nearer.add(place + size)
        places = nearer
    return len(letters) in places
