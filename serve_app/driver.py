"""Drives a run from its plan to its manifest.

```
lease ─▶ plan ─▶ shards, bounded in flight ─▶ all parts? ─▶ assemble ─▶ close
                                                  └── no ─▶ dead-letter, park until a replay
```

The driver holds no result: shards that have their part are found in the bucket, so another owner goes on
where this one stopped.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib.metadata
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from opentelemetry.trace import Link, SpanKind

from actors import logs
from actors.drop import Shard
from actors.errors import Code, DropforgeError, Kind
from actors.failure import Failure
from actors.handoff import Handoff
from actors.manifest import Manifest, Reason
from actors.part import PartRecord
from actors.plan import Plan, PlanStart
from actors.run import Run
from actors.run_records import RunRecords
from actors.trace_context import context_of, current, link_to

from .dead_letters import DeadLetterTopic
from .lease import Lease, held
from .ledger import Ledger, RunSnapshot
from .metrics import Metrics
from .policies import StagePolicies
from .progress import Progress
from .settings import Settings
from .stages import Handles, StageError, Stages
from .tracing import Attributes, Tracing

logger = logging.getLogger("dropforge.driver")


class Driver:
    """Drives runs, several at a time, for one owner."""

    def __init__(
        self,
        ledger: Ledger,
        handles: Handles,
        settings: Settings,
        policies: Callable[[], StagePolicies],
        dead_letters: DeadLetterTopic,
        metrics: Metrics,
        tracing: Tracing,
        owner: str,
    ) -> None:
        self._ledger = ledger
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
                lease = self._ledger.lease(run_id, self._owner, ttl_s=self._settings.lease_s)
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
        records = self._ledger.records(run_id)
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
        drive = _Drive(
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
            await asyncio.to_thread(self._ledger.park, run_id)
            text = "Run %s of %s is incomplete; `dropforge dead-letters` says why"
            logger.error(text, run_id, run.drop.uri)
            return
        await asyncio.to_thread(self._ledger.close, run, new=new)
        lease.retire()
        logger.info(
            "Finished run %s of %s: %s, %d rows out, %d rejects", run_id, run.drop.uri, manifest.state,
            manifest.counts.rows_out, sum(manifest.counts.rejects.values()),
        )  # fmt: skip


class _Drive:
    """One run while it is driven."""

    def __init__(
        self,
        run: Run,
        records: RunRecords,
        stages: Stages,
        progress: Progress,
        *,
        on_part: Callable[[PartRecord], None],
        on_failure: Callable[[Failure], None],
        on_earlier_failure: Callable[[Failure], None],
    ) -> None:
        self._run = run
        self._records = records
        self._stages = stages
        self._progress = progress
        self._on_part = on_part
        self._on_failure = on_failure
        self._on_earlier_failure = on_earlier_failure
        self._parts: dict[int, PartRecord] = {}
        self._failed: set[int] = set()
        self._replayed: dict[int, Failure] = {}
        self._run_failed = False
        self._finished: Manifest | None = None

    async def to_the_end(self, shards_in_flight: int, *, new: bool) -> Manifest | None:
        """Processes what is missing and assembles; None where shards have failed."""
        plan: Plan | None = None
        if not new:
            manifest = await asyncio.to_thread(self._records.manifest)
            if manifest is not None:
                return manifest
            plan = await asyncio.to_thread(self._records.plan)
            await self._look_back()
        plan = await self._process(plan, shards_in_flight, resume=not new)
        if self._failed:
            if self._run_failed:  # not any more: it has come as far as its shards, and waits for them only
                await asyncio.to_thread(self._records.forget_run_failure)
            return None
        if self._finished is not None:
            return self._finished
        self._progress.assembling = True
        return await self._stages.assemble(plan, list(self._parts.values()), self._progress.reused)

    async def refuse(self, error: DropforgeError) -> Manifest:
        about = logs.labels(code=error.code)
        logger.error("Refused run %s: %s", self._run.run_id, error, extra=about)
        manifest = Manifest(
            run_id=self._run.run_id,
            drop=self._run.drop,
            state="refused",
            reason=Reason(code=error.code, message=error.message),
            accepted_at=self._run.accepted_at,
            finished_at=datetime.now(UTC),
            counts=self._progress.counts,
        )
        return await asyncio.to_thread(self._records.commit, manifest)

    async def fail(self, shard: Shard | None, error: DropforgeError) -> None:
        """Makes a shard's end, or the run's own, durable, and sends its dead letter."""
        what = f"Shard {shard.index} of run" if shard else "Run"
        stage = error.stage if isinstance(error, StageError) else "shard" if shard else "run"
        about = logs.labels(stage=stage, code=error.code)
        logger.error("%s %s failed: %s", what, self._run.run_id, error, extra=about)
        now = datetime.now(UTC)
        earlier = self._replayed.get(shard.index) if shard else None
        attempts = error.attempts if isinstance(error, StageError) else 1
        first_at = error.first_at if isinstance(error, StageError) else now
        failure = Failure(
            run_id=self._run.run_id,
            shard=shard,
            stage=stage,
            reason=Reason(code=error.code, message=error.message),
            attempts=attempts + (earlier.attempts if earlier else 0),
            first_at=earlier.first_at if earlier else first_at,
            last_at=now,
            version=importlib.metadata.version("dropforge"),
        )
        await asyncio.to_thread(self._records.write_failure, failure)
        self._on_failure(failure)

    async def _look_back(self) -> None:
        """What an earlier owner, or an earlier try, has left."""
        parts = await asyncio.to_thread(self._records.parts)
        self._parts = {part.shard.index: part for part in parts}
        self._progress.reuse(parts)
        for failure in await asyncio.to_thread(self._records.failures):
            if failure.shard is None:
                self._run_failed = True
            elif failure.shard.index in self._parts:
                continue
            elif failure.replay:
                self._replayed[failure.shard.index] = failure
            else:
                self._failed.add(failure.shard.index)
                self._progress.failed_before(failure.shard)
                # Its owner may have ended between the record and the dead letter; a second one changes nothing.
                self._on_earlier_failure(failure)

    async def _process(self, plan: Plan | None, shards_in_flight: int, *, resume: bool) -> Plan:
        """Takes every shard that has neither part nor failure through the stages; the complete plan."""
        free = asyncio.Semaphore(shards_in_flight)
        run_context = contextvars.copy_context()  # a shard belongs to its run, though the plan hands it out

        sole = False

        async def take(start: PlanStart, shard: Shard, read: Handoff | None) -> None:
            with logs.about(shard=shard.index):
                try:
                    if read is not None and sole:
                        finished = await self._stages.sole(start, shard, read)
                        part, self._finished = finished.part, finished.manifest
                    else:
                        replayed = self._replayed.get(shard.index)
                        bisect = replayed is not None and replayed.reason.code == Code.POISON_SHARD
                        part = await self._stages.shard(start, shard, resume=resume, bisect=bisect)
                except DropforgeError as error:
                    if error.code.kind is Kind.FILE:
                        raise
                    await self.fail(shard, error)
                    self._failed.add(shard.index)
                else:
                    self._parts[shard.index] = part
                    self._on_part(part)
                finally:
                    self._progress.in_flight -= 1
                    free.release()

        async with _ungrouped(), asyncio.TaskGroup() as group:

            async def dispatch(start: PlanStart, shard: Shard, read: Handoff | None = None) -> None:
                nonlocal sole
                # A run taken up again may have its part, or its failure, already: it goes the way of many shards.
                sole = read is not None and not resume
                self._progress.planned += 1
                if shard.index in self._parts or shard.index in self._failed:
                    return
                await free.acquire()
                self._progress.begin(shard)
                group.create_task(take(start, shard, read), context=run_context.copy())

            if plan is None:
                plan = await self._stages.plan(dispatch)
                if not sole:
                    await asyncio.to_thread(self._records.write_plan, plan)
            else:
                for shard in plan.shards:
                    await dispatch(plan.start, shard)
            self._progress.plan_complete = True
        if sole and self._failed:
            await asyncio.to_thread(self._records.write_plan, plan)
        return plan


def _begun_by(run: Run) -> Link | None:
    """What has begun this stretch of the run, where it is of another trace: a replay."""
    begun_by = current()
    return link_to(begun_by) if begun_by.split("-")[1:2] != run.trace.split("-")[1:2] else None


@asynccontextmanager
async def _ungrouped() -> AsyncIterator[None]:
    """Raises the first error of a task group as itself, so that its code can be told."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
