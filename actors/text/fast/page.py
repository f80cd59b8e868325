"""Tokenised texts laid out for the encoder and cut into spans.

A span goes from a place where the parser's state is clean (see `arc_eager`) to a place where it may be clean
again: before a word that follows a full stop, a question or exclamation mark. The cuts are guesses. A wrong
one costs time and never a cell, because the parse itself tells how far it came.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arc_eager import LOOK_AHEAD
from .arrays import Ints
from .exact import CONTEXT
from .tokens import TokenTypes

_MARGIN = CONTEXT + LOOK_AHEAD
_CELL = np.dtype(np.int32)


@dataclass(frozen=True, slots=True)
class Page:
    """Texts end to end with `_MARGIN` zeros before, between and after them.

    `types` holds each position's token type. `starts[k]` is where text k starts; `ends[k]` the positions at
    which its spans end, the last of them its own end. A text without tokens has no ends.
    """

    types: Ints
    starts: list[int]
    ends: list[list[int]]
    raw: bytes

    def key(self, start: int, end: int) -> bytes:
        """All that the parse of the span `[start, end)` and the vectors of its tokens depend on."""
        return self.raw[(start - CONTEXT) * _CELL.itemsize : (end + _MARGIN) * _CELL.itemsize]


def lay_out(types: Ints, sizes: Ints, known: TokenTypes) -> Page:
    """`types` are the tokens of all texts without padding, `sizes[k]` the number of tokens of text k."""
    starts = np.cumsum(sizes + _MARGIN) - sizes
    padded = np.zeros(int((sizes + _MARGIN).sum()) + _MARGIN, np.intp)
    at = np.arange(len(types)) + np.repeat(_MARGIN * np.arange(1, len(sizes) + 1), sizes)
    padded[at] = types
    closes = known.closes[padded]
    closes[1:] |= closes[:-1] & known.is_space[padded[1:]]
    cuts = at[known.opens[types] & closes[at - 1]]
    ends = [inner.tolist() for inner in np.split(cuts, np.searchsorted(cuts, starts[1:]))]
    for inner, start, size in zip(ends, starts.tolist(), sizes.tolist(), strict=True):
        if size:
            inner.append(start + size)
    return Page(padded, starts.tolist(), ends, padded.astype(_CELL).tobytes())
