"""What the demo must notice."""

from __future__ import annotations

import pytest

from actors.model.part import Counts
from serve_app.cli.local.verdict import faults
from serve_app.model.run_state import RunState
from tests.support.fake_api import view_of

GOOD = view_of()


def test_a_good_run_has_no_faults() -> None:
    assert list(faults(GOOD, output_rows=7, expected=None)) == []
    assert list(faults(GOOD, output_rows=7, expected=GOOD.counts.model_copy(update={"image_bytes": 5}))) == []


def _with(**changes: object) -> Counts:
    return GOOD.counts.model_copy(update=changes)


@pytest.mark.parametrize(
    ("view", "rows", "fault"),
    [
        (view_of(RunState.INCOMPLETE), 7, "the run is incomplete, not done"),
        (view_of(counts=_with(records=11)), 7, "the rows in do not equal the rows out"),
        (view_of(counts=_with(images={"stored": 6})), 7, "the image outcomes do not add up"),
        (GOOD, 6, "the output has 6 rows, but the run counted 7"),
        (GOOD, None, "the output has None rows"),
    ],
)
def test_a_fault_is_named(view, rows: int | None, fault: str) -> None:
    (found,) = faults(view, output_rows=rows, expected=None)
    assert fault in found


@pytest.mark.parametrize("name", ["records", "blank", "rows_out", "rejects", "images", "image_failures"])
def test_a_count_that_was_not_planned_is_named(name: str) -> None:
    planned = _with(**{name: 99 if isinstance(getattr(GOOD.counts, name), int) else {"other": 1}})
    (found,) = faults(GOOD, output_rows=7, expected=planned)
    assert found.startswith(f"{name}: ")
