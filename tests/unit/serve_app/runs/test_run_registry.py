from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from actors.errors import DropforgeError
from actors.model.attempt import NEW
from actors.model.reason import Reason
from actors.model.run import Run
from actors.storage.bucket import Bucket
from actors.storage.run_records import RunRecords
from serve_app.model.run_state import RunState
from serve_app.runs.run_registry import RunRegistry
from tests.support.effects import answer
from tests.support.proxy import Fault
from tests.support.run_samples import ACCEPTED_AT, failure_of, manifest_of, part_of, plan_of, run_of
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

PLAN = plan_of([4, 4, 4])


@pytest.fixture
def run(prefix: str) -> Run:
    return run_of(prefix)


@pytest.fixture
def records(registry: RunRegistry, run: Run) -> RunRecords:
    return registry.records(run.run_id)


def test_a_drop_is_accepted_once(registry: RunRegistry, run: Run) -> None:
    assert registry.accept(run)
    assert not registry.accept(run.model_copy(update={"shard_rows": 99}))
    assert registry.open_run_ids() == [run.run_id]
    assert registry.records(run.run_id).run() == run


def test_of_many_duplicates_one_is_accepted(registry: RunRegistry, run: Run) -> None:
    duplicates = 16
    together = threading.Barrier(duplicates)

    def accept(_: int) -> bool:
        together.wait(10)
        return registry.accept(run)

    with ThreadPoolExecutor(duplicates) as threads:
        assert sum(threads.map(accept, range(duplicates))) == 1
    assert registry.open_run_ids() == [run.run_id]


def test_another_generation_is_another_run(registry: RunRegistry, prefix: str) -> None:
    runs = [run_of(prefix, generation=generation) for generation in (1, 2)]
    assert [registry.accept(run) for run in runs] == [True, True]
    assert sorted(registry.open_run_ids()) == sorted(run.run_id for run in runs)


def test_a_duplicate_mends_a_run_that_nothing_lists(
    proxy: StorageProxy, proxied_work: Bucket, registry: RunRegistry, prefix: str, run: Run
) -> None:
    proxy.add(Fault(call("upload"), answer(403), skip=1))
    with pytest.raises(DropforgeError):
        RunRegistry(proxied_work, prefix).accept(run)
    assert (registry.records(run.run_id).run(), registry.open_run_ids()) == (run, [])
    assert not registry.accept(run)
    assert registry.open_run_ids() == [run.run_id]


def test_a_late_duplicate_does_not_reopen_a_finished_run(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    registry.accept(run)
    records.commit(manifest_of(run))
    registry.close(run)
    assert not registry.accept(run)
    assert (registry.open_run_ids(), registry.closed_run_ids(10)) == ([], [run.run_id])


def test_a_run_is_in_one_listing_at_a_time(registry: RunRegistry, run: Run) -> None:
    def listings() -> tuple[list[str], list[str], list[str]]:
        return registry.open_run_ids(), registry.incomplete_run_ids(), registry.closed_run_ids(10)

    here = [run.run_id]
    registry.accept(run)
    assert listings() == (here, [], [])
    for _ in range(2):
        registry.park(run.run_id)
        assert listings() == ([], here, [])
    for _ in range(2):
        registry.reopen(run.run_id)
        assert listings() == (here, [], [])
    for _ in range(2):
        registry.close(run)
        assert listings() == ([], [], here)


def test_an_incomplete_run_can_be_closed(registry: RunRegistry, run: Run) -> None:
    registry.accept(run)
    registry.park(run.run_id)
    registry.close(run)
    assert (registry.incomplete_run_ids(), registry.closed_run_ids(10)) == ([], [run.run_id])


def test_a_new_run_is_closed_without_a_look_for_it(
    proxy: StorageProxy, proxied_work: Bucket, registry: RunRegistry, prefix: str, run: Run
) -> None:
    registry.accept(run)
    RunRegistry(proxied_work, prefix).close(run, NEW)
    assert (registry.open_run_ids(), registry.closed_run_ids(10)) == ([], [run.run_id])
    assert [asked.operation for asked in proxy.calls] == ["upload", "delete"]


def test_open_runs_are_listed_with_their_age(registry: RunRegistry, run: Run) -> None:
    registry.accept(run)
    ((run_id, since),) = registry.open_since().items()
    assert run_id == run.run_id
    assert since is not None
    assert abs(datetime.now(UTC) - since) < timedelta(minutes=1)


def test_a_run_parked_while_a_replay_asked_for_it_stays_open(
    registry: RunRegistry, records: RunRecords, run: Run
) -> None:
    registry.accept(run)
    records.write_failure(failure_of(run, PLAN.shards[0]).model_copy(update={"replay": True}))
    registry.park(run.run_id)
    assert (registry.open_run_ids(), registry.incomplete_run_ids()) == ([run.run_id], [])


def test_a_run_parked_after_its_replay_waits_for_the_next(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    """One of two failed shards was replayed and has its part: the run waits for the other one."""
    registry.accept(run)
    mended, failed = PLAN.shards[:2]
    records.write_failure(failure_of(run, mended).model_copy(update={"replay": True}))
    records.write_failure(failure_of(run, failed))
    records.write_part(part_of(mended))
    registry.park(run.run_id)
    assert (registry.open_run_ids(), registry.incomplete_run_ids()) == ([], [run.run_id])


def test_the_newest_closed_runs_come_first(registry: RunRegistry, prefix: str) -> None:
    runs = [
        run_of(prefix, generation=minute, accepted_at=ACCEPTED_AT + timedelta(minutes=minute)) for minute in (1, 3, 2)
    ]
    for run in runs:
        registry.close(run)
    newest_first = [runs[1].run_id, runs[2].run_id, runs[0].run_id]
    assert registry.closed_run_ids(10) == newest_first
    assert registry.closed_run_ids(2) == newest_first[:2]


def test_prefixes_keep_applications_apart(work: Bucket, prefix: str, run: Run) -> None:
    one, other = RunRegistry(work, f"{prefix}one/"), RunRegistry(work, f"{prefix}other/")
    one.accept(run)
    assert (one.open_run_ids(), other.open_run_ids()) == ([run.run_id], [])
    assert other.snapshot(run.run_id) is None


Step = Callable[[RunRegistry, RunRecords, Run], object]


def own(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    assert registry.lease(run.run_id, "host-1", ttl_s=60).acquire()


def lapse(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    assert registry.lease(run.run_id, "host-1", ttl_s=-1).acquire()


def plan(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    records.write_plan(PLAN)


def part(index: int) -> Step:
    return lambda registry, records, run: records.write_part(part_of(PLAN.shards[index]))


def failure(index: int | None, *, replay: bool = False) -> Step:
    def write(registry: RunRegistry, records: RunRecords, run: Run) -> None:
        failure = failure_of(run, None if index is None else PLAN.shards[index])
        records.write_failure(failure.model_copy(update={"replay": replay}))

    return write


def finish(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    records.commit(manifest_of(run))


def refuse(registry: RunRegistry, records: RunRecords, run: Run) -> None:
    records.commit(manifest_of(run, state="refused", reason=Reason(code="empty_file", message="It is empty.")))


@pytest.mark.parametrize(
    ("steps", "state", "owner", "parts", "failures"),
    [
        ([], RunState.ACCEPTED, None, 0, 0),
        ([lapse], RunState.ACCEPTED, None, 0, 0),
        ([own], RunState.PLANNING, "host-1", 0, 0),
        ([own, part(0)], RunState.PLANNING, "host-1", 1, 0),
        ([own, part(0), plan], RunState.PROCESSING, "host-1", 1, 0),
        ([lapse, plan, part(1)], RunState.PROCESSING, None, 1, 0),
        ([lapse, plan, part(0), part(1), part(2)], RunState.ASSEMBLING, None, 3, 0),
        ([lapse, plan, part(0), part(1), failure(2)], RunState.INCOMPLETE, None, 2, 1),
        ([lapse, plan, part(0), part(1), failure(2, replay=True)], RunState.PROCESSING, None, 2, 0),
        ([lapse, plan, part(0), failure(2)], RunState.PROCESSING, None, 1, 1),
        ([lapse, plan, failure(2), part(0), part(1), part(2)], RunState.ASSEMBLING, None, 3, 0),
        ([lapse, failure(None)], RunState.INCOMPLETE, None, 0, 1),
        ([lapse, plan, part(0), part(1), part(2), finish], RunState.DONE, None, 0, 0),
        ([own, refuse], RunState.REFUSED, None, 0, 0),
    ],
)
def test_a_snapshot_of_each_state(
    registry: RunRegistry,
    records: RunRecords,
    run: Run,
    steps: list[Step],
    state: RunState,
    owner: str | None,
    parts: int,
    failures: int,
) -> None:
    registry.accept(run)
    for step in steps:
        step(registry, records, run)
    snapshot = registry.snapshot(run.run_id)
    assert snapshot is not None
    assert (snapshot.run, snapshot.state, snapshot.owner) == (run, state, owner)
    assert (len(snapshot.parts), len(snapshot.failures)) == (parts, failures)
    assert (snapshot.manifest is not None) == state.final


def test_there_is_no_snapshot_of_no_run(registry: RunRegistry) -> None:
    assert registry.snapshot("0" * 20) is None


def test_a_ledger_without_its_bucket(unreachable_work: Bucket, prefix: str, run: Run) -> None:
    with pytest.raises(DropforgeError, match="storage_unavailable"):
        RunRegistry(unreachable_work, prefix).accept(run)


def test_listing_costs_the_same_however_many_runs_there_are(
    proxy: StorageProxy, proxied_work: Bucket, registry: RunRegistry, prefix: str
) -> None:
    for generation in range(1, 41):
        run = run_of(prefix, generation=generation)
        assert registry.accept(run)
        match generation % 3:
            case 1:
                registry.park(run.run_id)
            case 2:
                registry.close(run)
    looking = RunRegistry(proxied_work, prefix)
    listed = looking.newest_run_ids(30)
    assert len(proxy.calls) == 3
    assert len(listed) == len(set(listed)) == 30
    assert set(registry.open_run_ids()) <= set(listed)
    assert set(looking.newest_run_ids(5)) <= set(registry.open_run_ids())


def test_a_run_that_is_looked_at_again_is_not_read_again(
    proxy: StorageProxy, proxied_work: Bucket, registry: RunRegistry, run: Run, records: RunRecords
) -> None:
    assert registry.accept(run)
    assert registry.lease(run.run_id, "host-1", ttl_s=60).acquire()
    records.write_plan(PLAN)
    for shard in PLAN.shards[:2]:
        records.write_part(part_of(shard))
    failure = failure_of(run, PLAN.shards[2])
    records.write_failure(failure)
    looking = RunRegistry(proxied_work, registry.layout.prefix)
    first = looking.snapshot(run.run_id)
    proxy.clear()
    assert looking.snapshot(run.run_id) == first
    read = [asked.name for asked in proxy.calls if asked.operation == "read"]
    assert [name for name in read if "parts" in name or "failed" in name] == []
    records.write_failure(failure.model_copy(update={"attempts": 9}))
    again = looking.snapshot(run.run_id)
    assert again is not None
    assert [known.attempts for known in again.failures] == [9]
