"""Settings of a catalogue that would read a file, each with the evidence for it.

Each function looks at one setting. One whose value is that of the base proposes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from actors.model.catalogue import ROLES, Catalogue, Role

from .columns import Column
from .layout import Layout
from .roles import RoleFound, is_named

_MANY_BLANK = 0.1
_OFTEN = 0.1
_ROLES_WITH_A_DEFAULT: tuple[Role, ...] = ("brand",)
_NULL_MARKERS = (r"\N", "NULL", "null", "NA", "N/A", "None", "nan", "NaN")
_SEPARATORS = (">>", ">", "»", "›", "::", "|", "/")
_BEFORE_URL = re.compile(r"[^\s\"'\[,;|]([\"'\s,;|]{1,8})(?=(?:https?:)?//[^\s/])")
_OTHER_RUBY = re.compile(r'"\s+=>|\A[^\[]*=>[^\[]*\Z')
"""Blanks round the arrow, as Ruby 3.4 prints it, or one specification without a list: the reference reads neither."""


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


def columns(profile: Profile) -> Iterator[Proposal]:
    changed = {
        role: found.column.name
        for role, found in profile.roles.items()
        if not is_named(profile.base, role, found.column.name)
    }
    if changed:
        yield Proposal.of("columns", changed, *(f"{role}: {profile.roles[role].evidence}" for role in changed))


def required(profile: Profile) -> Iterator[Proposal]:
    why: list[str] = []
    kept: list[Role] = []
    for role in profile.base.required:
        if role == "id":  # no row can do without
            kept.append(role)
        elif role not in profile.roles:
            why.append(f"no column was found for {role}")
        elif profile.roles[role].column.blank > _MANY_BLANK:
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


def delimiter(profile: Profile) -> Iterator[Proposal]:
    """`auto` finds every delimiter that is proposed, once the columns are named."""
    layout = profile.layout
    if profile.base.delimiter not in ("auto", layout.delimiter):
        yield Proposal.of("delimiter", layout.delimiter, layout.evidence["delimiter"])


def encoding(profile: Profile) -> Iterator[Proposal]:
    layout = profile.layout
    if (
        layout.encoding != profile.base.encoding
        and not layout.byte_order_mark
        and "mark" not in layout.evidence["encoding"]
    ):
        yield Proposal.of("encoding", layout.encoding, layout.evidence["encoding"])


def lines_before_header(profile: Profile) -> Iterator[Proposal]:
    layout = profile.layout
    lines = layout.lines_before - layout.sep_line
    if lines > 0 and lines != getattr(profile.base, "lines_before_header", 0):
        yield Proposal.of(
            "lines_before_header", lines, f"the header was found further down: {layout.evidence['header']}"
        )


def null_markers(profile: Profile) -> Iterator[Proposal]:
    found: Counter[str] = Counter()
    for role in profile.roles:
        found.update(cell for cell in profile.cells(role) if cell in _NULL_MARKERS)
    missing = [marker for marker in found if marker not in getattr(profile.base, "null_markers", ())]
    if missing:
        said = ", ".join(f"{marker} in {found[marker]:,} cells" for marker in missing)
        yield Proposal.of("null_markers", missing, said)


def image_list(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("image")
    if not cells or profile.base.image_list == "auto":
        return
    joined = [_between_urls(cell) for cell in cells]
    separators = Counter(each for found in joined for each in found)
    commas = sum(bool(re.search(r"https?://[^\s\"'|;]*,(?!\s*[\"']?\s*(?:https?:)?//)", cell)) for cell in cells)
    lists = sum(cell.startswith("[") for cell in cells)
    if commas and not lists:
        yield Proposal.of("image_list", "auto", f"{commas:,} of {len(cells):,} cells have a comma inside a URL")
    elif lists and sum("\\/" in cell or "['" in cell for cell in cells):
        yield Proposal.of("image_list", "auto", "the lists are JSON with \\/, or in Python's form")
    elif separators and not lists:
        separator, times = separators.most_common(1)[0]
        now = profile.base.image_delimiter if profile.base.image_list == "delimited" else ","
        if separator != now:
            yield Proposal.of("image_list", "delimited", f"{times:,} times {separator!r} is between two URLs")
            yield Proposal.of("image_delimiter", separator, f"{times:,} times it is between two URLs")


def image_base_url(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("image")
    paths = "image" in profile.roles and profile.roles["image"].column.looks == "image_path"
    if paths and not getattr(profile.base, "image_base_url", ""):
        yield Proposal.of("image_base_url", "https://…", f"the images have no host, such as {cells[0][:60]}")


def category_separator(profile: Profile) -> Iterator[Proposal]:
    cells = profile.cells("categories")
    if not cells:
        return
    share = {separator: sum(separator in cell for cell in cells) / len(cells) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda separator: share[separator])
    now = profile.base.category_separator
    if share[best] >= 0.3 and sum(now in cell for cell in cells) / len(cells) < share[best] / 2:
        yield Proposal.of(
            "category_separator", best, f"{share[best]:.0%} of the cells have it, such as {cells[0][:60]}"
        )


def category_levels(profile: Profile) -> Iterator[Proposal]:
    separator = next((each.value for each in category_separator(profile)), profile.base.category_separator)
    most = max((cell.count(separator) + 1 for cell in profile.cells("categories")), default=0)
    if most > profile.base.category_levels:
        yield Proposal.of("category_levels", min(most, 32), f"a path has {most} levels")


def specification_format(profile: Profile) -> Iterator[Proposal]:
    if "specifications" not in profile.roles:
        return
    column = profile.roles["specifications"].column
    value = {"json": "json", "pairs": "pairs", "hash_text": "reference"}.get(column.looks)
    others = sum(bool(_OTHER_RUBY.search(cell)) for cell in column.cells)
    if value == "reference" and others > _OFTEN * len(column.cells):
        value = "ruby_hash"
    if value and value != getattr(profile.base, "specification_format", "reference"):
        yield Proposal.of("specification_format", value, column.said)


def description_format(profile: Profile) -> Iterator[Proposal]:
    html = "description" in profile.roles and profile.roles["description"].column.looks == "html"
    if html and getattr(profile.base, "description_format", "text") != "html":
        yield Proposal.of("description_format", "html", profile.roles["description"].column.said)


def rows_per_product(profile: Profile) -> Iterator[Proposal]:
    if "id" not in profile.roles or "name" not in profile.roles:
        return
    at, name = profile.roles["id"].column.position, profile.roles["name"].column.position
    rows = [row for row in profile.layout.rows if len(row) == len(profile.columns)]
    following = sum(bool(row[at]) and row[at] == above[at] and not row[name].strip() for above, row in pairwise(rows))
    if following and getattr(profile.base, "rows_per_product", "one") != "consecutive":
        yield Proposal.of(
            "rows_per_product", "consecutive", f"{following:,} rows repeat the id above them and have no name"
        )


PROPOSALS: tuple[Callable[[Profile], Iterator[Proposal]], ...] = (
    columns,
    required,
    optional_columns,
    encoding,
    delimiter,
    lines_before_header,
    null_markers,
    image_list,
    image_base_url,
    category_separator,
    category_levels,
    specification_format,
    description_format,
    rows_per_product,
)


def proposals_of(profile: Profile) -> list[Proposal]:
    return [proposal for propose in PROPOSALS for proposal in propose(profile)]


@dataclass(frozen=True, slots=True)
class Proposed:
    """`catalogue` is the base with the `settings`; `advice` is what it has no setting or no such value for."""

    catalogue: Catalogue
    settings: tuple[Proposal, ...]
    advice: tuple[Proposal, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The settings to paste."""
        return {proposal.setting: proposal.value for proposal in self.settings}


def proposed(base: Catalogue, proposals: Sequence[Proposal]) -> Proposed:
    """Takes each proposal that the base's settings have a place for."""
    settings: list[Proposal] = []
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


def _between_urls(cell: str) -> list[str]:
    """What is between the URLs of a cell, without blanks and quotes around it."""
    return [each.strip("\"' \t\r\n") or " " for each in _BEFORE_URL.findall(cell)]
