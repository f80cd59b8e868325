"""Plans a drop: reads it once, one chunk ahead of the scan, and yields shards while the scan is still running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from actors.csv.content import HEAD_BYTES
from actors.csv.unpack import is_packed
from actors.model.drop import Shard
from actors.model.plan import PlanStart, SourceText
from actors.model.run import Run

from .head import read_head
from .source import Source

Unpack = Callable[[], tuple[SourceText, Source]]


@dataclass(frozen=True, slots=True)
class SingleShard:
    """The whole plan of a drop that fits into one chunk and one shard. `data` is the shard's bytes."""

    start: PlanStart
    shard: Shard
    data: bytes


async def scan(
    run: Run, source: Source, unpack: Unpack, *, chunk_bytes: int
) -> AsyncIterator[PlanStart | tuple[Shard, ...] | SingleShard]:
    """Yields a `PlanStart` once the header is known, then the shards that each chunk completes, in file order.

    For a drop of one chunk and one shard it yields a `SingleShard` instead, so that the drop need not be read again.
    `unpack` converts a drop that is compressed or in UTF-16, and may block for a long time. Holds two chunks of
    `chunk_bytes` bytes in memory. Raises the codes of kind `FILE` when the file can't be processed, and what `source`
    raises.
    """
    chunk_bytes = max(chunk_bytes, HEAD_BYTES)
    size = source_bytes = await asyncio.to_thread(source.size)
    first = await asyncio.to_thread(source.read, 0, min(chunk_bytes, size))
    text: SourceText | None = None
    if is_packed(first):
        text, source = await asyncio.to_thread(unpack)
        size = await asyncio.to_thread(source.size)
        first = await asyncio.to_thread(source.read, 0, min(chunk_bytes, size))
    head = read_head(first, run.catalogue)
    scanner = head.scanner(shard_bytes=run.shard_bytes, shard_rows=run.shard_rows, text_bytes=size)
    start: PlanStart | None = None

    def plan_start(header: bytes) -> PlanStart:
        return PlanStart(header=head.header(header), source_bytes=source_bytes, text=text)

    def steps(shards: list[Shard]) -> Iterator[PlanStart | tuple[Shard, ...]]:
        nonlocal start
        if start is None and scanner.header is not None:
            start = plan_start(scanner.header)
            yield start
        if shards:
            yield tuple(shards)

    if size <= chunk_bytes:
        shards = [*await asyncio.to_thread(scanner.feed, first), *scanner.finish()]
        if len(shards) == 1 and scanner.header is not None:
            (shard,) = shards
            yield SingleShard(plan_start(scanner.header), shard, first[shard.start : shard.end])
        else:
            for step in steps(shards):
                yield step
        return
    async for chunk in _chunks(source, size, chunk_bytes, first):
        for step in steps(await asyncio.to_thread(scanner.feed, chunk)):
            yield step
    for step in steps(scanner.finish()):
        yield step


async def _chunks(source: Source, size: int, chunk_bytes: int, first: bytes) -> AsyncIterator[bytes]:
    """Yields the chunks in order, starting with `first`; reads the next one while the current one is in use."""
    chunk = first
    for at in range(chunk_bytes, size, chunk_bytes):
        ahead = asyncio.create_task(asyncio.to_thread(source.read, at, min(at + chunk_bytes, size)))
        try:
            yield chunk
            chunk = await ahead
        finally:
            ahead.cancel()
    yield chunk
