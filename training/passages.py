"""Read annotated texts as passages: JSON lines of other people's corpora, markup of our own."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

LABELS = frozenset({"PERSON", "ORG", "PLACE", "NORP"})
UNKNOWN = "UNKNOWN"  # a stretch nobody has judged: it teaches nothing either way

PASSAGE_CHARACTERS = 1200

MARKED_MENTION = re.compile(r"\[([^\[\]]+)\]\((PERSON|ORG|PLACE)\)")  # "[Haaretz](ORG)"
CAPITALISED_WORD = re.compile(r"[A-Z][\w'’-]*\w|[A-Z]")  # "Israelis", "Anglo-American"


class Span(NamedTuple):
    """A labelled stretch of a text: code point offsets, end exclusive."""

    start: int
    end: int
    label: str


class Passage(NamedTuple):
    """A few paragraphs of one document and the spans that lie within them, sorted."""

    text: str
    spans: list[Span]


def read_jsonl(path: Path) -> Iterator[Passage]:
    """Yield the documents of a file in the form that SOURCES.md describes, each one passage."""
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        text = document["text"]
        judged = [Span(*entry) for entry in document["ents"] if entry[2] in LABELS]
        ignored = [Span(start, end, UNKNOWN) for start, end, _ in document.get("ignore", [])]
        yield Passage(text, sorted(_strip(span, text) for span in judged + ignored))


def read_markup(path: Path, demonyms: frozenset[str]) -> Iterator[Passage]:
    """Yield the documents of a file in which mentions are marked `[Benny Morris](PERSON)`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    for document in re.split(r"^---\s*$", text, flags=re.MULTILINE):
        if document.strip():
            passage = _parse_markup(document.strip())
            yield mark_demonyms(passage, demonyms)


def cut_passages(document: Passage) -> Iterator[Passage]:
    """Cut a document at line ends into passages of up to PASSAGE_CHARACTERS."""
    starts = [0]
    for line in re.finditer(r"[^\n]+(?:\n+|$)", document.text):
        if line.end() - starts[-1] > PASSAGE_CHARACTERS and line.start() > starts[-1]:
            starts.append(line.start())
    for start, end in zip(starts, [*starts[1:], len(document.text)], strict=True):
        text = document.text[start:end].rstrip()
        if text:
            spans = [
                Span(span.start - start, span.end - start, span.label)
                for span in document.spans
                if span.start >= start and span.end <= start + len(text)
            ]
            yield Passage(text, spans)


def mark_demonyms(passage: Passage, demonyms: frozenset[str]) -> Passage:
    """Label nationalities and faiths outside the mentions NORP, so that none becomes a PLACE."""
    taken = passage.spans
    found = [
        span
        for word in CAPITALISED_WORD.finditer(passage.text)
        for span in _demonyms_in(word.group(), word.start(), demonyms)
        if not any(span.start < other.end and other.start < span.end for other in taken)
    ]
    return Passage(passage.text, sorted(taken + found))


def _demonyms_in(word: str, start: int, demonyms: frozenset[str]) -> Iterable[Span]:
    word = re.sub(r"['’]s$", "", word)
    parts = [word] if word in demonyms else word.split("-")  # "Sunni-Shiite"
    if not all(part in demonyms for part in parts):
        return
    for part in parts:
        yield Span(start, start + len(part), "NORP")
        start += len(part) + 1


def _parse_markup(marked: str) -> Passage:
    text, spans, position = "", [], 0
    for match in MARKED_MENTION.finditer(marked):
        text += marked[position : match.start()]
        spans.append(Span(len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        position = match.end()
    return Passage(text + marked[position:], spans)


def _strip(span: Span, text: str) -> Span:
    surface = text[span.start : span.end]
    start = span.start + len(surface) - len(surface.lstrip())
    return Span(start, max(start, span.start + len(surface.rstrip())), span.label)
