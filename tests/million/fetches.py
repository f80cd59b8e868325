"""How often each image was handed out: a file that the image host's process and this one share.

A byte for each image, so that a million products take eight megabytes, and a run that goes on goes on counting.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from .catalogue import MOST_IMAGES

_HEAD = 16
_DOWN = 0
_MOST = 255


class Fetches:
    """Of a catalogue of `rows` rows. `down` is the switch that makes the host reset every connection."""

    def __init__(self, path: Path, rows: int) -> None:
        self._path = path
        self._images = (rows + 1) * MOST_IMAGES

    def __enter__(self) -> Self:
        size = _HEAD + 2 * self._images
        if not self._path.exists():
            self._path.write_bytes(bytes(size))
        self._file = self._path.open("r+b")
        self._bytes = mmap.mmap(self._file.fileno(), size)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bytes.close()
        self._file.close()

    @property
    def down(self) -> bool:
        return bool(self._bytes[_DOWN])

    @down.setter
    def down(self, down: bool) -> None:
        self._bytes[_DOWN] = down

    def image(self, row: int, index: int) -> None:
        """An image was handed out."""
        self._count(_HEAD + row * MOST_IMAGES + index)

    def refused(self, row: int, index: int) -> int:
        """A request for an image was refused; how often that has happened with it before."""
        return self._count(_HEAD + self._images + row * MOST_IMAGES + index)

    def _count(self, at: int) -> int:
        before = self._bytes[at]
        self._bytes[at] = min(_MOST, before + 1)
        return before

    @property
    def total(self) -> int:
        """Images handed out, each as often as it was."""
        return int(self._counts().sum())

    @property
    def different(self) -> int:
        return int(np.count_nonzero(self._counts()))

    def _counts(self) -> np.ndarray:
        return np.frombuffer(self._bytes[_HEAD : _HEAD + self._images], np.uint8)
