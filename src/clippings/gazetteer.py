"""Which of the places of one name an article means.

What a place has before the article is read is its prior (`places`). Each name beside it that points
to its country adds two, to its U.S. state six. The best is taken if it leads every place elsewhere
by one; else the answer is None.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from clippings.places import (
    BY_ALIAS,
    BY_LOOSE_KEY,
    EVERYWHERE,
    NEIGHBOURS,
    Candidate,
    Home,
    Place,
    distance_km,
    find_candidates,
    lists,
    place_key,
)

_ONE_LAND = {"IL": "PS", "PS": "IL"}
"""Papers name the one for places in the other."""
_NEAR_COUNTRIES = {
    country: frozenset(near.split()) - {_ONE_LAND.get(country)}
    for country, near in NEIGHBOURS.items()
}


class _Vote(NamedTuple):
    """One country to which a name beside the place points."""

    country_code: str
    admin_region: str | None
    weight: float
    place: Place | None


_PERSON_TOO = frozenset(
    ("jordan", "georgia", "chad", "israel", "guinea", "niger", "america", "us", "jersey", "cuba")
)
"""Countries whose name alone, inside a longer name, is too often a person's or another place's."""
_MOST_WORDS = 4  # of a country inside a longer name
_SMALL_TOWN, _TOWN = 15_000, 50_000

_SURE = 1.0
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
_MOST_LEAD = _LEAD_IN_COUNTRY + 1.0
_UNLISTED = 4.7
"""Somewhere there is a place of that name that no list has."""
_FAINT, _FAINT_BESIDE_STATES = 6.5, 7.5  # places that stand alone among names from elsewhere
_ALSO_RAN = 1.5
_SAME_PLACE_KM = 60.0
_NEAR_KM = 120.0


def _home_vote(home: Home, weight: float = 1.0) -> _Vote:
    is_weak = home.country_code == EVERYWHERE and home.admin_region is None
    return _Vote(home.country_code, home.admin_region, weight / 2 if is_weak else weight, None)


@lru_cache(maxsize=1 << 16)
def _read_hint(hint: str) -> tuple[_Vote, ...]:
    """Give the countries that a name beside a place points to."""
    key = place_key(hint)
    home = lists().abbreviations.get(hint) or lists().find_home(key)
    if home:
        return (_home_vote(home),)
    candidates = find_candidates(hint)
    if candidates:
        place = _choose(candidates, _count(()))
        if place:
            return tuple(_place_votes(place))
        least = max(candidates[0].prior - _ALSO_RAN, _UNLISTED - _LEAD_IN_COUNTRY)
        pairs = {
            Home(it.place.country_code, it.place.admin_region): None
            for it in candidates
            if it.place.country_code and it.prior >= least
        }
        return tuple(_home_vote(pair, 0.5) for pair in pairs)
    return tuple(_scan_words(key.split()))


def _read_names(names: Iterable[str]) -> dict[str, tuple[_Vote, ...]]:
    """Read the names beside a place, each by its key.

    Beside "Maine", "Portland" is the one in Maine: with a state among them the towns are read
    once more, in its light.
    """
    hints = {key: hint for hint in sorted(names) if (key := place_key(hint))}
    read = {key: _read_hint(hint) for key, hint in hints.items()}
    states = [
        it for votes in read.values() for it in votes if it.place and it.place.kind == "state"
    ]
    if not states:
        return read
    tally = _count(states)
    for key, votes in list(read.items()):
        is_town = all(it.place is None or it.place.kind == "city" for it in votes)
        if is_town and lists().find_home(key) is None:
            place = _choose(find_candidates(hints[key]), tally)
            read[key] = tuple(_place_votes(place)) if place else votes
    return read


def _place_votes(place: Place) -> Iterator[_Vote]:
    if place.country_code is None:
        return
    if place.country_code == EVERYWHERE and place.kind in ("country", "capital"):
        yield _Vote(place.country_code, None, 0.5, None)
    elif place.kind != "city" or (place.population or 0) >= _TOWN:
        yield _Vote(place.country_code, place.admin_region, 1.0, place)
    elif (place.population or 0) >= _SMALL_TOWN:
        yield _Vote(place.country_code, place.admin_region, 0.5, place)


def _scan_words(words: Sequence[str]) -> Iterator[_Vote]:
    """Find countries and what belongs to them inside a longer name: "Lebanese army"."""
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + _MOST_WORDS), start, -1):
            home = _find_home(" ".join(words[start:end]))
            if home:
                yield _home_vote(home)
                start = end - 1
                break
        start += 1


@lru_cache(maxsize=1 << 14)
def _find_home(key: str) -> Home | None:
    """Find the country or state that words inside a longer name belong to."""
    home = lists().find_home(key)
    if home or key in _PERSON_TOO:
        return home
    found = [place for place, *_ in lists().find(key) if place.kind in ("country", "state")]
    if len(found) != 1 or found[0].country_code is None:
        return None
    return Home(found[0].country_code, found[0].admin_region)


def _count(votes: Iterable[_Vote]) -> _Tally:
    by_country: dict[str, list[_Vote]] = {}
    weights: dict[str, float] = {}
    spoken: set[str] = set()
    for vote in votes:
        country, _, weight, _ = vote
        if country in weights:
            by_country[country].append(vote)
            weights[country] += weight
        else:
            by_country[country] = [vote]
            weights[country] = weight
        if weight >= _SURE:
            spoken.add(country)
    return _Tally(by_country, weights, spoken)


class _Tally:
    """The votes of one article, counted.

    Attributes:
        votes: All of them, by country.
        weights: What they weigh, by country; sums of halves and quarters, so that none is rounded.
        spoken: The countries of which something sure was said.
        scale: What to multiply by where a country has very many votes.
    """

    def __init__(
        self, votes: dict[str, list[_Vote]], weights: dict[str, float], spoken: set[str]
    ) -> None:
        self.votes, self.weights, self.spoken = votes, weights, spoken
        self.scale = min(1.0, _MOST_VOTES / max(weights.values(), default=_MOST_VOTES))
        self._evidence: dict[str, float] = {}

    def without(self, votes: Sequence[_Vote]) -> _Tally:
        """Give the tally without some of its votes."""
        if not votes:
            return self
        kept, weights, spoken = self.votes.copy(), self.weights.copy(), self.spoken
        for vote in votes:
            country, _, weight, _ = vote
            its = kept[country] = kept[country].copy()
            its.remove(vote)
            weights[country] -= weight
            if weight >= _SURE and not any(it.weight >= _SURE for it in its):
                spoken = spoken - {country}
            if not its:
                del kept[country], weights[country]
        return _Tally(kept, weights, spoken)

    def is_near(self, place: Place) -> bool:
        """Say whether a place is among them that lies near."""
        return any(
            vote.place is not None
            and vote.place.kind not in ("country", "state", "continent")
            and distance_km(vote.place, place) < _NEAR_KM
            for its in self.votes.values()
            for vote in its
        )

    def weigh(self, place: Place) -> float:
        """Weigh the votes for a place."""
        country = place.country_code
        if country is None or (country not in self.votes and country not in NEIGHBOURS):
            return 0.0
        if country == EVERYWHERE or place.is_far_town:
            return self._sum(country, *_count_state(place, self.votes[country]))
        if country not in self._evidence:
            self._evidence[country] = self._sum(country, self.weights.get(country, 0.0))
        return self._evidence[country]

    def _sum(self, country: str, direct: float, state: float = 0.0) -> float:
        if country in _ONE_LAND:
            direct += _ONE_LAND_WEIGHT * self.weights.get(_ONE_LAND[country], 0.0)
        near = [self.weights[it] for it in _NEAR_COUNTRIES.get(country, ()) if it in self.weights]
        neighbour = min(_MOST_FOR_NEIGHBOURS / self.scale, _NEIGHBOUR_WEIGHT * sum(near))
        value = (_COUNTRY_VOTE * direct + neighbour) * self.scale
        if not state:
            return value
        is_alone = self.spoken <= {country}
        return value + (_STATE_VOTE if is_alone else _STATE_VOTE_AMONG_OTHERS) * state


def _count_state(place: Place, votes: Iterable[_Vote]) -> tuple[float, float]:
    """Count the votes for a country, and those for the part of it in which a place lies."""
    direct = state = 0.0
    for vote in votes:
        share = _share_of_state(vote, place)
        state = max(state, share * vote.weight)
        if vote.admin_region is None or place.kind == "state":
            share = 1.0
        direct += max(share, _OTHER_STATE_WEIGHT) * vote.weight
    if place.needs_state and not state:
        return 0.0, 0.0
    if place.is_far_town:
        direct = min(direct, _MOST_VOTES_FOR_FAR_TOWN)
    return direct, state


def _choose(candidates: Sequence[Candidate], tally: _Tally) -> Place | None:
    """Take the place that leads, or none."""
    if not candidates:
        return None
    evidence = [tally.weigh(place) for place, _, _ in candidates]
    is_exact = [discount < BY_LOOSE_KEY for _, _, discount in candidates]
    if any(is_exact) and not all(is_exact):  # another spelling, and nothing points to it
        kept = [it or value >= _COUNTRY_VOTE for it, value in zip(is_exact, evidence, strict=True)]
        candidates = list(itertools.compress(candidates, kept))
        evidence = list(itertools.compress(evidence, kept))
    scores = _score(candidates, evidence, tally)
    highest = max(scores)
    first = scores.index(highest)
    best = candidates[first].place
    if highest < _UNLISTED or _is_unlisted(best, candidates, tally):
        return None
    if best.country_code and not evidence[first] and _is_lost(candidates[first], tally):
        return None
    rivals = (
        (it.place, highest - score)
        for it, score in zip(candidates, scores, strict=True)
        if highest - score < _MOST_LEAD and it.place is not best
    )
    return None if any(lead < _needed_lead(best, it, tally) for it, lead in rivals) else best


def _score(
    candidates: Sequence[Candidate], evidence: Sequence[float], tally: _Tally
) -> list[float]:
    """Add to what a place has by itself what points to it, or that others have all of that."""
    pairs = list(zip(candidates, evidence, strict=True))
    if max(evidence) < _COUNTRY_VOTE:
        return [it.prior + value for it, value in pairs]
    pointed_at = {it.place.country_code for it, value in pairs if value >= _COUNTRY_VOTE}
    is_among_others = not tally.spoken <= pointed_at
    return [
        it.prior + (value or -_silence(it.place, is_among_others=is_among_others))
        for it, value in pairs
    ]


def _needed_lead(best: Place, rival: Place, tally: _Tally) -> float:
    """Say by how much a place must lead another of its name."""
    countries = {best.country_code, rival.country_code}
    if len(countries - {None}) < 2 and distance_km(best, rival) < _SAME_PLACE_KM:
        return 0.0
    if len(countries) > 1:
        return _LEAD
    if best.kind in ("country", "region"):
        return 0.0
    if not best.is_home:
        return _LEAD_IN_COUNTRY
    return _LEAD_IN_COUNTRY + tally.is_near(rival) - tally.is_near(best)


def _share_of_state(vote: _Vote, place: Place) -> float:
    """Say how far a vote is for the very part of the country.

    "Amsterdam" beside "Brooklyn" is not yet the one in the state of New York, nor is "Hebron"
    beside "Cincinnati" quite the one across the river; beside "Kentucky" it is.
    """
    is_same = vote.admin_region is not None and vote.admin_region == place.admin_region
    if vote.place is None or vote.place.kind != "city" or not place.is_far_town:
        return float(is_same)
    return _PART * (is_same + (distance_km(vote.place, place) < _NEAR_KM))


def _silence(place: Place, *, is_among_others: bool) -> float:
    """Weigh that nothing points to a place, while something points to another of its name."""
    if place.country_code is None:
        return 0.0
    if is_among_others:
        return _SILENCE_AMONG_OTHERS
    return _SILENCE_OF_COUNTRY if place.kind in ("country", "state") else _SILENCE


def _is_unlisted(best: Place, candidates: Sequence[Candidate], tally: _Tally) -> bool:
    """Say whether it may be a U.S. town that is not listed: "Shiloh" beside nothing but Tennessee.

    Only names that towns there bear are in doubt, and only where no other country is spoken of.
    """
    if best.country_code == EVERYWHERE or tally.spoken != {EVERYWHERE}:
        return False
    votes = tally.votes[EVERYWHERE]
    states = {vote.admin_region for vote in votes if vote.admin_region and vote.weight >= _SURE}
    listed = {it.place.admin_region for it in candidates if it.place.country_code == EVERYWHERE}
    return bool(listed) and bool(states - listed)


def _is_lost(candidate: Candidate, tally: _Tally) -> bool:
    """Say whether a place to which nothing points is too faint among names from elsewhere."""
    if not tally.spoken:
        return False
    if candidate.discount >= BY_ALIAS and candidate.place.geonames_id is not None:
        return True
    if not NEIGHBOURS.keys().isdisjoint(tally.spoken):
        return False
    is_in_states = tally.votes.keys() <= {EVERYWHERE}
    return candidate.prior < (_FAINT_BESIDE_STATES if is_in_states else _FAINT)


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
    return Context(context, country_codes).locate(name)


class _Asked(NamedTuple):
    """A name to be located: the key of what bears it, what bears it, what stands after a comma."""

    key: str
    candidates: tuple[Candidate, ...]
    after_comma: tuple[_Vote, ...]


@lru_cache(maxsize=1 << 14)
def _read_asked(name: str) -> _Asked:
    head, tail = name, ""
    candidates = find_candidates(name)
    is_known = any(candidate.discount < BY_LOOSE_KEY for candidate in candidates)
    match = None if is_known else _TAIL.match(name.strip())
    if match:
        head, tail = match["head"], match["tail"]
        candidates = find_candidates(head)
    after_comma = tuple(_tail_votes(tail)) if tail else ()
    if after_comma:
        candidates = tuple(it for it in candidates if _fits_tail(it.place, after_comma))
    return _Asked(place_key(head), candidates, after_comma)


class Context:
    """The names beside a place, read once for all places of an article.

    Args:
        names: As for `locate`.
        country_codes: As for `locate`.
    """

    def __init__(self, names: Iterable[str], country_codes: Iterable[str] = ()) -> None:
        self._votes = _read_names(names)
        votes = [vote for its in self._votes.values() for vote in its]
        votes += [_home_vote(Home(code, None)) for code in sorted(set(country_codes))]
        self._whole = _count(votes)

    def locate(self, name: str) -> Place | None:
        """Say which place of that name is meant, or nothing, as `locate` does."""
        key, candidates, after_comma = _read_asked(name)
        if not candidates:
            return None
        tally = self._whole.without(self._votes.get(key, ()))
        if after_comma:
            votes = itertools.chain.from_iterable(tally.votes.values())
            tally = _count([*votes, *after_comma])
        return _choose(candidates, tally)


def _tail_votes(tail: str) -> list[_Vote]:
    """Read what follows a comma: "Tripoli, Lebanon", "Paris, TX"."""
    if tail in {home.admin_region for home in lists().abbreviations.values()}:
        return [_home_vote(Home(EVERYWHERE, tail))]
    return list(_read_hint(tail))


def _fits_tail(place: Place, votes: Sequence[_Vote]) -> bool:
    return any(
        vote.country_code == place.country_code and vote.admin_region in (None, place.admin_region)
        for vote in votes
    )
