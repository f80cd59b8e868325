"""The stage that reads: plans a drop, parses its shards, and turns specifications and categories into columns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from actors import logs
from actors.csv.records import read_shard
from actors.errors import DropforgeError
from actors.model.drop import Shard
from actors.model.frame import ShardFrame
from actors.model.handoff import Handoff, ReadShard
from actors.model.plan import PlanStart, SourceText
from actors.model.run import Run
from actors.model.single_shard import SingleShardRead
from actors.reading.attribute_columns import attribute_columns
from actors.reading.bisection import halves, poisoned
from actors.reading.planner import SingleShard, scan
from actors.reading.source import Source, source_of
from actors.reading.source_text import source_text
from actors.storage import threads
from actors.storage.bucket import Bucket, connect
from actors.storage.object_paths import Layout
from actors.storage.publication import Publication
from actors.storage.run_records import RunRecords

from . import liveness
from .object_store import hand_off


class Attributes:
    """Stateless. Reads each source byte once for the plan and once for its shard.

    A drop that came compressed or in UTF-16 is read once more before that, and its text written.
    """

    async def __init__(self, project: str, scan_chunk_bytes: int) -> None:  # type: ignore[misc]  # Serve awaits it
        logs.configure(project)
        threads.one_for_each_connection()
        self._client = connect(project)
        self._scan_chunk_bytes = scan_chunk_bytes

    async def plan(self, run: Run) -> AsyncIterator[PlanStart | tuple[Shard, ...] | SingleShardRead]:
        """Scans a drop: first its `PlanStart`, then its shards as they are found, in file order.

        A small drop of one shard is read at once: its only step is a `SingleShardRead`.
        Raises the `FILE` codes where the file can't be processed, its output's name is another's, or this generation
        of it is no more: whatever refuses a run is looked at before the first of its images is fetched.
        """
        output = Bucket(self._client, run.output.bucket)
        claim = asyncio.create_task(asyncio.to_thread(Publication(run, output).check, run.output))
        source = source_of(self._client, run, None)

        def unpack() -> tuple[SourceText, Source]:
            work = Bucket(self._client, run.work_bucket)
            records = RunRecords(work, Layout(run.work_prefix), run.run_id)
            text = source_text(run, source, records, chunk_bytes=self._scan_chunk_bytes)
            return text, source_of(self._client, run, text)

        try:
            async for step in scan(run, source, unpack, chunk_bytes=self._scan_chunk_bytes):
                await claim
                if isinstance(step, SingleShard):
                    read = await self._read(step.data, run, step.start, step.shard, time.perf_counter())
                    yield SingleShardRead(step.start, step.shard, read)
                else:
                    yield step
        except DropforgeError:
            await claim  # that a newer version has its output says more than that this one can't be read
            raise

    async def read(self, run: Run, start: PlanStart, shard: Shard) -> Handoff[ReadShard]:
        """A `ReadShard`. Raises `SOURCE_GONE` where the drop's generation is no more."""
        started = time.perf_counter()
        return await self._read(await self._data(run, start, shard), run, start, shard, started)

    async def halves(self, run: Run, start: PlanStart, shard: Shard) -> tuple[Shard, ...]:
        """The two halves of a shard that can't be processed as a whole; the shard itself if it is one product."""
        return halves(await self._data(run, start, shard), shard, start.header, run.catalogue)

    async def reject(self, run: Run, start: PlanStart, shard: Shard, detail: str) -> Handoff[ReadShard]:
        """A `ReadShard` that has the rows of a shard that can't be split among its rejects, as `POISON_ROW`."""
        started = time.perf_counter()
        frame = poisoned(await self._data(run, start, shard), shard, detail, start.header, run.catalogue)
        return await self._hand_off(frame, run, started)

    async def check_health(self) -> None:
        """Parses a row and its specification on a thread, as it does a shard's."""
        frame, columns = await asyncio.to_thread(liveness.read_row)
        liveness.expect("The row read", (frame.rows.num_rows, columns.attributes.to_pylist()), (1, ['{"Size": "8"}']))

    async def _read(self, data: bytes, run: Run, start: PlanStart, shard: Shard, started: float) -> Handoff[ReadShard]:
        frame = await asyncio.to_thread(read_shard, data, shard, start.header, run.catalogue)
        return await self._hand_off(frame, run, started)

    async def _hand_off(self, frame: ShardFrame, run: Run, started: float) -> Handoff[ReadShard]:
        columns = await asyncio.to_thread(attribute_columns, frame.rows, run.catalogue)
        return hand_off(ReadShard(frame, columns), rows=frame.rows.num_rows, started=started)

    async def _data(self, run: Run, start: PlanStart, shard: Shard) -> bytes:
        return await asyncio.to_thread(source_of(self._client, run, start.text).read, shard.start, shard.end)
