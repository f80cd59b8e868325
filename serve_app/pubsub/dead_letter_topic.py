"""Dead letters: what ran out of retries, on a topic of its own.

A shard's failure is durable in the bucket before it is published, so a topic that can't be reached loses
nothing. Pub/Sub itself puts notifications there that could not be accepted.
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
"""The client's own would keep a person waiting for a minute while Pub/Sub is down."""
_PULL_MESSAGES = 500
_PULL_BYTES = 64 << 20
_ACKS_PER_REQUEST = 1000


@dataclass(frozen=True, slots=True)
class PulledMessage:
    """A message of the dead-letter subscription: a failed shard's `letter`, or else a notification's attributes.

    `size` is that of its data, which is not kept, in bytes.
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
    """Publishes in the background, again and again until the topic accepts or ten minutes have passed."""

    def __init__(self, project: str, topic: str) -> None:
        self._publisher = pubsub_v1.PublisherClient()
        self._path = self._publisher.topic_path(project, topic)
        self._pending: set[asyncio.Task[None]] = set()

    def publish(self, run: Run, failure: Failure) -> None:
        """For a failure whose record is in the bucket already."""
        letter = DeadLetter(drop=run.drop, failure=failure, trace=current() or run.trace)
        task = asyncio.create_task(self._publish(letter))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def stop(self, timeout_s: float) -> None:
        """Waits for what is being published. What is not out by then can be replayed from its record."""
        if self._pending:
            await asyncio.wait(set(self._pending), timeout=timeout_s)

    async def _publish(self, letter: DeadLetter) -> None:
        data = letter.model_dump_json().encode()
        future = self._publisher.publish(self._path, data, timeout=_PUBLISH_S, **letter.attributes)
        try:
            await asyncio.wrap_future(future)
        except (api.GoogleAPIError, TimeoutError) as error:
            logger.error(
                "The dead letter of run %s was not published (%s). Its record in the bucket is enough to replay it.",
                letter.failure.run_id, error,
            )  # fmt: skip


class DeadLetterSubscription:
    """Reads the dead-letter subscription. Blocking: call it from a thread.

    What is neither acknowledged nor released comes back by itself after the subscription's deadline.
    """

    def __init__(self, project: str, subscription: str) -> None:
        self._subscriber = pubsub_v1.SubscriberClient()
        self._path = self._subscriber.subscription_path(project, subscription)

    def pull(self, limit: int) -> list[PulledMessage]:
        """Up to `limit` messages, oldest first as far as Pub/Sub hands them out so; fewer where they are large."""
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
        """Makes messages available again at once."""
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
