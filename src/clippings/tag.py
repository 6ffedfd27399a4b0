"""Texts -> mentions of people, organisations and places; is handed its spaCy pipeline.

It works with any pipeline that finds entities. Where `clippings.fast` knows the pipeline, that
finds them; else spaCy does. The mentions are the same.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeVar

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import DocBin
from spacy.util import registry

import clippings.components  # noqa: F401  registers those of the shipped pipeline
from clippings.errors import GoldError, ModelError
from clippings.extents import find_extents
from clippings.fast import Entity, FastRecognizer, UnknownShapeError, read_entities
from clippings.models import SHIPPED_FOLDER, Model
from clippings.records import GOLD_LABELS as LABELS

T = TypeVar("T")

BATCH_CHARACTERS = 100_000
"""Texts are taken together up to this size: some 20,000 words, 30 MB of numbers. Half as many are
slower by a thirtieth: the same words come in more batches, and are worked out in each."""

PIECE_CHARACTERS = 20_000
"""A longer text is cut: spaCy refuses 1,000,000 characters, and 100,000 brackets take 1.6 GB."""

RUN_CHARACTERS = 100
"""A longer run without white space is not tagged: "(" * 4000 takes the tokenizer 6.7 s, and no
name is that long."""

_LONG_RUN = re.compile(rf"\S{{{RUN_CHARACTERS + 1},}}")
_BREAKS = ("\n\n", "\n", ". ", " ")


class Mention(NamedTuple):
    """A tagged name: `text[start:end] == surface`, offsets in Unicode code points."""

    start: int
    end: int
    surface: str
    label: str
    model_label: str


class Tagger:
    """Finds the entities of texts with one pipeline.

    Attributes:
        nlp: The pipeline.
        reason: Why spaCy itself does it; None where the fast engine does.
    """

    def __init__(self, nlp: Language, *, engine: str = "auto") -> None:
        """Choose the engine.

        Args:
            nlp: A pipeline that sets `doc.ents`; what is changed in it later may not be seen.
            engine: "auto" for the fast one where it knows the pipeline, "spacy" for spaCy.
        """
        self.nlp = nlp
        self.reason: str | None = None
        self._find: Callable[[Sequence[str]], list[list[Entity]]] = self._ask_spacy
        if engine == "spacy":
            self.reason = "asked for"
        else:
            try:
                self._find = FastRecognizer(nlp).find
            except UnknownShapeError as error:
                self.reason = str(error)

    def find(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Find the entities of texts, together no longer than `BATCH_CHARACTERS` or one text."""
        with _TAGGING, self.nlp.memory_zone():
            return self._find(texts)

    def _ask_spacy(self, texts: Sequence[str]) -> list[list[Entity]]:
        # One text after the other: a batch would be no faster, and the shapes of its matrices
        # could move a score in the last digit and so a text's entities with its neighbours.
        return [read_entities(self.nlp(text)) for text in texts]


def tag(texts: Iterable[str], tagger: Tagger) -> Iterator[list[Mention]]:
    """Find the people, organisations and places of each text.

    Args:
        texts: Texts of any length and content, paragraphs parted by a blank line.
        tagger: Such as `load_tagger` returns.

    Yields:
        The mentions of one text, in order and without overlap, for one text after the other.
        They depend on that text and the pipeline alone. No mention crosses a line's end.
    """
    for batch in _batches(texts, len):
        yield from _tag_batch(batch, tagger)


def load_tagger(model: Model, engine: str = "auto") -> Tagger:
    """Load a pipeline and choose its engine, once per process.

    Raises:
        ModelError: spaCy cannot load it.
    """
    with _LOADING:
        if (model, engine) not in _TAGGERS:
            _TAGGERS[model, engine] = Tagger(_load_once(model), engine=engine)
        return _TAGGERS[model, engine]


def load_pipeline(model: Model) -> Language:
    """Load a pipeline, once per process.

    Raises:
        ModelError: spaCy cannot load it.
    """
    with _LOADING:  # threads that asked at the same time each loaded it
        return _load_once(model)


def read_docbin(path: Path) -> Iterator[tuple[str, list[tuple[int, int, str]]]]:
    """Read marked texts that spaCy stored.

    Yields:
        The text of each document, and start, end (code points) and label of its entities.

    Raises:
        GoldError: The file is no DocBin.
    """
    try:
        docs = list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))
    except Exception as error:  # msgpack, zlib and spaCy each have their own
        raise GoldError(
            f"{path}: expected a DocBin of spaCy, found {type(error).__name__}: {error}."
        ) from error
    for doc in docs:
        yield doc.text, [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


_LOADING = Lock()
_LOADED: dict[Model, Language] = {}
_TAGGERS: dict[tuple[Model, str], Tagger] = {}
_TAGGING = Lock()
"""A memory zone belongs to one thread at a time; tagging in threads gains nothing anyway."""


def _load_once(model: Model) -> Language:
    if model not in _LOADED:
        _LOADED[model] = _load(model)
    return _LOADED[model]


def _load(model: Model) -> Language:
    try:
        if model.path is None:
            return spacy.blank(model.name.removeprefix("blank:"))
        if model.path == SHIPPED_FOLDER:
            return _load_shipped(model.path)
        is_folder = (model.path / "config.cfg").is_file()
        return spacy.load(model.path if is_folder else model.name)
    except Exception as error:  # spaCy raises whatever a file of the pipeline made it stumble on
        raise ModelError(
            f'model "{model.name}": expected a pipeline that spaCy can load, '
            f"found {type(error).__name__}: {error}. Install the pipeline again in the version "
            "made for this spaCy, or leave --model out to use the shipped one."
        ) from error


def _load_shipped(folder: Path) -> Language:
    """Load the shipped pipeline, its tokenizer once.

    spaCy makes the tokenizer of the language first, which the one of the folder then replaces: a
    fifth of the time.
    """
    name = "clippings.empty_tokenizer"
    registry.tokenizers.register(name, func=lambda: lambda nlp: Tokenizer(nlp.vocab))
    nlp = spacy.load(folder, config={"nlp.tokenizer": {"@tokenizers": name}})
    nlp.config["nlp"]["tokenizer"] = {"@tokenizers": "spacy.Tokenizer.v1"}
    return nlp


def _tag_batch(texts: Sequence[str], tagger: Tagger) -> list[list[Mention]]:
    size = min(PIECE_CHARACTERS, tagger.nlp.max_length)
    pieces = [
        (number, start, text[start:end])
        for number, text in enumerate(texts)
        for start, end in _pieces(text, size)
    ]
    mentions: list[list[Mention]] = [[] for _ in texts]
    for batch in _batches(pieces, lambda piece: len(piece[2])):
        found = tagger.find([piece for _, _, piece in batch])
        for (number, start, piece), entities in zip(batch, found, strict=True):
            mentions[number].extend(_mentions(piece, start, entities))
    return mentions


def _mentions(piece: str, offset: int, entities: Iterable[Entity]) -> Iterator[Mention]:
    for first, last, model_label in entities:
        label = LABELS.get(model_label)
        if label is None:
            continue
        marked = piece[first:last]
        begin = offset + first
        for start, end in find_extents(marked, label):
            yield Mention(begin + start, begin + end, marked[start:end], label, model_label)


def _batches(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Take items together up to `BATCH_CHARACTERS`."""
    batch: list[T] = []
    size = 0
    for item in items:
        if batch and size + size_of(item) > BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += size_of(item)
    if batch:
        yield batch


def _pieces(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches that spaCy is shown: no long runs, none longer than size."""
    start = 0
    leap = 0  # where spaces stand close there is none: to leap over them is quicker than to split
    while (space := text.rfind(" ", leap, leap + RUN_CHARACTERS + 1)) >= 0:
        leap = space + 1
    has_long_run = max(map(len, text[leap:].split()), default=0) > RUN_CHARACTERS
    for run in _LONG_RUN.finditer(text, leap) if has_long_run else ():
        yield from _cut(text, start, run.start(), size)
        start = run.end()
    yield from _cut(text, start, len(text), size)


def _cut(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut a stretch after a paragraph, else a line, a sentence or a word."""
    while end - start > size:
        stop = start + size
        found = (text.rfind(mark, start, stop) + len(mark) for mark in _BREAKS)
        cut = next((place for place in found if place > start + len(_BREAKS[0])), stop)
        yield start, cut
        start = cut
    if start < end:
        yield start, end
