"""Exact numbering of the windows of text that the model sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Ints


class Windows:
    """Gives each distinct key a number, counted from 0 in order of appearance."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._numbers = np.empty(0, np.intp)

    def __len__(self) -> int:
        return len(self._keys)

    def number(self, keys: NDArray[np.int64]) -> tuple[Ints, Ints]:
        """The number of each key, and where in `keys` each new number first appears, in order of the new numbers."""
        distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        place = np.searchsorted(self._keys, distinct)
        known = np.zeros(len(distinct), bool)
        inside = place < len(self._keys)
        known[inside] = self._keys[place[inside]] == distinct[inside]
        new = ~known
        numbers = np.empty(len(distinct), np.intp)
        numbers[known] = self._numbers[place[known]]
        numbers[new] = np.arange(len(self), len(self) + np.count_nonzero(new))
        self._keys = np.insert(self._keys, place[new], distinct[new])
        self._numbers = np.insert(self._numbers, place[new], numbers[new])
        return numbers[inverse], first[new]
