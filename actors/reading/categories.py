"""Splits category paths into levels, as the reference's `prep_cat` does.

Source: GoogleCloudPlatform/accelerated-platforms, modules/python/src/datapreprocessing/datacleaner.py at 1e5775ea.
"""

from __future__ import annotations


def category_levels(path: str, separator: str) -> list[str]:
    """The levels of a path such as `["Clothing >> Women's Clothing >> Shorts"]`, outermost first.

    Brackets and double quotes are removed wherever they are, and whitespace around each level.
    """
    names = path.replace("[", "").replace("]", "").replace('"', "")
    return [*map(str.strip, names.split(separator))]
