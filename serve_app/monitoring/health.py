"""Regular checks of what the application depends on: whether each answers, since when, and when it was last checked.

A check asks little, so one that is answered does not say that the work gets its answers too. Therefore the requests of
the work count as well: a dependency is slow when one of the last minute timed out or took longer than
`slow_dependency_s`.

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
from actors.storage.request_times import RequestTimes, Slowest
from serve_app.config.settings import Settings
from serve_app.model.views import DependencyView, DeploymentView, HealthView, IgnoredUpload
from serve_app.pubsub.pull_subscriber import Subscriber

from .metrics import Metrics

_EVERY_S = 10.0
_CALL_S = 10.0
APPLICATION = "dropforge"


class Health:
    """Checks each dependency every ten seconds; `report` answers from the last results."""

    def __init__(
        self,
        settings: Settings,
        buckets: Mapping[str, Bucket],
        metrics: Metrics,
        stream: Subscriber | None,
        times: RequestTimes,
    ) -> None:
        self._metrics = metrics
        self._times = times
        self._slow_s = settings.slow_dependency_s
        self._timed_as = {name: bucket.name for name, bucket in buckets.items()}
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
            name: self._view(name, now) for name in self._checks if name in self._checked or self._slow(name)
        }
        deployments = await asyncio.to_thread(_deployments)
        reasons = [f"{name}: {view.reason}" for name, view in dependencies.items() if view.reason]
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

    def _view(self, name: str, now: float) -> DependencyView:
        slowest, slow = self._slowest(name), self._slow(name)
        return DependencyView(
            healthy=name not in self._reasons and name in self._checked,
            reason=self._reasons.get(name) or slow,
            slow=bool(slow),
            slowest_s=round(slowest.seconds, 3) if slowest is not None else None,
            checked_s_ago=round(now - self._checked[name], 1) if name in self._checked else 0.0,
            ok_s_ago=round(now - self._succeeded[name], 1) if name in self._succeeded else None,
        )

    def _slowest(self, name: str) -> Slowest | None:
        return self._times.slowest(self._timed_as.get(name, name))

    def _slow(self, name: str) -> str:
        """Why a dependency counts as slow; empty for one that does not."""
        slowest = self._slowest(name)
        if slowest is None or not (slowest.timed_out or slowest.seconds > self._slow_s):
            return ""
        what = "a request timed out; the slowest" if slowest.timed_out else "the slowest request"
        return f"{what} of the last minute took {slowest.seconds:.1f} s, the bound is {self._slow_s:g} s"

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
            await asyncio.to_thread(self._timed, name, check)
        except (DropforgeError, api.GoogleAPIError) as error:
            self._reasons[name] = f"{type(error).__name__}: {str(error)[:300]}"
        else:
            self._reasons.pop(name, None)
            self._succeeded[name] = time.monotonic()
        self._checked[name] = time.monotonic()
        slowest = self._slowest(name)
        self._metrics.dependency(
            name, healthy=name not in self._reasons, slowest_s=slowest.seconds if slowest is not None else None
        )

    def _timed(self, name: str, check: Callable[[], object]) -> None:
        if name in self._timed_as:  # a bucket's requests are timed by its client
            check()
            return
        with self._times.timed(name):
            check()


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
