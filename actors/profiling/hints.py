"""Names that columns of catalogues have, by role: of shop systems, marketplaces and feeds, the usual one first.

Sources: the export and feed specifications of Shopify, WooCommerce, Magento 2, PrestaShop, Google Merchant Center,
Etsy, Amazon and Open Food Facts, and the Flipkart sample.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from actors.model.catalogue import Role

NAMES: dict[Role, tuple[str, ...]] = {
    "id": (
        "uniq id", "id", "sku", "item sku", "product id", "handle", "variant sku", "seller sku", "code", "reference",
        "listing id", "asin", "gtin", "ean", "artikel nr", "artikelnummer", "nr", "product id reference",
    ),
    "name": (
        "product name", "title", "name", "item name", "post title", "titel", "produktname", "bezeichnung", "nom",
    ),
    "description": (
        "description", "body html", "product description", "long description", "body", "beschreibung", "text",
        "short description", "summary", "ingredients text",
    ),
    "brand": ("brand", "vendor", "brand name", "brands", "manufacturer", "marke", "hersteller", "marque"),
    "image": (
        "image", "images", "image src", "image link", "image url", "image urls", "main image url", "base image",
        "bilder", "bild", "image1", "image 1", "photo", "photos", "picture", "pictures", "product image",
    ),
    "specifications": (
        "product specifications", "specifications", "specification", "attributes", "additional attributes", "specs",
        "features", "merkmale", "eigenschaften", "product detail", "details", "params",
    ),
    "categories": (
        "product category tree", "categories", "category", "product type", "product category",
        "google product category", "category path", "type", "kategorie", "kategorien", "warengruppe", "item type",
    ),
}  # fmt: skip

_ALL = frozenset(name for names in NAMES.values() for name in names)


def plain(name: str) -> str:
    """A column's name for comparison with those above: lower-case words with one space between."""
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def rank(name: str, role: Role) -> int | None:
    """The place of a column's name among the role's; None for another name."""
    names = NAMES[role]
    return names.index(plain(name)) if plain(name) in names else None


def known_names(names: Sequence[str]) -> list[str]:
    return [name.strip() for name in names if plain(name) in _ALL]
