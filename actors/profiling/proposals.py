"""Settings of a catalogue that would read a file, each with the evidence for it.

Each function looks at one setting. One whose value is that of the base proposes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import cell_settings, column_settings, text_settings
from .proposal import Profile, Proposal

PROPOSALS: tuple[Callable[[Profile], Iterator[Proposal]], ...] = (
    column_settings.columns,
    column_settings.required,
    column_settings.optional_columns,
    text_settings.encoding,
    text_settings.delimiter,
    text_settings.lines_before_header,
    text_settings.null_markers,
    cell_settings.image_list,
    cell_settings.image_base_url,
    cell_settings.category_separator,
    cell_settings.category_paths,
    cell_settings.category_levels,
    cell_settings.specification_format,
    cell_settings.description_format,
    column_settings.rows_per_product,
)


def proposals_of(profile: Profile) -> list[Proposal]:
    return [proposal for propose in PROPOSALS for proposal in propose(profile)]
