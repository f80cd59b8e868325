"""One attempt at a run: its shards through the stages, its failures made durable, its parts assembled.

It holds no result: shards that have their part are found in the bucket, so another owner goes on where this one
stopped.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib.metadata
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from actors import logs, side_by_side
from actors.errors import Code, DropforgeError, Kind
from actors.model.attempt import NEW, Attempt
from actors.model.drop import Shard
from actors.model.failure import Failure
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan
from actors.model.reason import Reason
from actors.model.run import Run
from actors.model.stage import Stage
from actors.storage.run_records import RunRecords

from .pipeline import Pipeline, PlannedShard
from .run_events import RunEvents
from .single_shard import SingleShard
from .stage_call import StageError

logger = logging.getLogger("dropforge.driver")


class RunAttempt:
    """Brings one run as far as it goes. For one use."""

    _group: asyncio.TaskGroup

    def __init__(
        self,
        run: Run,
        attempt: Attempt,
        records: RunRecords,
        pipeline: Pipeline,
        events: RunEvents,
        *,
        shards_in_flight: int,
    ) -> None:
        self._run = run
        self._attempt = attempt
        self._records = records
        self._pipeline = pipeline
        self._events = events
        self._progress = events.progress
        self._shards_in_flight = shards_in_flight
        self._free = asyncio.Semaphore(shards_in_flight)
        self._begun = 0
        self._context = contextvars.copy_context()  # a shard belongs to its run, though the plan's stream dispatches it
        self._parts: dict[int, PartRecord] = {}
        self._failed: set[int] = set()
        self._replayed: dict[int, Failure] = {}
        self._run_failed = False
        self._single: SingleShard | None = None
        self._manifest: Manifest | None = None

    async def to_the_end(self) -> Manifest | None:
        """The run's result; None where shards, or the run itself, have failed and wait for a replay.

        Raises a failure that may pass, which leaves the run as it is, for the next attempt.
        """
        try:
            manifest = await self._result()
            if manifest is not None and manifest.reason is not None:
                self._log_refusal(manifest.reason)
            return manifest
        except DropforgeError as error:
            if error.code.kind is Kind.FILE:
                return await self._refuse(error)
            if error.retryable:
                raise
            await self._fail(None, error)
            return None

    async def _result(self) -> Manifest | None:
        plan: Plan | None = None
        if not self._attempt.new:
            manifest = await asyncio.to_thread(self._records.manifest)
            if manifest is not None:
                return manifest
            plan = await asyncio.to_thread(self._records.plan)
            await self._look_back()
        plan = await self._process(plan)
        if self._failed:
            if self._run_failed:  # not any more: it has come as far as its shards, and waits for them only
                await asyncio.to_thread(self._records.forget_run_failure)
            return None
        if self._manifest is not None:
            return self._manifest
        self._progress.assembling = True
        return await self._pipeline.assemble(plan, list(self._parts.values()), self._progress.reused)

    async def _look_back(self) -> None:
        """What an earlier owner, or an earlier attempt, has left."""
        parts = await asyncio.to_thread(self._records.parts)
        self._parts = {part.shard.index: part for part in parts}
        self._progress.reuse(parts)
        failures = await asyncio.to_thread(self._records.failures)
        # Shards are begun in file order, so many at a time: of those behind, no earlier attempt has left anything.
        self._begun = len(self._parts.keys() | _shards_of(failures)) + self._shards_in_flight
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
                    self._events.failed_before(failure)

    async def _process(self, plan: Plan | None) -> Plan:
        """Takes every shard that has neither part nor failure through the stages; the complete plan."""
        async with side_by_side.group() as self._group:
            if plan is None:
                plan = await self._pipeline.plan(self._dispatch)
                if self._single is None:
                    await asyncio.to_thread(self._records.write_plan, plan)
            else:
                for shard in plan.shards:
                    await self._dispatch(PlannedShard(plan.start, shard))
            self._progress.plan_complete = True
        if self._single is not None and self._failed:  # its replay needs the plan that the short cut has no use for
            await asyncio.to_thread(self._records.write_plan, plan)
        return plan

    async def _dispatch(self, planned: PlannedShard) -> None:
        """Starts a shard as soon as there is room for it, unless an earlier attempt has come to its end."""
        if self._attempt.new and planned.single is not None:
            self._single = self._pipeline.single_shard(planned.single)
        self._progress.planned += 1
        if planned.shard.index in self._parts or planned.shard.index in self._failed:
            return
        await self._free.acquire()
        self._progress.begin(planned.shard)
        self._group.create_task(self._take(planned), context=self._context.copy())

    async def _take(self, planned: PlannedShard) -> None:
        shard = planned.shard
        with logs.about(shard=shard.index):
            try:
                part = await self._part(planned)
            except DropforgeError as error:
                if error.code.kind is Kind.FILE:
                    raise
                await self._fail(shard, error)
                self._failed.add(shard.index)
            else:
                self._parts[shard.index] = part
                self._events.finished(part)
            finally:
                self._progress.in_flight -= 1
                self._free.release()

    async def _part(self, planned: PlannedShard) -> PartRecord:
        if self._single is not None:
            finished = await self._single.finish(self._attempt)
            self._manifest = finished.manifest
            return finished.part
        earlier = self._replayed.get(planned.shard.index)
        poisonous = earlier is not None and earlier.reason.code == Code.POISON_SHARD
        attempt = self._attempt if planned.shard.index < self._begun else NEW
        if poisonous:
            attempt = attempt.bisect()
        if earlier is not None and earlier.give_up_images:
            attempt = attempt.without_images()
        return await self._pipeline.part(planned.start, planned.shard, attempt)

    async def _refuse(self, error: DropforgeError) -> Manifest:
        reason = Reason(code=error.code, message=error.message)
        self._log_refusal(reason)
        manifest = Manifest(
            run_id=self._run.run_id,
            drop=self._run.drop,
            state="refused",
            reason=reason,
            catalogue_name=self._run.catalogue_name,
            accepted_at=self._run.accepted_at,
            finished_at=datetime.now(UTC),
            counts=self._progress.counts,
        )
        return await asyncio.to_thread(self._records.commit, manifest)

    def _log_refusal(self, reason: Reason) -> None:
        about = logs.labels(code=reason.code)
        logger.error("Refused run %s: %s: %s", self._run.run_id, reason.code, reason.message, extra=about)

    async def _fail(self, shard: Shard | None, error: DropforgeError) -> None:
        """Makes a shard's end, or the run's own, durable, and sends its dead letter."""
        what = f"Shard {shard.index} of run" if shard else "Run"
        stage = error.stage if isinstance(error, StageError) else Stage.SHARD if shard else Stage.RUN
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
        self._events.failed(failure)


def _shards_of(failures: Iterable[Failure]) -> set[int]:
    return {failure.shard.index for failure in failures if failure.shard is not None}
