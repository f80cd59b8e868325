"""What a run publishes: its output, the rejected rows, and the reasons of these."""

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

    @property
    def content_type(self) -> str:
        return JSON_LINES if self is Content.REASONS else CSV


class Contents(Protocol):
    """Where a run's bytes come from: the objects of its parts, or memory."""

    def publish(self, content: Content, target: ObjectName, header: bytes) -> int:
        """Makes the header and what follows it visible at the target; the target's generation."""
        ...
