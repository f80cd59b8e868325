"""A catalogue of another shop: its columns, delimiter and encoding are settings, not code.

In a deployment they stand in `serve_config.yaml`:

    args:
      catalogue:
        columns: {id: Artikel-Nr, name: Titel, …}
        encoding: cp1252
"""

from __future__ import annotations

import pytest

from actors.csv.header import detect_delimiter, read_header
from actors.csv.records import read_shard
from actors.csv.scan import ShardScanner
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from serve_app.config.settings import Settings

FILE = (
    "Artikel-Nr;Titel;Preis;Text;Bilder;Merkmale;Warengruppe\r\n"
    'A-1;Müsli;3,99;"Kernig; mit Nüssen";http://bild.example/a1.jpg;;Essen/Früh\r\n'
    "A-2;Tee;2,49;Aus Assam;http://bild.example/a2.jpg;;Essen\r\n"
).encode("cp1252")

SETTINGS = Settings.model_validate(
    {
        "catalogue": {
            "columns": {
                "id": "Artikel-Nr",
                "name": "Titel",
                "description": "Text",
                "image": "Bilder",
                "specifications": "Merkmale",
                "categories": "Warengruppe",
            },
            "required": ["id", "description"],
            "encoding": "cp1252",
            "image_list": "delimited",
            "image_delimiter": "|",
            "category_separator": "/",
            "category_levels": 3,
        }
    }
)


def test_settings_name_the_columns() -> None:
    catalogue = SETTINGS.catalogue
    delimiter = detect_delimiter(FILE, catalogue)
    assert delimiter == ";"

    scanner = ShardScanner(delimiter, shard_bytes=1 << 20, shard_rows=None, max_row_bytes=1 << 20)
    (shard,) = [*scanner.feed(FILE), *scanner.finish()]
    assert scanner.header is not None
    header = read_header(scanner.header, catalogue, delimiter)
    frame = read_shard(FILE[shard.start : shard.end], shard, header, catalogue)

    assert frame.rows["id"].to_pylist() == ["A-1", "A-2"]
    assert frame.rows["name"].to_pylist() == ["Müsli", "Tee"]
    assert frame.rows["description"].to_pylist() == ["Kernig; mit Nüssen", "Aus Assam"]
    assert frame.rows["brand"].to_pylist() == ["", ""]  # a column that may be absent
    assert catalogue.output_columns[-3:] == ("c0_name", "c1_name", "c2_name")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DropforgeError) as raised:
        read_header(b"Artikel-Nr;Titel;Texte", SETTINGS.catalogue, ";")
    assert raised.value.code is Code.MISSING_COLUMN
    assert "'Text' (nearest: 'texte')" in raised.value.message


def test_without_settings_it_is_the_flipkart_catalogue() -> None:
    assert Settings().catalogue == Catalogue()
    assert Catalogue().columns.id == "uniq_id"
