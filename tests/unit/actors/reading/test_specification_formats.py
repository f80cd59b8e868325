"""Specifications in the syntaxes of many shops, by the catalogue's settings."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.catalogue import Catalogue
from actors.reading.attribute_columns import attribute_columns
from actors.reading.specification import parse_attributes
from actors.reading.specification_formats import specification_reader
from tests.support.csv_records import records_of

RED = {"Colour": "red", "Size": "M"}
LIST = '{"s"=>[{"key"=>"Colour", "value"=>"red"}, {"key"=>"Size", "value"=>"M"}]}'


def read(cell: str, specification_format: str, **settings: object) -> tuple[dict[str, str], int]:
    catalogue = Catalogue.model_validate({"specification_format": specification_format, **settings})
    found = specification_reader(catalogue)(cell)
    return json.loads(found.text), found.entries_without_key


@pytest.mark.parametrize("specification_format", ["ruby_hash", "auto"])
@pytest.mark.parametrize(
    ("cell", "members", "without_key"),
    [
        (LIST, RED, 0),
        ('{"s" => [{"key" => "Colour", "value" => "red"}, {"key" => "Size", "value" => "M"}]}', RED, 0),  # Ruby 3.4
        ('{s: [{key: "Colour", value: "red"}, {key: "Size", value: "M"}]}', RED, 0),  # Ruby 3.4, symbols
        ('{:s=>[{:key=>"Colour", :value=>"red"}, {:key=>"Size", :value=>"M"}]}', RED, 0),
        ('{ "s"  =>\n[ {"key"=> "Colour", "value" =>"red"} ] }', {"Colour": "red"}, 0),
        ('{"product_specification"=>{"key"=>"Body Material", "value"=>"leather"}}', {"Body Material": "leather"}, 0),
        ('{"Colour" => "red", "Size" => "M"}', RED, 0),
        ('{"Colour"=>"red"}', {"Colour": "red"}, 0),
        ('{"s"=>{"Colour"=>"red", "Size"=>"M"}}', RED, 0),
        (r'[{"key"=>"A", "value"=>"5\" \u00e9"}]', {"A": '5" é'}, 0),
        ('[{"key"=>"A}", "value"=>"[1]"}]', {"A}": "[1]"}, 0),
        ('[{"value"=>"3 shorts"}, {"key"=>"A", "value"=>""}, {"key"=>"B", "value"=>nil}]', {"A": ""}, 2),
        ('[{"key"=>"A", "value"=>"a "quote" too many"}]', {"A": "a "}, 0),
        ('{"s"=>[]}', {}, 0),
        ("nil", {}, 0),
    ],
)
def test_ruby_hash_text_of_any_version(
    specification_format: str, cell: str, members: dict[str, str], without_key: int
) -> None:
    assert read(cell, specification_format) == (members, without_key)


@pytest.mark.parametrize("specification_format", ["json", "auto"])
@pytest.mark.parametrize(
    ("cell", "members", "without_key"),
    [
        ('{"Colour": "red", "Size": "M"}', RED, 0),
        ('[{"key": "Colour", "value": "red"}, {"key": "Size", "value": "M"}]', RED, 0),
        ('[{"name": "Colour", "value": "red", "id": 3}, {"Name": "Size", "Value": "M"}]', RED, 0),
        ('{"specs": [{"name": "Colour", "value": "red"}]}', {"Colour": "red"}, 0),
        ('{"specs": {"Colour": "red", "Size": "M"}}', RED, 0),
        ('{"name": "Colour", "value": "red"}', {"Colour": "red"}, 0),
        ('[{"Colour": "red"}, {"Size": "M"}]', RED, 0),
        ('[["Colour", "red"], ["Size", "M"]]', RED, 0),
        ('["Colour: red", "Size: M", "cosy"]', RED, 1),
        (
            '{"n": 1.50, "e": 1e400, "b": true, "x": null, "l": ["a", "b"], "o": {"k": "é"}}',
            {"n": "1.50", "e": "1e400", "b": "true", "l": "a, b", "o": '{"k": "é"}'},
            0,
        ),
        ('[{"value": "3"}, {"name": "A", "value": null}, {"key": "A", "value": "1"}]', {"A": "1"}, 2),
        ('{"A": "1", "B": "2", "A": "3"}', {"A": "3", "B": "2"}, 0),
        ("[]", {}, 0),
    ],
)
def test_json_objects_and_lists(
    specification_format: str, cell: str, members: dict[str, str], without_key: int
) -> None:
    assert read(cell, specification_format) == (members, without_key)


@pytest.mark.parametrize("cell", ["", "x", "{", "[" * 100_000, '{"a":' * 100_000, '"a"', "1", "null", LIST])
def test_what_is_no_json_has_no_attributes(cell: str) -> None:
    assert read(cell, "json") == ({}, 0)


def test_pairs_by_their_delimiters() -> None:
    assert read("Colour: red; Size: M", "pairs") == (RED, 0)
    assert read("Colour: red; Size: M", "auto") == (RED, 0)
    settings = {"specification_pair_delimiter": "/", "specification_key_delimiter": "-"}
    assert read("Colour-red/Size-M", "pairs", **settings) == (RED, 0)
    assert read("Colour-red/Size-M", "auto", **settings) == (RED, 0)


def test_pairs_of_columns_and_columns_themselves() -> None:
    pairs = {"columns": {"specifications": {"names": "A * name", "values": "A * value"}}}
    cell = json.dumps([["Colour", " red "], ["", "lost"], ["Size", "M"]])
    assert read(cell, "reference", **pairs) == (RED, 1)
    assert read(cell, "columns", columns={"specifications": ["colour", "size"]}) == (RED, 1)
    assert read("", "columns") == ({}, 0)


def test_several_columns_in_one_syntax_are_one_specification() -> None:
    columns = {"specifications": ["spec", "more*"]}
    cell = json.dumps([["spec", LIST], ["more", '[{"key"=>"Size", "value"=>"L"}, {"value"=>"x"}]']])
    assert read(cell, "reference", columns=columns) == ({"Colour": "red", "Size": "L"}, 1)
    assert read("", "reference", columns=columns) == ({}, 0)


@pytest.mark.parametrize(
    ("cells", "settings", "unread"),
    [
        (['{"s" => [{"key" => "A", "value" => "1"}]}', LIST, ""], {}, 1),
        (['{"s"=>{"key"=>"A", "value"=>"1"}}', "A: 1", " "], {}, 2),
        (["{}", "[]", "nil", " null\n", '{"product_specification"=>[]}', '{"s" => nil}'], {}, 0),
        (["soft", "A: 1", ""], {"specification_format": "pairs"}, 1),
        (["A: 1", '{"A": 1}'], {"specification_format": "json"}, 1),
        (["A: 1", '{"A": 1}', LIST], {"specification_format": "auto"}, 0),
    ],
)
def test_rows_whose_specification_is_not_read_are_counted(cells: list[str], settings: dict, unread: int) -> None:
    rows = pa.table({"specifications": cells, "categories": [""] * len(cells)})
    assert attribute_columns(rows, Catalogue(**settings)).unread_specifications == unread


@pytest.mark.parametrize("specification_format", ["ruby_hash", "auto"])
def test_the_sample_has_the_golden_attributes_and_one_more(shared_data: Path, specification_format: str) -> None:
    read = specification_reader(Catalogue.model_validate({"specification_format": specification_format}))
    different = []
    for row in records_of((shared_data / "flipkart_sample.csv").read_bytes()):
        cell = row["product_specifications"]
        if read(cell) != parse_attributes(cell):
            different.append(read(cell))
    assert different == [('{"Body Material": "croco leather material"}', 0)]


TEXTS = st.text(max_size=9)


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, min_size=2))
def test_any_json_object_of_texts_reads_back(members: dict[str, str]) -> None:
    lower = {name.casefold() for name in members}
    if "value" in lower and lower & {"key", "name"}:
        return
    for cell in (json.dumps(members), json.dumps([{"name": name, "value": value} for name, value in members.items()])):
        for specification_format in ("json", "auto"):
            assert read(cell, specification_format) == (members, 0)
