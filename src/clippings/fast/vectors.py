"""Words -> vectors: the arithmetic of a spaCy `tok2vec`, in blocks that stay in the cache.

The embedding of a word, and the layer that mixes its features, are worked out by the model's own
layers; what is done here is the encoder, whose time counts: four convolutions over windows of
three words, each with maxout, layer norm and residual.

The first of them sees words that do not know their neighbours yet. Each distinct word of a batch
is multiplied once for each of its places in a window, the frequent ones once for all, and a window
is the sum of three rows.

In the others, two neighbours share most of their windows, so a pair of words is worked out
together: of the four words a, b, c, d that the pair b, c looks at, four products are made instead
of six. With L, M, R for the weights of the left, the middle and the right word of a window,

    b:  (a - c) L  +  (b + c) (L + M + R) / 2  +  (c - b) (L - M + R) / 2
    c:  (d - b) R  +  (b + c) (L + M + R) / 2  -  (c - b) (L - M + R) / 2

are, but for rounding, aL + bM + cR and bL + cM + dR. A wider window is made of several of three.
Words stand along the last axis, the even ones apart from the odd ones: all steps run along it.

Source: S. Winograd, Arithmetic Complexity of Computations (1980), the minimal algorithm F(2, 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from spacy.attrs import intify_attr
from thinc.api import Model

from clippings.fast.shape import Floats, expect, read_weights

Ints = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Attrs = npt.NDArray[np.uint64]

BLOCK_PAIRS = 256
"""Pairs of words in a block: their products, 4 x 288 numbers each, take 1.2 MB, which a usual L2
cache holds. Half as many are slower by a twentieth."""
BLOCK_WORDS = 256
"""Words in a block where rows are added up; an even number."""
FREQUENT = 1 << 12
"""Rows whose products are kept: 14 MB. They are two fifths of the distinct words of a batch; of the
others of the largest batch the room is kept, as much again."""

_HASH = "ints-getitem>>hashembed"
_EMBED = (  # the names that thinc gives, which tell how a model is built
    "extract_features>>list2ragged>>with_array({})>>"
    "with_array(maxout>>layernorm>>dropout)>>ragged2list"
)
_MIX = "maxout", "layernorm"
_CONVOLUTION = "residual(expand_window>>maxout>>layernorm>>dropout)"
_LAYER_NORM = np.float32(1e-8)  # what thinc adds to a variance


class Embeddings:
    """What the encoder is shown of words, which are added as they are met.

    Its first convolution multiplies each word of a batch by the weights of each place in a window.
    Of the words that were added first, most of them frequent, the products are kept.

    Args:
        vectors: Of whose encoder.

    Attributes:
        rows: A row of zeros, which stands between texts, and one row per word.
        count: Words.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.rows: Floats = np.zeros((FREQUENT, vectors.width), np.float32)
        self.count = 0
        self._products: list[Floats] = [
            np.empty((0, each.shape[1]), np.float32) for each in vectors.by_word
        ]
        self._multiply(np.arange(1), 0)

    def add(self, attrs: Attrs) -> None:
        """Add words.

        Args:
            attrs: One row per word, one column per attribute that the embedding reads.
        """
        first, last = self.count + 1, self.count + 1 + len(attrs)
        self.rows = _make_room(self.rows, first, last)
        self.rows[first:last] = self._vectors.embed(attrs)
        self.count += len(attrs)
        self._multiply(np.arange(first, min(last, FREQUENT)), first)

    def keep(self, count: int) -> None:
        """Keep the first words alone."""
        self.count = count

    def multiply(self, others: Ints) -> Sequence[Floats]:
        """Give the products of the first `FREQUENT` rows, and behind them those of some others."""
        self._multiply(others, FREQUENT)
        return self._products

    def _multiply(self, rows: Ints, first: int) -> None:
        if not len(rows):
            return
        last = first + len(rows)
        self._products = [_make_room(each, first, last) for each in self._products]
        self._vectors.multiply(self.rows[rows], [each[first:last] for each in self._products])


def _make_room(rows: Floats, first: int, last: int) -> Floats:
    """Make an array longer where it must be; what stands before `first` stays."""
    if last <= len(rows):
        return rows
    grown = np.empty((last + last // 4, rows.shape[1]), np.float32)
    grown[:first] = rows[:first]
    return grown


class Encoded(NamedTuple):
    """The vectors of the words of texts, which stand in places with gaps between the texts.

    Attributes:
        halves: Those of the even places, then those of the odd ones: one row per number of a
            vector, one column per place.
        places: Of each word.
    """

    halves: Floats
    places: Ints

    def of(self, words: Ints) -> Floats:
        """Give the vectors of some words, one row per word."""
        places = self.places[words]
        vectors: Floats = self.halves[places % 2, :, places // 2]
        return vectors


class Layer(NamedTuple):
    """One convolution of the encoder, as products for two words at a time.

    Attributes:
        weights: Of each of the four products: one row per piece and output, all outputs of the
            first piece first; one column per input of each three words, and the bias as the last.
        gain: Of the layer norm, one number per output.
        shift: Of the layer norm, one number per output. It is added once, behind the last layer:
            what it would change in the layers between, their biases hold.
        averaging: What outputs are multiplied by for their mean.
        centres: The middle of each three words, counted from the first word of a pair.
    """

    weights: Floats
    gain: Floats
    shift: Floats
    averaging: Floats
    centres: range

    @property
    def window(self) -> int:
        """Words on each side that are looked at."""
        return 1 - self.centres[0]

    @property
    def reach(self) -> int:
        """Pairs to the left in which they stand."""
        return (self.window + 1) // 2


class Vectors:
    """The `tok2vec` of one pipeline.

    Attributes:
        columns: The attributes that its embedding reads, as spaCy numbers them.
        width: Numbers in a vector.
        pad: Rows of zeros between two documents, as many as the encoder sees.
        by_word: Weights of the first convolution for each word of a window: one row per input, one
            column per piece and output.
    """

    def __init__(self, tok2vec: Model[Any, Any]) -> None:
        """Read the weights of a model.

        Raises:
            UnknownShapeError: It is no MultiHashEmbed without static vectors followed by a
                MaxoutWindowEncoder, in float32 on the CPU.
        """
        expect({"embed", "encode"} <= set(tok2vec.ref_names), "Tok2Vec: embed, encode")
        embed, encode = tok2vec.get_ref("embed"), tok2vec.get_ref("encode")
        hash_count = sum(each.name == "hashembed" for each in embed.walk())
        expect(
            embed.name == _EMBED.format("|".join([_HASH] * hash_count)),
            "MultiHashEmbed without static vectors",
        )
        layers = [each for each in encode.walk() if each.name == _CONVOLUTION]
        expect(
            encode.name == f"with_array({'>>'.join([_CONVOLUTION] * len(layers))})",
            "MaxoutWindowEncoder",
        )
        extract, _, hashes, mix, _ = embed.layers
        self.columns = [intify_attr(column) for column in extract.attrs["columns"]]
        self._hashes = [each for each in hashes.walk() if each.name == "hashembed"]
        mixer, self._norm = (
            next(each for each in mix.walk() if each.name == name) for name in _MIX
        )
        places = [each.attrs["index"][1] for each in hashes.walk() if each.name == "ints-getitem"]
        widths = {each.get_dim("nO") for each in self._hashes}
        expect(
            places == list(range(len(self.columns))) and len(widths) == 1,
            "a table of one width for each attribute, in their order",
        )
        by_piece = read_weights(mixer, "W").transpose(1, 0, 2)
        self._mixers = np.split(by_piece.reshape(-1, by_piece.shape[2]).T, hash_count)
        self._mix_bias = read_weights(mixer, "b").T.reshape(-1)
        self.layers: list[Layer] = []
        for each in layers:
            self.layers.append(_read_layer(each, self.layers))
        self.width = len(self.layers[0].gain)
        by_word, bias = _read_maxout(layers[0])
        self.by_word = by_word.transpose(0, 2, 1).astype(np.float32)
        self._bias = bias.astype(np.float32)
        self.pad = int(encode.attrs["pad"])
        expect(
            self.pad >= sum(layer.window for layer in self.layers) > 0,
            "as much padding between texts as the encoder sees",
        )

    def embed(self, attrs: Attrs) -> Floats:
        """Work out what the encoder is shown of some words.

        Args:
            attrs: One row per word, one column per attribute of `columns`.

        Returns:
            One row of `width` numbers per word.
        """
        products, rows = [], []
        for hashes, mixer, column in zip(self._hashes, self._mixers, attrs.T, strict=True):
            distinct, numbers = np.unique(column, return_inverse=True)
            products.append(hashes.predict(distinct) @ mixer)
            rows.append(numbers)
        products[0] += self._mix_bias
        mixed = np.empty((len(attrs), self.width), np.float32)
        for block, best in _add_rows(products, rows, self.width):
            mixed[block] = best
        normalized: Floats = self._norm.predict(mixed)
        return normalized

    def multiply(self, words: Floats, products: Sequence[Floats]) -> None:
        """Multiply words by the weights of the first convolution.

        Args:
            words: One row per word.
            products: Where the results go, by word of a window.
        """
        for weights, product in zip(self.by_word, products, strict=True):
            np.matmul(words, weights, out=product)
        middle = products[self.layers[0].window]
        middle += self._bias

    def encode(self, words: Embeddings, numbers: Ints, bounds: Ints) -> Encoded:
        """Let each word see its neighbours.

        Args:
            words: What the encoder is shown of them.
            numbers: Of the words of the texts among these, texts one behind the other.
            bounds: Where each text begins, and, as the last number, where all end.
        """
        if not len(numbers):
            return Encoded(np.zeros((2, self.width, 0), np.float32), numbers)
        count = len(bounds) - 1
        gaps = self.pad * np.arange(1, count + 1)
        places = np.arange(len(numbers)) + np.repeat(gaps, np.diff(bounds))
        pairs = (len(numbers) + self.pad * (count + 1) + 1) // 2
        shown = np.zeros(2 * pairs, np.int64)
        shown[places] = numbers + 1
        # Each layer writes a little to the left of what it reads, so that one room is enough.
        start = sum(layer.reach for layer in self.layers[1:])
        after = max(layer.centres[-1] + 2 for layer in self.layers) // 2
        seen = np.zeros((2, self.width, start + pairs + after), np.float32)
        self._look_up(words, shown, seen[:, :, start : start + pairs])
        scratch = _make_scratch(self.layers[0], min(pairs, BLOCK_PAIRS))
        for layer in self.layers[1:]:
            for first in range(start, start + pairs, BLOCK_PAIRS):
                stop = min(first + BLOCK_PAIRS, start + pairs)
                best = _convolve(seen, first, stop, layer, scratch)
                best += seen[:, :, first:stop]
                seen[:, :, first - layer.reach : stop - layer.reach] = best
            start -= layer.reach
        encoded = seen[:, :, :pairs]
        encoded += np.sum([layer.shift for layer in self.layers], axis=0)[:, np.newaxis]
        return Encoded(encoded, places)

    def _look_up(self, words: Embeddings, shown: Ints, seen: Floats) -> None:
        """Do the first convolution: it multiplies each distinct word once, not each window.

        Args:
            words: What is shown of words.
            shown: The row of each place.
            seen: Where the result goes.
        """
        layer, by_word = self.layers[0], (-1, 2, self.width)
        is_rare = shown >= FREQUENT
        rare, numbers = np.unique(shown[is_rare], return_inverse=True)
        products = words.multiply(rare)
        around = np.pad(shown, layer.window)
        around[layer.window : -layer.window][is_rare] = FREQUENT + numbers
        rows = [around[place : place + len(shown)] for place in range(len(products))]
        for block, sums in _add_rows(products, rows, self.width):
            best = sums.reshape(by_word).transpose(1, 2, 0).copy()
            _normalize(best, layer)
            best += words.rows[shown[block]].reshape(by_word).transpose(1, 2, 0)
            seen[:, :, block.start // 2 : block.stop // 2] = best


def _add_rows(
    products: Sequence[Floats], rows: Sequence[Ints], width: int
) -> Iterator[tuple[slice, Floats]]:
    """Add up one row of each product for each word, and take the largest piece of each sum.

    Args:
        products: One row per distinct input; one column per piece and output.
        rows: Of each product, the row of each word.
        width: Outputs.

    Yields:
        Some words, and one row of `width` numbers for each of them.
    """
    count = len(rows[0])
    both = np.empty((2, min(count, BLOCK_WORDS), products[0].shape[1]), np.float32)
    for first in range(0, count, BLOCK_WORDS):
        block = slice(first, min(first + BLOCK_WORDS, count))
        sums, others = both[:, : block.stop - first]
        for place, product in enumerate(products):
            # Without "clip" NumPy would make a copy first; no row is out of bounds.
            out = others if place else sums
            product.take(rows[place][block], axis=0, out=out, mode="clip")
            if place:
                sums += others
        yield block, sums.reshape(len(sums), -1, width).max(axis=1)


Scratch = tuple[Floats, Floats, Floats]
"""Room for what is multiplied, a one behind each; for the products; for the outputs."""


def _make_scratch(layer: Layer, pairs: int) -> Scratch:
    products, columns, inputs = layer.weights.shape
    return (
        np.ones((products, inputs, pairs), np.float32),
        np.empty((products, columns, pairs), np.float32),
        np.empty((2, len(layer.gain), pairs), np.float32),
    )


def _convolve(seen: Floats, first: int, stop: int, layer: Layer, scratch: Scratch) -> Floats:
    """Do one convolution, maxout and layer norm of some pairs; good until the next call."""
    inputs, products, best = (room[:, :, : stop - first] for room in scratch)
    width = len(layer.gain)
    for number, centre in enumerate(layer.centres):
        a, b, c, d = (
            seen[word % 2, :, first + word // 2 : stop + word // 2]
            for word in range(centre - 1, centre + 3)
        )
        place = slice(number * width, (number + 1) * width)
        np.subtract(a, c, out=inputs[0, place])
        np.subtract(d, b, out=inputs[1, place])
        np.add(b, c, out=inputs[2, place])
        np.subtract(c, b, out=inputs[3, place])
    np.matmul(layer.weights, inputs, out=products)
    pair = products[:2]
    pair += products[2]
    pair[0] += products[3]
    pair[1] -= products[3]
    np.maximum.reduce(pair.reshape(2, -1, width, stop - first), axis=1, out=best)
    _normalize(best, layer)
    return best


def _normalize(best: Floats, layer: Layer) -> None:
    """Do a layer norm in place, but for its shift."""
    best -= np.matmul(layer.averaging, best)[:, np.newaxis]
    scale = np.matmul(layer.averaging, np.square(best))
    scale += _LAYER_NORM
    np.reciprocal(np.sqrt(scale, out=scale), out=scale)
    best *= scale[:, np.newaxis]
    best *= layer.gain


def _read_maxout(convolution: Model[Any, Any]) -> tuple[Doubles, Doubles]:
    """Read the weights of a convolution.

    Returns:
        One row per piece and output, all outputs of the first piece first, by word of the window;
        the bias of each.
    """
    parts = {each.name: each for each in convolution.walk()}
    weights, bias = read_weights(parts["maxout"], "W"), read_weights(parts["maxout"], "b")
    outputs, pieces, inputs = weights.shape
    words = 2 * parts["expand_window"].attrs["window_size"] + 1
    expect(inputs == words * outputs, "an encoder as wide as its input")
    by_word = weights.reshape(outputs, pieces, words, outputs).transpose(2, 1, 0, 3)
    biases = bias.T.reshape(-1)
    return by_word.reshape(words, -1, outputs).astype(np.float64), biases.astype(np.float64)


def _read_layer(convolution: Model[Any, Any], before: Sequence[Layer]) -> Layer:
    weights, bias = _read_maxout(convolution)
    for layer in before:
        bias = bias + weights.sum(axis=0) @ layer.shift
    centres = range(1 - len(weights) // 2, len(weights) // 2 + 2, 3)
    beyond = np.zeros((3 * len(centres) - len(weights), *weights.shape[1:]))
    weights = np.concatenate([weights, beyond])
    left, middle, right = (np.concatenate(weights[word::3], axis=1) for word in range(3))
    products = np.stack([left, right, (left + middle + right) / 2, (left - middle + right) / 2])
    biases = np.zeros((*products.shape[:2], 1))
    biases[2, :, 0] = bias
    norm = next(each for each in convolution.walk() if each.name == "layernorm")
    gain, shift = read_weights(norm, "G"), read_weights(norm, "b")
    return Layer(
        np.concatenate([products, biases], axis=2).astype(np.float32),
        gain[:, np.newaxis],
        shift,
        np.full(len(gain), 1 / len(gain), np.float32),
        centres,
    )
