"""The reconciliation that the application does by itself, every `reconcile_every_s` seconds."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from datetime import datetime, timedelta

from actors import logs
from actors.errors import Code, DropforgeError
from serve_app.config.settings import Settings
from serve_app.model.duration import duration
from serve_app.model.reconciliation import MissedUpload
from serve_app.runs.lease import Lease, held
from serve_app.runs.run_registry import RunRegistry

from .acceptor import Acceptor
from .reconciliations import LEASE_S
from .uploads import Uploads, Window

logger = logging.getLogger("dropforge.reconcile")

FIRST_LOOK_BACK = timedelta(days=1)
"""What was uploaded before that is left to a person: it may be older than the application."""

ON_ITS_WAY = timedelta(minutes=1)
"""A younger upload's notification may still come."""

NOTIFICATION_MISSED = "notification_missed"
"""Label of the log's lines about uploads without a run."""

_NAMED = 5
"""Uploads of one look that get a line of their own in the log."""


class RegularReconciliation:
    """One look every so often, by one replica of all: it remembers in the bucket until when everything has a run.

    A look that fails, or that leaves an upload without a run, is repeated from where it began.
    """

    def __init__(self, settings: Settings, registry: RunRegistry, uploads: Uploads, acceptor: Acceptor) -> None:
        self._every_s = settings.reconcile_every_s
        self._prefix = settings.watched_prefix
        self._registry = registry
        self._uploads = uploads
        self._acceptor = acceptor
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._every_s:
            self._task = asyncio.create_task(self._look_regularly())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def check(self) -> None:
        """Raises `INTERNAL` when the task has ended, which only a bug can cause."""
        if self._task is not None and self._task.done():
            raise DropforgeError(Code.INTERNAL, f"The task that reconciles has ended: {self._task.exception()!r}")

    async def look(self) -> int | None:
        """Accepts the uploads without a run since the last look; how many there were.

        None where another replica looks or has looked just now, or a person does. Raises what `Bucket` raises.
        """
        bucket, name = self._registry.bucket, self._registry.layout.reconciliation_lease
        lease = Lease(bucket, name, secrets.token_hex(6), ttl_s=LEASE_S)
        if await asyncio.to_thread(lease.acquire) is None:
            return None
        async with held(lease):
            written = await asyncio.to_thread(bucket.stat, name)
            if written is None or written.updated is None:
                return None
            # By the store's clock, which uploads have too.
            until = written.updated - ON_ITS_WAY
            since = await asyncio.to_thread(self._looked_until) or until - FIRST_LOOK_BACK
            if until - since < timedelta(seconds=self._every_s / 2):
                return None
            missed = failed = 0
            async for page in self._uploads.pages(self._prefix, Window(since, until)):
                outcome = await self._acceptor.accept(page.missed)
                missed += len(page.missed)
                failed += outcome.failed
                for upload in page.missed[: max(0, _NAMED + len(page.missed) - missed)]:
                    _tell(upload)
            if not failed:
                await asyncio.to_thread(self._note, until)
            if missed:
                logger.warning(
                    "Uploads of the last %s without a run, because no notification came: %d. With one now: %d. "
                    "Check the bucket's notification and its subscription, for example with `dropforge doctor`.",
                    duration((until - since).total_seconds()),
                    missed,
                    missed - failed,
                    extra=logs.labels(code=NOTIFICATION_MISSED),
                )
            return missed

    def _looked_until(self) -> datetime | None:
        found = self._registry.bucket.read_if_present(self._registry.layout.reconciled_until)
        return None if found is None else datetime.fromisoformat(json.loads(found[0])["until"])

    def _note(self, until: datetime) -> None:
        record = json.dumps({"until": until.isoformat()}).encode()
        self._registry.bucket.put(self._registry.layout.reconciled_until, record, content_type="application/json")

    async def _look_regularly(self) -> None:
        while True:
            try:
                await self.look()
            except DropforgeError as error:
                logger.warning("Could not look for uploads without a run; trying again: %s", error)
            await asyncio.sleep(self._every_s)


def _tell(upload: MissedUpload) -> None:
    logger.warning(
        "No notification of %s came",
        upload.drop.uri,
        extra=logs.labels(code=NOTIFICATION_MISSED, run=upload.run_id),
    )
