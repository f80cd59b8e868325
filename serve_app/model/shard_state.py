"""The states of a run's shards, and the strip of cells that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

MOST_CELLS = 120


class ShardState(StrEnum):
    WAITING = "waiting"
    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"


def strip(states: Sequence[ShardState], most: int = MOST_CELLS) -> list[ShardState]:
    """At most `most` cells in file order, each for equally many consecutive shards (the last may have fewer).

    A cell of several shards shows what a person must see first: a failed one, else an active one; it is done when all
    of them are.
    """
    size = -(-len(states) // most) or 1
    return [_first_to_see(states[at : at + size]) for at in range(0, len(states), size)]


def _first_to_see(states: Sequence[ShardState]) -> ShardState:
    order = (ShardState.FAILED, ShardState.ACTIVE, ShardState.WAITING)
    return next((state for state in order if state in states), ShardState.DONE)
