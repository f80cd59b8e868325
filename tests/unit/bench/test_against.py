"""Figures of two revisions are compared round by round."""

from __future__ import annotations

import pytest

from tests.bench.against import Compared, _numbers, compared


def test_figures_are_named_by_their_path() -> None:
    value = {"bench": "x", "latency": {"p50_s": 0.5}, "sizes": [{"mb": 3, "of": "a"}, {"mb": 4}], "same": True}
    assert dict(_numbers(value)) == {"latency.p50_s": 0.5, "sizes.0.a.mb": 3.0, "sizes.1.mb": 4.0}


def test_a_ratio_is_of_the_rounds_and_not_of_the_medians() -> None:
    ours = [{"s": 1.0, "here": 1.0}, {"s": 2.0, "here": 1.0}, {"s": 9.0, "here": 1.0}]
    other = [{"s": 2.0}, {"s": 2.0}, {"s": 3.0}]
    assert compared(ours, other) == [Compared("s", ours=2.0, other=2.0, ratio=1.0, least=0.5, greatest=3.0)]


def test_rounds_go_in_pairs() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compared([{"s": 1.0}], [])
