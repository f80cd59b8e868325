"""Files whose products have several rows."""

from __future__ import annotations

import csv
import io
from typing import Any

from actors.model.catalogue import Catalogue

from .reading import short_catalogue

NAMES = ["i", "n", "d", "b", "m", "s", "c", "g", "size"]


def catalogue_of(**changes: Any) -> Catalogue:
    given = {
        "rows_per_product": "consecutive",
        "required": ("id", "name"),
        "image_list": "delimited",
        "quoting": "doubled",  # rows of an open quote alone say nothing of how a file quotes
    }
    return short_catalogue(**given | changes)


def file_of(*rows: dict[str, str], end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerows([NAMES, *([row.get(name, "") for name in NAMES] for row in rows)])
    return text.getvalue().encode()
