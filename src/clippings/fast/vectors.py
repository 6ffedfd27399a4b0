"""Words -> vectors: the arithmetic of a spaCy `tok2vec`, in blocks that stay in the cache.

The embedding of a word, and the layer that mixes its features, are worked out by the model's own
layers; what is done here is the encoder, whose time counts: four convolutions over windows of
three words, each with maxout, layer norm and residual.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from spacy.attrs import intify_attr
from thinc.api import Model
from thinc.types import Ragged

from clippings.fast.shape import Floats, expect, read_weights

Ints = npt.NDArray[np.int64]
Attrs = npt.NDArray[np.uint64]

BLOCK_ROWS = 384
"""Rows of a block: their windows of 3 x 96 floats take 0.4 MB, a fifth of a usual L2 cache."""

_HASH = "ints-getitem>>hashembed"
_EMBED = (  # the names that thinc gives, which tell how a model is built
    "extract_features>>list2ragged>>with_array({})>>"
    "with_array(maxout>>layernorm>>dropout)>>ragged2list"
)
_CONVOLUTION = "residual(expand_window>>maxout>>layernorm>>dropout)"
_LAYER_NORM = np.float32(1e-8)  # what thinc adds to a variance


class Layer(NamedTuple):
    """One convolution of the encoder.

    Attributes:
        weights: One column per piece and output, all outputs of the first piece first; one row
            per input of the window, and the bias as the last.
        gain: Of the layer norm, one number per output.
        shift: Of the layer norm, one number per output.
        averaging: What outputs are multiplied by for their mean.
        window: Words on each side that are looked at.
    """

    weights: Floats
    gain: Floats
    shift: Floats
    averaging: Floats
    window: int


class Vectors:
    """The `tok2vec` of one pipeline.

    Attributes:
        columns: The attributes that its embedding reads, as spaCy numbers them.
        width: Numbers in a vector.
        pad: Rows of zeros between two documents, as many as the encoder sees.
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
        extract, _, self._hashes, self._mix, _ = embed.layers
        self.columns = [intify_attr(column) for column in extract.attrs["columns"]]
        self.layers = [_read_layer(each) for each in layers]
        self.width = len(self.layers[0].gain)
        self.pad = int(encode.attrs["pad"])
        expect(
            self.pad >= sum(layer.window for layer in self.layers),
            "as much padding between texts as the encoder sees",
        )

    def embed(self, attrs: Attrs) -> Floats:
        """Work out what the encoder is shown of some words.

        Args:
            attrs: One row per word, one column per attribute of `columns`.

        Returns:
            One row of `width` numbers per word.
        """
        if not len(attrs):
            return np.zeros((0, self.width), np.float32)
        words = Ragged(attrs, np.array([len(attrs)], np.int32))  # type: ignore[arg-type]
        mixed: Floats = self._mix.predict(self._hashes.predict(words)).dataXd
        return mixed

    def encode(self, words: Floats, bounds: Ints) -> Floats:
        """Let each word see its neighbours.

        Args:
            words: What `embed` gave, texts one behind the other.
            bounds: Where each text begins, and, as the last number, where all end.

        Returns:
            One row of `width` numbers per word.
        """
        lengths = np.diff(bounds)
        places = np.arange(len(words)) + self.pad * (
            1 + np.repeat(np.arange(len(lengths)), lengths)
        )
        count = len(words) + self.pad * (len(lengths) + 1)
        margin = max(layer.window for layer in self.layers)
        seen = np.zeros((count + 2 * margin, self.width), np.float32)
        seen[margin + places] = words
        shown = np.zeros_like(seen)
        for layer in self.layers:
            scratch = _make_scratch(layer)
            windows = np.lib.stride_tricks.as_strided(
                seen[margin - layer.window :],
                (count, (2 * layer.window + 1) * self.width),
                seen.strides,
                writeable=False,
            )
            for start in range(0, count, BLOCK_ROWS):
                block = windows[start : start + BLOCK_ROWS]
                place = slice(margin + start, margin + start + len(block))
                np.add(seen[place], _convolve(block, layer, scratch), out=shown[place])
            seen, shown = shown, seen
        encoded: Floats = seen[margin + places]
        return encoded


Scratch = tuple[Floats, Floats, Floats]
"""Room for the windows of a block, a one behind each; for the pieces; for the outputs."""


def _make_scratch(layer: Layer) -> Scratch:
    inputs, columns = layer.weights.shape
    return (
        np.ones((BLOCK_ROWS, inputs), np.float32),
        np.empty((BLOCK_ROWS, columns), np.float32),
        np.empty((BLOCK_ROWS, len(layer.gain)), np.float32),
    )


def _convolve(windows: Floats, layer: Layer, scratch: Scratch) -> Floats:
    """Do one convolution, maxout and layer norm; the result is good until the next call."""
    inputs, pieces, best = (room[: len(windows)] for room in scratch)
    width = len(layer.gain)
    inputs[:, :-1] = windows
    np.matmul(inputs, layer.weights, out=pieces)
    best[:] = pieces[:, :width]
    for start in range(width, pieces.shape[1], width):
        np.maximum(best, pieces[:, start : start + width], out=best)
    best -= (best @ layer.averaging)[:, np.newaxis]
    deviation = np.sqrt(np.einsum("ij,ij->i", best, best) / np.float32(width) + _LAYER_NORM)
    best /= deviation[:, np.newaxis]
    best *= layer.gain
    best += layer.shift
    return best


def _read_layer(convolution: Model[Any, Any]) -> Layer:
    parts = {each.name: each for each in convolution.walk()}
    maxout, norm = parts["maxout"], parts["layernorm"]
    weights, bias = read_weights(maxout, "W"), read_weights(maxout, "b")
    outputs, _, inputs = weights.shape
    window = parts["expand_window"].attrs["window_size"]
    expect(inputs == (2 * window + 1) * outputs, "an encoder as wide as its input")
    return Layer(
        np.concatenate([weights.transpose(2, 1, 0).reshape(inputs, -1), bias.T.reshape(1, -1)]),
        read_weights(norm, "G"),
        read_weights(norm, "b"),
        np.full(outputs, 1 / outputs, np.float32),
        window,
    )
