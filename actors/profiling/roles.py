"""Which column would have which role, by its name and by what its cells look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actors.csv.role_columns import columns_of, comparable
from actors.model.catalogue import ROLES, Catalogue, Role

from .columns import Column
from .hints import plain, rank

_NAMED = 6.0
_ENOUGH = 3.0


@dataclass(frozen=True, slots=True)
class RoleFound:
    """`evidence` says in words why it is this column."""

    role: Role
    column: Column
    evidence: str


def roles_of(columns: Sequence[Column], base: Catalogue) -> dict[Role, RoleFound]:
    """The column of each role that has one. A column has one role, and the name of `base` goes before all else."""
    names = [comparable(column.name) for column in columns]
    points: list[tuple[float, int, int, str]] = []
    for index, role in enumerate(ROLES):
        for column in columns:
            if is_named(base, role, column.name):
                points.append((100.0, index, column.position, f"it has the name of the setting; {column.said}"))
            elif column.looks != "empty" and names.count(comparable(column.name)) == 1:
                score, why = _score(column, role)
                points.append((score, index, column.position, why))
    found: dict[Role, RoleFound] = {}
    for score, index, position, why in sorted(points, key=lambda each: (-each[0], each[1], each[2])):
        role = ROLES[index]
        if score >= _ENOUGH and role not in found and all(one.column.position != position for one in found.values()):
            found[role] = RoleFound(role, columns[position], why)
    return {role: found[role] for role in ROLES if role in found}


def is_named(base: Catalogue, role: Role, column: str) -> bool:
    """Whether the base's setting names this column for the role, also by a pattern or among others."""
    return any(positions for _, positions in columns_of(role, base, [comparable(column)]))


def _score(column: Column, role: Role) -> tuple[float, str]:
    place = rank(column.name, role)
    named = _NAMED - 0.1 * place if place is not None else 1.5 * (role in plain(column.name).split())
    looks = _LOOKS[role](column)
    why = "its name is a usual one; " if place is not None else ""
    return named + looks, f"{why}{column.said}"


def _as_id(column: Column) -> float:
    if column.distinct < 0.3 or column.looks not in ("id", "number", "title"):
        return -_NAMED
    whole = column.distinct >= 0.99 and not column.blank
    return 2.0 * whole + (column.looks == "id") - 3.0 * column.blank


def _as_name(column: Column) -> float:
    return {"title": 2.0, "text": 1.0, "id": -1.0}.get(column.looks, -3.0) - 2.0 * column.blank + column.distinct


def _as_description(column: Column) -> float:
    # A short text may be a shop's description too, where the name says so.
    return {"html": 2.5, "text": 2.5, "title": 0.0}.get(column.looks, -3.0) - 2.0 * column.blank


def _as_brand(column: Column) -> float:
    return (1.0 if column.looks in ("title", "id") else -3.0) - (column.distinct >= 0.99)


def _as_image(column: Column) -> float:
    return {"image_list": 4.0, "image_path": 3.0, "url_list": 1.0, "json": 0.0}.get(column.looks, -_NAMED)


def _as_specifications(column: Column) -> float:
    return {"hash_text": 5.0, "json": 2.0, "pairs": 2.0}.get(column.looks, -4.0)


def _as_categories(column: Column) -> float:
    looks = {"category_path": 3.0, "slashed_path": 2.0, "title": 0.0}.get(column.looks, -3.0)
    return looks - 2.0 * column.blank - (column.distinct >= 0.99)


_LOOKS: dict[Role, Callable[[Column], float]] = {
    "id": _as_id,
    "name": _as_name,
    "description": _as_description,
    "brand": _as_brand,
    "image": _as_image,
    "specifications": _as_specifications,
    "categories": _as_categories,
}
