"""Uploads into the watched prefix that start no run, because their names match no pattern.

Somebody may be waiting for such a run, so each is told once. What is known of them is this process's memory, of bounded
size: the log has them all.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from cachetools import LRUCache

from actors import logs
from actors.model.drop import Drop
from serve_app.model.views import IgnoredUpload

logger = logging.getLogger("dropforge.accept")

_KNOWN = 10_000
_SHOWN = 20


class IgnoredUploads:
    """`patterns` are those that a name must match. For one event loop."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = " or ".join(patterns)
        self._known: LRUCache[str, bool] = LRUCache(_KNOWN)
        self._newest: deque[IgnoredUpload] = deque(maxlen=_SHOWN)

    @property
    def newest(self) -> list[IgnoredUpload]:
        """The last ones, the newest first."""
        return list(reversed(self._newest))

    def tell(self, drop: Drop) -> bool:
        """Logs and lists the upload. Returns False, and does nothing, where that was done before."""
        if self._known.get(drop.run_id):
            return False
        self._known[drop.run_id] = True
        self._newest.append(IgnoredUpload(uri=drop.uri, at=datetime.now(UTC)))
        logger.warning(
            "%s starts no run: its name does not match %s. If it is a catalogue, upload it again under a name that "
            "does, or add a pattern to the setting object_patterns.",
            drop.uri,
            self._patterns,
            extra=logs.labels(code="not_matched"),
        )
        return True
