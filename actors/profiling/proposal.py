"""A setting that is proposed for a file, with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from actors.model.catalogue import Catalogue, Role

from .columns import Column
from .layout import Layout
from .roles import RoleFound


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a file. `base` has the settings that are proposed to be changed."""

    layout: Layout
    columns: Sequence[Column]
    roles: Mapping[Role, RoleFound]
    base: Catalogue

    def cells(self, role: Role) -> Sequence[str]:
        return self.roles[role].column.cells if role in self.roles else ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """`value` is as in YAML; `evidence` is what speaks for it, in words."""

    setting: str
    value: Any
    evidence: tuple[str, ...]

    @classmethod
    def of(cls, setting: str, value: Any, *evidence: str) -> Proposal:
        return cls(setting, value, evidence)


@dataclass(frozen=True, slots=True)
class Proposed:
    """`catalogue` is the base with the `settings`; `advice` is what it has no such value for."""

    catalogue: Catalogue
    settings: tuple[Proposal, ...]
    advice: tuple[Proposal, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The settings to paste."""
        return {proposal.setting: proposal.value for proposal in self.settings}

    def with_more(self, settings: Sequence[Proposal], advice: Sequence[Proposal]) -> Proposed:
        more = proposed(self.catalogue, settings, *self.settings)
        return Proposed(more.catalogue, more.settings, (*self.advice, *more.advice, *advice))


def proposed(base: Catalogue, proposals: Sequence[Proposal], *first: Proposal) -> Proposed:
    """Takes each proposal that the base's settings have a place for. `first` are those that the base has already."""
    settings: list[Proposal] = [*first]
    advice: list[Proposal] = []
    catalogue = base
    for proposal in proposals:
        values: dict[str, Any] = catalogue.model_dump()
        if proposal.setting == "columns":
            values["columns"] |= proposal.value
        else:
            values[proposal.setting] = proposal.value
        try:
            catalogue = Catalogue.model_validate(values)
        except ValidationError:
            advice.append(proposal)
        else:
            settings.append(proposal)
    return Proposed(catalogue, tuple(settings), tuple(advice))
