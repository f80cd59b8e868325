from __future__ import annotations

import asyncio
import gzip
import threading
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from actors.csv.content import HEAD_BYTES
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.plan import PlanStart, SourceText
from actors.model.run import Run
from actors.reading.planner import SingleShard, scan
from tests.support.run_samples import HEADER, run_of


@dataclass
class Bytes:
    """A drop in memory. `fail_at` is the offset whose read fails."""

    data: bytes
    fail_at: int | None = None
    reads: list[tuple[int, int]] = field(default_factory=list)

    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        if self.fail_at is not None and start <= self.fail_at < end:
            raise DropforgeError(Code.SOURCE_GONE, "It is gone.")
        self.reads.append((start, end))
        return self.data[start:end]


def not_packed() -> NoReturn:
    raise AssertionError("The drop is plain text.")


async def plan_of(run: Run, source: Bytes, chunk_bytes: int) -> tuple[PlanStart, list[Shard]]:
    steps = [step async for step in scan(run, source, not_packed, chunk_bytes=chunk_bytes)]  # type: ignore[arg-type]
    if isinstance(steps[0], SingleShard):
        (sole,) = steps
        assert isinstance(sole, SingleShard)
        return sole.start, [sole.shard]
    start = steps[0]
    assert isinstance(start, PlanStart)
    shards: list[Shard] = []
    for step in steps[1:]:
        assert isinstance(step, tuple)
        shards += step
    return start, shards


def rows(count: int) -> bytes:
    return b"".join(b'%d,"a\r\nb, ""c""",d,b,"[""http://x/%d""]",s,c\r\n' % (at, at) for at in range(count))


LONG = HEADER + b"\r\n" + rows(30_000)


@pytest.fixture(scope="module")
def run() -> Run:
    return run_of("", shard_rows=7000, shard_bytes=1 << 20)


@pytest.mark.parametrize("chunk_bytes", [HEAD_BYTES, HEAD_BYTES + 1, 300_007, len(LONG), 2 * len(LONG)])
async def test_the_chunks_size_changes_nothing(run: Run, chunk_bytes: int) -> None:
    source = Bytes(LONG)
    start, shards = await plan_of(run, source, chunk_bytes)
    assert (start.source_bytes, start.header.text) == (len(LONG), HEADER.decode())
    assert [shard.rows for shard in shards] == [7000, 7000, 7000, 7000, 2000]
    assert [shard.first_row for shard in shards] == [1, 7001, 14001, 21001, 28001]
    assert LONG[: shards[0].start] == HEADER + b"\r\n"
    assert b"".join(LONG[shard.start : shard.end] for shard in shards) == rows(30_000)


async def test_each_byte_is_read_once_and_in_order(run: Run) -> None:
    source = Bytes(LONG)
    await plan_of(run, source, HEAD_BYTES)
    assert [start for start, _ in source.reads] == [0, *(end for _, end in source.reads[:-1])]
    assert source.reads[-1][1] == len(LONG)


async def test_shards_come_before_the_whole_drop_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.csv.scan.BLOCK_BYTES", HEAD_BYTES)
    source = Bytes(LONG)
    steps = scan(run, source, not_packed, chunk_bytes=HEAD_BYTES)  # type: ignore[arg-type]
    assert isinstance(await anext(steps), PlanStart)
    assert isinstance(await anext(steps), tuple)
    # What shards are made of is read, and the chunk after it.
    assert len(source.reads) <= 3
    await steps.aclose()  # type: ignore[attr-defined]
    assert len(source.reads) <= 4


async def test_the_next_chunk_is_read_while_one_is_scanned(run: Run) -> None:
    source, reading = Bytes(LONG), threading.Event()
    read = source.read

    def read_noticed(start: int, end: int) -> bytes:
        if start:
            reading.set()
        return read(start, end)

    source.read = read_noticed  # type: ignore[method-assign]
    steps = scan(run, source, not_packed, chunk_bytes=HEAD_BYTES)  # type: ignore[arg-type]
    await anext(steps)
    assert await asyncio.to_thread(reading.wait, 10)
    await steps.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n\n"])
async def test_a_drop_of_one_shard_need_not_be_read_again(run: Run, before: bytes) -> None:
    source = Bytes(before + HEADER + b"\r\n" + rows(7000))
    (sole,) = [step async for step in scan(run, source, not_packed, chunk_bytes=1 << 20)]  # type: ignore[arg-type]
    assert isinstance(sole, SingleShard)
    assert sole.data == rows(7000) == source.data[sole.shard.start : sole.shard.end]
    assert (sole.shard.rows, sole.start.source_bytes) == (7000, len(source.data))
    assert source.reads == [(0, len(source.data))]


async def test_two_shards_in_one_chunk_are_not_kept(run: Run) -> None:
    source = Bytes(HEADER + b"\r\n" + rows(7001))
    steps = [step async for step in scan(run, source, not_packed, chunk_bytes=1 << 20)]  # type: ignore[arg-type]
    assert [type(step) for step in steps] == [PlanStart, tuple]


async def test_a_header_alone_has_no_shards(run: Run) -> None:
    for data in (HEADER, HEADER + b"\n", b"\n\n" + HEADER + b"\n"):
        assert (await plan_of(run, Bytes(data), 1 << 20))[1] == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.EMPTY_FILE),
        (b"\xef\xbb\xbf", Code.EMPTY_FILE),
        (b"\n\n", Code.EMPTY_FILE),
        (b"<!doctype html><p>Sign in</p>", Code.NOT_A_CSV),
        (b"a,b\n1,2\n", Code.MISSING_COLUMN),
        (HEADER + b",uniq_id\n", Code.DUPLICATE_COLUMN),
        (HEADER.decode().encode("utf-16-le"), Code.UNSUPPORTED_ENCODING),
        (HEADER.decode().encode("utf-32"), Code.UNSUPPORTED_ENCODING),
    ],
)
async def test_what_can_t_be_processed_is_refused(run: Run, data: bytes, code: Code) -> None:
    with pytest.raises(DropforgeError) as raised:
        await plan_of(run, Bytes(data), 1 << 20)
    assert raised.value.code is code


@pytest.mark.parametrize("fail_at", [0, HEAD_BYTES, len(LONG) - 1])
async def test_a_read_that_fails_ends_the_scan(run: Run, fail_at: int) -> None:
    with pytest.raises(DropforgeError) as raised:
        await plan_of(run, Bytes(LONG, fail_at), HEAD_BYTES)
    assert raised.value.code is Code.SOURCE_GONE


async def test_the_delimiter_is_found(run: Run) -> None:
    data = HEADER.replace(b",", b";") + b"\n1;2;3;4;5;6;7\n"
    start, shards = await plan_of(run, Bytes(data), 1 << 20)
    assert (start.header.delimiter, len(shards)) == (";", 1)


async def test_a_packed_drop_is_planned_by_its_text(run: Run) -> None:
    packed, text = Bytes(gzip.compress(LONG)), Bytes(LONG)
    source_text = SourceText(object="text", generation=5, bytes=len(LONG), forms=("gzip",))
    steps = [step async for step in scan(run, packed, lambda: (source_text, text), chunk_bytes=HEAD_BYTES)]  # type: ignore[arg-type, return-value]
    _, shards = await plan_of(run, Bytes(LONG), HEAD_BYTES)
    start = steps[0]
    assert isinstance(start, PlanStart)
    assert (start.source_bytes, start.text) == (len(packed.data), source_text)
    assert [shard for step in steps[1:] if isinstance(step, tuple) for shard in step] == shards


@pytest.mark.parametrize("marked", [False, True])
async def test_a_byte_order_mark_goes_before_the_catalogue_s_encoding(marked: bool) -> None:
    run = run_of("", catalogue=Catalogue(encoding="cp1252"))
    start, _ = await plan_of(run, Bytes((b"\xef\xbb\xbf" if marked else b"") + HEADER), 1 << 20)
    assert start.header.encoding == ("utf-8" if marked else "cp1252")
