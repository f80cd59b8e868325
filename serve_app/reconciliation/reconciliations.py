"""Reconciliations that people ask for: in the background, since listing a million objects takes minutes."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from datetime import UTC, datetime, timedelta

from actors.errors import Code, DropforgeError
from serve_app.config.settings import Settings
from serve_app.model.reconciliation import SAMPLE, MissedUpload, ReconciliationRequest, ReconciliationView
from serve_app.runs.lease import Lease, held, read_holder
from serve_app.runs.run_registry import RunRegistry

from .acceptor import Acceptor
from .uploads import Uploads, Window

logger = logging.getLogger("dropforge.reconcile")

LEASE_S = 60.0
"""A local store, which answers nothing else during a long listing, must not make a reconciliation look dead."""

_NOTE_EVERY_S = 1.0


class Reconciliations:
    """Those of one application; at most one is active, over all its replicas.

    One whose process dies leaves nothing half done: what it accepted are runs, and the next one finds the rest.
    """

    def __init__(self, settings: Settings, registry: RunRegistry, uploads: Uploads, acceptor: Acceptor) -> None:
        self._settings = settings
        self._registry = registry
        self._uploads = uploads
        self._acceptor = acceptor
        self._task: asyncio.Task[None] | None = None

    async def start(self, request: ReconciliationRequest) -> ReconciliationView:
        """Starts one in the background.

        Raises `RECONCILIATION_ACTIVE` while another one runs, and `BAD_REQUEST` for a prefix that is not watched.
        """
        watched = self._settings.watched_prefix
        prefix = request.prefix or watched
        if not prefix.startswith(watched):
            raise DropforgeError(
                Code.BAD_REQUEST,
                f"The prefix {prefix!r:.100} is not below the watched prefix {watched!r}, so no object there becomes a "
                f"run. Give a whole prefix, such as {watched + '2026/'!r}.",
            )
        view = ReconciliationView(
            reconciliation=secrets.token_hex(6),
            state="running",
            dry_run=request.dry_run,
            prefix=prefix,
            since_s=request.since_s,
        )
        names = self._registry.layout
        lease = Lease(self._registry.bucket, names.reconciliation_lease, view.reconciliation, ttl_s=LEASE_S)
        if await asyncio.to_thread(lease.acquire) is None:
            raise DropforgeError(
                Code.RECONCILIATION_ACTIVE, "Another reconciliation is running. Start this one when it is done."
            )
        await self._note(view)
        self._task = asyncio.create_task(self._hold(lease, view, request))
        return view

    async def view(self, reconciliation: str) -> ReconciliationView:
        """How far one is. Raises `NOT_FOUND`."""
        return await asyncio.to_thread(self._view, reconciliation)

    async def stop(self) -> None:
        """Interrupts the one of this process."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _hold(self, lease: Lease, view: ReconciliationView, request: ReconciliationRequest) -> None:
        try:
            async with held(lease):
                try:
                    await self._look(view, request)
                    view.state = "done"
                except DropforgeError as error:
                    view.state, view.trouble = "failed", error.message
                await self._note(view)
        finally:
            if view.state == "running":
                view.state = "interrupted"  # the record needs no note: nobody holds the lease for it any more
            logger.info(
                "Reconciliation %s %s: %d objects listed, %d had no run, %d accepted%s",
                view.reconciliation,
                view.state,
                view.listed,
                view.missed,
                view.accepted,
                f"; {view.trouble}" if view.trouble else "",
            )

    async def _look(self, view: ReconciliationView, request: ReconciliationRequest) -> None:
        since = None if request.since_s is None else datetime.now(UTC) - timedelta(seconds=request.since_s)
        noted = time.monotonic()
        async for page in self._uploads.pages(view.prefix, Window(since)):
            view.listed += page.listed
            view.matching += page.matching
            left = None if request.limit is None else request.limit - view.missed
            missed: tuple[MissedUpload, ...] = page.missed[:left]
            view.missed += len(missed)
            view.sample += missed[: SAMPLE - len(view.sample)]
            if not request.dry_run:
                outcome = await self._acceptor.accept(missed)
                view.accepted += outcome.accepted
                view.failed += outcome.failed
            if view.missed == request.limit:
                return
            if time.monotonic() - noted >= _NOTE_EVERY_S:
                await self._note(view)
                noted = time.monotonic()

    async def _note(self, view: ReconciliationView) -> None:
        record = view.model_dump_json().encode()
        name = self._registry.layout.reconciliation(view.reconciliation)
        await asyncio.to_thread(self._registry.bucket.put, name, record, content_type="application/json")

    def _view(self, reconciliation: str) -> ReconciliationView:
        bucket, layout = self._registry.bucket, self._registry.layout
        # Looked at before the view, which says how one ended before its lease is given back.
        holder = read_holder(bucket, layout.reconciliation_lease)
        found = bucket.read_if_present(layout.reconciliation(reconciliation))
        if found is None:
            raise DropforgeError(Code.NOT_FOUND, f"There is no reconciliation {reconciliation}.")
        view = ReconciliationView.model_validate_json(found[0])
        alive = holder is not None and holder[0].owner == reconciliation and not holder[0].lapsed(datetime.now(UTC))
        if view.state == "running" and not alive:
            view.state = "interrupted"
        return view
