"""A run from its lease to its end."""

from __future__ import annotations

import asyncio

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW
from serve_app.model.run_state import RunState
from serve_app.runs.lease import read_holder
from tests.support.core import Core, eventually
from tests.support.fake_stages import Call, Fault
from tests.support.run_samples import manifest_of, part_of


def listings(core: Core) -> tuple[list[str], list[str], list[str]]:
    registry = core.registry
    return registry.open_run_ids(), registry.incomplete_run_ids(), registry.closed_run_ids(10)


async def test_a_run_that_is_done_is_closed(core: Core) -> None:
    run = core.accepted()
    await core.driver.drive(run.run_id, run)
    assert listings(core) == ([], [], [run.run_id])
    assert core.driver.progress == {}


async def test_a_run_with_a_failed_shard_is_parked(core: Core) -> None:
    core.stages.faults = [Fault("clean", DropforgeError(Code.INTERNAL, "A defect."), shard=1)]
    run = core.accepted()
    await core.driver.drive(run.run_id, run)
    assert listings(core) == ([], [run.run_id], [])
    snapshot = core.registry.snapshot(run.run_id)
    assert snapshot is not None
    assert (snapshot.state, snapshot.owner) == (RunState.INCOMPLETE, None)


async def test_a_refused_run_is_closed(core: Core) -> None:
    core.stages.faults = [Fault("plan", DropforgeError(Code.EMPTY_FILE, "It is empty."))]
    run = core.accepted()
    await core.driver.drive(run.run_id, run)
    assert listings(core) == ([], [], [run.run_id])


async def test_a_failure_that_may_pass_leaves_the_run_open_and_free(core: Core) -> None:
    core.stages.faults = [Fault("plan", DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now."), times=100)]
    run = core.accepted()
    with pytest.raises(DropforgeError, match="Not now"):
        await core.driver.drive(run.run_id, run)
    assert listings(core) == ([run.run_id], [], [])
    core.stages.faults.clear()
    await core.driver_of("another").drive(run.run_id)
    assert listings(core) == ([], [], [run.run_id])


async def test_a_run_that_another_owner_drives_is_left_to_it(core: Core) -> None:
    run = core.accepted()
    assert core.registry.lease(run.run_id, "another", ttl_s=60).acquire(NEW) == NEW
    await core.driver.drive(run.run_id)
    await core.driver.drive(run.run_id, run)
    assert (core.stages.calls, listings(core)) == ([], ([run.run_id], [], []))


async def test_a_run_is_driven_once_by_one_owner(core: Core) -> None:
    run = core.accepted()
    await asyncio.gather(*(core.driver.drive(run.run_id, run) for _ in range(5)))
    assert core.stages.called("plan") == [None]


async def test_two_owners_at_once_arrive_at_one_result(core: Core) -> None:
    run = core.accepted()
    await asyncio.gather(*(core.driver_of(name).drive(run.run_id) for name in ("one", "two")))
    assert core.stages.called("plan") == [None]
    assert listings(core) == ([], [], [run.run_id])


async def test_an_accepted_run_that_another_began_is_looked_at(core: Core) -> None:
    """The notification was delivered twice, and the other process has released the run half done."""
    run = core.accepted()
    lease = core.registry.lease(run.run_id, "another", ttl_s=60)
    lease.acquire(NEW)
    core.records(run).write_part(part_of(core.plan.shards[0]))
    lease.release()
    await core.driver.drive(run.run_id, run)
    assert core.stages.called("read") == [1, 2]
    manifest = core.records(run).manifest()
    assert manifest is not None
    assert manifest.shards_reused == 1


async def test_an_owner_that_loses_its_lease_stops_and_parks_nothing() -> None:
    core = Core(lease_s=1.2)
    run = core.accepted()

    async def lose(call: Call) -> None:
        if call.method == "clean":
            core.bucket.put(
                core.records(run).names.lease,
                b'{"owner": "another", "expires_at": "2999-01-01T00:00:00+00:00", "takeovers": 1}',
                content_type="application/json",
            )
            await asyncio.Event().wait()

    core.stages.during = lose
    with pytest.raises(DropforgeError) as raised:
        await asyncio.wait_for(core.driver.drive(run.run_id, run), 10)
    assert raised.value.code is Code.LEASE_LOST
    assert listings(core) == ([run.run_id], [], [])
    assert (core.failures(run), core.records(run).manifest(), core.driver.progress) == ([], None, {})
    holder = read_holder(core.bucket, core.records(run).names.lease)
    assert holder is not None
    assert holder[0].owner == "another"


async def test_an_owner_that_was_paused_does_not_park_a_run() -> None:
    """Its shard failed, but by then another owner had the lease and went on."""
    core = Core()
    run = core.accepted()

    async def lose(call: Call) -> None:
        if call.method == "clean" and call.shard == 1:
            lease = core.records(run).names.lease
            core.bucket.put(lease, core.bucket.read(lease), content_type="application/json")
            raise DropforgeError(Code.INTERNAL, "A defect.")

    core.stages.during = lose
    with pytest.raises(DropforgeError) as raised:
        await core.driver.drive(run.run_id, run)
    assert raised.value.code is Code.LEASE_LOST
    assert listings(core) == ([run.run_id], [], [])


async def test_a_cancelled_run_is_free_at_once(core: Core) -> None:
    run, begun = core.accepted(), asyncio.Event()

    async def stay(call: Call) -> None:
        begun.set()
        await asyncio.Event().wait()

    core.stages.during = stay
    task = asyncio.create_task(core.driver.drive(run.run_id, run))
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})
    core.stages.during = None
    await core.driver_of("another").drive(run.run_id)
    assert listings(core) == ([], [], [run.run_id])


async def test_a_run_waits_for_its_slot() -> None:
    core = Core(runs_in_flight=1)
    first, second = core.accepted("a.csv"), core.accepted("b.csv")
    go_on = asyncio.Event()

    async def stay(call: Call) -> None:
        await go_on.wait()

    core.stages.during = stay
    tasks = [asyncio.create_task(core.driver.drive(run.run_id, run)) for run in (first, second)]
    await eventually(lambda: core.stages.calls)
    waiting = core.driver.snapshot(second.run_id)
    assert waiting is not None
    assert waiting.state is RunState.ACCEPTED
    go_on.set()
    await asyncio.gather(*tasks)
    assert sorted(core.registry.closed_run_ids(10)) == sorted([first.run_id, second.run_id])


async def test_a_run_with_its_manifest_is_only_closed(core: Core) -> None:
    """Its owner ended between the manifest and the markers."""
    run = core.accepted()
    core.records(run).commit(manifest_of(run))
    await core.driver.drive(run.run_id)
    assert (core.stages.calls, listings(core)) == ([], ([], [], [run.run_id]))


async def test_an_ended_run_s_lease_is_left_to_lapse(core: Core) -> None:
    """Giving it back would be a request more for each small drop."""
    run = core.accepted()
    written: list[str] = []
    core.bucket.before = lambda method, name: written.append(name) if method == "write" else None
    await core.driver.drive(run.run_id, run)
    assert written.count(core.records(run).names.lease) == 1
