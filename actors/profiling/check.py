"""The check of a file: its layout, its columns, the settings that would read it, and what they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors.errors import DropforgeError
from actors.model.catalogue import ROLES, Catalogue, Role
from actors.model.reason import Reason

from .columns import Column, columns_of
from .head_text import HeadText
from .layout import Layout, find_layout
from .proposals import Profile, Proposed, proposals_of, proposed
from .roles import RoleFound, roles_of
from .trial import MOST_AMISS, Trial, try_settings


@dataclass(frozen=True, slots=True)
class Check:
    """`trial` is None where even the proposed settings can't read the file; `refusal` says why."""

    head: HeadText
    layout: Layout
    columns: Sequence[Column]
    roles: Mapping[Role, RoleFound]
    proposed: Proposed
    trial: Trial | None
    refusal: Reason | None

    @property
    def missing(self) -> tuple[Role, ...]:
        """The roles without a column, but for those that are optional by default."""
        return tuple(role for role in ROLES if role not in self.roles and role not in Catalogue().optional_columns)

    @property
    def fine(self) -> bool:
        """Whether all roles were found, and no more than `MOST_AMISS` of the rows are rejects."""
        return self.trial is not None and not self.missing and self.trial.rejected_share <= MOST_AMISS


def check_head(head: HeadText, base: Catalogue) -> Check:
    """The check of a file by its start. `base` has the settings of which as many as possible are kept."""
    layout = find_layout(head)
    columns = columns_of(layout)
    roles = roles_of(columns, base)
    found = proposed(base, proposals_of(Profile(layout, columns, roles, base)))
    trial: Trial | None = None
    refusal: Reason | None = None
    try:
        trial = try_settings(head, found.catalogue)
    except DropforgeError as error:
        refusal = Reason(code=error.code, message=error.message)
    return Check(head, layout, columns, roles, found, trial, refusal)
