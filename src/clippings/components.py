"""The components of the shipped pipeline: rules on plain sequences, and what spaCy calls.

spaCy calls the components with its documents; `clippings.fast` calls the rules with its arrays.
"""

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import compress, count
from pathlib import Path
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from clippings.extents import find_extents
from clippings.records import GOLD_LABELS as LABELS

COMMON = "C"
"""The list of words that are written small: a capital alone makes no name of them."""

UNMARKED = "_"
"""The mark of a word that is on no list."""

Marked = tuple[int, int, str]
"""An entity: its first token, the token behind its last, its label."""


class Tokens(NamedTuple):
    """The tokens of a text.

    Attributes:
        text: The text.
        words: The tokens as written.
        starts: First code point of each token.
        ends: The code point behind it.
    """

    text: str
    words: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]


def trim_names(tokens: Tokens, entities: Iterable[Marked]) -> Iterator[Marked]:
    """Keep people, organisations and places, trimmed as far as whole tokens can be."""
    for start, end, model_label in entities:
        label = LABELS.get(model_label)
        if label is None:
            continue
        first = tokens.starts[start]
        surface = tokens.text[first : tokens.ends[end - 1]]
        for begin, stop in find_extents(surface, label):
            yield (
                bisect_right(tokens.starts, first + begin, start, end) - 1,
                bisect_left(tokens.ends, first + stop, start, end) + 1,
                label,
            )


def spread_surnames(
    tokens: Tokens, entities: Sequence[Marked], common: Collection[int]
) -> list[Marked]:
    """Find the surnames of people whom a text names in full: "Gabel" after "Andrew Gabel".

    A surname that is also a common word, or that stands in a longer name, is left as it is.

    Args:
        tokens: The text.
        entities: Found in it, in order and without overlap.
        common: The tokens that are common words with a capital.

    Returns:
        The entities with those that were added and those whose label changed.
    """
    words = tokens.words
    surnames = {
        words[end - 1]
        for start, end, label in entities
        if label == "PERSON" and end - start > 1 and _is_surname(words, end - 1, common)
    }
    if not surnames:
        return list(entities)
    text, starts, ends = tokens.text, tokens.starts, tokens.ends
    alone = [
        (number, surname)
        for number, (start, end, _) in enumerate(entities)
        if (surname := text[starts[start] : ends[end - 1]]) in surnames
    ]
    counts = Counter([(surname, entities[number][2]) for number, surname in alone])
    spread = list(entities)
    for number, surname in alone:
        start, end, label = entities[number]
        if counts[surname, "PERSON"] >= counts[surname, label]:
            spread[number] = start, end, "PERSON"
    free = set(compress(count(), map(surnames.__contains__, words)))
    free.difference_update(*[range(start, end) for start, end, _ in entities])
    spread += [
        (place, place + 1, "PERSON")
        for place in free
        if not _is_in_longer_name(tokens, place, common)
    ]
    return sorted(spread)


def _is_surname(words: Sequence[str], place: int, common: Collection[int]) -> bool:
    return len(words[place]) > 2 and _is_capitalised(words[place]) and place not in common


def _is_in_longer_name(tokens: Tokens, place: int, common: Collection[int]) -> bool:
    """Say whether a word of a name or a hyphen stands beside a token: "General Lavalle"."""
    words = tokens.words
    if place > 0:
        before = words[place - 1]
        is_joined = tokens.ends[place - 1] == tokens.starts[place]
        if before == "-" and is_joined:
            return True
        is_sentence_start = place - 1 in common and _is_first(words, place - 1)
        if _is_capitalised(before) and not is_sentence_start:
            return True
    if place + 1 == len(words):
        return False
    after = words[place + 1]
    is_joined = tokens.ends[place] == tokens.starts[place + 1]
    return after == "-" if is_joined else _is_capitalised(after)


def _is_capitalised(word: str) -> bool:
    return word.isalpha() and word[0].isupper()


def _is_first(words: Sequence[str], place: int) -> bool:
    """Say whether a token begins the text or follows punctuation or a line's end."""
    return place == 0 or not words[place - 1][-1].isalnum()


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
        self._common = frozenset(lists.get(COMMON, ()))
        letters: dict[str, str] = {}  # by names of one word
        longer: dict[tuple[str, ...], str] = {}  # by names of several
        longest: dict[tuple[str, ...], int] = {}  # by the first two words of these
        for letter, names in lists.items():
            for name in names if letter != COMMON else ():
                if " " not in name:
                    word = _small_capitals(name) if name.isupper() else name
                    letters[word] = letters.get(word, "") + letter
                    continue
                words = tuple(name.split(" "))
                if any(map(str.isupper, words)):
                    words = tuple(map(_small_capitals, words))
                longer[words] = longer.get(words, "") + letter
                if longest.get(words[:2], 0) < len(words):
                    longest[words[:2]] = len(words)
        self._letters, self._longer, self._longest = letters, longer, longest
        self._beginnings = {first for first, _ in longest}

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
        words = [token.text for token in doc]
        starts = [place for place, word in enumerate(words) if self.begins_name(word)]
        marks = self.mark_names(words, starts)
        for place, (token, word) in enumerate(zip(doc, words, strict=True)):
            token.tag_ = join_marks(self.mark_word(word), marks.get(place, ()))
        return doc

    def mark_word(self, word: str) -> str:
        """Tell what a word is listed as by itself."""
        folded = _small_capitals(word)
        letters = self._letters.get(folded, "")
        if folded[0].isupper() and folded.lower() in self._common:
            letters += COMMON
        return "+".join(sorted(set(letters))) if letters else UNMARKED

    def begins_name(self, word: str) -> bool:
        """Tell whether a listed name of several words begins with a word."""
        return _small_capitals(word) in self._beginnings

    def mark_names(self, words: Sequence[str], starts: Iterable[int]) -> dict[int, set[str]]:
        """Tell what the words of listed names of several words are marked as.

        Args:
            words: Those of a text.
            starts: Where in it words stand that begin a name of several words.
        """
        marks: dict[int, set[str]] = {}
        for start in starts:
            name = tuple(map(_small_capitals, words[start : start + 2]))
            stop = min(start + self._longest.get(name, 0), len(words))
            name = name[:1]
            for end in range(start + 1, stop):
                name = (*name, _small_capitals(words[end]))
                for letter in self._longer.get(name, ""):
                    marks.setdefault(start, set()).add(f"{letter}b")
                    for inside in range(start + 1, end + 1):
                        marks.setdefault(inside, set()).add(f"{letter}i")
        return marks

    def to_disk(self, path: str | Path, **_: object) -> None:
        """Save the lists."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self._lists, ensure_ascii=False, indent=0)
        (folder / "gazetteer.json").write_text(content, encoding="utf-8")

    def from_disk(self, path: str | Path, **_: object) -> "GazetteerFeatures":
        """Read the lists back."""
        self.set_lists(json.loads((Path(path) / "gazetteer.json").read_bytes()))
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


def _small_capitals(word: str) -> str:
    """Write a longer word in capitals as other names are: "ADDIS" and "NATO" as "Addis", "Nato"."""
    return word.capitalize() if len(word) > 3 and word.isupper() else word


def join_marks(mark: str, others: Iterable[str]) -> str:
    """Add the marks that a word has in a name of several words to its own."""
    return "+".join(sorted({*mark.split("+"), *others} - {UNMARKED})) if others else mark


def is_common(mark: str) -> bool:
    """Say whether a mark of `GazetteerFeatures` tells of a common word."""
    return COMMON in mark.split("+")


@Language.factory("gazetteer_features", assigns=["token.tag"])
def make_gazetteer_features(
    nlp: Language,
    name: str,  # noqa: ARG001 spaCy passes it
) -> GazetteerFeatures:
    """Make the component that config.cfg names."""
    return GazetteerFeatures(nlp.tokenizer)


@Language.component("repeat_surnames", assigns=["doc.ents"])
def repeat_surnames(doc: Doc) -> Doc:
    """Find the surnames of people whom the document names in full."""
    common = {token.i for token in doc if is_common(token.tag_)}
    _set_entities(doc, spread_surnames(_tokens(doc), _entities(doc), common))
    return doc


@Language.component("mentions_only", assigns=["doc.ents"])
def keep_mentions(doc: Doc) -> Doc:
    """Keep people, organisations and places, trimmed as far as whole tokens can be."""
    _set_entities(doc, trim_names(_tokens(doc), _entities(doc)))
    return doc


def _tokens(doc: Doc) -> Tokens:
    words = [token.text for token in doc]
    starts = [token.idx for token in doc]
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    return Tokens(doc.text, words, starts, ends)


def _entities(doc: Doc) -> list[Marked]:
    return [(entity.start, entity.end, entity.label_) for entity in doc.ents]


def _set_entities(doc: Doc, entities: Iterable[Marked]) -> None:
    doc.ents = [Span(doc, start, end, label) for start, end, label in entities]
