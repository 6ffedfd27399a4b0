"""A pipeline whose components are all known, from texts to entities without spaCy's documents."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
from spacy.attrs import DEP, LEMMA, MORPH, POS, SENT_START, SPACY, TAG
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from clippings.components import (
    UNMARKED,
    GazetteerFeatures,
    Marked,
    Tokens,
    is_common,
    join_marks,
    keep_mentions,
    repeat_surnames,
    spread_surnames,
    trim_names,
)
from clippings.fast.moves import Moves
from clippings.fast.shape import Floats, expect
from clippings.fast.vectors import Ints, Vectors
from clippings.fast.words import Words

SILENT = frozenset(
    "tagger morphologizer parser senter sentencizer lemmatizer trainable_lemmatizer textcat "
    "textcat_multilabel".split()
)
"""Components by factory of which nothing is seen in the entities when they stand behind `ner`."""
Entity = tuple[int, int, str]
"""First code point, the code point behind the last, label as the pipeline gives it."""

_OF_THE_TEXT = {DEP, LEMMA, MORPH, POS, SENT_START, SPACY}
"""Attributes that hang on more than the word."""
_MOST_MARKS = 1 << 10


def read_entities(doc: Doc) -> list[Entity]:
    """List the entities of a document."""
    return [(each.start_char, each.end_char, each.label_) for each in doc.ents]


class WholePipeline:
    """Texts -> entities, by the arrays and rules that the components of a pipeline stand for."""

    def __init__(
        self, nlp: Language, name: str, upstream: str | None, vectors: Vectors, moves: Moves
    ) -> None:
        """Look at a pipeline.

        Args:
            nlp: The pipeline.
            name: Of its recogniser.
            upstream: Of the component that makes the recogniser's vectors, if it has one.
            vectors: What that does.
            moves: What the recogniser does.

        Raises:
            UnknownShapeError: A component, or the tokenizer, is not known.
        """
        self._nlp, self._vectors, self._moves = nlp, vectors, moves
        place = nlp.pipe_names.index(name)
        before = [each for each_name, each in nlp.pipeline[:place] if each_name != upstream]
        expect([type(each) for each in before] in ([], [GazetteerFeatures]), "known components")
        self._features = next(
            (each for each in before if isinstance(each, GazetteerFeatures)), None
        )
        self._rules = [
            each
            for each_name, each in nlp.pipeline[place + 1 :]
            if nlp.get_pipe_meta(each_name).factory not in SILENT
        ]
        expect(all(rule in (repeat_surnames, keep_mentions) for rule in self._rules), "known rules")
        expect(not _OF_THE_TEXT & set(vectors.columns), "attributes of words alone")
        self._words = Words(nlp, vectors.columns)
        self._forget()

    def _forget(self) -> None:
        """Forget the words that were seen, so that memory stays flat."""
        self._words.clear()
        self._marks = {UNMARKED: 0}
        self._own_marks = array("q")  # by word: the number of its mark
        self._reaches = array("b")  # by word: whether a listed name of several may begin with it
        self._known: dict[int, int] = {}  # word and mark -> row of what is embedded
        self._embedded: Floats = np.zeros((1 << 12, self._vectors.width), np.float32)

    def find(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Find the entities of each text, in code points."""
        if self._words.is_full or len(self._marks) >= _MOST_MARKS // 2:
            self._forget()
        rows, starts, ends, bounds = self._words.read(texts)
        table = self._words.texts
        words = [table[row] for row in rows.tolist()]
        marks = self._mark(words, rows, bounds)
        found = self._moves.find(
            self._vectors.encode(self._embed(rows, marks), bounds),
            bounds,
            np.zeros(len(rows), bool),
            self._words.is_space[rows],
        )
        is_common_mark = np.array([is_common(mark) for mark in self._marks])
        entities = []
        for text, (a, b), marked in zip(texts, pairwise(bounds.tolist()), found, strict=True):
            if marked is None:
                entities.append(read_entities(self._nlp(text)))
                continue
            tokens = Tokens(text, words[a:b], starts[a:b].tolist(), ends[a:b].tolist())
            common = set(np.flatnonzero(is_common_mark[marks[a:b]]).tolist())
            entities.append(
                [
                    (tokens.starts[first], tokens.ends[last - 1], label)
                    for first, last, label in self._apply_rules(tokens, marked, common)
                ]
            )
        return entities

    def _apply_rules(
        self, tokens: Tokens, entities: list[Marked], common: Collection[int]
    ) -> list[Marked]:
        for rule in self._rules:
            if rule is keep_mentions:
                entities = list(trim_names(tokens, entities))
            else:
                entities = spread_surnames(tokens, entities, common)
        return entities

    def _mark(self, words: list[str], rows: Ints, bounds: Ints) -> Ints:
        """Number what the gazetteer lists the words of texts as; 0 is no mark."""
        if self._features is None:
            return np.zeros(len(rows), np.int64)
        for word in self._words.texts[len(self._own_marks) :]:
            self._own_marks.append(self._number(self._features.mark_word(word)))
            self._reaches.append(self._features.reach(word) > 1)
        marks = np.array(self._own_marks, np.int64)[rows]
        own = list(self._marks)
        reaches = np.array(self._reaches, bool)[rows]
        for a, b in pairwise(bounds.tolist()):
            starts = np.flatnonzero(reaches[a:b]).tolist()
            for place, others in self._features.mark_names(words[a:b], starts).items():
                marks[a + place] = self._number(join_marks(own[marks[a + place]], others))
        return marks

    def _number(self, mark: str) -> int:
        return self._marks.setdefault(mark, len(self._marks))

    def _embed(self, rows: Ints, marks: Ints) -> Floats:
        """Look up what the encoder is shown of words, and work it out for those that are new."""
        keys, inverse = np.unique(rows * _MOST_MARKS + marks, return_inverse=True)
        known = self._known
        new = [key for key in keys.tolist() if key not in known]
        if new:
            self._learn(np.array(new))
        places = np.fromiter(map(known.__getitem__, keys.tolist()), np.int64, len(keys))
        found: Floats = self._embedded[places[inverse]]
        return found

    def _learn(self, keys: Ints) -> None:
        attrs = self._words.attrs[keys // _MOST_MARKS]
        if TAG in self._vectors.columns and self._features is not None:
            ids = np.array([get_string_id(mark) for mark in self._marks], np.uint64)
            attrs[:, self._vectors.columns.index(TAG)] = ids[keys % _MOST_MARKS]
        first, last = len(self._known), len(self._known) + len(keys)
        if last > len(self._embedded):
            grown = np.zeros((2 * last, self._vectors.width), np.float32)
            grown[:first] = self._embedded[:first]
            self._embedded = grown
        self._embedded[first:last] = self._vectors.embed(attrs)
        self._known.update(zip(keys.tolist(), range(first, last), strict=True))
