"""Finds the row that kills every process that works on its shard: by halving the shard until the row is alone."""

from __future__ import annotations

from actors.csv.boundaries import RecordSplitter
from actors.csv.records import read_shard, reject_of
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard, repeated_bitmap
from actors.model.frame import ShardFrame
from actors.model.header import HeaderMap


def halves(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> tuple[Shard, Shard]:
    """The two halves, by records, of a shard of two or more. `data` is bytes `[start, end)` of the drop's text."""
    ends = RecordSplitter.of(header, catalogue).split(data, final=True).ends
    rows = shard.rows // 2
    cut, cut_row = shard.start + int(ends[rows - 1]), shard.first_row + rows
    return (
        _part(shard, shard.start, cut, shard.first_row, rows, 0),
        _part(shard, cut, shard.end, cut_row, shard.rows - rows, shard.record_end),
    )


def _part(shard: Shard, start: int, end: int, first_row: int, rows: int, record_end: int) -> Shard:
    repeated = shard.repeated_rows & set(range(first_row, first_row + rows))
    return Shard(shard.index, start, end, first_row, rows, repeated_bitmap(repeated, first_row, rows), record_end)


def poisoned(data: bytes, shard: Shard, detail: str, header: HeaderMap, catalogue: Catalogue) -> ShardFrame:
    """The frame of a shard of one row that can't be processed: no rows, and the reject `POISON_ROW` with `detail`."""
    nothing = Shard(shard.index, shard.start, shard.start, shard.first_row, 0)
    reject = reject_of(data, shard, 0, 0, DropforgeError(Code.POISON_ROW, detail), catalogue)
    return ShardFrame(read_shard(b"", nothing, header, catalogue).rows, (reject,), blank=0, records=1)
