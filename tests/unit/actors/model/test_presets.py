"""Each preset reads a small file of our own that has the shape of the shop's export, by the functions of the stages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from actors.images.urls import candidates
from actors.model.catalogue import ROLES, Catalogue, Columns
from actors.model.presets import PRESETS
from actors.model.run import Run
from actors.reading.attribute_columns import attribute_columns
from serve_app.config.settings import Settings
from tests.fuzz.reading import FileRead, read_file, run_of

FILES = {path.stem: path for path in (Path(__file__).parents[3] / "catalogues").iterdir()}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a preset makes of its file: of each row its id, name, image URLs and levels; the rejects' row and code."""

    ids: list[str]
    names: list[str]
    images: list[list[str]]
    levels: list[list[str]]
    rejects: dict[int, str] = field(default_factory=dict)
    merged: int = 0
    attributes: list[dict[str, str]] | None = None


EXPECTED = {
    "flipkart": Expected(
        ids=["f0a1", "f0a2"],
        names=["Halden Cotton Shorts", "Ostrova Desk Lamp"],
        images=[
            ["http://img.shop.example/f0a1-front.jpg", "http://img.shop.example/f0a1-back.jpg"],
            ["http://img.shop.example/f0a2.jpg"],
        ],
        levels=[["Clothing", "Women's Clothing", "Shorts"], ["Home", "Lighting"]],
        rejects={3: "missing_value"},
        attributes=[{"Fabric": "Cotton", "Fit": "Regular"}, {}],
    ),
    "shopify": Expected(
        ids=["wool-beanie", "gift-card", "tin-mug"],
        names=["Wool Beanie", "Gift Card", "Tin Mug"],
        images=[
            [f"https://cdn.shop.example/files/beanie-{name}.jpg?v=1" for name in ("red", "blue", "worn")],
            [],
            ["https://cdn.shop.example/files/mug.png"],
        ],
        levels=[
            ["Apparel & Accessories", "Clothing Accessories", "Hats"],
            [""],
            ["Home & Garden", "Kitchen & Dining"],
        ],
        merged=2,
    ),
    "shopify-2025": Expected(
        ids=["wool-beanie", "tin-mug"],
        names=["Wool Beanie", "Tin Mug"],
        images=[[f"https://cdn.shop.example/files/beanie-{name}.jpg" for name in ("red", "blue")], []],
        levels=[["Apparel & Accessories", "Hats"], [""]],
        merged=1,
    ),
    "woocommerce": Expected(
        ids=["41", "42", "43"],
        names=["Hoodie", "Cap", "Hoodie - Blue, Yes"],
        images=[
            [
                "https://shop.example/wp-content/uploads/hoodie-1.jpg",
                "https://shop.example/wp-content/uploads/hoodie-2.jpg",
            ],
            ["https://shop.example/wp-content/uploads/cap.jpg"],
            ["https://shop.example/wp-content/uploads/hoodie-3.jpg"],
        ],
        levels=[["Clothing", "Hoodies"], ["Clothing", "Accessories"], [""]],
        rejects={4: "missing_value"},
        attributes=[{"Color": "Blue, Green", "Logo": "Yes, No"}, {"Color": "Yellow"}, {"Color": "Blue"}],
    ),
    "magento": Expected(
        ids=["24-B1", "24-B2", "24-G1"],
        names=["Harbour Duffle", "Field Pack", "Membership"],
        images=[["/b/1/b1-0.jpg", "/b/1/b1-1.jpg", "/b/1/b1-2.jpg"], ["/b/2/b2-0.jpg"], []],
        levels=[["Default Category", "Gear", "Bags"], ["Default Category", "Gear", "Bags"], [""]],
        rejects={3: "missing_value"},
        attributes=[
            {"activity": "Gym|Travel", "material": "Canvas", "strap_bags": "Adjustable"},
            {"material": "Nylon"},
            {},
        ],
    ),
    "prestashop": Expected(
        ids=["1", "2", "3"],
        names=["Tea Pot", "Tea Cup", "Tea Tin"],
        images=[
            ["https://shop.example/img/p/1/1.jpg", "https://shop.example/img/p/1/2.jpg"],
            ["https://shop.example/img/p/2/3.jpg"],
            [],
        ],
        levels=[["Home", "Kitchen"], ["Kitchen"], [""]],
    ),
    "google-merchant": Expected(
        ids=["TV-42", "DVD-7"],
        names=["42 inch screen", "Film"],
        images=[[f"https://shop.example/img/tv-{at}.jpg" for at in (1, 2, 3)], ["https://shop.example/img/film.jpg"]],
        levels=[["Electronics", "Video", "Televisions"], ["Media"]],
        rejects={3: "missing_value"},
    ),
    "etsy": Expected(
        ids=["FERN-A4,FERN-A3", ""],
        names=["Fern Print, green leaf poster", "Copper Ring"],
        images=[[f"https://i.shop.example/fern-{at}.jpg" for at in (1, 2, 3)], ["https://i.shop.example/ring.jpg"]],
        levels=[[""], [""]],
        rejects={3: "missing_value"},
        attributes=[{"Size": "A4,A3"}, {}],
    ),
    "amazon-flat-file": Expected(
        ids=["PAN-24", "LID-24"],
        names=["Iron Pan 24 cm", "Lid 24 cm"],
        images=[[f"https://m.shop.example/pan-{at}.jpg" for at in (1, 2, 3)], ["https://m.shop.example/lid.jpg"]],
        levels=[["skillets"], ["lids"]],
        rejects={3: "missing_value"},
        attributes=[{"bullet_point1": "No coating", "bullet_point2": "For all stoves"}, {}],
    ),
    "open-food-facts": Expected(
        ids=["0000000000017", "0000000000024"],
        names=["Oat biscuits", 'Milk "fresh"'],
        images=[
            ["https://images.food.example/017/front.400.jpg"],
            ["https://images.food.example/024/front.400.jpg"],
        ],
        levels=[["Snacks", "Sweet snacks", "Biscuits"], ["Dairies"]],
        rejects={3: "missing_value"},
    ),
}


def test_each_preset_has_a_file() -> None:
    assert FILES.keys() == PRESETS.keys() == EXPECTED.keys()


def rows_of(read: FileRead) -> pa.Table:
    return pa.table({role: pa.array(read.cells(role), pa.string()) for role in ROLES})


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_reads_its_shop_s_file(preset: str) -> None:
    catalogue, expected = Catalogue(preset=preset), EXPECTED[preset]
    read = read_file(FILES[preset].read_bytes(), catalogue)
    assert read.refusal is None
    assert {reject.row: str(reject.code) for reject in read.rejects} == expected.rejects
    assert read.merged == expected.merged
    assert (read.cells("id"), read.cells("name")) == (expected.ids, expected.names)
    assert [[one.url for one in candidates(cell, catalogue)] for cell in read.cells("image")] == expected.images
    columns = attribute_columns(rows_of(read), catalogue)
    levels = zip(*(level.to_pylist() for level in columns.levels), strict=True)
    width = catalogue.category_levels
    for found, row in zip(levels, expected.levels, strict=True):
        assert list(found) == [*row, *[""] * (width - len(row))]
    if expected.attributes is not None:
        assert [json.loads(cell) for cell in columns.attributes.to_pylist()] == expected.attributes


def test_flipkart_is_the_default() -> None:
    assert Catalogue(preset="flipkart") == Catalogue()


def test_what_is_set_goes_before_the_preset() -> None:
    given = {"preset": "shopify", "columns": {"id": "Variant SKU"}, "required": ["id"], "category_levels": 3}
    catalogue = Catalogue.model_validate(given)
    assert (catalogue.columns.id, catalogue.columns.name) == ("Variant SKU", "Title")
    assert (catalogue.required, catalogue.category_levels, catalogue.category_separator) == (("id",), 3, ">")
    assert Catalogue(preset="shopify", columns=Columns(id="Variant SKU")).columns == catalogue.columns


def test_a_preset_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_CATALOGUE__PRESET", "magento")
    monkeypatch.setenv("DROPFORGE_CATALOGUE__COLUMNS__BRAND", "maker")
    columns = Settings().catalogue.columns
    assert (columns.id, columns.brand) == ("sku", "maker")


def test_a_run_is_pinned_to_the_settings_themselves() -> None:
    run = run_of(Catalogue(preset="shopify"), shard_bytes=1, shard_rows=1)
    record = json.loads(run.model_dump_json())
    assert (record["catalogue"]["preset"], record["catalogue"]["columns"]["id"]) == ("", "Handle")
    assert Run.model_validate_json(run.model_dump_json()) == run


def test_an_unknown_preset_is_told_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="no preset 'shoppify': did you mean 'shopify'"):
        Catalogue(preset="shoppify")
