"""Which shop's export a file looks like, by the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.csv.role_columns import columns_of, comparable
from actors.model.catalogue import ROLES, Catalogue, Role
from actors.model.presets import PRESETS

_FEWEST_ROLES = 5
"""Any shop may have an id, a title, a description and an image."""
_MOST_ABSENT = 1


@dataclass(frozen=True, slots=True)
class PresetFound:
    """`catalogue` is the preset's, and `evidence` says in words why it is this one."""

    name: str
    catalogue: Catalogue
    evidence: str


def preset_of(header: Sequence[str]) -> PresetFound | None:
    """The preset with the most columns in the header, if all but one of its roles have theirs; None without one.

    The default settings are no preset here: a file that has their columns needs none.
    """
    best: PresetFound | None = None
    most = 0
    for name in PRESETS:
        catalogue = Catalogue.model_validate({"preset": name})
        found = _columns_found(catalogue, header)
        wanted = catalogue.columns.model_fields_set or set(ROLES)
        absent = [role for role in ROLES if role in wanted and not found.get(role)]
        if any(not found.get(role) for role in catalogue.required):
            continue
        columns = [column for role in ROLES for column in found.get(role, ())]
        if len(found) >= _FEWEST_ROLES and len(absent) <= _MOST_ABSENT and len(columns) > most:
            most = len(columns)
            without = f", but no column for {absent[0]}" if absent else ""
            best = PresetFound(
                name, catalogue, f"the header has {', '.join(columns[:6])} as this shop's exports{without}"
            )
    return None if best is None or not PRESETS[best.name] else best


def _columns_found(catalogue: Catalogue, header: Sequence[str]) -> dict[Role, tuple[str, ...]]:
    """The columns of each role that has any."""
    names = [comparable(name) for name in header]
    found: dict[Role, tuple[str, ...]] = {}
    for role in ROLES:
        positions = [at for _, columns in columns_of(role, catalogue, names) for at in columns]
        if positions:
            found[role] = tuple(header[at].strip() for at in positions)
    return found
