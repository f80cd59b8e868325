"""What ran out of retries, as people see it.

The record of it in the bucket is `actors.model.failure.Failure`, the message `serve_app.pubsub.dead_letter_message`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actors.errors import Code
from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.model.stage import Stage

from .source_attributes import delivery_count

Key = tuple[str, int | None]
"""A run and the index of its shard, None for the run itself; a stray's is its own."""


class Entry(BaseModel):
    """One failed shard, failed run, notification that could not be accepted, or stray message.

    A stray is a message of the dead-letter subscription that is none of these, or whose run is gone: there is nothing
    to replay, only to discard. It has no run and no object. `message_id` is Pub/Sub's.
    `failure` is the record, and `trace` the `traceparent` of what failed: for the process that read them alone.
    `in_topic` says that its message is on the dead-letter subscription, `in_bucket` that its record is in the
    bucket; either is enough to replay it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shard", "run", "notification", "stray"]
    run: str
    object: str
    generation: int
    shard: int | None
    stage: Stage
    code: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime
    version: str
    in_topic: bool = False
    in_bucket: bool = False
    message_id: str = ""
    failure: Failure | None = Field(None, exclude=True, repr=False)
    trace: str = Field("", exclude=True, repr=False)

    @property
    def key(self) -> Key:
        return (f"message {self.message_id}", None) if self.kind == "stray" else (self.run, self.shard)

    @classmethod
    def of(cls, failure: Failure, drop: Drop, trace: str = "") -> Entry:
        """Of a record in the bucket; `trace` is its run's."""
        return cls(
            kind="shard" if failure.shard else "run",
            run=failure.run_id,
            object=drop.object,
            generation=drop.generation,
            shard=failure.shard.index if failure.shard else None,
            stage=failure.stage,
            code=failure.reason.code,
            message=failure.reason.message,
            attempts=failure.attempts,
            first_at=failure.first_at,
            last_at=failure.last_at,
            version=failure.version,
            in_bucket=True,
            failure=failure,
            trace=trace,
        )

    @classmethod
    def of_notification(
        cls, drop: Drop, attributes: Mapping[str, str], published_at: datetime, trace: str = ""
    ) -> Entry:
        """Of a notification that Pub/Sub dead-lettered; the attributes it added say how often it was delivered."""
        return cls(
            kind="notification",
            run=drop.run_id,
            object=drop.object,
            generation=drop.generation,
            shard=None,
            stage=Stage.ACCEPT,
            code=Code.NOT_ACCEPTED,
            message="The notification was delivered to the application and not acknowledged.",
            attempts=delivery_count(attributes),
            first_at=published_at,
            last_at=published_at,
            version="",
            in_topic=True,
            trace=trace,
        )

    @classmethod
    def of_stray(cls, message_id: str, size: int, attributes: Mapping[str, str], published_at: datetime) -> Entry:
        """Of a message that somebody else put there."""
        names = ascii(sorted(attributes))[:200] if attributes else "none"
        return cls(
            kind="stray",
            run="",
            object="",
            generation=0,
            shard=None,
            stage=Stage.ACCEPT,
            code=Code.STRAY_MESSAGE,
            message=f"Message {message_id} ({size} bytes, attributes: {names}) is neither a failed shard of a run that "
            "exists nor a notification, so it can't be replayed. `dropforge discard` removes it.",
            attempts=1,
            first_at=published_at,
            last_at=published_at,
            version="",
            in_topic=True,
            message_id=message_id,
        )
