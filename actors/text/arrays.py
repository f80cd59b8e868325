"""The arrays that the text modules pass to each other."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from thinc.api import NumpyOps

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Gemm(Protocol):
    def __call__(self, x: Floats, w: Floats, out: Floats | None = None) -> Floats:
        """`x @ w.T`: shapes (rows, inputs), (outputs, inputs) -> (rows, outputs)."""


def numpy_gemm(x: Floats, w: Floats, out: Floats | None = None) -> Floats:
    """By numpy's BLAS: about three times as fast as spaCy's, and rounds differently."""
    return np.matmul(x, w.T, out=out)


def spacy_gemm(x: Floats, w: Floats, out: Floats | None = None) -> Floats:
    """By spaCy's own BLAS (BLIS), in which a row's result depends on no other row, bit for bit."""
    return _SPACY.gemm(x, w, out=out, trans2=True)


_SPACY = NumpyOps()


class Rows:
    """A matrix that grows by rows."""

    def __init__(self, width: int) -> None:
        self._room = np.empty((1024, width), np.float32)
        self._count = 0

    def append(self, rows: Floats) -> None:
        count = self._count + len(rows)
        if count > len(self._room):
            room = np.empty((max(count, len(self._room) * 3 // 2), self._room.shape[1]), np.float32)
            room[: self._count] = self.array
            self._room = room
        self._room[self._count : count] = rows
        self._count = count

    @property
    def array(self) -> Floats:
        return self._room[: self._count]


def best_and_margin(scores: Floats) -> tuple[Ints, Floats]:
    """Per row the number of the highest score, and how far it is ahead of the next. Overwrites `scores`."""
    best = scores.argmax(1)
    each = np.arange(len(scores))
    top = scores[each, best]
    scores[each, best] = -np.inf
    return best, top - scores.max(1)
