"""Positions of a byte in a block as bitmaps, so that numpy handles 64 bytes of the block in one step.

Marks are uint64 arrays of shape (block bytes / 64, rounded up). Bit k of word w stands for byte 64 w + k of the block;
the bits past its end are 0. Counting quotes by shifts is from Langdale and Lemire, "Parsing Gigabytes of JSON per
Second" (VLDB Journal 28, 2019), section 3.1.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Marks = NDArray[np.uint64]

_WORD_BITS = 64
_WORD_POWER = 6
_TOP = np.uint64(_WORD_BITS - 1)
_ONE = np.uint64(1)
_DOUBLINGS = [np.uint64(1 << power) for power in range(6)]


def marks(data: NDArray[np.uint8], byte: int) -> Marks:
    """Marks the positions of `byte` in `data`."""
    return _packed(data == byte)


def behind(words: Marks) -> Marks:
    """Marks the positions directly after the marked ones."""
    moved = words << _ONE
    moved[1:] |= words[:-1] >> _TOP
    return moved


def ahead(words: Marks) -> Marks:
    """Marks the positions directly before the marked ones."""
    moved = words >> _ONE
    moved[:-1] |= words[1:] << _TOP
    return moved


def with_odd_count(words: Marks) -> Marks:
    """Marks the positions with an odd number of marks up to and including them, also past the block's end."""
    counted = words.copy()
    for distance in _DOUBLINGS:
        counted ^= counted << distance
    odd = np.logical_xor.accumulate((counted >> _TOP).astype(bool))
    counted[1:] ^= -odd[:-1].astype(np.uint64)  # flips all bits of the words after an odd count
    return counted


def escaped(data: NDArray[np.uint8], escape: int) -> Marks:
    """Marks the positions behind an escape that is not itself behind one: those after each odd run of `escape`."""
    escapes = marks(data, escape)
    if not len(escapes):
        return escapes
    in_runs = escapes & (behind(escapes) | ahead(escapes))
    found = behind(escapes & ~in_runs)
    if in_runs.any():
        at = _escaped_in_runs(places(in_runs), len(data))
        np.bitwise_or.at(found, at >> _WORD_POWER, _ONE << (at & (_WORD_BITS - 1)).astype(np.uint64))
    last = last_place(len(data))
    found[-1] &= last | (last - _ONE)
    return found


def _escaped_in_runs(at: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The escaped positions of runs of escapes, which are at `at`, and behind them, below `size`."""
    is_first = np.diff(at, prepend=-2) != 1
    firsts = np.flatnonzero(is_first)
    lengths = np.diff(firsts, append=at.size)
    # In a run, the characters at odd distances from its start are escaped.
    inside = at[(at - np.repeat(at[firsts], lengths)) % 2 == 1]
    behind_odd = (at[firsts] + lengths)[lengths % 2 == 1]
    return np.concatenate((inside, behind_odd[behind_odd < size]))


def counts(words: Marks) -> NDArray[np.int64]:
    """How many marks are in the words before each word, and in all, int64 of shape (words + 1,)."""
    return np.concatenate(([0], np.cumsum(np.bitwise_count(words), dtype=np.int64)))


def count_before(words: Marks, counted: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many marks are before each of the positions `at`, by the `counts` of the words."""
    word, bit = at >> _WORD_POWER, (at & (_WORD_BITS - 1)).astype(np.uint64)
    if not len(words):
        return np.zeros(at.size, dtype=np.int64)
    # Past the last word, the bit is 0.
    inside = words[np.minimum(word, len(words) - 1)] & ((_ONE << bit) - _ONE)
    found: NDArray[np.int64] = counted[word] + np.bitwise_count(inside)
    return found


def last_place(size: int) -> np.uint64:
    """The bit of the last word that stands for the last byte of a block of `size` bytes."""
    return _ONE << np.uint64((size - 1) % _WORD_BITS)


def places(words: Marks) -> NDArray[np.int64]:
    """The marked positions as int64, ascending."""
    marked = np.flatnonzero(words)
    bits = np.unpackbits(words[marked].view(np.uint8), bitorder="little").view(bool)
    at = np.flatnonzero(bits)
    return marked[at // _WORD_BITS] * _WORD_BITS + at % _WORD_BITS


def marked(words: Marks, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of the positions `at` is marked."""
    word, bit = at >> _WORD_POWER, (at & (_WORD_BITS - 1)).astype(np.uint64)
    found: NDArray[np.bool_] = ((words[word] >> bit) & _ONE).astype(bool)
    return found


def _packed(found: NDArray[np.bool_]) -> Marks:
    packed = np.packbits(found, bitorder="little")
    words = np.zeros(-(-len(found) // _WORD_BITS), dtype="<u8")
    words.view(np.uint8)[: len(packed)] = packed
    return words
