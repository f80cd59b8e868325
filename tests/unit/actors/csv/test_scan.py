"""Shards against a plan made plainly from a whole file's records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.csv import scan
from actors.csv.boundaries import RecordSplitter
from actors.csv.scan import ShardScanner
from actors.errors import Code, DropforgeError
from actors.model.drop import Shard

PIECES = [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"a", b"b c", b"\xc3\xa9"]
hostile_bytes = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
NO_LIMIT = 1 << 20
FEWEST = 3


def scan_chunks(chunks: list[bytes], **limits: int | None) -> tuple[list[Shard], bytes | None]:
    scanner = ShardScanner(",", **limits)  # type: ignore[arg-type]
    shards = [shard for chunk in chunks for shard in scanner.feed(chunk)]
    return shards + scanner.finish(), scanner.header


def cut_into_chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def plain_plan(data: bytes, shard_bytes: int, shard_rows: int | None, max_row_bytes: int) -> Iterator[Shard]:
    """The plan by the documented rules, from the boundaries of the whole file; data starts with its header."""
    ends = RecordSplitter(b",", max_row_bytes).split(data, final=True).ends.tolist()
    start, index, first_row, rows, counted = ends[0], 0, 1, 0, 0
    record_start = ends[0]
    for end in ends[1:]:
        rows += 1
        counted += data[record_start] not in b"\r\n"
        oversized = end - record_start > max_row_bytes
        enough = shard_rows is not None and counted >= shard_rows and end - start >= FEWEST * shard_rows
        if oversized or end - start >= shard_bytes or enough or end == ends[-1]:
            read_to = record_start + max_row_bytes + 1 if oversized else end
            yield Shard(index, start, read_to, first_row, rows, record_end=end if oversized else 0)
            index, first_row, start, rows, counted = index + 1, first_row + rows, end, 0, 0
        record_start = end


@settings(max_examples=300)
@given(
    data=hostile_bytes,
    cuts=st.lists(st.integers(0, 200), max_size=8),
    block=st.integers(3, 30),
    shard_bytes=st.integers(1, 60),
    shard_rows=st.one_of(st.none(), st.integers(1, 5)),
    max_row_bytes=st.one_of(st.integers(4, 30), st.just(NO_LIMIT)),
)
@example(data=b'1,"a\r\nb"\r\n2\r\n', cuts=[], block=8, shard_bytes=1, shard_rows=None, max_row_bytes=NO_LIMIT)
@example(data=b"1\r\n2\r\n", cuts=[7, 10], block=3, shard_bytes=1, shard_rows=None, max_row_bytes=NO_LIMIT)
@example(data=b"123456789\r\n2\n", cuts=[], block=3, shard_bytes=99, shard_rows=None, max_row_bytes=4)
@example(data=b'"\r\n""', cuts=[], block=3, shard_bytes=1, shard_rows=None, max_row_bytes=4)
def test_the_plan_is_as_documented_whatever_the_chunks(
    data: bytes, cuts: list[int], block: int, shard_bytes: int, shard_rows: int | None, max_row_bytes: int
) -> None:
    data = b"h,i\n" + data
    limits = {"shard_bytes": shard_bytes, "shard_rows": shard_rows, "max_row_bytes": max_row_bytes}
    with mock.patch.object(scan, "BLOCK_BYTES", block), mock.patch.object(scan, "FEWEST_ROW_BYTES", FEWEST):
        shards, header = scan_chunks(cut_into_chunks(data, cuts), **limits)
    assert header == b"h,i"
    assert shards == list(plain_plan(data, shard_bytes, shard_rows, max_row_bytes))


@settings(max_examples=300)
@given(data=hostile_bytes, shard_bytes=st.integers(1, 60), max_row_bytes=st.integers(4, 40))
def test_each_shard_alone_holds_the_records_the_plan_counted(data: bytes, shard_bytes: int, max_row_bytes: int) -> None:
    data = b"h,i\n" + data
    splitter = RecordSplitter(b",", max_row_bytes)
    shards, _ = scan_chunks([data], shard_bytes=shard_bytes, shard_rows=None, max_row_bytes=max_row_bytes)
    whole = splitter.split(data, final=True)
    starts = [0, *whole.ends.tolist()]
    records = [data[a:b][: max_row_bytes + 1] for a, b in pairwise(starts)]
    unclosed = []
    read = []
    for shard in shards:
        part = data[shard.start : shard.end]
        boundaries = splitter.split(part, final=True)
        starts = [0, *boundaries.ends.tolist()]
        read += [part[a:b] for a, b in pairwise(starts)]
        unclosed += [shard.first_row + index for index in sorted(boundaries.unclosed)]
        assert boundaries.ends.size == shard.rows
        assert shard.end - shard.start <= shard_bytes + max_row_bytes + 1
    assert read == records[1:]
    assert [number for number in unclosed if len(records[number]) <= max_row_bytes] == [
        number for number in sorted(whole.unclosed) if number and len(records[number]) <= max_row_bytes
    ]


@pytest.mark.parametrize(
    ("data", "header", "first"),
    [
        (b"a,b\n1,2\n", b"a,b", 4),
        (b"a,b\r\n1,2\n", b"a,b", 5),
        (b"a,b\r1,2\n", b"a,b", 4),
        (b"\xef\xbb\xbfa,b\n1,2\n", b"a,b", 7),
        (b'\xef\xbb\xbf"a","b\n"\n1,2\n', b'"a","b\n"', 12),
        (b"\n \r\n\na,b\n1,2\n", b"a,b", 9),
    ],
)
@pytest.mark.parametrize("block", [3, 1 << 18])
def test_the_header_and_where_data_starts(data: bytes, header: bytes, first: int, block: int) -> None:
    with mock.patch.object(scan, "BLOCK_BYTES", block):
        shards, found = scan_chunks([data], shard_bytes=100, shard_rows=None, max_row_bytes=100)
    assert found == header
    assert shards == [Shard(0, first, len(data), 1, 1)]


@pytest.mark.parametrize("data", [b"a,b", b"a,b\n", b"\xef\xbb\xbfa,b\r\n"])
def test_a_header_alone_makes_no_shard(data: bytes) -> None:
    shards, header = scan_chunks([data], shard_bytes=100, shard_rows=None, max_row_bytes=100)
    assert (shards, header) == ([], b"a,b")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_a_file_without_a_header_is_refused(data: bytes) -> None:
    with pytest.raises(DropforgeError) as refused:
        scan_chunks([data], shard_bytes=100, shard_rows=None, max_row_bytes=100)
    assert refused.value.code is Code.EMPTY_FILE


@pytest.mark.parametrize("tail", [b"", b"\n1\n"])
@pytest.mark.parametrize("block", [8, 1 << 18])
def test_a_header_that_outgrows_a_row_is_refused(tail: bytes, block: int) -> None:
    with mock.patch.object(scan, "BLOCK_BYTES", block), pytest.raises(DropforgeError) as refused:
        scan_chunks([b"x" * 101 + tail], shard_bytes=100, shard_rows=None, max_row_bytes=100)
    assert refused.value.code is Code.NOT_A_CSV


def test_shards_come_out_while_the_file_goes_in() -> None:
    scanner = ShardScanner(",", shard_bytes=1000, shard_rows=None, max_row_bytes=1000)
    row = b"x" * 99 + b"\n"
    early = scanner.feed(b"h\n" + row * 30_000)
    assert len(early) > 2000
    assert len(early) + len(scanner.feed(row * 30_000) + scanner.finish()) == 6000


@pytest.mark.parametrize("start", [b'"', b'1,"open', b"x" * 5000], ids=["quote", "later quote", "long field"])
def test_memory_is_bounded_by_the_row_limit_not_by_the_record(start: bytes) -> None:
    limit = 100_000
    scanner = ShardScanner(",", shard_bytes=1000, shard_rows=None, max_row_bytes=limit)
    shards = scanner.feed(b"h\n" + start)
    for _ in range(64):
        shards += scanner.feed(b"y" * 100_000)
        assert len(scanner._pending) <= 2 * limit + scan.BLOCK_BYTES
    shards += scanner.feed(b"\n1,2\n") + scanner.finish()
    assert [shard.rows for shard in shards] == [1, 1]
    assert shards[0].end == 2 + limit + 1
    assert shards[1].end - shards[1].start == 4


@pytest.mark.parametrize(
    ("line", "most"), [(b"\n", 5), (b"\r\n", 5), (b"\r", 5), (b",\n", 400), (b"x\n", 400), (b'""\n', 400)], ids=repr
)
def test_lines_of_next_to_nothing_make_no_more_shards(line: bytes, most: int) -> None:
    data = b"h,i\n" + line * (4_000_000 // len(line))
    shards, _ = scan_chunks([data], shard_bytes=1 << 20, shard_rows=400, max_row_bytes=1 << 22)
    assert len(shards) <= most
    assert sum(shard.rows for shard in shards) == 4_000_000 // len(line)


def test_ordinary_rows_are_counted_and_blank_lines_are_not() -> None:
    data = b"h,i\n" + (b"x" * 40 + b"\n\n") * 1000
    shards, _ = scan_chunks([data], shard_bytes=1 << 20, shard_rows=100, max_row_bytes=1 << 22)
    assert [shard.rows for shard in shards] == [199, *[200] * 9, 1]


@pytest.mark.parametrize("block", [8, 1 << 18])
def test_where_an_oversized_record_ends_is_known(block: int) -> None:
    data = b"h\n1\n" + b"x" * 50 + b"\r\n2\n" + b"y" * 60
    with mock.patch.object(scan, "BLOCK_BYTES", block):
        shards, _ = scan_chunks([data], shard_bytes=100, shard_rows=None, max_row_bytes=10)
    found = [(shard.start, shard.end, shard.rows, shard.record_end) for shard in shards]
    assert found == [(2, 4 + 11, 2, 56), (56, 58 + 11, 2, len(data))]
