"""What the API answers: one shape for a run, whether it is driven here, elsewhere, or finished."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.model.manifest import Reason
from actors.model.part import Counts

from .run_state import RunState
from .selection import Entry, Group
from .shard_state import ShardState, strip

if TYPE_CHECKING:  # they bring Google's clients along, which the command line has no use for
    from serve_app.runs.progress import Progress
    from serve_app.runs.run_registry import RunSnapshot


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

    `left_s` is how long it still takes at the pace so far; None where that is not known.
    """

    run_id: str
    drop: Drop
    state: RunState
    reason: Reason | None
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
    """`checked_s_ago` and `ok_s_ago` are ages in seconds; `ok_s_ago` is None where it never answered."""

    healthy: bool
    reason: str
    checked_s_ago: float
    ok_s_ago: float | None


class DeploymentView(BaseModel):
    """`replicas` counts them by Serve's replica state."""

    status: str
    message: str
    replicas: Mapping[str, int]


class StatusView(BaseModel):
    status: Literal["healthy", "degraded"]


class HealthView(StatusView):
    reasons: list[str]
    deployments: Mapping[str, DeploymentView]
    dependencies: Mapping[str, DependencyView]
    last_message_s_ago: float | None
    runs_in_flight: int
    now: datetime


class ErrorView(BaseModel):
    """Every error of the API: a bounded code, and what to do in words."""

    error: Reason


def run_view(snapshot: RunSnapshot, progress: Progress | None, manifest_uri: str) -> RunView:
    """`progress` is given where this process drives the run: it is ahead of the bucket."""
    run, manifest = snapshot.run, snapshot.manifest
    if manifest is not None:
        counts, stage_s = manifest.counts, dict(manifest.stage_s)
        shards = ShardsView(
            planned=manifest.shards,
            plan_complete=True,
            done=manifest.shards if manifest.state == "done" else 0,
            reused=manifest.shards_reused,
            failed=0,
            in_flight=0,
            cells=strip([ShardState.DONE] * manifest.shards if manifest.state == "done" else []),
        )
    elif progress is not None:
        counts, stage_s = progress.counts, dict(progress.stage_s)
        shards = ShardsView(
            planned=progress.planned,
            plan_complete=progress.plan_complete,
            done=progress.done,
            reused=progress.reused,
            failed=progress.failed,
            in_flight=progress.in_flight,
            cells=strip(progress.shard_states),
        )
    else:
        counts, stage_s = Counts.total(part.counts for part in snapshot.parts), {}
        shards = ShardsView(
            planned=len(snapshot.plan.shards) if snapshot.plan else len(snapshot.parts),
            plan_complete=snapshot.plan is not None,
            done=len(snapshot.parts),
            reused=0,
            failed=len(snapshot.failures),
            in_flight=0,
            cells=strip(_states(snapshot)),
        )
    finished_at = manifest.finished_at if manifest else None
    elapsed_s = ((finished_at or datetime.now(UTC)) - run.accepted_at).total_seconds()
    left_s = progress.left_s if progress and manifest is None else None
    return RunView(
        run_id=run.run_id,
        drop=run.drop,
        state=snapshot.state,
        reason=manifest.reason if manifest else None,
        accepted_at=run.accepted_at,
        finished_at=finished_at,
        elapsed_s=round(elapsed_s, 3),
        rows_per_s=round(counts.rows_in / elapsed_s, 1) if elapsed_s > 0 else 0.0,
        left_s=round(left_s, 1) if left_s is not None else None,
        shards=shards,
        counts=counts,
        stage_s={stage: round(seconds, 3) for stage, seconds in stage_s.items()},
        retries=dict(progress.retries) if progress else {},
        failures=list(snapshot.failures),
        output=manifest.output.uri if manifest and manifest.output else None,
        output_generation=manifest.output_generation if manifest else None,
        rejects=manifest.rejects.uri if manifest and manifest.rejects else None,
        reasons=manifest.reasons.uri if manifest and manifest.reasons else None,
        manifest=manifest_uri if manifest else None,
        versions=manifest.versions if manifest else {},
    )


def _states(snapshot: RunSnapshot) -> list[ShardState]:
    """The shards' states as far as the bucket tells them: not which are worked on."""
    states = {failure.shard.index: ShardState.FAILED for failure in snapshot.failures if failure.shard is not None}
    states |= {part.shard.index: ShardState.DONE for part in snapshot.parts}
    planned = len(snapshot.plan.shards) if snapshot.plan else max(states, default=-1) + 1
    return [states.get(index, ShardState.WAITING) for index in range(planned)]
