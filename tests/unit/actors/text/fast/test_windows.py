"""Windows are numbered exactly: equal keys share a number, different ones never do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.text.fast.arrays import Rows
from actors.text.fast.windows import Windows

KEYS = st.integers(0, 30) | st.integers(0, 2**63 - 1)


@given(st.lists(st.lists(KEYS, max_size=40), max_size=6))
def test_numbers_follow_the_keys(batches: list[list[int]]) -> None:
    windows = Windows()
    known: dict[int, int] = {}
    for batch in batches:
        keys = np.array(batch, np.int64)
        before = len(windows)
        numbers, first = windows.number(keys)
        assert sorted(set(numbers[first])) == list(range(before, len(windows)))
        assert list(numbers[first]) == list(range(before, len(windows)))
        for key, number in zip(batch, numbers.tolist(), strict=True):
            assert known.setdefault(key, number) == number
    assert len(set(known.values())) == len(known) == len(windows)


def test_cleared_windows_are_numbered_anew() -> None:
    windows = Windows()
    windows.number(np.array([7, 8]))
    windows.clear()
    numbers, first = windows.number(np.array([8]))
    assert (numbers.tolist(), first.tolist(), len(windows)) == ([0], [0], 1)


@given(st.lists(st.integers(0, 3000), max_size=5))
def test_rows_keep_what_was_appended(sizes: list[int]) -> None:
    rows, expected = Rows(2, reserved=1000), np.empty((0, 2), np.float32)
    for number, size in enumerate(sizes):
        block = np.full((size, 2), number, np.float32)
        rows.append(block)
        expected = np.concatenate((expected, block))
    np.testing.assert_array_equal(rows.array, expected)
