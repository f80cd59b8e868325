"""The retry policy of each stage: the ingress's `user_config`, changed by `serve deploy` without a restart."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from actors.retry import RetryPolicy


class StagePolicies(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: RetryPolicy = Field(RetryPolicy(), description="the scan of a drop")
    read: RetryPolicy = Field(RetryPolicy(), description="reading and parsing a shard")
    clean: RetryPolicy = Field(RetryPolicy(), description="cleaning a shard's descriptions")
    images: RetryPolicy = Field(RetryPolicy(attempts=3, total_s=300), description="fetching a shard's images")
    write: RetryPolicy = Field(RetryPolicy(), description="writing a shard's part")
    assemble: RetryPolicy = Field(RetryPolicy(), description="composing the output")
    shard: RetryPolicy = Field(
        RetryPolicy(attempts=3, total_s=600),
        description="the whole of a shard, when what one stage left for the next is lost",
    )
