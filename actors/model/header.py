"""Which field of a record has which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .catalogue import Role
from .dialect import DOUBLED, Dialect


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """The indices of the columns of attributes' names and of their values."""

    name: int
    value: int


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """The fields of a file's records.

    `text` is the unchanged header record. `names` are the names of all columns, as returned by `comparable`; a valid
    record has `fields` fields. `positions` is the index of each role's name, the first if it has several, without roles
    whose optional column is missing; `first` more is the index of its field. `several` has all indices of the roles
    that may have several columns (`Catalogue.has_several`), in the order in which they count. `pairs` are the columns
    of the specifications where these are `AttributeColumnPairs`. `before` is what a reader of the file skips in front
    of the header: Excel's `sep=` line, and one blank line for each of the lines before the header.
    """

    text: str
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    positions: Mapping[Role, int]
    several: Mapping[Role, tuple[int, ...]] = field(default_factory=dict)
    pairs: tuple[ColumnPair, ...] = ()
    dialect: Dialect = DOUBLED
    before: str = ""

    @property
    def raw(self) -> bytes:
        """The header's bytes, with LF at the end, and what is before them: how a rejects file begins."""
        return f"{self.before}{self.text}\n".encode(self.encoding)

    @property
    def fields(self) -> int:
        """How many fields a valid record has."""
        return len(self.names) + (self.dialect.extra_field != "none")

    @property
    def first(self) -> int:
        """The index of the first column's field."""
        return int(self.dialect.extra_field == "first")
