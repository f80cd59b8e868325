"""Checks the result of a finished run."""

from __future__ import annotations

from collections.abc import Iterator

from actors.model.part import Counts
from serve_app.cli.screen.report import images_add_up
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView

_PLANNED = ("records", "blank", "rows_out", "merged", "rejects", "images", "image_failures")


def faults(view: RunView, *, output_rows: int | None, expected: Counts | None) -> Iterator[str]:
    """Yields what is wrong with a finished run, one sentence each, to show to a person.

    `output_rows` is the number of rows counted in the output object, None when there is no output. `expected` holds
    the counts that the run must have, None when they are not known.
    """
    counts = view.counts
    if view.state is not RunState.DONE:
        yield f"the run is {view.state}, not done"
    if not counts.add_up:
        yield "the rows in do not equal the rows out plus the merged ones and the rejects"
    if not images_add_up(view):
        yield "the image outcomes do not add up to the rows of the output"
    if output_rows != counts.rows_out:
        yield f"the output has {output_rows} rows, but the run counted {counts.rows_out}"
    if expected is not None:
        for name in _PLANNED:
            planned, found = getattr(expected, name), getattr(counts, name)
            if planned != found:
                yield f"{name}: expected {planned}, counted {found}"
