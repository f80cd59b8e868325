from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faulty_world import FaultyWorld

from .fleet import Fleet

SHARD_ROWS = 20
LEASE_S = 30.0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scale: starts a Ray cluster of three nodes; `make scale` runs these")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("scale"):
            item.add_marker(pytest.mark.skip(reason="`make scale` runs this"))


@pytest.fixture(scope="session")
def world() -> Iterator[FaultyWorld]:
    """The local cloud and the image host, each behind its proxy; no application yet."""
    with FaultyWorld() as world:
        yield world


@pytest.fixture(scope="session")
def fleet(world: FaultyWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    if not Path("/proc/self/stat").exists():
        pytest.skip("processes are found in /proc")
    # A busy machine must not be taken for a slow host, or for an owner that has gone silent.
    images = {"allowed_networks": ["127.0.0.0/8"], "allowed_ports": [world.images.port]}
    settings = {
        "open_on_loopback": True,
        "shard_rows": SHARD_ROWS,
        "lease_s": LEASE_S,
        "adopt_every_s": 1.0,
        "images": images,
    }
    with Fleet(settings, world.environment) as fleet:
        yield fleet
