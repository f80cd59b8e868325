"""Presets: how to read the product exports of well-known shops, as settings of a `Catalogue`.

A preset is a mapping of the same shape as `catalogue` in the settings. What it does not name has the catalogue's
default, and what a person sets goes before it. A role that a shop does not export is among `optional_columns`.

Sources of the column names, as read on 29 November 2026:

- `shopify`, `shopify-2025`: "Using CSV files to import and export products", Shopify Help Center: until 2025 with
  `Handle`, `Body (HTML)` and `Image Src`, since then with `URL handle` and `Product image URL`.
- `woocommerce`: the CSV schema of WooCommerce's own importer and exporter. `Brands` is there since WooCommerce 9.6.
- `magento`: "Product data attributes reference", Adobe Commerce. The default separator of values is the comma.
- `prestashop`: docs/csv_import/products_import.csv of PrestaShop/PrestaShop at 063fc9f4.
- `google-merchant`: "Product data specification", Google Merchant Center Help.
- `etsy`: the header of Etsy's download of listings, as programs in public repositories read it. It has no column of
  listing ids or categories.
- `amazon-flat-file`: the third line of inventory file templates, as programs in public repositories write it. The
  first two lines are a version and labels.
- `open-food-facts`: the header of the tab-separated export; the fields are explained in its data-fields.txt.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_SHOPIFY = {
    "required": ("id", "name"),
    "optional_columns": ("description", "brand", "image", "specifications", "categories"),
    "delimiter": ",",
    "quoting": "doubled",
    "description_format": "html",
    "image_list": "delimited",
    "category_separator": ">",
    "category_list": "plain",
    "rows_per_product": "consecutive",
    "group_by": "id",
}

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "flipkart": {},
        "shopify": _SHOPIFY
        | {
            "columns": {
                "id": "Handle",
                "name": "Title",
                "description": "Body (HTML)",
                "brand": "Vendor",
                "image": ["Image Src", "Variant Image"],
                "categories": "Product Category",
            },
        },
        "shopify-2025": _SHOPIFY
        | {
            "columns": {
                "id": "URL handle",
                "name": "Title",
                "description": "Description",
                "brand": "Vendor",
                "image": ["Product image URL", "Variant image URL"],
                "categories": "Product category",
            },
        },
        "woocommerce": {
            "columns": {
                "id": "ID",
                "name": "Name",
                "description": "Description",
                "brand": "Brands",
                "image": "Images",
                "specifications": {"names": "Attribute * name", "values": "Attribute * value(s)"},
                "categories": "Categories",
            },
            "required": ("id", "name"),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": ",",
            "image_list": "delimited",
            "description_format": "html",
            "category_separator": ">",
            "category_list": "plain",
            "category_paths": "longest",
        },
        "magento": {
            "columns": {
                "id": "sku",
                "name": "name",
                "description": "description",
                "brand": "manufacturer",
                "image": ["base_image", "additional_images"],
                "specifications": "additional_attributes",
                "categories": "categories",
            },
            "required": ("id", "name"),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": ",",
            "image_list": "delimited",
            "description_format": "html",
            "specification_format": "pairs",
            "specification_pair_delimiter": ",",
            "specification_key_delimiter": "=",
            "category_separator": "/",
            "category_list": "plain",
            "category_paths": "longest",
        },
        "prestashop": {
            "columns": {
                "id": "Product ID",
                "name": "Name *",
                "description": "Description",
                "brand": "Manufacturer",
                "image": "Image URLs (x,y,z...)",
                "specifications": "Feature(Name:Value:Position)",
                "categories": "Categories (x,y,z...)",
            },
            "required": ("id", "name"),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": ";",
            "image_list": "delimited",
            "description_format": "html",
            "category_separator": "/",
            "category_list": "plain",
            "category_paths": "first",
        },
        "google-merchant": {
            "columns": {
                "id": "id",
                "name": "title",
                "description": "description",
                "brand": "brand",
                "image": ["image_link", "additional_image_link"],
                "specifications": "product_detail",
                "categories": "product_type",
            },
            "required": ("id", "name"),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": "\t",
            "image_list": "delimited",
            "description_format": "html",
            "category_separator": ">",
            "category_list": "plain",
            "category_paths": "first",
        },
        "etsy": {
            "columns": {
                "id": "SKU",
                "name": "TITLE",
                "description": "DESCRIPTION",
                "image": "IMAGE*",
                "specifications": {"names": "VARIATION * NAME", "values": "VARIATION * VALUES"},
            },
            "required": ("name",),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": ",",
            "image_list": "delimited",
        },
        "amazon-flat-file": {
            "columns": {
                "id": "item_sku",
                "name": "item_name",
                "description": "product_description",
                "brand": "brand_name",
                "image": ["main_image_url", "other_image_url*"],
                "specifications": "bullet_point*",
                "categories": "item_type",
            },
            "required": ("id", "name"),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": "\t",
            "quoting": "none",
            "lines_before_header": 2,
            "description_format": "html",
            "specification_format": "columns",
            "image_list": "delimited",
        },
        "open-food-facts": {
            "columns": {
                "id": "code",
                "name": "product_name",
                "description": "generic_name",
                "brand": "brands",
                "image": "image_url",
                "categories": "categories_en",
            },
            "required": ("id", "name"),
            "optional_columns": ("description", "brand", "image", "specifications", "categories"),
            "delimiter": "\t",
            "quoting": "none",
            "image_list": "delimited",
            "category_separator": ",",
        },
    }
)


def over_preset(preset: object, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a preset, with those in `given` in their place, at any depth.

    Raises `ValueError`, with a message for the person who wrote it, when there is no preset of this name.
    """
    if not isinstance(preset, str) or preset not in PRESETS:
        nearest = difflib.get_close_matches(str(preset), PRESETS, n=1)
        meant = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise ValueError(f"there is no preset {preset!r}: {meant}The presets are {', '.join(PRESETS)}.")
    return _over(PRESETS[preset], given)


def _over(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for name, value in given.items():
        below = result.get(name)
        result[name] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result
