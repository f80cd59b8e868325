from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from actors.images.names import ImageTarget
from tests.unit.conftest import IMAGES

from .origin import Origin, running_origin


@pytest.fixture
def gcs(storage_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The object store's endpoint, which is also the environment's."""
    endpoint = f"http://{storage_address}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", endpoint)
    return endpoint


@pytest.fixture
def target(request: pytest.FixtureRequest) -> ImageTarget:
    """A folder of the test's own."""
    return ImageTarget(IMAGES, f"images/{request.node.name[:80].translate(str.maketrans('[]', '--'))}")


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin
