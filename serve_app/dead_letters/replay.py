"""Replays dead letters: asks for the selected ones again and waits until each has its part or a new failure.

What a replay asks for is durable in the failure's record before its run is reopened. A replay whose process
dies leaves nothing half done: its runs go on by themselves, and the next replay finds what is still missing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from actors.errors import Code, DropforgeError
from actors.model.failure import Failure
from actors.trace_context import link_to
from serve_app.model.selection import SAMPLE, ReplayRequest, ReplayView, groups
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.runs.lease import Lease, held, read_holder
from serve_app.runs.run_registry import RunRegistry

from .inbox import Inbox, Item

logger = logging.getLogger("dropforge.replay")

_LEASE_S = 20.0
_LOOK_S = 0.5
_LONGEST_S = 3600.0


class Replays:
    """The replays of one application; at most one is active, over all its replicas.

    `begin` has a run driven in this process.
    """

    def __init__(
        self, registry: RunRegistry, inbox: Inbox, metrics: Metrics, tracing: Tracing, begin: Callable[[str], None]
    ) -> None:
        self._registry = registry
        self._tracing = tracing
        self._metrics = metrics
        self._inbox = inbox
        self._begin = begin
        self._task: asyncio.Task[None] | None = None

    async def start(self, request: ReplayRequest) -> ReplayView:
        """Starts a replay in the background, or previews it. Raises `REPLAY_ACTIVE` while another one runs."""
        items = [item for item in await self._inbox.items() if item.entry.kind != "stray"]
        entries = request.selection.of([item.entry for item in items])
        view = ReplayView(
            replay=secrets.token_hex(6),
            state="preview" if request.dry_run else "running",
            selected=len(entries),
            groups=groups(entries),
            sample=entries[:SAMPLE],
        )
        if request.dry_run:
            return view
        lease = Lease(self._registry.bucket, self._registry.layout.replay_lease, view.replay, ttl_s=_LEASE_S)
        if not await asyncio.to_thread(lease.acquire):
            raise DropforgeError(Code.REPLAY_ACTIVE, "Another replay is under way. Wait until it is done.")
        await self._note(view)
        by_key = {item.entry.key: item for item in items}
        chosen = [by_key[entry.key] for entry in entries]
        self._task = asyncio.create_task(self._hold(lease, view, chosen, request.rate))
        return view

    async def view(self, replay: str) -> ReplayView:
        """How far a replay is. Raises `NOT_FOUND`."""
        return await asyncio.to_thread(self._view, replay)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _hold(self, lease: Lease, view: ReplayView, items: list[Item], rate: float | None) -> None:
        try:
            async with held(lease):
                links = [link_to(text) for text in dict.fromkeys(item.trace for item in items)]
                with self._tracing.span("replay", {"replay": view.replay, "selected": view.selected}, links=links):
                    await self._replay(view, items, rate)
                view.state = "done"
                await self._note(view)
        finally:
            if view.state == "running":
                view.state = "interrupted"
                await self._note(view)
            logger.info(
                "Replay %s %s: %d mended, %d failed again", view.replay, view.state, view.succeeded, view.failed_again
            )

    async def _replay(self, view: ReplayView, items: list[Item], rate: float | None) -> None:
        waiting: list[Failure] = []
        for item in items:
            if item.failure is not None:
                await asyncio.to_thread(self._ask, item.failure)
                self._begin(item.failure.run_id)
                waiting.append(item.failure)
                view.requested += 1
                if rate:
                    await asyncio.sleep(1 / rate)
        notifications = frozenset(item.entry.key for item in items if item.failure is None)
        _, accepted = await self._inbox.settle(notifications)
        view.requested += len(notifications)
        view.failed_again += len(notifications) - accepted
        view.succeeded += accepted
        view.acknowledged += accepted
        give_up = time.monotonic() + _LONGEST_S
        while waiting and time.monotonic() < give_up:
            outcomes = await asyncio.gather(*(asyncio.to_thread(self._outcome, failure) for failure in waiting))
            view.succeeded += outcomes.count(True)
            view.failed_again += outcomes.count(False)
            self._metrics.replayed(succeeded=outcomes.count(True), failed_again=outcomes.count(False))
            waiting = [failure for failure, outcome in zip(waiting, outcomes, strict=True) if outcome is None]
            await self._note(view)
            if waiting:
                await asyncio.sleep(_LOOK_S)
        mended, _ = await self._inbox.settle()
        view.acknowledged += mended

    def _ask(self, failure: Failure) -> None:
        """Marks the failure for another try, then reopens its run."""
        self._registry.records(failure.run_id).write_failure(failure.model_copy(update={"replay": True}))
        self._registry.reopen(failure.run_id)

    def _outcome(self, failure: Failure) -> bool | None:
        """True once it is mended, False once it has failed anew, None before."""
        if self._inbox.resolved(failure):
            return True
        latest = self._registry.records(failure.run_id).failure(failure.shard)
        return False if latest is not None and not latest.replay else None

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
