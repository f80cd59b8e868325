"""The one cell that a role gets from several columns of a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from actors.model.catalogue import Catalogue, Role
from actors.model.header import HeaderMap

Join = Callable[[Sequence[str]], str]
"""From a row's fields to the role's cell."""

_encode = json.JSONEncoder(ensure_ascii=False).encode


def joined_cells(header: HeaderMap, catalogue: Catalogue, original_names: Sequence[str]) -> Mapping[Role, Join]:
    """How to join the cells of each role that may have several columns. A cell of nothing but whitespace is left out.

    - description: the cells, each from a line of its own; of HTML, each in a block of its own.
    - image: a JSON list of the cells.
    - specifications: a JSON list of pairs, `[["Colour", "red"], …]`: of a column's name and its cell, or of the cells
      of a name's and its value's column.

    `original_names` are the names of the header's columns as they came.
    """

    def description(at: Sequence[int], fields: Sequence[str]) -> str:
        cells = (fields[position] for position in at if fields[position].strip())
        if catalogue.description_format == "html":
            return "\n".join(f"<div>{cell}</div>" for cell in cells)
        return "\n".join(cells)

    def image(at: Sequence[int], fields: Sequence[str]) -> str:
        cells = [fields[position] for position in at if fields[position].strip()]
        return _encode(cells) if cells else ""

    def specifications(at: Sequence[int], fields: Sequence[str]) -> str:
        if header.pairs:
            pairs = [(fields[pair.name].strip(), fields[pair.value]) for pair in header.pairs]
        else:
            pairs = [(original_names[position].strip(), fields[position]) for position in at]
        pairs = [pair for pair in pairs if pair[1].strip()]
        return _encode(pairs) if pairs else ""

    joins: dict[Role, Callable[[Sequence[int], Sequence[str]], str]] = {
        "description": description,
        "image": image,
        "specifications": specifications,
    }
    return {
        role: partial(join, header.several.get(role, ())) for role, join in joins.items() if catalogue.has_several(role)
    }
