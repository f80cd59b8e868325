"""The stages as a run's driver sees them: deployment handles called under a retry policy.

A shard is read once; cleaning and image fetching go side by side on the same frame, passed by reference;
the writer joins them. Every call may run twice, and a second part of a shard changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from actors.drop import Shard
from actors.errors import Code, DropforgeError
from actors.handoff import Handoff
from actors.manifest import Manifest
from actors.part import PartRecord
from actors.plan import Plan, PlanStart
from actors.retry import RetryPolicy
from actors.run import Run

from .policies import StagePolicies

T = TypeVar("T")
OnRetry = Callable[[str, DropforgeError], None]
Dispatch = Callable[[PlanStart, Shard], Awaitable[None]]

_LOST_INPUT = frozenset({Code.OBJECT_LOST})


class StageError(DropforgeError):
    """A stage's failure once its retries are used up: which stage, after how many attempts since when."""

    def __init__(self, error: DropforgeError, stage: str, attempts: int, first_at: datetime) -> None:
        super().__init__(error.code, error.message)
        self.stage = stage
        self.attempts = attempts
        self.first_at = first_at


@dataclass(frozen=True, slots=True)
class Handles:
    """One handle a deployment."""

    attributes: DeploymentHandle
    cleaner: DeploymentHandle
    image_fetcher: DeploymentHandle
    writer: DeploymentHandle


class Stages:
    """Calls of one run. `policies` is read at each call, so a changed policy reaches runs under way."""

    def __init__(self, handles: Handles, policies: Callable[[], StagePolicies], run: Run, on_retry: OnRetry) -> None:
        self._handles = handles
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
                assert start is not None
                for shard in step:
                    known += 1
                    if known > len(shards):
                        shards.append(shard)
                        await dispatch(start, shard)
            assert start is not None
            return Plan(start=start, shards=tuple(shards))

        return await self._call("plan", f"Planning {self._run.drop.uri}", scan)

    async def shard(self, start: PlanStart, shard: Shard, *, resume: bool) -> PartRecord:
        """Takes one shard through all stages."""
        attempts = 0

        async def once() -> PartRecord:
            nonlocal attempts
            attempts += 1
            return await self._shard(start, shard, resume=resume or attempts > 1)

        # Only a lost input starts the shard over: other failures have had their own stage's retries.
        return await self._policies().shard.call(
            once,
            subject=self._subject(shard),
            retryable=lambda error: error.code in _LOST_INPUT,
            on_retry=lambda error, _: self._on_retry("shard", error),
        )

    async def assemble(self, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        return await self._call(
            "assemble",
            f"Assembling {self._run.drop.uri}",
            lambda: self._handles.writer.assemble.remote(self._run, plan, parts, shards_reused),
        )

    async def _shard(self, start: PlanStart, shard: Shard, *, resume: bool) -> PartRecord:
        subject, run = self._subject(shard), self._run
        read: Handoff = await self._call(
            "read", subject, lambda: self._handles.attributes.read.remote(run, start, shard)
        )
        cleaning = self._call("clean", subject, lambda: self._handles.cleaner.clean.remote(read))
        imaged: Handoff | None = None
        if run.fetch_images and read.rows:
            cleaned, imaged = await _side_by_side(cleaning, self._fetch(subject, read, resume=resume))
        else:
            cleaned = await cleaning
        return await self._call(
            "write", subject, lambda: self._handles.writer.write_part.remote(run, shard, read, cleaned, imaged)
        )

    async def _fetch(self, subject: str, read: Handoff, *, resume: bool) -> Handoff:
        tries = 0

        def fetch() -> Awaitable[Handoff]:
            nonlocal tries
            tries += 1
            return self._handles.image_fetcher.fetch.remote(self._run, read, resume or tries > 1)

        return await self._call("images", subject, fetch)

    async def _call(self, stage: str, subject: str, call: Callable[[], Awaitable[T]]) -> T:
        policy: RetryPolicy = getattr(self._policies(), stage)
        first_at = datetime.now(UTC)
        attempts = 1

        def told(error: DropforgeError, attempt: int) -> None:
            nonlocal attempts
            attempts = attempt + 1
            self._on_retry(stage, error)

        try:
            return await policy.call(
                call,
                subject=f"{subject}, stage {stage}",
                retryable=lambda error: error.retryable and error.code not in _LOST_INPUT,
                on_retry=told,
            )
        except DropforgeError as error:
            raise StageError(error, stage, attempts, first_at) from error

    def _subject(self, shard: Shard) -> str:
        return (
            f"{self._run.drop.uri} shard {shard.index} (rows {shard.first_row} to {shard.first_row + shard.rows - 1})"
        )


async def _side_by_side(first: Coroutine[None, None, T], second: Coroutine[None, None, T]) -> tuple[T, T]:
    """Awaits both; the first failure is raised as it is, and ends the other."""
    tasks = [asyncio.create_task(first), asyncio.create_task(second)]
    try:
        one, other = await asyncio.gather(*tasks)
        return one, other
    finally:
        for task in tasks:
            task.cancel()
