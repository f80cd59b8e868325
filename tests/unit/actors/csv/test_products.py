"""Products of several rows: what becomes of them, whatever the shards, and where they may not be cut."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from actors.csv.boundaries import RecordSplitter
from actors.csv.product_rows import joined_images
from actors.csv.products import LastProduct, ProductKeys
from actors.csv.records import read_shard
from actors.errors import Code
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.header import HeaderMap
from actors.reading.bisection import halves, poisoned
from tests.fuzz.product_files import catalogue_of, file_of
from tests.fuzz.reading import read_file

BEANIE = [
    {"i": "beanie", "n": "Beanie", "d": "Warm.", "m": "red.jpg", "c": "Hats", "size": "S"},
    {"i": "beanie", "m": "blue.jpg", "size": "M"},
    {"i": "beanie", "m": "red.jpg"},
    {"i": "beanie", "m": "worn.jpg"},
]
MUG = {"i": "mug", "n": "Mug"}


def test_further_rows_add_their_images_to_the_first() -> None:
    read = read_file(file_of(*BEANIE, MUG), catalogue_of())
    assert (read.cells("id"), read.cells("name"), read.numbers) == (["beanie", "mug"], ["Beanie", "Mug"], [1, 5])
    assert read.cells("image") == ["red.jpg,blue.jpg,worn.jpg", ""]
    assert (read.records, read.merged, read.rejects, read.blank) == (5, 3, [], 0)


def test_by_default_each_row_is_a_product() -> None:
    read = read_file(file_of(*BEANIE, MUG), catalogue_of(rows_per_product="one"))
    assert (read.merged, read.codes) == (0, ["missing_value"] * 3)


@pytest.mark.parametrize("group_by", ["g", " G ", "brand"])
def test_rows_may_be_grouped_by_a_column_or_role(group_by: str) -> None:
    rows = [{"i": str(at), "n": "x", "g": key, "b": key, "m": f"{at}.jpg"} for at, key in enumerate("aabba")]
    read = read_file(file_of(*rows), catalogue_of(group_by=group_by))
    assert (read.cells("id"), read.cells("image")) == (["0", "2", "4"], ["0.jpg,1.jpg", "2.jpg,3.jpg", "4.jpg"])


@pytest.mark.parametrize("key", ["", " "])
def test_rows_without_a_key_are_products_of_their_own(key: str) -> None:
    rows = [{"i": str(at), "n": "x", "g": key} for at in range(4)]
    read = read_file(file_of(*rows), catalogue_of(group_by="g", max_product_rows=2))
    assert (read.cells("id"), read.codes) == (["0", "1", "2", "3"], [])


@pytest.mark.parametrize("setting", [{"group_by": "nothing"}, {"variant_columns": ("colour",)}], ids=str)
def test_a_column_that_is_not_there_refuses_the_file(setting: dict[str, Any]) -> None:
    refusal = read_file(file_of(MUG), catalogue_of(**setting)).refusal
    assert refusal is not None
    assert refusal.code is Code.MISSING_COLUMN
    assert next(iter(setting)) in refusal.message


def test_a_first_row_that_is_rejected_leaves_no_product() -> None:
    read = read_file(file_of({"i": "beanie", "m": "red.jpg"}, BEANIE[1], MUG), catalogue_of())
    assert ([reject.row for reject in read.rejects], read.codes) == ([1, 2], ["missing_value"] * 2)
    assert (read.cells("id"), read.merged) == (["mug"], 0)


def test_a_row_that_can_t_be_read_does_not_end_a_product() -> None:
    lines = file_of(*BEANIE).splitlines(keepends=True)
    read = read_file(b"".join([*lines[:2], b"beanie,too few\n", *lines[2:]]), catalogue_of())
    assert (read.codes, read.merged) == (["wrong_field_count"], 3)
    assert read.cells("image") == ["red.jpg,blue.jpg,worn.jpg"]


def test_variants_become_a_list_of_objects() -> None:
    catalogue = catalogue_of(variant_columns=("size", "g"))
    data = file_of(*BEANIE, MUG)
    read = read_file(data, catalogue)
    assert read.header is not None
    (shard,) = read.shards
    frame = read_shard(data[shard.start : shard.end], shard, read.header, catalogue)
    first, second = frame.rows["variants"].to_pylist()
    assert (json.loads(first), second) == ([{"size": "S"}, {"size": "M"}], "")


@pytest.mark.parametrize(
    ("changes", "cells", "joined"),
    [
        ({"image_list": "delimited", "image_delimiter": "|"}, ["a|b", "", "c"], "a|b|c"),
        ({"image_list": "bracketed"}, ['["a", "b"]', "[c]"], '["a", "b"],[c]'),
        ({"image_list": "json"}, ['["a", "b"]', '["b", "c"]'], '["a", "b", "c"]'),
        ({"image_list": "json"}, ["", " "], ""),
    ],
)
def test_images_are_joined_in_the_list_s_syntax(changes: dict[str, Any], cells: list[str], joined: str) -> None:
    assert joined_images(cells, catalogue_of(**changes)) == joined


def test_rows_beyond_the_most_are_rejected() -> None:
    rows = [BEANIE[0], *({"i": "beanie", "m": f"{at}.jpg"} for at in range(9)), MUG]
    read = read_file(file_of(*rows), catalogue_of(max_product_rows=3))
    assert (read.cells("id"), read.merged) == (["beanie", "mug"], 2)
    assert read.cells("image")[0] == "red.jpg,0.jpg,1.jpg"
    assert read.codes == ["product_too_large"] * 7
    assert "`max_product_rows` (3)" in read.rejects[0].detail


def test_rows_beyond_the_most_bytes_are_rejected() -> None:
    rows = [BEANIE[0], *({"i": "beanie", "m": f"{at}.jpg"} for at in range(40))]
    read = read_file(file_of(*rows), catalogue_of(max_row_bytes=200), shard_bytes=50)
    assert read.codes
    assert {*read.codes} == {"product_too_large"}
    assert all(shard.end - shard.start <= 50 + 200 + 1 for shard in read.shards)


def keys_of(data: bytes, catalogue: Catalogue) -> tuple[HeaderMap, Shard]:
    read = read_file(data, catalogue)
    assert read.header is not None
    (shard,) = read.shards
    return read.header, shard


def test_runs_are_the_same_in_pieces() -> None:
    catalogue = catalogue_of(max_product_rows=3)
    data = file_of(*({"i": key, "n": "x"} for key in "aaaaabbcaa"))
    header, shard = keys_of(data, catalogue)
    keys, text = ProductKeys(header, catalogue), data[shard.start :]
    ends = RecordSplitter(b",", 1 << 20).split(text, final=True).ends
    whole = keys.runs(text, 0, ends, LastProduct())
    assert whole.joins.tolist() == [False, True, True, True, True, False, True, False, False, True]
    assert np.flatnonzero(whole.over).tolist() == [3, 4]
    for cut in range(1, len(ends)):
        first = keys.runs(text, 0, ends[:cut], LastProduct())
        second = keys.runs(text, int(ends[cut - 1]), ends[cut:], first.last)
        assert [*first.over, *second.over] == whole.over.tolist()
        assert [*first.joins, *second.joins] == whole.joins.tolist()
        assert second.last == whole.last


def test_a_poison_shard_is_cut_between_products() -> None:
    catalogue = catalogue_of(max_product_rows=4)
    rows = [MUG, *BEANIE, {"i": "beanie", "m": "6.jpg"}, {"i": "beanie", "m": "7.jpg"}, {"i": "tin", "n": "Tin"}]
    data = file_of(*rows)
    header, whole = keys_of(data, catalogue)
    pending, single = [whole], []
    while pending:
        shard = pending.pop(0)
        text = data[shard.start : shard.end]
        pieces = halves(text, shard, header, catalogue) if shard.rows > 1 else (shard,)
        if len(pieces) == 1:
            single.append(shard)
        else:
            pending += pieces
    single.sort(key=lambda shard: shard.first_row)
    assert [(shard.first_row, shard.rows, shard.continued) for shard in single] == [
        (1, 1, False),
        (2, 4, False),
        (6, 1, True),
        (7, 1, True),
        (8, 1, False),
    ]
    frames = [read_shard(data[shard.start : shard.end], shard, header, catalogue) for shard in single]
    uncut = read_shard(data[whole.start : whole.end], whole, header, catalogue)
    assert [key for frame in frames for key in frame.rows["id"].to_pylist()] == uncut.rows["id"].to_pylist()
    assert [reject for frame in frames for reject in frame.rejects] == list(uncut.rejects)


def test_a_poison_product_is_a_reject_for_each_of_its_rows() -> None:
    catalogue = catalogue_of()
    data = file_of(*BEANIE)
    header, shard = keys_of(data, catalogue)
    text = data[shard.start :]
    assert halves(text, shard, header, catalogue) == (shard,)
    frame = poisoned(text, shard, "It ended the clean actor.", header, catalogue)
    assert [(reject.row, reject.code) for reject in frame.rejects] == [(row, Code.POISON_ROW) for row in (1, 2, 3, 4)]
    assert b"\n".join([*(reject.raw for reject in frame.rejects), b""]) == text
    assert (frame.records, frame.blank, frame.merged, frame.rows.num_rows) == (4, 0, 0, 0)
    assert replace(shard, continued=True) != shard
