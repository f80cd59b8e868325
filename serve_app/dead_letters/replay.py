"""Replays dead letters: requests another attempt of the selected ones and waits until each is resolved or fails again.

What a replay requests is durable in the failure's record before its run is reopened. A replay whose process
dies leaves nothing half done: its runs go on by themselves, and the next replay finds what is still missing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum, auto

from actors.errors import Code, DropforgeError
from actors.model.failure import Failure
from actors.trace_context import link_to
from serve_app.model.dead_letter import Entry
from serve_app.model.replay import SAMPLE, ReplayRequest, ReplayView
from serve_app.model.selection import groups
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.runs.lease import Lease, held, read_holder
from serve_app.runs.run_registry import RunRegistry

from .inbox import Inbox

logger = logging.getLogger("dropforge.replay")

_LEASE_S = 20.0
_LOOK_EVERY_S = 0.5
_LONGEST_S = 3600.0


class _Outcome(Enum):
    WAITING = auto()
    SUCCEEDED = auto()
    FAILED_AGAIN = auto()


class Replays:
    """The replays of one application; at most one is active, over all its replicas.

    `resume` has a run driven in this process.
    """

    def __init__(
        self,
        registry: RunRegistry,
        inbox: Inbox,
        metrics: Metrics,
        tracing: Tracing,
        resume: Callable[[str], None],
        *,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._registry = registry
        self._tracing = tracing
        self._metrics = metrics
        self._inbox = inbox
        self._resume = resume
        self._look_every_s = look_every_s
        self._task: asyncio.Task[None] | None = None

    async def start(self, request: ReplayRequest) -> ReplayView:
        """Starts a replay in the background, or previews it. Raises `REPLAY_ACTIVE` while another one runs."""
        replayable = [entry for entry in await self._inbox.entries() if entry.kind != "stray"]
        entries = request.selection.of(replayable)
        view = ReplayView(
            replay=secrets.token_hex(6),
            state="preview" if request.dry_run else "running",
            selected=len(entries),
            groups=groups(entries),
            sample=entries[:SAMPLE],
            give_up=request.give_up,
        )
        if request.dry_run:
            return view
        lease = Lease(self._registry.bucket, self._registry.layout.replay_lease, view.replay, ttl_s=_LEASE_S)
        if await asyncio.to_thread(lease.acquire) is None:
            raise DropforgeError(Code.REPLAY_ACTIVE, "Another replay is running. Start this one when it is done.")
        await self._note(view)
        self._task = asyncio.create_task(self._hold(lease, view, entries, request.rate))
        return view

    async def view(self, replay: str) -> ReplayView:
        """How far a replay is. Raises `NOT_FOUND`."""
        return await asyncio.to_thread(self._view, replay)

    async def stop(self) -> None:
        """Interrupts the replay of this process; what it requested goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _hold(self, lease: Lease, view: ReplayView, entries: Sequence[Entry], rate: float | None) -> None:
        try:
            async with held(lease):
                links = [link_to(text) for text in dict.fromkeys(entry.trace for entry in entries)]
                with self._tracing.span("replay", {"replay": view.replay, "selected": view.selected}, links=links):
                    await self._replay(view, entries, rate)
                view.state = "done"
                await self._note(view)
        finally:
            if view.state == "running":
                view.state = "interrupted"
                await self._note(view)
            logger.info(
                "Replay %s %s: %d succeeded, %d failed again",
                view.replay,
                view.state,
                view.succeeded,
                view.failed_again,
            )

    async def _replay(self, view: ReplayView, entries: Sequence[Entry], rate: float | None) -> None:
        waiting: list[Failure] = []
        for entry in entries:
            if entry.failure is not None:
                await asyncio.to_thread(self._request, entry.failure, view.give_up == "images")
                self._resume(entry.failure.run_id)
                waiting.append(entry.failure)
                view.requested += 1
                if rate:
                    await asyncio.sleep(1 / rate)
        await self._accept(view, entries)
        give_up = time.monotonic() + _LONGEST_S
        while waiting and time.monotonic() < give_up:
            waiting = await self._wait(view, waiting)
            if waiting:
                await asyncio.sleep(self._look_every_s)
        view.acknowledged += await self._inbox.acknowledge_resolved()

    async def _accept(self, view: ReplayView, entries: Sequence[Entry]) -> None:
        notifications = frozenset(entry.key for entry in entries if entry.failure is None)
        if not notifications:
            return
        accepted = await self._inbox.accept(notifications)
        view.requested += len(notifications)
        view.failed_again += len(notifications) - accepted
        view.succeeded += accepted
        view.acknowledged += accepted

    async def _wait(self, view: ReplayView, waiting: Sequence[Failure]) -> list[Failure]:
        """Counts the failures whose outcome is known now; those that are left."""
        outcomes = await asyncio.gather(*(asyncio.to_thread(self._outcome, failure) for failure in waiting))
        succeeded, failed_again = outcomes.count(_Outcome.SUCCEEDED), outcomes.count(_Outcome.FAILED_AGAIN)
        view.succeeded += succeeded
        view.failed_again += failed_again
        self._metrics.replayed(succeeded=succeeded, failed_again=failed_again)
        await self._note(view)
        return [failure for failure, outcome in zip(waiting, outcomes, strict=True) if outcome is _Outcome.WAITING]

    def _request(self, failure: Failure, give_up_images: bool) -> None:
        """Marks the failure for another attempt, then reopens its run."""
        requested = failure.model_copy(update={"replay": True, "give_up_images": give_up_images})
        self._registry.records(failure.run_id).write_failure(requested)
        self._registry.reopen(failure.run_id)

    def _outcome(self, failure: Failure) -> _Outcome:
        if self._inbox.resolved(failure):
            return _Outcome.SUCCEEDED
        latest = self._registry.records(failure.run_id).failure(failure.shard)
        return _Outcome.FAILED_AGAIN if latest is not None and not latest.replay else _Outcome.WAITING

    def _view(self, replay: str) -> ReplayView:
        bucket, layout = self._registry.bucket, self._registry.layout
        # Looked at before the view, which says how a replay ended before its lease is given back.
        holder = read_holder(bucket, layout.replay_lease)
        found = bucket.read_if_present(layout.replay(replay))
        if found is None:
            raise DropforgeError(Code.NOT_FOUND, f"There is no replay {replay}.")
        view = ReplayView.model_validate_json(found[0])
        alive = holder is not None and holder[0].owner == replay and not holder[0].lapsed(datetime.now(UTC))
        if view.state == "running" and not alive:
            view.state = "interrupted"
        return view

    async def _note(self, view: ReplayView) -> None:
        data = view.model_dump_json().encode()
        name = self._registry.layout.replay(view.replay)
        await asyncio.to_thread(self._registry.bucket.put, name, data, content_type="application/json")
