"""What a run has left in the buckets: objects and bytes of each kind, and when the last of a kind was written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .places import place_of


@dataclass(slots=True)
class Objects:
    """Of one kind. `last_at` is by the clock of the store's file system."""

    count: int = 0
    bytes: int = 0
    last_at: float = 0.0


def objects(root: Path) -> dict[str, Objects]:
    """Of every kind below a local store's folder."""
    found: dict[str, Objects] = {}
    for bucket in sorted(path for path in root.iterdir() if path.is_dir()):
        for entry in _files(bucket):
            kind = found.setdefault(place_of(os.path.relpath(entry.path, bucket)), Objects())
            status = entry.stat()
            kind.count += 1
            kind.bytes += status.st_size
            kind.last_at = max(kind.last_at, status.st_mtime)
    return found


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                else:
                    yield entry
