"""What a run publishes: its output, the rejected rows and their reasons, and the image URLs that failed."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from actors.model.run import ObjectName

CSV = "text/csv"
JSON_LINES = "application/x-ndjson"


class Content(StrEnum):
    OUTPUT = "output"
    REJECTS = "rejects"
    REASONS = "reasons"
    FAILED_URLS = "failed-urls"

    @property
    def content_type(self) -> str:
        return JSON_LINES if self in (Content.REASONS, Content.FAILED_URLS) else CSV


class Contents(Protocol):
    """Where a run's bytes come from: the objects of its parts, or memory."""

    def has(self, content: Content) -> bool:
        """Whether there is anything of this content, a header aside."""
        ...

    def publish(self, content: Content, target: ObjectName, header: bytes) -> int:
        """Makes the header and what follows it visible at the target; the target's generation."""
        ...
