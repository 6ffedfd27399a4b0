"""Words: a name as it is compared; titles and particles off, compounds in one."""

from __future__ import annotations

import operator
import re
from functools import lru_cache

from clippings.names.keys import bare_words
from clippings.names.limits import MEMORY
from clippings.names.lists import Lists, is_closed, read_lists
from clippings.names.titles import put_given_name_first, strip_titles

_THEOPHORIC = re.compile(r"^(.{2,})[aou]llah?$")  # nasrullah, hezbollah, abdulla
_OF_FAITH = re.compile(r"^(.{2,})[aeiou](?:dd?|tt)(?:in|een|ine)$")  # salahuddin, izzedine
_ALLAH = frozenset("allah ullah ollah".split())
_FAITH = frozenset("din deen dine eddin eddine uddin addin ddin".split())
_SERVANT = re.compile(r"^abd(?:[aeiou]{1,2}(?:[lrsdntz]|sh))?$")  # abd, abdul, abder
_SERVANT_GROWN = re.compile(r"^abd[aeiou]{1,2}(?:l(?=.{3})|([rsdntz])(?=\1))")  # abdelfattah
_LINK = frozenset("il ol or".split())  # abd ol-reza
_GROWN_ARTICLE = re.compile(r"^[ae](?:l|([rsdntz])(?=\1))(?=(.*))")  # alzour, ezzor
_ORDINAL = re.compile(r"^0*(\d+?)(?:st|nd|rd|th)?$")  # 1st, 007


def read_words(name: str, key: str, label: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the words of a name as they are compared, and those without an optional head word."""
    lists = read_lists(label)
    if label == "PERSON":
        words = bare_words(strip_titles(put_given_name_first(name)))
    else:
        words = key.split()
    words = [
        lists.canonical.get(word) or (_strip_ordinal(word) if word[0].isdigit() else word)
        for word in words
    ]
    words = _drop_inner(words, lists, label)
    words = _join_compounds(words, lists)
    if label != "PERSON" and len(words) > 1 and words[0] in lists.front:
        words = [*words[1:], words[0]]
    words = [_drop_grown_article(word, place, label) for place, word in enumerate(words)]
    all_words = tuple(words) or (key,)
    if (
        len(words) > 1
        and words[-1] in lists.optional
        and (len(words) > 2 or (len(words[0]) > 3 and not is_closed(words[0], label)))
    ):
        return all_words, all_words[:-1]
    return all_words, all_words


def _strip_ordinal(word: str) -> str:
    return _ORDINAL.sub(operator.itemgetter(1), word)


def _drop_inner(words: list[str], lists: Lists, label: str) -> list[str]:
    """Leave out stop words and, inside a person's name, particles."""
    last = len(words) - 1
    if label == "PERSON":
        if len(words) == 2 and words[0] == "bin":
            return ["bin" + words[1]]  # Bin Laden, Ben-Gurion
        if len(words) < 3:
            return words
        return [
            word
            for place, word in enumerate(words)
            if place in (0, last) or word not in lists.particle
        ]
    if lists.stop.isdisjoint(words):
        return words
    return [word for word in words if word not in lists.stop] or words


def _join_compounds(words: list[str], lists: Lists) -> list[str]:
    """Write in one what is one name: Abd al-Karim, Abu Bakr, Nasr Allah, Salah al-Din."""
    joined: list[str] = []
    prefix = ""
    for word in words:
        if prefix == "abd" and word in _LINK:
            continue
        if word in _ALLAH and joined and not prefix:
            joined[-1] += "allah"
        elif word in _FAITH and joined and not prefix and joined[-1] not in lists.closed:
            joined[-1] += "din"
        elif word.startswith("abd") and not prefix and _SERVANT.match(word):
            prefix = "abd"
        elif word in ("abu", "umm") and not prefix:
            prefix = word
        else:
            joined.append(prefix + _trim_compound(word))
            prefix = ""
    return [*joined, prefix] if prefix else joined


@lru_cache(MEMORY)
def _trim_compound(word: str) -> str:
    if word.startswith("abd") and not _THEOPHORIC.match(word):
        word = _SERVANT_GROWN.sub("abd", word)
    if word.endswith(("lla", "llah")):
        word = _THEOPHORIC.sub(r"\1allah", word)
    if word.endswith(("in", "een", "ine")):
        word = _OF_FAITH.sub(r"\1din", word)
    return word


def _drop_grown_article(word: str, place: int, label: str) -> str:
    """Take off an article written as one with its word: alzour, ezzor; Aleppo and Ali stay."""
    if word[:1] not in "ae" or (place == 0 and label == "PERSON"):
        return word
    found = _GROWN_ARTICLE.match(word)
    if found is None or is_closed(word, label):
        return word
    rest = found[2]
    if word[0] == "e" and found[1]:
        least = 3
    else:
        least = 5 if place == 0 or label == "PERSON" or rest[:1] in "aeiou" else 4
    return rest if len(rest) >= least else word
