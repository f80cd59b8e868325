from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from actors.images.names import ImageTarget
from tests.support.fake_gcs import BUCKET, fake_gcs

from .origin import Origin, running_origin


@pytest.fixture(scope="session")
def gcs_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fake_gcs(tmp_path_factory.mktemp("gcs")) as endpoint:
        yield endpoint


@pytest.fixture
def gcs(gcs_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_endpoint)
    return gcs_endpoint


@pytest.fixture
def target(request: pytest.FixtureRequest) -> ImageTarget:
    """A folder of the test's own."""
    return ImageTarget(BUCKET, f"images/{request.node.name.translate(str.maketrans('[]', '--'))}")


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin
