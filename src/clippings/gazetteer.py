"""Places by name, and which of the places of one name an article means.

Three files in `data/`: `places.csv.gz` (countries, U.S. states and towns of GeoNames, CC BY 4.0,
baked by `gazetteer/build.py`), `places_extra.csv` (by hand: regions, rivers, bases, camps, ...) and
`homes.csv` (what points to a country without being a place: Lebanese, Hizballah).

How a place is chosen among those of one name: in powers of ten of inhabitants. What a place has
before the article is read is its prior: its own inhabitants, somewhat more at home (the Middle East
and North Africa) and for capitals, less where only another of its names fits. Each name beside it
that points to its country adds two, to its U.S. state six. The best is taken if it leads every
place elsewhere by one; else the answer is None.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import math
import re
import threading
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


_ONE_LAND = {"IL": "PS", "PS": "IL"}
"""Papers name the one for places in the other."""
_NEAR_COUNTRIES = {
    country: frozenset(near.split()) - {_ONE_LAND.get(country)}
    for country, near in NEIGHBOURS.items()
}


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

_SAME_WORDS = (
    (re.compile(r"\b(?:palestinian )?refugee camp\b"), "camp"),  # "Jabalia refugee camp"
    (re.compile(r"\b(?:border crossing|crossing point|border post)\b"), "crossing"),
    (re.compile(r"\b(?:(?:military )?air ?base|airfield|air force base)\b"), "base"),
    (re.compile(r"\bsaint\b"), "st"),
)
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
    for words, word in _SAME_WORDS:
        key = words.sub(word, key)
    return key


def bare_key(key: str) -> str:
    """Take off a key what spellings of Arabic names differ in: spaces, doubled letters, a final h.

    >>> bare_key(place_key("Al Ḩasakah")) == bare_key(place_key("al-Hassaka"))
    True
    """
    return _FINAL_H.sub("", _DOUBLED.sub(r"\1", key.replace(" ", "")))


def loose_key(key: str) -> str:
    """Make all vowels of a bare key one; empty where little would be left.

    >>> loose_key(place_key("Mansoura")) == loose_key(place_key("Al Manşūrah"))
    True
    """
    key = bare_key(key)
    return _VOWELS.sub("a", key) if len(key) >= _SHORTEST_LOOSE else ""


# --- the data -------------------------------------------------------------------------------------

_GROUPS, _LOOSE_GROUP = 3, 2


def join_keys(names: Sequence[str], others: Iterable[str], *, is_home: bool) -> str:
    """Give the keys of a place as `places.csv.gz` holds them.

    Args:
        names: Its name, and others as good.
        others: Its other names.
        is_home: Whether it is to be found by loose keys too.

    Returns:
        Three groups (keys of the names, keys of the others, loose keys of both) with `;` between
        them and `|` within, each key once.
    """
    firsts = dict.fromkeys(filter(None, map(place_key, names)))
    seconds = dict.fromkeys(key for key in map(place_key, others) if key and key not in firsts)
    every = {**firsts, **seconds}
    looses = dict.fromkeys(filter(None, map(loose_key, every if is_home else ())))
    thirds = [key for key in looses if key not in every]
    return ";".join("|".join(group) for group in (firsts, seconds, thirds))


class _Home(NamedTuple):
    """What a name that is no place points to."""

    country_code: str
    admin_region: str | None


class _Gazetteer:
    """Everything in `data/`, indexed.

    A row is read apart only when its place is asked for: most never are.
    """

    def __init__(self) -> None:
        baked = gzip.decompress((DATA / "places.csv.gz").read_bytes()).decode("utf-8")
        self._lines = baked.splitlines()[1:]
        self._extra = list(read_rows("places_extra"))
        self._first: dict[str, int] = {}
        self._more: dict[str, list[int]] = {}
        self._places: dict[int, tuple[Place, Sequence[str]]] = {}
        self.homes: dict[str, _Home] = {}
        self.abbreviations: dict[str, _Home] = {}
        for number, line in enumerate(self._lines):
            self._add(number, line[line.rindex(",") + 1 :])
        for number, row in enumerate(self._extra, len(self._lines)):
            self._add(number, join_keys(row[:1], row[1].split("|"), is_home=True))
        for name, country_code, admin_region, kind, _ in read_rows("homes"):
            home = _Home(country_code, admin_region or None)
            if kind == "abbreviation":
                self.abbreviations[name] = home
            else:
                self.homes[place_key(name)] = home

    def _add(self, number: int, keys: str) -> None:
        for group, part in enumerate(keys.split(";")):
            if part:
                entry = _GROUPS * number + group
                for key in part.split("|"):
                    first = self._first.setdefault(key, entry)
                    if first != entry:
                        self._more.setdefault(key, [first]).append(entry)

    def find(self, key: str) -> Sequence[tuple[Place, int, Sequence[str]]]:
        """Give the places under a key, each with the group of the key and all its names."""
        if key not in self._first:
            return ()
        entries = self._more.get(key) or (self._first[key],)
        found = []
        for number, group in (divmod(entry, _GROUPS) for entry in entries):
            place, names = self._place(number)
            found.append((place, group, names))
        return found

    def _place(self, number: int) -> tuple[Place, Sequence[str]]:
        found = self._places.get(number)
        if found is None:
            count = len(self._lines)
            if number < count:
                (row,) = csv.reader((self._lines[number],))
                name, others, kind, country, region, latitude, longitude, people, code, _ = row
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
    "|area|city|town|village|municipality|subdistrict|camp|crossing|base"
)
_WORD_BEFORE = re.compile(  # "the holy city of Najaf", "Governorate of Anbar"
    rf"^(?:[\w-]+ ){{0,2}}(?:{_PLACE_WORDS}) of (?P<base>.+)$", re.IGNORECASE
)
_WORD_AFTER = re.compile(  # "Anbar Province", "Mosul city"
    rf"^(?P<base>.+?) (?:{_PLACE_WORDS})$", re.IGNORECASE
)
_AREAS = re.compile(r"\b(?:governorate|province|muhafaza|mohafaza|vilayet|wilaya|region|district)")


class _Candidate(NamedTuple):
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
_ALIAS, _BARE, _LOOSE = 1.0, 0.5, 2.0  # what is lost by a name that does not quite fit
_ABROAD_DISCOUNT = 1.0
_STATE_DISCOUNT = 1.0
_SEAT_POPULATION = 5_000
"""Towns whose inhabitants GeoNames does not know are seats of districts."""
_SMALL_TOWN, _TOWN, _CITY, _METROPOLIS = 15_000, 50_000, 100_000, 500_000


def _is_home(place: Place) -> bool:
    return place.country_code is None or place.country_code in NEIGHBOURS


def _prior(place: Place) -> float:
    if place.geonames_id is None:
        prior = _PRIORS.get(place.kind, _PRIOR_OF_A_SITE)
        return prior if _is_home(place) else prior - _ABROAD_DISCOUNT
    if place.kind in _PRIORS:
        return _PRIORS[place.kind]
    prior = math.log10((place.population or _SEAT_POPULATION) + 300)
    if place.country_code in NEIGHBOURS:
        return prior + _HOME_BONUS
    if place.kind in ("capital", "seat"):
        is_big = (place.population or 0) >= _METROPOLIS
        return prior + (_BIG_CAPITAL_BONUS if is_big else _CAPITAL_BONUS)
    return prior - _STATE_DISCOUNT if _needs_state(place) else prior


def _is_far_town(place: Place) -> bool:
    is_small = place.kind == "city" and (place.population or 0) < _CITY
    return is_small and not _is_home(place)


def _needs_state(place: Place) -> bool:
    """Say whether a paper would name the state beside it: "Salem, Ore."."""
    return place.country_code == _EVERYWHERE and _is_far_town(place)


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
    if name in _gazetteer().abbreviations:
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
                _Candidate(place, _prior(place) - discount, discount)
                for place, discount in discounts.items()
            )
            return tuple(sorted(candidates, key=lambda it: (-it.prior, _order(it.place))))
    return ()


def _look_up(name: str) -> dict[Place, float]:
    """Give the places of a name, each with what its prior loses for not quite bearing it."""
    gazetteer = _gazetteer()
    key = place_key(name)
    exact = {
        place: _ALIAS * group
        for place, group, _ in reversed(gazetteer.find(key))
        if group < _LOOSE_GROUP
    }
    if any(place.kind == "country" and not discount for place, discount in exact.items()):
        return {place: discount for place, discount in exact.items() if not discount}
    bare, loose = bare_key(key), loose_key(key)
    for place, _, names in gazetteer.find(loose) if loose else ():
        if place in exact or not _is_home(place):
            continue
        spelled = [bare_key(place_key(other)) == bare for other in names]
        if any(spelled):
            exact[place] = _BARE if spelled[0] else _BARE + _ALIAS
        elif place.kind == "city" and (place.population or _SEAT_POPULATION) >= _SEAT_POPULATION:
            exact[place] = _LOOSE
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
    return [candidate.place for candidate in _candidates(name)]


# --- telling apart --------------------------------------------------------------------------------


class _Vote(NamedTuple):
    """One country to which a name beside the place points."""

    country_code: str
    admin_region: str | None
    weight: float
    place: Place | None


_EVERYWHERE = "US"
"""It stands in articles about every country, so that its name says little."""
_PERSON_TOO = frozenset(
    ("jordan", "georgia", "chad", "israel", "guinea", "niger", "america", "us", "jersey", "cuba")
)
"""Countries whose name alone, inside a longer name, is too often a person's or another place's."""
_MOST_WORDS = 4  # of a country inside a longer name

_COUNTRY_VOTE = 2.0
_MOST_VOTES = 4.0  # where a country has more, all are scaled down
_MOST_VOTES_FOR_FAR_TOWN = 2.0
_STATE_VOTE = 4.0  # beside the vote for the country
_STATE_VOTE_AMONG_OTHERS = 2.0  # where other countries are spoken of too
_PART = 0.5  # of a vote for the state, by a town in it or near
_OTHER_STATE_WEIGHT = 0.25
_ONE_LAND_WEIGHT = 0.75
_NEIGHBOUR_WEIGHT = 0.5
_MOST_FOR_NEIGHBOURS = 1.0
_SILENCE = 2.0  # what a place loses where all names point to another of its name
_SILENCE_OF_COUNTRY = 1.0
_SILENCE_AMONG_OTHERS = 0.5

_LEAD = 1.0
_LEAD_IN_COUNTRY = 0.7
_UNLISTED = 4.7
"""Somewhere there is a place of that name that no list has."""
_FAINT, _FAINT_BESIDE_STATES = 6.5, 7.5  # places that stand alone among names from elsewhere
_ALSO_RAN = 1.5
_SAME_PLACE_KM = 60.0
_NEAR_KM = 120.0


def _home_vote(home: _Home, weight: float = 1.0) -> _Vote:
    is_weak = home.country_code == _EVERYWHERE and home.admin_region is None
    return _Vote(home.country_code, home.admin_region, weight / 2 if is_weak else weight, None)


@lru_cache(maxsize=1 << 16)
def _read_hint(hint: str) -> tuple[_Vote, ...]:
    """Give the countries that a name beside a place points to."""
    gazetteer = _gazetteer()
    key = place_key(hint)
    home = gazetteer.abbreviations.get(hint) or gazetteer.homes.get(key)
    if home:
        return (_home_vote(home),)
    candidates = _candidates(hint)
    place = _choose(candidates, _Tally(()))
    if place:
        return tuple(_place_votes(place))
    if candidates:
        least = max(candidates[0].prior - _ALSO_RAN, _UNLISTED - _LEAD_IN_COUNTRY)
        pairs = {
            _Home(it.place.country_code, it.place.admin_region): None
            for it in candidates
            if it.place.country_code and it.prior >= least
        }
        return tuple(_home_vote(pair, 0.5) for pair in pairs)
    return tuple(_scan_words(key.split()))


@lru_cache(maxsize=256)
def _read_context(context: tuple[str, ...]) -> dict[str, tuple[_Vote, ...]]:
    """Read the names beside a place, each by its key.

    Beside "Maine", "Portland" is the one in Maine: with a state among them the towns are read
    once more, in its light.
    """
    hints = {key: hint for hint in sorted(context) if (key := place_key(hint))}
    read = {key: _read_hint(hints[key]) for key in sorted(hints)}
    states = [
        it for votes in read.values() for it in votes if it.place and it.place.kind == "state"
    ]
    tally = _Tally(states)
    for key, votes in list(read.items()) if states else ():
        is_town = all(it.place is None or it.place.kind == "city" for it in votes)
        if is_town and key not in _gazetteer().homes:
            place = _choose(_candidates(hints[key]), tally)
            read[key] = tuple(_place_votes(place)) if place else votes
    return read


def _place_votes(place: Place) -> Iterator[_Vote]:
    if place.country_code is None:
        return
    if place.country_code == _EVERYWHERE and place.kind in ("country", "capital"):
        yield _Vote(place.country_code, None, 0.5, None)
    elif place.kind != "city" or (place.population or 0) >= _TOWN:
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
    found = [place for place, *_ in _gazetteer().find(key) if place.kind in ("country", "state")]
    if len(found) != 1 or found[0].country_code is None:
        return None
    return _Home(found[0].country_code, found[0].admin_region)


def _distance_km(one: Place, other: Place) -> float:
    north = math.radians(one.latitude - other.latitude)
    east = math.radians(one.longitude - other.longitude)
    middle = math.radians((one.latitude + other.latitude) / 2)
    return 6371.0 * math.hypot(north, east * math.cos(middle))


class _Tally:
    """The votes of one article, counted.

    Attributes:
        votes: All of them, by country.
        weights: What they weigh, by country.
        spoken: The countries of which something sure was said.
        is_in_states: Whether no vote is for another country than the United States.
        scale: What to multiply by where a country has very many votes.
    """

    def __init__(self, votes: Iterable[_Vote]) -> None:
        self.votes: dict[str, list[_Vote]] = {}
        for vote in votes:
            self.votes.setdefault(vote.country_code, []).append(vote)
        self.weights = {
            country: sum(vote.weight for vote in its) for country, its in self.votes.items()
        }
        self.spoken = {
            country for country, its in self.votes.items() if any(it.weight >= 1.0 for it in its)
        }
        self.is_in_states = set(self.votes) <= {_EVERYWHERE}
        self.scale = min(1.0, _MOST_VOTES / max(self.weights.values(), default=_MOST_VOTES))

    def is_near(self, place: Place) -> bool:
        """Say whether a place is among them that lies near."""
        return any(
            vote.place is not None
            and vote.place.kind not in ("country", "state", "continent")
            and _distance_km(vote.place, place) < _NEAR_KM
            for its in self.votes.values()
            for vote in its
        )


def _evidence(place: Place, tally: _Tally) -> float:
    """Weigh the votes for a place."""
    country = place.country_code
    if country is None:
        return 0.0
    direct, state = tally.weights.get(country, 0.0), 0.0
    if country == _EVERYWHERE or _is_far_town(place):
        direct, state = _count_state(place, tally.votes.get(country, ()))
    if country in _ONE_LAND:
        direct += _ONE_LAND_WEIGHT * tally.weights.get(_ONE_LAND[country], 0.0)
    neighbours = _NEAR_COUNTRIES.get(country, frozenset()) & tally.weights.keys()
    neighbour = _NEIGHBOUR_WEIGHT * sum(tally.weights[other] for other in sorted(neighbours))
    value = _COUNTRY_VOTE * direct + min(_MOST_FOR_NEIGHBOURS / tally.scale, neighbour)
    state_vote = _STATE_VOTE if tally.spoken <= {country} else _STATE_VOTE_AMONG_OTHERS
    return value * tally.scale + state_vote * state


def _count_state(place: Place, votes: Iterable[_Vote]) -> tuple[float, float]:
    """Count the votes for a country, and those for the part of it in which a place lies."""
    direct = state = 0.0
    for vote in votes:
        share = _share_of_state(vote, place)
        state = max(state, share * vote.weight)
        if vote.admin_region is None or place.kind == "state":
            share = 1.0
        direct += max(share, _OTHER_STATE_WEIGHT) * vote.weight
    if _needs_state(place) and not state:
        return 0.0, 0.0
    if _is_far_town(place):
        direct = min(direct, _MOST_VOTES_FOR_FAR_TOWN)
    return direct, state


def _choose(candidates: Sequence[_Candidate], tally: _Tally) -> Place | None:
    """Take the place that leads, or none."""
    if not candidates:
        return None
    evidence = [_evidence(candidate.place, tally) for candidate in candidates]
    is_exact = [candidate.discount < _LOOSE for candidate in candidates]
    if any(is_exact) and not all(is_exact):  # another spelling, and nothing points to it
        kept = [it or value >= _COUNTRY_VOTE for it, value in zip(is_exact, evidence, strict=True)]
        candidates = list(itertools.compress(candidates, kept))
        evidence = list(itertools.compress(evidence, kept))
    scores = [
        candidate.prior + (value or -_silence(candidate.place, candidates, evidence, tally))
        for candidate, value in zip(candidates, evidence, strict=True)
    ]
    first = max(range(len(scores)), key=lambda number: (scores[number], -number))
    best = candidates[first].place
    if scores[first] < _UNLISTED or _is_unlisted(best, candidates, tally):
        return None
    if best.country_code and not evidence[first] and _is_lost(candidates[first], tally):
        return None
    rivals = (
        (candidate.place, scores[first] - score)
        for candidate, score in zip(candidates, scores, strict=True)
        if candidate.place != best
    )
    if all(lead >= _needed_lead(best, rival, tally) for rival, lead in rivals):
        return best
    return None


def _needed_lead(best: Place, rival: Place, tally: _Tally) -> float:
    """Say by how much a place must lead another of its name."""
    countries = {best.country_code, rival.country_code}
    if len(countries - {None}) < 2 and _distance_km(best, rival) < _SAME_PLACE_KM:
        return 0.0
    if len(countries) > 1:
        return _LEAD
    if best.kind in ("country", "region"):
        return 0.0
    if not _is_home(best):
        return _LEAD_IN_COUNTRY
    return _LEAD_IN_COUNTRY + tally.is_near(rival) - tally.is_near(best)


def _share_of_state(vote: _Vote, place: Place) -> float:
    """Say how far a vote is for the very part of the country.

    "Amsterdam" beside "Brooklyn" is not yet the one in the state of New York, nor is "Hebron"
    beside "Cincinnati" quite the one across the river; beside "Kentucky" it is.
    """
    is_same = vote.admin_region is not None and vote.admin_region == place.admin_region
    if vote.place is None or vote.place.kind != "city" or not _is_far_town(place):
        return float(is_same)
    return _PART * (is_same + (_distance_km(vote.place, place) < _NEAR_KM))


def _silence(
    place: Place,
    candidates: Sequence[_Candidate],
    evidence: Sequence[float],
    tally: _Tally,
) -> float:
    """Weigh that nothing points to a place, while something points to another of its name."""
    if max(evidence) < _COUNTRY_VOTE or place.country_code is None:
        return 0.0
    pointed_at = {
        it.place.country_code
        for it, value in zip(candidates, evidence, strict=True)
        if value >= _COUNTRY_VOTE
    }
    if not tally.spoken <= pointed_at:
        return _SILENCE_AMONG_OTHERS
    return _SILENCE_OF_COUNTRY if place.kind in ("country", "state") else _SILENCE


def _is_unlisted(best: Place, candidates: Sequence[_Candidate], tally: _Tally) -> bool:
    """Say whether it may be a U.S. town that is not listed: "Shiloh" beside nothing but Tennessee.

    Only names that towns there bear are in doubt, and only where no other country is spoken of.
    """
    if best.country_code == _EVERYWHERE or tally.spoken != {_EVERYWHERE}:
        return False
    votes = tally.votes[_EVERYWHERE]
    states = {vote.admin_region for vote in votes if vote.admin_region and vote.weight >= 1.0}
    listed = {it.place.admin_region for it in candidates if it.place.country_code == _EVERYWHERE}
    return bool(listed) and bool(states - listed)


def _is_lost(candidate: _Candidate, tally: _Tally) -> bool:
    """Say whether a place to which nothing points is too faint among names from elsewhere."""
    if not tally.spoken:
        return False
    if candidate.discount >= _ALIAS and candidate.place.geonames_id is not None:
        return True
    if not NEIGHBOURS.keys().isdisjoint(tally.spoken):
        return False
    return candidate.prior < (_FAINT_BESIDE_STATES if tally.is_in_states else _FAINT)


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
    is_known = any(candidate.discount < _LOOSE for candidate in candidates)
    match = None if is_known else _TAIL.match(name.strip())
    if match:
        head, tail = match["head"], match["tail"]
        candidates = _candidates(head)
    if not candidates:
        return None
    own = place_key(head)
    read = _read_context(tuple(context))
    votes = [vote for key, cast in read.items() if key != own for vote in cast]
    votes += [_home_vote(_Home(code, None)) for code in sorted(set(country_codes))]
    after_comma = _tail_votes(tail) if tail else []
    if after_comma:
        votes += after_comma
        candidates = tuple(it for it in candidates if _fits_tail(it.place, after_comma))
    return _choose(candidates, _Tally(votes))


def _tail_votes(tail: str) -> list[_Vote]:
    """Read what follows a comma: "Tripoli, Lebanon", "Paris, TX"."""
    if tail in {home.admin_region for home in _gazetteer().abbreviations.values()}:
        return [_home_vote(_Home(_EVERYWHERE, tail))]
    return list(_read_hint(tail))


def _fits_tail(place: Place, votes: Sequence[_Vote]) -> bool:
    return any(
        vote.country_code == place.country_code and vote.admin_region in (None, place.admin_region)
        for vote in votes
    )
