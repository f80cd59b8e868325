"""The stages as a run's driver sees them: deployment handles called under a retry policy.

A shard is read once; cleaning and image fetching go side by side on the same frame, passed by reference;
the writer joins them. Every call may run twice, and a second part of a shard changes nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from actors.deployments.writer import FinishedRun
from actors.errors import Code
from actors.model.drop import Shard
from actors.model.handoff import Handoff, Piece, SoleRead
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from serve_app.config.retry_policies import StagePolicies
from serve_app.monitoring.tracing import Tracing

from .quarantine import Quarantine
from .stage_call import OnRetry, StageCalls, StageError

T = TypeVar("T")
Dispatch = Callable[[PlanStart, Shard, Handoff | None], Awaitable[None]]
"""Takes a shard as the scan finds it; with it what was read, where that is the drop's only shard."""


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
        self._calls = StageCalls(policies, handles.quarantines, on_retry, tracing)

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

        return await self._calls.call("plan", f"Planning {self._run.drop.uri}", scan)

    async def shard(self, start: PlanStart, shard: Shard, *, resume: bool, bisect: bool) -> PartRecord:
        """Takes one shard through all stages. `bisect` splits it where it kills actors, down to the poison row.

        Raises `StageError`; its code is `POISON_SHARD` where the shard alone kept killing the stage's actors.
        """
        condemned: dict[Shard, str] | None = {} if bisect else None

        async def once(tries: int) -> PartRecord:
            pieces = await self._pieces(start, shard, resume=resume or tries > 1, condemned=condemned)
            write = self._handles.writer.write_part
            return await self._calls.call(
                "write", self._subject(shard), lambda: write.remote(self._run, start, shard, pieces)
            )

        return await self._from_the_start(once, shard)

    async def sole(self, start: PlanStart, shard: Shard, read: Handoff) -> FinishedRun:
        """Takes a new run's only shard, read already, through all stages and into the output. Raises as `shard`."""

        async def once(tries: int) -> FinishedRun:
            again = tries > 1
            piece = await self._piece(start, shard, resume=again, bisect=False, read=None if again else read)
            finish = self._handles.writer.finish
            return await self._calls.call(
                "write", self._subject(shard), lambda: finish.remote(self._run, start, shard, [piece])
            )

        return await self._from_the_start(once, shard)

    async def assemble(self, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        return await self._calls.call(
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
            reject = await self._calls.call(
                "read", subject, lambda: attributes.reject.remote(self._run, start, shard, detail)
            )
            return [Piece(reject, None, None)]
        halves = await self._calls.call("read", subject, lambda: attributes.halves.remote(self._run, start, shard))
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
                on_retry=lambda error, attempt: self._calls.tell_retry("shard", error, attempt),
            )

    async def _piece(
        self, start: PlanStart, shard: Shard, *, resume: bool, bisect: bool, read: Handoff | None = None
    ) -> Piece:
        subject, handles = self._subject(shard), self._handles
        read = read or await self._calls.call(
            "read", subject, lambda: handles.attributes.read.remote(self._run, start, shard), alone=bisect
        )
        assert read is not None
        if not read.rows:
            return Piece(read, None, None)
        cleaning = self._calls.call("clean", subject, lambda: handles.cleaner.clean.remote(read), alone=bisect)
        if not self._run.fetch_images:
            return Piece(read, await cleaning, None)
        tries = 0

        def fetch() -> Awaitable[Handoff]:
            nonlocal tries
            tries += 1
            return handles.image_fetcher.fetch.remote(self._run, shard, read, resume or tries > 1)

        return Piece(read, *await _side_by_side(cleaning, self._calls.call("images", subject, fetch, alone=bisect)))

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
