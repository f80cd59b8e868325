"""A drop of one shard takes a short cut, since most drops are small.

The plan's scan has all of its bytes in memory, so it is read at once (`SingleShardRead`), and the writer publishes its
rows as the output, without a part between (`FinishedRun`). That saves two calls and the requests of plan and part. An
attempt that follows another goes the way of many shards, since something of the run may be there.
"""

from __future__ import annotations

from dataclasses import dataclass

from .drop import Shard
from .handoff import Handoff, ReadShard
from .manifest import Manifest
from .part import PartRecord
from .plan import Plan, PlanStart


@dataclass(frozen=True, slots=True)
class SingleShardRead:
    """The whole plan of a drop that has one shard, and that shard as read."""

    start: PlanStart
    shard: Shard
    read: Handoff[ReadShard]

    @property
    def plan(self) -> Plan:
        return Plan(start=self.start, shards=(self.shard,))


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run of one shard: its part, of which nothing was written by itself, and its manifest."""

    part: PartRecord
    manifest: Manifest
