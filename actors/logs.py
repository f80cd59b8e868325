"""One JSON line an event, in the fields that Cloud Logging lifts out of a container's output.

Field names are those of "Structured logging", Cloud Logging documentation. On a terminal, plain text.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import ray

LABELS = "logging.googleapis.com/labels"
TRACE = "logging.googleapis.com/trace"

_SERVE_LOGGER = "ray.serve"
_OUR_LOGGER = "dropforge"


def labels(**values: object) -> dict[str, Any]:
    """`extra` of a log call: what the event is about, such as `run`, `shard` and `stage`. Empty values are left out."""
    return {"labels": {name: str(value) for name, value in values.items() if value not in (None, "")}}


def configure() -> str:
    """Sends the events of this Ray process to standard error, each with its node's id, which is returned, as a label.

    Serve's own events get the same form, so that their severity is kept too. May be called again.
    """
    node_id: str = ray.get_runtime_context().get_node_id()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_TextFormatter() if sys.stderr.isatty() else JsonFormatter(node_id))
    logger = logging.getLogger(_OUR_LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for serve_handler in logging.getLogger(_SERVE_LOGGER).handlers:
        serve_handler.setFormatter(JsonFormatter(node_id))
    return node_id


class JsonFormatter(logging.Formatter):
    """A line break in a stranger's text can't start a line of its own: JSON escapes it."""

    def __init__(self, node_id: str) -> None:
        super().__init__()
        self._node_id = node_id

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
        found = dict(getattr(record, "labels", {}))
        if self._node_id:
            found["ray_worker_node_id"] = self._node_id
        if found:
            event[LABELS] = found
        if trace := getattr(record, "trace", ""):
            event[TRACE] = trace
        return json.dumps(event, ensure_ascii=False)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in record.getMessage())
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{when} {record.levelname.lower()} {text}{trace}"
