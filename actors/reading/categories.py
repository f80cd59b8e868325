"""Splits category paths into levels; by default as the reference's `prep_cat` does.

Source: GoogleCloudPlatform/accelerated-platforms, modules/python/src/datapreprocessing/datacleaner.py at 1e5775ea.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from actors.model.catalogue import Catalogue


def category_reader(catalogue: Catalogue) -> Callable[[str], list[str]]:
    """From a cell to the levels of its path, or of the one of its paths that the catalogue says."""
    separator = catalogue.category_separator
    levels = category_levels if catalogue.category_list == "bracketed" else plain_levels
    if catalogue.category_paths == "one":
        return partial(levels, separator=separator)
    delimiter = catalogue.category_path_delimiter
    # A backslash before the delimiter is how WooCommerce writes a name's own comma (its CSV exporter, 10.3).
    at_delimiters = re.compile(rf"(?<!\\){re.escape(delimiter)}")
    first = catalogue.category_paths == "first"

    def one_of_several(cell: str) -> list[str]:
        paths = (levels(path.replace(f"\\{delimiter}", delimiter), separator) for path in at_delimiters.split(cell))
        named = (path for path in paths if any(path))
        return next(named, [""]) if first else max(named, key=len, default=[""])

    return one_of_several


def plain_levels(path: str, separator: str) -> list[str]:
    """The levels of a path such as `TV > 32" > Smart [new]`, outermost first, without whitespace around each."""
    return [*map(str.strip, path.split(separator))]


def category_levels(path: str, separator: str) -> list[str]:
    """The levels of a path such as `["Clothing >> Women's Clothing >> Shorts"]`, outermost first.

    Brackets and double quotes are removed wherever they are, and whitespace around each level.
    """
    names = path.replace("[", "").replace("]", "").replace('"', "")
    return [*map(str.strip, names.split(separator))]
