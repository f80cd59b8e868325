"""Local clouds for the session, and what the tests speak to them with: Google's own clients, unmodified."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.cloud import pubsub_v1, storage

from infra.local.cloud import LocalCloud, LocalCloudOptions
from infra.local.google_emulator import GooglePubsubEmulator

from .pubsub_bus import Bus
from .push_endpoint import PushEndpoint


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


@pytest.fixture(scope="session")
def google_cloud() -> Iterator[LocalCloud]:
    if GooglePubsubEmulator.find() is None:
        pytest.skip("Google's Pub/Sub emulator (gcloud's component pubsub-emulator, and Java) is not installed")
    with LocalCloud(LocalCloudOptions(pubsub_engine="google")) as running:
        yield running


@pytest.fixture(scope="session")
def storage_client(cloud: LocalCloud) -> Iterator[storage.Client]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        client = storage.Client()
    yield client
    client.close()


def _bus(cloud: LocalCloud, engine: str) -> Bus:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        return Bus(cloud.options.project, engine, pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient())


@pytest.fixture(scope="session")
def embedded_bus(cloud: LocalCloud) -> Iterator[Bus]:
    with _bus(cloud, "embedded") as bus:
        yield bus


@pytest.fixture(scope="session")
def google_bus(google_cloud: LocalCloud) -> Iterator[Bus]:
    with _bus(google_cloud, "google") as bus:
        yield bus


@pytest.fixture(params=["embedded", "google"])
def bus(request: pytest.FixtureRequest) -> Bus:
    """Each Pub/Sub present in turn."""
    return request.getfixturevalue(f"{request.param}_bus")


@pytest.fixture
def endpoint() -> Iterator[PushEndpoint]:
    with PushEndpoint() as running:
        yield running
