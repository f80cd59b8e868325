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
from .preset_choice import preset_of
from .proposal import Profile, Proposal, Proposed, proposed
from .proposals import proposals_of
from .quoting import Quoting, is_unclear, quoting_of
from .roles import RoleFound, roles_of
from .trial import MOST_AMISS, Trial, try_settings


@dataclass(frozen=True, slots=True)
class Check:
    """`trial` is None where even the proposed settings can't read the file; `refusal` says why.

    `base` has the settings that the proposed ones are put over: those of the shop's preset, if it is a shop's file.
    `quoting` says how the file quotes its fields, in words; empty where it could not be read so far.
    """

    head: HeadText
    layout: Layout
    columns: Sequence[Column]
    roles: Mapping[Role, RoleFound]
    proposed: Proposed
    trial: Trial | None
    refusal: Reason | None
    base: Catalogue
    quoting: str

    @property
    def missing(self) -> tuple[Role, ...]:
        """The roles without a column, but for those that are optional by default, or by the shop's preset."""
        return tuple(role for role in ROLES if role not in self.roles and role not in self.base.optional_columns)

    @property
    def fine(self) -> bool:
        """Whether all roles were found, and no more than `MOST_AMISS` of the rows are rejects."""
        return self.trial is not None and not self.missing and self.trial.rejected_share <= MOST_AMISS


def check_head(head: HeadText, base: Catalogue) -> Check:
    """The check of a file by its start. `base` has the settings of which as many as possible are kept.

    Where these are the defaults, and a shop's preset names the file's columns, the preset is the base.
    """
    layout = find_layout(head)
    columns = columns_of(layout)
    preset = preset_of(layout.names) if base == Catalogue() else None
    if preset:
        base = preset.catalogue
    roles = roles_of(columns, base)
    given = [Proposal.of("preset", preset.name, preset.evidence)] if preset else []
    found = proposed(base, proposals_of(Profile(layout, columns, roles, base)), *given)
    trial: Trial | None = None
    refusal: Reason | None = None
    quoting = Quoting("")
    try:
        quoting = quoting_of(head, found.catalogue)
        found = found.with_more(quoting.settings, quoting.advice)
        trial = try_settings(head, found.catalogue)
        if is_unclear(trial.rejects) and not quoting.settings:
            quoting = quoting_of(head, found.catalogue, unclear=True)
            found = found.with_more(quoting.settings, quoting.advice)
            trial = try_settings(head, found.catalogue)
    except DropforgeError as error:
        refusal = Reason(code=error.code, message=error.message)
    over = preset.catalogue if preset else Catalogue()
    return Check(head, layout, columns, roles, found, trial, refusal, over, quoting.said)
