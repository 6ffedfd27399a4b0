"""Places by name: the lists, and which of their places a name may be.

Three files in `data/`: `places.csv.gz` (countries, U.S. states and towns of GeoNames, CC BY 4.0,
baked by `gazetteer/build.py`), `places_extra.csv` (by hand: regions, rivers, bases, camps, ...) and
`homes.csv` (what points to a country without being a place: Lebanese, Hizballah). Their keys take a
second to work out, so they are baked too:

    python -m clippings.places       writes data/place_keys.txt; after a change of `lookup_key`,
                                     `place_key` or one of the three

How likely a place is before an article is read is its prior, in powers of ten of inhabitants: its
own, somewhat more at home (the Middle East and North Africa) and for capitals, less where only
another of its names fits.
"""

from __future__ import annotations

import csv
import gzip
import math
import operator
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from clippings.baked import Index, bake_index
from clippings.names import lookup_key

DATA = Path(__file__).parent / "data"
EVERYWHERE = "US"
"""It stands in articles about every country, so that its name says little."""
_CITY, _METROPOLIS = 100_000, 500_000

NEIGHBOURS = {
    "AE": "BH IR OM QA SA",
    "AF": "IR PK TJ TM UZ",
    "BH": "AE IR QA SA",
    "CY": "GR LB SY TR",
    "DZ": "EH LY MA ML MR NE TN",
    "EG": "IL LY PS SD",
    "EH": "DZ MA MR",
    "IL": "EG JO LB PS SY",
    "IQ": "IR JO KW SA SY TR",
    "IR": "AE AF AM AZ BH IQ KW OM PK QA TM TR",
    "JO": "IL IQ PS SA SY",
    "KW": "IQ IR SA",
    "LB": "CY IL PS SY",
    "LY": "DZ EG NE SD TD TN",
    "MA": "DZ EH ES MR",
    "MR": "DZ EH MA ML SN",
    "OM": "AE IR SA YE",
    "PS": "EG IL JO LB",
    "QA": "AE BH IR SA",
    "SA": "AE BH IQ JO KW OM QA YE",
    "SD": "EG ER ET LY SS TD",
    "SY": "CY IL IQ JO LB TR",
    "TN": "DZ LY",
    "TR": "AM AZ BG CY GE GR IQ IR SY",
    "YE": "DJ ER OM SA SO",
}
"""The countries this project reads about, with those whose news is also theirs."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the gazetteer.

    Attributes:
        name: Its name there; GeoNames writes "Al Qā'im" for al-Qaim.
        kind: `country`, `state`, `capital`, `city`, or what `places_extra.csv` says: `river`, ...
        country_code: ISO 3166 alpha-2; None for seas, and for land of more than one state.
        latitude: Degrees north, WGS 84.
        longitude: Degrees east, WGS 84.
        population: Inhabitants; None where not known.
        geonames_id: Its number in GeoNames; None where the row was written by hand.
        admin_region: U.S. state by its two letters; None elsewhere.
    """

    name: str
    kind: str
    country_code: str | None
    latitude: float
    longitude: float
    population: int | None
    geonames_id: int | None
    admin_region: str | None = None

    @property
    def is_home(self) -> bool:
        """Whether it lies where smaller towns count."""
        return self.country_code is None or self.country_code in NEIGHBOURS

    @property
    def is_far_town(self) -> bool:
        """Whether it is a smaller town elsewhere."""
        is_small = self.kind == "city" and (self.population or 0) < _CITY
        return is_small and not self.is_home

    @property
    def needs_state(self) -> bool:
        """Whether a paper would name the state beside it: "Salem, Ore."."""
        return self.country_code == EVERYWHERE and self.is_far_town


def distance_km(one: Place, other: Place) -> float:
    """Measure how far two places are from each other, well enough for neighbours."""
    north = math.radians(one.latitude - other.latitude)
    east = math.radians(one.longitude - other.longitude)
    middle = math.radians((one.latitude + other.latitude) / 2)
    return 6371.0 * math.hypot(north, east * math.cos(middle))


# --- keys -----------------------------------------------------------------------------------------

_SAME_WORDS = (
    (re.compile(r"\b(?:palestinian )?refugee camp\b"), "camp"),  # "Jabalia refugee camp"
    (re.compile(r"\b(?:border crossing|crossing point|border post)\b"), "crossing"),
    (re.compile(r"\b(?:(?:military )?air ?base|airfield|air force base)\b"), "base"),
    (re.compile(r"\bsaint\b"), "st"),
)
_ANY_OF_THEM = re.compile(r"refugee camp|crossing|border post|air|saint")
_FIRST_GROUP = operator.itemgetter(1)
_DOUBLED = re.compile(r"(.)\1+")  # "Yunnis"
_FINAL_H = re.compile(r"(?<=[aeiou])h$")  # "Hasakah"
_VOWELS = re.compile(r"[aeiou]+")  # "Mansoura", "Mansura"
_SHORTEST_LOOSE = 5  # "Sāh" is not "SA"


@lru_cache(maxsize=1 << 16)
def place_key(name: str) -> str:
    """Give the key under which a place is looked up.

    Args:
        name: A name as it stands in a text or in the gazetteer.

    Returns:
        `lookup_key`, with one word for each kind of site.

    >>> place_key("Jabalia refugee camp")
    'jabalia camp'
    """
    key = lookup_key(name)
    if _ANY_OF_THEM.search(key):
        for words, word in _SAME_WORDS:
            key = words.sub(word, key)
    return key


def bare_key(key: str) -> str:
    """Take off a key what spellings of Arabic names differ in: spaces, doubled letters, a final h.

    >>> bare_key(place_key("Al Ḩasakah")) == bare_key(place_key("al-Hassaka"))
    True
    """
    key = _DOUBLED.sub(_FIRST_GROUP, key.replace(" ", ""))
    return _FINAL_H.sub("", key) if key.endswith("h") else key


def loose_key(key: str) -> str:
    """Make all vowels of a bare key one; empty where little would be left.

    >>> loose_key(place_key("Mansoura")) == loose_key(place_key("Al Manşūrah"))
    True
    """
    return _loosen(bare_key(key))


def _loosen(bare: str) -> str:
    return _VOWELS.sub("a", bare) if len(bare) >= _SHORTEST_LOOSE else ""


# --- the data -------------------------------------------------------------------------------------

_LISTED, _INDEX = DATA / "places.csv.gz", DATA / "place_keys.txt"
_ABBREVIATION = "abbreviation"
_GROUPS, _LOOSE_GROUP = 3, 2


def group_keys(
    names: Sequence[str], others: Iterable[str], *, is_home: bool
) -> tuple[list[str], list[str], list[str]]:
    """Give the keys under which a place is found, each once.

    Args:
        names: Its name, and others as good.
        others: Its other names.
        is_home: Whether it is to be found by loose keys too.

    Returns:
        Keys of the names, keys of the others, loose keys of both.
    """
    firsts = dict.fromkeys(filter(None, map(place_key, names)))
    seconds = dict.fromkeys(key for key in map(place_key, others) if key and key not in firsts)
    every = {**firsts, **seconds}
    looses = dict.fromkeys(filter(None, map(loose_key, every if is_home else ())))
    return list(firsts), list(seconds), [key for key in looses if key not in every]


def bake_keys() -> bytes:
    """Work out the index of the keys of all places, and of what points to a country.

    An entry is `_GROUPS` times the number of the row, in the three lists one behind the other, and
    the group of the key.
    """
    entries: dict[str, list[int]] = defaultdict(list)
    for number, groups in enumerate(_group_all()):
        for group, keys in enumerate(groups):
            for key in keys:
                entries[key].append(_GROUPS * number + group)
    return bake_index(entries)


def write_index() -> None:
    """Bake the keys into the package."""
    _INDEX.write_bytes(bake_keys())


def _group_all() -> Iterator[Sequence[Sequence[str]]]:
    """Give the keys of each row of the three lists, by group."""
    listed = csv.reader(map(bytes.decode, _read_lines()))
    for name, aliases, usual_count, _, country_code, *_ in listed:
        others = aliases.split("|")
        usual = [name, *others[: int(usual_count or 0)]]
        yield group_keys(usual, others, is_home=country_code in NEIGHBOURS)
    for name, aliases, *_ in read_rows("places_extra"):
        yield group_keys([name], aliases.split("|"), is_home=True)
    for name, _, _, kind, _ in read_rows("homes"):
        yield [[place_key(name)] if kind != _ABBREVIATION else []]


def _read_lines() -> list[bytes]:
    return gzip.decompress(_LISTED.read_bytes()).splitlines()[1:]


class Home(NamedTuple):
    """What a name that is no place points to."""

    country_code: str
    admin_region: str | None


class _Lists:
    """The three lists and their index.

    A row is read apart only when its place is asked for: most never are.
    """

    def __init__(self) -> None:
        self._lines = _read_lines()
        self._extra = list(read_rows("places_extra"))
        self._homes: list[Home] = []
        self._entries = lru_cache(1 << 12)(Index(_INDEX).find)
        self._places: dict[int, tuple[Place, Sequence[str]]] = {}
        self.abbreviations: dict[str, Home] = {}
        for name, country_code, admin_region, kind, _ in read_rows("homes"):
            home = Home(country_code, admin_region or None)
            self._homes.append(home)
            if kind == _ABBREVIATION:
                self.abbreviations[name] = home

    def find(self, key: str) -> list[tuple[Place, int, Sequence[str]]]:
        """Give the places under a key, each with the group of the key and all its names."""
        first_home = len(self._lines) + len(self._extra)
        found = []
        for entry in self._entries(key):
            number, group = divmod(entry, _GROUPS)
            if number < first_home:
                place, names = self._place(number)
                found.append((place, group, names))
        return found

    def find_home(self, key: str) -> Home | None:
        """Give what the name under a key points to, if it is that of no place."""
        first_home = len(self._lines) + len(self._extra)
        for entry in self._entries(key):
            if entry >= _GROUPS * first_home:
                return self._homes[entry // _GROUPS - first_home]
        return None

    def _place(self, number: int) -> tuple[Place, Sequence[str]]:
        found = self._places.get(number)
        if found is None:
            count = len(self._lines)
            if number < count:
                (row,) = csv.reader([self._lines[number].decode()])
                name, others, _, kind, country, region, latitude, longitude, people, code = row
            else:
                name, others, kind, country, latitude, longitude, _ = self._extra[number - count]
                region = people = code = ""
            place = Place(
                name,
                kind,
                country or None,
                float(latitude),
                float(longitude),
                int(people) if people else None,
                int(code) if code else None,
                region or None,
            )
            found = self._places[number] = place, (name, *filter(None, others.split("|")))
        return found


def read_rows(table: str) -> Iterator[list[str]]:
    """Read a table of `data/` that was written by hand.

    Args:
        table: Its file name without `.csv`.

    Yields:
        Its rows without the header.
    """
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


_loading = threading.Lock()
_loaded: list[_Lists] = []


def lists() -> _Lists:
    """Load once per process, however many threads ask."""
    if not _loaded:
        with _loading:
            if not _loaded:
                _loaded.append(_Lists())
    return _loaded[0]


# --- finding --------------------------------------------------------------------------------------

_PLACE_WORDS = (
    "governorate|province|muhafazah|muhafaza|mohafazat|mohafaza|vilayet|wilaya|district|region"
    "|area|city|town|village|municipality|subdistrict|camp|crossing|base"
)
_WORD_BEFORE = re.compile(  # "the holy city of Najaf", "Governorate of Anbar"
    rf"^(?:[\w-]+ ){{0,2}}(?:{_PLACE_WORDS}) of (?P<base>.+)$", re.IGNORECASE
)
_WORD_AFTER = re.compile(  # "Anbar Province", "Mosul city"
    rf"^(?P<base>.+?) (?:{_PLACE_WORDS})$", re.IGNORECASE
)
_AREAS = re.compile(r"\b(?:governorate|province|muhafaza|mohafaza|vilayet|wilaya|region|district)")


class Candidate(NamedTuple):
    """A place that may be meant, and how likely it is before the article is read."""

    place: Place
    prior: float
    discount: float


_PRIORS = {  # in powers of ten of inhabitants, like all that follows
    "continent": 9.5,
    "country": 10.0,
    "state": 9.4,
    "region": 7.5,
    "sea": 9.0,
    "governorate": 7.0,
    "province": 7.0,
    "river": 7.0,
    "district": 6.5,
    "town": 6.0,
}
_PRIOR_OF_A_SITE = 6.5
_HOME_BONUS = 1.5
_CAPITAL_BONUS = 1.0
_BIG_CAPITAL_BONUS = 2.5
BY_ALIAS, _BY_BARE_KEY, BY_LOOSE_KEY = 1.0, 0.5, 2.0
"""What is lost where another name fits, or one that does not quite."""
_ABROAD_DISCOUNT = 1.0
_STATE_DISCOUNT = 1.0
_SEAT_POPULATION = 5_000
"""Towns whose inhabitants GeoNames does not know are seats of districts."""


def _prior(place: Place) -> float:
    if place.geonames_id is None:
        prior = _PRIORS.get(place.kind, _PRIOR_OF_A_SITE)
        return prior if place.is_home else prior - _ABROAD_DISCOUNT
    if place.kind in _PRIORS:
        return _PRIORS[place.kind]
    prior = math.log10((place.population or _SEAT_POPULATION) + 300)
    if place.country_code in NEIGHBOURS:
        return prior + _HOME_BONUS
    if place.kind in ("capital", "seat"):
        is_big = (place.population or 0) >= _METROPOLIS
        return prior + (_BIG_CAPITAL_BONUS if is_big else _CAPITAL_BONUS)
    return prior - _STATE_DISCOUNT if place.needs_state else prior


def _forms(name: str) -> Iterator[str]:
    """Give the name, then what is left of it without such a word as "Province"."""
    yield name
    if " " not in name:
        return
    match = _WORD_BEFORE.match(name) or _WORD_AFTER.match(name)
    if match:
        base = match["base"]
        if _AREAS.search(name.casefold()):
            yield f"{base} Governorate"
            yield f"{base} Province"
            yield f"{base} District"
        yield base


@lru_cache(maxsize=1 << 16)
def find_candidates(name: str) -> tuple[Candidate, ...]:
    """Give every place of a name, the likeliest first; none of an abbreviation."""
    if name in lists().abbreviations:
        return ()
    name = " ".join(name.split())
    for form in _forms(name):
        discounts = _look_up(form)
        if form != name:
            discounts = {
                place: discount
                for place, discount in discounts.items()
                if place.kind not in ("country", "state")  # "Texas City", "Georgia camp"
            }
        if discounts:
            candidates = (
                Candidate(place, _prior(place) - discount, discount)
                for place, discount in discounts.items()
            )
            return tuple(sorted(candidates, key=lambda it: (-it.prior, _order(it.place))))
    return ()


def _look_up(name: str) -> dict[Place, float]:
    """Give the places of a name, each with what its prior loses for not quite bearing it."""
    key = place_key(name)
    exact = {
        place: BY_ALIAS * group
        for place, group, _ in reversed(lists().find(key))
        if group < _LOOSE_GROUP
    }
    if any(place.kind == "country" and not discount for place, discount in exact.items()):
        return {place: discount for place, discount in exact.items() if not discount}
    bare = bare_key(key)
    loose = _loosen(bare)
    for place, _, names in lists().find(loose) if loose else ():
        if place in exact or not place.is_home:
            continue
        spelled = [bare_key(place_key(other)) == bare for other in names]
        if any(spelled):
            exact[place] = _BY_BARE_KEY if spelled[0] else _BY_BARE_KEY + BY_ALIAS
        elif place.kind == "city" and (place.population or _SEAT_POPULATION) >= _SEAT_POPULATION:
            exact[place] = BY_LOOSE_KEY
    return exact


def _order(place: Place) -> tuple[str, str, float, float]:
    return (place.name, place.country_code or "", place.latitude, place.longitude)


def find_places(name: str) -> list[Place]:
    """Give every place of that name.

    Args:
        name: A name as it stands in a text: "al-Qaim", "Anbar Province", "the city of Najaf".

    Returns:
        The places it may be, the best known first; empty where none is known.

    >>> [place.country_code for place in find_places("Rafah")]
    ['PS', 'EG']
    """
    return [candidate.place for candidate in find_candidates(name)]


if __name__ == "__main__":
    write_index()
