"""One subscription: its backlog, its outstanding messages, and redelivery."""

from __future__ import annotations

import heapq
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from google.api_core.exceptions import InvalidArgument, NotFound, ResourceExhausted

from . import wire
from .consumer import Consumer
from .dead_letter import DeadLetterPolicy, dead_letter
from .filter import compile_filter
from .journal import Journal
from .lease import Lease, LeaseTable, sequence_in
from .message import PendingMessage, StoredMessage
from .retry_policy import RetryPolicy

logger = logging.getLogger(__name__)

MAX_BACKLOG_BYTES = 1 << 30
_MAX_DEADLINE_S = 600
_MAX_BATCH_MESSAGES = 1000
_MAX_BATCH_BYTES = 3_500_000  # below gRPC's default receive limit of 4 MiB, which clients keep for emulators

Publish = Callable[[str, list[wire.PubsubMessage]], list[str]]


class Subscription:
    """The backlog of one subscription, with leases, redelivery, dead-lettering and a filter.

    Changes are written to the journal before memory, so that a full disk fails the request but loses nothing.
    """

    def __init__(self, config: wire.Subscription, journal: Journal, publish: Publish) -> None:
        self._journal = journal
        self._publish = publish
        self._backlog: dict[int, PendingMessage] = {}
        self._backlog_bytes = 0
        self._ready: deque[PendingMessage] = deque()
        self._delayed: list[tuple[float, int, PendingMessage]] = []
        self._leases = LeaseTable()
        self._consumers: set[Consumer] = set()
        self.deleted = False
        self.configure(config)

    def configure(self, config: wire.Subscription) -> None:
        """Applies a configuration that `checked_subscription` returned."""
        self.config = config
        self._matches = compile_filter(config.filter)
        self._retry_policy = RetryPolicy.of(config)
        self._dead_letter_policy = DeadLetterPolicy.of(config)
        self._wake_all()

    def delete(self) -> None:
        self.deleted = True
        self._wake_all()

    @property
    def name(self) -> str:
        return self.config.name

    def matches(self, attributes: Mapping[str, str]) -> bool:
        return self._matches(attributes)

    def check_room(self, size: int) -> None:
        """Raises `ResourceExhausted` when `size` more bytes would exceed the local limit of the backlog."""
        if self._backlog_bytes + size > MAX_BACKLOG_BYTES:
            raise ResourceExhausted(
                f"{self.name} has {self._backlog_bytes} unacknowledged bytes, and the local limit is "
                f"{MAX_BACKLOG_BYTES}: start its subscriber, or delete the subscription."
            )

    def enqueue(self, messages: Collection[StoredMessage]) -> None:
        for stored in messages:
            pending = PendingMessage(stored)
            self._backlog[stored.sequence] = pending
            self._backlog_bytes += stored.size
            self._ready.append(pending)
        self._wake_all()

    @contextmanager
    def consumer(self, *, max_messages: int = 0, max_bytes: int = 0) -> Iterator[Consumer]:
        """A consumer that is woken inside the `with` block. Its messages stay leased until their deadline."""
        consumer = Consumer(max_messages=max_messages, max_bytes=max_bytes)
        self._consumers.add(consumer)
        try:
            yield consumer
        finally:
            self._consumers.discard(consumer)

    def take(self, consumer: Consumer, deadline_s: float) -> list[Lease]:
        """Leases the ready messages that fit the consumer's flow control and one response; possibly none.

        Raises `NotFound` when the subscription was deleted.
        """
        if self.deleted:
            raise NotFound(f"Subscription {self.name} was deleted.")
        leases: list[Lease] = []
        deadline, size = time.monotonic() + deadline_s, 0
        while self._ready and len(leases) < _MAX_BATCH_MESSAGES:
            pending = self._ready[0]
            if not self._is_pending(pending):
                self._ready.popleft()
                continue
            size += pending.stored.size
            if not consumer.has_room(pending.stored.size) or (leases and size > _MAX_BATCH_BYTES):
                break
            self._ready.popleft()
            leases.append(self._leases.grant(pending, deadline, consumer))
        return leases

    def received(self, lease: Lease) -> wire.ReceivedMessage:
        """The delivery for the subscriber. It has the delivery attempt only under a dead-letter policy."""
        attempt = lease.pending.attempts if self._dead_letter_policy else 0
        return wire.ReceivedMessage(ack_id=lease.ack_id, message=lease.pending.stored.message, delivery_attempt=attempt)

    def acknowledge(self, ack_ids: Collection[str]) -> None:
        """Deletes the messages. An expired ack id is still valid until its message is delivered again."""
        done = [pending for ack_id in ack_ids if (pending := self._delivered_as(ack_id))]
        self._journal.forget(self.name, [pending.stored.sequence for pending in done])
        for pending in done:
            self._forget(pending)

    def modify_deadline(self, ack_ids: Collection[str], deadline_s: int) -> None:
        """Sets the deadlines to `deadline_s` seconds from now; 0 makes the messages available again.

        Raises `InvalidArgument` for a deadline outside 0 to 600 s.
        """
        if not 0 <= deadline_s <= _MAX_DEADLINE_S:
            raise InvalidArgument(f"Invalid ack deadline {deadline_s} s: expected 0 to {_MAX_DEADLINE_S}.")
        now = time.monotonic()
        for ack_id in ack_ids:
            if deadline_s > 0:
                self._leases.extend(ack_id, now + deadline_s)
            elif (lease := self._leases.release(ack_id)) is not None:
                self._give_back(lease.pending, now)

    def tick(self) -> None:
        """Makes messages ready whose leases have expired or whose backoff has passed."""
        now = time.monotonic()
        for lease in self._leases.expired(now):
            self._give_back(lease.pending, now)
        if self._delayed and self._delayed[0][0] <= now:
            while self._delayed and self._delayed[0][0] <= now:
                self._ready.append(heapq.heappop(self._delayed)[2])
            self._wake_all()

    def _give_back(self, pending: PendingMessage, now: float) -> None:
        # Queued again before it is forwarded, so that a failed forward leaves the message here.
        delay_s = self._retry_policy.delay_s(pending.attempts)
        if delay_s > 0:
            heapq.heappush(self._delayed, (now + delay_s, pending.stored.sequence, pending))
        else:
            self._ready.append(pending)
            self._wake_all()
        policy = self._dead_letter_policy
        if policy is not None and pending.attempts >= policy.max_attempts:
            self._forward(pending, policy)

    def _forward(self, pending: PendingMessage, policy: DeadLetterPolicy) -> None:
        letter = dead_letter(pending.stored.message, self.name, pending.attempts)
        try:
            self._publish(policy.topic, [letter])
        except (NotFound, ResourceExhausted) as error:
            logger.warning("Could not dead-letter message %s of %s: %s", pending.stored.sequence, self.name, error)
            return
        self._journal.forget(self.name, [pending.stored.sequence])
        self._forget(pending)

    def _forget(self, pending: PendingMessage) -> None:
        self._leases.release(pending.ack_id)
        if self._backlog.pop(pending.stored.sequence, None) is not None:
            self._backlog_bytes -= pending.stored.size

    def _is_pending(self, pending: PendingMessage) -> bool:
        return pending.stored.sequence in self._backlog

    def _delivered_as(self, ack_id: str) -> PendingMessage | None:
        sequence = sequence_in(ack_id)
        pending = self._backlog.get(sequence) if sequence is not None else None
        return pending if pending is not None and pending.ack_id == ack_id else None

    def _wake_all(self) -> None:
        for consumer in self._consumers:
            consumer.wake()
