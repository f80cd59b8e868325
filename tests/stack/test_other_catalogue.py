"""Another shop's CSV, read by settings alone."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from actors.model.catalogue import Catalogue, Columns
from serve_app.config.settings import Settings
from tests.support.csv_records import csv_of, records_of
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

CATALOGUE = Catalogue(
    columns=Columns(
        id="Artikel-Nr",
        name="Titel",
        description="Text",
        brand="Marke",
        image="Bilder",
        specifications="Merkmale",
        categories="Warengruppe",
    ),
    required=("id", "description"),
    encoding="cp1252",
    image_list="delimited",
    image_delimiter="|",
    category_separator="/",
    category_levels=3,
)


@pytest.fixture(scope="module")
def rows(stack: Stack) -> list[dict[str, str]]:
    host = stack.images.url
    return [
        {
            "Preis": "10,00 €",
            "Artikel-Nr": "A/1",
            "Titel": "Müsli; kernig",
            "Text": "Rolled oats are very healthy",
            "Marke": "Köln",
            "Bilder": f"{host}/a1.png|{host}/a1-back.png",
            "Merkmale": '[{"key"=>"Größe", "value"=>"500 g"}]',
            "Warengruppe": "Essen/Früh/Müsli/Hafer",
        },
        {
            "Preis": "",
            "Artikel-Nr": "A 2",
            "Titel": "",
            "Text": "Two\r\nshoes",
            "Marke": "",
            "Bilder": f"http://127.0.0.1:22/x.png | {host}/a2.webp",
            "Merkmale": "",
            "Warengruppe": "Schuhe",
        },
        dict.fromkeys(["Preis", "Artikel-Nr", "Titel", "Text", "Marke", "Bilder", "Merkmale", "Warengruppe"], "")
        | {"Preis": "5", "Titel": "ohne Nummer"},
    ]


def test_another_shop_s_csv(stack: Stack, rows: list[dict[str, str]]) -> None:
    drop = stack.drop(f"{UNWATCHED}händler.csv", csv_of(rows, delimiter=";", encoding="cp1252"))
    settings = Settings(**{**stack.settings.model_dump(), "catalogue": CATALOGUE})
    run = stack.accept_run(settings.run_for(drop))
    manifest = stack.done(drop)
    assert manifest.counts.rejects == {"missing_value": 1}
    assert manifest.counts.images == {"stored": 2}
    assert manifest.counts.image_failures == {"blocked_address": 1}
    assert manifest.failed_urls == run.failed_urls
    (failed,) = map(json.loads, stack.output.read(run.failed_urls.name).splitlines())
    assert (failed["code"], failed["id"]) == ("blocked_address", "A 2")
    assert failed["url"] in rows[failed["row"] - 1]["Bilder"]
    assert manifest.counts.levels_cut == 1

    output = stack.output_of(manifest)
    assert output.splitlines()[0].decode() == ",".join(CATALOGUE.output_columns)
    folder = f"gs://{run.image_bucket}/{run.image_folder}"
    assert records_of(output) == [
        {
            "uniq_id": "A/1",
            "product_name": "Müsli; kernig",
            "description": "roll oat healthy",
            "brand": "Köln",
            "image": rows[0]["Bilder"],
            "image_uri": f"{folder}/A%2F1_0.png",
            "attributes": '{"Gr\\u00f6\\u00dfe": "500 g"}',
            "c0_name": "Essen",
            "c1_name": "Früh",
            "c2_name": "Müsli",
        },
        {
            "uniq_id": "A 2",
            "product_name": "",
            "description": "shoe",
            "brand": "",
            "image": rows[1]["Bilder"],
            "image_uri": f"{folder}/A%202_1.webp",
            "attributes": "{}",
            "c0_name": "Schuhe",
            "c1_name": "",
            "c2_name": "",
        },
    ]
    formats = []
    for name in stack.names(f"{run.image_folder}/"):
        with Image.open(io.BytesIO(stack.output.read(name))) as image:
            formats.append(image.format)
    assert formats == ["WEBP", "PNG"]

    # The rejects are in the shop's own encoding and syntax, so that they can be mended and dropped again.
    rejects = stack.output.read(run.rejects.name).decode("cp1252")
    assert rejects == "Preis;Artikel-Nr;Titel;Text;Marke;Bilder;Merkmale;Warengruppe\n5;;ohne Nummer;;;;;\n"


@pytest.mark.parametrize(("neutralise", "name"), [(False, "=1+1"), (True, "'=1+1")])
def test_formulas_are_kept_unless_the_catalogue_says_otherwise(stack: Stack, neutralise: bool, name: str) -> None:
    row = dict.fromkeys(Columns().model_dump().values(), "x") | {"uniq_id": "-1", "product_name": "=1+1"}
    drop = stack.drop(f"{UNWATCHED}formulas-{neutralise}.csv", csv_of([row]))
    stack.accept(drop, catalogue=Catalogue(neutralise_formulas=neutralise), fetch_images=False)
    (written,) = records_of(stack.output_of(stack.done(drop)))
    assert (written["product_name"], written["uniq_id"]) == (name, "'-1" if neutralise else "-1")


def test_a_preset_is_chosen_by_the_drop_s_name(stack: Stack) -> None:
    content = (Path(__file__).parents[1] / "catalogues" / "shopify.csv").read_text()
    content = content.replace("https://cdn.shop.example/files", stack.images.url)
    drop = stack.drop(f"{UNWATCHED}shops/shopify.tsv", content.encode())
    over = {"variant_columns": ["Option1 Value"]}
    shop = {"name": "shop-a", "pattern": "*/shops/*", "preset": "shopify", "catalogue": over}
    settings = Settings(**{**stack.settings.model_dump(), "watched_prefix": "", "catalogues": [shop], "shard_rows": 1})
    stack.accept_run(settings.run_for(drop).model_copy(update={"shard_bytes": 1}))
    manifest = stack.done(drop)
    assert (manifest.catalogue_name, manifest.shards) == ("shop-a", 3)
    assert (manifest.counts.rows_out, manifest.counts.merged, manifest.counts.rejects) == (3, 2, {})
    beanie, card, mug = records_of(stack.output_of(manifest))
    assert [row["uniq_id"] for row in (beanie, card, mug)] == ["wool-beanie", "gift-card", "tin-mug"]
    assert beanie["image"].count("beanie-") == 3
    assert json.loads(beanie["attributes"]) == {"variants": [{"Option1 Value": "Red"}, {"Option1 Value": "Blue"}]}
    assert (card["image_uri"], mug["image_uri"].endswith("tin-mug_0.png")) == ("", True)
