"""Roles with several columns: which they are, and the one cell that a row gets from them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.csv.header import detect_delimiter, read_header
from actors.csv.records import read_shard
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.frame import ShardFrame
from actors.model.header import ColumnPair
from actors.model.plan import PlanStart
from tests.support.csv_records import csv_of

OTHERS = {"id": "id", "name": "name", "description": "text", "brand": "brand", "categories": "path"}
PAIRS = {"names": "Attribute * name", "values": "Attribute * value(s)"}


def catalogue(columns: dict, **settings: object) -> Catalogue:
    whole = {"columns": {**OTHERS, "image": "image", "specifications": "spec", **columns}, "required": ("id",)}
    return Catalogue.model_validate({**whole, "optional_columns": ("name", "brand", "categories"), **settings})


def read(rows: list[dict[str, str]], settings: Catalogue) -> ShardFrame:
    data = csv_of(rows)
    end = data.index(b"\n") + 1
    shard = Shard(0, end, len(data), 1, len(rows))
    return read_shard(data[end:], shard, read_header(data[:end].rstrip(), settings, ","), settings)


def cells(rows: list[dict[str, str]], settings: Catalogue, role: str) -> list[str]:
    frame = read(rows, settings)
    assert frame.rejects == ()
    return frame.rows[role].to_pylist()


ETSY = {"id": "1", "text": "t", "IMAGE1": "http://a/1", "x": "no", "IMAGE2": " ", "IMAGE10": "http://a/10", "spec": ""}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("Image*", ["http://a/1", "http://a/10"]),
        ("image?", ["http://a/1"]),
        ("*GE10", ["http://a/10"]),
        (["image10", "Image*"], ["http://a/10", "http://a/1"]),
        (["none", " image1 "], ["http://a/1"]),
        (["image10"], ["http://a/10"]),
    ],
)
def test_image_columns_are_collected(image: object, expected: list[str]) -> None:
    assert [json.loads(cell) for cell in cells([ETSY], catalogue({"image": image}), "image")] == [expected]


def test_the_cell_of_one_image_column_stays_as_it_came() -> None:
    assert cells([ETSY], catalogue({"image": "image10"}), "image") == ["http://a/10"]


def test_brackets_in_a_name_stand_for_themselves() -> None:
    row = {"id": "1", "text": "", "Bild [1]": "a", "Bild [2]": "b", "Bild 1": "c", "spec": ""}
    assert cells([row], catalogue({"image": "bild [1]"}), "image") == ["a"]
    assert json.loads(cells([row], catalogue({"image": "bild [*]"}), "image")[0]) == ["a", "b"]


def test_a_row_without_any_of_the_images_has_no_value() -> None:
    settings = catalogue({"image": "Image*"}, required=("id", "image"))
    frame = read([{**ETSY, "IMAGE1": "", "IMAGE10": "\t"}], settings)
    assert [(reject.code, reject.detail) for reject in frame.rejects] == [
        (Code.MISSING_VALUE, "The row has no value for Image*.")
    ]


def test_descriptions_follow_each_other() -> None:
    row = {"id": "1", "Short": "Warm", "Long": "socks", "image": "", "spec": ""}
    assert cells([row, {**row, "Short": " "}], catalogue({"description": ["short", "long"]}), "description") == [
        "Warm\nsocks",
        "socks",
    ]


def test_descriptions_in_html_are_blocks_of_their_own() -> None:
    row = {"id": "1", "Short": "<b>Warm", "Long": "socks</b>", "image": "", "spec": ""}
    settings = catalogue({"description": ["short", "long"]}, description_format="html")
    assert cells([row], settings, "description") == ["Warm .\nsocks"]


def test_attributes_in_pairs_of_columns() -> None:
    row = {"id": "1", "text": "t", "image": ""}
    row |= {"Attribute 1 name": "Colour", "Attribute 1 value(s)": "red, blue", "Attribute 1 visible": "1"}
    row |= {"ATTRIBUTE 2 VALUE(S)": "M", "Attribute 2 Name": " Size ", "Attribute 3 name": "Fit"}
    (cell,) = cells([row], catalogue({"specifications": PAIRS}), "specifications")
    assert json.loads(cell) == [["Colour", "red, blue"], ["Size", "M"]]


def test_each_column_can_be_an_attribute() -> None:
    row = {"id": "1", "text": "t", "image": "", "Colour": "red", "size": "", "Material (mm)": " wool "}
    settings = catalogue({"specifications": ["colour", "size", "material*"]}, specification_format="columns")
    (cell,) = cells([row], settings, "specifications")
    assert json.loads(cell) == [["Colour", "red"], ["Material (mm)", " wool "]]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"image": "Foto*"}, "lacks 'Foto*'; it has"),
        ({"image": ["Foto", "Bild*"]}, "lacks 'Foto or Bild*'; it has"),
        ({"specifications": PAIRS}, "lacks 'Attribute * name with Attribute * value(s)'; it has"),
    ],
)
def test_a_role_without_any_of_its_columns_is_missing(columns: dict, told: str) -> None:
    with pytest.raises(DropforgeError) as refused:
        read_header(b"id,text,image,spec,Attribute 1 name,Attribute 2 value(s)", catalogue(columns), ",")
    assert refused.value.code is Code.MISSING_COLUMN
    assert told in refused.value.message


def test_a_listed_name_that_occurs_twice_is_ambiguous() -> None:
    header = b"id,text,Image,image,spec"
    with pytest.raises(DropforgeError) as refused:
        read_header(header, catalogue({"image": ["image"]}), ",")
    assert refused.value.code is Code.DUPLICATE_COLUMN
    assert read_header(header, catalogue({"image": "image*"}), ",").several["image"] == (2, 3)


def test_the_delimiter_is_found_by_patterns_too() -> None:
    settings = catalogue({"image": "Image *", "specifications": PAIRS})
    assert detect_delimiter(b"id;Image 1;Attribute 1 name;Attribute 1 value(s);a,b,c,d\n", settings) == ";"


def test_several_columns_come_back_from_a_stored_plan() -> None:
    settings = catalogue({"image": "image*", "specifications": PAIRS})
    header = read_header(b"id,text,image1,image2,Attribute 1 name,Attribute 1 value(s)", settings, ",")
    start = PlanStart(header=header, source_bytes=1)
    assert PlanStart.model_validate_json(start.model_dump_json()) == start
    assert (header.several["image"], header.pairs) == ((2, 3), (ColumnPair(4, 5),))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9), min_size=1))
def test_every_cell_comes_back_from_the_joined_one(images: list[str]) -> None:
    row = {"id": "1", "text": "t", "spec": "", **{f"Image {number}": cell for number, cell in enumerate(images)}}
    (cell,) = cells([row], catalogue({"image": "Image *"}), "image")
    assert (json.loads(cell) if cell else []) == [image for image in images if image.strip()]
