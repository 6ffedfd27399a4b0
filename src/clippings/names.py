"""Whether two spellings are one name: keys, words, sounds, blocks, distance, guards.

A name is read in steps, each a function of the one before it:

    surface -> lookup_key -> words -> sounds -> skeleton (who is compared), distance (how near)

`same_name` walks them and `explain` tells the walk. Word lists, titles and the costs of sounds are
data: name_tokens.csv, titles.csv, sound_costs.csv.
"""

from __future__ import annotations

import csv
import itertools
import math
import operator
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clippings.records import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DATA = Path(__file__).parent / "data"

WORD_LIMIT = 0.13
"""Distance for each sound of the longer word, up to which two words are spellings of one."""
SHORT_LIMIT = 0.36
"""Cost up to which words under four letters agree beside other words, and short places alone."""
LONE_PERSON_LIMIT = 0.1
"""Cost up to which one-word persons agree: doubled letters and the like, no other vowel."""

_MEMORY = 1 << 15  # names and pairs of words kept; past it the oldest are worked out again
_UNRELATED = 1.5  # cost of two sounds, or of a lost consonant, that no spelling explains
_LONGEST = 40  # sounds and words past which only the same will do; keeps the time linear
_MOST_KEYS = 16  # readings of one skeleton


# Word lists ---------------------------------------------------------------------------------------


class _Lists(NamedTuple):
    """What name_tokens.csv says for one label."""

    canonical: dict[str, str]
    closed: frozenset[str]
    front: frozenset[str]
    optional: frozenset[str]
    stop: frozenset[str]
    particle: frozenset[str]


@cache
def _rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def _tokens(label: str, kinds: str) -> dict[str, str]:
    """Give the words of some kinds with what they stand for; a row without labels is for all."""
    return {
        row["token"]: row["canonical"]
        for row in _rows("name_tokens.csv")
        if row["kind"] in kinds.split() and (not row["labels"] or label in row["labels"].split())
    }


@cache
def _lists(label: str) -> _Lists:
    closed = _tokens(label, "number compass head front_head word")
    particle = _tokens(label, "particle")
    return _Lists(
        canonical=_tokens(label, "variant") | particle | closed,
        closed=frozenset(closed.values()),
        front=frozenset(_tokens(label, "front_head").values()),
        optional=frozenset(_tokens(label, "optional").values()),
        stop=frozenset(_tokens(label, "stop")),
        particle=frozenset(particle.values()),
    )


# The key: surely the same name --------------------------------------------------------------------

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


@lru_cache(_MEMORY)
def _key(name: str) -> str:
    words = _bare_words(name)
    while (joined := _join_letters(words)) != words:
        words = _drop_articles(joined)
    return " ".join(words) or " ".join(_fold(name).split()) or name


def _bare_words(name: str) -> list[str]:
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
            is_article = is_article and f"{word} {follower}" not in _tokens("", "not_article")
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


_FIRST_GROUP = operator.itemgetter(1)
"""What takes the place of a find; quicker than its template, which is read at every call."""

# Titles and acronyms ------------------------------------------------------------------------------

_SUFFIX = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"])


@cache
def _titles(position: str) -> dict[tuple[str, ...], bool]:
    """Give the titles as words, and whether one is part of a name of one word."""
    return {
        tuple(map(_bare, row["title"].split())): row["kept_with_one_word"] == "yes"
        for row in _rows("titles.csv")
        if row["position"] == position
    }


@cache
def _title_edges(position: str) -> frozenset[str]:
    edge = 0 if position == "before" else -1
    return frozenset(title[edge] for title in _titles(position))


def _bare(word: str) -> str:
    return word.casefold().strip(".,")


def strip_titles(name: str) -> str:
    """Take the titles off a person's name; at least one word is left.

    Args:
        name: A person as a text names it.

    Returns:
        The name without titles before and behind it. "Mullah", "King" and the like stay where only
        one word follows: there they are part of the name.

    >>> strip_titles("Prime Minister Dr. Haider al-Abadi")
    'Haider al-Abadi'
    >>> strip_titles("Mullah Omar"), strip_titles("Mullah Mohammed Omar")
    ('Mullah Omar', 'Mohammed Omar')
    """
    words = name.split()
    count = len(words)
    while len(words) > 1 and _bare(words[0]) in _title_edges("before"):
        size = _title_size(words, "before")
        if not size:
            break
        words = words[size:]
    while len(words) > 1 and _bare(words[-1]) in _title_edges("after"):
        size = _title_size(words, "after")
        if not size:
            break
        words = words[:-size]
    return name if len(words) == count else " ".join(words).rstrip(",")


def _title_size(words: list[str], position: str) -> int:
    """Count the words of the longest title at one end that may go."""
    titles = _titles(position)
    for size in range(min(4, len(words) - 1), 0, -1):
        part = words[:size] if position == "before" else words[-size:]
        is_kept = titles.get(tuple(map(_bare, part)))
        if is_kept is not None:
            return 0 if is_kept and len(words) - size < 2 else size
    return 0


def _put_given_name_first(name: str) -> str:
    """Turn "al-Zawahiri, Ayman" round; "King, Jr." stays."""
    family, comma, given = name.partition(",")
    if not comma or "," in given or not family.strip() or not given.strip():
        return name
    return name if _bare(given.strip()) in _SUFFIX else f"{given.strip()} {family.strip()}"


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
    stop = _lists("ORG").stop | _ARTICLES.keys()
    if len(letters) < 2 or len(words) < 2 or len(words) > _LONGEST or " " in acronym.strip():
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


# Words: a name as it is compared ------------------------------------------------------------------

_THEOPHORIC = re.compile(r"^(.{2,})[aou]llah?$")  # nasrullah, hezbollah, abdulla
_OF_FAITH = re.compile(r"^(.{2,})[aeiou](?:dd?|tt)(?:in|een|ine)$")  # salahuddin, izzedine
_ALLAH = frozenset("allah ullah ollah".split())
_FAITH = frozenset("din deen dine eddin eddine uddin addin ddin".split())
_SERVANT = re.compile(r"^abd(?:[aeiou]{1,2}(?:[lrsdntz]|sh))?$")  # abd, abdul, abder
_SERVANT_GROWN = re.compile(r"^abd[aeiou]{1,2}(?:l(?=.{3})|([rsdntz])(?=\1))")  # abdelfattah
_LINK = frozenset("il ol or".split())  # abd ol-reza
_GROWN_ARTICLE = re.compile(r"^[ae](?:l|([rsdntz])(?=\1))(?=(.*))")  # alzour, ezzor
_ORDINAL = re.compile(r"^0*(\d+?)(?:st|nd|rd|th)?$")  # 1st, 007


def _read_words(name: str, key: str, label: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the words of a name as they are compared, and those without an optional head word."""
    lists = _lists(label)
    if label == "PERSON":
        words = _bare_words(strip_titles(_put_given_name_first(name)))
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
        and (len(words) > 2 or (len(words[0]) > 3 and not _is_closed(words[0], label)))
    ):
        return all_words, all_words[:-1]
    return all_words, all_words


def _strip_ordinal(word: str) -> str:
    return _ORDINAL.sub(_FIRST_GROUP, word)


def _drop_inner(words: list[str], lists: _Lists, label: str) -> list[str]:
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


def _join_compounds(words: list[str], lists: _Lists) -> list[str]:
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


@lru_cache(_MEMORY)
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
    if found is None or _is_closed(word, label):
        return word
    rest = found[2]
    if word[0] == "e" and found[1]:
        least = 3
    else:
        least = 5 if place == 0 or label == "PERSON" or rest[:1] in "aeiou" else 4
    return rest if len(rest) >= least else word


def _is_closed(word: str, label: str) -> bool:
    """Tell whether only the same word will do: numbers, compass and head words, English words."""
    return word[:1].isdigit() or word in _lists(label).closed


# Sounds: a word as it is heard --------------------------------------------------------------------

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
_RUN = re.compile(r"(.)\1+")  # saada
_LATE_E = re.compile(r"^([^aeiouEO]a[^aeiouEO])e(?=[^aeiouEOh]$)")  # salem: its e is an i
_CLOSED_I = re.compile(r"^([^aeiouEOy])i(?=[^aeiouEO]{2})")  # tikrit, takrit
_AFTER_U = re.compile(r"([uoO][^aeiouEO]+)([ieu])(?=[^aeiouEO]+$)")  # yunis, yunes, yunus
_FIRST = {"a": "â", "o": "ô", "s": "ś"}  # amman, oman; sana, zana
_LAST = {"d": "ḍ", "t": "ṭ"}  # ahmed, ahmet
_SECOND = {"i": "ï", "e": "ë", "u": "ü"}
_PLAIN = dict(zip("âôśîėëïüḍṭ", "aosieeiudt", strict=True))
_COLOURS = {"o": "+", "u": "+", "O": "+", "ô": "+", "ü": "-+", "ï": "-+", "ë": "-+"}
"""Dark vowels; those that follow an u may be either; all others are bright."""
_FIRST_VOWEL = re.compile(r"[^aeiouEOâôîėëïüwy]?[aeiouEOâôîėëïü]")  # Ramla, Omar; not Sderot
_VOWELS = frozenset("aeiouEOâôîėëïü")
_LOST = _VOWELS | frozenset("hyw")
"""Sounds that a spelling may leave out."""
_FINAL_CLASSES = {
    "a": "a", "â": "a", "e": "ai", "i": "i", "o": "u", "ô": "u", "u": "u", "O": "u", "E": "E",
    "Λ": "a-",
}  # fmt: skip
"""Vowels at the end that are spellings of one another; a final e is -a or -i."""


class _Sounds(NamedTuple):
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


@lru_cache(_MEMORY)
def _hear(word: str) -> _Sounds:
    text = _DIVINE.sub("Λ", word) if word.endswith("allah") else word
    text = _DOUBLED.sub(_FIRST_GROUP, text)
    text = _LETTERS.sub(lambda found: _SOUND_OF[found[0]], text)
    if text.endswith(("ie", "ieh")):
        text = _LAST_IE.sub("ye", text)
    text = _VOWEL_GROUP.sub(lambda found: _hear_vowels(found[0]), text)
    text = _mark_places(_RUN.sub(_FIRST_GROUP, text))
    first = _FIRST_VOWEL.match(text)
    colours = _COLOURS.get(first[0][-1], "-") if first else "-+"
    return _Sounds(text, _class_end(text), colours)


@lru_cache(_MEMORY)
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
    if before not in _VOWELS or last in _VOWELS:
        return "-+"  # Hamd; not Hamid
    finals = _COLOURS.get(before, "-")
    if last == "h":
        finals += _FINAL_CLASSES[_PLAIN.get(before, before)]
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


@lru_cache(_MEMORY)
def _losses(text: str) -> tuple[float, ...]:
    """Say what it costs to leave out each sound of a word."""
    losses = [
        _loss(text, place) if sound in _LOST else _UNRELATED for place, sound in enumerate(text)
    ]
    return tuple(losses)


def _loss(text: str, place: int) -> float:
    """Say what it costs to leave out one sound, by where it stands."""
    sound, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if sound in _VOWELS:
        if sound in "EO":
            return 1.2
        if not after:
            is_silent = sound == "e" and before == "n"
            return 0.4 if is_silent else _UNRELATED  # Rahmane, Rahman; Baghdad, Baghdadi
        if not before:
            return 0.8  # Ibrahim, Brahim
        if sound in "iï" and place == len(text) - 2:
            return 0.7  # Hamid, Hamd are two
        return 0.45 if sound == "a" else 0.35  # Misurata, Misrata
    if sound == "h":
        if not after:
            return 0.0 if before in _VOWELS else 0.8  # Hamah, Hama
        return 0.7 if before else 1.0  # Rafah, Rafha are two
    if sound == "y" and not before and after in ("i", "e", "ï", "ë"):
        return 0.2  # Yitzhak, Itzhak
    if sound in "yw" and before in _VOWELS and after in _VOWELS:
        return 0.6
    return _UNRELATED


@cache
def _sound_costs() -> dict[str, float]:
    """Give the cost of each pair of sounds that can stand for one another, both ways round."""
    plain = {(row["a"], row["b"]): float(row["cost"]) for row in _rows("sound_costs.csv")}
    plain |= {(b, a): cost for (a, b), cost in plain.items()}
    signs = {sign for pair in plain for sign in pair} | _PLAIN.keys() | set(_PLAIN.values())
    costs: dict[str, float] = {}
    for a, b in itertools.product(sorted(signs), repeat=2):
        heard = (_PLAIN.get(a, a), _PLAIN.get(b, b))
        cost = plain.get((a, b))
        if cost is None and heard[0] == heard[1]:
            cost = 0.0
        for pair in ((a, heard[1]), (heard[0], b), heard):
            cost = plain.get(pair) if cost is None else cost
        if cost is not None:
            costs[a + b] = cost
    return costs


def _word_cost(a: str, b: str, limit: float) -> float:
    """Give the least cost of hearing one word as another; infinite past a limit for each sound.

    The last vowel's class must agree: Khamenei, Khomeini; Hama, Hamas; Baghdad, Baghdadi.
    """
    if b < a:
        a, b = b, a
    ours, our_finals, _ = _hear(a)
    theirs, their_finals, _ = _hear(b)
    if ours == theirs:
        return 0.0
    if our_finals != their_finals and set(our_finals).isdisjoint(their_finals):
        return math.inf
    size = max(len(ours), len(theirs))
    return _edit_cost(ours, theirs, limit * size) if size <= _LONGEST else math.inf


def _edit_cost(ours: str, theirs: str, limit: float) -> float:
    """Give the least cost between two words, past what they begin and end with alike."""
    costs = _sound_costs()
    our_losses, their_losses = _losses(ours), _losses(theirs)
    start, end, other_end = 0, len(ours), len(theirs)
    while start < end and start < other_end and ours[start] == theirs[start]:
        start += 1
    # Either one is heard as the other here or one is left out, whatever follows.
    if (
        start < end
        and start < other_end
        and limit < our_losses[start]
        and limit < their_losses[start]
        and limit < costs.get(ours[start] + theirs[start], _UNRELATED)
    ):
        return math.inf
    while end > start and other_end > start and ours[end - 1] == theirs[other_end - 1]:
        end, other_end = end - 1, other_end - 1
    if end - start == other_end - start == 1:  # most often
        kept = costs.get(ours[start] + theirs[start], _UNRELATED)
        kept = min(kept, our_losses[start] + their_losses[start])
        return kept if kept <= limit else math.inf
    # Costs only grow, so a place past the limit leads nowhere: a row holds the others alone.
    row = {start: 0.0}  # places in their word, and the least cost of coming there
    _leave_out(row, their_losses, other_end, limit)
    for sound, loss in zip(ours[start:end], our_losses[start:end], strict=True):
        below: dict[int, float] = {}
        for place, cost in row.items():
            if cost + loss <= limit and cost + loss < below.get(place, math.inf):
                below[place] = cost + loss
            if place < other_end:
                other = theirs[place]
                if sound != other:
                    cost += costs.get(sound + other, _UNRELATED)
                if cost <= limit and cost < below.get(place + 1, math.inf):
                    below[place + 1] = cost
        if not below:
            return math.inf
        row = below
        _leave_out(row, their_losses, other_end, limit)
    return row.get(other_end, math.inf)


def _leave_out(row: dict[int, float], losses: Sequence[float], end: int, limit: float) -> None:
    """Add to a row the places reached by leaving out sounds of the other word."""
    for place in list(row):
        cost = row[place]
        while place < end:
            cost += losses[place]
            place += 1
            if cost > limit or cost >= row.get(place, math.inf):
                break
            row[place] = cost


def _word_distance(a: str, b: str) -> float:
    """Give the distance of two words also where they are no spellings; 1 where past telling."""
    if a == b:
        return 0.0
    cost = _word_cost(a, b, 0.3)
    return min(1.0, cost / max(1, len(_hear(a).signs), len(_hear(b).signs)))


def _is_spelling(a: str, b: str, label: str) -> bool:
    """Tell whether two words beside other words are spellings of one."""
    if a == b:
        return True
    if len(a) == 1 or len(b) == 1 or not (_is_near(a, b) if a < b else _is_near(b, a)):
        return False
    return not _is_closed(a, label) and not _is_closed(b, label)


@lru_cache(_MEMORY)
def _is_near(a: str, b: str) -> bool:
    if len(a) < 4 or len(b) < 4:
        return _word_cost(a, b, 1.0) <= SHORT_LIMIT
    return _word_cost(a, b, WORD_LIMIT) < math.inf


# Blocks: who is compared with whom ----------------------------------------------------------------

_CLASSES = {
    **dict.fromkeys("bp", ("B",)), "v": ("", "B"), "d": ("D",), **dict.fromkeys("tḍṭ", ("T",)),
    **dict.fromkeys("sśzцšjž", ("S",)), "θ": ("T", "S"), "ð": ("D", "S"),
    **dict.fromkeys("kqğ", ("K",)), **dict.fromkeys("gc", ("K", "S")),
    **dict.fromkeys("xX", ("K", "")), "č": ("S", "K", ""), "Λ": ("L",),
    **{sign: (sign.upper(),) for sign in "fmnrl"}, **dict.fromkeys("hyw", ("",)),
    **dict.fromkeys(_VOWELS, ("",)),
}  # fmt: skip
"""The classes of sounds that may stand for one another; the first is the usual reading."""
_ONE_CLASS = str.maketrans({sign: each[0] for sign, each in _CLASSES.items() if len(each) == 1})
_MANY_CLASSES = {sign: each for sign, each in _CLASSES.items() if len(each) > 1}
_SEVERAL = re.compile(f"([{''.join(_MANY_CLASSES)}])")


def skeleton(name: str, label: str | None = None) -> tuple[str, ...]:
    """Give the blocking keys of a name: two names are compared only where they share one.

    Args:
        name: A name as it stands in a text.
        label: PERSON, ORG or PLACE; None for the keys under all of them.

    Returns:
        The lookup key, then skeletons of consonants and the class of the last sound, with their
        other readings (g as k or j, kh as k or h); for a person also of the first and last word.
        Sorted; never empty.

    >>> ["-DRSR:+" in skeleton(name, "PLACE") for name in ["Deir ez-Zor", "Dayr az Zawr"]]
    [True, True]
    """
    if label is not None:
        return tuple(sorted(_read(name, label).blocks))
    return tuple(sorted(frozenset().union(*(_read(name, each).blocks for each in LABELS))))


class _Reading(NamedTuple):
    """A name with all that a comparison needs.

    Attributes:
        key: Its lookup key.
        words: Its words; titles, particles and stop words off, compounds in one.
        core: The words without a head word that may be left out.
        blocks: Its blocking keys.
        is_acronym: Whether it is written as one.
    """

    key: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    blocks: frozenset[str]
    is_acronym: bool


@lru_cache(_MEMORY)
def _read(name: str, label: str) -> _Reading:
    key = _key(name)
    words, core = _read_words(name, key, label)
    blocks = {f"={key}"}
    is_short_form = is_acronym(name)
    if not is_short_form:
        blocks.update(_skeletons(core, label))
        if label == "PERSON" and len(core) > 1:
            blocks.update(_person_blocks(core))
    return _Reading(key, words, core, frozenset(blocks), is_short_form)


def _person_blocks(words: Sequence[str]) -> Iterator[str]:
    """First and last word in any order, the first three, a first name Muhammad left out."""
    last = words[-1]
    yield from _paired(words[0], last)
    if len(words) > 2:
        if len(words) > 3:
            yield from _skeletons(words[:3], "PERSON")
        yield f"{words[0][0]}{words[1][0]}~{_word_skeletons(last)[0]}"
        if _is_spelling(words[0], "muhammad", "PERSON"):
            yield from _paired(words[1], last)


def _paired(first: str, last: str) -> list[str]:
    return [
        f"{one}~{two}" if one <= two else f"{two}~{one}"
        for one in _ended(first)
        for two in _ended(last)
    ]


def _skeletons(words: Sequence[str], label: str) -> list[str]:
    """Write words as one skeleton, so that "Tel Afar" and "Telafar" meet; closed words in full."""
    if label == "PERSON":
        free, closed = words, ""
    else:
        free, closed = words, ""
        if in_full := [word for word in words if _is_closed(word, label)]:
            free = [word for word in words if word not in in_full]
            closed = ".".join(in_full)
    if len(free) < 2:
        return [closed + key for key in _ended(free[0] if free else "")]
    parts = [_word_skeletons(word) for word in free]
    first, finals = _hear(free[0]), _hear(free[-1]).finals
    readings = [
        _RUN.sub(_FIRST_GROUP, "".join(reading))
        for reading in itertools.islice(itertools.product(*parts), _MOST_KEYS)
    ]
    return [
        f"{closed}{colour}{key}:{final}"
        for key, final in itertools.islice(itertools.product(readings, finals), _MOST_KEYS)
        for colour in first.colours
    ]


@lru_cache(_MEMORY)
def _ended(word: str) -> tuple[str, ...]:
    """Give the skeletons of a word with the colour of its first vowel and the class of its end."""
    sounds = _hear(word)
    return tuple(
        f"{colour}{key}:{final}"
        for key in _word_skeletons(word)
        for final in sounds.finals
        for colour in sounds.colours
    )


@lru_cache(_MEMORY)
def _word_skeletons(word: str) -> tuple[str, ...]:
    signs = _hear(word).signs
    if _SEVERAL.search(signs) is None:
        return (_RUN.sub(_FIRST_GROUP, signs.translate(_ONE_CLASS)),)
    parts = [
        _MANY_CLASSES[part] if part in _MANY_CLASSES else (part.translate(_ONE_CLASS),)
        for part in _SEVERAL.split(signs)
        if part
    ]
    if len(parts) < 2:
        readings = iter(parts[0])
    else:
        readings = map("".join, itertools.islice(itertools.product(*parts), _MOST_KEYS))
    return tuple(dict.fromkeys(_RUN.sub(_FIRST_GROUP, reading) for reading in readings))


# Verdict ------------------------------------------------------------------------------------------


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
    first, second = _read(a, label), _read(b, label)
    if first.key == second.key:
        return Verdict(True, "the same key")
    if first.is_acronym or second.is_acronym:
        return Verdict(False, "an acronym must be the same")
    if first.blocks.isdisjoint(second.blocks):
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


def _without_options(first: _Reading, second: _Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Leave out "movement" and the like where only one name has such a word."""
    if (first.core == first.words) == (second.core == second.words):
        return first.words, second.words
    return first.core, second.core


def _judge_word(a: str, b: str, label: str) -> Verdict:
    if _is_closed(a, label) or _is_closed(b, label):
        return Verdict(False, "a number, a head word or an English word must be the same")
    if label != "PLACE" and min(len(a), len(b)) < 4:
        return Verdict(False, "under four letters a name must be the same")
    if label == "PERSON":
        is_same = _word_cost(a, b, 1.0) <= LONE_PERSON_LIMIT
        return Verdict(is_same, "a person's one word must sound the same")
    is_same = _is_near(a, b) if a < b else _is_near(b, a)
    return Verdict(is_same, "near enough" if is_same else "too far apart")


def _align(ours: Sequence[str], theirs: Sequence[str], label: str) -> bool:
    """Tell whether words pair off in order; one may be two of the other (Telafar, Tel Afar)."""
    if len(ours) == len(theirs):
        for a, b in zip(ours, theirs, strict=True):
            if a != b and not _is_spelling(a, b, label):
                return False
        return True
    if len(ours) > len(theirs):
        ours, theirs = theirs, ours
    if not ours or len(theirs) > min(2 * len(ours), _LONGEST):
        return False
    head, rest = ours[0], ours[1:]
    if _is_spelling(head, theirs[0], label) and _align(rest, theirs[1:], label):
        return True
    if any(_is_closed(word, label) or len(word) < 2 for word in theirs[:2]):
        return False
    return _is_spelling(head, theirs[0] + theirs[1], label) and _align(rest, theirs[2:], label)


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
        _is_spelling(short[0], long[1], "PERSON")
        and _is_spelling(short[1], long[0], "PERSON")
        and not any(len(word) < 4 or _is_given(word) for word in short)
    )


def _judge_partial(short: Sequence[str], long: Sequence[str]) -> Verdict:
    """Judge two persons of whom one has names or letters that the other leaves out."""
    if len(long) > _LONGEST:
        return Verdict(False, "too long to compare")
    if (
        len(long) > len(short)
        and _is_spelling(long[0], "muhammad", "PERSON")
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
    return _is_spelling(a, b, "PERSON")


def _is_given(word: str) -> bool:
    """Tell whether a word is a frequent given name: too little to know a family by."""
    return _is_listed(word, "given")


def _is_compound(word: str) -> bool:
    """Tell whether a word often forms double given names: Mohammad Reza."""
    return word.startswith("abd") or _is_listed(word, "compound")


@lru_cache(_MEMORY)
def _is_listed(word: str, kind: str) -> bool:
    """Tell whether a word is a spelling of one of a list."""
    blocks = _listed(kind)
    near = {other for key in _ended(word) for other in blocks.get(key, ())}
    return any(_is_spelling(word, other, "PERSON") for other in near)


@cache
def _listed(kind: str) -> dict[str, list[str]]:
    """Give the words of a list by their blocks."""
    blocks: dict[str, list[str]] = {}
    for word in _tokens("PERSON", kind):
        for key in _ended(word):
            blocks.setdefault(key, []).append(word)
    return blocks


def name_distance(a: str, b: str, label: str = "PLACE") -> float:
    """Give the distance of two names: that of the two words which agree least.

    Args:
        a: A name as it stands in a text.
        b: Another.
        label: PERSON, ORG or PLACE: which words are titles or must be the same.

    Returns:
        From 0 (the same sounds) to 1 (no spelling explains it, or one has more words); up to
        `WORD_LIMIT` two words are spellings of one.

    >>> name_distance("Nablus", "Nābulus") < name_distance("Hassan", "Husayn") == 1
    True
    """
    first, second = _read(a, label), _read(b, label)
    ours, theirs = _without_options(first, second)
    if first.key == second.key or ours == theirs:
        return 0.0
    if len(ours) != len(theirs):
        ours, theirs = ("".join(ours),), ("".join(theirs),)
    return max(
        1.0
        if x != y and (_is_closed(x, label) or _is_closed(y, label))
        else min(1.0, _word_distance(x, y))
        for x, y in zip(ours, theirs, strict=True)
    )


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
    first, second = _read(a, label), _read(b, label)
    ours, theirs = _without_options(first, second)
    shared = sorted(first.blocks & second.blocks)
    verdict = judge(a, b, label)
    lines = [
        f'Keys: "{first.key}" and "{second.key}".',
        f"Words: {', '.join(ours)}; {', '.join(theirs)}.",
        f"Blocks in common: {', '.join(shared) or 'none'}.",
    ]
    if len(ours) != len(theirs):
        lines.append(f"{len(ours)} words against {len(theirs)}.")
    for x, y in zip(ours, theirs, strict=False):
        if x != y and (_is_closed(x, label) or _is_closed(y, label)):
            lines.append(f"{x}, {y}: must be the same word.")
        elif x != y:
            distance = _word_distance(x, y)
            cost = distance * max(len(_hear(x).signs), len(_hear(y).signs))
            far = "no spelling explains it"
            found = f"cost {cost:.2f}, distance {distance:.2f}" if distance < 1 else far
            lines.append(f"{x}, {y}: sounds {_hear(x).signs}, {_hear(y).signs}; {found}.")
    return [*lines, f"{'Same' if verdict.is_same else 'Not the same'}: {verdict.rule}."]
