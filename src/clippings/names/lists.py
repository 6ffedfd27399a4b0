"""Word lists: what name_tokens.csv says of a word, and how such a file is read."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parents[1] / "data"


class Lists(NamedTuple):
    """What name_tokens.csv says for one label."""

    canonical: dict[str, str]
    closed: frozenset[str]
    front: frozenset[str]
    optional: frozenset[str]
    stop: frozenset[str]
    particle: frozenset[str]


@cache
def read_rows(file: str) -> list[dict[str, str]]:
    """Read a word list: a row for each word, the columns by name."""
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def read_tokens(label: str, kinds: str) -> dict[str, str]:
    """Give the words of some kinds with what they stand for; a row without labels is for all."""
    return {
        row["token"]: row["canonical"]
        for row in read_rows("name_tokens.csv")
        if row["kind"] in kinds.split() and (not row["labels"] or label in row["labels"].split())
    }


@cache
def read_lists(label: str) -> Lists:
    """Give the word lists for one label."""
    closed = read_tokens(label, "number compass head front_head word")
    particle = read_tokens(label, "particle")
    return Lists(
        canonical=read_tokens(label, "variant") | particle | closed,
        closed=frozenset(closed.values()),
        front=frozenset(read_tokens(label, "front_head").values()),
        optional=frozenset(read_tokens(label, "optional").values()),
        stop=frozenset(read_tokens(label, "stop")),
        particle=frozenset(particle.values()),
    )


def is_closed(word: str, label: str) -> bool:
    """Tell whether only the same word will do: numbers, compass and head words, English words."""
    return word[:1].isdigit() or word in read_lists(label).closed
