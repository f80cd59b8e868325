"""How to read a catalogue's CSV: column names, required values, list syntax, category levels.

These settings decide the cells of the output. A run keeps the ones that it was accepted with, so that a deploy during
a run can't mix two readings of one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .presets import over_preset

Role = Literal["id", "name", "description", "brand", "image", "specifications", "categories"]
ROLES: tuple[Role, ...] = ("id", "name", "description", "brand", "image", "specifications", "categories")


class Columns(BaseModel):
    """The source's column name for each role. Names are compared without case and surrounding whitespace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field("uniq_id", description="identifies the row, and names its image")
    name: str = Field("product_name", description="not changed")
    description: str = Field("description", description="cleaned to unique lemmas")
    brand: str = Field("brand", description="not changed")
    image: str = Field("image", description="list of image URLs")
    specifications: str = Field("product_specifications", description="key-value entries, converted to JSON")
    categories: str = Field("product_category_tree", description="path of categories, split into levels")


class Catalogue(BaseModel):
    """How to read one catalogue. The defaults read the Flipkart product CSV."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = Field(
        "",
        description="name of a preset in `actors.model.presets`, whose settings take the place of the defaults; it is "
        "filled in when the settings are read, and then empty, so that a run is pinned to the settings themselves",
    )
    columns: Columns = Field(Columns(), description="source column of each role")
    optional_columns: tuple[Role, ...] = Field(
        ("brand",), description="roles whose column may be missing from the header; their cells are then empty"
    )
    required: tuple[Role, ...] = Field(
        ("id", "description", "image", "specifications", "categories"),
        description="roles that must have a value; a row without one is rejected",
    )
    delimiter: str = Field(
        "auto",
        pattern=r"^(auto|[\t !#-~])$",
        description="field delimiter, one ASCII character; `auto`: the one of comma, semicolon, tab and vertical bar "
        "with which the header has the columns",
    )
    encoding: Literal["utf-8", "cp1252"] = Field(
        "utf-8", description="encoding of the file; a byte order mark of UTF-8 or UTF-16 takes precedence"
    )
    image_list: Literal["bracketed", "json", "delimited"] = Field(
        "bracketed",
        description='syntax of the image column: the reference\'s `["a", "b"]` read leniently, strict JSON, or '
        "plain text that is split at `image_delimiter`",
    )
    image_delimiter: str = Field(",", min_length=1, description="separator of URLs if `image_list` is `delimited`")
    category_separator: str = Field(">>", min_length=1, description="separator of the levels of a category path")
    category_levels: int = Field(8, ge=1, le=32, description="number of columns c0_name, c1_name, … in the output")
    neutralise_formulas: bool = Field(
        False,
        description="put an apostrophe before cells of the output that a spreadsheet would run as a formula: those "
        "that start with =, +, -, @, a tab or a line end, and so negative numbers too. If off, cells are not changed: "
        "right for programs, but opening the output in a spreadsheet runs formulas from the file",
    )
    rows_per_product: Literal["one", "consecutive"] = Field(
        "one",
        description="`consecutive`: a product may have several rows, one behind the other, as in Shopify's exports, "
        "where further images and variants have rows. The first row gives the values, and the images of all are "
        "collected in order",
    )
    group_by: str = Field(
        "id",
        min_length=1,
        description="if `rows_per_product` is `consecutive`: a role, or the name of a column. Rows are of one product "
        "where it has the same text; a row without one is a product of its own",
    )
    variant_columns: tuple[str, ...] = Field(
        (),
        description="if `rows_per_product` is `consecutive`: columns whose values become `variants` in the attributes, "
        "a list with an object for each row of the product that has any of them",
    )
    max_product_rows: int = Field(
        1000, ge=1, description="further rows of a product are rejected, and those beyond `max_row_bytes` in all, rows"
    )
    max_field_bytes: int = Field(1 << 20, ge=1, description="a row with a longer field is rejected, bytes")
    max_row_bytes: int = Field(4 << 20, ge=1, description="a longer row is rejected, bytes")
    max_unpacked_bytes: int = Field(16 << 30, ge=1, description="a gzip file with more text is refused, bytes of text")
    max_expansion: float = Field(
        200, ge=1, description="a gzip file with over 16 MiB of text, and this many times its own size, is refused"
    )

    @model_validator(mode="before")
    @classmethod
    def _preset_is_filled_in(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not given.get("preset"):
            return given
        own = {name: value for name, value in given.items() if name != "preset"}
        if isinstance(own.get("columns"), Columns):
            own["columns"] = own["columns"].model_dump(exclude_unset=True)
        return over_preset(given["preset"], own)

    @model_validator(mode="after")
    def _variants_have_rows(self) -> Catalogue:
        if self.variant_columns and self.rows_per_product == "one":
            raise ValueError("variant_columns needs rows_per_product to be consecutive.")
        return self

    @property
    def output_columns(self) -> tuple[str, ...]:
        """The names of the output's columns, in order."""
        levels = tuple(f"c{level}_name" for level in range(self.category_levels))
        return ("uniq_id", "product_name", "description", "brand", "image", "image_uri", "attributes", *levels)
