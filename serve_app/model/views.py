"""What the API answers: one shape for a run, whether it is driven here, elsewhere, or finished."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.model.part import Counts
from actors.model.reason import Reason

from .dead_letter import Entry
from .run_state import RunState
from .selection import Group
from .shard_state import ShardState


class ShardsView(BaseModel):
    """`planned` grows until `plan_complete`. `cells` stand for equally many consecutive shards each."""

    planned: int
    plan_complete: bool
    done: int
    reused: int
    failed: int
    in_flight: int
    cells: list[ShardState] = []


class RunView(BaseModel):
    """A run as people and programs see it. Seconds are wall time; `stage_s` sums over shards side by side.

    `warnings` are of a run that is done and may still not be what its owner meant. `left_s` is how long it still takes
    at the pace so far; None where that is not known.
    """

    run_id: str
    drop: Drop
    state: RunState
    catalogue_name: str = ""
    reason: Reason | None
    warnings: list[Reason] = []
    accepted_at: datetime
    finished_at: datetime | None
    elapsed_s: float
    rows_per_s: float
    left_s: float | None = None
    shards: ShardsView
    counts: Counts
    stage_s: Mapping[str, float]
    retries: Mapping[str, int]
    failures: list[Failure]
    output: str | None
    output_generation: int | None
    rejects: str | None
    reasons: str | None
    failed_urls: str | None = None
    manifest: str | None
    versions: Mapping[str, str]


class RunsView(BaseModel):
    runs: list[RunView]


class DeadLettersView(BaseModel):
    """Dead letters, grouped and one by one, the oldest first."""

    total: int
    groups: list[Group]
    entries: list[Entry]


class DependencyView(BaseModel):
    """`checked_s_ago` and `ok_s_ago` are ages in seconds; `ok_s_ago` is None where it never answered.

    `healthy` says that the last check was answered. `slow` says that a request of the last minute timed out or took
    longer than `slow_dependency_s`; `slowest_s` is how long the slowest took, None without any. `reason` is empty for
    what is neither.
    """

    healthy: bool
    reason: str
    slow: bool = False
    slowest_s: float | None = None
    checked_s_ago: float
    ok_s_ago: float | None


class DeploymentView(BaseModel):
    """`replicas` counts them by Serve's replica state."""

    status: str
    message: str
    replicas: Mapping[str, int]


class SourceView(BaseModel):
    """Where the application takes its drops from. `endpoint` is the base URL of its Cloud Storage."""

    project: str
    endpoint: str
    source_bucket: str
    watched_prefix: str
    object_patterns: tuple[str, ...]
    patterns_regard_case: bool


class IgnoredUpload(BaseModel):
    """An object below the watched prefix that starts no run, because its name matches no pattern."""

    uri: str
    at: datetime


class StatusView(BaseModel):
    status: Literal["healthy", "degraded"]


class HealthView(StatusView):
    """`ignored_uploads` are the newest that this replica was notified of, the newest first."""

    reasons: list[str]
    deployments: Mapping[str, DeploymentView]
    dependencies: Mapping[str, DependencyView]
    last_message_s_ago: float | None
    runs_in_flight: int
    ignored_uploads: list[IgnoredUpload] = []
    now: datetime


class ErrorView(BaseModel):
    """Every error of the API: a bounded code, and what to do in words."""

    error: Reason
