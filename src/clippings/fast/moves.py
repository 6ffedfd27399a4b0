"""Vectors -> entities: the choices of a spaCy `ner`, worked out for all words at once.

The recogniser walks through a text word by word, and scores its moves from three words: the next
one, the first of the open entity, the one before. Where no entity is open only the next word
counts. So the move of every word, were no entity open there, is worked out in bulk. From each
word where that begins an entity, all of them go on in step until they end. What the recogniser
would have done is then read off from left to right.

Both spaCy and this round, each in its own way. Where two moves are closer than rounding can tell
apart, that is said, and spaCy must decide.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from thinc.api import Model

from clippings.components import Marked
from clippings.fast.shape import Floats, expect, read_weights
from clippings.fast.vectors import Encoded, Ints

Flags = npt.NDArray[np.bool_]

CLOSE = 2e-5
"""Moves whose scores differ by less than this, relative to the better, are too close to call.
The largest difference to spaCy's own scores, over 270,000 words of news, was 2.5e-6."""

BLOCK_WORDS = 512
"""Words of a block: what is made of them takes 0.4 MB, less than a usual L2 cache."""


class Moves:
    """The transition system and scorer of one recogniser.

    Attributes:
        labels: Of the entities.
        closed: The moves that may be taken while no entity is open, as the recogniser numbers them:
            B of every label, U of every label, O.
    """

    def __init__(self, model: Model[Any, Any], names: list[str]) -> None:
        """Read the weights of a model.

        Args:
            model: Of the recogniser.
            names: Of its moves, in the order of their scores; "" for one that is never taken.

        Raises:
            UnknownShapeError: It is no TransitionBasedParser.v2 for entities with three state
                tokens, trained on all its labels, in float32 on the CPU.
        """
        expect(model.name == "parser_model", "TransitionBasedParser.v2")
        linear, lower = model.layers[0].layers[-1], model.get_ref("lower")
        expect(
            linear.name == "linear" and lower.name == "precomputable_affine",
            "TransitionBasedParser.v2",
        )
        expect(not model.attrs["unseen_classes"], "a recogniser trained on all its labels")
        weights = read_weights(lower, "W")
        features, self._outputs, _, inputs = weights.shape
        expect(features == 3, "extra_state_tokens = false")
        # One product in the place of two: words -> hidden -> what each adds to a state.
        hidden = read_weights(linear, "W").astype(np.float64)
        by_piece = weights.transpose(0, 2, 1, 3).reshape(features, -1, inputs)
        self._next, self._first, self._before = (
            np.ascontiguousarray(each @ hidden, np.float32) for each in by_piece
        )
        added = by_piece @ read_weights(linear, "b")
        bias = np.ascontiguousarray(read_weights(lower, "b").T).reshape(-1)
        absent = read_weights(lower, "pad")[0].transpose(0, 2, 1).reshape(features, -1)
        self._closed_bias = _column(bias + added[0] + absent[1] + absent[2])
        self._open_bias = _column(bias + added.sum(axis=0))
        if model.attrs["has_upper"]:
            upper = model.get_ref("upper")
            self._upper = read_weights(upper, "W")
            self._upper_bias = _column(read_weights(upper, "b"))
        else:
            self._upper = np.eye(self._outputs, dtype=np.float32)
            self._upper_bias = np.zeros((self._outputs, 1), np.float32)
        expect(len(names) == len(self._upper_bias), "one score per move")
        self._read_names(names)

    def _read_names(self, names: list[str]) -> None:
        self.labels = sorted({name[2:] for name in names if name.startswith("B-")})
        place = {name: column for column, name in enumerate(names)}
        expect(
            bool(self.labels)
            and "O" in place
            and all(f"{move}-{label}" in place for label in self.labels for move in "BILU"),
            "a label, the moves B, I, L and U of each, and O",
        )
        self._ins = np.array([place[f"I-{label}"] for label in self.labels], np.int64)
        self._lasts = np.array([place[f"L-{label}"] for label in self.labels], np.int64)
        self.closed = [place[f"{move}-{label}"] for move in "BU" for label in self.labels]
        self.closed.append(place["O"])
        self._closed_upper = self._upper[self.closed]
        self._closed_upper_bias = self._upper_bias[self.closed]

    def find(
        self, vectors: Encoded, bounds: Ints, must_end: Flags, is_space: Flags
    ) -> list[list[Marked] | None]:
        """Find the entities of texts.

        Args:
            vectors: Of the words, texts one behind the other.
            bounds: Where each text begins, and, as the last number, where all end.
            must_end: Whether no entity may go on behind a word, because a sentence ends there;
                that one ends with its text goes without saying.
            is_space: Whether a word is white space, where no entity begins.

        Returns:
            The entities of each text, in order and without overlap; None for a text with a move
            that was too close to call.
        """
        must_end = must_end.copy()
        must_end[bounds[1:][np.diff(bounds) > 0] - 1] = True
        scores = self.score(vectors)
        kinds, count = len(self.labels), len(is_space)
        # Nearly all words are clearly outside; what a word may not begin is asked of the others.
        others = np.flatnonzero(~_is_clear(scores[-1], scores[:-1].max(axis=0)))
        scores = scores[:, others]
        scores[:kinds, (must_end | is_space)[others]] = -np.inf
        scores[kinds:-1, is_space[others]] = -np.inf
        scores = scores.T
        rows = np.arange(len(others))
        move = np.full(count, 2 * kinds)
        move[others] = scores.argmax(axis=1)
        best = scores[rows, move[others]]
        scores[rows, move[others]] = -np.inf
        is_close = np.zeros(count, bool)
        is_close[others] = ~_is_clear(best, scores.max(axis=1))
        ends = np.arange(1, count + 1)
        begun = np.flatnonzero(move < kinds)
        self._finish(vectors, must_end, begun, move[begun], ends, is_close)
        return [
            self._walk(start, stop, move, ends, is_close)
            for start, stop in pairwise(bounds.tolist())
        ]

    def score(self, vectors: Encoded) -> Floats:
        """Score the moves at words, were no entity open there.

        Returns:
            One row per move of `closed`, one column per word.
        """
        count = vectors.halves.shape[2]
        scores = np.empty((len(self._closed_upper), 2, count), np.float32)
        for start in range(0, count, BLOCK_WORDS):
            block = slice(start, start + BLOCK_WORDS)
            for half in range(2):
                states = self._next @ vectors.halves[half, :, block]
                states += self._closed_bias
                hidden = self._hide(states)
                np.matmul(self._closed_upper, hidden, out=scores[:, half, block])
        scores += self._closed_upper_bias[:, np.newaxis]
        columns = vectors.places % 2 * count + vectors.places // 2
        return scores.reshape(len(scores), -1)[:, columns]

    def _walk(
        self, start: int, stop: int, move: Ints, ends: Ints, is_close: Flags
    ) -> list[Marked] | None:
        """Go through a text from left to right: a word inside an entity has no move of its own."""
        entities: list[Marked] = []
        kinds, free = len(self.labels), start
        counts = is_close[start:stop] | (move[start:stop] < 2 * kinds)
        for place in (start + np.flatnonzero(counts)).tolist():
            if place < free:
                continue
            if is_close[place]:
                return None
            free = int(ends[place])
            entities.append((place - start, free - start, self.labels[move[place] % kinds]))
        return entities

    def _finish(
        self,
        vectors: Encoded,
        must_end: Flags,
        first: Ints,
        label: Ints,
        ends: Ints,
        is_close: Flags,
    ) -> None:
        """Go on from all words that begin an entity, in step, and note where each ends."""
        here = first + 1
        opened = self._first @ vectors.of(first).T + self._open_bias
        while len(here):
            ends[first] = here + 1
            may_go_on = np.flatnonzero(~must_end[here])
            here, first = here[may_go_on], first[may_go_on]
            label, opened = label[may_go_on], opened[:, may_go_on]
            states = self._next @ vectors.of(here).T + self._before @ vectors.of(here - 1).T
            states += opened
            scores = self._upper @ self._hide(states) + self._upper_bias
            columns = np.arange(len(here))
            go_on, end = scores[self._ins[label], columns], scores[self._lasts[label], columns]
            is_close[first] |= ~_is_clear(np.maximum(go_on, end), np.minimum(go_on, end))
            going = np.flatnonzero(go_on > end)
            here, first = here[going] + 1, first[going]
            label, opened = label[going], opened[:, going]

    def _hide(self, states: Floats) -> Floats:
        """Apply maxout to states, all numbers of the first piece first."""
        pieces = len(states) // self._outputs
        hidden: Floats = states.reshape(pieces, self._outputs, states.shape[1]).max(axis=0)
        return hidden


def _is_clear(best: Floats, other: Floats) -> Flags:
    """Say whether the best score is so by more than rounding; one that is no number is not."""
    is_clear: Flags = best - other > CLOSE * (1 + np.abs(best))
    return is_clear


def _column(numbers: Floats) -> Floats:
    return numbers[:, np.newaxis]
