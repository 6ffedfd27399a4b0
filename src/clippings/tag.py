"""Texts -> mentions of people, organisations and places; is handed its spaCy pipeline.

The only module that imports spaCy. It holds the two components of the shipped pipeline, the cache
of loaded pipelines, and `tag`, which works with any pipeline that finds entities.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span, Token

from clippings.errors import GoldError, ModelError
from clippings.models import Model
from clippings.records import GOLD_LABELS as LABELS

PIECE_CHARACTERS = 20_000
"""A longer text is cut: spaCy refuses 1,000,000 characters, and 100,000 brackets take 1.6 GB."""

RUN_CHARACTERS = 100
"""A longer run without white space is not tagged: "(" * 4000 takes the tokenizer 6.7 s, and no
name is that long."""

NAME_CHARACTERS = 200
"""What a pipeline marks beyond this is no name but a list or a page without sentences."""

_LONG_RUN = re.compile(rf"\S{{{RUN_CHARACTERS + 1},}}")
_BREAKS = ("\n\n", "\n", ". ", " ")
_RANK = (
    r"(?:Prime|Vice|Deputy|Crown|Grand|Chief|Major|Brigadier|Lieutenant|Lt\.?|Maj\.?|Brig\.?|"
    r"Foreign|Interior|Finance|Oil|Defen[sc]e)"
)
_TITLE = (
    r"(?:Mrs?|Ms|Miss|Dr|Prof|Professor|Sir|Dame|Lady|Lord|King|Queen|Prince|Princess|Emir|"
    r"President|Premier|Minister|Secretary|Chairman|Chancellor|Ambassador|Envoy|Senator|Sen|Rep|"
    r"Congress(?:wo)?man|Governor|Gov|Mayor|Justice|General|Gen|Colonel|Col|Captain|Capt|"
    r"Lieutenant|Lt|Major|Maj|Sergeant|Sgt|Admiral|Adm|Brigadier|Commander|Cmdr|Pope|Cardinal|"
    r"Archbishop|Bishop|Patriarch|Reverend|Rev|Rabbi|Ayatollah|Hojatoleslam|Imam|Mullah|Sheikh|"
    r"Sheik|Shaykh)"
)
_LEADING_TITLES = re.compile(  # "Prime Minister ", "Lt. Gen. ", "Secretary of State "
    rf"(?:(?:{_RANK}\s+)*{_TITLE}(?:\s+of\s+State|-General)?\.?\s+)+(?=\w)"
)
_LEADING = re.compile(
    r"\[?[^\[\]]*\]\s+"  # an editor's addition: "[Shiite] Kataib Hizballah"
    r"|\W+"  # quotes, brackets, dashes
    r"|(?:[Tt]he|THE|an?|and|or|of|in|on|at|by|to|for|from|with)(?:\s+|$)"  # "the Knesset"
)
_TRAILING = re.compile(
    r"['’ʼ`][sS]$"  # "Israel’s"
    r"|[^\w.]+$"  # quotes, brackets, commas
    r"|\s(?:the|and|or|of|in|on|at|by|to|for|from|with|who|that|said|says|is|was|has)$"
    r"|-[a-z]*(?:ed|born|run|held|made|style|era|like|wide)$"  # "U.S.-led", one token to spaCy
)
_ABBREVIATION = re.compile(  # "U.S.", "D. C.", "Inc."
    r"(?:\w\.\s?\w|\b(?:Inc|Corp|Ltd|Co|Bros|Jr|Sr))\.+$"
)
_SEAM = re.compile(r"\s*\n\s*|\s+[(\[]")  # a line's end; "Popular Mobilization Forces (PMF)"


class Mention(NamedTuple):
    """A tagged name: `text[start:end] == surface`, offsets in Unicode code points."""

    start: int
    end: int
    surface: str
    label: str
    model_label: str


def tag(texts: Iterable[str], nlp: Language) -> Iterator[list[Mention]]:
    """Find the people, organisations and places of each text.

    Args:
        texts: Texts of any length and content, paragraphs parted by a blank line.
        nlp: A pipeline that sets `doc.ents`, such as `load_pipeline` returns.

    Yields:
        The mentions of one text, in order and without overlap, for one text after the other.
        They depend on that text and the pipeline alone. No mention crosses a line's end.
    """
    for text in texts:
        yield _tag_text(text, nlp)


def load_pipeline(model: Model) -> Language:
    """Load a pipeline, once per process.

    Raises:
        ModelError: spaCy cannot load it.
    """
    with _LOADING:  # threads that asked at the same time each loaded it
        if model not in _LOADED:
            _LOADED[model] = _load(model)
        return _LOADED[model]


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


def find_extents(surface: str, label: str) -> Iterator[tuple[int, int]]:
    """Find the names within what a pipeline marked as one.

    A name stands without "the", possessive, quotes, brackets, title and end punctuation; a line's
    end or an opening bracket ends one name and begins another.

    Args:
        surface: The text that a pipeline marked.
        label: PERSON, ORG or PLACE.

    Yields:
        Start and end of each name within the surface.

    >>> [surface[a:b] for surface in ["the Knesset's"] for a, b in find_extents(surface, "ORG")]
    ['Knesset']
    """
    if len(surface) > NAME_CHARACTERS:
        return
    start = 0
    for seam in _SEAM.finditer(surface):
        yield from _trim(surface, start, seam.start(), label)
        start = seam.end()
    yield from _trim(surface, start, len(surface), label)


_LOADING = Lock()
_LOADED: dict[Model, Language] = {}
_TAGGING = Lock()
"""A memory zone belongs to one thread at a time; tagging in threads gains nothing anyway."""


def _load(model: Model) -> Language:
    try:
        if model.path is None:
            return spacy.blank(model.name.removeprefix("blank:"))
        is_folder = (model.path / "config.cfg").is_file()
        return spacy.load(model.path if is_folder else model.name)
    except Exception as error:  # spaCy raises whatever a file of the pipeline made it stumble on
        raise ModelError(
            f'model "{model.name}": expected a pipeline that spaCy can load, '
            f"found {type(error).__name__}: {error}. Install the pipeline again in the version "
            "made for this spaCy, or leave --model out to use the shipped one."
        ) from error


def _tag_text(text: str, nlp: Language) -> list[Mention]:
    # One piece after the other: a batch of texts would be no faster, and the shapes of its
    # matrices could move a score in the last digit and so a text's mentions with its neighbours.
    with _TAGGING, nlp.memory_zone():
        return [
            mention
            for start, end in _pieces(text, min(PIECE_CHARACTERS, nlp.max_length))
            for mention in _mentions(nlp(text[start:end]), start)
        ]


def _mentions(doc: Doc, offset: int) -> Iterator[Mention]:
    for entity in doc.ents:
        label = LABELS.get(entity.label_)
        if label is None:
            continue
        for start, end in find_extents(entity.text, label):
            begin = offset + entity.start_char
            surface = entity.text[start:end]
            yield Mention(begin + start, begin + end, surface, label, entity.label_)


def _pieces(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches that spaCy is shown: no long runs, none longer than size."""
    start = 0
    for run in _LONG_RUN.finditer(text):
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


def _trim(surface: str, start: int, end: int, label: str) -> Iterator[tuple[int, int]]:
    while (first := _strays_before(surface[start:end], label)) or (
        last := _strays_after(surface[start:end])
    ):
        start, end = (start + first, end) if first else (start, end - last)
    if any(character.isalnum() for character in surface[start:end]):
        yield start, end


def _strays_before(name: str, label: str) -> int:
    """Return how many characters at the beginning of a name do not belong to it."""
    match = _LEADING.match(name) or (label == "PERSON" and _LEADING_TITLES.match(name))
    return len(match[0]) if match else 0


def _strays_after(name: str) -> int:
    """Return how many characters at the end of a name do not belong to it."""
    if match := _TRAILING.search(name):
        return len(match[0])
    return 1 if name.endswith(".") and not _ABBREVIATION.search(name) else 0


@Language.component("mentions_only", assigns=["doc.ents"])
def keep_mentions(doc: Doc) -> Doc:
    """Keep people, organisations and places, trimmed as far as whole tokens can be."""
    doc.ents = [
        span
        for entity in doc.ents
        if (label := LABELS.get(entity.label_))
        for span in _trimmed_spans(doc, entity, label)
    ]
    return doc


@Language.component("repeat_surnames", assigns=["doc.ents"])
def repeat_surnames(doc: Doc) -> Doc:
    """Find the surnames of people whom the document names in full: "Gabel" after "Andrew Gabel".

    A surname that is also a common word, or that stands in a longer name, is left as it is.
    """
    surnames = {
        entity[-1].text
        for entity in doc.ents
        if entity.label_ == "PERSON" and len(entity) > 1 and _is_sure_surname(entity[-1])
    }
    if not surnames:
        return doc
    counts = Counter((entity.text, entity.label_) for entity in doc.ents)
    entities = []
    for entity in doc.ents:
        as_person = counts[entity.text, "PERSON"]
        if entity.text in surnames and as_person >= counts[entity.text, entity.label_]:
            entity = Span(doc, entity.start, entity.end, "PERSON")
        entities.append(entity)
    taken = {token.i for entity in doc.ents for token in entity}
    entities += [
        Span(doc, token.i, token.i + 1, "PERSON")
        for token in doc
        if token.text in surnames and token.i not in taken and not _is_in_longer_name(token)
    ]
    doc.ents = sorted(entities, key=lambda entity: entity.start)
    return doc


def _is_sure_surname(token: Token) -> bool:
    return len(token) > 2 and _is_capitalised(token) and not _is_common(token)


def _is_in_longer_name(token: Token) -> bool:
    """Say whether a word of a name or a hyphen stands beside a token: "General Lavalle"."""
    before = token.doc[token.i - 1] if token.i else None
    after = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
    if before is not None and (
        (_is_capitalised(before) and not (_is_common(before) and _is_first(before)))
        or (before.text == "-" and not before.whitespace_)
    ):
        return True
    return after is not None and (
        _is_capitalised(after) if token.whitespace_ else after.text == "-"
    )


def _is_capitalised(token: Token) -> bool:
    return token.is_alpha and token.text[0].isupper()


def _is_common(token: Token) -> bool:
    return COMMON in token.tag_.split("+")


def _is_first(token: Token) -> bool:
    """Say whether a token begins the text or follows punctuation or a line's end."""
    return token.i == 0 or not token.nbor(-1).text[-1].isalnum()


def _trimmed_spans(doc: Doc, entity: Span, label: str) -> Iterator[Span]:
    for start, end in find_extents(entity.text, label):
        first, last = entity.start_char + start, entity.start_char + end
        span = doc.char_span(first, last, label, alignment_mode="expand")
        if span is not None:
            yield span


COMMON = "C"
"""The list of words that are written small: a capital alone makes no name of them."""


class GazetteerFeatures:
    """Writes what each token's word is listed as into `token.tag_`, where the model looks.

    The lists have one letter each; a token is marked "P" where a name of one word stands on list
    P, "Pb" and "Pi" at the beginning and inside of a longer one, "Pb+S" where two lists hold it,
    "_" where none does. "DAMASCUS" is looked up as "Damascus", and list C, words that are written
    small, marks only words with a capital. The lists are saved with the pipeline.
    """

    def __init__(self, tokenizer: Callable[[str], Doc]) -> None:
        """Begin with empty lists."""
        self._tokenizer = tokenizer
        self.set_lists({})

    def set_lists(self, lists: dict[str, list[str]]) -> None:
        """Take names by list letter, a space between the tokens of a name: "al - Qaim"."""
        self._lists = lists
        self._letters: dict[tuple[str, ...], str] = {}
        self._longest: dict[str, int] = {}
        self._common = frozenset(lists.get(COMMON, ()))
        for letter, names in lists.items():
            for name in names if letter != COMMON else ():
                words = tuple(map(_small_capitals, name.split(" ")))
                self._letters[words] = self._letters.get(words, "") + letter
                self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Any]] | None = None,  # noqa: ARG002 spaCy passes it
        nlp: Language | None = None,  # noqa: ARG002 spaCy passes it
        path: str | None = None,
    ) -> None:
        """Read and tokenize plain lists before training; the signature is spaCy's."""
        if path is not None:
            lists = json.loads(Path(path).read_text(encoding="utf-8"))
            self.set_lists({letter: self._tokenize(names) for letter, names in lists.items()})

    def __call__(self, doc: Doc) -> Doc:
        """Mark the tokens of a doc."""
        words = [_small_capitals(token.text) for token in doc]
        marks: list[set[str]] = [set() for _ in words]
        for start, word in enumerate(words):
            farthest = min(start + self._longest.get(word, 0), len(words))
            for end in range(start + 1, farthest + 1):
                for letter in self._letters.get(tuple(words[start:end]), ""):
                    marks[start].add(letter if end == start + 1 else f"{letter}b")
                    for inside in marks[start + 1 : end]:
                        inside.add(f"{letter}i")
            if word[0].isupper() and word.lower() in self._common:
                marks[start].add(COMMON)
        for token, letters in zip(doc, marks, strict=True):
            token.tag_ = "+".join(sorted(letters)) or "_"
        return doc

    def to_disk(self, path: str | Path, **_: object) -> None:
        """Save the lists."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self._lists, ensure_ascii=False, indent=0)
        (folder / "gazetteer.json").write_text(content, encoding="utf-8")

    def from_disk(self, path: str | Path, **_: object) -> "GazetteerFeatures":
        """Read the lists back."""
        content = (Path(path) / "gazetteer.json").read_text(encoding="utf-8")
        self.set_lists(json.loads(content))
        return self

    def to_bytes(self, **_: object) -> bytes:
        """Save the lists as bytes."""
        return json.dumps(self._lists).encode()

    def from_bytes(self, content: bytes, **_: object) -> "GazetteerFeatures":
        """Read the lists back from bytes."""
        self.set_lists(json.loads(content))
        return self

    def _tokenize(self, names: Iterable[str]) -> list[str]:
        return [" ".join(token.text for token in self._tokenizer(name)) for name in names]


@Language.factory("gazetteer_features", assigns=["token.tag"])
def make_gazetteer_features(
    nlp: Language,
    name: str,  # noqa: ARG001 spaCy passes it
) -> GazetteerFeatures:
    """Make the component that config.cfg names."""
    return GazetteerFeatures(nlp.tokenizer)


def _small_capitals(word: str) -> str:
    """Write a longer word in capitals as other names are: "ADDIS" and "NATO" as "Addis", "Nato"."""
    return word.capitalize() if len(word) > 3 and word.isupper() else word
