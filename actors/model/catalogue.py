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
    quoting: Literal["auto", "doubled", "backslash", "none"] = Field(
        "auto",
        description='how a quote inside a quoted field is written: `doubled` (""), `backslash` (\\"), or `none`: the '
        "file quotes nothing, and a quote is text; `auto`: the one that the start of the file shows, and a row that "
        "another would read differently is rejected",
    )
    escapes: Literal["auto", "none", "backslash"] = Field(
        "auto",
        description="whether a backslash is an escape before other characters than a quote too, as MariaDB and pandas "
        r"write \\ for \; without quoting, \t and \n are a tab and a line end then, as PostgreSQL and mysql write "
        "them; `auto`: what the start of the file shows, and a row where it matters but was not shown is rejected",
    )
    null_markers: tuple[str, ...] = Field(
        (), description=r"texts that mean no value, such as NULL or NA; \N means it by itself where a backslash escapes"
    )
    lines_before_header: int = Field(
        0, ge=0, le=1000, description="lines to skip before the header, such as a title; blank ones count"
    )
    max_field_lines: int = Field(
        1000, ge=1, description="a quoted field of more lines is taken for one whose closing quote is missing, lines"
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
    def _backslash_is_one_thing(self) -> Catalogue:
        if self.delimiter == "\\" and "backslash" in (self.quoting, self.escapes):
            raise ValueError("the delimiter can't be a backslash where a backslash escapes")
        return self

    @property
    def output_columns(self) -> tuple[str, ...]:
        """The names of the output's columns, in order."""
        levels = tuple(f"c{level}_name" for level in range(self.category_levels))
        return ("uniq_id", "product_name", "description", "brand", "image", "image_uri", "attributes", *levels)
