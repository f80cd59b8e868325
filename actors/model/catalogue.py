"""How to read a catalogue's CSV: column names, required values, list syntax, category levels.

These settings decide the cells of the output. A run keeps the ones that it was accepted with, so that a deploy during
a run can't mix two readings of one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .presets import over_preset

Names = str | Annotated[tuple[str, ...], Field(min_length=1)]
"""A column's name, a pattern of names with `*` and `?`, or a list of both."""

Role = Literal["id", "name", "description", "brand", "image", "specifications", "categories"]
ROLES: tuple[Role, ...] = ("id", "name", "description", "brand", "image", "specifications", "categories")


class AttributeColumnPairs(BaseModel):
    """Attributes with a column for the name and one for the value each, such as WooCommerce's numbered ones.

    A name's column and a value's belong together where `*` and `?` stand for the same: `Attribute * name` and
    `Attribute * value(s)` pair `Attribute 1 name` with `Attribute 1 value(s)`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: str = Field(description="columns of the attributes' names, a name or a pattern")
    values: str = Field(description="columns of their values, a name or a pattern")


class Columns(BaseModel):
    """The source's column for each role. Names are compared without case and surrounding whitespace.

    The roles description, image and specifications may have several columns: a list of names, or a pattern in which
    `*` stands for any characters and `?` for one. They count in the order of the list, those of a pattern in the order
    of the file. One of them is enough; the role's column is missing where the file has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field("uniq_id", description="identifies the row, and names its image")
    name: str = Field("product_name", description="not changed")
    description: Names = Field(
        "description", description="cleaned to unique lemmas; the texts of several columns follow each other"
    )
    brand: str = Field("brand", description="not changed")
    image: Names = Field(
        "image",
        description="list of image URLs; with a list of columns or a pattern, the `image` cell of the output is a JSON "
        "list of their cells, without empty ones",
    )
    specifications: Names | AttributeColumnPairs = Field(
        "product_specifications",
        description="key-value entries, converted to JSON; of several columns together. `names` and `values` instead "
        "of a name: attributes that have a column for the name and one for the value",
    )
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
    description_format: Literal["text", "html"] = Field(
        "text",
        description="`html`: only the text of descriptions is cleaned, without tags, scripts and styles; a sentence "
        "ends where a block such as a paragraph or a list item does",
    )
    image_list: Literal["bracketed", "json", "delimited", "auto"] = Field(
        "bracketed",
        description='syntax of the image column: the reference\'s `["a", "b"]` read leniently, strict JSON, plain text '
        "that is split at `image_delimiter`, or `auto`: JSON, the lists that Python prints, brackets and plain text, "
        "whichever a cell has",
    )
    image_delimiter: str = Field(
        ",",
        min_length=1,
        description="separator of URLs if `image_list` is `delimited`. A comma separates only where a URL begins "
        "behind it, because URLs have commas of their own",
    )
    image_base_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        description="put before image URLs that have neither scheme nor host, with one slash between; if empty, such "
        "URLs are not fetched",
    )
    specification_format: Literal["reference", "ruby_hash", "json", "pairs", "columns", "auto"] = Field(
        "reference",
        description="syntax of specifications. `reference`: Ruby hash text, as the reference reads it; `ruby_hash`: "
        "that of any Ruby version, also a single specification without a list; `json`: an object, or a list of objects "
        "with key or name, and value; `pairs`: text such as `key: value; key: value`; `columns`: each column is an "
        "attribute, named by its header; `auto`: JSON, Ruby hash text or pairs, whichever a cell has",
    )
    specification_pair_delimiter: str = Field(
        "auto",
        min_length=1,
        description="separator of `pairs`; `auto`: line end, semicolon, vertical bar or comma, by what each cell has",
    )
    specification_key_delimiter: str = Field(
        "auto",
        min_length=1,
        description="separator of a pair's key and value; `auto`: equals sign or colon, by what each cell has",
    )
    category_separator: str = Field(">>", min_length=1, description="separator of the levels of a category path")
    category_list: Literal["bracketed", "plain"] = Field(
        "bracketed",
        description="syntax of the category column: the reference's, in which every bracket and double quote is "
        "removed, or plain text, in which they are kept",
    )
    category_paths: Literal["one", "first", "longest"] = Field(
        "one",
        description="how many paths a cell has: one, or several, of which the first counts, or the first of those with "
        "the most levels",
    )
    category_path_delimiter: str = Field(
        ",",
        min_length=1,
        description="separator of the paths unless `category_paths` is `one`; a backslash before it makes it part of a "
        "name",
    )
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
    def _backslash_is_one_thing(self) -> Catalogue:
        if self.delimiter == "\\" and "backslash" in (self.quoting, self.escapes):
            raise ValueError("the delimiter can't be a backslash where a backslash escapes")
        return self

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

    def names_of(self, role: Role) -> tuple[str, ...]:
        """The names and patterns of the role's columns; not for specifications in `AttributeColumnPairs`."""
        column: Names | AttributeColumnPairs = getattr(self.columns, role)
        if isinstance(column, AttributeColumnPairs):
            return ()
        return (column,) if isinstance(column, str) else column

    def has_several(self, role: Role) -> bool:
        """Whether the role may have several columns, so that its cell joins theirs, also if the file has only one."""
        column: Names | AttributeColumnPairs = getattr(self.columns, role)
        if role == "specifications" and self.specification_format == "columns":
            return True
        return not isinstance(column, str) or (role in _WITH_SEVERAL and is_pattern(column))

    def shown(self, role: Role) -> str:
        """The role's columns for messages."""
        column: Names | AttributeColumnPairs = getattr(self.columns, role)
        if isinstance(column, AttributeColumnPairs):
            return f"{column.names} with {column.values}"
        return column if isinstance(column, str) else " or ".join(column)


_WITH_SEVERAL: tuple[Role, ...] = ("description", "image", "specifications")


def is_pattern(name: str) -> bool:
    return "*" in name or "?" in name
