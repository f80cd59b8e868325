from __future__ import annotations

import pytest

from serve_app.model.shard_state import MOST_CELLS, ShardState, strip

D, A, F, W = ShardState.DONE, ShardState.ACTIVE, ShardState.FAILED, ShardState.WAITING


@pytest.mark.parametrize(
    ("states", "most", "cells"),
    [
        ([], 3, []),
        ([D, A, W], 3, [D, A, W]),
        ([D, D, D, A, W, W], 3, [D, A, W]),
        ([D, W, D, D], 2, [W, D]),
        ([F, A, D, W, D], 2, [F, W]),
        ([D] * 5, 2, [D, D]),
    ],
)
def test_a_cell_shows_what_must_be_seen_first(states: list, most: int, cells: list) -> None:
    assert strip(states, most) == cells


@pytest.mark.parametrize("shards", [1, MOST_CELLS, MOST_CELLS + 1, 1000, 100_000])
def test_a_strip_has_a_bounded_number_of_cells(shards: int) -> None:
    cells = strip([W] * (shards - 1) + [F])
    assert len(cells) <= MOST_CELLS
    assert cells[-1] is F
