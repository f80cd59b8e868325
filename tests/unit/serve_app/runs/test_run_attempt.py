"""What becomes of a run, by the kind of attempt that is made at it."""

from __future__ import annotations

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW, RESUMED
from actors.model.failure import Failure
from actors.model.reason import Reason
from actors.model.run import Run
from actors.model.stage import Stage
from tests.support.core import ATTEMPTS, Core
from tests.support.fake_stages import Fault
from tests.support.run_samples import failure_of, manifest_of, part_of

NOT_NOW = DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")
DEFECT = DropforgeError(Code.INTERNAL, "A defect.")
LOST = DropforgeError(Code.OBJECT_LOST, "The frame is gone.")


def always(method: str, error: DropforgeError, shard: int | None = None) -> Fault:
    return Fault(method, error, shard, times=1000)


async def test_a_new_run_has_a_part_a_shard_and_a_manifest(core: Core) -> None:
    run = core.accepted()
    manifest = await core.attempt(run)
    assert manifest == core.records(run).manifest()
    assert manifest is not None
    assert (manifest.state, manifest.counts.rows_out, manifest.shards_reused) == ("done", 12, 0)
    assert [part.shard for part in core.records(run).parts()] == list(core.plan.shards)
    assert core.records(run).plan() == core.plan


async def test_a_new_attempt_looks_for_nothing(core: Core) -> None:
    run, looks = core.accepted(), []
    core.bucket.before = lambda method, name: looks.append(method)
    await core.attempt(run)
    assert set(looks) == {"write"}
    assert {call.attempt for call in core.stages.calls if call.method == "fetch"} == {NEW}


async def test_a_small_drop_leaves_no_plan_and_no_part(small: Core) -> None:
    run = small.accepted()
    manifest = await small.attempt(run)
    assert manifest == small.records(run).manifest()
    assert (small.records(run).plan(), small.records(run).parts()) == (None, [])
    assert [call.method for call in small.stages.calls] == ["plan", "clean", "fetch", "finish"]
    assert (small.progress.done, small.progress.in_flight) == (1, 0)


async def test_a_small_drop_that_is_resumed_goes_the_long_way(small: Core) -> None:
    run = small.accepted()
    manifest = await small.attempt(run, RESUMED)
    assert manifest is not None
    assert small.stages.called("finish") == []
    assert [part.shard for part in small.records(run).parts()] == list(small.plan.shards)


async def test_a_small_drop_starts_over_by_reading_anew(small: Core) -> None:
    small.stages.faults = [Fault("clean", LOST)]
    assert await small.attempt(small.accepted()) is not None
    methods = [call.method for call in small.stages.calls]
    assert methods.count("read") == 1
    assert [call.attempt for call in small.stages.calls if call.method == "fetch"][-1] == RESUMED


async def test_a_small_drop_that_fails_leaves_its_plan_for_a_replay(small: Core) -> None:
    small.stages.faults = [always("clean", DEFECT)]
    run = small.accepted()
    assert await small.attempt(run) is None
    assert small.records(run).plan() == small.plan
    assert [failure.shard for failure in small.failures(run)] == list(small.plan.shards)


async def test_a_resumed_run_does_only_what_is_missing(core: Core) -> None:
    run = core.accepted()
    core.records(run).write_plan(core.plan)
    core.records(run).write_part(part_of(core.plan.shards[1]))
    manifest = await core.attempt(run, RESUMED)
    assert sorted(core.stages.called("read"), key=str) == [0, 2]
    assert core.stages.called("plan") == []
    assert manifest is not None
    assert manifest.shards_reused == 1
    assert {call.attempt for call in core.stages.calls if call.method == "fetch"} == {RESUMED}


async def test_shards_that_nobody_can_have_begun_are_new() -> None:
    core = Core((4,) * 6)
    run = core.accepted()
    core.records(run).write_plan(core.plan)
    core.records(run).write_part(part_of(core.plan.shards[1]))
    core.records(run).write_failure(failure_of(run, core.plan.shards[0]))
    await core.attempt(run, RESUMED)
    fetched = {call.shard: call.attempt for call in core.stages.calls if call.method == "fetch"}
    # One is done, one has failed, and two more can have been in flight: the first four.
    assert fetched == {2: RESUMED, 3: RESUMED, 4: NEW, 5: NEW}


async def test_a_run_that_has_its_manifest_is_left_as_it_is(core: Core) -> None:
    run = core.accepted()
    committed = core.records(run).commit(manifest_of(run))
    assert await core.attempt(run, RESUMED) == committed
    assert core.stages.calls == []


async def test_a_run_whose_plan_is_not_written_yet_is_planned_anew(core: Core) -> None:
    run = core.accepted()
    core.records(run).write_part(part_of(core.plan.shards[0]))
    assert await core.attempt(run, RESUMED) is not None
    assert core.stages.called("plan") == [None]
    assert core.stages.called("read") == [1, 2]


async def test_a_shard_that_fails_keeps_no_other_from_its_part(core: Core) -> None:
    core.stages.faults = [always("clean", NOT_NOW, shard=1)]
    run = core.accepted()
    assert await core.attempt(run) is None
    assert [part.shard.index for part in core.records(run).parts()] == [0, 2]
    (failure,) = core.failures(run)
    assert (failure.shard, failure.stage, failure.attempts) == (core.plan.shards[1], Stage.CLEAN, ATTEMPTS)
    assert failure.reason.code == Code.STORAGE_UNAVAILABLE
    assert core.stages.called("assemble") == []


async def test_a_failure_is_in_the_bucket_before_its_dead_letter(core: Core) -> None:
    core.stages.faults = [always("write_part", DEFECT, shard=2)]
    run = core.accepted()
    in_bucket: list[int] = []

    def publish(run: Run, failure: Failure) -> None:
        in_bucket.append(len(core.failures(run)))
        core.dead_letters.published.append(failure)

    core.dead_letters.publish = publish  # type: ignore[method-assign]
    await core.attempt(run)
    assert in_bucket == [1]
    assert core.dead_letters.published == core.failures(run)


async def test_a_failed_shard_is_left_alone_until_a_replay(core: Core) -> None:
    run = core.accepted()
    core.records(run).write_failure(failure_of(run, core.plan.shards[0]))
    assert await core.attempt(run, RESUMED) is None
    assert core.stages.called("read") == [1, 2]


async def test_an_earlier_failure_s_dead_letter_is_sent_again(core: Core) -> None:
    run = core.accepted()
    failure = failure_of(run, core.plan.shards[0])
    core.records(run).write_failure(failure)
    await core.attempt(run, RESUMED)
    assert core.dead_letters.published == [failure]


async def test_a_replayed_shard_is_done_again_and_others_are_not(core: Core) -> None:
    run = core.accepted()
    for shard, replay in ((0, True), (1, False)):
        failure = failure_of(run, core.plan.shards[shard]).model_copy(update={"replay": replay})
        core.records(run).write_failure(failure)
    assert await core.attempt(run, RESUMED) is None
    assert core.stages.called("read") == [0, 2]
    # Its dead letter was sent before the replay, so no second one is.
    assert core.dead_letters.published == []


async def test_a_failed_replay_counts_the_attempts_before_it(core: Core) -> None:
    run = core.accepted()
    earlier = failure_of(run, core.plan.shards[0]).model_copy(update={"replay": True})
    core.records(run).write_failure(earlier)
    core.stages.faults = [always("clean", NOT_NOW, shard=0)]
    await core.attempt(run, RESUMED)
    failure = core.records(run).failure(core.plan.shards[0])
    assert failure is not None
    assert (failure.attempts, failure.first_at, failure.replay) == (
        earlier.attempts + ATTEMPTS,
        earlier.first_at,
        False,
    )


async def test_a_file_that_can_t_be_processed_is_refused(core: Core) -> None:
    core.stages.faults = [Fault("plan", DropforgeError(Code.NOT_A_CSV, "It is a zip."))]
    run = core.accepted()
    manifest = await core.attempt(run)
    assert manifest == core.records(run).manifest()
    assert manifest is not None
    assert (manifest.state, manifest.reason) == ("refused", Reason(code="not_a_csv", message="It is a zip."))
    assert manifest.catalogue_name == run.catalogue_name == "default"
    assert core.failures(run) == []


async def test_a_shard_whose_source_is_gone_refuses_the_run(core: Core) -> None:
    core.stages.faults = [always("read", DropforgeError(Code.SOURCE_GONE, "Deleted."), shard=1)]
    run = core.accepted()
    manifest = await core.attempt(run)
    assert manifest is not None
    assert (manifest.state, core.failures(run)) == ("refused", [])


async def test_a_plan_that_fails_for_now_leaves_the_run_open(core: Core) -> None:
    core.stages.faults = [always("plan", NOT_NOW)]
    run = core.accepted()
    with pytest.raises(DropforgeError, match="Not now"):
        await core.attempt(run)
    assert (core.failures(run), core.records(run).manifest()) == ([], None)


async def test_an_assembly_that_fails_is_the_run_s_failure(core: Core) -> None:
    core.stages.faults = [Fault("assemble", DropforgeError(Code.PARTS_DISAGREE, "One is missing."))]
    run = core.accepted()
    assert await core.attempt(run) is None
    (failure,) = core.failures(run)
    assert (failure.shard, failure.stage, failure.reason.code) == (None, Stage.ASSEMBLE, Code.PARTS_DISAGREE)
    assert len(core.records(run).parts()) == 3


async def test_a_run_past_its_failure_waits_for_its_shards_alone(core: Core) -> None:
    run = core.accepted()
    core.records(run).write_failure(failure_of(run, None).model_copy(update={"replay": True}))
    core.stages.faults = [always("clean", DEFECT, shard=0)]
    assert await core.attempt(run, RESUMED) is None
    assert [failure.shard for failure in core.failures(run)] == [core.plan.shards[0]]


async def test_a_scan_that_breaks_off_dispatches_no_shard_twice(core: Core) -> None:
    core.stages.faults = [Fault("after a shard", NOT_NOW, shard=1)]
    assert await core.attempt(core.accepted()) is not None
    assert core.stages.called("plan") == [None, None]
    assert sorted(core.stages.called("write_part"), key=str) == [0, 1, 2]


async def test_no_more_shards_are_in_flight_than_allowed(core: Core) -> None:
    most = 0

    async def look(_: object) -> None:
        nonlocal most
        most = max(most, core.progress.in_flight)

    core.stages.during = look
    await core.attempt(core.accepted())
    assert most == 2
    assert core.progress.in_flight == 0


async def test_a_shard_that_kills_actors_is_poison(core: Core) -> None:
    core.stages.poison = frozenset({6})
    run = core.accepted()
    assert await core.attempt(run) is None
    (failure,) = core.failures(run)
    assert (failure.shard, failure.reason.code) == (core.plan.shards[1], Code.POISON_SHARD)


async def test_a_poison_shard_s_replay_rejects_the_one_row(core: Core) -> None:
    core.stages.poison = frozenset({6})
    run = core.accepted()
    await core.attempt(run)
    (failure,) = core.failures(run)
    core.records(run).write_failure(failure.model_copy(update={"replay": True}))
    core.stages.calls.clear()
    manifest = await core.attempt(run, RESUMED)
    assert manifest is not None
    assert (manifest.counts.rows_out, manifest.counts.rejects) == (11, {Code.POISON_ROW: 1})
    assert [call.first_row for call in core.stages.calls if call.method == "reject"] == [6]


async def test_a_product_that_kills_actors_is_rejected_whole(core: Core) -> None:
    core.stages.poison, core.stages.product = frozenset({6}), frozenset({5, 6})
    run = core.accepted()
    await core.attempt(run)
    (failure,) = core.failures(run)
    core.records(run).write_failure(failure.model_copy(update={"replay": True}))
    manifest = await core.attempt(run, RESUMED)
    assert manifest is not None
    assert (manifest.counts.rows_out, manifest.counts.rejects) == (10, {Code.POISON_ROW: 2})
    assert [call.first_row for call in core.stages.calls if call.method == "reject"] == [5]


async def test_a_bisection_that_starts_over_splits_no_piece_twice(core: Core) -> None:
    """Once a piece is known to kill, it is not tried again, though what was made of the others is lost."""
    core.stages.poison = frozenset({6})
    run = core.accepted()
    failure = failure_of(run, core.plan.shards[1])
    poison = Reason(code=Code.POISON_SHARD, message="It killed.")
    core.records(run).write_failure(failure.model_copy(update={"replay": True, "reason": poison}))
    core.stages.faults = [Fault("write_part", LOST, shard=1)]
    assert await core.attempt(run, RESUMED) is not None
    tried = [call.first_row for call in core.stages.calls if call.method == "clean" and call.shard == 1]
    # The whole, the half and the row are tried twice each, and only the good pieces once more.
    assert tried == [5, 5, 5, 5, 5, 6, 6, 7, 5, 7]
