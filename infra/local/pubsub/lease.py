"""Outstanding messages: each is leased to its subscriber until its acknowledgement deadline."""

from __future__ import annotations

import heapq
import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from .consumer import Consumer
from .message import PendingMessage


@dataclass(slots=True, eq=False)
class Lease:
    """One delivery. `deadline` is on the clock of `time.monotonic`, in seconds."""

    ack_id: str
    pending: PendingMessage
    deadline: float
    consumer: Consumer


class LeaseTable:
    """The leases of one subscription, found by ack id and by deadline."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}
        self._due: list[tuple[float, str]] = []  # entries of ended leases and of changed deadlines are stale
        self._serial = itertools.count(1)
        self._boot = secrets.token_hex(4)  # so that an ack id from before a restart names no later lease

    def grant(self, pending: PendingMessage, deadline: float, consumer: Consumer) -> Lease:
        """Leases the message, counts the delivery attempt, and charges it to the consumer's flow control."""
        pending.attempts += 1
        pending.ack_id = f"{self._boot}-{next(self._serial)}-{pending.stored.sequence}"
        lease = Lease(pending.ack_id, pending, deadline, consumer)
        self._leases[lease.ack_id] = lease
        heapq.heappush(self._due, (deadline, lease.ack_id))
        consumer.charge(pending.stored.size)
        return lease

    def extend(self, ack_id: str, deadline: float) -> None:
        """Changes the deadline. Like Pub/Sub, ignores an ack id whose lease has ended."""
        lease = self._leases.get(ack_id)
        if lease is not None:
            lease.deadline = deadline
            heapq.heappush(self._due, (deadline, ack_id))

    def release(self, ack_id: str) -> Lease | None:
        """Ends the lease and refunds it to its consumer's flow control. None if it had already ended."""
        lease = self._leases.pop(ack_id, None)
        if lease is not None:
            lease.consumer.refund(lease.pending.stored.size)
        return lease

    def expired(self, now: float) -> Iterator[Lease]:
        """Ends and yields the expired leases one by one, so that an error in the caller leaves the others in place."""
        while self._due and self._due[0][0] <= now:
            _, ack_id = heapq.heappop(self._due)
            lease = self._leases.get(ack_id)
            if lease is not None and lease.deadline <= now:
                self.release(ack_id)
                yield lease


def sequence_in(ack_id: str) -> int | None:
    """The sequence of the message that an ack id belongs to; None if it is not an ack id."""
    sequence = ack_id.rpartition("-")[2]
    return int(sequence) if sequence.isascii() and sequence.isdigit() else None
