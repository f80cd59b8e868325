"""Which columns of a header a role has: a name, a pattern, a list of both, or pairs of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from actors.model.catalogue import AttributeColumnPairs, Catalogue, Role, is_pattern
from actors.model.header import ColumnPair


def comparable(name: str) -> str:
    """A column name for comparison: without byte order mark and surrounding whitespace, in lower case."""
    return name.removeprefix("\ufeff").strip().casefold()


def columns_of(role: Role, catalogue: Catalogue, names: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Each name or pattern of the role, with the positions of its columns, in the order in which they count.

    `names` are as returned by `comparable`. A column has one place only: that of the first which is its name.
    """
    column = getattr(catalogue.columns, role)
    if isinstance(column, AttributeColumnPairs):
        pairs = column_pairs(column, names)
        return [(catalogue.shown(role), tuple(position for pair in pairs for position in (pair.name, pair.value)))]
    found: list[tuple[str, tuple[int, ...]]] = []
    taken: set[int] = set()
    for wanted in catalogue.names_of(role):
        positions = tuple(position for position in _positions(wanted, role, catalogue, names) if position not in taken)
        taken.update(positions)
        found.append((wanted, positions))
    return found


def column_pairs(columns: AttributeColumnPairs, names: Sequence[str]) -> tuple[ColumnPair, ...]:
    """The columns of names with those of their values, in the order of the names' columns.

    Of columns that share a name, the first counts; a column without its counterpart is left out.
    """
    values: dict[tuple[str, ...], int] = {}
    for position, name in enumerate(names):
        if found := _captures(columns.values).fullmatch(name):
            values.setdefault(found.groups(), position)
    pairs: dict[tuple[str, ...], ColumnPair] = {}
    for position, name in enumerate(names):
        found = _captures(columns.names).fullmatch(name)
        if found and found.groups() in values:
            pairs.setdefault(found.groups(), ColumnPair(position, values[found.groups()]))
    return tuple(pairs.values())


def _positions(wanted: str, role: Role, catalogue: Catalogue, names: Sequence[str]) -> list[int]:
    name = comparable(wanted)
    if not (catalogue.has_several(role) and is_pattern(wanted)):
        return [position for position, other in enumerate(names) if other == name]
    # Brackets are frequent in names, such as `Price [EUR]`, and stand for themselves.
    pattern = name.replace("[", "[[]")
    return [position for position, other in enumerate(names) if fnmatchcase(other, pattern)]


def _captures(pattern: str) -> re.Pattern[str]:
    """The pattern with a group for each `*` and `?`."""
    groups = {"*": "(.*)", "?": "(.)"}
    parts = re.split(r"([*?])", comparable(pattern))
    return re.compile("".join(groups.get(part) or re.escape(part) for part in parts), re.DOTALL)
