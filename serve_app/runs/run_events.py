"""Reports what happens in a run: as progress to people, to Prometheus, to the log and the trace, and what has failed to
the dead-letter topic."""

from __future__ import annotations

import logging
from typing import Protocol

from opentelemetry.trace import SpanKind

from actors import logs
from actors.errors import DropforgeError
from actors.model.failure import Failure
from actors.model.part import PartRecord
from actors.model.run import Run
from actors.model.stage import Stage
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Attributes, Tracing

from .progress import Progress

logger = logging.getLogger("dropforge.driver")


class DeadLetterPublisher(Protocol):
    """`DeadLetterTopic`, or what takes its place in a test."""

    def publish(self, run: Run, failure: Failure) -> None: ...


class RunEvents:
    """Of one run. Nothing here changes what becomes of it."""

    def __init__(
        self,
        run: Run,
        progress: Progress,
        metrics: Metrics,
        tracing: Tracing,
        dead_letters: DeadLetterPublisher,
    ) -> None:
        self.progress = progress
        self._run = run
        self._metrics = metrics
        self._tracing = tracing
        self._dead_letters = dead_letters

    def retried(self, stage: Stage, error: DropforgeError) -> None:
        """A try of a stage failed, and another one follows."""
        self.progress.retry(stage, error)
        self._metrics.retry(stage, error)
        about = logs.labels(stage=stage, code=error.code)
        logger.warning("A stage of run %s failed and is tried again: %s", self._run.run_id, error, extra=about)

    def finished(self, part: PartRecord) -> None:
        """A shard has its part."""
        self.progress.finish(part)
        self._metrics.part(part)

    def failed(self, failure: Failure) -> None:
        """A shard, or the run, is out of retries, and its record is in the bucket."""
        self.progress.fail(failure)
        self._metrics.failure(failure)
        about: Attributes = {"stage": failure.stage, "code": failure.reason.code, "attempts": failure.attempts}
        with self._tracing.span("dead_letter", about, kind=SpanKind.PRODUCER):
            self._dead_letters.publish(self._run, failure)

    def failed_before(self, failure: Failure) -> None:
        """An earlier owner may have ended before it sent the record's dead letter: a second one changes nothing."""
        self._dead_letters.publish(self._run, failure)
