"""In the article: which mentions name the same thing there, and which names mean it everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from clippings.aliases import Known, find_known
from clippings.gazetteer import Place, find_places, locate
from clippings.names import acronym_fits, is_acronym, lookup_key, same_name, strip_titles

_MEMORY = 1 << 15


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
    """What each mention stands for, and by which rule: "surname", "acronym" or "" (by its name)."""

    senses: list[Sense]
    rules: list[str]


@lru_cache(_MEMORY)
def name_key(surface: str, label: str) -> str:
    """Give the lookup key of a name; of a person without titles, unless known with them."""
    if label == "PERSON" and find_known(surface, label) is None:
        surface = strip_titles(surface) or surface
    return lookup_key(surface)


def bind_mentions(mentions: Mentions) -> Bound:
    """Tell what each mention stands for.

    "Gabel" in an article with "Andrew Gabel" is he, unless two fit. Elsewhere one word names a
    person only where it is a known alias; else it is somebody of that article alone. An acronym in
    brackets is the name before it, in the whole article. Towns of one name are told apart by the
    names beside them.

    Args:
        mentions: All mentions of some articles, whole articles together.

    Returns:
        Sense and rule of each mention, in their order.
    """
    rows = list(zip(mentions.article_ids, mentions.labels, mentions.surfaces, strict=True))
    keys = [name_key(surface, label) for _, label, surface in rows]
    longer = _longer_persons(rows, keys)
    acronyms = _bind_acronyms(mentions, keys)
    named: dict[str, set[str]] = defaultdict(set)
    for article_id, label, surface in rows:
        if label != "PERSON":
            named[article_id].add(surface)
    beside = {article_id: tuple(sorted(names)) for article_id, names in named.items()}
    senses, rules = [], []
    chosen: dict[tuple[str, str, str], tuple[Sense, str]] = {}
    for (article_id, label, surface), key in zip(rows, keys, strict=True):
        spot = article_id, label, surface
        if spot not in chosen:
            chosen[spot] = _sense(spot, key, longer, acronyms, beside)
        sense, rule = chosen[spot]
        senses.append(sense)
        rules.append(rule)
    return Bound(senses, rules)


def _sense(
    spot: tuple[str, str, str],
    key: str,
    longer: dict[tuple[str, str], set[str]],
    acronyms: dict[tuple[str, str, str], Sense],
    beside: dict[str, tuple[str, ...]],
) -> tuple[Sense, str]:
    article_id, label, surface = spot
    if (article_id, label, key) in acronyms:
        return acronyms[article_id, label, key], "acronym"
    if label == "PERSON":
        fitting = _one_person(longer.get((article_id, key), set()) - {key})
        if len(fitting) == 1:
            return Sense(label, fitting[0]), "surname"
        if fitting:
            return Sense(label, key, article_id), ""
        is_enough = " " in key or find_known(surface, label) is not None
        return Sense(label, key, "" if is_enough else article_id), ""
    if label == "PLACE":
        return Sense(label, key, place=_place(surface, beside[article_id])), ""
    return Sense(label, key), ""


def _longer_persons(
    rows: Sequence[tuple[str, str, str]], keys: Sequence[str]
) -> dict[tuple[str, str], set[str]]:
    """Index the persons of each article by the ends of their names: "gabel" -> "andrew gabel"."""
    longer: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (article_id, label, _), key in zip(rows, keys, strict=True):
        if label == "PERSON" and " " in key:
            words = key.split(" ")
            for place in range(1, len(words)):
                longer[article_id, " ".join(words[place:])].add(key)
    return longer


def _one_person(keys: set[str]) -> list[str]:
    """Leave one of several spellings of one person; "A. Gabel" and "Andrew Gabel" are one."""
    kept: list[str] = []
    for key in sorted(keys, key=lambda key: (-len(key), key)):
        if not any(same_name(key, other, "PERSON") for other in kept):
            kept.append(key)
    return kept


def _bind_acronyms(mentions: Mentions, keys: Sequence[str]) -> dict[tuple[str, str, str], Sense]:
    """Find acronyms in brackets behind the name they stand for, or names behind their acronym."""
    found: dict[tuple[str, str, str], Sense] = {}
    for place in range(len(keys) - 1):
        after = place + 1
        if mentions.starts[after] - mentions.ends[place] != 2:
            continue
        spot = mentions.article_ids[place], mentions.fields[place], mentions.labels[place]
        if spot != (mentions.article_ids[after], mentions.fields[after], mentions.labels[after]):
            continue
        for short, long in ((after, place), (place, after)):
            surface = mentions.surfaces[short]
            if is_acronym(surface) and acronym_fits(surface, mentions.surfaces[long]):
                label = mentions.labels[long]
                spot = mentions.article_ids[short], label, keys[short]
                found.setdefault(spot, Sense(label, keys[long]))
    return found


def _place(surface: str, beside: tuple[str, ...]) -> Place | None:
    known = find_known(surface, "PLACE")
    if known is None:
        return _located(surface, beside if _is_ambiguous(surface) else ())
    # "Georgia" is the country, unless the article is about Atlanta.
    place = _located(surface, beside) if len(beside) > 1 and _is_ambiguous(surface) else None
    home = home_of(known)
    return place if place and home and place.country_code != home.country_code else None


@lru_cache(_MEMORY)
def _is_ambiguous(surface: str) -> bool:
    return len(find_places(surface)) > 1


@lru_cache(_MEMORY)
def home_of(known: Known) -> Place | None:
    """Find the place that a curated entity is; None where it is none or nothing is certain."""
    if known.label != "PLACE":
        return None
    country = known.parent.removeprefix("place-").replace("-", " ")
    return locate(known.name, [country] if country else [])


@lru_cache(_MEMORY)
def _located(surface: str, beside: tuple[str, ...]) -> Place | None:
    return locate(surface, beside)
