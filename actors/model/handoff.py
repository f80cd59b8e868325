"""How one stage's result reaches the next: put once into the object store, passed by reference.

The driver of a run sees the reference, the counts it reports and the seconds; never the bytes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ray

from .drop import Shard
from .frame import AttributeColumns, ShardFrame
from .plan import PlanStart

# The reference travels inside a Serve response, and its owner may hear of the borrower only after it has dropped its
# own: kept a little longer here, it is still there then. A shard's results are about 1 MB.
_kept: deque[Any] = deque(maxlen=64)


@dataclass(frozen=True, slots=True)
class ReadShard:
    """A shard as the reader leaves it for the other stages."""

    frame: ShardFrame
    attributes: AttributeColumns


@dataclass(frozen=True, slots=True)
class Handoff:
    """`ref` is the object reference of the stage's result, `rows` its number of rows, `seconds` what it took.

    The replica that made the result owns it: when that replica dies first, the next stage fails with
    `OBJECT_LOST` or `ACTOR_DIED`, and the shard starts over.
    """

    ref: Any
    rows: int
    seconds: float
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoleRead:
    """The whole plan of a drop that has one shard, and that shard as read."""

    start: PlanStart
    shard: Shard
    read: Handoff


@dataclass(frozen=True, slots=True)
class Piece:
    """All stages' results for a shard, or for a part of one that had to be bisected.

    `cleaned` and `imaged` are None where there are no rows; `imaged` also where no images are fetched.
    """

    read: Handoff
    cleaned: Handoff | None
    imaged: Handoff | None


def hand_off(result: object, *, rows: int, started: float, versions: Mapping[str, str] | None = None) -> Handoff:
    """Puts a stage's result into the object store. `started` is `time.perf_counter()` at the stage's begin."""
    ref = ray.put(result)
    _kept.append(ref)
    return Handoff(ref, rows, time.perf_counter() - started, dict(versions or {}))
