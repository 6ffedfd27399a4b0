"""Gold files -> documents with the mentions that people marked.

Four forms: JSON lines with spans, CoNLL (one token and its tag a line), the inline markup of this
project, and spaCy's DocBin (read by tag.py, which alone knows spaCy).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from clippings.errors import GoldError
from clippings.records import GOLD_LABELS

_MARK = re.compile(r"\[([^\[\]]+)\]\(([A-Z]+)\)")  # "[Haaretz](ORG)"
_RULE = re.compile(r"^---\s*$", re.MULTILINE)
_CONLL = (".conll", ".iob", ".iob2", ".bio", ".txt")


class GoldMention(NamedTuple):
    """A marked name: code point offsets into the text, end exclusive, and PERSON, ORG or PLACE."""

    start: int
    end: int
    label: str


class GoldDocument(NamedTuple):
    """A text and what stands in it.

    Attributes:
        name: File and number of the document, for messages.
        text: The text.
        mentions: All mentions, in order.
        ignored: Stretches (start, end) that nobody judged; they count neither way.
    """

    name: str
    text: str
    mentions: tuple[GoldMention, ...]
    ignored: tuple[tuple[int, int], ...] = ()


def read_gold(path: Path) -> list[GoldDocument]:
    """Read a gold file by its suffix: .jsonl, .conll/.iob/.bio/.txt, .md or .spacy.

    Args:
        path: The file.

    Returns:
        Its documents. Labels are brought to PERSON, ORG, PLACE; others are not mentions.

    Raises:
        GoldError: The file cannot be read, or a line is not of its form.
    """
    readers = {".jsonl": _read_jsonl, ".md": _read_markup, **dict.fromkeys(_CONLL, _read_conll)}
    try:
        if path.suffix == ".spacy":
            from clippings.tag import read_docbin

            found: list[_Found] = [
                (text, [(start, end, label) for start, end, label in marks], [])
                for text, marks in read_docbin(path)
            ]
        elif path.suffix in readers:
            found = list(readers[path.suffix](path.read_text(encoding="utf-8"), path))
        else:
            known = ", ".join([*readers, ".spacy"])
            raise GoldError(f'{path}: expected one of {known}, found "{path.suffix}". Rename it.')
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(
            f"{path}: expected a gold file in UTF-8, found {error}. Mend it or its name."
        ) from None
    return [_document(f"{path.name}:{n}", *each) for n, each in enumerate(found, 1)]


def _document(
    name: str, text: str, marks: list[tuple[int, int, str]], ignored: list[tuple[int, int]]
) -> GoldDocument:
    mentions = sorted(
        GoldMention(start, end, GOLD_LABELS[label])
        for start, end, label in marks
        if label in GOLD_LABELS
    )
    return GoldDocument(name, text, tuple(mentions), tuple(ignored))


_Found = tuple[str, list[tuple[int, int, str]], list[tuple[int, int]]]


def _read_jsonl(content: str, path: Path) -> Iterator[_Found]:
    """Read {"text": ..., "spans": [[start, end, label], ...], "ignore": [[start, end], ...]}.

    The spans may also be called "ents", "entities" or "label", and be objects.
    """
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            spans = next(row[key] for key in ("ents", "spans", "entities", "label") if key in row)
            marks = [
                (span["start"], span["end"], span["label"]) if isinstance(span, dict) else (*span,)
                for span in spans
            ]
            ignored = [(start, end) for start, end, *_ in row.get("ignore", [])]
            yield row["text"], [(start, end, label) for start, end, label in marks], ignored
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise GoldError(
                f'{path}:{number}: expected {{"text": ..., "spans": [[start, end, label], ...]}}, '
                f"found {type(error).__name__} {error}."
            ) from None


def _read_markup(content: str, _path: Path) -> Iterator[_Found]:
    """Read text with marks such as [Haaretz](ORG); `---` ends a document, `# ` opens a comment."""
    body = "\n".join(line for line in content.splitlines() if not line.startswith("# "))
    for document in filter(None, (part.strip() for part in _RULE.split(body))):
        text, marks, position = "", [], 0
        for mark in _MARK.finditer(document):
            text += document[position : mark.start()]
            marks.append((len(text), len(text) + len(mark[1]), mark[2]))
            text, position = text + mark[1], mark.end()
        yield text + document[position:], marks, []


def _read_conll(content: str, path: Path) -> Iterator[_Found]:
    """Read one token a line, its tag last (B-ORG, I-ORG, O; BILOU and bare IOB1 too)."""
    for block in re.split(r"(?m)^-DOCSTART-.*$|\n(?=# newdoc)", content):
        text, marks, open_label, start = "", [], None, 0
        for number, line in enumerate(block.splitlines(), 1):
            cells = line.split()
            if not cells or line.startswith("# "):
                if open_label:
                    marks.append((start, len(text), open_label))
                open_label, text = None, text and text.rstrip("\n") + "\n"
                continue
            word, tag = cells[0], cells[-1]
            state, _, label = tag.partition("-")
            if len(cells) < 2 or state not in "BILUOSE" or (state != "O" and not label):
                raise GoldError(
                    f'{path}: expected "token tag" with a tag such as B-ORG or O, found "{line}" '
                    f"(line {number} of its document)."
                )
            goes_on = open_label == label and state in "ILE"
            if open_label and not goes_on:
                marks.append((start, len(text), open_label))
                open_label = None
            text += " " if text and not text.endswith("\n") else ""
            if state != "O" and not goes_on:
                open_label, start = label, len(text)
            text += word
        if open_label:
            marks.append((start, len(text), open_label))
        if text.strip():
            yield text, marks, []
