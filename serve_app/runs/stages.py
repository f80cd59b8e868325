"""The stages as a run's driver sees them: one call each, which may fail and may run twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pyarrow as pa

from actors.model.attempt import Attempt
from actors.model.drop import Shard
from actors.model.frame import ImageColumn
from actors.model.handoff import Handoff, Piece, ReadShard
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from actors.model.single_shard import FinishedRun, SingleShardRead

PlanStep = PlanStart | tuple[Shard, ...] | SingleShardRead


class Stages(Protocol):
    """Each method is that of the same name in `actors.deployments`, where it says what it does and raises.

    `ServeStages` calls the deployments; tests have `tests.support.fake_stages`.
    """

    def plan(self, run: Run) -> AsyncIterator[PlanStep]: ...

    async def read(self, run: Run, start: PlanStart, shard: Shard) -> Handoff[ReadShard]: ...

    async def halves(self, run: Run, start: PlanStart, shard: Shard) -> tuple[Shard, ...]: ...

    async def reject(self, run: Run, start: PlanStart, shard: Shard, detail: str) -> Handoff[ReadShard]: ...

    async def clean(self, read: Handoff[ReadShard]) -> Handoff[pa.StringArray]: ...

    async def fetch(
        self, run: Run, shard: Shard, read: Handoff[ReadShard], attempt: Attempt
    ) -> Handoff[ImageColumn]: ...

    async def write_part(self, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]) -> PartRecord: ...

    async def finish(self, run: Run, start: PlanStart, shard: Shard, piece: Piece) -> FinishedRun: ...

    async def assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest: ...
