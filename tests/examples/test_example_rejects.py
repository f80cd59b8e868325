"""What becomes of a row that can't be used: it is kept, with the reason, and every row is accounted for."""

from __future__ import annotations

import pytest

from actors.csv.header import read_header
from actors.csv.records import read_shard
from actors.csv.scan import ShardScanner
from actors.model.catalogue import Catalogue
from actors.model.frame import ShardFrame

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree"
FILE = b"\n".join(
    [
        HEADER,
        b'1,Shoe,Made for walking,,[],{},"Shoes"',
        b"2,Shoe,,,[],{},Shoes",
        b"3,Shoe,One field too few,,[],{}",
        HEADER,
        b"5,Shoe,From the caf\xe9,,[],{},Shoes",
        b"",
        b"7,Boot,Made for rain,,[],{},Shoes",
        b"",
    ]
)


@pytest.fixture(scope="module")
def frame() -> ShardFrame:
    """The file as one shard, read."""
    catalogue = Catalogue()
    scanner = ShardScanner(",", shard_bytes=1 << 20, shard_rows=None, max_row_bytes=1 << 20)
    (shard,) = [*scanner.feed(FILE), *scanner.finish()]
    return read_shard(FILE[shard.start : shard.end], shard, read_header(HEADER, catalogue, ","), catalogue)


def test_sound_rows_go_on(frame: ShardFrame) -> None:
    assert frame.rows["id"].to_pylist() == ["1", "7"]


def test_each_reject_has_its_row_and_its_reason(frame: ShardFrame) -> None:
    assert [(reject.row, str(reject.code)) for reject in frame.rejects] == [
        (2, "missing_value"),
        (3, "wrong_field_count"),
        (4, "repeated_header"),
        (5, "undecodable_bytes"),
    ]
    assert "description" in frame.rejects[0].detail  # for people: which value is missing


def test_a_reject_s_bytes_are_as_they_came(frame: ShardFrame) -> None:
    undecodable = frame.rejects[-1]
    assert undecodable.raw == b"5,Shoe,From the caf\xe9,,[],{},Shoes"
    assert FILE[undecodable.offset :].startswith(undecodable.raw)


def test_every_row_is_accounted_for(frame: ShardFrame) -> None:
    assert frame.records == frame.rows.num_rows + len(frame.rejects) + frame.blank == 7
