"""A run as the API answers it, whether it is driven here, elsewhere, or finished."""

from __future__ import annotations

from datetime import UTC, datetime

from actors.model.part import Counts
from serve_app.model.run_snapshot import RunSnapshot
from serve_app.model.shard_state import ShardState, strip
from serve_app.model.views import RunView, ShardsView

from .progress import Progress


def run_view(snapshot: RunSnapshot, progress: Progress | None, manifest_uri: str) -> RunView:
    """`progress` is given where this process drives the run: it is ahead of the bucket."""
    run, manifest = snapshot.run, snapshot.manifest
    if manifest is not None:
        counts, stage_s = manifest.counts, dict(manifest.stage_s)
        shards = ShardsView(
            planned=manifest.shards,
            plan_complete=True,
            done=manifest.shards,
            reused=manifest.shards_reused,
            failed=0,
            in_flight=0,
            cells=strip([ShardState.DONE] * manifest.shards),
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
        catalogue_name=run.catalogue_name,
        reason=manifest.reason if manifest else None,
        warnings=list(manifest.warnings) if manifest else [],
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
        failed_urls=manifest.failed_urls.uri if manifest and manifest.failed_urls else None,
        manifest=manifest_uri if manifest else None,
        versions=manifest.versions if manifest else {},
    )


def _states(snapshot: RunSnapshot) -> list[ShardState]:
    """The shards' states as far as the bucket tells them: not which are worked on."""
    states = {failure.shard.index: ShardState.FAILED for failure in snapshot.failures if failure.shard is not None}
    states |= {part.shard.index: ShardState.DONE for part in snapshot.parts}
    planned = len(snapshot.plan.shards) if snapshot.plan else max(states, default=-1) + 1
    return [states.get(index, ShardState.WAITING) for index in range(planned)]
