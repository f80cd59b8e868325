"""How the records of a file are written: what a quote and a backslash mean in them, and which field is one too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quoting = Literal["doubled", "backslash", "none"]
"""How a quote inside a quoted field is written: twice, behind a backslash, or fields are never quoted."""

Escapes = Literal["auto", "none", "backslash"]
"""Whether a backslash before another character than a quote is an escape; `auto`: nothing has shown it."""

ExtraField = Literal["none", "first", "last"]
"""The field that records have and the header has not: R's row names come first, a delimiter too many makes a last."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are read, the same in each shard of a file.

    `escapes` is for fields in quotes, or for all where `quoting` is `none`; `bare_escapes` is for those without quotes:
    with doubled quotes, `auto` says that the file may be the text form of a database. `found`: no setting says how the
    file is quoted, so a row that another way of quoting would read differently is a reject. `sure`: the file has shown
    that its fields are quoted, or that none is, so that a field in quotes that did not need them is no such row.
    """

    quoting: Quoting = "doubled"
    escapes: Escapes = "none"
    bare_escapes: Escapes = "none"
    extra_field: ExtraField = "none"
    found: bool = False
    sure: bool = True

    @property
    def nulls(self) -> bool:
        r"""Whether a field that is only `\N`, without quotes, has no value."""
        return self.quoting == "backslash" or self.escapes == "backslash"


DOUBLED = Dialect()
"""Doubled quotes as the standard library reads them, which was set and not found."""
