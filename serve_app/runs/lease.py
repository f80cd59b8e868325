"""Who drives a run: a small record in the bucket, taken and renewed by compare-and-swap.

The lease keeps two owners from doing the same work twice; it does not keep results right. Those stay
right without it, by parts and outputs that are written once, so a paused owner that wakes up can only
waste work.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actors.errors import Code, DropforgeError
from actors.model.attempt import RESUMED, TAKEN_OVER, Attempt
from actors.storage.bucket import Bucket

logger = logging.getLogger("dropforge.lease")


@dataclass(frozen=True, slots=True)
class Holder:
    """A lease as found in the bucket. `takeovers` counts owners that let it lapse."""

    owner: str
    expires_at: datetime
    takeovers: int

    def lapsed(self, now: datetime) -> bool:
        return now >= self.expires_at


class Lease:
    """One owner's claim on one run.

    Contract: `acquire` answers None while another's lease has not lapsed. `renew` raises `LEASE_LOST` once
    another owner has taken over. `release` never takes another's lease away.
    """

    def __init__(
        self,
        bucket: Bucket,
        name: str,
        owner: str,
        *,
        ttl_s: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bucket = bucket
        self._name = name
        self._owner = owner
        self.ttl_s = ttl_s
        self._now = now
        self._writing = threading.Lock()
        self._generation = 0
        self._takeovers = 0
        self._retired = False

    def acquire(self, attempt: Attempt = RESUMED) -> Attempt | None:
        """The attempt that the owner makes of it; None while another owner's lease has not lapsed.

        A new attempt expects no lease, which saves the look. It is no longer new where there is one, and `took_over`
        where its owner let it lapse.
        """
        if attempt.new and self._write(self._owner, self._expiry()):
            return attempt
        found = read_holder(self._bucket, self._name)
        made = RESUMED
        if found is not None:
            holder, self._generation = found
            if not holder.lapsed(self._now()):
                return None
            if holder.owner != RELEASED:
                made = TAKEN_OVER
            self._takeovers = holder.takeovers + made.took_over
        return made if self._write(self._owner, self._expiry()) else None

    def renew(self) -> None:
        if not self._write(self._owner, self._expiry()):
            raise DropforgeError(
                Code.LEASE_LOST, f"{self._owner} lost the lease {self._name} to another owner, which continues the run."
            )

    def retire(self) -> None:
        """The run has ended: nobody needs the lease any more, and `release` leaves it to lapse."""
        self._retired = True

    def release(self) -> None:
        """Lets another owner take over at once."""
        if self._retired:
            return
        self._write(RELEASED, self._now())

    def _expiry(self) -> datetime:
        return self._now() + timedelta(seconds=self.ttl_s)

    def _write(self, owner: str, expires_at: datetime) -> bool:
        record = {
            "owner": owner,
            "expires_at": expires_at.isoformat(),
            "takeovers": self._takeovers,
            "nonce": secrets.token_hex(8),
        }
        # A renewal goes on in its thread when its task is cancelled: the release must come after it.
        with self._writing:
            written = self._bucket.replace(
                self._name, json.dumps(record).encode(), generation=self._generation, content_type="application/json"
            )
            if written is None:
                return False
            self._generation = written
            return True


@asynccontextmanager
async def held(lease: Lease) -> AsyncIterator[None]:
    """Renews an acquired lease while the block runs, and gives it back at the end.

    Cancels the block and raises `LEASE_LOST` when another owner has taken over.
    """
    block = asyncio.current_task()
    assert block is not None
    lost: list[DropforgeError] = []

    async def renew() -> None:
        taken_s = 0.0
        while True:
            await asyncio.sleep(pause_s(lease.ttl_s, taken_s))
            began = time.monotonic()
            try:
                await asyncio.to_thread(lease.renew)
            except DropforgeError as error:
                if error.code is Code.LEASE_LOST:
                    lost.append(error)
                    block.cancel()
                    return
                logger.warning("Could not renew a lease; trying again: %s", error)
            taken_s = time.monotonic() - began

    renewal = asyncio.create_task(renew())
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            block.uncancel()
            raise lost[0] from None
        raise
    finally:
        renewal.cancel()
        if not lost:
            await asyncio.to_thread(lease.release)


def pause_s(ttl_s: float, taken_s: float) -> float:
    """Seconds until the next renewal, after one that took so many.

    A lease runs from the beginning of its renewal. So it is renewed every third of its time from beginning to
    beginning, and does not lapse as long as a renewal takes less than half of its time.
    """
    return max(0.0, ttl_s / 3 - taken_s)


RELEASED = ""
"""Owner of a lease that was given back."""


def read_holder(bucket: Bucket, name: str) -> tuple[Holder, int] | None:
    """The lease in the bucket and its generation; None where the run never had one."""
    found = bucket.read_if_present(name)
    if found is None:
        return None
    record = json.loads(found[0])
    holder = Holder(record["owner"], datetime.fromisoformat(record["expires_at"]), record["takeovers"])
    return holder, found[1]
