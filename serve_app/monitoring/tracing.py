"""OpenTelemetry spans: one trace per run, from the notification to the commit.

```
accept                       from the notification until the run is durable; its context is the run's
└─ run                       one for each owner of the run, and one more for each replay
   ├─ plan
   ├─ shard                  ├─ read ├─ clean ├─ images └─ write, each with its retries as events
   ├─ dead_letter            a shard that ran out of retries
   └─ assemble
replay                       a trace of its own, linked to the runs that it replays
```

The driver of a run makes all its spans, because it sees every outcome. A stage's own seconds are an attribute of its
span, which tells work from waiting for a replica. Without an endpoint nothing is recorded or sent, but a run still has
a trace id, by which its log lines can be found.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

from actors.errors import DropforgeError

Attributes = Mapping[str, str | int | float | bool]


class Tracing:
    """Makes spans and sends them, in the background, to `endpoint`, the address of an OTLP/HTTP receiver.

    A parent's sampling decision is followed; without a parent every run is traced. `OTEL_EXPORTER_OTLP_HEADERS` and
    the other environment variables of OpenTelemetry's exporter apply.
    """

    def __init__(self, endpoint: str) -> None:
        version = importlib.metadata.version("dropforge")
        self._provider = TracerProvider(
            sampler=ParentBased(ALWAYS_ON) if endpoint else ALWAYS_OFF,
            resource=Resource.create({"service.name": "dropforge", "service.version": version}),
        )
        if endpoint:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor

            exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("dropforge", version)

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Iterable[Link | None] = (),
    ) -> Iterator[Span]:
        """A span around the `with` block, a child of the current span unless `context` has another parent.

        When the block raises a `DropforgeError`, the span has status ERROR and the code as its `error.type`.
        """
        span = self._tracer.start_span(
            name,
            context,
            kind,
            {f"dropforge.{key}": value for key, value in attributes.items()},
            [link for link in links if link is not None],
        )
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except DropforgeError as error:
                span.set_attribute("error.type", error.code)
                span.set_status(Status(StatusCode.ERROR, error.message))
                raise

    def stop(self) -> None:
        """Sends the remaining spans. Blocking, for some seconds when the receiver does not answer."""
        self._provider.shutdown()
