"""Drives runs, each from its lease to its result.

```
lease ─▶ plan ─▶ shards, bounded in flight ─▶ all parts? ─▶ assemble ─▶ close
                                                  └── no ─▶ dead-letter, park until a replay
```
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from opentelemetry.trace import Link

from actors import logs
from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW, RESUMED, Attempt
from actors.model.manifest import Manifest
from actors.model.run import Run
from actors.trace_context import context_of, current, link_to, same_trace
from serve_app.config.settings import Settings
from serve_app.model.run_snapshot import RunSnapshot
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Attributes, Tracing

from .lease import Lease, held
from .pipeline import Pipeline
from .progress import Progress
from .run_attempt import RunAttempt
from .run_events import DeadLetterPublisher, RunEvents
from .run_registry import RunRegistry
from .stage_call import OnRetry

logger = logging.getLogger("dropforge.driver")

MakePipeline = Callable[[Run, OnRetry], Pipeline]


class RunDriver:
    """Drives runs for one owner, `runs_in_flight` of them at a time."""

    def __init__(
        self,
        registry: RunRegistry,
        pipeline: MakePipeline,
        settings: Settings,
        dead_letters: DeadLetterPublisher,
        metrics: Metrics,
        tracing: Tracing,
        owner: str,
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._settings = settings
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._tracing = tracing
        self._owner = owner
        self._slots = asyncio.Semaphore(settings.runs_in_flight)
        self.progress: dict[str, Progress] = {}

    async def drive(self, run_id: str, run: Run | None = None) -> None:
        """Brings a run as far as it goes. Returns at once where another owner, or this one, drives it.

        `run` is its record where this process has accepted it just now: a new attempt, which looks for nothing. Raises
        a failure that leaves the run open, for an attempt later; every other one ends in a record.
        """
        if run_id in self.progress:
            return
        progress = self.progress[run_id] = Progress(run=run)
        try:
            async with self._slots:
                lease = self._registry.lease(run_id, self._owner, ttl_s=self._settings.lease_s)
                attempt = await asyncio.to_thread(lease.acquire, NEW if run is not None else RESUMED)
                if attempt is not None:
                    async with held(lease):
                        await self._drive(run_id, run, attempt, lease, progress)
        finally:
            del self.progress[run_id]

    def snapshot(self, run_id: str) -> RunSnapshot | None:
        """What this process knows of a run that it drives, without a look into the bucket."""
        progress = self.progress.get(run_id)
        if progress is None or progress.run is None:
            return None
        return RunSnapshot(progress.run, progress.state, self._owner, None, (), tuple(progress.failures), None)

    async def _drive(self, run_id: str, known: Run | None, attempt: Attempt, lease: Lease, progress: Progress) -> None:
        if attempt.took_over:
            self._metrics.takeover()
        records = self._registry.records(run_id)
        run = known or await asyncio.to_thread(records.run)
        if run is None:
            raise DropforgeError(Code.NOT_FOUND, f"Run {run_id} is listed as open, but its record does not exist.")
        progress.run, progress.driven, progress.began = run, True, time.monotonic()
        events = RunEvents(run, progress, self._metrics, self._tracing, self._dead_letters)
        about: Attributes = {
            "run": run_id,
            "drop": run.drop.uri,
            "owner": self._owner,
            "took_over": attempt.took_over,
        }
        with (
            logs.about(run=run_id),
            self._tracing.span("run", about, context=context_of(run.trace), links=[_begun_by(run)]) as span,
        ):
            logger.info("Started run %s of %s", run_id, run.drop.uri)
            manifest = await RunAttempt(
                run,
                attempt,
                records,
                self._pipeline(run, events.retried),
                events,
                shards_in_flight=self._settings.shards_in_flight,
            ).to_the_end()
            self._metrics.run(run, manifest)
            if manifest is None:
                await self._park(run, lease)
            else:
                await self._close(run, attempt, lease, manifest)
            span.set_attribute("dropforge.rows_out", progress.counts.rows_out)

    async def _park(self, run: Run, lease: Lease) -> None:
        # An owner that was paused and wakes up must not park what the next one is working on.
        await asyncio.to_thread(lease.renew)
        await asyncio.to_thread(self._registry.park, run.run_id)
        text = "Run %s of %s is incomplete: `dropforge dead-letters` shows why, `dropforge replay` tries again"
        logger.error(text, run.run_id, run.drop.uri)

    async def _close(self, run: Run, attempt: Attempt, lease: Lease, manifest: Manifest) -> None:
        await asyncio.to_thread(self._registry.close, run, attempt)
        lease.retire()
        for warning in manifest.warnings:
            about = logs.labels(code=warning.code)
            logger.warning("Run %s of %s: %s", run.run_id, run.drop.uri, warning.message, extra=about)
        logger.info(
            "Finished run %s of %s: %s, %d rows out, %d rejects", run.run_id, run.drop.uri, manifest.state,
            manifest.counts.rows_out, manifest.counts.rejected,
        )  # fmt: skip


def _begun_by(run: Run) -> Link | None:
    """What has begun this stretch of the run, where it is of another trace: a replay."""
    begun_by = current()
    return None if same_trace(begun_by, run.trace) else link_to(begun_by)
