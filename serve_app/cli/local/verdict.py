"""Whether a run came out as it must."""

from __future__ import annotations

from collections.abc import Iterator

from actors.model.part import Counts
from serve_app.cli.screen.report import images_add_up
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView

_PLANNED = ("records", "blank", "rows_out", "rejects", "images", "image_failures")


def faults(view: RunView, *, output_rows: int | None, expected: Counts | None) -> Iterator[str]:
    """What is wrong with a finished run, for people; nothing where all is well.

    `output_rows` is what was counted in the output itself, None where there is none; `expected` the counts that were
    planned, None where they are not known.
    """
    counts = view.counts
    if view.state is not RunState.DONE:
        yield f"the run is {view.state}, not done"
    if not counts.add_up:
        yield "rows in are not rows out + rejects"
    if not images_add_up(view):
        yield "not every row of the output has one outcome of its image"
    if output_rows != counts.rows_out:
        yield f"the output holds {output_rows} rows, the run counts {counts.rows_out}"
    if expected is not None:
        for name in _PLANNED:
            planned, found = getattr(expected, name), getattr(counts, name)
            if planned != found:
                yield f"{name}: {planned} planned, {found} counted"
