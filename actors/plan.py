"""A run's plan: the shards of its drop, and how to read them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from .csv.header import HeaderMap
from .drop import Shard


class PlanStart(BaseModel):
    """What the scan knows once the header is read: enough for every stage to read a shard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    header: HeaderMap
    source_bytes: int


class Plan(BaseModel):
    """Every shard of a drop, in file order. Written once, when the scan is complete."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: PlanStart
    shards: tuple[Shard, ...]
