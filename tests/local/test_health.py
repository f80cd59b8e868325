"""The look at the dependencies: a missing one is told and harms nobody, an ended look makes the replica unhealthy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket, connect
from infra.local.cloud import LocalCloud
from serve_app.config.settings import Settings
from serve_app.monitoring.health import Health
from serve_app.monitoring.metrics import Metrics


class Dependencies(Metrics):
    """What is told of each dependency, instead of Ray."""

    def __init__(self) -> None:
        self.told: dict[str, bool] = {}

    def dependency(self, name: str, *, healthy: bool) -> None:
        self.told[name] = healthy


@pytest.fixture
async def health(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Health, Dependencies]]:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    options = cloud.options
    settings = Settings(
        project=options.project,
        subscription=options.subscription,
        dead_letter_topic=options.dead_letter_topic,
        dead_letter_subscription="missing",
    )
    bucket = Bucket(connect(options.project), options.source_bucket)
    metrics = Dependencies()
    made = Health(settings, {"source_bucket": bucket}, metrics, None)
    await made.start()
    yield made, metrics
    await made.stop()


async def test_a_missing_dependency_makes_no_replica_unhealthy(health: tuple[Health, Dependencies]) -> None:
    look, metrics = health
    async with asyncio.timeout(30):
        while len(metrics.told) < 4:  # noqa: ASYNC110  the look is in threads
            await asyncio.sleep(0.02)
    assert metrics.told == {
        "source_bucket": True,
        "subscription": True,
        "dead_letter_topic": True,
        "dead_letter_subscription": False,
    }
    look.check()


async def test_a_look_that_has_ended_makes_the_replica_unhealthy(health: tuple[Health, Dependencies]) -> None:
    look, _ = health
    look.check()
    assert look._task is not None
    look._task.cancel()
    await asyncio.wait({look._task})
    with pytest.raises(DropforgeError) as caught:
        look.check()
    assert caught.value.code is Code.INTERNAL
