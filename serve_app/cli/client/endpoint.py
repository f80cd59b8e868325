"""The file by which `dropforge drop` and `runs` find the system that `dropforge up` keeps running.

`.dropforge/up.json` in the folder that `up` was started in; looked for from the current folder upwards. Its owner
holds a lock on it for as long as it runs, so a file that nobody holds was left by one that crashed, whatever its
process id means by now.
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
    """`environment`: with these variables Google's clients reach the local cloud. `settings`: the application's."""

    pid: int
    url: str
    dashboard: str | None
    environment: Mapping[str, str]
    settings: Mapping[str, Any]


class EndpointFile:
    """The owner's side: made before the system starts, filled when it is up, gone when it is down."""

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
    """Makes this process the one system of a folder. Raises `Complaint` where another runs there."""
    path = folder / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _lock(file, fcntl.LOCK_EX):
            raise Complaint(
                f"Another Dropforge runs in this folder: {path} is in use.",
                "use that one, stop it with Ctrl-C where it runs, or start this one in another folder",
            )
        try:
            file.truncate(0)
            yield EndpointFile(path, file)
        finally:
            path.unlink(missing_ok=True)


def find(folder: Path) -> Endpoint | None:
    """The system running in `folder` or in the nearest folder above. Raises `Complaint` while it starts."""
    for place in (folder, *folder.parents):
        path = place / _FILE
        with contextlib.suppress(FileNotFoundError), path.open() as file:
            if _lock(file, fcntl.LOCK_SH):
                continue  # nobody holds it: left by a crash
            text = file.read()
            if not text:
                raise Complaint("The local system is still starting.", "wait until `dropforge up` says it is up")
            return Endpoint(**json.loads(text))
    return None


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
