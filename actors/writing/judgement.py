"""What the rejects of a whole run say about it: that it has no row to publish, or more rejects than is usual.

Both are decided over the counts of all shards, so that they do not depend on how the drop was cut.
"""

from __future__ import annotations

import json

from actors.errors import Code
from actors.model.manifest import MANY_REJECTS
from actors.model.part import Counts
from actors.model.reason import Reason

HEAD_BYTES = 1 << 19
"""As many bytes of the reasons have their first line: it names columns, and a header has at most 256 KiB."""

_CODES = 3
_DETAIL = 300


def without_rows(counts: Counts) -> bool:
    """Whether every row is a reject. A drop without any row is not meant: its output is a header."""
    return bool(counts.rejected) and not counts.rows_out


def refusal(counts: Counts, reasons: bytes) -> Reason:
    """Why a run `without_rows` has no output. `reasons` starts as its reasons do, as `rejects_jsonl` writes them."""
    return Reason(
        code=Code.NO_USABLE_ROWS,
        message=f"None of the {counts.rows_in} rows can be used: {_commonest(counts)}. {_first(reasons)} Correct the "
        "file, or the settings of the catalogue, and drop it again.",
    )


def too_many(counts: Counts, share: float) -> bool:
    """Whether more than this share of the rows are rejects."""
    return counts.rejected > share * counts.rows_in


def warning(counts: Counts, share: float, reasons: bytes) -> Reason:
    """Says that there are `too_many` rejects. `reasons` as for `refusal`."""
    return Reason(
        code=MANY_REJECTS,
        message=f"{counts.rejected} of {counts.rows_in} rows ({100 * counts.rejected / counts.rows_in:.3g} %) are "
        f"rejects, more than the {100 * share:.3g} % that the setting rejects_warning_share allows: "
        f"{_commonest(counts)}. {_first(reasons)} Correct the rejects and drop them again.",
    )


def _commonest(counts: Counts) -> str:
    ordered = sorted(counts.rejects.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(rows for _, rows in ordered[_CODES:])
    named = [f"{rows} {code}" for code, rows in ordered[:_CODES]]
    return ", ".join(named + ([f"{rest} for other reasons"] if rest else []))


def _first(reasons: bytes) -> str:
    line, end, _ = reasons.partition(b"\n")
    if not end:
        return ""
    first = json.loads(line)
    detail = first.get("detail", "")
    short = detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL - 1]}…"
    return f"The first is row {first['row']}: {short}"
