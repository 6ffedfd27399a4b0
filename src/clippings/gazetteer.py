"""Places by name, and which of the places of one name an article means.

Three files in `data/`: `places.csv.gz` (countries, U.S. states and towns of GeoNames, CC BY 4.0,
baked by `gazetteer/build.py`), `places_extra.csv` (by hand: regions, rivers, bases, camps, ...) and
`homes.csv` (what points to a country without being a place: Lebanese, Hizballah).

How a place is chosen among those of one name. Every place has a prior: the power of ten of its
inhabitants, one more at home (the Middle East and North Africa) and for capitals, one less where
only another name of it fits. A name beside it that points to its country counts as two more. The
best is taken if it leads every place elsewhere by a whole power; else the answer is None.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from clippings.names import lookup_key

DATA = Path(__file__).parent / "data"

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


# --- keys -----------------------------------------------------------------------------------------

_UNDECOMPOSED = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ə": "a"}
)
_SIGNS_INSIDE = re.compile(r"['.]")  # "Be'er Sheva", "U.S."
_SIGNS_BETWEEN = re.compile(r"[\W_]+")  # "Deir ez-Zor", "Washington, D.C."
_SAME_WORDS = (
    (re.compile(r"\b(?:palestinian )?refugee camp\b"), "camp"),  # "Jabalia refugee camp"
    (re.compile(r"\b(?:border crossing|crossing point|border post)\b"), "crossing"),
    (re.compile(r"\b(?:(?:military )?air ?base|airfield|air force base)\b"), "base"),
    (re.compile(r"\bsaint\b"), "st"),
)
_DOUBLED = re.compile(r"(.)\1+")  # "Yunnis"
_FINAL_H = re.compile(r"(?<=[aeiou])h$")  # "Hasakah"
_ARTICLES = frozenset(("al", "el", "ul"))
_SUN_ARTICLES = frozenset(
    "ad ed ar er as es at et an en az ez ud ur us ut un uz ash esh ush ath eth adh edh".split()
)


def place_keys(name: str) -> tuple[str, str]:
    """Give the two keys under which a place is looked up.

    Args:
        name: A name as it stands in a text or in the gazetteer.

    Returns:
        The full key (`lookup_key` without accents, apostrophes, dots and dashes) and the bare one,
        in which Arabic articles, spaces, doubled letters and a final h do not count either.

    >>> place_keys("Dayr az-Zawr")
    ('dayr az zawr', 'dayrzawr')
    >>> place_keys("Al Ḩasakah") == place_keys("al-Hasakah")
    True
    """
    key = unicodedata.normalize("NFKD", lookup_key(name).casefold().translate(_UNDECOMPOSED))
    if not key.isascii():
        key = "".join(sign for sign in key if not unicodedata.combining(sign))
    key = _SIGNS_BETWEEN.sub(" ", _SIGNS_INSIDE.sub("", key)).strip()
    for words, word in _SAME_WORDS:
        key = words.sub(word, key)
    parts = key.split()
    kept = [
        part
        for part, following in zip(parts, parts[1:], strict=False)
        if part not in _ARTICLES and not (part in _SUN_ARTICLES and following.startswith(part[1:]))
    ] + parts[-1:]
    return key, _FINAL_H.sub("", _DOUBLED.sub(r"\1", "".join(kept)))


# --- the data -------------------------------------------------------------------------------------

_PRIMARY, _PRIMARY_BARE, _OTHER, _OTHER_BARE = range(4)


def group_keys(name: str, others: Iterable[str], *, is_home: bool) -> list[list[str]]:
    """Give the keys of a place in four groups, without repetition.

    Args:
        name: Its name.
        others: Its other names.
        is_home: Whether Arabic articles are to be expected, so that bare keys are given.

    Returns:
        Full key of the name, bare key of the name, full keys of the others, their bare keys.
    """
    groups: list[list[str]] = [[], [], [], []]
    seen = set()
    names = [(_PRIMARY, name), *((_OTHER, other) for other in others)]
    for step in range(2 if is_home else 1):
        for group, spelling in names:
            key = place_keys(spelling)[step]
            if key and (step, key) not in seen and (0, key) not in seen:
                seen.add((step, key))
                groups[group + step].append(key)
    return groups


class _Home(NamedTuple):
    """What a name that is no place points to."""

    country_code: str
    admin_region: str | None


class _Gazetteer:
    """Everything in `data/`, indexed."""

    def __init__(self) -> None:
        self.index: dict[str, list[int]] = {}
        self.rows: list[list[str]] = []
        self.places: dict[int, Place] = {}
        self.homes: dict[str, _Home] = {}
        self.abbreviations: dict[str, _Home] = {}
        baked = gzip.decompress((DATA / "places.csv.gz").read_bytes()).decode("utf-8")
        rows = csv.reader(io.StringIO(baked))
        next(rows)
        for row in rows:
            self._add(row, row.pop().split(";"))
        for name, aliases, kind, country_code, latitude, longitude, _ in read_rows("places_extra"):
            row = [name, aliases, kind, country_code, "", latitude, longitude, "", ""]
            groups = group_keys(name, filter(None, aliases.split("|")), is_home=True)
            self._add(row, ["|".join(keys) for keys in groups])
        for name, country_code, admin_region, kind, _ in read_rows("homes"):
            home = _Home(country_code, admin_region or None)
            if kind == "abbreviation":
                self.abbreviations[name] = home
            else:
                self.homes[place_keys(name)[0]] = home

    def _add(self, row: list[str], groups: Sequence[str]) -> None:
        number = 4 * len(self.rows)
        self.rows.append(row)
        for group, keys in enumerate(groups):
            if keys:
                for key in keys.split("|"):
                    self.index.setdefault(key, []).append(number + group)

    def place(self, number: int) -> Place:
        place = self.places.get(number)
        if place is None:
            name, _, kind, country, region, latitude, longitude, population, code = self.rows[
                number
            ]
            place = self.places[number] = Place(
                name,
                kind,
                country or None,
                float(latitude),
                float(longitude),
                int(population) if population else None,
                int(code) if code else None,
                region or None,
            )
        return place


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
_loaded: list[_Gazetteer] = []


def _gazetteer() -> _Gazetteer:
    """Load once per process, however many threads ask."""
    if not _loaded:
        with _loading:
            if not _loaded:
                _loaded.append(_Gazetteer())
    return _loaded[0]


# --- finding --------------------------------------------------------------------------------------

_PLACE_WORDS = (
    "governorate|province|muhafazah|muhafaza|mohafazat|mohafaza|vilayet|wilaya|district|region"
    "|county|area|city|town|village|municipality|subdistrict|camp|crossing|base"
)
_WORD_BEFORE = re.compile(  # "the holy city of Najaf", "Governorate of Anbar"
    rf"^(?:[\w-]+ ){{0,2}}(?:{_PLACE_WORDS}) of (?P<base>.+)$", re.IGNORECASE
)
_WORD_AFTER = re.compile(  # "Anbar Province", "Mosul city"
    rf"^(?P<base>.+?) (?:{_PLACE_WORDS})$", re.IGNORECASE
)
_AREAS = re.compile(r"\b(?:governorate|province|muhafaza|mohafaza|vilayet|wilaya|region|district)")


class _Candidate(NamedTuple):
    place: Place
    is_primary: bool
    prior: float


_PRIORS = {
    "continent": 9.5,
    "country": 8.6,
    "state": 8.0,
    "sea": 7.0,
    "region": 7.0,
    "river": 6.5,
    "governorate": 6.5,
    "province": 6.5,
    "district": 6.0,
    "town": 5.5,
}
_PRIOR_OF_A_SITE = 6.0
_UNLISTED = 3.5
"""Somewhere there is a place of that name that no list has, with 3,000 inhabitants."""
_SEAT_POPULATION = 15_000
"""Towns whose inhabitants GeoNames does not know are seats of districts."""
_LEAD = 1.0
_LEAD_IN_COUNTRY = 0.7
_SAME_PLACE_KM = 40.0
_NEAR_KM = 100.0


def _prior(place: Place, *, is_primary: bool) -> float:
    prior = 0.0 if is_primary else -1.0
    if place.geonames_id is None or place.kind in _PRIORS:
        return prior + _PRIORS.get(place.kind, _PRIOR_OF_A_SITE)
    is_known = place.country_code in NEIGHBOURS or place.kind == "capital"
    return prior + math.log10((place.population or _SEAT_POPULATION) + 300) + is_known


def _forms(name: str) -> Iterator[str]:
    """Give the name, then what is left of it without such a word as "Province"."""
    yield name
    match = _WORD_BEFORE.match(name) or _WORD_AFTER.match(name)
    if match:
        base = match["base"]
        if _AREAS.search(name.casefold()):
            yield f"{base} Governorate"
            yield f"{base} Province"
            yield f"{base} District"
        yield base


@lru_cache(maxsize=1 << 16)
def _candidates(name: str) -> tuple[_Candidate, ...]:
    gazetteer = _gazetteer()
    for form in _forms(" ".join(name.split())):
        full, bare = place_keys(form)
        best: dict[int, bool] = {}
        for key in {full: None, bare: None}:
            for found in gazetteer.index.get(key, ()):
                number, group = divmod(found, 4)
                is_primary = group in (_PRIMARY, _PRIMARY_BARE)
                best[number] = best.get(number, False) or is_primary
        if best:
            candidates = [
                _Candidate(place, is_primary, _prior(place, is_primary=is_primary))
                for place, is_primary in ((gazetteer.place(n), p) for n, p in best.items())
            ]
            return tuple(sorted(candidates, key=lambda it: (-it.prior, _order(it.place))))
    return ()


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
    return [candidate.place for candidate in _candidates(name)]


# --- telling apart --------------------------------------------------------------------------------


class _Vote(NamedTuple):
    """One country to which a name beside the place points."""

    country_code: str
    admin_region: str | None
    weight: float
    place: Place | None


_COUNTRY_VOTE = 2.0
_STATE_VOTE = 5.0
_MOST_VOTES = 4.0
_NEIGHBOUR_WEIGHT = 0.5
_MOST_NEIGHBOUR = 1.0
_SMALL_TOWN = 15_000
_CITY = 50_000
_EVERYWHERE = "US"
"""It stands in articles about every country, so that its name says little."""
_MOST_WORDS = 4
_PERSON_TOO = frozenset(
    ("jordan", "georgia", "chad", "israel", "guinea", "niger", "america", "us", "jersey", "cuba")
)
"""Countries whose name alone, inside a longer name, is too often a person's or another place's."""


def _home_vote(home: _Home, weight: float = 1.0) -> _Vote:
    is_weak = home.country_code == _EVERYWHERE and home.admin_region is None
    return _Vote(home.country_code, home.admin_region, weight / 2 if is_weak else weight, None)


@lru_cache(maxsize=1 << 16)
def _read_hint(hint: str) -> tuple[_Vote, ...]:
    """Give the countries that a name beside a place points to."""
    gazetteer = _gazetteer()
    key = place_keys(hint)[0]
    home = gazetteer.abbreviations.get(hint) or gazetteer.homes.get(key)
    if home:
        return (_home_vote(home),)
    candidates = _candidates(hint)
    place = _choose(candidates, ())
    if place:
        return tuple(_place_votes(place))
    if candidates:
        least = candidates[0].prior - 1.5
        pairs = {
            _Home(it.place.country_code, it.place.admin_region): None
            for it in candidates
            if it.place.country_code and it.prior >= max(least, _UNLISTED + _LEAD)
        }
        return tuple(_home_vote(pair, 0.5) for pair in pairs)
    return tuple(_scan_words(key.split()))


def _place_votes(place: Place) -> Iterator[_Vote]:
    if place.country_code is None:
        return
    if place.country_code == _EVERYWHERE and place.kind in ("country", "capital"):
        yield _Vote(place.country_code, None, 0.5, None)
    elif place.kind != "city" or (place.population or 0) >= _CITY:
        yield _Vote(place.country_code, place.admin_region, 1.0, place)
    elif (place.population or 0) >= _SMALL_TOWN:
        yield _Vote(place.country_code, place.admin_region, 0.5, place)


def _scan_words(words: Sequence[str]) -> Iterator[_Vote]:
    """Find countries and what belongs to them inside a longer name: "Lebanese army"."""
    gazetteer = _gazetteer()
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + _MOST_WORDS), start, -1):
            key = " ".join(words[start:end])
            home = gazetteer.homes.get(key)
            if home is None and key not in _PERSON_TOO:
                home = _country_or_state(key)
            if home:
                yield _home_vote(home)
                start = end - 1
                break
        start += 1


def _country_or_state(key: str) -> _Home | None:
    gazetteer = _gazetteer()
    found = [
        place
        for number in gazetteer.index.get(key, ())
        if (place := gazetteer.place(number // 4)).kind in ("country", "state")
    ]
    if len(found) != 1 or found[0].country_code is None:
        return None
    return _Home(found[0].country_code, found[0].admin_region)


def _distance_km(one: Place, other: Place) -> float:
    north = math.radians(one.latitude - other.latitude)
    east = math.radians(one.longitude - other.longitude)
    middle = math.radians((one.latitude + other.latitude) / 2)
    return 6371.0 * math.hypot(north, east * math.cos(middle))


def _evidence(place: Place, votes: Sequence[_Vote]) -> float:
    """Weigh the votes for a place."""
    if place.country_code is None:
        return 0.0
    direct = state = neighbour = 0.0
    weights: dict[str, float] = {}
    neighbours = NEIGHBOURS.get(place.country_code, "").split()
    for vote in votes:
        weights[vote.country_code] = weights.get(vote.country_code, 0.0) + vote.weight
        if vote.country_code == place.country_code:
            direct += vote.weight
            if place.admin_region and vote.admin_region == place.admin_region:
                state = max(state, vote.weight)
            elif vote.place and place.kind == "city" and _distance_km(vote.place, place) < _NEAR_KM:
                state = max(state, vote.weight)
        elif vote.country_code in neighbours:
            neighbour += _NEIGHBOUR_WEIGHT * vote.weight
    is_small = place.country_code == _EVERYWHERE and (place.population or 0) < 2 * _CITY
    if is_small and place.kind == "city" and not state:
        direct = 0.0
    if place.country_code in NEIGHBOURS:
        state = 0.0
    most = max(weights.values(), default=0.0)
    scale = _MOST_VOTES / most if most > _MOST_VOTES else 1.0
    value = _COUNTRY_VOTE * direct * scale + min(_MOST_NEIGHBOUR, neighbour * scale)
    return value + (_STATE_VOTE - _COUNTRY_VOTE) * state


def _choose(candidates: Sequence[_Candidate], votes: Sequence[_Vote]) -> Place | None:
    """Take the place that leads, or none."""
    if not candidates:
        return None
    evidence = [_evidence(candidate.place, votes) for candidate in candidates]
    is_pointed_at = max(evidence) >= _COUNTRY_VOTE
    scores = [
        candidate.prior + value - (_COUNTRY_VOTE if is_pointed_at and not value else 0.0)
        for candidate, value in zip(candidates, evidence, strict=True)
    ]
    first = max(range(len(scores)), key=lambda number: (scores[number], -number))
    best = candidates[first].place
    if scores[first] < _UNLISTED + _LEAD:
        return None
    near_best = _is_near(best, votes)
    for number, candidate in enumerate(candidates):
        place = candidate.place
        if place.country_code == best.country_code:
            if number == first or _distance_km(place, best) < _SAME_PLACE_KM:
                continue
            if place.kind == best.kind == "country":
                continue
            if best.kind in ("country", "region"):
                continue
            lead = _LEAD_IN_COUNTRY + _is_near(place, votes) - near_best
        else:
            lead = _LEAD
        if scores[first] - scores[number] < lead:
            return None
    return best


def _is_near(place: Place, votes: Sequence[_Vote]) -> bool:
    return any(
        vote.place is not None
        and vote.place.kind not in ("country", "state", "continent")
        and _distance_km(vote.place, place) < _NEAR_KM
        for vote in votes
    )


_TAIL = re.compile(r"^(?P<head>[^,(]+?)(?:, | ?\()(?P<tail>[^,()]+)\)?$")  # "Lebanon, Pa."


def locate(
    name: str, context: Sequence[str] = (), country_codes: Sequence[str] = ()
) -> Place | None:
    """Say which place of that name is meant, or nothing.

    Args:
        name: A name as it stands in a text.
        context: The names beside it, of any label, in any order; each counts once. Countries,
            demonyms, U.S. states, towns and organisations with a known home point to a country.
        country_codes: Countries that the text is known to be about (ISO 3166 alpha-2); each
            counts as one more name.

    Returns:
        The place; None where the name is unknown or nothing settles which place it is.

    >>> locate("Tripoli", ["Beirut", "Hizballah"]).country_code
    'LB'
    >>> locate("Tripoli") is None
    True
    """
    head, tail = name, ""
    candidates = _candidates(name)
    match = None if candidates else _TAIL.match(name.strip())
    if match:
        head, tail = match["head"], match["tail"]
        candidates = _candidates(head)
    if not candidates:
        return None
    own = place_keys(head)[0]
    hints = {key: hint for hint in context if (key := place_keys(hint)[0]) not in ("", own)}
    votes = [vote for _, hint in sorted(hints.items()) for vote in _read_hint(hint)]
    votes += [_home_vote(_Home(code, None)) for code in sorted(set(country_codes))]
    if tail:
        votes += _tail_votes(tail)
        candidates = tuple(it for it in candidates if _fits_tail(it.place, _tail_votes(tail)))
    return _choose(candidates, votes)


def _tail_votes(tail: str) -> list[_Vote]:
    """Read what follows a comma: "Tripoli, Lebanon", "Paris, TX"."""
    home = _state_by_code(tail)
    return [_home_vote(home)] if home else list(_read_hint(tail))


def _fits_tail(place: Place, votes: Sequence[_Vote]) -> bool:
    return any(
        vote.country_code == place.country_code and vote.admin_region in (None, place.admin_region)
        for vote in votes
    )


_CODE = re.compile(r"^[A-Z]{2}$")  # "TX"


def _state_by_code(code: str) -> _Home | None:
    return _Home("US", code) if _CODE.match(code) and code in _state_codes() else None


@lru_cache(maxsize=1)
def _state_codes() -> frozenset[str | None]:
    return frozenset(home.admin_region for home in _gazetteer().abbreviations.values())
