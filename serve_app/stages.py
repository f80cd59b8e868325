"""The stages as a run's driver sees them: deployment handles called under a retry policy.

A shard is read once; cleaning and image fetching go side by side on the same frame, passed by reference;
the writer joins them. Every call may run twice, and a second part of a shard changes nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from opentelemetry import trace
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from actors.drop import Shard
from actors.errors import Code, DropforgeError
from actors.handoff import Handoff, Piece, SoleRead
from actors.manifest import Manifest
from actors.part import PartRecord
from actors.plan import Plan, PlanStart
from actors.retry import RetryPolicy
from actors.run import Run
from actors.writer import FinishedRun

from .policies import StagePolicies
from .quarantine import Quarantine
from .tracing import Tracing

T = TypeVar("T")
OnRetry = Callable[[str, DropforgeError], None]
Dispatch = Callable[[PlanStart, Shard, Handoff | None], Awaitable[None]]
"""Takes a shard as the scan finds it; with it what was read, where that is the drop's only shard."""

_SUSPECT_AFTER = 2
"""Actor deaths in a shard's company after which it is tried alone: one may be another shard's doing."""

_BISECTING = RetryPolicy(attempts=2, total_s=120, first_delay_s=0.2)
"""Deaths that a piece under bisection may cause, each of them alone with its actor, before it is split."""


class StageError(DropforgeError):
    """A stage's failure once its retries are used up: which stage, after how many attempts since when."""

    def __init__(self, error: DropforgeError, stage: str, attempts: int, first_at: datetime) -> None:
        super().__init__(error.code, error.message)
        self.stage = stage
        self.attempts = attempts
        self.first_at = first_at


def _quarantines() -> dict[str, Quarantine]:
    return {stage: Quarantine() for stage in StagePolicies.model_fields}


@dataclass(frozen=True, slots=True)
class Handles:
    """One handle a deployment, and each stage's quarantine: what the runs of one process share."""

    attributes: DeploymentHandle
    cleaner: DeploymentHandle
    image_fetcher: DeploymentHandle
    writer: DeploymentHandle
    quarantines: dict[str, Quarantine] = field(default_factory=_quarantines)


class Stages:
    """Calls of one run. `policies` is read at each call, so a changed policy reaches runs under way."""

    def __init__(
        self,
        handles: Handles,
        policies: Callable[[], StagePolicies],
        run: Run,
        on_retry: OnRetry,
        tracing: Tracing,
    ) -> None:
        self._handles = handles
        self._tracing = tracing
        self._policies = policies
        self._run = run
        self._on_retry = on_retry

    async def plan(self, dispatch: Dispatch) -> Plan:
        """Scans the drop; each shard is handed to `dispatch` while the scan goes on.

        A scan that breaks off starts again, and finds the same shards: those already handed out are passed over.
        """
        shards: list[Shard] = []

        async def scan() -> Plan:
            start: PlanStart | None = None
            known = 0
            stream = self._handles.attributes.options(stream=True).plan.remote(self._run)
            assert isinstance(stream, DeploymentResponseGenerator)
            async for step in stream:
                if isinstance(step, PlanStart):
                    start = step
                    continue
                if isinstance(step, SoleRead):
                    start, found, read = step.start, (step.shard,), step.read
                else:
                    found, read = step, None
                assert start is not None
                for shard in found:
                    known += 1
                    if known > len(shards):
                        shards.append(shard)
                        await dispatch(start, shard, read)
            assert start is not None
            return Plan(start=start, shards=tuple(shards))

        return await self._call("plan", f"Planning {self._run.drop.uri}", scan)

    async def shard(self, start: PlanStart, shard: Shard, *, resume: bool, bisect: bool) -> PartRecord:
        """Takes one shard through all stages. `bisect` splits it where it kills actors, down to the poison row.

        Raises `StageError`; its code is `POISON_SHARD` where the shard alone kept killing the stage's actors.
        """
        condemned: dict[Shard, str] | None = {} if bisect else None

        async def once(tries: int) -> PartRecord:
            pieces = await self._pieces(start, shard, resume=resume or tries > 1, condemned=condemned)
            write = self._handles.writer.write_part
            return await self._call(
                "write", self._subject(shard), lambda: write.remote(self._run, start, shard, pieces)
            )

        return await self._from_the_start(once, shard)

    async def sole(self, start: PlanStart, shard: Shard, read: Handoff) -> FinishedRun:
        """Takes a new run's only shard, read already, through all stages and into the output. Raises as `shard`."""

        async def once(tries: int) -> FinishedRun:
            again = tries > 1
            piece = await self._piece(start, shard, resume=again, bisect=False, read=None if again else read)
            finish = self._handles.writer.finish
            return await self._call(
                "write", self._subject(shard), lambda: finish.remote(self._run, start, shard, [piece])
            )

        return await self._from_the_start(once, shard)

    async def assemble(self, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        return await self._call(
            "assemble",
            f"Assembling {self._run.drop.uri}",
            lambda: self._handles.writer.assemble.remote(self._run, plan, parts, shards_reused),
        )

    async def _pieces(
        self, start: PlanStart, shard: Shard, *, resume: bool, condemned: dict[Shard, str] | None
    ) -> list[Piece]:
        """The shard as one piece or, under bisection, as those that are left of it.

        `condemned` says which pieces kill actors, and how. It is kept for when the shard starts over: an actor
        that one piece kills takes along what it had made of another, and would so each time.
        """
        if condemned is None:
            return [await self._piece(start, shard, resume=resume, bisect=False)]
        if shard not in condemned:
            try:
                return [await self._piece(start, shard, resume=resume, bisect=True)]
            except StageError as error:
                if error.code is not Code.POISON_SHARD:
                    raise
                condemned[shard] = error.message
        attributes, subject = self._handles.attributes, self._subject(shard)
        if shard.rows == 1:
            detail = condemned[shard]
            reject = await self._call(
                "read", subject, lambda: attributes.reject.remote(self._run, start, shard, detail)
            )
            return [Piece(reject, None, None)]
        halves = await self._call("read", subject, lambda: attributes.halves.remote(self._run, start, shard))
        pieces = []
        for half in halves:  # one after the other: they would have to wait for their turn alone anyway
            pieces += await self._pieces(start, half, resume=resume, condemned=condemned)
        return pieces

    async def _from_the_start(self, once: Callable[[int], Awaitable[T]], shard: Shard) -> T:
        """Starts a shard over where an input of a stage was lost: other failures have had their stage's retries."""
        tries = itertools.count(1)
        with self._tracing.span("shard", {"shard": shard.index, "rows": shard.rows, "first_row": shard.first_row}):
            return await self._policies().shard.call(
                lambda: once(next(tries)),
                subject=self._subject(shard),
                retryable=lambda error: error.code is Code.OBJECT_LOST,
                on_retry=lambda error, attempt: self._retry("shard", error, attempt),
            )

    async def _piece(
        self, start: PlanStart, shard: Shard, *, resume: bool, bisect: bool, read: Handoff | None = None
    ) -> Piece:
        subject, handles = self._subject(shard), self._handles
        read = read or await self._call(
            "read", subject, lambda: handles.attributes.read.remote(self._run, start, shard), alone=bisect
        )
        assert read is not None
        if not read.rows:
            return Piece(read, None, None)
        cleaning = self._call("clean", subject, lambda: handles.cleaner.clean.remote(read), alone=bisect)
        if not self._run.fetch_images:
            return Piece(read, await cleaning, None)
        tries = 0

        def fetch() -> Awaitable[Handoff]:
            nonlocal tries
            tries += 1
            return handles.image_fetcher.fetch.remote(self._run, shard, read, resume or tries > 1)

        return Piece(read, *await _side_by_side(cleaning, self._call("images", subject, fetch, alone=bisect)))

    async def _call(self, stage: str, subject: str, call: Callable[[], Awaitable[T]], *, alone: bool = False) -> T:
        policy: RetryPolicy = _BISECTING if alone else getattr(self._policies(), stage)
        quarantine = self._handles.quarantines[stage]
        first_at = datetime.now(UTC)
        attempts, deaths = 1, 0

        async def once() -> T:
            async with quarantine.admit(suspect=alone or deaths >= _SUSPECT_AFTER):
                return await call()

        def told(error: DropforgeError, attempt: int) -> None:
            nonlocal attempts, deaths
            attempts = attempt + 1
            deaths += error.code is Code.ACTOR_DIED
            self._retry(stage, error, attempt)

        with self._tracing.span(stage, {"stage": stage}) as span:
            try:
                result = await policy.call(
                    once,
                    subject=f"{subject}, stage {stage}",
                    retryable=lambda error: error.retryable and error.code is not Code.OBJECT_LOST,
                    on_retry=told,
                )
            except DropforgeError as error:
                if error.code is Code.ACTOR_DIED and (alone or deaths >= _SUSPECT_AFTER):
                    error = DropforgeError(
                        Code.POISON_SHARD,
                        f"{subject} ended the {stage} actor {deaths + 1} times, at last alone with it. A replay splits "
                        f"it until the row at fault is found. {error.message}",
                    )
                raise StageError(error, stage, attempts, first_at) from error
            if isinstance(result, Handoff):
                span.set_attribute("dropforge.work_s", result.seconds)
            return result

    def _retry(self, stage: str, error: DropforgeError, attempt: int) -> None:
        about = {"error.type": str(error.code), "error.message": error.message, "dropforge.attempt": str(attempt)}
        trace.get_current_span().add_event("retry", about)
        self._on_retry(stage, error)

    def _subject(self, shard: Shard) -> str:
        last_row = shard.first_row + shard.rows - 1
        return f"{self._run.drop.uri} shard {shard.index} (rows {shard.first_row} to {last_row})"


async def _side_by_side(first: Coroutine[None, None, T], second: Coroutine[None, None, T]) -> tuple[T, T]:
    """Awaits both; the first failure is raised as it is, and ends the other."""
    tasks = [asyncio.create_task(first), asyncio.create_task(second)]
    try:
        one, other = await asyncio.gather(*tasks)
        return one, other
    finally:
        for task in tasks:
            task.cancel()
