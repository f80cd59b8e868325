"""The stage that reads: plans a drop, parses its shards, and turns specifications and categories into columns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from .attribute_columns import attribute_columns
from .csv.records import read_shard
from .drop import Shard
from .handoff import Handoff, ReadShard, hand_off
from .plan import PlanStart
from .planner import scan
from .run import Run
from .source import Source
from .store import Bucket, connect


class Attributes:
    """Stateless. Reads each source byte once for the plan and once for its shard."""

    def __init__(self, project: str, scan_chunk_bytes: int) -> None:
        self._client = connect(project)
        self._scan_chunk_bytes = scan_chunk_bytes

    async def plan(self, run: Run) -> AsyncIterator[PlanStart | tuple[Shard, ...]]:
        """Scans a drop: first its `PlanStart`, then its shards as they are found, in file order.

        Raises the `FILE` codes where the file can't be processed, `SOURCE_GONE` where this generation of it
        is no more.
        """
        async for step in scan(run, self._source(run), chunk_bytes=self._scan_chunk_bytes):
            yield step

    async def read(self, run: Run, start: PlanStart, shard: Shard) -> Handoff:
        """A `ReadShard`. Raises `SOURCE_GONE` where the drop's generation is no more."""
        started = time.perf_counter()
        result = await asyncio.to_thread(self._read, run, start, shard)
        return hand_off(result, rows=result.frame.rows.num_rows, started=started)

    def _read(self, run: Run, start: PlanStart, shard: Shard) -> ReadShard:
        data = self._source(run).read(shard.start, shard.end)
        frame = read_shard(data, shard, start.header, run.catalogue)
        return ReadShard(frame, attribute_columns(frame.rows, run.catalogue))

    def _source(self, run: Run) -> Source:
        return Source(Bucket(self._client, run.drop.bucket), run.drop)
