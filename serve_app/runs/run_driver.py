"""Drives a run from its plan to its manifest.

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

from opentelemetry.trace import Link, SpanKind

from actors import logs
from actors.errors import Code, DropforgeError, Kind
from actors.model.failure import Failure
from actors.model.part import PartRecord
from actors.model.run import Run
from actors.storage.run_records import RunRecords
from actors.trace_context import context_of, current, link_to
from serve_app.config.retry_policies import StagePolicies
from serve_app.config.settings import Settings
from serve_app.model.run_snapshot import RunSnapshot
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Attributes, Tracing
from serve_app.pubsub.dead_letter_topic import DeadLetterTopic

from .lease import Lease, held
from .pipeline import Handles, Stages
from .progress import Progress
from .run_attempt import RunAttempt
from .run_registry import RunRegistry

logger = logging.getLogger("dropforge.driver")


class RunDriver:
    """Drives runs, several at a time, for one owner."""

    def __init__(
        self,
        registry: RunRegistry,
        handles: Handles,
        settings: Settings,
        policies: Callable[[], StagePolicies],
        dead_letters: DeadLetterTopic,
        metrics: Metrics,
        tracing: Tracing,
        owner: str,
    ) -> None:
        self._registry = registry
        self._handles = handles
        self._settings = settings
        self._policies = policies
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._tracing = tracing
        self._owner = owner
        self._slots = asyncio.Semaphore(settings.runs_in_flight)
        self.progress: dict[str, Progress] = {}

    async def drive(self, run_id: str, *, accepted: Run | None = None) -> None:
        """Brings a run as far as it goes. Returns at once where another owner, or this one, drives it.

        `accepted` is the run where this process has accepted it just now: nothing of it needs to be looked for
        then. Raises a failure that leaves the run open, to be taken up again later; every other one ends in a
        record.
        """
        if run_id in self.progress:
            return
        progress = self.progress[run_id] = Progress(run=accepted)
        try:
            async with self._slots:
                lease = self._registry.lease(run_id, self._owner, ttl_s=self._settings.lease_s)
                if await asyncio.to_thread(lease.acquire, new=accepted is not None):
                    if lease.took_over:
                        self._metrics.takeover()
                    async with held(lease):
                        # While it waited for its slot, another owner may have begun it, or ended it.
                        await self._drive(run_id, accepted if lease.first else None, lease, progress)
        finally:
            del self.progress[run_id]

    def snapshot(self, run_id: str) -> RunSnapshot | None:
        """What this process knows of a run that it drives, without a look into the bucket."""
        progress = self.progress.get(run_id)
        if progress is None or progress.run is None:
            return None
        return RunSnapshot(progress.run, progress.state, self._owner, None, (), tuple(progress.failures), None)

    async def _drive(self, run_id: str, accepted: Run | None, lease: Lease, progress: Progress) -> None:
        records = self._registry.records(run_id)
        run = accepted or await asyncio.to_thread(records.run)
        if run is None:
            raise DropforgeError(Code.NOT_FOUND, f"Run {run_id} is listed as open but has no record.")
        progress.run, progress.driven, progress.began = run, True, time.monotonic()
        about: Attributes = {"run": run_id, "drop": run.drop.uri, "owner": self._owner, "took_over": lease.took_over}
        links = [_begun_by(run)]
        with (
            logs.about(run=run_id),
            self._tracing.span("run", about, context=context_of(run.trace), links=links) as span,
        ):
            await self._drive_to_its_end(run, lease, progress, records, new=accepted is not None)
            span.set_attribute("dropforge.rows_out", progress.counts.rows_out)

    async def _drive_to_its_end(
        self, run: Run, lease: Lease, progress: Progress, records: RunRecords, *, new: bool
    ) -> None:
        run_id = run.run_id
        logger.info("Started run %s of %s", run_id, run.drop.uri)

        def retried(stage: str, error: DropforgeError) -> None:
            progress.retry(stage, error)
            self._metrics.retry(stage, error)
            about = logs.labels(stage=stage, code=error.code)
            logger.warning("A stage of run %s is tried again: %s", run_id, error, extra=about)

        def finished(part: PartRecord) -> None:
            progress.finish(part)
            self._metrics.part(part)

        def failed(failure: Failure) -> None:
            progress.fail(failure)
            self._metrics.failure(failure)
            about: Attributes = {"stage": failure.stage, "code": failure.reason.code, "attempts": failure.attempts}
            with self._tracing.span("dead_letter", about, kind=SpanKind.PRODUCER):
                self._dead_letters.publish(run, failure)

        stages = Stages(self._handles, self._policies, run, retried, self._tracing)
        drive = RunAttempt(
            run,
            records,
            stages,
            progress,
            on_part=finished,
            on_failure=failed,
            on_earlier_failure=lambda failure: self._dead_letters.publish(run, failure),
        )
        try:
            manifest = await drive.to_the_end(self._settings.shards_in_flight, new=new)
        except DropforgeError as error:
            if error.code.kind is Kind.FILE:
                manifest = await drive.refuse(error)
            elif error.retryable:
                raise
            else:
                await drive.fail(None, error)
                manifest = None
        self._metrics.run(run, manifest)
        if manifest is None:
            # An owner that was paused and wakes up must not park what the next one is working on.
            await asyncio.to_thread(lease.renew)
            await asyncio.to_thread(self._registry.park, run_id)
            text = "Run %s of %s is incomplete; `dropforge dead-letters` says why"
            logger.error(text, run_id, run.drop.uri)
            return
        await asyncio.to_thread(self._registry.close, run, new=new)
        lease.retire()
        logger.info(
            "Finished run %s of %s: %s, %d rows out, %d rejects", run_id, run.drop.uri, manifest.state,
            manifest.counts.rows_out, sum(manifest.counts.rejects.values()),
        )  # fmt: skip


def _begun_by(run: Run) -> Link | None:
    """What has begun this stretch of the run, where it is of another trace: a replay."""
    begun_by = current()
    return link_to(begun_by) if begun_by.split("-")[1:2] != run.trace.split("-")[1:2] else None
