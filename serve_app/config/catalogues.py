"""Several catalogues in one application: which of them a drop has, by its name."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from actors.model.catalogue import Catalogue

DEFAULT = "default"
"""The name of the setting `catalogue`, which has the drops that no other catalogue's pattern matches."""


class NamedCatalogue(BaseModel):
    """The catalogue of the drops whose names match a pattern."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", description="what runs, manifests and the page call it"
    )
    pattern: str = Field(
        min_length=1, description="shell pattern of a drop's name below the watched prefix; `*` also matches slashes"
    )
    preset: str = Field("", description="as `catalogue.preset`")
    catalogue: Catalogue = Field(
        default_factory=Catalogue, description="settings over those of the preset, or, without one, over the defaults"
    )

    @model_validator(mode="before")
    @classmethod
    def _its_preset_is_its_catalogue_s(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not given.get("preset"):
            return given
        preset, catalogue = given["preset"], given.get("catalogue") or {}
        if not isinstance(catalogue, Mapping):
            return given
        if catalogue.get("preset") not in (None, "", preset):
            raise ValueError(f"preset {preset!r} and catalogue.preset {catalogue['preset']!r} differ: set one of them.")
        return {**given, "catalogue": {**catalogue, "preset": preset}}

    def has(self, path: str) -> bool:
        """Whether it is the catalogue of a drop with this name below the watched prefix."""
        return fnmatch.fnmatchcase(path, self.pattern)


def check_distinct(catalogues: tuple[NamedCatalogue, ...]) -> None:
    """Raises `ValueError` where two have the same name or the same pattern, so that one would never be used."""
    names, patterns = {DEFAULT: "catalogue"}, dict[str, str]()
    for one in catalogues:
        if one.name in names:
            raise ValueError(f"catalogues: the name {one.name!r} is taken: give each catalogue a name of its own.")
        if one.pattern in patterns:
            raise ValueError(
                f"catalogues: {patterns[one.pattern]!r} and {one.name!r} have the same pattern {one.pattern!r}, so "
                "the second would never be used: remove it, or change its pattern."
            )
        names[one.name] = one.name
        patterns[one.pattern] = one.name
