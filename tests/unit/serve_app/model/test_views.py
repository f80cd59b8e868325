from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.errors import Code, DropforgeError
from actors.model.part import Counts
from actors.model.reason import Reason
from actors.model.stage import Stage
from serve_app.model.run_snapshot import RunSnapshot
from serve_app.model.run_state import RunState
from serve_app.model.shard_state import ShardState
from serve_app.model.views import ShardsView
from serve_app.runs.progress import Progress
from serve_app.runs.run_view import run_view
from tests.support.run_samples import ACCEPTED_AT, failure_of, manifest_of, part_of, plan_of, run_of

RUN = run_of("shop/")
PLAN = plan_of([4, 4, 4])
PARTS = tuple(part_of(shard) for shard in PLAN.shards[:2])
OPEN = RunSnapshot(RUN, RunState.PROCESSING, "host-1", PLAN, PARTS, (failure_of(RUN, PLAN.shards[2]),), None)
D, A, F, W = ShardState.DONE, ShardState.ACTIVE, ShardState.FAILED, ShardState.WAITING
MANIFEST = "gs://work/manifest.json"


def test_a_run_driven_elsewhere_is_known_from_the_bucket() -> None:
    view = run_view(OPEN, None, MANIFEST)
    assert view.state is RunState.PROCESSING
    assert view.shards == ShardsView(
        planned=3, plan_complete=True, done=2, reused=0, failed=1, in_flight=0, cells=[D, D, F]
    )
    assert view.counts == Counts(records=8, rows_out=8)
    assert [failure.stage for failure in view.failures] == ["clean"]
    assert (view.finished_at, view.output, view.output_generation, view.manifest) == (None, None, None, None)


def test_a_run_under_plan_has_at_least_its_parts() -> None:
    view = run_view(replace(OPEN, plan=None), None, MANIFEST)
    assert (view.shards.planned, view.shards.plan_complete) == (2, False)


def test_a_run_driven_here_is_ahead_of_the_bucket() -> None:
    shards = plan_of([4] * 7).shards
    progress = Progress(planned=7)
    progress.reuse(PARTS[:1])
    progress.finish(PARTS[1])
    progress.failed_before(shards[2])
    progress.begin(shards[3])
    progress.begin(shards[4])
    progress.retry(Stage.CLEAN, DropforgeError(Code.ACTOR_DIED, "It died."))
    progress.retry(Stage.CLEAN, DropforgeError(Code.ACTOR_DIED, "It died."))
    view = run_view(OPEN, progress, MANIFEST)
    assert view.shards == ShardsView(
        planned=7, plan_complete=False, done=2, reused=1, failed=1, in_flight=2, cells=[D, D, F, A, A, W, W]
    )
    assert (view.counts.records, view.retries) == (8, {"clean:actor_died": 2})
    assert view.stage_s == {"read": 1.0, "clean": 3.0}


def test_a_finished_run_is_its_manifest() -> None:
    manifest = manifest_of(
        RUN,
        finished_at=ACCEPTED_AT + timedelta(seconds=4),
        shards_reused=1,
        rejects=RUN.rejects,
        reasons=RUN.reasons,
        failed_urls=RUN.failed_urls,
        stage_s={"clean": 1.23456},
        versions={"ray": "2"},
    )
    done = RunSnapshot(RUN, RunState.DONE, None, None, (), (), manifest)
    view = run_view(done, Progress(planned=99), MANIFEST)
    assert view.shards == ShardsView(
        planned=2, plan_complete=True, done=2, reused=1, failed=0, in_flight=0, cells=[D, D]
    )
    assert (view.elapsed_s, view.rows_per_s) == (4.0, 2.5)
    assert (view.counts, view.stage_s, view.versions) == (manifest.counts, {"clean": 1.235}, {"ray": "2"})
    assert view.output == "gs://work/shop/processed/a.csv"
    assert view.rejects == "gs://work/shop/rejects/a.1.csv"
    assert view.reasons == "gs://work/shop/rejects/a.1.jsonl"
    assert view.failed_urls == "gs://work/shop/rejects/a.1.failures.jsonl"
    assert (view.output_generation, view.manifest, view.reason) == (7, MANIFEST, None)


def test_a_refused_run_says_why() -> None:
    reason = Reason(code="empty_file", message="It is empty.")
    manifest = manifest_of(RUN, state="refused", reason=reason, output=None, output_generation=None, shards=0)
    view = run_view(RunSnapshot(RUN, RunState.REFUSED, None, None, (), (), manifest), None, MANIFEST)
    assert (view.state, view.reason, view.shards.done) == (RunState.REFUSED, reason, 0)
    assert (view.output, view.rejects, view.manifest) == (None, None, MANIFEST)


@pytest.mark.parametrize("finished_after_s", [0, -5])
def test_a_clock_that_goes_back_divides_by_nothing(finished_after_s: float) -> None:
    manifest = manifest_of(RUN, finished_at=ACCEPTED_AT + timedelta(seconds=finished_after_s))
    assert run_view(RunSnapshot(RUN, RunState.DONE, None, None, (), (), manifest), None, MANIFEST).rows_per_s == 0.0


def test_progress_adds_up() -> None:
    progress = Progress()
    for part in PARTS:
        progress.finish(part)
    assert (progress.done, progress.reused) == (2, 0)
    assert progress.counts == Counts(records=8, rows_out=8)
    assert progress.stage_s == Counter({"clean": 3.0, "read": 1.0})


def test_time_left_is_that_of_the_shards_done_here() -> None:
    progress = Progress(planned=5, plan_complete=True)
    progress.reuse(PARTS[:1])
    assert progress.left_s is None
    progress.began -= 8
    progress.finish(PARTS[1])
    assert progress.left_s == pytest.approx(24, rel=0.2)
    progress.plan_complete = False
    assert progress.left_s is None
