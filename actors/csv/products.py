"""Products of several rows, where the catalogue's `rows_per_product` is `consecutive`.

Consecutive records whose `group_by` field has the same text, not empty, are the rows of one product. Other records, and
those from which that field can't be read, are products of their own. A product ends after `max_product_rows` rows, and
where its rows have more than `max_row_bytes` bytes together: what follows of it is rejected, so that a shard, which
holds a product whole, stays small.

The plan's scan and the reader of a shard find the same products, because both ask `ProductKeys`, and because a shard
that begins with the rejected rest of a product says so (`Shard.continued`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, Catalogue
from actors.model.drop import Shard
from actors.model.header import HeaderMap

from .fields import splitter
from .ids import IdFilter
from .role_columns import comparable


@dataclass(frozen=True, slots=True)
class ProductColumns:
    """The positions of the group's field and of those of a variant, these with their names as the header has them."""

    group: int
    variants: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LastProduct:
    """What is known of the product of the record before: the hash of its key, 0 for none, its rows and first byte."""

    key: int = 0
    rows: int = 0
    start: int = 0


@dataclass(frozen=True, slots=True)
class Runs:
    """Of consecutive records, bool, shape (records,).

    `joins`: the record is of the same product as the one before it. `over`: it also is more than a product may have, so
    that it is rejected. A shard may end before a record that does not join, or is over. `last` is the state behind
    them.
    """

    joins: np.ndarray
    over: np.ndarray
    last: LastProduct

    @property
    def bound(self) -> np.ndarray:
        """Whether no shard may end before the record."""
        bound: np.ndarray = self.joins & ~self.over
        return bound


class ProductKeys:
    """Finds the products of a file's records. Raises as `product_columns`."""

    def __init__(self, header: HeaderMap, catalogue: Catalogue) -> None:
        self._ids = IdFilter(header, 0, product_columns(header, catalogue).group)
        self._most_rows = catalogue.max_product_rows
        self._most_bytes = catalogue.max_row_bytes

    def runs(self, block: bytes, start: int, ends: np.ndarray, before: LastProduct) -> Runs:
        """Of consecutive records in `block`, the first of which starts at `start`; `ends` is as in `Boundaries`.

        `before.start` counts in the same bytes as `start`.
        """
        if not ends.size:
            return Runs(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool), before)
        keys = self._ids.hashes(block, start, ends, self._most_bytes)
        starts = np.concatenate(([start], ends[:-1]))
        joins = (keys != 0) & (keys == np.concatenate((np.array([before.key], dtype=np.uint64), keys[:-1])))
        places = np.arange(ends.size)
        first = np.maximum.accumulate(np.where(joins, -1, places))
        rows = np.where(first < 0, places + before.rows, places - first)
        product_starts = np.where(first < 0, before.start, starts[first])
        over = joins & ((rows >= self._most_rows) | (ends - product_starts > self._most_bytes))
        return Runs(joins, over, LastProduct(int(keys[-1]), int(rows[-1]) + 1, int(product_starts[-1])))

    def runs_of_shard(self, data: bytes, shard: Shard, ends: np.ndarray) -> Runs:
        """Of all records of a shard, whose bytes are `data`."""
        before = LastProduct()
        if shard.continued and ends.size:
            first = self._ids.hashes(data, 0, ends[:1], self._most_bytes)
            before = LastProduct(int(first[0]), self._most_rows)
        return self.runs(data, 0, ends, before)


def product_columns(header: HeaderMap, catalogue: Catalogue) -> ProductColumns:
    """The columns that `group_by` and `variant_columns` name.

    Raises `MISSING_COLUMN` where the header does not have one of them, and `DUPLICATE_COLUMN` where it has it twice.
    """
    group = catalogue.group_by
    if group in ROLES:
        position = header.positions.get(group)
        if position is None:
            raise _missing(f"the column of {group}, which `group_by` names")
    else:
        position = _position(header, group, "group_by")
    names = splitter(header.delimiter, header.dialect)(header.text)
    variants = [_position(header, column, "variant_columns") for column in catalogue.variant_columns]
    return ProductColumns(position, tuple((names[at].removeprefix("\ufeff").strip(), at) for at in variants))


def _position(header: HeaderMap, column: str, setting: str) -> int:
    name = comparable(column)
    match header.names.count(name):
        case 1:
            return header.names.index(name)
        case 0:
            raise _missing(f"{column!r}, which `{setting}` names")
        case count:
            raise DropforgeError(
                Code.DUPLICATE_COLUMN,
                f"The header has the column {column!r}, which `{setting}` names, {count} times. Rename or remove all "
                "but one, and drop the file again.",
            )


def _missing(what: str) -> DropforgeError:
    return DropforgeError(
        Code.MISSING_COLUMN, f"The header lacks {what}. Rename the column in the file, or change the setting."
    )
