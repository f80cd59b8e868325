"""With several workers, all that starts Ray is one worker's: two Rays on two cores would be in each other's way."""

from __future__ import annotations

import pytest


def test_a_worker_keeps_to_its_group(request: pytest.FixtureRequest) -> None:
    """xdist 3.8 writes the group behind a test's id; with pytest 9.2 that is lost, and groups with it."""
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@the rest")
