"""The look at the dependencies: a missing one is told and harms nobody, an ended look makes the replica unhealthy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket, connect
from actors.storage.request_times import RequestTimes, Slowest
from infra.local.cloud import LocalCloud
from serve_app.config.settings import Settings
from serve_app.monitoring.health import Health
from serve_app.monitoring.metrics import Metrics


class Dependencies(Metrics):
    """What is told of each dependency, instead of Ray."""

    def __init__(self) -> None:
        self.told: dict[str, bool] = {}
        self.slowest_s: dict[str, float] = {}

    def dependency(self, name: str, *, healthy: bool, slowest_s: float | None = None) -> None:
        self.told[name] = healthy
        if slowest_s is not None:
            self.slowest_s[name] = slowest_s


class Times(RequestTimes):
    """Those of `bucket` can be made up."""

    bucket = ""
    of_the_bucket: Slowest | None = None

    def slowest(self, name: str) -> Slowest | None:
        return self.of_the_bucket if self.of_the_bucket and name == self.bucket else super().slowest(name)


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
async def health(
    cloud: LocalCloud, times: Times, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Health, Dependencies]]:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    options = cloud.options
    settings = Settings(
        project=options.project,
        subscription=options.subscription,
        dead_letter_topic=options.dead_letter_topic,
        dead_letter_subscription="missing",
    )
    bucket = Bucket(connect(options.project, times), options.source_bucket)
    times.bucket = bucket.name
    metrics = Dependencies()
    made = Health(settings, {"source_bucket": bucket}, metrics, None, times)
    await made.start()
    yield made, metrics
    await made.stop()


async def looked(metrics: Dependencies) -> None:
    async with asyncio.timeout(30):
        while len(metrics.told) < 4:  # noqa: ASYNC110  the look is in threads
            await asyncio.sleep(0.02)


async def test_a_missing_dependency_makes_no_replica_unhealthy(health: tuple[Health, Dependencies]) -> None:
    look, metrics = health
    await looked(metrics)
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


@pytest.mark.parametrize(
    ("slowest", "said"),
    [
        (Slowest(0.2, timed_out=False), ""),
        (Slowest(7, timed_out=False), "the slowest request of the last minute took 7.0 s, the bound is 5 s"),
        (
            Slowest(2, timed_out=True),
            "a request timed out; the slowest of the last minute took 2.0 s, the bound is 5 s",
        ),
    ],
    ids=str,
)
async def test_slow_work_degrades_what_answers_its_check(
    health: tuple[Health, Dependencies],
    times: Times,
    monkeypatch: pytest.MonkeyPatch,
    slowest: Slowest,
    said: str,
) -> None:
    look, metrics = health
    await looked(metrics)
    assert set(metrics.slowest_s) == {"source_bucket", "subscription", "dead_letter_topic", "dead_letter_subscription"}
    monkeypatch.setattr("serve_app.monitoring.health._deployments", dict)
    times.of_the_bucket = slowest
    view = await look.report(runs=0, ignored_uploads=[])
    found = view.dependencies["source_bucket"]
    assert (found.healthy, found.slow, found.reason, found.slowest_s) == (True, bool(said), said, slowest.seconds)
    assert (f"source_bucket: {said}" in view.reasons) == bool(said)
