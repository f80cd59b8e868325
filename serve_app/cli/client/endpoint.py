"""The file through which `dropforge drop` and `runs` find the system that `dropforge up` runs.

It is `.dropforge/up.json` in the folder that `up` was started in; commands look for it from the current folder
upwards. Its owner holds a lock on it while it runs. A file without a lock was left behind by a crash, even if another
process has that process id by then.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from serve_app.cli.screen.complaint import Complaint

_FILE = Path(".dropforge") / "up.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach a running system.

    `environment` holds the variables with which Google's clients reach the local cloud, `settings` the application's.
    """

    pid: int
    url: str
    dashboard: str | None
    environment: Mapping[str, str]
    settings: Mapping[str, Any]


class EndpointFile:
    """The owner's side of the file: created before the system starts, filled once it is up, removed when it stops."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self.path = path
        self._file = file

    def publish(self, endpoint: Endpoint) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(asdict(endpoint), indent=2))
        self._file.flush()


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[EndpointFile]:
    """Makes this process the only system of a folder. Raises `Complaint` when another one runs there."""
    path = folder / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _lock(file, fcntl.LOCK_EX):
            raise Complaint(
                f"Another Dropforge is running in this folder: {path} is locked.",
                "use that one, stop it with Ctrl-C in its shell, or start this one in another folder",
            )
        try:
            file.truncate(0)
            yield EndpointFile(path, file)
        finally:
            path.unlink(missing_ok=True)


def find(folder: Path) -> Endpoint | None:
    """The system running in `folder` or the nearest folder above, else None. Raises `Complaint` while it starts."""
    for place in (folder, *folder.parents):
        path = place / _FILE
        with contextlib.suppress(FileNotFoundError), path.open() as file:
            if _lock(file, fcntl.LOCK_SH):
                continue  # nobody holds the lock: the file was left by a crash
            text = file.read()
            if not text:
                raise Complaint(
                    "The local system is still starting.", "wait until `dropforge up` reports that it is up"
                )
            return Endpoint(**json.loads(text))
    return None


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
