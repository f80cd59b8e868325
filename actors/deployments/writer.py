"""The stage that writes parts, and composes the output of a finished run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from actors import logs
from actors.model.drop import Shard
from actors.model.handoff import Piece
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from actors.model.single_shard import FinishedRun
from actors.reading.source import source_of
from actors.storage import threads
from actors.storage.bucket import Bucket, connect
from actors.storage.object_paths import Layout
from actors.storage.run_records import RunRecords
from actors.writing.assembly import Assembly
from actors.writing.part_objects import write_part
from actors.writing.pieces import joined

from . import liveness


class Writer:
    """Keeps nothing in memory between calls: a writer that is killed loses nothing."""

    async def __init__(self, project: str) -> None:  # type: ignore[misc]  # Serve awaits it
        logs.configure(project)
        threads.one_for_each_connection()
        self._client = connect(project)

    async def write_part(self, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]) -> PartRecord:
        """Writes a shard's rows and rejects, then its record. The record that counts is returned."""
        part = await joined(run, start, shard, pieces, source_of(self._client, run, start.text))
        return await asyncio.to_thread(write_part, part, self._records(run))

    async def finish(self, run: Run, start: PlanStart, shard: Shard, piece: Piece) -> FinishedRun:
        """Publishes a drop's only shard without a part between, and commits the manifest. Raises as `assemble`."""
        part = await joined(run, start, shard, [piece], source_of(self._client, run, start.text))
        plan = Plan(start=start, shards=(shard,))
        if part.long_rejects is not None:  # they don't fit into memory
            record = await asyncio.to_thread(write_part, part, self._records(run))
            return FinishedRun(record, await self.assemble(run, plan, [record], 0))
        assembly = Assembly.of_single_part(run, plan, part, self._output(run))
        return FinishedRun(part.record, await asyncio.to_thread(self._commit, run, assembly, 0))

    async def assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        """Composes the parts into the output and commits the run's manifest; the manifest that counts is returned.

        Raises `PARTS_DISAGREE` unless every planned shard has its part and the rows add up, `SUPERSEDED` where a
        newer version of the source has its output already, `OUTPUT_TAKEN` where another source has it.
        """
        assembly = Assembly.of_parts(run, plan, parts, self._records(run), self._output(run))
        return await asyncio.to_thread(self._commit, run, assembly, shards_reused)

    async def check_health(self) -> None:
        """Writes a row as CSV on a thread, as it does a shard's; the bucket is not asked."""
        liveness.expect("The row written", await asyncio.to_thread(liveness.write_row), b"1,Shoe,shoe,,[],,{},,\n")

    def _commit(self, run: Run, assembly: Assembly, shards_reused: int) -> Manifest:
        return self._records(run).commit(assembly.publish(shards_reused))

    def _output(self, run: Run) -> Bucket:
        return Bucket(self._client, run.output.bucket)

    def _records(self, run: Run) -> RunRecords:
        return RunRecords(Bucket(self._client, run.work_bucket), Layout(run.work_prefix), run.run_id)
