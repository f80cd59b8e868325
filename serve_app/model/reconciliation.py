"""What is asked of a reconciliation, and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from actors.model.drop import Drop

SAMPLE = 20
"""Uploads that a view shows."""


class ReconciliationRequest(BaseModel):
    """Which uploads to look at; an empty field means all. With `dry_run` it only says which of them have no run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str = Field("", description="start of the objects' names; empty: the watched prefix")
    since_s: float | None = Field(None, gt=0, le=10**10, description="greatest age of the upload, seconds")
    limit: int | None = Field(None, ge=1, description="most uploads to accept, in the order of their names")
    dry_run: bool = True


class MissedUpload(BaseModel):
    """An upload without a run. `run_id` is what its run is called, `size` is in bytes."""

    drop: Drop
    run_id: str
    size: int
    uploaded_at: datetime


class ReconciliationView(BaseModel):
    """A reconciliation and how far it is.

    `listed` objects were looked at; those of them that are new enough and match a pattern are `matching`, and `missed`
    had no run. `accepted` have one now; `failed` could not be accepted. `trouble` says what ended it before its time.
    """

    reconciliation: str
    state: Literal["running", "done", "failed", "interrupted"]
    dry_run: bool
    prefix: str
    since_s: float | None = None
    listed: int = 0
    matching: int = 0
    missed: int = 0
    accepted: int = 0
    failed: int = 0
    sample: list[MissedUpload] = []
    trouble: str = ""
