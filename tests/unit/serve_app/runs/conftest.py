"""The core of a run, without Ray, HTTP and the cloud."""

from __future__ import annotations

import pytest

from tests.support.core import Core


@pytest.fixture
def core() -> Core:
    """Every drop has three shards of four rows."""
    return Core()


@pytest.fixture
def small() -> Core:
    """Every drop has one shard of four rows."""
    return Core(rows=[4])
