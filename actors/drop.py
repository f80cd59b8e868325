"""What is processed: a drop, and the shards it is cut into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drop:
    """One version of a source object. Two notifications with equal fields speak of the same drop."""

    bucket: str
    object: str
    generation: int

    @property
    def run_id(self) -> str:
        """20 hex digits derived from the identity alone, so that a duplicate notification finds the same run."""
        identity = f"{self.bucket}\n{self.object}\n{self.generation}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(identity).hexdigest()[:20]

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.object}#{self.generation}"


@dataclass(frozen=True, slots=True)
class Shard:
    """The bytes `[start, end)` of a drop, cut at record boundaries.

    `first_row` is the number of its first record in the file; the first record after the header is row 1,
    and blank records count, so a row number is where a person finds the row in a text editor that shows
    records. `rows` is how many records it holds.
    """

    index: int
    start: int
    end: int
    first_row: int
    rows: int

    @property
    def name(self) -> str:
        return f"{self.index:06d}"
