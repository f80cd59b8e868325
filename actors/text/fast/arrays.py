"""The arrays that the text modules pass to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Slots = NDArray[np.int32]

_RESERVED_ROWS = 1 << 19


class Rows:
    """A matrix that grows by rows.

    Address space for ``reserved`` rows is taken at once: the system gives memory only to the pages that are written,
    so the rest costs nothing, and growing up to there copies nothing. Growing by copies held both for a moment, 95 MB
    more at a cleaner's peak of 550.
    """

    def __init__(self, width: int, reserved: int = _RESERVED_ROWS) -> None:
        self._room = np.empty((reserved, width), np.float32)
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
