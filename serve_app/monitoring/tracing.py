"""Spans of a run, for OpenTelemetry: one trace from the notification to the commit.

```
accept                       the notification, until the run is durable; its context is the run's
└─ run                       each owner's stretch of it; a replay makes another
   ├─ plan
   ├─ shard                  ├─ read ├─ clean ├─ images └─ write, each with its retries as events
   ├─ dead_letter            what ran out of them
   └─ assemble
replay                       a trace of its own, linked to the runs that it is for
```

The driver of a run makes them all, because it sees every outcome; a stage's own seconds are an attribute of its span,
so that waiting for a replica can be told from work. Without an endpoint nothing is recorded or sent, but traces have
ids all the same, by which the log's lines of a run are found.
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
    """Makes spans, and sends those that have ended to `endpoint`, an OTLP/HTTP receiver's address, in the background.

    A parent's sampling decision holds; without a parent every run is traced. `OTEL_EXPORTER_OTLP_HEADERS` and the other
    variables of OpenTelemetry's exporter are heeded.
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
        """A span while the block runs, below the current one unless `context` has another parent.

        A failure is its status, the failure's code its `error.type`.
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
        """Sends what has not been sent yet. Blocking, for some seconds where the receiver does not answer."""
        self._provider.shutdown()
