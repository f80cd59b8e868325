"""What the object store was asked for, by kind, as its own log says: a proxy between would cost more than it counts."""

from __future__ import annotations

import json
import os
import re
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.proxy import Request
from tests.support.storage_call import StorageCall

from .places import OTHER, WORK_BUCKET, place_of

_LINE = re.compile(r'\\"(GET|POST|PUT|PATCH|DELETE) (\S+) HTTP/[\d.]+\\" (\d{3}) ')
_VERBS = {"list": "listed", "read": "read", "stat": "looked at", "delete": "deleted"}
_EVERY_S = 0.25
_KEPT_BYTES = 4 << 20
"""Below what makes the guard of the store cut its log off, which would lose what was not read yet."""

IMAGE = "image created"
_EXISTS = 412


def kind_of(method: str, target: str, status: int) -> str:
    """In words. The names of uploads are in their bodies: they are told apart by their buckets and preconditions.

    With one bucket for all, a record that is created counts as an image.
    """
    if "upload_id=" in target:
        return "upload continued"
    if "uploadType=resumable" in target:
        return "upload begun"
    asked = StorageCall.of(Request(method, target, (), b"", 0))
    match asked.operation:
        case "upload" if asked.generation == 0 and asked.bucket != WORK_BUCKET:
            return "image was there" if status == _EXISTS else IMAGE
        case "upload":
            return {None: "part's object put", 0: "record created"}.get(asked.generation, "lease renewed")
        case "compose" | "rewrite" | "other":
            return {"compose": "composed", "rewrite": "copied", "other": OTHER}[asked.operation]
    return f"{_VERBS[asked.operation]} {place_of(asked.name)}"


class Requests:
    """Counts while the `with` block runs, from where an earlier count in `path` ended. `log` is the store's."""

    def __init__(self, log: Path, path: Path) -> None:
        self._log = log
        self._path = path
        self._read = 0
        self._rest = ""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="requests", daemon=True)
        self.by_kind: Counter[str] = Counter(json.loads(path.read_text()) if path.exists() else {})

    def __enter__(self) -> Self:
        self._read = self._log.stat().st_size
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.look()
        self._path.write_text(json.dumps(self.by_kind, indent=1))

    @property
    def total(self) -> int:
        return self.by_kind.total()

    def look(self) -> None:
        """Counts what has been logged up to now."""
        with self._lock, self._log.open("r+b") as log:
            if os.fstat(log.fileno()).st_size < self._read:
                self._read = 0
            log.seek(self._read)
            text = self._rest + log.read().decode("utf-8", "replace")
            self._read = log.tell()
            if self._read > _KEPT_BYTES:
                log.truncate(0)
                self._read = 0
            whole, _, self._rest = text.rpartition("\n")
            self.by_kind.update(kind_of(match[1], match[2], int(match[3])) for match in _LINE.finditer(whole))

    def _follow(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.look()
