"""Dead letters as people see them, which of them a replay selects, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actors.errors import Code
from actors.model.drop import Drop
from actors.model.failure import Failure

Key = tuple[str, int | None]
"""A run and the index of its shard, None for the run itself; a stray's is its own."""

SAMPLE = 20
"""Entries that a preview shows."""


class Entry(BaseModel):
    """One failed shard, failed run, notification that could not be accepted, or stray message.

    A stray is a message of the dead-letter subscription that is none of these, or whose run is gone: there is nothing
    to replay, only to discard. It has no run and no object. `message_id` is Pub/Sub's.
    `in_topic` says that its message is on the dead-letter subscription, `in_bucket` that its record is in the
    bucket; either is enough to replay it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shard", "run", "notification", "stray"]
    run: str
    object: str
    generation: int
    shard: int | None
    stage: str
    code: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime
    version: str
    in_topic: bool = False
    in_bucket: bool = False
    message_id: str = ""

    @property
    def key(self) -> Key:
        return (f"message {self.message_id}", None) if self.kind == "stray" else (self.run, self.shard)

    @classmethod
    def of(cls, failure: Failure, drop: Drop) -> Entry:
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
        )

    @classmethod
    def of_notification(cls, drop: Drop, attributes: Mapping[str, str], published_at: datetime) -> Entry:
        """Of a notification that Pub/Sub dead-lettered; the attributes it added say how often it was delivered."""
        return cls(
            kind="notification",
            run=drop.run_id,
            object=drop.object,
            generation=drop.generation,
            shard=None,
            stage="accept",
            code=Code.NOT_ACCEPTED,
            message="The notification was delivered to the application and not acknowledged.",
            attempts=int(attributes.get("CloudPubSubDeadLetterSourceDeliveryCount", 1)),
            first_at=published_at,
            last_at=published_at,
            version="",
            in_topic=True,
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
            stage="accept",
            code=Code.STRAY_MESSAGE,
            message=f"Message {message_id} ({size} bytes, attributes: {names}) is no failed shard of a run there is "
            "and no notification. It can't be replayed; `dropforge discard` takes it away.",
            attempts=1,
            first_at=published_at,
            last_at=published_at,
            version="",
            in_topic=True,
            message_id=message_id,
        )


class Selection(BaseModel):
    """Which dead letters; an empty field selects all. `since_s` is the greatest age of the last failure, seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str | None = Field(None, description="run id, or the start of one")
    object: str | None = Field(None, description="name of the dropped object")
    shard: int | None = None
    stage: str | None = None
    code: str | None = None
    since_s: float | None = Field(None, gt=0, le=10**10)
    limit: int | None = Field(None, ge=1, description="most dead letters, oldest first")

    def of(self, entries: list[Entry]) -> list[Entry]:
        """The selected entries, the one that failed first at the front."""
        chosen = [entry for entry in entries if self._matches(entry)]
        chosen.sort(key=lambda entry: (entry.first_at, entry.run, -1 if entry.shard is None else entry.shard))
        return chosen[: self.limit]

    def _matches(self, entry: Entry) -> bool:
        return (
            (self.run is None or entry.run.startswith(self.run))
            and (self.object is None or entry.object == self.object)
            and (self.shard is None or entry.shard == self.shard)
            and (self.stage is None or entry.stage == self.stage)
            and (self.code is None or entry.code == self.code)
            and (self.since_s is None or datetime.now(UTC) - entry.last_at <= timedelta(seconds=self.since_s))
        )


class Group(BaseModel):
    """Dead letters of one stage and code."""

    stage: str
    code: str
    count: int


def groups(entries: list[Entry]) -> list[Group]:
    """Counts by stage and code, the largest first."""
    counts = Counter((entry.stage, entry.code) for entry in entries)
    return [Group(stage=stage, code=code, count=count) for (stage, code), count in counts.most_common()]


class ReplayRequest(BaseModel):
    """`rate` is the most dead letters asked for again per second; None: as fast as they can be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    selection: Selection = Selection()
    rate: float | None = Field(None, gt=0)
    dry_run: bool = True


class DiscardRequest(BaseModel):
    """Which strays to take off the dead-letter subscription; dead letters that can be replayed are never among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    selection: Selection = Selection()
    dry_run: bool = True


class DiscardView(BaseModel):
    """`discarded` is 0 in a preview; `sample` are the first of the selected."""

    selected: int
    discarded: int
    sample: list[Entry]


class ReplayView(BaseModel):
    """A replay and how far it is. `succeeded` have their part or result, `failed_again` a new failure."""

    replay: str
    state: Literal["preview", "running", "done", "interrupted"]
    selected: int
    groups: list[Group]
    sample: list[Entry]
    requested: int = 0
    succeeded: int = 0
    failed_again: int = 0
    acknowledged: int = 0
