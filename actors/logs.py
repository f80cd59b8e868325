"""Logs each event as one JSON line, with the fields that Cloud Logging reads from a container's output.

Field names are from "Structured logging", Cloud Logging documentation. On a terminal, the log is plain text.
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
    """The `extra` of a log call: what the event is about, such as `run`, `shard` and `stage`. Omits empty values."""
    return {"labels": {name: str(value) for name, value in values.items() if value not in (None, "")}}


_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**values: object) -> Iterator[None]:
    """Adds labels to every event that is logged in the `with` block, and in tasks started in it."""
    token = _about.set({**_about.get(), **labels(**values)["labels"]})
    try:
        yield
    finally:
        _about.reset(token)


def configure(project: str) -> str:
    """Logs the events of this Ray process to standard error, each with the node's id as a label; returns that id.

    Events of Serve and warnings of libraries get the same format, so that Cloud Logging sees their severity too.
    `project` is the Google Cloud project of the traces. May be called more than once.
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
    """Formats an event as one line of ASCII, so that no line break in untrusted text can start a new line."""

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
            # Error Reporting groups events by the stack trace in this field.
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
