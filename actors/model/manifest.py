"""The record of a run's result. It is written last: its existence is the commit of the run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .drop import Drop
from .part import Counts
from .reason import Reason
from .run import ObjectName
from .stage import Stage

MANY_REJECTS = "many_rejects"
"""The code of a warning: more of a run's rows are rejects than its `rejects_warning_share`."""


class Manifest(BaseModel):
    """The result of a run.

    `output` is None for a refused run, which has rejects only if its rows were the reason. `warnings` are of a run that
    is done. `stage_s` has each stage's seconds, summed over the shards, so its total exceeds
    the run's wall time when shards were processed concurrently.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    run_id: str
    drop: Drop
    state: Literal["done", "refused"]
    reason: Reason | None = None
    catalogue_name: str = Field("", description="which of the application's catalogues the drop was read by")
    warnings: tuple[Reason, ...] = ()
    accepted_at: datetime
    finished_at: datetime
    source_bytes: int = 0
    shards: int = 0
    shards_reused: int = Field(0, description="shards that an earlier owner of the run had finished")
    counts: Counts = Counts()
    output: ObjectName | None = None
    output_generation: int | None = None
    output_bytes: int = 0
    rejects: ObjectName | None = None
    reasons: ObjectName | None = Field(None, description="JSON lines: row, offset, code and detail of each reject")
    failed_urls: ObjectName | None = Field(
        None, description="JSON lines: row, id, URL, code and detail of each image URL that failed"
    )
    stage_s: Mapping[Stage, float] = {}
    versions: Mapping[str, str] = {}
