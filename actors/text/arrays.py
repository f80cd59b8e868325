"""The arrays that the text modules pass to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


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

    def clear(self) -> None:
        self._count = 0

    @property
    def array(self) -> Floats:
        return self._room[: self._count]
