"""Category paths to levels, as the reference's `prep_cat` does.

Source: GoogleCloudPlatform/accelerated-platforms, modules/python/src/datapreprocessing/datacleaner.py at 1e5775ea.
"""

from __future__ import annotations


def category_levels(path: str, separator: str) -> list[str]:
    """The levels of `["Clothing >> Women's Clothing >> Shorts"]`, outermost first, without outer blanks.

    Brackets and double quotes are no part of a name wherever they stand.
    """
    names = path.replace("[", "").replace("]", "").replace('"', "")
    return [*map(str.strip, names.split(separator))]
