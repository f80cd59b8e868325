"""A real object store for the tests of what is kept in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from google.cloud import storage

from actors.storage.bucket import Bucket, connect
from infra.local.port import HOST, free_port
from serve_app.runs.run_registry import RunRegistry
from tests.support.object_store import object_store
from tests.support.storage_proxy import StorageProxy

PROJECT = "dropforge-test"
IMAGES = "shop-images"
"""The bucket of the image stage's tests."""


@pytest.fixture(scope="session")
def storage_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with object_store(tmp_path_factory.mktemp("storage"), PROJECT, "work", "out", IMAGES) as address:
        yield address


@pytest.fixture(scope="session")
def client(storage_address: str) -> storage.Client:
    return client_of(f"http://{storage_address}")


@pytest.fixture(scope="session")
def work(client: storage.Client) -> Bucket:
    return Bucket(client, "work")


@pytest.fixture(scope="session")
def out(client: storage.Client) -> Bucket:
    return Bucket(client, "out")


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """A folder of the test's own."""
    return re.sub(r"[^\w]+", "-", request.node.nodeid.rpartition("/")[2]) + "/"


@pytest.fixture
def registry(work: Bucket, prefix: str) -> RunRegistry:
    return RunRegistry(work, prefix)


@pytest.fixture
def proxy(storage_address: str) -> Iterator[StorageProxy]:
    with StorageProxy(storage_address) as proxy:
        yield proxy


@pytest.fixture
def proxied_client(proxy: StorageProxy) -> storage.Client:
    return client_of(proxy.url)


@pytest.fixture
def proxied_work(proxied_client: storage.Client) -> Bucket:
    """The work bucket behind `proxy`, with retries that end soon."""
    return Bucket(proxied_client, "work", retry_s=0.3, timeout_s=5.0)


@pytest.fixture
def patient_work(proxied_client: storage.Client) -> Bucket:
    """The work bucket behind `proxy`, with the ordinary time to retry: for what must succeed on a busy machine too."""
    return Bucket(proxied_client, "work")


@pytest.fixture
def unreachable_work() -> Bucket:
    """The work bucket of an object store that does not run."""
    return Bucket(client_of(f"http://{HOST}:{free_port()}"), "work", retry_s=0.2, timeout_s=1.0)


def client_of(url: str) -> storage.Client:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", url)
        patch.setenv("no_proxy", HOST)
        return connect(PROJECT)
