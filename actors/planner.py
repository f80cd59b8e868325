"""Plans a drop: reads it once, a chunk ahead of the scan, and hands out shards while the scan goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from .csv.content import HEAD_BYTES, check_content
from .csv.header import detect_delimiter, read_header
from .csv.scan import ShardScanner
from .drop import Shard
from .plan import PlanStart
from .run import Run
from .source import Source


async def scan(run: Run, source: Source, *, chunk_bytes: int) -> AsyncIterator[PlanStart | tuple[Shard, ...]]:
    """A `PlanStart` once the header is known, then the shards as each chunk completes them, in file order.

    Holds two chunks. Raises the `FILE` codes where the file can't be processed.
    """
    catalogue = run.catalogue
    size = await asyncio.to_thread(source.size)
    scanner: ShardScanner | None = None
    delimiter = ""
    start: PlanStart | None = None

    def steps(shards: list[Shard]) -> Iterator[PlanStart | tuple[Shard, ...]]:
        nonlocal start
        assert scanner is not None
        if start is None and scanner.header is not None:
            start = PlanStart(header=read_header(scanner.header, catalogue, delimiter), source_bytes=size)
            yield start
        if shards:
            yield tuple(shards)

    async for chunk in _chunks(source, size, max(chunk_bytes, HEAD_BYTES)):
        if scanner is None:
            head = chunk[:HEAD_BYTES]
            check_content(head)
            delimiter = detect_delimiter(head, catalogue)
            scanner = ShardScanner(
                delimiter,
                shard_bytes=run.shard_bytes,
                shard_rows=run.shard_rows,
                max_row_bytes=catalogue.max_row_bytes,
            )
        for step in steps(await asyncio.to_thread(scanner.feed, chunk)):
            yield step
    assert scanner is not None
    for step in steps(scanner.finish()):
        yield step


async def _chunks(source: Source, size: int, chunk_bytes: int) -> AsyncIterator[bytes]:
    """The drop's bytes in order, the next chunk read while this one is used; one empty chunk for an empty drop."""

    def read(at: int) -> asyncio.Task[bytes]:
        return asyncio.create_task(asyncio.to_thread(source.read, at, min(at + chunk_bytes, size)))

    ahead = read(0)
    try:
        for at in range(chunk_bytes, size, chunk_bytes):
            chunk = await ahead
            ahead = read(at)
            yield chunk
        yield await ahead
    finally:
        ahead.cancel()
