"""Replays over the whole core, without Ray and the cloud."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import RESUMED
from actors.model.run import Run
from serve_app.dead_letters.inbox import Inbox
from serve_app.dead_letters.replay import Replays
from serve_app.model.replay import GiveUp, ReplayRequest, ReplayView
from serve_app.model.selection import Selection
from serve_app.runs.lease import Lease
from tests.support.core import DEADLINE_S, Core, eventually
from tests.support.fake_stages import Call, Fault

DEFECT = DropforgeError(Code.INTERNAL, "A defect.")


class Replaying:
    """`refused` are the objects whose notifications can't be accepted."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.accepted: list[str] = []
        self.refused: set[str] = set()
        self.inbox = Inbox(core.registry, core.dead_letters, self._accept)
        self.replays = self.another()

    def another(self) -> Replays:
        """Those of another process, or of the same one after a restart."""
        core = self.core
        resume = core.supervisor.resume
        return Replays(core.registry, self.inbox, core.metrics, core.tracing, resume, look_every_s=0.001)

    async def failed_run(self, name: str = "a.csv", *shards: int) -> Run:
        """A run that is incomplete for want of these shards."""
        run = self.core.accepted(name)
        self.core.stages.faults = [Fault("clean", DEFECT, shard) for shard in shards or (1,)]
        await self.core.driver.drive(run.run_id, run)
        assert run.run_id in self.core.registry.incomplete_run_ids()
        self.core.stages.calls.clear()
        return run

    async def replay(self, *, give_up: GiveUp | None = None, **selection: object) -> ReplayView:
        """Starts a replay and waits for its end."""
        request = ReplayRequest(selection=Selection(**selection), give_up=give_up, dry_run=False)
        started = await self.replays.start(request)
        assert self.replays._task is not None
        await asyncio.wait_for(self.replays._task, DEADLINE_S)
        return await self.replays.view(started.replay)

    async def _accept(self, attributes: Mapping[str, str]) -> None:
        if attributes["objectId"] in self.refused:
            raise DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")
        self.accepted.append(attributes["objectId"])


@pytest.fixture
def replaying() -> Replaying:
    return Replaying(Core())


async def test_a_replayed_shard_completes_its_run(replaying: Replaying) -> None:
    run = await replaying.failed_run()
    view = await replaying.replay()
    assert (view.state, view.selected, view.requested, view.succeeded, view.failed_again) == ("done", 1, 1, 1, 0)
    assert replaying.core.stages.called("read") == [1]
    manifest = replaying.core.records(run).manifest()
    assert manifest is not None
    assert (manifest.state, manifest.shards_reused) == ("done", 2)


async def test_a_message_is_acknowledged_when_its_shard_has_its_part(replaying: Replaying) -> None:
    await replaying.failed_run()
    assert len(replaying.core.dead_letters.messages) == 1
    assert (await replaying.replay()).acknowledged == 1
    assert replaying.core.dead_letters.messages == {}


async def test_a_second_replay_finds_nothing(replaying: Replaying) -> None:
    await replaying.failed_run()
    await replaying.replay()
    replaying.core.stages.calls.clear()
    view = await replaying.replay()
    assert (view.state, view.selected, view.requested) == ("done", 0, 0)
    assert replaying.core.stages.calls == []


async def test_a_preview_changes_nothing(replaying: Replaying) -> None:
    run = await replaying.failed_run()
    view = await replaying.replays.start(ReplayRequest())
    assert (view.state, view.selected, [entry.shard for entry in view.sample]) == ("preview", 1, [1])
    assert replaying.core.registry.incomplete_run_ids() == [run.run_id]
    assert not any(failure.replay for failure in replaying.core.failures(run))
    assert (replaying.core.stages.calls, replaying.replays._task) == ([], None)
    assert replaying.core.bucket.stat(replaying.core.registry.layout.replay_lease) is None


async def test_images_are_given_up_where_a_person_says_so(replaying: Replaying) -> None:
    run = await replaying.failed_run("a.csv", 1, 2)
    view = await replaying.replay(give_up="images", shard=1)
    assert (view.give_up, view.succeeded) == ("images", 1)
    await replaying.replay()
    attempts = {call.shard: call.attempt for call in replaying.core.stages.calls if call.method == "fetch"}
    assert {shard: attempt and attempt.give_up_images for shard, attempt in attempts.items()} == {1: True, 2: False}
    assert replaying.core.records(run).manifest() is not None


async def test_a_replay_after_one_that_gave_up_does_not(replaying: Replaying) -> None:
    run = await replaying.failed_run()
    replaying.core.stages.faults = [Fault("clean", DEFECT, 1)]
    await replaying.replay(give_up="images")
    await eventually(lambda: run.run_id in replaying.core.registry.incomplete_run_ids())
    (failure,) = replaying.core.failures(run)
    assert not failure.give_up_images
    replaying.core.stages.calls.clear()
    await replaying.replay()
    assert [call.attempt for call in replaying.core.stages.calls if call.method == "fetch"] == [RESUMED]


async def test_a_preview_says_what_would_be_given_up(replaying: Replaying) -> None:
    run = await replaying.failed_run()
    assert (await replaying.replays.start(ReplayRequest(give_up="images"))).give_up == "images"
    assert not any(failure.give_up_images for failure in replaying.core.failures(run))


async def test_what_fails_again_is_told_and_stays(replaying: Replaying) -> None:
    run = await replaying.failed_run()
    replaying.core.stages.faults = [Fault("clean", DEFECT, 1)]
    view = await replaying.replay()
    assert (view.succeeded, view.failed_again, view.acknowledged) == (0, 1, 0)
    await eventually(lambda: run.run_id in replaying.core.registry.incomplete_run_ids())
    (failure,) = replaying.core.failures(run)
    assert (failure.replay, failure.attempts) == (False, 2)


async def test_what_is_not_selected_is_left(replaying: Replaying) -> None:
    run = await replaying.failed_run("a.csv", 0, 2)
    other = await replaying.failed_run("b.csv", 1)
    view = await replaying.replay(run=run.run_id, shard=2)
    assert (view.selected, view.succeeded) == (1, 1)
    entries = await replaying.inbox.entries()
    assert {(entry.run, entry.shard) for entry in entries} == {(run.run_id, 0), (other.run_id, 1)}


async def test_one_replay_at_a_time_over_all_processes(replaying: Replaying) -> None:
    await replaying.failed_run()
    go_on = asyncio.Event()

    async def stay(call: Call) -> None:
        await go_on.wait()

    replaying.core.stages.during = stay
    request = ReplayRequest(dry_run=False)
    started = await replaying.replays.start(request)
    with pytest.raises(DropforgeError) as raised:
        await replaying.another().start(request)
    assert raised.value.code is Code.REPLAY_ACTIVE
    assert (await replaying.another().view(started.replay)).state == "running"
    go_on.set()
    await replaying.replays.stop()
    await replaying.core.supervisor.stop()


async def test_an_interrupted_replay_says_so_and_its_runs_go_on(replaying: Replaying) -> None:
    run = await replaying.failed_run()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def stay(call: Call) -> None:
        begun.set()
        await go_on.wait()

    replaying.core.stages.during = stay
    started = await replaying.replays.start(ReplayRequest(dry_run=False))
    await begun.wait()
    await replaying.replays.stop()
    assert (await replaying.another().view(started.replay)).state == "interrupted"
    go_on.set()
    await eventually(replaying.core.records(run).manifest)
    await replaying.core.supervisor.stop()
    assert await replaying.inbox.acknowledge_resolved() == 1


async def test_a_replayed_run_is_open_before_it_is_driven(replaying: Replaying) -> None:
    """Should this process die now, another one adopts it."""
    run, core = await replaying.failed_run(), replaying.core
    open_at_resume: list[list[str]] = []
    replaying.replays = Replays(
        core.registry,
        replaying.inbox,
        core.metrics,
        core.tracing,
        lambda run_id: open_at_resume.append(core.registry.open_run_ids()),
        look_every_s=0.001,
    )
    await replaying.replays.start(ReplayRequest(dry_run=False))
    await eventually(lambda: open_at_resume)
    assert open_at_resume == [[run.run_id]]
    await replaying.replays.stop()


async def test_a_replay_whose_process_died_is_interrupted(replaying: Replaying) -> None:
    registry, view = replaying.core.registry, await replaying.replays.start(ReplayRequest())
    running = view.model_copy(update={"state": "running"}).model_dump_json().encode()
    registry.bucket.put(registry.layout.replay(view.replay), running, content_type="application/json")
    assert (await replaying.replays.view(view.replay)).state == "interrupted"
    lease = Lease(registry.bucket, registry.layout.replay_lease, view.replay, ttl_s=60)
    assert lease.acquire() is not None
    assert (await replaying.replays.view(view.replay)).state == "running"


async def test_notifications_are_accepted_and_acknowledged(replaying: Replaying) -> None:
    for name in ("in/a.csv", "in/b.csv"):
        replaying.core.dead_letters.dead_letter(
            {"eventType": "OBJECT_FINALIZE", "bucketId": "in", "objectId": name, "objectGeneration": "1"}
        )
    replaying.refused = {"in/b.csv"}
    view = await replaying.replay()
    assert (view.selected, view.succeeded, view.failed_again, view.acknowledged) == (2, 1, 1, 1)
    assert replaying.accepted == ["in/a.csv"]
    assert [entry.object for entry in await replaying.inbox.entries()] == ["in/b.csv"]


async def test_a_replay_that_is_not_known_is_not_found(replaying: Replaying) -> None:
    with pytest.raises(DropforgeError) as raised:
        await replaying.replays.view("0" * 12)
    assert raised.value.code is Code.NOT_FOUND
