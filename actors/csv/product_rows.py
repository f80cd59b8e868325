"""The rows of a product as one row: the values of its first, the images of all, and its variants."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, Catalogue
from actors.model.drop import Shard
from actors.model.header import HeaderMap

from .products import ProductKeys, product_columns

_IMAGE = ROLES.index("image")
_GROUP = len(ROLES)

_encode = json.JSONEncoder(ensure_ascii=False).encode


class ProductRows:
    """The products of a shard, as its rows are read in order.

    A row's values are those of `ROLES`, followed by those of `positions`: the group's text, and the variant's cells.
    `data` and `ends` are the shard's bytes and the ends of its records.
    """

    def __init__(self, header: HeaderMap, catalogue: Catalogue, shard: Shard, data: bytes, ends: np.ndarray) -> None:
        columns = product_columns(header, catalogue)
        self.positions = (columns.group, *(position for _, position in columns.variants))
        self.merged = 0
        """Rows that only add to the first one of their product."""
        runs = ProductKeys(header, catalogue).runs_of_shard(data, shard, ends)
        self._joins, self._over = runs.joins, runs.over
        self._names = [name for name, _ in columns.variants]
        self._catalogue = catalogue
        self._products: list[list[tuple[str, ...]]] = []
        self._open = False
        self._last = -1

    def merges(self, index: int, values: tuple[str, ...]) -> bool:
        """Adds the record of this index to the product under way, if it is one of its rows.

        Raises `PRODUCT_TOO_LARGE` where the product has all that it may have.
        """
        if not self._joins[self._last + 1 : index + 1].all():
            self._open = False
        self._last = index
        if not values[_GROUP].strip():
            self._open = False
            return False
        if self._over[index]:
            raise _too_large(self._catalogue)
        if not self._open or values[_GROUP] != self._products[-1][0][_GROUP]:
            self._open = False
            return False
        self._products[-1].append(values)
        self.merged += 1
        return True

    def begin(self, values: tuple[str, ...]) -> None:
        """The row is the first of a product."""
        self._products.append([values])
        self._open = True

    def rows(self) -> list[tuple[str, ...]]:
        """A row for each product, in order: the values of `ROLES`, and its variants if the catalogue has any."""
        return [self._row(product) for product in self._products]

    def _row(self, product: list[tuple[str, ...]]) -> tuple[str, ...]:
        first = list(product[0][:_GROUP])
        first[_IMAGE] = joined_images([row[_IMAGE] for row in product], self._catalogue)
        if self._names:
            first.append(variants_json(self._names, [row[_GROUP + 1 :] for row in product]))
        return tuple(first)


def joined_images(cells: Sequence[str], catalogue: Catalogue) -> str:
    """The image cells of a product's rows as one, in the catalogue's list syntax; equal cells count once."""
    distinct = list(dict.fromkeys(cell for cell in cells if cell.strip()))
    if len(distinct) < 2:
        return distinct[0] if distinct else ""
    lists = [_json_list(cell) for cell in distinct]
    if all(entries is not None for entries in lists):
        return _encode([*dict.fromkeys(entry for entries in lists if entries is not None for entry in entries)])
    return (catalogue.image_delimiter if catalogue.image_list == "delimited" else ",").join(distinct)


def variants_json(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The variants of a product, one for each of its rows that has any: a JSON list of objects; empty for none."""
    variants = [
        variant for row in rows if (variant := {name: cell for name, cell in zip(names, row, strict=True) if cell})
    ]
    return _encode(variants) if variants else ""


def _too_large(catalogue: Catalogue) -> DropforgeError:
    """Why a row that is over what a product may have is rejected."""
    return DropforgeError(
        Code.PRODUCT_TOO_LARGE,
        f"The rows before this one, of the same product, are as many as the catalogue's `max_product_rows` "
        f"({catalogue.max_product_rows}), or with this one have more than `max_row_bytes` ({catalogue.max_row_bytes}) "
        "bytes. Their images are in the output, this row's are not. Increase the setting, and drop the file again.",
    )


def _json_list(cell: str) -> list[str] | None:
    try:
        entries = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return entries if isinstance(entries, list) and all(isinstance(entry, str) for entry in entries) else None
