"""The dead-letter topic: failed shards that the application publishes, and notifications that Pub/Sub dead-letters.

A shard's failure is durable in the bucket before it is published, so nothing is lost while the topic is unreachable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_transient_error
from google.cloud import pubsub_v1
from pydantic import ValidationError

from actors.model.failure import Failure
from actors.model.run import Run
from actors.trace_context import current
from serve_app.model.source_attributes import dead_lettered_by_pubsub

from .dead_letter_message import DeadLetter

logger = logging.getLogger("dropforge.dead_letters")

_PUBLISH_S = 600.0
_PULL_S = 2.0
_PULL_RETRY = Retry(predicate=if_transient_error, initial=0.1, maximum=1.0, timeout=4.0)
"""Shorter than the client's default, which would keep a person waiting for a minute while Pub/Sub is down."""
_PULL_MESSAGES = 500
_PULL_BYTES = 64 << 20
_ACKS_PER_REQUEST = 1000


@dataclass(frozen=True, slots=True)
class PulledMessage:
    """A message pulled from the dead-letter subscription.

    `letter` is None unless the message is a failed shard or run of ours. `size` is the size of its data in bytes; the
    data itself is not kept.
    """

    ack_id: str
    message_id: str
    letter: DeadLetter | None
    attributes: Mapping[str, str]
    published_at: datetime
    size: int


class DeadLetterSource(Protocol):
    """`DeadLetterSubscription`, or what takes its place in a test. Blocking."""

    def pull(self, limit: int) -> list[PulledMessage]: ...

    def acknowledge(self, messages: Iterable[PulledMessage]) -> None: ...

    def release(self, messages: Iterable[PulledMessage]) -> None: ...


class DeadLetterTopic:
    """Publishes in the background; retries for up to ten minutes."""

    def __init__(self, project: str, topic: str) -> None:
        self._publisher = pubsub_v1.PublisherClient()
        self._path = self._publisher.topic_path(project, topic)
        self._pending: set[asyncio.Task[None]] = set()

    def publish(self, run: Run, failure: Failure) -> None:
        """Starts to publish a failure. Its record must already be in the bucket."""
        letter = DeadLetter(drop=run.drop, failure=failure, trace=current() or run.trace)
        task = asyncio.create_task(self._publish(letter))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def stop(self, timeout_s: float) -> None:
        """Waits up to `timeout_s` for pending messages. An unpublished failure can be replayed from its record."""
        if self._pending:
            await asyncio.wait(set(self._pending), timeout=timeout_s)

    async def _publish(self, letter: DeadLetter) -> None:
        data = letter.model_dump_json().encode()
        future = self._publisher.publish(self._path, data, timeout=_PUBLISH_S, **letter.attributes)
        try:
            await asyncio.wrap_future(future)
        except (api.GoogleAPIError, TimeoutError) as error:
            logger.error(
                "Could not publish the dead letter of run %s: %s. It can be replayed from its record in the bucket.",
                letter.failure.run_id, error,
            )  # fmt: skip


class DeadLetterSubscription:
    """Reads the dead-letter subscription. Blocking: call it from a thread. Raises what Google's client raises.

    Pub/Sub redelivers a message that is neither acknowledged nor released when its acknowledgement deadline ends.
    """

    def __init__(self, project: str, subscription: str) -> None:
        self._subscriber = pubsub_v1.SubscriberClient()
        self._path = self._subscriber.subscription_path(project, subscription)

    def pull(self, limit: int) -> list[PulledMessage]:
        """Up to `limit` messages, in the order in which Pub/Sub delivers them; stops after 64 MiB of data."""
        pulled: list[PulledMessage] = []
        size = 0
        while len(pulled) < limit and size < _PULL_BYTES:
            request = {"subscription": self._path, "max_messages": min(_PULL_MESSAGES, limit - len(pulled))}
            try:
                messages = self._subscriber.pull(request=request, timeout=_PULL_S, retry=_PULL_RETRY).received_messages
            except api.DeadlineExceeded:
                break
            if not messages:
                break
            for received in messages:
                message = received.message
                attributes = dict(message.attributes)
                letter = None if dead_lettered_by_pubsub(attributes) else _letter(message.data)
                size += len(message.data) + sum(map(len, attributes.values()))
                pulled.append(
                    PulledMessage(
                        received.ack_id,
                        message.message_id,
                        letter,
                        attributes,
                        message.publish_time,
                        len(message.data),
                    )
                )
        return pulled

    def acknowledge(self, messages: Iterable[PulledMessage]) -> None:
        for ack_ids in _batches(messages):
            self._subscriber.acknowledge(request={"subscription": self._path, "ack_ids": ack_ids})

    def release(self, messages: Iterable[PulledMessage]) -> None:
        """Makes messages available again immediately, by an acknowledgement deadline of 0."""
        for ack_ids in _batches(messages):
            self._subscriber.modify_ack_deadline(
                request={"subscription": self._path, "ack_ids": ack_ids, "ack_deadline_seconds": 0}
            )


def _letter(data: bytes) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate_json(data)
    except ValidationError:
        return None


def _batches(messages: Iterable[PulledMessage]) -> Iterable[list[str]]:
    ids = [message.ack_id for message in messages]
    for at in range(0, len(ids), _ACKS_PER_REQUEST):
        yield ids[at : at + _ACKS_PER_REQUEST]
