"""Rows of one id, found in the order of the file."""

from __future__ import annotations

import random
import tracemalloc
from itertools import pairwise
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.csv import scan
from actors.csv.boundaries import RecordSplitter, without_line_end
from actors.csv.fields import split_fields
from actors.csv.header import read_header
from actors.csv.ids import IdFilter
from actors.csv.records import read_shard
from actors.csv.scan import ShardScanner
from actors.model.catalogue import Catalogue, Columns
from actors.model.drop import Shard, repeated_bitmap
from actors.model.header import HeaderMap

COLUMNS = Columns(id="i", name="n", description="d", brand="b", image="m", specifications="s", categories="c")
CATALOGUE = Catalogue(columns=COLUMNS, required=("id",), optional_columns=tuple(Columns.model_fields))
HEADERS = [b"i,x", b"x,i", b"x,i,x", b"i"]


def header_of(record: bytes) -> HeaderMap:
    return read_header(record, CATALOGUE, ",")


def repeated_in(header: bytes, data: bytes, *, chunk: int = 1 << 20, block: int = 1 << 18, **limits: int) -> list[int]:
    """The numbers of the rows that the plan takes for repeats."""
    given: dict[str, Any] = {"shard_bytes": 40, "shard_rows": 7, "max_row_bytes": 1 << 20, **limits}
    whole = header + b"\n" + data
    with mock.patch.object(scan, "BLOCK_BYTES", block):
        scanner = ShardScanner(",", ids=lambda record: IdFilter(header_of(record), len(data)), **given)  # type: ignore[arg-type]
        shards = [shard for at in range(0, len(whole), chunk) for shard in scanner.feed(whole[at : at + chunk])]
        shards += scanner.finish()
    return [row for shard in shards for row in sorted(shard.repeated_rows)]


def plainly_repeated(header: bytes, data: bytes, max_row_bytes: int = 1 << 20) -> list[int]:
    ends = RecordSplitter(b",", max_row_bytes).split(header + b"\n" + data, final=True).ends.tolist()
    seen: set[str] = set()
    found = []
    for row, (start, end) in enumerate(pairwise(ends), start=1):
        record = (header + b"\n" + data)[start:end]
        if len(record) > max_row_bytes:
            continue
        fields = split_fields(without_line_end(record).decode(), ",") if record.strip(b"\r\n") else []
        position = header_of(header).positions["id"]
        row_id = fields[position] if len(fields) > position else ""
        if row_id and row_id in seen:
            found.append(row)
        seen.add(row_id)
    return found


PIECES = [b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"a", b"b", b"\xc3\xa9"]


@settings(max_examples=300)
@given(
    header=st.sampled_from(HEADERS),
    data=st.lists(st.sampled_from(PIECES), max_size=120).map(b"".join),
    chunk=st.integers(1, 200),
    block=st.one_of(st.integers(3, 30), st.integers(66, 200)),  # in long ones ids are taken from many rows at once
    max_row_bytes=st.one_of(st.integers(6, 20), st.just(1 << 20)),
)
@example(header=b"i,x", data=b'a,1\n"a",1\n', chunk=80, block=30, max_row_bytes=99)
@example(header=b"i,x", data=b'"a""",1\r\n"a""",1\r\n', chunk=5, block=3, max_row_bytes=99)
@example(header=b"x,i", data=b"1,a\r\n1,a\n1,a\r1,a", chunk=80, block=30, max_row_bytes=99)
@example(header=b"i,x", data=b"a,1234567890\na,1\na,2\n", chunk=80, block=30, max_row_bytes=6)
@example(header=b"i,x", data=b"a,1\n" + b"z" * 40 + b"\na,2\n", chunk=80, block=3, max_row_bytes=6)
@example(header=b"x,i", data=b'"1,b",a\n"2,b",c\n"1,b",c\n', chunk=80, block=30, max_row_bytes=99)
def test_repeats_are_what_the_whole_file_shows(
    header: bytes, data: bytes, chunk: int, block: int, max_row_bytes: int
) -> None:
    found = repeated_in(header, data, chunk=chunk, block=block, max_row_bytes=max_row_bytes)
    assert found == plainly_repeated(header, data, max_row_bytes)


@pytest.mark.parametrize(
    ("data", "repeated"),
    [
        (b"a,1\nb,1\na,1\na,1\n", [3, 4]),
        (b"a,1\nA,1\n a,1\na ,1\n", []),
        (b'"a",1\na,1\n"a",1\n', [2, 3]),
        (b'"a,b",1\na,b,1\n"a,b",1\n', [3]),
        (b'"a""b",1\na"b,1\n', [2]),
        ("é,1\ne\u0301,1\né,1\n".encode(), [3]),
        (b"\xff,1\n\xff,1\n", [2]),
        (b'"\xff",1\n"\xff",1\n', [2]),
        (b'"\xff""",1\n"\xff""",1\n', []),  # rejects, which have no text
        (b",1\n,1\n\n\n", []),
        (b"a\na\na,1,2,3\n", [2, 3]),
        (b"a,1\n\n\na,1\n", [4]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("behind", [b"", b"z," + b"1" * 99 + b"\n"], ids=["short block", "long block"])
def test_which_rows_repeat_an_id(data: bytes, repeated: list[int], behind: bytes) -> None:
    assert repeated_in(b"i,x", data + behind) == repeated


@pytest.mark.parametrize("length", [1, 7, 8, 9, 62, 63, 64, 65, 66, 200])
@pytest.mark.parametrize("form", [b"%s,1\n", b'"%s",1\n', b"%s\n", b'"%s"\n'], ids=repr)
def test_ids_of_any_length_are_told_apart_and_found_again(form: bytes, length: int) -> None:
    ids = [b"a" * (length - 1) + last for last in (b"a", b"b", b"\xc3")]
    rows = [form % row_id for row_id in (*ids, *ids)]
    assert repeated_in(b"i,x", b"".join(rows), shard_bytes=1 << 20, shard_rows=400) == [4, 5, 6]


def test_none_of_many_ids_is_missed_or_made_up() -> None:
    ids = [f"{random.Random(at).getrandbits(128):032x}" for at in range(20_000)]
    rows = [f"{row_id},x\n".encode() for row_id in (*ids, *reversed(ids))]
    assert repeated_in(b"i,x", b"".join(rows), shard_bytes=1 << 20, shard_rows=400) == list(range(20_001, 40_001))


@pytest.mark.parametrize("row", [b"\n", b"a,\n", b'"a",\n'], ids=repr)
def test_a_block_of_tiny_rows_needs_little_memory(row: bytes) -> None:
    """Of an eighth of a block, since tracing is slow: what grows with the rows would show in it already."""
    block = row * (scan.BLOCK_BYTES // 8 // len(row))
    ends = np.arange(len(row), len(block) + 1, len(row))
    filter_of_ids = IdFilter(header_of(b"i,x"), len(block))
    tracemalloc.start()
    try:
        filter_of_ids.hashes(block, 0, ends, 1 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * ends.nbytes + 2_000_000


def test_the_filter_is_bounded_whatever_the_file() -> None:
    header = header_of(b"i,x")
    assert len(IdFilter(header, 1 << 50)._bitmap) == 16 << 20
    assert len(IdFilter(header, 40_000_000)._bitmap) == 8 << 20
    assert len(IdFilter(header, 0)._bitmap) == 128 << 10


@given(st.sets(st.integers(100, 163)))
def test_a_shard_carries_the_rows(rows: set[int]) -> None:
    shard = Shard(0, 0, 1, 100, 64, repeated_bitmap(rows, 100, 64))
    assert shard.repeated_rows == rows
    assert (shard.repeated == "") == (not rows)
    assert len(shard.repeated) <= 16


def test_the_reader_tells_whose_id_is_no_name_for_it_alone() -> None:
    data = b"a,1\nb,1\na,1\n,1\n"
    catalogue = CATALOGUE.model_copy(update={"required": ()})
    shard = Shard(0, 0, len(data), 11, 4, repeated_bitmap([13], 11, 4))
    rows = read_shard(data, shard, header_of(b"i,x"), catalogue).rows
    assert rows["repeated"].to_pylist() == [False, False, True, True]


@pytest.mark.parametrize("form", ["{:x}", "{:08d}", "SKU-{:06X}", "{:032x}", "{0}-{0}", "{:020d}/blue"])
@pytest.mark.parametrize("first", [0, 10_000_000])
def test_ids_that_count_up_are_no_repeats(form: str, first: int) -> None:
    ids = [form.format(number) for number in range(first, first + 2_000)]
    assert repeated_in(b"i,x", "".join(f"{row_id},1\n" for row_id in ids).encode(), shard_rows=500) == []


def test_without_a_column_of_ids_no_row_repeats_one() -> None:
    catalogue = Catalogue(columns=COLUMNS, required=(), optional_columns=tuple(Columns.model_fields))
    header = read_header(b"n,x", catalogue, ",")
    data = b"a,1\na,1\n"
    ids = IdFilter(header, len(data))
    assert ids.repeats(ids.hashes(data, 0, np.array([4, 8]), 99)) == []
