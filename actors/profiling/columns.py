"""What a column looks like, from its first cells, as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .layout import Layout

if TYPE_CHECKING:
    import pandas as pd

_URL = r"(?:https?:)?//[^\s\"'/]+\.[^\s]"
_PICTURE = r"\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?)\b"
_HTML = r"(?i)</?(?:p|br|ul|ol|li|div|span|strong|em|b|i|h[1-6]|table|a|img)\b[^>]*>|&(?:amp|nbsp|lt|gt|quot|#\d+);"
_PATH = r"^[^<>{}=/|]{2,60}(?:\||/|::)[^<>{}=]{2,}$"
_PATH_BY_ARROWS = r"[^>\s]\s*(?:>>|>|»|›)\s*[^>\s]"
_PAIRS = r"^[^:=;|\n]{1,40}[:=][^:=;|,\n]+[;|,\n][^:=;|\n]{1,40}[:=]"
_NUMBER = r"^[-+]?\d+(?:[.,]\d+)*(?:\s*[A-Z$€£%]{1,3})?$"

_ENOUGH = 0.6
_LONGEST_PATH = 300
_LOOKED_AT = 300
_KEPT_CHARACTERS = 4_000
_LOOKED_AT_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Column:
    """`blank` and `distinct` are shares, of all rows and of the filled cells; `share` of the latter look so.

    `looks` is one of `url_list`, `image_list`, `image_path`, `html`, `category_path`, `slashed_path`, `hash_text`,
    `json`, `pairs`, `number`, `id`, `text`, `title` and `empty`. `cells` are the filled ones, long ones cut off.
    """

    name: str
    position: int
    blank: float
    distinct: float
    looks: str
    share: float
    example: str
    cells: Sequence[str] = field(repr=False, compare=False, default=())

    @property
    def said(self) -> str:
        """In words."""
        blank = f", {self.blank:.0%} blank" if self.blank else ""
        return f"{self.share:.0%} look like {self.looks.replace('_', ' ')}, {self.distinct:.0%} distinct{blank}"


def columns_of(layout: Layout) -> list[Column]:
    """A profile of each column, in the file's order."""
    import pandas as pd  # takes half a second to import

    width = len(layout.names)
    frame = pd.DataFrame([row for row in layout.rows if len(row) == width], columns=range(width), dtype=str)
    return [_column(name, position, frame[position]) for position, name in enumerate(layout.names)]


def _column(name: str, position: int, cells: pd.Series) -> Column:
    stripped = cells.str.strip()
    filled = stripped[stripped != ""]
    blank = 1 - len(filled) / len(cells) if len(cells) else 0.0
    if filled.empty:
        return Column(name, position, blank if len(cells) else 1.0, 0.0, "empty", 1.0, "")
    distinct = filled.nunique() / len(filled)
    looks, share = _looks(filled.head(_LOOKED_AT), distinct)
    return Column(
        name,
        position,
        blank,
        distinct,
        looks,
        share,
        str(filled.iloc[0])[:200],
        list(filled.str.slice(0, _KEPT_CHARACTERS)),
    )


def _looks(cells: pd.Series, distinct: float) -> tuple[str, float]:
    """The first kind of which enough of the cells are, the most telling one first."""
    starts = cells.str.slice(0, _LOOKED_AT_CHARACTERS)
    for name, is_so in _KINDS.items():
        share = float((cells.map(_parses) if name == "json" else is_so(starts)).mean())
        if share >= _ENOUGH:
            return name, share
    words = cells.str.count(r"\S+")
    if words.mean() >= 10:
        return "text", float((words >= 4).mean())
    if distinct >= 0.95 and words.mean() < 1.5:
        return "id", distinct
    return "title", 1.0


def _parses(cell: str) -> bool:
    """Whether it is a JSON object or list."""
    try:
        return isinstance(json.loads(cell), (dict, list))
    except (ValueError, RecursionError):
        return False


def _has_url(cells: pd.Series) -> pd.Series:
    return cells.str.contains(_URL) & ~cells.str.contains(_HTML)


# The first that enough cells are; a later one may be so of the same cells.
_KINDS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "hash_text": lambda cells: cells.str.contains(r"[\"}\]\w]\s*=>\s*[\"\[{n]"),
    "image_list": lambda cells: _has_url(cells) & cells.str.contains(_PICTURE, case=False),
    "url_list": _has_url,
    "html": lambda cells: cells.str.contains(_HTML),
    "category_path": lambda cells: cells.str.contains(_PATH_BY_ARROWS) & (cells.str.len() < _LONGEST_PATH),
    "number": lambda cells: cells.str.contains(_NUMBER),
    "image_path": lambda cells: cells.str.contains(rf"^\S+{_PICTURE}", case=False),
    "slashed_path": lambda cells: cells.str.contains(_PATH) & (cells.str.len() < _LONGEST_PATH),
    "json": lambda cells: cells.map(_parses),
    "pairs": lambda cells: cells.str.contains(_PAIRS),
}
