"""Temporary folders that go with the process that made them, however it ends.

A process that is killed removes nothing. So each folder holds a file that its owner has locked: a lock ends with its
process and with nothing else, while a process id may be another's by then. Whoever makes the next folder removes those
whose owner is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LOCK = ".owner"


@contextlib.contextmanager
def owned_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder below `parent`, or the temporary folder, that is removed with the block.

    Removes before what `sweep` does.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep(prefix, parent)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    being_made = folder / f"{_LOCK}.new"
    with being_made.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        being_made.rename(folder / _LOCK)  # locked before it has its name, so that no sweep finds it without its lock
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(prefix: str, parent: Path) -> list[Path]:
    """Removes the folders below `parent` whose names start with `prefix` and whose owner is dead; returns them.

    A folder without the owner's file, or of another user, stays.
    """
    return [folder for folder in sorted(parent.glob(f"{prefix}*")) if _removed(folder)]


def _removed(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        with (folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            return not folder.exists()
    return False
