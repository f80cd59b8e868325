"""Finds the row that kills every process that works on its shard: by halving the shard until the row is alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from actors.csv.boundaries import RecordSplitter
from actors.csv.products import ProductKeys
from actors.csv.records import read_shard, reject_of
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard, repeated_bitmap
from actors.model.frame import ShardFrame
from actors.model.header import HeaderMap


def halves(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> tuple[Shard, ...]:
    """The two halves, by records, of a shard of two or more. `data` is bytes `[start, end)` of the drop's text.

    Where products have several rows, they are cut between products, as near the middle as can be, and a shard of one
    product can't be cut: it is returned as it is.
    """
    ends = RecordSplitter.of(header, catalogue).split(data, final=True).ends
    rows, continued = shard.rows // 2, False
    if catalogue.rows_per_product == "consecutive":
        runs = ProductKeys(header, catalogue).runs_of_shard(data, shard, ends)
        places = np.flatnonzero(~runs.bound[1:]) + 1
        if not places.size:
            return (shard,)
        rows = int(places[np.abs(places - rows).argmin()])
        continued = bool(runs.joins[rows])
    cut, cut_row = shard.start + int(ends[rows - 1]), shard.first_row + rows
    first = _part(shard, shard.start, cut, shard.first_row, rows)
    second = _part(shard, cut, shard.end, cut_row, shard.rows - rows)
    return (
        replace(first, continued=shard.continued),
        replace(second, record_end=shard.record_end, continued=continued),
    )


def _part(shard: Shard, start: int, end: int, first_row: int, rows: int) -> Shard:
    repeated = shard.repeated_rows & set(range(first_row, first_row + rows))
    return Shard(shard.index, start, end, first_row, rows, repeated_bitmap(repeated, first_row, rows))


def poisoned(data: bytes, shard: Shard, detail: str, header: HeaderMap, catalogue: Catalogue) -> ShardFrame:
    """The frame of a shard that can't be processed or cut: no rows, and each of its rows a reject `POISON_ROW`.

    It has one row, or those of one product.
    """
    nothing = Shard(shard.index, shard.start, shard.start, shard.first_row, 0)
    error = DropforgeError(Code.POISON_ROW, detail)
    rejects, start = [], 0
    for index, end in enumerate(_ends(data, shard, header, catalogue)):
        rejects.append(reject_of(data[start:end], shard, index, start, error, catalogue))
        start = end
    rows = read_shard(b"", nothing, header, catalogue).rows
    return ShardFrame(rows, tuple(rejects), blank=0, records=len(rejects))


def _ends(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> list[int]:
    if shard.rows == 1:
        return [len(data)]
    splitter = RecordSplitter.of(header, catalogue)
    ends: list[int] = splitter.split(data, final=True).ends.tolist()
    return ends
