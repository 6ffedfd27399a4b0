"""Mentions -> entities: which mentions name the same person, organisation or place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from clippings.aliases import are_apart, find_known, find_spelled
from clippings.gazetteer import locate
from clippings.names import lookup_key, same_name, skeleton
from clippings.records import arrow_schema
from clippings.scan import hash_id

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
"""Raised by hand when the same mentions would become other entities."""

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼʻ`´ʿʾ′", "'"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—", "-"))  # noqa: RUF001
_POSSESSIVE = re.compile(r"'s?$")
_ARTICLE = re.compile(r"^the ")


class Resolution(NamedTuple):
    """Who is who.

    Attributes:
        entity_ids: The entity of each mention, in the order of the mentions.
        entities: The table `entities`, unsorted.
        aliases: The table `aliases`, unsorted.
    """

    entity_ids: pa.ChunkedArray
    entities: pa.Table
    aliases: pa.Table


def fold_name(name: str) -> str:
    """Give the key under which spellings of a name are one entity.

    Case, white space, compatibility forms, the signs for an apostrophe and a dash, a leading "the"
    and a possessive do not count. Never empty unless the name is.

    >>> fold_name("The  Knesset’s") == fold_name("Knesset")
    True
    >>> fold_name("Al-Qaim") == fold_name("al-Qaim")
    True
    """
    key = unicodedata.normalize("NFKC", name).translate(_APOSTROPHES).translate(_DASHES)
    key = _ARTICLE.sub("", " ".join(key.casefold().split()))
    return _POSSESSIVE.sub("", key) or key


def entity_id(label: str, name: str) -> str:
    """Give the id of a name; the same whatever the order in which names arrive."""
    return hash_id(label, fold_name(name))


def resolve_mentions(mentions: pa.Table, articles: pa.Table) -> Resolution:
    """Resolve all mentions to entities: one for each label and folded name.

    Args:
        mentions: Columns article_id, label, surface; one row per mention.
        articles: Columns article_id, published_date; every article_id once.

    Returns:
        The entities, each named by its most frequent spelling (of equals the first in code point
        order), and the id of each mention's entity.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    spellings = pc.binary_join_element_wise(mentions["label"], mentions["surface"], "\t")
    encoded = pc.dictionary_encode(spellings).unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = (
            encoded.chunk(0)
            if encoded.num_chunks
            else pa.array([], pa.string()).dictionary_encode()
        )
    named = [spelling.split("\t", 1) for spelling in encoded.dictionary.to_pylist()]
    ids = pa.array([entity_id(label, surface) for label, surface in named], pa.string())
    entity_ids = pa.chunked_array([ids.take(encoded.indices)], pa.string())
    rows = pa.table(
        {
            "entity_id": entity_ids,
            "alias": mentions["surface"],
            "label": mentions["label"],
            "article_id": mentions["article_id"],
            "date": articles["published_date"].take(
                pc.index_in(mentions["article_id"], articles["article_id"].combine_chunks())
            ),
        }
    )
    aliases = (
        rows.group_by(["entity_id", "alias"])
        .aggregate([([], "count_all")])
        .rename_columns({"count_all": "mention_count"})
    )
    names = (
        aliases.sort_by([("mention_count", "descending"), ("alias", "ascending")])
        .group_by("entity_id", use_threads=False)
        .aggregate([("alias", "first")])
        .rename_columns({"alias_first": "name"})
    )
    entities = (
        rows.group_by("entity_id", use_threads=False)
        .aggregate(
            [
                ("label", "first"),
                ([], "count_all"),
                ("article_id", "count_distinct"),
                ("date", "min"),
                ("date", "max"),
            ]
        )
        .join(names, "entity_id")
        .rename_columns(
            {
                "label_first": "label",
                "count_all": "mention_count",
                "article_id_count_distinct": "article_count",
                "date_min": "first_date",
                "date_max": "last_date",
            }
        )
    )
    return Resolution(entity_ids, _shaped("entities", entities), _shaped("aliases", aliases))


def _shaped(table: str, rows: pa.Table) -> pa.Table:
    schema = arrow_schema(table)
    return rows.select(schema.names).cast(schema)


def resolve(names: Sequence[str], label: str) -> list[str | None]:
    """Tell which names are the same person, organisation or place, without an article.

    Known aliases come first, then other spellings of them, then places of the gazetteer, then
    spellings of one another.

    Args:
        names: Names as they stand in texts, in any spelling.
        label: PERSON, ORG or PLACE, of all of them.

    Returns:
        An id for each name, None where it is alone and unknown. Names of one id belong together;
        the ids of known entities are the same on every call.

    >>> daesh, isis, other = resolve(["Daesh", "ISIS", "Ladies Sewing Circle"], "ORG")
    >>> daesh == isis, other
    (True, None)
    """
    distinct = sorted(set(names))
    ids = {name: _known_id(name, label) for name in distinct}
    unknown = [name for name in distinct if ids[name] is None]
    for group in _group_spellings(unknown, label):
        if len(group) > 1:
            ids |= dict.fromkeys(group, hash_id(label, min(map(lookup_key, group))))
    return [ids[name] for name in names]


def _known_id(name: str, label: str) -> str | None:
    known = find_known(name, label) or find_spelled(name, label)
    if known:
        return hash_id("curated", known.slug)
    place = locate(name) if label == "PLACE" else None
    return hash_id("geonames", str(place.geonames_id)) if place and place.geonames_id else None


def _group_spellings(names: Sequence[str], label: str) -> Iterator[list[str]]:
    """Put names together that are spellings of one; the order of the names does not count."""
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    blocks: dict[str, list[str]] = {}
    for name in names:
        for block in skeleton(name, label):
            blocks.setdefault(block, []).append(name)
    for block in sorted(blocks):
        for a, b in combinations(blocks[block], 2):
            one, other = sorted((find(a), find(b)))
            if one != other and same_name(a, b, label) and not are_apart(a, b, label):
                leader[other] = one
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(find(name), []).append(name)
    yield from groups.values()
