"""A run's plan: the shards of its drop, and how to read them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .drop import Shard
from .header import HeaderMap

Form = Literal["gzip", "utf-16"]
"""What the text of a drop may be packed in."""


class SourceText(BaseModel):
    """The object of the work bucket that holds a drop's text as UTF-8, where the drop itself can't be read in ranges.

    `forms` is what the drop came in, from the outside in. `bytes` is the text's length.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    object: str
    generation: int
    bytes: int
    forms: tuple[Form, ...]


class PlanStart(BaseModel):
    """What the scan knows once the header is read: enough for every stage to read a shard.

    `text` is where shards are read from; None where that is the drop itself. The bounds of shards and the offsets of
    rejects count in it. `source_bytes` is the drop's own size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    header: HeaderMap
    source_bytes: int
    text: SourceText | None = None


class Plan(BaseModel):
    """Every shard of a drop, in file order. Written once, when the scan is complete."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: PlanStart
    shards: tuple[Shard, ...]
