"""The stages as Serve deployments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pyarrow as pa
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from actors.model.attempt import Attempt
from actors.model.drop import Shard
from actors.model.frame import ImageColumn
from actors.model.handoff import Handoff, Piece, ReadShard
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from actors.model.single_shard import FinishedRun

from .stages import PlanStep


class ServeStages:
    """One handle a deployment. Raises what the replica's method raises, and Ray's own errors (see `actors.retry`)."""

    def __init__(
        self,
        attributes: DeploymentHandle[Any],
        cleaner: DeploymentHandle[Any],
        image_fetcher: DeploymentHandle[Any],
        writer: DeploymentHandle[Any],
    ) -> None:
        self._attributes = attributes
        self._cleaner = cleaner
        self._image_fetcher = image_fetcher
        self._writer = writer

    def plan(self, run: Run) -> AsyncIterator[PlanStep]:
        steps = self._attributes.options(stream=True).plan.remote(run)
        assert isinstance(steps, DeploymentResponseGenerator)
        return steps

    async def read(self, run: Run, start: PlanStart, shard: Shard) -> Handoff[ReadShard]:
        read: Handoff[ReadShard] = await self._attributes.read.remote(run, start, shard)
        return read

    async def halves(self, run: Run, start: PlanStart, shard: Shard) -> tuple[Shard, ...]:
        halves: tuple[Shard, ...] = await self._attributes.halves.remote(run, start, shard)
        return halves

    async def reject(self, run: Run, start: PlanStart, shard: Shard, detail: str) -> Handoff[ReadShard]:
        rejected: Handoff[ReadShard] = await self._attributes.reject.remote(run, start, shard, detail)
        return rejected

    async def clean(self, read: Handoff[ReadShard]) -> Handoff[pa.StringArray]:
        cleaned: Handoff[pa.StringArray] = await self._cleaner.clean.remote(read)
        return cleaned

    async def fetch(self, run: Run, shard: Shard, read: Handoff[ReadShard], attempt: Attempt) -> Handoff[ImageColumn]:
        imaged: Handoff[ImageColumn] = await self._image_fetcher.fetch.remote(run, shard, read, attempt)
        return imaged

    async def write_part(self, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]) -> PartRecord:
        part: PartRecord = await self._writer.write_part.remote(run, start, shard, pieces)
        return part

    async def finish(self, run: Run, start: PlanStart, shard: Shard, piece: Piece) -> FinishedRun:
        finished: FinishedRun = await self._writer.finish.remote(run, start, shard, piece)
        return finished

    async def assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        manifest: Manifest = await self._writer.assemble.remote(run, plan, parts, shards_reused)
        return manifest
