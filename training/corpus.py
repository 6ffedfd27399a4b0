"""The corpora of corpus.toml -> passages to learn from, drawn anew for every round."""

import random
import re
import tomllib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from augment import perturb
from lists import read_names
from passages import UNKNOWN, Passage, Span, cut_passages, read_jsonl, read_markup
from spacy.tokens import Doc
from swap import Pools, build_pools, swap_names

HERE = Path(__file__).parent
PLAN: dict[str, Any] = tomllib.loads((HERE / "corpus.toml").read_text(encoding="utf-8"))
OWN = "own"
GOVERNMENT = re.compile(r"[Gg]overnment$")  # "Syrian government" is no name
HOUSE = re.compile(r"(?:Hospital|Library|Museum|School|University)$")  # such bodies act: ORG
OWN_TEXTS = sorted((HERE / "data").glob("*.md"))


class Share(NamedTuple):
    """One corpus in the mix: its passages, and how they are shown (see corpus.toml)."""

    passages: list[Passage]
    weight: float
    swap: float
    perturb: float


class Mix(NamedTuple):
    """All that is learned from, and the names that are swapped in."""

    shares: list[Share]
    pools: Pools


def read_mix(data: Path, *, is_held_out: bool) -> Mix:
    """Read what corpus.toml lists, without the documents of the dev sets.

    Args:
        data: Folder of the JSONL files that SOURCES.md describes.
        is_held_out: Whether the documents of `hold_out` are left out too.
    """
    sets = read_dev(data, is_held_out=is_held_out).values()
    dev = {document.text for documents in sets for document in documents}
    documents = {
        name: [document for document in _read(data, name) if document.text not in dev]
        for name in PLAN["mix"]
    }
    pooled = chain.from_iterable(documents[name] for name in PLAN["pool"]["files"])
    shares = [
        Share(
            [p for d in documents[name] for p in cut_passages(settle(d))],
            **(PLAN["default"] | use),
        )
        for name, use in PLAN["mix"].items()
    ]
    return Mix(shares, build_pools(_names_in(pooled)))


def read_dev(data: Path, *, is_held_out: bool) -> dict[str, list[Passage]]:
    """Return the documents that scores are measured on, by the name of their set."""
    dev = {name: _read(data, name) for name in PLAN["dev"]["files"]}
    if not is_held_out:
        return dev
    every = PLAN["hold_out"]["every"]
    dev |= {name: _read(data, name) for name in PLAN["hold_out"]["files"]}
    dev["uner_ewt_test"] = _read(data, "uner_ewt_test")[:: every["uner_ewt_test"]]
    for path in OWN_TEXTS:
        dev[f"own {path.stem}"] = _read_own(path)[every[OWN] - 1 :: every[OWN]]
    return dev


def draw_round(mix: Mix, rng: random.Random) -> list[Passage]:
    """Draw one round through the data: shuffled, other names and other capitals each time."""
    drawn = [
        _vary(passage, share, mix.pools, rng)
        for share in mix.shares
        for passage in share.passages
        for _ in range(_draw_count(share.weight, rng))
    ]
    rng.shuffle(drawn)
    return drawn


def settle(document: Passage) -> Passage:
    """Settle what other people's corpora label against our guideline, or each in its own way."""
    return document._replace(spans=[_settle(span, document.text) for span in document.spans])


def annotate(doc: Doc, passage: Passage) -> Doc:
    """Set the spans of a passage on its doc; tokens of an unknown stretch become missing."""
    mentions, unknown = [], set()
    for span in passage.spans:
        if span.label == UNKNOWN:
            stretch = doc.char_span(span.start, span.end, alignment_mode="expand")
            unknown |= {token.i for token in stretch or ()}
            continue
        mention = doc.char_span(span.start, span.end, span.label, alignment_mode="expand")
        if mention and not (mentions and mention.start < mentions[-1].end):
            mentions.append(mention)
    unknown -= {token.i for mention in mentions for token in mention}
    doc.set_ents(mentions, missing=[doc[i : i + 1] for i in sorted(unknown)], default="outside")
    return doc


def _settle(span: Span, text: str) -> Span:
    name = text[span.start : span.end]
    if GOVERNMENT.search(name):
        return span._replace(label=UNKNOWN)
    if span.label == "PLACE" and HOUSE.search(name):
        return span._replace(label="ORG")
    return span


def _draw_count(weight: float, rng: random.Random) -> int:
    return int(weight) + (rng.random() < weight % 1)


def _vary(passage: Passage, share: Share, pools: Pools, rng: random.Random) -> Passage:
    if rng.random() < share.swap:
        passage = swap_names(passage, pools, rng)
    if rng.random() < share.perturb:
        passage = perturb(passage, rng)
    return passage


def _read(data: Path, name: str) -> list[Passage]:
    if name == OWN:
        return [document for path in OWN_TEXTS for document in _read_own(path)]
    path = data / "data" / f"{name}.jsonl"
    if not path.is_file():
        raise SystemExit(
            f"{path}: expected a corpus, found none. README.md tells where each comes from; name "
            "their folder with --data."
        )
    return list(read_jsonl(path))


def _read_own(path: Path) -> list[Passage]:
    return list(read_markup(path, frozenset(read_names("norp.txt"))))


def _names_in(documents: Iterable[Passage]) -> Iterator[tuple[str, str]]:
    for document in documents:
        for span in document.spans:
            yield document.text[span.start : span.end], span.label
