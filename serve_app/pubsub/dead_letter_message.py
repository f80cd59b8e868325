"""A message of the dead-letter topic: a shard, or a run, that ran out of retries."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.trace_context import ATTRIBUTE


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
