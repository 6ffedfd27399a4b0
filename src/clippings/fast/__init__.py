"""The entities that a spaCy pipeline finds, several times faster.

    recognizer = FastRecognizer(nlp)     # UnknownShapeError, where it does not know the pipeline
    found = recognizer.find(texts)       # per text: (start, end, label), in code points

It works on arrays: texts become rows of a table of words (`words.py`), these become vectors
(`vectors.py`), the vectors entities (`moves.py`). Where all components of the pipeline are known,
no document of spaCy is built (`whole.py`); where others want one, `FastRecognizer` still does the
work of `ner` and of the `tok2vec` that it listens to.

What the arithmetic cannot call with certainty, spaCy decides (`moves.CLOSE`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.attrs import ENT_IOB, IS_SPACE, SENT_START
from spacy.language import Language
from spacy.pipeline import EntityRecognizer, Tok2Vec
from spacy.tokens import Doc, Span
from thinc.api import Model
from threadpoolctl import ThreadpoolController

from clippings.fast.moves import Moves
from clippings.fast.shape import UnknownShapeError, expect
from clippings.fast.vectors import Attrs, Embeddings, Ints, Vectors
from clippings.fast.whole import SILENT, Entity, WholePipeline, read_entities

__all__ = ["Entity", "FastRecognizer", "UnknownShapeError", "read_entities"]

_DEAF = SILENT | {
    # None of these reads `doc.tensor`.
    *("gazetteer_features", "repeat_surnames", "mentions_only"),
    *("attribute_ruler", "entity_ruler", "span_ruler"),
}
_MIX = np.uint64(0x9E3779B97F4A7C15)  # an odd number with its bits well spread


class FastRecognizer:
    """A component that sets the entities of a document as the pipeline's `ner` would."""

    def __init__(self, nlp: Language) -> None:
        """Read the weights of a pipeline; what is changed in it later is not seen.

        Raises:
            UnknownShapeError: The pipeline has another shape than the known one.
        """
        self._nlp = nlp
        self._libraries = ThreadpoolController()
        name, self._ner = _find_recognizer(nlp)
        upstream, tok2vec = _find_tok2vec(nlp, self._ner)
        self._vectors = Vectors(tok2vec)
        moves = self._ner.moves
        names = [moves.get_class_name(number) for number in range(moves.n_moves)]
        self._moves = Moves(self._ner.model, names)
        self._columns = [*self._vectors.columns, IS_SPACE, SENT_START, ENT_IOB]
        self._upstream = _find_needless(nlp, upstream, name)
        self._whole: WholePipeline | None
        try:
            self._whole = WholePipeline(nlp, name, upstream, self._vectors, self._moves)
        except UnknownShapeError:
            self._whole = None

    def find(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Find the entities of each text: those of `nlp(text).ents`.

        Args:
            texts: Texts, best of some 20,000 words together; all are worked on at once.
        """
        # A second thread would mostly wait: the products are small, and other processes work too.
        with self._libraries.limit(limits=1, user_api="blas"):
            if self._whole is None:
                return self._find_in_documents(texts)
            return self._whole.find(texts)

    def _find_in_documents(self, texts: Sequence[str]) -> list[list[Entity]]:
        docs = list(map(self._nlp.make_doc, texts))
        for _, step in self._nlp.pipeline:
            if step is self._ner:
                docs = self.annotate(docs)
            elif step is not self._upstream:
                docs = list(map(step, docs))
        return list(map(read_entities, docs))

    def __call__(self, doc: Doc) -> Doc:
        """Set the entities of a document."""
        return self.annotate([doc])[0]

    def annotate(self, docs: list[Doc]) -> list[Doc]:
        """Set the entities of documents; those that have some already are left to spaCy."""
        if not docs:
            return []
        attrs = [doc.to_array(self._columns).reshape(len(doc), len(self._columns)) for doc in docs]
        free = [number for number, each in enumerate(attrs) if not each[:, -1].any()]
        known = np.concatenate([*(attrs[number] for number in free), attrs[0][:0]])
        bounds = np.cumsum([0, *(len(docs[number]) for number in free)])
        *_, is_space, sentence_start, _ = known.T
        found = self._moves.find(
            self._vectors.encode(*self._embed(known[:, :-3].astype(np.uint64)), bounds),
            bounds,
            np.append(sentence_start[1:] == 1, False)[: len(known)],
            is_space.astype(bool),
        )
        entities = dict(zip(free, found, strict=True))
        for number, doc in enumerate(docs):
            marked = entities.get(number)
            if marked is None:
                docs[number] = self._ner(self._upstream(doc) if self._upstream else doc)
            else:
                spans = [Span(doc, start, end, label) for start, end, label in marked]
                doc.set_ents(spans, default="outside")
        return docs

    def _embed(self, attrs: Attrs) -> tuple[Embeddings, Ints]:
        """Work out what the encoder is shown of distinct words; the second tells which each is."""
        keys = np.zeros(len(attrs), np.uint64)
        for column in attrs.T:
            keys = keys * _MIX + column
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        if not np.array_equal(attrs[first][inverse], attrs):  # two words with one key
            first = inverse = np.arange(len(attrs))
        words = Embeddings(self._vectors)
        words.add(attrs[first])
        return words, inverse


def _find_needless(nlp: Language, upstream: str | None, name: str) -> Tok2Vec | None:
    """Find the component whose vectors nobody but the recogniser looks at."""
    if upstream is None:
        return None
    tok2vec: Any = nlp.get_pipe(upstream)
    others = set(nlp.pipe_names) - {upstream, name}
    if tok2vec.listening_components == [name] and all(
        nlp.get_pipe_meta(other).factory in _DEAF for other in others
    ):
        found: Tok2Vec = tok2vec
        return found
    return None


def _find_recognizer(nlp: Language) -> tuple[str, EntityRecognizer]:
    found: list[tuple[str, Any]] = [
        (name, each) for name, each in nlp.pipeline if type(each) is EntityRecognizer
    ]
    expect(len(found) == 1, f"one entity recogniser, found {len(found)}")
    name, ner = found[0]
    expect(ner.cfg["beam_width"] == 1, "beam_width = 1")
    return name, ner


def _find_tok2vec(nlp: Language, ner: EntityRecognizer) -> tuple[str | None, Model[Any, Any]]:
    """Find what makes the vectors of a recogniser: another component, or a layer of its own."""
    own = ner.model.layers[0].layers[0] if ner.model.name == "parser_model" else ner.model
    if own.name != "tok2vec-listener":
        return None, own
    for name, each in nlp.pipeline:
        if type(each) is Tok2Vec and any(listener is own for listener in each.listeners):
            return name, each.model
    raise UnknownShapeError("expected the Tok2Vec that the recogniser listens to, found none")
