"""The attributes stage's columns, and their golden cells."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest

from actors.csv.records import read_shard
from actors.errors import Code
from actors.model.catalogue import Catalogue
from actors.reading.attribute_columns import attribute_columns
from actors.reading.head import read_head


def test_absent_levels_are_empty_and_cut_ones_counted() -> None:
    rows = pa.table({"specifications": ["[{}]", "", ""], "categories": ["a|b|c", "a|b", "a"]})
    columns = attribute_columns(rows, Catalogue(category_levels=2, category_separator="|"))
    assert [level.to_pylist() for level in columns.levels] == [["a", "a", "a"], ["b", "b", ""]]
    assert columns.attributes.to_pylist() == ["{}"] * 3
    assert (columns.levels_cut, columns.entries_without_key) == (1, 1)


def test_variants_are_an_attribute() -> None:
    specification = '[{"key"=>"Fit", "value"=>"Slim"}]'
    rows = pa.table(
        {"specifications": [specification, ""], "categories": ["", ""], "variants": ['[{"Size": "Größe 8"}]', ""]}
    )
    catalogue = Catalogue(rows_per_product="consecutive", variant_columns=("Size",))
    assert attribute_columns(rows, catalogue).attributes.to_pylist() == [
        r'{"Fit": "Slim", "variants": [{"Size": "Gr\u00f6\u00dfe 8"}]}',
        "{}",
    ]


def test_a_path_of_any_depth_costs_the_other_rows_nothing() -> None:
    rows = pa.table({"specifications": [""] * 400, "categories": [">>" * 50_000, *["a"] * 399]})
    tracemalloc.start()
    try:
        columns = attribute_columns(rows, Catalogue())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert columns.levels_cut == 1
    assert peak < 20_000_000


def test_no_rows_have_string_columns_too() -> None:
    rows = pa.table({"specifications": pa.array([], pa.string()), "categories": pa.array([], pa.string())})
    columns = attribute_columns(rows, Catalogue())
    assert {column.type for column in (columns.attributes, *columns.levels)} == {pa.string()}


@pytest.mark.parametrize(("shard_bytes", "shard_rows"), [(1 << 30, 1 << 30), (100_000, 1 << 30), (1 << 30, 1)])
def test_cells_are_the_golden_ones(shared_data: Path, shard_bytes: int, shard_rows: int) -> None:
    data, catalogue = (shared_data / "flipkart_sample.csv").read_bytes(), Catalogue()
    head = read_head(data, catalogue)
    scanner = head.scanner(shard_bytes=shard_bytes, shard_rows=shard_rows, text_bytes=len(data))
    shards = scanner.feed(data) + scanner.finish()
    assert scanner.header is not None
    header = head.header(scanner.header)
    frames = [read_shard(data[shard.start : shard.end], shard, header, catalogue) for shard in shards]
    rows = pa.concat_tables([frame.rows for frame in frames])
    columns = attribute_columns(rows, catalogue)
    with (shared_data / "flipkart_sample.golden.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    for name, column in (
        ("uniq_id", rows["id"]),
        ("product_name", rows["name"]),
        ("brand", rows["brand"]),
        ("image", rows["image"]),
        ("attributes", columns.attributes),
        *((f"c{level}_name", columns.levels[level]) for level in range(7)),
    ):
        assert column.to_pylist() == [row[name] for row in expected], name
    assert set(columns.levels[7].to_pylist()) == {""}
    assert [reject.code for frame in frames for reject in frame.rejects] == [Code.MISSING_VALUE] * 2
    assert sum(frame.blank for frame in frames) == 200
