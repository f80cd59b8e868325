"""What a catalogue's CSV looks like: column names, required values, list syntax, category levels.

The settings that decide a result's cells. A run keeps the ones it was accepted with, so a deploy in the
middle of a run can't mix two readings of one file.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["id", "name", "description", "brand", "image", "specifications", "categories"]
ROLES: tuple[Role, ...] = ("id", "name", "description", "brand", "image", "specifications", "categories")


class Columns(BaseModel):
    """The source's column name for each role. Names are compared without case and outer blanks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field("uniq_id", description="names the row and its image objects")
    name: str = Field("product_name", description="kept as it came")
    description: str = Field("description", description="cleaned to unique lemmas")
    brand: str = Field("brand", description="kept as it came")
    image: str = Field("image", description="list of image URLs")
    specifications: str = Field("product_specifications", description="key-value entries, turned into JSON")
    categories: str = Field("product_category_tree", description="path of categories, split into levels")


class Catalogue(BaseModel):
    """How to read one catalogue. The defaults read the Flipkart product CSV."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Columns = Field(Columns(), description="source column of each role")
    optional_columns: tuple[Role, ...] = Field(
        ("brand",), description="roles whose column may be absent from the header; their cells are then empty"
    )
    required: tuple[Role, ...] = Field(
        ("id", "description", "image", "specifications", "categories"),
        description="roles that must have a value; a row without one is a reject",
    )
    delimiter: str = Field(
        "auto",
        pattern=r"^(auto|[\t !#-~])$",
        description="field delimiter, one ASCII character; `auto` takes the one of comma, semicolon, tab and bar that "
        "finds the columns in the header",
    )
    encoding: Literal["utf-8", "cp1252"] = Field(
        "utf-8", description="encoding of the source's bytes; a byte order mark of UTF-8 or UTF-16 goes before it"
    )
    image_list: Literal["bracketed", "json", "delimited"] = Field(
        "bracketed",
        description='syntax of the image column: the reference\'s `["a", "b"]` read leniently, strict JSON, or '
        "plain text split at `image_delimiter`",
    )
    image_delimiter: str = Field(",", min_length=1, description="separates URLs when `image_list` is delimited")
    category_separator: str = Field(">>", min_length=1, description="separates the levels of a category path")
    category_levels: int = Field(8, ge=1, le=32, description="columns c0_name … written to the output")
    neutralise_formulas: bool = Field(
        False,
        description="put an apostrophe before cells of the output that a spreadsheet would run as a formula: those "
        "that start with =, +, -, @, a tab or a line end, negative numbers too. Off, cells are kept byte for byte: "
        "right for programs, but whoever opens the output in a spreadsheet runs what strangers wrote",
    )
    max_field_bytes: int = Field(1 << 20, ge=1, description="a longer field makes its row a reject, bytes")
    max_row_bytes: int = Field(4 << 20, ge=1, description="a longer row is a reject, bytes")
    max_unpacked_bytes: int = Field(16 << 30, ge=1, description="a gzip file with more text is refused, bytes of text")
    max_expansion: float = Field(
        200, ge=1, description="a gzip file of more than 16 MiB of text, this many times its own size, is refused"
    )

    @property
    def output_columns(self) -> tuple[str, ...]:
        levels = tuple(f"c{level}_name" for level in range(self.category_levels))
        return ("uniq_id", "product_name", "description", "brand", "image", "image_uri", "attributes", *levels)
