"""Which field of a record has which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .catalogue import Role


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """The indices of the columns of attributes' names and of their values."""

    name: int
    value: int


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """The fields of a file's records.

    `text` is the unchanged header record. `names` are the names of all columns, as returned by `comparable`; a valid
    record has as many fields. `positions` is the index of each role's field, the first if it has several, without roles
    whose optional column is missing. `several` has all indices of the roles that may have several columns
    (`Catalogue.has_several`), in the order in which they count. `pairs` are the columns of the specifications where
    these are `AttributeColumnPairs`.
    """

    text: str
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    positions: Mapping[Role, int]
    several: Mapping[Role, tuple[int, ...]] = field(default_factory=dict)
    pairs: tuple[ColumnPair, ...] = ()

    @property
    def raw(self) -> bytes:
        """The header's bytes, with LF at the end: the first line of a rejects file."""
        return f"{self.text}\n".encode(self.encoding)
