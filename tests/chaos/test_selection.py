"""A short selection of the scenarios, on one stack; `make chaos` plays them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .node_stack import NodeStack
from .run import Series
from .scenarios import ALL

SEED = 1
SELECTION = (
    "kill-owner-part",
    "kill-cleaner-image",
    "kill-writer-manifest",
    "storage-503-lost-commit",
    "poison-row-in-short-shard",
)

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the faults find their processes in /proc"),
]


@pytest.fixture(scope="module")
def series() -> Iterator[Series]:
    with NodeStack() as stack:
        yield Series(stack)


@pytest.mark.parametrize("name", SELECTION)
def test_a_run_survives(series: Series, name: str) -> None:
    figures = series.play(next(scenario for scenario in ALL if str(scenario) == name), SEED)
    assert not figures.wrong


def test_nothing_is_left_behind(series: Series) -> None:
    assert not series.audit()
