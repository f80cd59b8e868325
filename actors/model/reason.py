"""The reason for a failure: a code for programs, and a message for people."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Reason(BaseModel):
    """Why a run was refused, or a shard failed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str
