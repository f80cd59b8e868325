"""A whole file through the plan, the reader and the rejects as a run takes it, in memory."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from actors.csv.content import HEAD_BYTES, check_content
from actors.csv.output import reject_lengths, rejects_jsonl, rejects_raw
from actors.csv.records import read_shard
from actors.csv.unpack import unpack
from actors.errors import DropforgeError
from actors.model.catalogue import ROLES, Catalogue, Columns
from actors.model.drop import Drop, Shard
from actors.model.frame import Reject
from actors.model.header import HeaderMap
from actors.model.plan import PlanStart, SourceText
from actors.model.run import ObjectName, Run
from actors.reading.planner import SingleShard, scan

COLUMNS = Columns(id="i", name="n", description="d", brand="b", image="m", specifications="s", categories="c")
HEADER = "i,n,d,b,m,s,c"


def short_catalogue(**changes: Any) -> Catalogue:
    """One whose header is `HEADER`."""
    return Catalogue.model_validate({"columns": COLUMNS, **changes})


@dataclass(slots=True)
class Bytes:
    """A drop in memory, or the text of one."""

    data: bytes

    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        assert 0 <= start <= end <= len(self.data)
        return self.data[start:end]


@dataclass(slots=True)
class FileRead:
    """What became of a file. `refusal` is set, or else the rest is; `raw` has each reject's bytes as they are kept."""

    refusal: DropforgeError | None = None
    header: HeaderMap | None = None
    text: bytes = b""
    shards: list[Shard] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    blank: int = 0
    records: int = 0
    replaced: int = 0
    merged: int = 0

    @property
    def codes(self) -> list[str]:
        return [str(reject.code) for reject in self.rejects]

    def cells(self, role: str) -> list[str]:
        return [row[ROLES.index(role)] for row in self.rows]  # type: ignore[arg-type]


def run_of(catalogue: Catalogue, *, shard_bytes: int, shard_rows: int) -> Run:
    name = ObjectName(bucket="work", name="x")
    return Run(
        drop=Drop("in", "x.csv", 1),
        accepted_at=datetime(2026, 1, 1, tzinfo=UTC),
        catalogue=catalogue,
        output=name,
        rejects=name,
        work_bucket="work",
        work_prefix="",
        image_bucket="work",
        image_folder="",
        shard_bytes=shard_bytes,
        shard_rows=shard_rows,
    )


_runner = asyncio.Runner()


async def _in_place(call: Callable[..., Any], *arguments: Any) -> Any:
    """Threads would take several times as long as what they do for a small file."""
    return call(*arguments)


def read_file(
    data: bytes, catalogue: Catalogue, *, shard_bytes: int = 1 << 20, shard_rows: int = 400, chunk_bytes: int = 1 << 22
) -> FileRead:
    """Raises nothing but what would be a defect of the reader."""
    run = run_of(catalogue, shard_bytes=shard_bytes, shard_rows=shard_rows)
    text = Bytes(data)

    def unpacked() -> tuple[SourceText, Bytes]:
        found = unpack(io.BufferedReader(io.BytesIO(data)), len(data), catalogue)  # type: ignore[arg-type]
        text.data = b"".join(found.blocks)
        check_content(text.data[:HEAD_BYTES])
        return SourceText(object="text.csv", generation=1, bytes=len(text.data), forms=found.forms), Bytes(text.data)

    steps: AsyncIterator[PlanStart | tuple[Shard, ...] | SingleShard]
    steps = scan(run, Bytes(data), unpacked, chunk_bytes=chunk_bytes)  # type: ignore[arg-type]
    read = FileRead()

    async def plan() -> None:
        async for step in steps:
            if isinstance(step, SingleShard):
                assert step.data == text.data[step.shard.start : step.shard.end]
                read.header = step.start.header
                read.shards.append(step.shard)
            elif isinstance(step, PlanStart):
                read.header = step.header
            else:
                read.shards += step

    try:
        with mock.patch.object(asyncio, "to_thread", _in_place):
            _runner.run(plan())
    except DropforgeError as error:
        return FileRead(refusal=error)
    read.text = text.data
    assert read.header is not None
    for shard in read.shards:
        frame = read_shard(text.data[shard.start : shard.end], shard, read.header, catalogue)
        read.records += frame.records
        read.blank += frame.blank
        read.replaced += frame.replaced
        read.merged += frame.merged
        columns = [frame.rows[name].to_pylist() for name in ("row", *ROLES)]
        for number, *cells in zip(*columns, strict=True):
            read.numbers.append(number)
            read.rows.append(tuple(cells))
        read.rejects += frame.rejects
    lengths = reject_lengths(read.rejects, text.read)
    kept = b"".join(rejects_raw(read.rejects, lengths, text.read))
    at = 0
    for line in rejects_jsonl(read.rejects, lengths, text_uri=None).splitlines():
        length = json.loads(line)["bytes"]
        read.raw.append(kept[at : at + length])
        at += length + 1
    assert at == len(kept)
    return read
