"""The model's token vectors and tags, computed once per distinct window of text.

The tagger and the parser see a token through `tok2vec`: a convolution of four layers, each over the token
and its two neighbours (`spacy.MaxoutWindowEncoder`, window 1, depth 4). So layer k of a token is a function
of the 2k + 1 token types around it and of nothing else. A document is padded on both sides with zero rows,
which are token type 0 here and take part in every layer like any other.

Windows are numbered without hashing: the window of layer k is the pair of the numbers of the two layer k - 1
windows beside it, which overlap in the token itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from .arrays import Bools, Floats, Ints, Rows
from .components import AnyModel, model_of
from .exact import GUARD, ExactEncoder
from .windows import Windows

_TYPE_BITS = 21
MAX_TYPES = 1 << _TYPE_BITS
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution with its maxout over three pieces, layer normalisation and residual."""

    weights: Floats
    bias: Floats
    scale: Floats
    shift: Floats

    @classmethod
    def of(cls, residual: AnyModel) -> Layer:
        maxout = next(node for node in residual.walk() if node.name == "maxout")
        norm = next(node for node in residual.walk() if node.name == "layernorm")
        weights: Any = maxout.get_param("W")
        outputs, pieces, inputs = weights.shape
        # Pieces go before outputs, so that maxout compares contiguous blocks.
        return cls(
            weights.transpose(1, 0, 2).reshape(pieces * outputs, inputs).T.copy(),
            np.asarray(maxout.get_param("b")).T.reshape(-1),
            np.asarray(norm.get_param("G")),
            np.asarray(norm.get_param("b")),
        )

    def apply(self, triples: Floats) -> Floats:
        """`triples` has shape (rows, 3, width): left neighbour, token, right neighbour."""
        rows, _, width = triples.shape
        pieces = triples.reshape(rows, 3 * width) @ self.weights
        pieces += self.bias
        best: Floats = np.maximum(pieces[:, :width], pieces[:, width : 2 * width])
        np.maximum(best, pieces[:, 2 * width :], out=best)
        best -= best.mean(axis=1, keepdims=True)
        best *= (np.square(best).mean(axis=1, keepdims=True) + np.float32(1e-8)) ** np.float32(-0.5)
        best *= self.scale
        best += self.shift
        best += triples[:, 1]
        return best


class Encoder:
    """Vectors and tags per window, kept for as long as the encoder lives."""

    def __init__(self, nlp: Language, exact: ExactEncoder) -> None:
        self._exact = exact
        convolution = model_of(nlp, "tok2vec").layers[1]
        softmax = model_of(nlp, "tagger").layers[1].layers[0]
        self._layers = [Layer.of(residual) for residual in convolution.layers[0].layers]
        self._width: int = convolution.get_dim("nO")
        self._windows = [Windows() for _ in self._layers]
        self._vectors = [Rows(self._width) for _ in self._layers]
        self._softmax = np.asarray(softmax.get_param("W")), np.asarray(softmax.get_param("b"))
        self._tags = np.empty(0, np.intp)

    @property
    def vectors(self) -> Floats:
        """Shape (windows, width)."""
        return self._vectors[-1].array

    @property
    def tags(self) -> Ints:
        """Per window the number of its best tag."""
        return self._tags

    @property
    def held_bytes(self) -> int:
        return sum(windows.held_bytes + 4 * self._width * len(windows) for windows in self._windows)

    def forget_wide_windows(self) -> None:
        """Forget the windows of the upper half of the layers, which come again least and are the most."""
        upper = slice(len(self._layers) // 2, None)
        for windows, rows in zip(self._windows[upper], self._vectors[upper], strict=True):
            windows.clear()
            rows.clear()
        self._tags = self._tags[:0]

    def encode(self, types: Ints, wanted: Bools, embeddings: Floats) -> Ints:
        """The window's number at each wanted position; elsewhere the answer means nothing.

        `types` is the text with at least `CONTEXT` zeros before, between and after its documents, and
        `embeddings[type]` what the first layer reads.
        """
        reach = [wanted]
        for _ in self._layers[1:]:
            near = reach[-1].copy()
            near[1:] |= reach[-1][:-1]
            near[:-1] |= reach[-1][1:]
            reach.append(near)
        numbers, vectors = types, embeddings
        for layer, windows, rows, near in zip(self._layers, self._windows, self._vectors, reversed(reach), strict=True):
            at = np.flatnonzero(near)
            found, first = windows.number(_keys(numbers, at, whole=numbers is types))
            new = at[first]
            for start in range(0, len(new), _CHUNK):
                here = new[start : start + _CHUNK]
                beside = np.stack((numbers[here - 1], numbers[here], numbers[here + 1]), axis=1)
                rows.append(layer.apply(vectors.take(beside, axis=0)))
            vectors = rows.array
            numbers = np.zeros(len(types), np.intp)
            numbers[at] = found
        # `new` are where the last layer's new windows first appear.
        tags, close = self._tag(vectors[len(self._tags) :])
        if len(unsure := new[close]):
            tags[close] = self._exact.tags(self._exact.vectors(types, unsure, embeddings))
        self._tags = np.append(self._tags, tags)
        return numbers

    def _tag(self, vectors: Floats) -> tuple[Ints, Bools]:
        """The best tags, and which of them are close calls."""
        weights, bias = self._softmax
        scores = vectors @ weights.T + bias
        near = scores > scores.max(1, keepdims=True) - GUARD
        return scores.argmax(1), np.count_nonzero(near, axis=1) > 1


def _keys(numbers: Ints, at: Ints, *, whole: bool) -> NDArray[np.int64]:
    """What identifies the windows at `at`: three token types, or the windows of the layer below on both sides."""
    if whole:
        return (numbers[at - 1] << 2 * _TYPE_BITS) | (numbers[at] << _TYPE_BITS) | numbers[at + 1]
    return (numbers[at - 1] << 32) | numbers[at + 1]
