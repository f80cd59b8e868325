"""Regular checks of what the application depends on: whether each answers, since when, and when it was last checked.

A dependency that is down makes the application `degraded`, but no replica unhealthy: restarting a replica does not
repair a bucket, and a fleet of restarting replicas makes an outage worse.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.api_core import exceptions as api
from google.cloud import pubsub_v1
from ray import serve

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket
from serve_app.config.settings import Settings
from serve_app.model.views import DependencyView, DeploymentView, HealthView, IgnoredUpload
from serve_app.pubsub.pull_subscriber import Subscriber

from .metrics import Metrics

_EVERY_S = 10.0
_CALL_S = 5.0
APPLICATION = "dropforge"


class Health:
    """Checks each dependency every ten seconds; `report` answers from the last results."""

    def __init__(
        self, settings: Settings, buckets: Mapping[str, Bucket], metrics: Metrics, stream: Subscriber | None
    ) -> None:
        self._metrics = metrics
        self._stream = stream
        self._checks: dict[str, Callable[[], object]] = {
            name: partial(bucket.stat, "dropforge-health") for name, bucket in buckets.items()
        }
        subscriber, publisher = pubsub_v1.SubscriberClient(), pubsub_v1.PublisherClient()

        def subscription(name: str) -> Callable[[], object]:
            path = subscriber.subscription_path(settings.project, name)
            return lambda: subscriber.get_subscription(request={"subscription": path}, timeout=_CALL_S, retry=None)

        topic = publisher.topic_path(settings.project, settings.dead_letter_topic)
        if settings.pull:
            self._checks["subscription"] = subscription(settings.subscription)
        self._checks["dead_letter_topic"] = lambda: publisher.get_topic(
            request={"topic": topic}, timeout=_CALL_S, retry=None
        )
        self._checks["dead_letter_subscription"] = subscription(settings.dead_letter_subscription)
        self._reasons: dict[str, str] = {}
        self._checked: dict[str, float] = {}
        self._succeeded: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._look_regularly())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def check(self) -> None:
        """Raises `INTERNAL` when the regular checks have stopped, which only a defect can cause."""
        if self._task is not None and self._task.done():
            raise DropforgeError(Code.INTERNAL, "The regular checks of the dependencies have stopped.")

    async def report(self, *, runs: int, ignored_uploads: list[IgnoredUpload]) -> HealthView:
        """The health of the application. `runs` is the number of runs that this replica drives."""
        now = time.monotonic()
        dependencies = {
            name: DependencyView(
                healthy=not self._reasons.get(name),
                reason=self._reasons.get(name, ""),
                checked_s_ago=round(now - self._checked[name], 1),
                ok_s_ago=round(now - self._succeeded[name], 1) if name in self._succeeded else None,
            )
            for name in self._checks
            if name in self._checked
        }
        deployments = await asyncio.to_thread(_deployments)
        reasons = [f"{name}: {view.reason}" for name, view in dependencies.items() if not view.healthy]
        reasons += [f"{name} is {view.status}" for name, view in deployments.items() if view.status != "HEALTHY"]
        stream = self._stream
        if stream is not None and stream.broken:
            reasons.append(f"subscriber: {stream.broken}")
        last_message_at = stream.last_message_at if stream is not None else None
        return HealthView(
            status="degraded" if reasons else "healthy",
            reasons=reasons,
            deployments=deployments,
            dependencies=dependencies,
            last_message_s_ago=round(time.time() - last_message_at, 1) if last_message_at else None,
            runs_in_flight=runs,
            ignored_uploads=ignored_uploads,
            now=datetime.now(UTC),
        )

    async def _look_regularly(self) -> None:
        while True:
            await asyncio.gather(*(self._look(name, check) for name, check in self._checks.items()))
            if (stream := self._stream) is not None:
                self._metrics.dependency("stream", healthy=not stream.broken)
                if stream.last_message_at is not None:
                    self._metrics.last_message(time.time() - stream.last_message_at)
            await asyncio.sleep(_EVERY_S)

    async def _look(self, name: str, check: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(check)
        except (DropforgeError, api.GoogleAPIError) as error:
            self._reasons[name] = f"{type(error).__name__}: {str(error)[:300]}"
        else:
            self._reasons.pop(name, None)
            self._succeeded[name] = time.monotonic()
        self._checked[name] = time.monotonic()
        self._metrics.dependency(name, healthy=name not in self._reasons)


def _deployments() -> dict[str, DeploymentView]:
    application: Any = serve.status().applications.get(APPLICATION)
    if application is None:
        return {}
    return {
        name: DeploymentView(
            status=str(getattr(one.status, "value", one.status)),
            message=one.message,
            replicas={str(getattr(state, "value", state)): count for state, count in one.replica_states.items()},
        )
        for name, one in application.deployments.items()
    }
