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
from clippings.fast.shape import expect
from clippings.fast.tables import Tables
from clippings.fast.vectors import Embeddings, Ints, Vectors
from clippings.fast.words import Words, view

MOST_WORDS = 1 << 15
"""Words of distinct stretches that are remembered: some 40 MB with all that is known of them. Twice
as many gain a thirtieth on texts of all kinds, and memory grows by as much again."""

SILENT = frozenset(
    "tagger morphologizer parser senter sentencizer lemmatizer trainable_lemmatizer textcat "
    "textcat_multilabel".split()
)
"""Components by factory of which nothing is seen in the entities when they stand behind `ner`."""
Entity = tuple[int, int, str]
"""First code point, the code point behind the last, label as the pipeline gives it."""

_OF_THE_TEXT = {DEP, LEMMA, MORPH, POS, SENT_START, SPACY}
"""Attributes that hang on more than the word."""


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
        self._begins = array("b")  # by word: whether a listed name of several begins with it
        self._own = array("q")  # by word: the number of it with its own mark
        # Words with a mark, numbered: their words, their marks, whether these are of a common word.
        self._numbers: dict[tuple[int, str], int] = {}
        self._rows, self._marks, self._is_common = array("q"), list[str](), array("b")
        self._embedded = Embeddings(vectors)
        self._tables = Tables(
            *(self._begins, self._own, self._numbers, self._rows, self._marks, self._is_common)
        )
        self._half = self._words.tables.sizes(), self._tables.sizes()

    def _make_room(self) -> None:
        """Forget words when they are too many, but not those met first: most are the frequent ones.

        A text of which a word is forgotten is no other for it; memory stays flat.
        """
        size = max(len(self._words), len(self._rows))
        if size <= MOST_WORDS // 2:
            self._half = self._words.tables.sizes(), self._tables.sizes()
        elif size > MOST_WORDS:
            self._words.tables.shrink(self._half[0])
            self._tables.shrink(self._half[1])
            self._embedded.keep(len(self._rows))

    def find(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Find the entities of each text, in code points."""
        self._make_room()
        rows, starts, ends, bounds = self._words.read(texts)
        table = self._words.texts
        words = [table[row] for row in rows.tolist()]
        parts = [words[a:b] for a, b in pairwise(bounds.tolist())]
        numbers = self._mark(parts, rows, bounds)
        self._embed()
        found = self._moves.find(
            self._vectors.encode(self._embedded, numbers, bounds),
            bounds,
            np.zeros(len(rows), bool),
            self._words.is_space[rows],
        )
        commonness = view(self._is_common, np.bool_)[numbers]
        entities = []
        for number, marked in enumerate(found):
            place = slice(*bounds[number : number + 2])
            if marked is None:
                entities.append(read_entities(self._nlp(texts[number])))
                continue
            tokens = Tokens(
                texts[number], parts[number], starts[place].tolist(), ends[place].tolist()
            )
            common = set(np.flatnonzero(commonness[place]).tolist())
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

    def _mark(self, parts: list[list[str]], rows: Ints, bounds: Ints) -> Ints:
        """Number the words of texts, each with what the gazetteer lists it as."""
        features = self._features
        for row in range(len(self._own), len(self._words.texts)):
            word = self._words.texts[row]
            mark = UNMARKED if features is None else features.mark_word(word)
            self._own.append(self._number(row, mark))
            self._begins.append(features is not None and features.begins_name(word))
        numbers: Ints = view(self._own)[rows]
        if features is None:
            return numbers
        begins = view(self._begins, np.bool_)[rows]
        for words, (a, b) in zip(parts, pairwise(bounds.tolist()), strict=True):
            starts = np.flatnonzero(begins[a:b]).tolist()
            for place, others in features.mark_names(words, starts).items():
                mark = join_marks(self._marks[numbers[a + place]], others)
                numbers[a + place] = self._number(int(rows[a + place]), mark)
        return numbers

    def _number(self, row: int, mark: str) -> int:
        number = self._numbers.setdefault((row, mark), len(self._rows))
        if number == len(self._rows):
            self._rows.append(row)
            self._marks.append(mark)
            self._is_common.append(is_common(mark))
        return number

    def _embed(self) -> None:
        """Work out what the encoder is shown of the words with marks that are new."""
        first = self._embedded.count
        attrs = self._words.attrs[view(self._rows)[first:]]
        if TAG in self._vectors.columns and self._features is not None:
            marks = map(get_string_id, self._marks[first:])
            column = self._vectors.columns.index(TAG)
            attrs[:, column] = np.fromiter(marks, np.uint64, len(attrs))
        self._embedded.add(attrs)
