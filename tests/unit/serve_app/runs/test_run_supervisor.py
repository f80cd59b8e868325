"""Which runs this process drives."""

from __future__ import annotations

import asyncio

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW
from actors.model.run import Run
from serve_app.runs.lease import RELEASED, read_holder
from serve_app.runs.run_supervisor import RunSupervisor, pause_s
from tests.support.core import DEADLINE_S, Core, eventually
from tests.support.fake_stages import Call, Fault


async def until_closed(core: Core, run: Run) -> None:
    await eventually(lambda: run.run_id in core.registry.closed_run_ids(10))


async def test_an_accepted_run_is_driven(core: Core) -> None:
    run = core.accepted()
    core.supervisor.begin(run)
    await until_closed(core, run)


async def test_a_run_that_nobody_drives_is_adopted(core: Core) -> None:
    run = core.accepted()
    await core.supervisor.start()
    await until_closed(core, run)
    await core.supervisor.stop()


async def test_a_run_whose_lease_has_lapsed_is_adopted(core: Core) -> None:
    run = core.accepted()
    core.registry.lease(run.run_id, "gone", ttl_s=0).acquire(NEW)
    await core.supervisor.adopt()
    await until_closed(core, run)


async def test_a_run_that_is_driven_elsewhere_is_not_adopted(core: Core) -> None:
    run = core.accepted()
    core.registry.lease(run.run_id, "another", ttl_s=60).acquire(NEW)
    await core.supervisor.adopt()
    await core.supervisor.stop()
    assert core.stages.calls == []


async def test_an_incomplete_run_is_not_adopted(core: Core) -> None:
    run = core.accepted()
    core.registry.park(run.run_id)
    await core.supervisor.adopt()
    await core.supervisor.stop()
    assert core.stages.calls == []


async def test_a_run_begun_twice_is_driven_once(core: Core) -> None:
    run = core.accepted()
    core.supervisor.begin(run)
    core.supervisor.begin(run)
    core.supervisor.resume(run.run_id)
    await until_closed(core, run)
    assert core.stages.called("plan") == [None]


async def test_a_run_that_failed_for_now_is_driven_again(core: Core) -> None:
    core.stages.faults = [Fault("plan", DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now."), times=7)]
    run = core.accepted()
    await core.supervisor.start()
    await until_closed(core, run)
    await core.supervisor.stop()
    assert len(core.stages.called("plan")) == 8


async def test_a_run_that_failed_waits_before_it_is_adopted(core: Core) -> None:
    core.stages.faults = [Fault("plan", DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now."), times=1000)]
    supervisor = RunSupervisor(core.registry, core.driver, core.metrics, every_s=60)
    run = core.accepted()
    supervisor.begin(run)
    await eventually(lambda: not supervisor._tasks)
    tried = len(core.stages.calls)
    await supervisor.adopt()
    assert (supervisor._tasks, len(core.stages.calls)) == ({}, tried)


async def test_stopped_it_gives_its_runs_back(core: Core) -> None:
    run = core.accepted()

    async def stay(call: Call) -> None:
        await asyncio.Event().wait()

    core.stages.during = stay
    core.supervisor.begin(run)
    await eventually(lambda: core.stages.calls)
    await core.supervisor.stop()
    core.stages.during = None
    await core.driver_of("another").drive(run.run_id)
    assert core.registry.closed_run_ids(10) == [run.run_id]


async def test_stopped_it_gives_back_what_was_begun_twice(core: Core) -> None:
    run = core.accepted()

    async def stay(call: Call) -> None:
        await asyncio.Event().wait()

    core.stages.during = stay
    for _ in range(3):
        core.supervisor.begin(run)
        await eventually(lambda: core.stages.calls)
    await core.supervisor.stop()
    holder = read_holder(core.bucket, core.records(run).names.lease)
    assert holder is not None
    assert holder[0].owner == RELEASED


async def test_a_bucket_that_can_t_be_listed_ends_no_look(core: Core) -> None:
    run = core.accepted()
    failures = iter([DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")])

    def fail_once(method: str, name: str) -> None:
        if method == "objects" and name == core.registry.layout.open_runs:
            for failure in failures:
                raise failure

    core.bucket.before = fail_once
    await core.supervisor.start()
    await until_closed(core, run)
    core.supervisor.check()
    await core.supervisor.stop()


async def test_a_look_that_ended_is_a_failed_health_check(core: Core) -> None:
    def defect(method: str, name: str) -> None:
        raise RuntimeError("A defect.")

    core.bucket.before = defect
    await core.supervisor.start()
    assert core.supervisor._look is not None
    await asyncio.wait({core.supervisor._look}, timeout=DEADLINE_S)
    with pytest.raises(DropforgeError, match="A defect"):
        core.supervisor.check()


async def test_incomplete_runs_are_listed_less_often(core: Core) -> None:
    listed: list[str] = []
    core.bucket.before = lambda method, name: listed.append(name) if method == "objects" else None
    for _ in range(24):
        await core.supervisor.adopt()
    layout = core.registry.layout
    assert (listed.count(layout.open_runs), listed.count(layout.incomplete_runs)) == (24, 2)


def test_a_look_that_took_long_is_made_less_often() -> None:
    assert pause_s(5.0, taken_s=0.1) == 5.0
    assert pause_s(5.0, taken_s=4.0) == 40.0
