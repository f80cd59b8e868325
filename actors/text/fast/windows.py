"""Exact numbering of the windows of text that the model sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Ints, Slots
from .compiled import compiled

Keys = NDArray[np.int64]

_FEWEST_PLACES_BITS = 10
_MIX = np.uint64(0x9E3779B97F4A7C15)
_FREE = -1
_PLACE_BYTES = 12


class Windows:
    """Gives each distinct key a number, counted from 0 in order of appearance.

    A hash table with linear probing, at most half full: `_numbers[place]` is that of `_keys[place]`.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._count = 0
        self._make_room(_FEWEST_PLACES_BITS)

    def __len__(self) -> int:
        return self._count

    @property
    def held_bytes(self) -> int:
        return len(self._keys) * _PLACE_BYTES

    def number(self, keys: Keys) -> tuple[Ints, Ints]:
        """The number of each key, and where in `keys` each new number first appears, in order of the new numbers."""
        numbers, first = np.empty((2, len(keys)), np.intp)
        begun = self._count
        at = 0
        while True:
            at, self._count = _number(self._keys, self._numbers, keys, at, self._count, begun, numbers, first)
            if at == len(keys):
                return numbers, first[: self._count - begun]
            self._grow()

    def _grow(self) -> None:
        keys, numbers = self._keys, self._numbers
        self._make_room(len(keys).bit_length())
        _copy(keys, numbers, self._keys, self._numbers)

    def _make_room(self, bits: int) -> None:
        self._keys: Keys = np.empty(1 << bits, np.int64)
        self._numbers: Slots = np.full(1 << bits, _FREE, np.int32)


@compiled
def _place(keys: Keys, numbers: Slots, key: int) -> int:
    """Where the key is, or the free place where it belongs."""
    last = len(keys) - 1
    mixed = np.uint64(key) * _MIX
    place = np.int64(mixed >> np.uint64(32)) & last
    while numbers[place] != _FREE and keys[place] != key:
        place = (place + 1) & last
    return int(place)


@compiled
def _number(
    held: Keys, held_numbers: Slots, keys: Keys, start: int, count: int, begun: int, numbers: Ints, first: Ints
) -> tuple[int, int]:
    """Number the keys from `start` on, as far as there is room; how far it came, and how many keys are held then."""
    most = len(held) // 2
    for at in range(start, len(keys)):
        place = _place(held, held_numbers, keys[at])
        if held_numbers[place] == _FREE:
            if count >= most:
                return at, count
            held[place], held_numbers[place] = keys[at], count
            first[count - begun] = at
            count += 1
        numbers[at] = held_numbers[place]
    return len(keys), count


@compiled
def _copy(keys: Keys, numbers: Slots, larger: Keys, larger_numbers: Slots) -> None:
    for at in range(len(keys)):
        if numbers[at] != _FREE:
            place = _place(larger, larger_numbers, keys[at])
            larger[place], larger_numbers[place] = keys[at], numbers[at]
