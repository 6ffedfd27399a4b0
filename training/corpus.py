"""Passages -> the DocBin files that spaCy trains on, after the plan in corpus.toml."""

import random
import tomllib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import spacy
from augment import perturb, swap_names
from lists import build_pools, read_names
from passages import UNKNOWN, Passage, cut_passages, read_jsonl, read_markup
from spacy.tokens import Doc, DocBin

HERE = Path(__file__).parent
PLAN: dict[str, Any] = tomllib.loads((HERE / "corpus.toml").read_text(encoding="utf-8"))
OWN_TEXTS = HERE / "data"


def write_corpora(data: Path, build: Path, *, is_own_taken: bool, is_dev_held_out: bool) -> None:
    """Write first.spacy, second.spacy and dev.spacy into the build folder.

    Args:
        data: Folder of the JSONL files that SOURCES.md describes.
        build: Folder to write to.
        is_own_taken: Learn from `training/data/*.md` too, in both phases.
        is_dev_held_out: Leave out of the second phase what stands in the dev set: all of
            re3d_A_dev also stands in re3d_A_open.
    """
    rng = random.Random(7)
    pools = build_pools(_names_in(_read_all(data, PLAN["pool"]["files"])))
    first, second = [], []
    for name, use in PLAN["mix"].items():
        documents = [d for d in _read(data, name) if rng.random() < use.get("keep", 1)]
        first += _use(documents, use, pools, rng)
    own = list(_use(_read_own(), PLAN["own"], pools, rng)) if is_own_taken else []
    dev = list(_read_all(data, PLAN["dev"]["files"]))
    held_out = {document.text for document in dev} if is_dev_held_out else set()
    domain = [d for d in _read_all(data, PLAN["second"]["files"]) if d.text not in held_out]
    second += _use(domain, PLAN["second"], pools, rng)
    second += [p for p in first if rng.random() < PLAN["second"]["share_of_mix"]]
    rng.shuffle(second)
    write_docs(first + own, build / "first.spacy")
    write_docs(second + own, build / "second.spacy")
    write_docs(chain.from_iterable(map(cut_passages, dev)), build / "dev.spacy")


def write_docs(passages: Iterable[Passage], path: Path) -> None:
    """Write passages as annotated docs of the blank English tokenizer."""
    tokenizer = spacy.blank("en").tokenizer
    docs = [annotate(tokenizer(passage.text), passage) for passage in passages]
    DocBin(docs=docs).to_disk(path)
    print(f"{path.name}: {len(docs):,} passages, {sum(map(len, docs)):,} tokens")


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


def _use(
    documents: Iterable[Passage],
    use: dict[str, float],
    pools: dict[str, list[str]],
    rng: random.Random,
) -> Iterator[Passage]:
    for passage in chain.from_iterable(map(cut_passages, documents)):
        yield from [passage] * int(use.get("copies", 1))
        if rng.random() < use.get("perturb", 0):
            yield perturb(passage, rng)
        if rng.random() < use.get("swap", 0):
            yield swap_names(passage, pools, rng)


def _read(data: Path, name: str) -> Iterator[Passage]:
    return read_jsonl(data / "data" / f"{name}.jsonl")


def _read_all(data: Path, names: Iterable[str]) -> Iterator[Passage]:
    return chain.from_iterable(_read(data, name) for name in names)


def _read_own() -> Iterator[Passage]:
    demonyms = frozenset(read_names("norp.txt"))
    return chain.from_iterable(read_markup(p, demonyms) for p in sorted(OWN_TEXTS.glob("*.md")))


def _names_in(documents: Iterable[Passage]) -> Iterator[tuple[str, str]]:
    for document in documents:
        for span in document.spans:
            yield document.text[span.start : span.end], span.label
