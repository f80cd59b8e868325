"""What is asked of a replay, and how far it is."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .dead_letter import Entry
from .selection import Group, Selection

SAMPLE = 20
"""Entries that a preview shows."""


GiveUp = Literal["images"]
"""What shards may go on without: images that can't be fetched because of a transient failure."""


class ReplayRequest(BaseModel):
    """`rate` is the most dead letters asked for again per second; None: as fast as they can be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    selection: Selection = Selection()
    rate: float | None = Field(None, gt=0)
    give_up: GiveUp | None = None
    dry_run: bool = True


class DiscardRequest(BaseModel):
    """Which strays to take off the dead-letter subscription; dead letters that can be replayed are never among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    selection: Selection = Selection()
    dry_run: bool = True


class DiscardView(BaseModel):
    """`discarded` is 0 in a preview; `sample` are the first of the selected."""

    selected: int
    discarded: int
    sample: list[Entry]


class ReplayView(BaseModel):
    """A replay and how far it is. `succeeded` have their part or result, `failed_again` a new failure."""

    replay: str
    state: Literal["preview", "running", "done", "interrupted"]
    selected: int
    groups: list[Group]
    sample: list[Entry]
    give_up: GiveUp | None = None
    requested: int = 0
    succeeded: int = 0
    failed_again: int = 0
    acknowledged: int = 0
