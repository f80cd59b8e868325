"""Which field of a record has which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import Role


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """The fields of a file's records.

    `text` is the unchanged header record. `names` are the names of all columns, as returned by `comparable`; a valid
    record has as many fields. `positions` is the index of each role's field, without roles whose optional column is
    missing.
    """

    text: str
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    positions: Mapping[Role, int]

    @property
    def raw(self) -> bytes:
        """The header's bytes, with LF at the end: the first line of a rejects file."""
        return f"{self.text}\n".encode(self.encoding)
