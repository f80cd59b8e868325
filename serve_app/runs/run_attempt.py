"""One run while it is driven: its shards through the stages, its failures made durable, its parts assembled.

It holds no result: shards that have their part are found in the bucket, so another owner goes on where this one
stopped.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib.metadata
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from actors import logs
from actors.errors import Code, DropforgeError, Kind
from actors.model.drop import Shard
from actors.model.failure import Failure
from actors.model.handoff import Handoff
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.reason import Reason
from actors.model.run import Run
from actors.storage.run_records import RunRecords

from .pipeline import Stages
from .progress import Progress
from .stage_call import StageError

logger = logging.getLogger("dropforge.driver")


class RunAttempt:
    """Brings one run as far as it goes. `on_earlier_failure` hears of what an earlier owner recorded."""

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
        failures = await asyncio.to_thread(self._records.failures)
        # A run is replayed only after it was parked, and by then its dead letters were on their way.
        replayed = any(failure.replay for failure in failures)
        for failure in failures:
            if failure.shard is None:
                self._run_failed = True
            elif failure.shard.index in self._parts:
                continue
            elif failure.replay:
                self._replayed[failure.shard.index] = failure
            else:
                self._failed.add(failure.shard.index)
                self._progress.failed_before(failure.shard)
                if not replayed:
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


@asynccontextmanager
async def _ungrouped() -> AsyncIterator[None]:
    """Raises the first error of a task group as itself, so that its code can be told."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
