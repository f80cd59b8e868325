"""The trace that a run's events belong to.

It travels as W3C trace context, one line of text ("traceparent", https://www.w3.org/TR/trace-context/): from a
notification's attributes into the run's record, and from there to every process that works on the run, where the
log's lines name it; and into the attributes of dead letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ATTRIBUTE = "traceparent"

_FIELDS = (ATTRIBUTE, f"googclient_{ATTRIBUTE}")
"""The standard's name, and the one that Pub/Sub's clients use when they trace ("OpenTelemetry tracing", their docs)."""

_W3C = TraceContextTextMapPropagator()


def received(attributes: Mapping[str, str]) -> str:
    """The `traceparent` that came with a message; empty where none did."""
    return next((attributes[field] for field in _FIELDS if attributes.get(field)), "")


def current() -> str:
    """The `traceparent` of what this task is in; empty outside of any trace."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get(ATTRIBUTE, "")


def context_of(traceparent: str) -> otel.Context:
    """For a span's `context`; one without a parent where `traceparent` is empty or none."""
    return _W3C.extract({ATTRIBUTE: traceparent} if traceparent else {}, otel.Context())


def link_to(traceparent: str) -> trace.Link | None:
    span = _span(traceparent)
    return trace.Link(span) if span.is_valid else None


def same_trace(a: str, b: str) -> bool:
    """Whether two `traceparent`s name one trace; False where either names none."""
    return _span(a).is_valid and _span(a).trace_id == _span(b).trace_id


@contextmanager
def within(traceparent: str) -> Iterator[None]:
    """What happens in the block, and in tasks and threads started from it, belongs to the trace."""
    token = otel.attach(context_of(traceparent))
    try:
        yield
    finally:
        otel.detach(token)


def _span(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(context_of(traceparent)).get_span_context()
