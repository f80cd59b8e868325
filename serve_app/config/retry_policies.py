"""The retry policies of the stages: the ingress's `user_config`, which `serve deploy` changes without a restart."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from actors.model.stage import Stage
from actors.retry import RetryPolicy


class StagePolicies(BaseModel):
    """The retry policy of each stage, and of a whole shard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: RetryPolicy = Field(RetryPolicy(), description="scanning a drop and cutting it into shards")
    read: RetryPolicy = Field(RetryPolicy(), description="reading and parsing a shard")
    clean: RetryPolicy = Field(RetryPolicy(), description="cleaning a shard's descriptions")
    images: RetryPolicy = Field(RetryPolicy(attempts=3, total_s=300), description="fetching a shard's images")
    write: RetryPolicy = Field(RetryPolicy(), description="writing a shard's part")
    assemble: RetryPolicy = Field(RetryPolicy(), description="composing the output")
    shard: RetryPolicy = Field(
        RetryPolicy(attempts=3, total_s=600),
        description="processing a shard again from its first stage, after the result of a stage was lost",
    )

    def of(self, stage: Stage) -> RetryPolicy:
        """Raises `KeyError` for `RUN` and `ACCEPT`, which are no calls."""
        return {
            Stage.PLAN: self.plan,
            Stage.READ: self.read,
            Stage.CLEAN: self.clean,
            Stage.IMAGES: self.images,
            Stage.WRITE: self.write,
            Stage.ASSEMBLE: self.assemble,
            Stage.SHARD: self.shard,
        }[stage]
