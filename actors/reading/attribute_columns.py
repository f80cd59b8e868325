"""The work of the attributes stage on a shard's rows, without the deployment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

import pyarrow as pa

from actors.model.catalogue import Catalogue
from actors.model.frame import AttributeColumns

from .categories import category_reader
from .specification import Attributes
from .specification_formats import says_something, specification_reader


@dataclass(frozen=True, slots=True)
class AttributeCells:
    """One entry a row: its attributes, and the levels of its category path."""

    attributes: list[Attributes]
    paths: list[list[str]]


def attribute_cells(specifications: Sequence[str], categories: Sequence[str], catalogue: Catalogue) -> AttributeCells:
    """What `attribute_columns` makes columns of, in plain Python."""
    return AttributeCells(
        attributes=[*map(specification_reader(catalogue), specifications)],
        paths=[*map(category_reader(catalogue), categories)],
    )


def attribute_columns(rows: pa.Table, catalogue: Catalogue) -> AttributeColumns:
    """The attributes and category levels of `ShardFrame.rows`: string columns of the same length.

    A level that a row does not have is empty; levels beyond the catalogue's `category_levels` are cut and counted.
    The variants of a product, if the catalogue has `variant_columns`, are the attribute `variants`, a list of objects.
    """
    given = rows["specifications"].to_pylist()
    cells = attribute_cells(given, rows["categories"].to_pylist(), catalogue)
    attributes, paths = cells.attributes, cells.paths
    texts = [cell.text for cell in attributes]
    unread = sum(says_something(given[at]) for at, text in enumerate(texts) if text == "{}")
    if catalogue.variant_columns:
        texts = [*map(_with_variants, texts, rows["variants"].to_pylist())]
    count = catalogue.category_levels
    columns = list(islice(zip_longest(*paths, fillvalue=""), count))  # a path may have any number of levels
    nowhere = ("",) * len(paths)
    levels = (pa.array(level, pa.string()) for level in [*columns, *[nowhere] * (count - len(columns))])
    return AttributeColumns(
        attributes=pa.array(texts, pa.string()),
        levels=tuple(levels),
        entries_without_key=sum(cell.entries_without_key for cell in attributes),
        unread_specifications=unread,
        levels_cut=sum(len(path) > count for path in paths),
    )


def _with_variants(attributes: str, variants: str) -> str:
    return json.dumps(json.loads(attributes) | {"variants": json.loads(variants)}) if variants else attributes
