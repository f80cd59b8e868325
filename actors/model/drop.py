"""What is processed: a drop, and the shards it is cut into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

RUN_ID_DIGITS = 20
RUN_ID = rf"[0-9a-f]{{{RUN_ID_DIGITS}}}"
"""Pattern of a run's id: what `Drop.run_id` gives."""


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
        return hashlib.sha256(identity).hexdigest()[:RUN_ID_DIGITS]

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.object}#{self.generation}"


@dataclass(frozen=True, slots=True)
class Shard:
    """The bytes `[start, end)` of a drop, cut at record boundaries.

    `first_row` is the number of its first record in the file; the first record after the header is row 1,
    and blank records count, so a row number is where a person finds the row in a text editor that shows
    records. `rows` is how many records it holds. `repeated` tells which of them repeat an id (see `csv.ids`).
    `record_end` is where its last record ends, if that is too large to be read whole and goes on behind `end`; else 0.
    `continued` says that its first records are the rest of a product that has too many rows (see `csv.products`).
    """

    index: int
    start: int
    end: int
    first_row: int
    rows: int
    repeated: str = ""
    record_end: int = 0
    continued: bool = False

    @property
    def repeated_rows(self) -> frozenset[int]:
        """The numbers of the rows whose id an earlier row of the drop has."""
        bitmap = bytes.fromhex(self.repeated)
        return frozenset(self.first_row + at for at in range(8 * len(bitmap)) if bitmap[at // 8] >> at % 8 & 1)

    @property
    def name(self) -> str:
        return f"{self.index:06d}"


def repeated_bitmap(repeated: Iterable[int], first_row: int, rows: int) -> str:
    """`Shard.repeated` for these row numbers: one bit a row, the lowest first, as bytes in hex; empty for none."""
    bitmap = bytearray((rows + 7) // 8)
    for row in repeated:
        at = row - first_row
        bitmap[at // 8] |= 1 << at % 8
    return bitmap.hex() if any(bitmap) else ""
