"""One JSON line an event, in the fields that Cloud Logging lifts out of a container's output.

Field names are those of "Structured logging", Cloud Logging documentation. On a terminal, plain text.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import ray
from opentelemetry import trace

LABELS = "logging.googleapis.com/labels"
TRACE = "logging.googleapis.com/trace"
SPAN = "logging.googleapis.com/spanId"
SAMPLED = "logging.googleapis.com/trace_sampled"

_SERVE_LOGGER = "ray.serve"
_OUR_LOGGER = "dropforge"


def labels(**values: object) -> dict[str, Any]:
    """`extra` of a log call: what the event is about, such as `run`, `shard` and `stage`. Empty values are left out."""
    return {"labels": {name: str(value) for name, value in values.items() if value not in (None, "")}}


_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**values: object) -> Iterator[None]:
    """Labels of whatever is logged in the block, and in tasks started from it."""
    token = _about.set({**_about.get(), **labels(**values)["labels"]})
    try:
        yield
    finally:
        _about.reset(token)


def configure(project: str) -> str:
    """Sends the events of this Ray process to standard error, each with its node's id, which is returned, as a label.

    Serve's own events and the libraries' warnings get the same form, so that their severity is kept too. `project` is
    where traces are. May be called again.
    """
    node_id: str = ray.get_runtime_context().get_node_id()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_TextFormatter() if sys.stderr.isatty() else JsonFormatter(node_id, project))
    logger = logging.getLogger(_OUR_LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ray_logger in (logging.getLogger("ray"), logging.getLogger(_SERVE_LOGGER)):
        for ray_handler in ray_logger.handlers:
            ray_handler.setFormatter(JsonFormatter(node_id, project))
    return node_id


class JsonFormatter(logging.Formatter):
    """A line break in a stranger's text can't start a line of its own, of whichever kind: the line is plain ASCII."""

    def __init__(self, node_id: str, project: str) -> None:
        super().__init__()
        self._node_id = node_id
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": record.name,
        }
        if record.exc_info:
            # Where a stack trace stands decides whether Error Reporting groups the event.
            event["stack_trace"] = self.formatException(record.exc_info)
        found = {**_about.get(), **getattr(record, "labels", {})}
        if self._node_id:
            found["ray_worker_node_id"] = self._node_id
        if found:
            event[LABELS] = found
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            event[TRACE] = f"projects/{self._project}/traces/{span.trace_id:032x}"
            event[SPAN] = f"{span.span_id:016x}"
            event[SAMPLED] = span.trace_flags.sampled
        return json.dumps(event)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in record.getMessage())
        stack = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{when} {record.levelname.lower()} {text}{stack}"
