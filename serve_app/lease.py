"""Who drives a run: a small record in the bucket, taken and renewed by compare-and-swap.

The lease keeps two owners from doing the same work twice; it does not keep results right. Those stay
right without it, by parts and outputs that are written once, so a paused owner that wakes up can only
waste work.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actors.errors import Code, DropforgeError
from actors.store import Bucket


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

    Contract: `acquire` answers False while another's lease has not lapsed. `renew` raises `LEASE_LOST` once
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
        self._ttl = timedelta(seconds=ttl_s)
        self._now = now
        self._generation = 0
        self._takeovers = 0

    @property
    def takeovers(self) -> int:
        return self._takeovers

    def acquire(self) -> bool:
        found = read_holder(self._bucket, self._name)
        if found is not None:
            holder, self._generation = found
            if not holder.lapsed(self._now()):
                return False
            self._takeovers = holder.takeovers + (holder.owner != RELEASED)
        return self._write(self._owner, self._now() + self._ttl)

    def renew(self) -> None:
        if not self._write(self._owner, self._now() + self._ttl):
            raise DropforgeError(
                Code.LEASE_LOST, f"{self._owner} lost {self._name} to another owner, which goes on with the run."
            )

    def release(self) -> None:
        """Lets another owner take over at once."""
        self._write(RELEASED, self._now())

    def _write(self, owner: str, expires_at: datetime) -> bool:
        record = {
            "owner": owner,
            "expires_at": expires_at.isoformat(),
            "takeovers": self._takeovers,
            "nonce": secrets.token_hex(8),
        }
        written = self._bucket.replace(
            self._name, json.dumps(record).encode(), generation=self._generation, content_type="application/json"
        )
        if written is None:
            return False
        self._generation = written
        return True


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
