"""Which field of a record holds which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import Role


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """Where a file's fields stand.

    `text`: the header record as it came. `names`: every column's name as `comparable` gives it; a record has as
    many fields. `positions`: the field of each role; a role whose optional column is absent is not in it.
    """

    text: str
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    positions: Mapping[Role, int]

    @property
    def raw(self) -> bytes:
        """The header's bytes, ending in LF: what `rejects_raw` goes behind."""
        return f"{self.text}\n".encode(self.encoding)
