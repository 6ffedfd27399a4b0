"""In the article: which mentions name the same thing there, and which names mean it everywhere."""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from clippings.aliases import Known, find_known
from clippings.gazetteer import Context, locate
from clippings.names import acronym_fits, is_acronym, lookup_key, same_name, strip_titles
from clippings.places import BY_LOOSE_KEY, Place, find_candidates

_MEMORY = 1 << 15
_NOWHERE = Context(())
_BRACKET = 2  # characters between a name and its acronym: a space and a bracket


class Sense(NamedTuple):
    """What a name stands for.

    Attributes:
        label: PERSON, ORG or PLACE.
        key: Lookup key of the name, titles off.
        article_id: The article it is limited to; "" where the name means the same in all.
        place: The place of the gazetteer; None where none is certain.
    """

    label: str
    key: str
    article_id: str = ""
    place: Place | None = None


class Mentions(NamedTuple):
    """The columns of mentions, sorted by article, field and start."""

    article_ids: Sequence[str]
    fields: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]
    labels: Sequence[str]
    surfaces: Sequence[str]


class Bound(NamedTuple):
    """What each name of each article stands for: columns, sorted by article, label and surface.

    Attributes:
        article_ids: The article.
        labels: PERSON, ORG or PLACE.
        surfaces: The name as it stands there.
        counts: How often.
        senses: What it stands for there.
        rules: Why: "surname", "acronym" or "" (by its name).
    """

    article_ids: list[str]
    labels: list[str]
    surfaces: list[str]
    counts: list[int]
    senses: list[Sense]
    rules: list[str]


_Reading = tuple[Sense, str]
"""What a name stands for, and the rule that says so."""


@dataclass(slots=True, eq=False)
class _Name:
    """What a name is in every article; one for each label and surface.

    Attributes:
        label: PERSON, ORG or PLACE.
        surface: As it stands in the texts.
        key: Its lookup key.
        reading: What it stands for where the article says nothing else.
        ends: The ends of a person's key: "abu bakr gabel" -> "bakr gabel", "gabel".
        is_lone: Whether it is one word of a person who is not known by it.
        is_ambiguous: Whether several places bear it.
        known: The curated entity that bears it, if it is a place.
    """

    label: str
    surface: str
    key: str
    reading: _Reading
    ends: tuple[str, ...] = ()
    is_lone: bool = False
    is_ambiguous: bool = False
    known: Known | None = None


def name_key(surface: str, label: str) -> str:
    """Give the lookup key of a name; of a person without titles, unless known with them."""
    bare = strip_titles(surface) if label == "PERSON" else surface
    if bare != surface and find_known(surface, label) is None:
        surface = bare or surface
    return lookup_key(surface)


@lru_cache(_MEMORY)
def _read_name(label: str, surface: str) -> _Name:
    key = name_key(surface, label)
    name = _Name(label, surface, key, (Sense(label, key), ""))
    if label == "PERSON":
        name.ends = _find_ends(key)
        name.is_lone = not name.ends and find_known(surface, label) is None
    elif label == "PLACE":
        name.known = find_known(surface, label)
        bearers = find_candidates(surface)
        if name.known:  # a known alias is no loose spelling of another place
            bearers = tuple(each for each in bearers if each.discount < BY_LOOSE_KEY)
        name.is_ambiguous = len(bearers) > 1
        if name.known is None and not name.is_ambiguous:
            name.reading = Sense(label, key, place=_NOWHERE.locate(surface)), ""
    return name


def _find_ends(key: str) -> tuple[str, ...]:
    words = key.split(" ")
    return tuple([" ".join(words[place:]) for place in range(1, len(words))])


def bind_mentions(mentions: Mentions) -> Bound:
    """Tell what each name of each article stands for.

    "Gabel" in an article with "Andrew Gabel" is he, unless two fit. Elsewhere one word names a
    person only where it is a known alias; else it is somebody of that article alone. An acronym in
    brackets is the name before it, in the whole article. Towns of one name are told apart by the
    names beside them.

    Args:
        mentions: All mentions of some articles, whole articles together.

    Returns:
        The names of these articles; those of one article have one sense for each label and surface.
    """
    spots = list(zip(mentions.labels, mentions.surfaces, strict=True))
    names = {spot: _read_name(*spot) for spot in sorted(set(spots))}
    order = {name: number for number, name in enumerate(names.values())}
    column = [names[spot] for spot in spots]
    unsure = _find_unsure(names.values())
    acronyms = _bind_acronyms(mentions, column)
    bound = Bound([], [], [], [], [], [])
    first = 0
    for article_id, count in Counter(mentions.article_ids).items():
        counts = Counter(column[first : first + count])
        first += count
        here = sorted(counts, key=order.__getitem__)
        asked = unsure.intersection(here)
        own = dict(_read_persons(article_id, asked, here))
        own.update(_read_places(asked, here))
        own.update(_read_acronyms(acronyms.get(article_id, {}), here))
        readings = [own.get(name) or name.reading for name in here]
        bound.article_ids.extend([article_id] * len(here))
        bound.labels.extend([name.label for name in here])
        bound.surfaces.extend([name.surface for name in here])
        bound.counts.extend([counts[name] for name in here])
        bound.senses.extend([sense for sense, _ in readings])
        bound.rules.extend([rule for _, rule in readings])
    return bound


def _find_unsure(names: Collection[_Name]) -> set[_Name]:
    """Find the names that may stand for something else in an article than elsewhere."""
    ends = {end for name in names for end in name.ends}
    return {
        name
        for name in names
        if name.is_lone or name.is_ambiguous or (name.label == "PERSON" and name.key in ends)
    }


def _read_persons(
    article_id: str, asked: Iterable[_Name], here: Iterable[_Name]
) -> Iterator[tuple[_Name, _Reading]]:
    """Read the persons of an article of whom others there have a longer name, or none has one."""
    persons = [name for name in asked if name.label == "PERSON"]
    if not persons:
        return
    keys = {name.key for name in persons}
    longer: dict[str, set[str]] = {}
    for name in here:
        for end in name.ends:
            if end in keys:
                longer.setdefault(end, set()).add(name.key)
    for name in persons:
        fitting = _one_person(longer[name.key]) if name.key in longer else []
        if len(fitting) == 1:
            yield name, (Sense(name.label, fitting[0]), "surname")
        elif fitting or name.is_lone:
            yield name, (Sense(name.label, name.key, article_id), "")


def _one_person(keys: set[str]) -> list[str]:
    """Leave one of several spellings of one person: "Andrew Gabel" beside "Andrew J. Gabel"."""
    kept: list[str] = []
    for key in sorted(keys, key=lambda key: (-len(key), key)):
        if not any(same_name(key, other, "PERSON") for other in kept):
            kept.append(key)
    return kept


def _read_places(asked: Iterable[_Name], here: Iterable[_Name]) -> Iterator[tuple[_Name, _Reading]]:
    """Read the places of an article that share their names with others."""
    places = [name for name in asked if name.label == "PLACE"]
    if not places:
        return
    beside = {name.surface for name in here if name.label != "PERSON"}
    context = Context(beside)
    for name in places:
        place = context.locate(name.surface)
        if name.known is not None and place:
            # "Alexandria" is the one in Egypt, unless the article is about Louisiana.
            home = home_of(name.known) if len(beside) > 1 else None
            place = place if home and place.country_code != home.country_code else None
        yield name, (Sense(name.label, name.key, place=place), "")


def _bind_acronyms(
    mentions: Mentions, names: Sequence[_Name]
) -> dict[str, dict[tuple[str, str], Sense]]:
    """Find acronyms in brackets behind the name they stand for, or names behind their acronym.

    Returns:
        For each article that has any, what they stand for, by label and key.
    """
    found: dict[str, dict[tuple[str, str], Sense]] = defaultdict(dict)
    gaps = map(operator.sub, mentions.starts[1:], mentions.ends)
    for place in [place for place, gap in enumerate(gaps) if gap == _BRACKET]:
        pair = names[place : place + 2]
        article_id, after_id = mentions.article_ids[place : place + 2]
        field, after_field = mentions.fields[place : place + 2]
        if (article_id, field, pair[0].label) != (after_id, after_field, pair[1].label):
            continue
        for long, short in (pair, reversed(pair)):
            if is_acronym(short.surface) and acronym_fits(short.surface, long.surface):
                sense = Sense(long.label, long.key)
                found[article_id].setdefault((short.label, short.key), sense)
    return found


def _read_acronyms(
    acronyms: Mapping[tuple[str, str], Sense], here: Iterable[_Name]
) -> Iterator[tuple[_Name, _Reading]]:
    for name in here if acronyms else ():
        sense = acronyms.get((name.label, name.key))
        if sense:
            yield name, (sense, "acronym")


@lru_cache(_MEMORY)
def home_of(known: Known) -> Place | None:
    """Find the place that a curated entity is; None where it is none or nothing is certain."""
    if known.label != "PLACE":
        return None
    country = known.parent.removeprefix("place-").replace("-", " ")
    return locate(known.name, [country] if country else [])
