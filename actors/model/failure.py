"""The record of a shard, or a run, that ran out of retries."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from .drop import Shard
from .reason import Reason
from .stage import Stage


class Failure(BaseModel):
    """A shard that ran out of retries, or the run itself (`shard` is None) whose plan or assembly failed.

    Enough to replay it without the dead-letter topic.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    shard: Shard | None
    stage: Stage
    reason: Reason
    attempts: int = Field(ge=1)
    first_at: datetime
    last_at: datetime
    version: str
    replay: bool = Field(False, description="a replay has requested another attempt, which has not ended yet")
    give_up_images: bool = Field(False, description="that attempt goes on without the images that it can't get")
