"""The accept step: a notification becomes a run that no crash can lose, and only then may be acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from opentelemetry.trace import SpanKind

from actors import trace_context
from actors.model.run import Run
from serve_app.config.settings import Settings
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.pubsub.gcs_event import Ignored, Notification, drop_of

from .ignored_uploads import IgnoredUploads
from .run_registry import RunRegistry


class Acceptance:
    """The one way in: notifications that were pushed, pulled or replayed, and uploads that a reconciliation found.

    `begin` has a new run driven.
    """

    def __init__(
        self,
        settings: Settings,
        registry: RunRegistry,
        metrics: Metrics,
        tracing: Tracing,
        begin: Callable[[Run], None],
    ) -> None:
        self.ignored = IgnoredUploads(settings.object_patterns)
        self._settings = settings
        self._registry = registry
        self._metrics = metrics
        self._tracing = tracing
        self._begin = begin

    async def accept(self, attributes: Mapping[str, str]) -> bool:
        """Makes the run of a notification's drop durable and starts it; a duplicate changes nothing.

        Returns once the notification may be acknowledged, True where it has begun a run. Raises `BAD_REQUEST` where
        the attributes are no notification's, and what the bucket raises.
        """
        drop = drop_of(attributes, self._settings)
        if drop is Ignored.NOT_MATCHED:
            first = self.ignored.tell(Notification.parse(attributes).drop)
            self._metrics.notification(drop if first else "duplicate")
            return False
        if isinstance(drop, Ignored):
            self._metrics.notification(drop)
            return False
        context = trace_context.context_of(trace_context.received(attributes))
        about = {"run": drop.run_id, "drop": drop.uri}
        with self._tracing.span("accept", about, context=context, kind=SpanKind.CONSUMER) as span:
            run = self._settings.run_for(drop, trace=trace_context.current())
            accepted = await asyncio.to_thread(self._registry.accept, run)
            span.set_attribute("dropforge.accepted", accepted)
        self._metrics.notification("accepted" if accepted else "duplicate")
        if accepted:
            self._begin(run)
        return accepted
