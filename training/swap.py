"""Other names in a passage: every name stays what it is, and none can be learned by heart."""

import random
from collections.abc import Iterable
from typing import NamedTuple

from lists import read_names, read_personal_names, regional_spellings, towns
from passages import UNKNOWN, Passage, Span

KEPT = 0.4  # share of the names of a passage that stay

PLACE_HEADS = tuple(
    "Airport|Avenue|Bay|Beach|Bridge|Camp|Church|City|County|Crossing|Dam|Desert|District|"
    "Governorate|Highway|Hills|Island|Islands|Lake|Mosque|Mountains|Park|Prison|Province|Region|"
    "River|Road|Square|Stadium|State|Street|Valley".split("|")
)
TOWN_BODIES = tuple(
    "Air Force|Airlines|Army|Bank|Bar Association|Central Bank|Chamber of Commerce|City|"
    "City Council|County Assembly|Cricket Board|Daily News|Democratic Party|Electoral Commission|"
    "Electricity Board|FC|Football Association|Herald|High Court|Institute of Technology|"
    "Liberation Front|Magistrates Court|Medical Association|Museum|National Party|Navy|Police|"
    "Port Authority|Post|Power Company|Red Cross|Revenue Authority|Rovers|State Assembly|"
    "Stock Exchange|Teachers Union|Teaching Hospital|Times|United|University|"
    "Workers Party".split("|")
)
FIRMS = tuple(
    "& Co|Airways|Brigade|Capital|Cement|Construction|Energy|Foods|Foundation|Group|Holdings|"
    "Hospital|Inc.|Industries|Institute|Limited|Ltd|Media|Mining|Motors|"
    "Pharmaceuticals".split("|")
)
SUBJECTS = tuple(
    "Agriculture|Defence|Education|Energy|Finance|Foreign Affairs|Health|Home Affairs|"
    "Information|Interior|Justice|Labour|Mines|Public Works|Tourism|Trade|Transport|"
    "Water Resources|Women's Affairs".split("|")
)
ACRONYM_LETTERS = "AABCDEEFGHIIJKLMNNOPPRSSTTUW"
ACRONYM_LENGTHS = (2, 3, 3, 3, 4, 4, 5)


class Person(NamedTuple):
    """A name to swap in: in full, and as a text goes on after that."""

    full: str
    short: str


class Pools(NamedTuple):
    """Names to swap in; one that stands twice is drawn twice as often."""

    people: list[Person]
    organisations: list[str]
    places: list[str]


def build_pools(corpus_names: Iterable[tuple[str, str]]) -> Pools:
    """Join the names of the training texts, those of `names/` and made-up people.

    Args:
        corpus_names: (name, label) as they stand in the training texts.
    """
    rng = random.Random(1)
    found: dict[str, list[str]] = {"PERSON": [], "ORG": [], "PLACE": [], "NORP": []}
    for name, label in corpus_names:
        if "\n" not in name and len(name) < 50 and label in found:
            found[label].append(name)
    people = [Person(name, name.split()[-1]) for name in found["PERSON"] if " " in name]
    given, family = read_personal_names()
    made_up_count = len(people) * 2 // len(given)
    for language in given:
        people += [
            _make_up_person(language, given[language], family[language], rng)
            for _ in range(made_up_count)
        ]
    count = len(found["ORG"])
    organisations = found["ORG"] + rng.choices(read_names("me_orgs.txt"), k=count // 3)
    organisations += rng.choices(read_names("world_orgs.txt"), k=count // 2)
    count = len(found["PLACE"])
    places = found["PLACE"] + rng.choices(regional_spellings(), k=count // 3)
    places += rng.choices(sorted(towns()[1]), k=count // 3)
    places += rng.choices(read_names("world_regions.txt"), k=count // 4)
    places += rng.choices(read_names("me_places.txt"), k=count // 5)
    places += read_names("news_places.txt") * 25
    return Pools(people, organisations, places)


def swap_names(passage: Passage, pools: Pools, rng: random.Random) -> Passage:
    """Put other names in the place of more than half of those in a passage, alike throughout."""
    renamed = _rename(passage, pools, rng)
    mentions = [span for span in passage.spans if span.label != UNKNOWN]
    text, spans, position = "", [], 0
    for span in passage.spans:
        is_overlapping = span.start < position or (
            span.label == UNKNOWN
            and any(span.start < other.end and other.start < span.end for other in mentions)
        )
        if is_overlapping:
            continue
        name = passage.text[span.start : span.end]
        name = renamed.get((span.label, name), name)
        text += passage.text[position : span.start]
        spans.append(Span(len(text), len(text) + len(name), span.label))
        text += name
        position = span.end
    return Passage(text + passage.text[position:], spans)


def _rename(passage: Passage, pools: Pools, rng: random.Random) -> dict[tuple[str, str], str]:
    """Choose a new name for each (label, name); a surname goes with its full name."""
    renamed: dict[tuple[str, str], str] = {}
    names = {(span.label, passage.text[span.start : span.end]) for span in passage.spans}
    for label, name in sorted(names, key=lambda named: (-len(named[1]), named)):
        if (label, name) in renamed or label not in ("PERSON", "ORG", "PLACE"):
            continue
        if rng.random() < KEPT:
            new, new_short = name, name.split()[-1]
        elif label == "PERSON":
            person = rng.choice(pools.people)
            new, new_short = (person.full if " " in name else person.short), person.short
        else:
            make = _make_organisation if label == "ORG" else _make_place
            new = new_short = make(name, pools, rng)
        is_spelt_large = name.isupper() and len(name) > 6
        renamed[label, name] = new.upper() if is_spelt_large else new
        if label == "PERSON" and " " in name:
            renamed.setdefault((label, name.split()[-1]), new_short)
    return renamed


def _make_organisation(name: str, pools: Pools, rng: random.Random) -> str:
    if name.isupper() and name.isalpha() and len(name) <= 6:
        return "".join(rng.choices(ACRONYM_LETTERS, k=rng.choice(ACRONYM_LENGTHS)))
    form = rng.random()
    if form < 0.75:
        return rng.choice(pools.organisations)
    if form < 0.85:
        return f"{rng.choice(pools.places)} {rng.choice(TOWN_BODIES)}"
    if form < 0.92:
        return f"{rng.choice(pools.people).short} {rng.choice(FIRMS)}"
    if form < 0.95:
        return f"University of {rng.choice(pools.places)}"
    return (
        f"{rng.choice(('Ministry', 'Ministry', 'Department', 'Bureau'))} of {rng.choice(SUBJECTS)}"
    )


def _make_place(name: str, pools: Pools, rng: random.Random) -> str:
    *stem, head = name.split()
    if not stem or head not in PLACE_HEADS:
        return rng.choice(pools.places)
    head = head if rng.random() < 0.6 else rng.choice(PLACE_HEADS)
    if rng.random() < 0.7:
        return f"{rng.choice(pools.places)} {head}"
    return f"{rng.choice(rng.choice(pools.people))} {head}"


def _make_up_person(
    language: str, given_names: list[str], family_names: list[str], rng: random.Random
) -> Person:
    given, second = rng.choice(given_names), rng.choice(given_names)
    family = rng.choice(family_names)
    form = rng.random()
    if language == "east_asian":  # the family name comes first
        full = f"{family} {given}"
        return Person(full, family if form < 0.7 else full)
    if form < 0.12 and language in ("arabic", "persian"):
        return Person(f"{given} {second.split()[0]} {family}", family)
    if form < 0.2 and language == "arabic":
        patronym = f"{given} {rng.choice(('bin', 'ibn', 'ben', 'Abu'))} {second}"
        return Person(f"{patronym} {family}" if family.startswith("al") else patronym, family)
    if form < 0.15 and language in ("western", "english"):
        return Person(f"{given} {rng.choice('ABCDEFGHJKLMPRSTW')}. {family}", family)
    if form < 0.25:
        return Person(f"{given} {second} {family}", family)
    if form < 0.3:
        return Person(f"{given} {family}-{rng.choice(family_names)}", family)
    return Person(f"{given} {family}", given if form > 0.93 else family)
