"""Accepts uploads that have no run, at a pace that the ingress keeps up with."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from actors.errors import DropforgeError
from serve_app.model.reconciliation import MissedUpload
from serve_app.monitoring.metrics import Metrics
from serve_app.pubsub.gcs_event import FINALIZE, Notification

logger = logging.getLogger("dropforge.reconcile")

_AT_A_TIME = 8
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """Uploads that have a run now, and those that could not be accepted."""

    accepted: int
    failed: int


class Acceptor:
    """Has each upload accepted as its notification would have been.

    `accept` is the application's one accept step, `under_way` says how many runs this process has begun. While that is
    `most` or more, no further ones are accepted: a hundred thousand missed uploads are worked off, not piled up.
    """

    def __init__(
        self,
        accept: Callable[[Mapping[str, str]], Awaitable[bool]],
        under_way: Callable[[], int],
        metrics: Metrics,
        *,
        most: int,
    ) -> None:
        self._accept = accept
        self._under_way = under_way
        self._metrics = metrics
        self._most = most

    async def accept(self, missed: Sequence[MissedUpload]) -> Outcome:
        """A failure leaves the upload without a run, for the next reconciliation, and keeps no other from its own."""
        accepted = failed = 0
        for start in range(0, len(missed), _AT_A_TIME):
            while self._under_way() >= self._most:  # noqa: ASYNC110 - the end of a run sets no event
                await asyncio.sleep(_LOOK_EVERY_S)
            outcomes = await asyncio.gather(*(self._one(upload) for upload in missed[start : start + _AT_A_TIME]))
            accepted += outcomes.count(True)
            failed += outcomes.count(None)
        self._metrics.reconciled(accepted=accepted, failed=failed)
        return Outcome(accepted, failed)

    async def _one(self, upload: MissedUpload) -> bool | None:
        """False where it was accepted meanwhile, None where it could not be."""
        try:
            return await self._accept(Notification(FINALIZE, upload.drop).attributes)
        except DropforgeError as error:
            logger.warning("%s has no run and could not be accepted: %s", upload.drop.uri, error)
            return None
