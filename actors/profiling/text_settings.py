"""Settings that say how a file's text is laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .proposal import Profile, Proposal

_NULL_MARKERS = (r"\N", "NULL", "null", "NA", "N/A", "None", "nan", "NaN")


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
    if lines >= 0 and lines != profile.base.lines_before_header:
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
