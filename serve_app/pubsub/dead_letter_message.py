"""A message of the dead-letter topic: a shard, or a run, that ran out of retries."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.trace_context import ATTRIBUTE


class DeadLetter(BaseModel):
    """The envelope: the failure, and the drop it is of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drop: Drop
    failure: Failure
    trace: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """What a subscription may filter on."""
        failure = self.failure
        shard = "" if failure.shard is None else str(failure.shard.index)
        attributes = {"run": failure.run_id, "shard": shard, "stage": failure.stage, "code": failure.reason.code}
        if self.trace:
            attributes[ATTRIBUTE] = self.trace
        # An attribute's value has at most 1,024 bytes, an object's name as many and the bucket's besides.
        return attributes | {"object": self.drop.object[:256]}
