"""The dead-letter topic: failed shards that the application publishes, and notifications that Pub/Sub dead-letters.

A shard's failure is durable in the bucket before it is published, so nothing is lost while the topic is unreachable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_transient_error
from google.cloud import pubsub_v1
from pydantic import BaseModel, ConfigDict, ValidationError

from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.model.run import Run
from actors.trace_context import ATTRIBUTE, current

logger = logging.getLogger("dropforge.dead_letters")

SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
"""Attribute that Pub/Sub adds to a message that it dead-letters ("Handle message failures", Pub/Sub documentation)."""

_PUBLISH_S = 600.0
_PULL_S = 2.0
_PULL_RETRY = Retry(predicate=if_transient_error, initial=0.1, maximum=1.0, timeout=4.0)
"""Shorter than the client's default, which would keep a person waiting for a minute while Pub/Sub is down."""
_PULL_MESSAGES = 500
_PULL_BYTES = 64 << 20
_ACKS_PER_REQUEST = 1000


class DeadLetter(BaseModel):
    """The data of a message on the dead-letter topic: a failure, its drop, and its trace context (`traceparent`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drop: Drop
    failure: Failure
    trace: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """The message's attributes, on which a subscription can filter."""
        failure = self.failure
        shard = "" if failure.shard is None else str(failure.shard.index)
        attributes = {"run": failure.run_id, "shard": shard, "stage": failure.stage, "code": failure.reason.code}
        if self.trace:
            attributes[ATTRIBUTE] = self.trace
        # Cut off: an attribute's value can have at most 1,024 bytes ("Quotas and limits", Pub/Sub documentation).
        return attributes | {"object": self.drop.object[:256]}


@dataclass(frozen=True, slots=True)
class PulledLetter:
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


class DeadLetterTopic:
    """Publishes in the background; retries for up to ten minutes."""

    def __init__(self, project: str, topic: str) -> None:
        self._publisher = pubsub_v1.PublisherClient()
        self._path = f"projects/{project}/topics/{topic}"
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


class DeadLetterQueue:
    """Reads the dead-letter subscription. Blocking: call it from a thread. Raises what Google's client raises.

    Pub/Sub redelivers a message that is neither acknowledged nor released when its acknowledgement deadline ends.
    """

    def __init__(self, project: str, subscription: str) -> None:
        self._subscriber = pubsub_v1.SubscriberClient()
        self._path = f"projects/{project}/subscriptions/{subscription}"

    def pull(self, limit: int) -> list[PulledLetter]:
        """Up to `limit` messages, in the order in which Pub/Sub delivers them; stops after 64 MiB of data."""
        pulled: list[PulledLetter] = []
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
                letter = None if SOURCE_SUBSCRIPTION in attributes else _letter(message.data)
                size += len(message.data) + sum(map(len, attributes.values()))
                pulled.append(
                    PulledLetter(
                        received.ack_id,
                        message.message_id,
                        letter,
                        attributes,
                        message.publish_time,
                        len(message.data),
                    )
                )
        return pulled

    def acknowledge(self, letters: Iterable[PulledLetter]) -> None:
        for ack_ids in _batches(letters):
            self._subscriber.acknowledge(request={"subscription": self._path, "ack_ids": ack_ids})

    def release(self, letters: Iterable[PulledLetter]) -> None:
        """Makes messages available again immediately, by an acknowledgement deadline of 0."""
        for ack_ids in _batches(letters):
            self._subscriber.modify_ack_deadline(
                request={"subscription": self._path, "ack_ids": ack_ids, "ack_deadline_seconds": 0}
            )


def _letter(data: bytes) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate_json(data)
    except ValidationError:
        return None


def _batches(letters: Iterable[PulledLetter]) -> Iterable[list[str]]:
    ids = [letter.ack_id for letter in letters]
    for at in range(0, len(ids), _ACKS_PER_REQUEST):
        yield ids[at : at + _ACKS_PER_REQUEST]
