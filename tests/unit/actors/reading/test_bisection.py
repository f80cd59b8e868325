from __future__ import annotations

from dataclasses import replace

import pytest

from actors.csv.header import read_header
from actors.errors import Code
from actors.model.catalogue import ROLES, Catalogue
from actors.model.drop import Shard, repeated_bitmap
from actors.reading.bisection import halves, poisoned
from tests.support.run_samples import HEADER

CATALOGUE = Catalogue()
MAP = read_header(HEADER, CATALOGUE, ",")
RECORDS = [b'1,"a\r\nb",x,,i,s,c\r\n', b"2,a,x,,i,s,c\r\n", b"\r\n", b'4,"un""quoted",x,,i,s,c\n', b"5,a,x,,i,s,c"]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_halves_are_cut_between_records(count: int) -> None:
    records = RECORDS[:count]
    data = b"".join(records)
    whole = Shard(3, 100, 100 + len(data), 11, count)
    first, second = halves(data, whole, MAP, CATALOGUE)
    cut = sum(map(len, records[: count // 2]))
    assert first == Shard(3, 100, 100 + cut, 11, count // 2)
    assert second == Shard(3, 100 + cut, whole.end, 11 + count // 2, count - count // 2)


def test_halves_keep_what_is_known_of_their_rows() -> None:
    data = b"".join(RECORDS)
    whole = Shard(3, 100, 100 + len(data), 11, 5, repeated_bitmap([12, 13, 15], 11, 5))
    first, second = halves(data, whole, MAP, CATALOGUE)
    assert (first.repeated_rows, second.repeated_rows) == ({12}, {13, 15})
    assert halves(data[: first.end - 100], first, MAP, CATALOGUE)[0].repeated == ""
    first, second = halves(data, replace(whole, record_end=9000), MAP, CATALOGUE)
    assert (first.record_end, second.record_end) == (0, 9000)


def test_halving_reaches_every_record() -> None:
    data = b"".join(RECORDS)
    pending, single = [Shard(0, 0, len(data), 1, len(RECORDS))], []
    while pending:
        shard = pending.pop(0)
        if shard.rows == 1:
            single.append(shard)
        else:
            pending += halves(data[shard.start : shard.end], shard, MAP, CATALOGUE)
    single.sort(key=lambda shard: shard.first_row)
    assert [data[shard.start : shard.end] for shard in single] == RECORDS
    assert [shard.first_row for shard in single] == [1, 2, 3, 4, 5]


def test_a_poison_row_is_a_reject() -> None:
    shard = Shard(3, 100, 100 + len(RECORDS[0]), 11, 1)
    frame = poisoned(RECORDS[0], shard, "It ended the clean actor.", MAP, CATALOGUE)
    (reject,) = frame.rejects
    assert (reject.row, reject.offset, reject.code) == (11, 100, Code.POISON_ROW)
    assert (reject.detail, reject.raw) == ("It ended the clean actor.", b'1,"a\r\nb",x,,i,s,c')
    assert (frame.records, frame.blank, frame.rows.num_rows) == (1, 0, 0)
    assert frame.rows.column_names == ["row", "repeated", *ROLES]
