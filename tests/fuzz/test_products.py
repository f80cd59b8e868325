"""Products of several rows in any file come out the same, wherever its shards are cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.csv import scan
from actors.reading import planner

from .product_files import catalogue_of, file_of
from .reading import FileRead, read_file


def outcome(read: FileRead) -> tuple[Any, ...]:
    assert read.refusal is None, read.refusal
    assert read.records == read.blank + read.merged + len(read.rejects) + len(read.rows)
    return read.numbers, read.rows, read.raw, [(reject.row, reject.code) for reject in read.rejects], read.merged


KEYS = ["", " ", "a", "b", 'q"', "é", "long" * 20, "x,y", "two\nlines"]
cells = st.fixed_dictionaries(
    {"i": st.sampled_from(KEYS), "n": st.sampled_from(["", "x"]), "m": st.sampled_from(["", "1.jpg", "2.jpg"])}
)
lines = st.one_of(
    cells.map(lambda row: file_of(row).split(b"\n", 1)[1]),
    st.sampled_from([b"\n", b"a,b\n", b"a" * 120 + b"\n", b'a,"open\n', b"a,\xff,,,,,,,\n", b",,,,,,,,\n"]),
)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    records=st.lists(st.tuples(lines, st.integers(1, 4)), max_size=12),
    shard_bytes=st.integers(1, 300),
    shard_rows=st.integers(1, 6),
    block=st.integers(64, 400),
    most_rows=st.integers(1, 4),
    max_row_bytes=st.sampled_from([100, 1 << 20]),
)
def test_the_outcome_does_not_depend_on_shards(
    records: list[tuple[bytes, int]],
    shard_bytes: int,
    shard_rows: int,
    block: int,
    most_rows: int,
    max_row_bytes: int,
) -> None:
    catalogue = catalogue_of(max_product_rows=most_rows, max_row_bytes=max_row_bytes)
    data = file_of() + b"".join(record * times for record, times in records)
    whole = read_file(data, catalogue)
    with mock.patch.object(scan, "BLOCK_BYTES", block), mock.patch.object(planner, "HEAD_BYTES", 64 + block):
        cut = read_file(data, catalogue, shard_bytes=shard_bytes, shard_rows=shard_rows, chunk_bytes=64 + block)
        again = read_file(data, catalogue, shard_bytes=shard_bytes, shard_rows=shard_rows)
    assert outcome(cut) == outcome(whole)
    assert cut.shards == again.shards
    assert all(shard.end - shard.start <= shard_bytes + max_row_bytes + 1 for shard in cut.shards)
    for one, other in pairwise(cut.shards):
        assert (other.first_row, other.start) == (one.first_row + one.rows, max(one.end, one.record_end))
