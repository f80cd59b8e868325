"""The work of the attributes stage on a shard's rows, without the deployment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

import pyarrow as pa

from actors.model.catalogue import Catalogue
from actors.model.frame import AttributeColumns

from .categories import category_levels
from .specification import Attributes, parse_attributes


@dataclass(frozen=True, slots=True)
class AttributeCells:
    """One entry a row: its attributes, and the levels of its category path."""

    attributes: list[Attributes]
    paths: list[list[str]]


def attribute_cells(specifications: Sequence[str], categories: Sequence[str], catalogue: Catalogue) -> AttributeCells:
    """What `attribute_columns` makes columns of, in plain Python."""
    return AttributeCells(
        attributes=[parse_attributes(text) for text in specifications],
        paths=[category_levels(path, catalogue.category_separator) for path in categories],
    )


def attribute_columns(rows: pa.Table, catalogue: Catalogue) -> AttributeColumns:
    """The attributes and category levels of `ShardFrame.rows`: string columns of the same length.

    A level that a row does not have is empty; levels beyond the catalogue's `category_levels` are cut and counted.
    """
    cells = attribute_cells(rows["specifications"].to_pylist(), rows["categories"].to_pylist(), catalogue)
    attributes, paths = cells.attributes, cells.paths
    count = catalogue.category_levels
    columns = list(islice(zip_longest(*paths, fillvalue=""), count))  # a path may have any number of levels
    nowhere = ("",) * len(paths)
    levels = (pa.array(level, pa.string()) for level in [*columns, *[nowhere] * (count - len(columns))])
    return AttributeColumns(
        attributes=pa.array([cell.text for cell in attributes], pa.string()),
        levels=tuple(levels),
        entries_without_key=sum(cell.entries_without_key for cell in attributes),
        levels_cut=sum(len(path) > count for path in paths),
    )
