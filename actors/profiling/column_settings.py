"""Settings that say which columns have which role, and which rows are one product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from actors.model.catalogue import ROLES, Role

from .columns import Column
from .proposal import Profile, Proposal
from .roles import is_named

_MANY_BLANK = 0.1
_FEWEST_ROWS = 20
"""Blank cells of fewer rows say nothing of the file."""


def columns(profile: Profile) -> Iterator[Proposal]:
    changed: dict[Role, str | list[str]] = {
        role: found.column.name
        for role, found in profile.roles.items()
        if not is_named(profile.base, role, found.column.name)
    }
    why = [f"{role}: {profile.roles[role].evidence}" for role in changed]
    if "image" in changed:
        numbered = _numbered_like(profile.roles["image"].column, profile.columns)
        if len(numbered) > 1:
            changed["image"] = [column.name for column in numbered]
            why.append(f"image: {len(numbered)} columns have this name with a number")
    if changed:
        yield Proposal.of("columns", changed, *why)


def required(profile: Profile) -> Iterator[Proposal]:
    # Further rows of a product are blank but for what they add.
    may_lack = len(profile.layout.rows) >= _FEWEST_ROWS and profile.base.rows_per_product == "one"
    why: list[str] = []
    kept: list[Role] = []
    for role in profile.base.required:
        if role == "id":  # no row can do without
            kept.append(role)
        elif role not in profile.roles:
            why.append(f"no column was found for {role}")
        elif may_lack and profile.roles[role].column.blank > _MANY_BLANK:
            why.append(
                f"{profile.roles[role].column.name} is blank in {profile.roles[role].column.blank:.0%} of the rows"
            )
        else:
            kept.append(role)
    if why:
        yield Proposal.of("required", kept, *why)


def optional_columns(profile: Profile) -> Iterator[Proposal]:
    absent = [role for role in ROLES if role not in profile.roles and role != "id"]
    wanted = [role for role in ROLES if role in absent or role in profile.base.optional_columns]
    if set(wanted) != set(profile.base.optional_columns):
        yield Proposal.of("optional_columns", wanted, f"no column was found for {', '.join(absent)}")


def rows_per_product(profile: Profile) -> Iterator[Proposal]:
    if profile.base.rows_per_product == "consecutive" or "name" not in profile.roles:
        return
    name = profile.roles["name"].column.position
    rows = [row for row in profile.layout.rows if len(row) == len(profile.columns)]
    further = [(above, row) for above, row in pairwise(rows) if not row[name].strip()]
    keys = [column for column in profile.columns if not column.blank and column.position != name]
    shared = {
        column.position: sum(row[column.position] == above[column.position] for above, row in further)
        for column in keys
        if column.looks in ("id", "number", "title") and column.distinct > 0.1
    }
    if not further or not shared:
        return
    own = profile.roles["id"].column.position if "id" in profile.roles else -1
    position, times = max(shared.items(), key=lambda each: (each[1], each[0] == own))
    if times * 2 > len(further):
        key = profile.columns[position].name
        said = f"{times:,} rows have no name and the {key} of the row above them"
        yield Proposal.of("rows_per_product", "consecutive", said)
        if position != own:
            yield Proposal.of("group_by", key, said)


def _numbered_like(column: Column, columns: Sequence[Column]) -> list[Column]:
    """The columns whose names differ from this one's in their number alone, and this one."""
    stem = _without_number(column.name)
    return [other for other in columns if _without_number(other.name) == stem]


def _without_number(name: str) -> str:
    return " ".join(re.sub(r"[\W_]*\d+\Z", "", name.strip().casefold()).split())
