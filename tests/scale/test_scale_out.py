"""What several nodes are for: work spreads, a lost one costs little, and there are as many cleaners as are needed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.storage.run_records import RunRecords
from serve_app.config.settings import Settings
from serve_app.runs.lease import read_holder
from tests.support import storage_call
from tests.support.catalogue import catalogue
from tests.support.effects import meanwhile
from tests.support.faulty_world import FaultyWorld
from tests.support.outcome import Outcome
from tests.support.proxy import Fault
from tests.support.world import UNWATCHED

from .fleet import NODES, Fleet

pytestmark = [pytest.mark.scale, pytest.mark.timeout(1200)]

STAGES = ("read", "clean", "fetch", "write_part")
IN_FLIGHT: int = Settings.model_fields["shards_in_flight"].default
ROWS = 1000
BACKLOG_ROWS, BACKLOG_SHARD_ROWS = 12_000, 50
MOST_CLEANERS = 4


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A run in the middle of which a node was lost.

    `before` are the parts that were there, with their generations, and `after` the same parts at the end.
    """

    manifest: Manifest
    tried_again: set[int]
    calls: dict[str, int]
    before: dict[str, int]
    after: dict[str, int]
    records: RunRecords


@pytest.fixture(scope="module")
def content(world: FaultyWorld) -> bytes:
    return catalogue(ROWS, seed=1, image_url=world.images.url)


@pytest.fixture(scope="module")
def undisturbed(world: FaultyWorld, fleet: Fleet, content: bytes) -> tuple[Outcome, dict[str, dict[str, int]]]:
    """What comes of the catalogue when nothing happens, and how often each node did what."""
    before = fleet.calls()
    manifest = finished(world, fleet, world.drop(f"{world.settings.watched_prefix}undisturbed.csv", content))
    done: dict[str, dict[str, int]] = {stage: {} for stage in STAGES}
    for call, times in (fleet.calls() - before).items():
        if call.method in done:
            done[call.method][call.node] = done[call.method].get(call.node, 0) + times
    return Outcome.of(manifest, world.output), done


def finished(world: FaultyWorld, fleet: Fleet, drop: Drop) -> Manifest:
    manifest = fleet.until(world.ledger.records(drop.run_id).manifest, f"{drop.uri} is finished")
    assert manifest.state == "done", manifest.reason
    return manifest


def parts(world: FaultyWorld, records: RunRecords) -> dict[str, int]:
    return {info.name: info.generation for info in world.output.objects(records.names.parts)}


def owner_node(world: FaultyWorld, fleet: Fleet, records: RunRecords) -> str:
    holder = read_holder(world.output, records.names.lease)
    assert holder is not None
    pid = int(holder[0].owner.rsplit("-", 2)[1])
    (node,) = [replica.node for replica in fleet.replicas("Ingress") if replica.pid == pid]
    return node


def disturbed(world: FaultyWorld, fleet: Fleet, content: bytes, name: str, *, owner_lost: bool) -> Disturbed:
    """Drops the catalogue and loses the owner's node, or the other one, once a third of its parts are there."""
    calls = fleet.calls()
    drop = world.drop(f"{world.settings.watched_prefix}{name}.csv", content)
    records = world.ledger.records(drop.run_id)
    third = ROWS // fleet.settings["shard_rows"] // 3
    # Told by the requests that go by: looking into the bucket again and again would be most of the store's work.
    there = world.storage.add(Fault(storage_call.call("upload", name="/parts/"), meanwhile(lambda: None), skip=third))
    fleet.until(there.happened.is_set, f"a third of {name} is done")
    owner = owner_node(world, fleet, records)
    others = {replica.node for replica in fleet.replicas("Cleaner")} - {owner}
    fleet.cluster.lose(owner if owner_lost else others.pop())
    before = parts(world, records)
    assert records.manifest() is None, "it was over before the node was lost"
    manifest = finished(world, fleet, drop)
    after = parts(world, records)
    done = dict.fromkeys(STAGES, 0)
    for call, times in (fleet.calls() - calls).items():
        if call.method in done:
            done[call.method] += times
    fleet.replace_lost()
    tried_again = fleet.shards_tried_again(drop.run_id)
    print(
        f"{name}: {manifest.shards} shards, {len(before)} finished when the node was lost; {len(tried_again)} tried "
        f"again, {manifest.shards_reused} reused by another owner; calls {done}"
    )
    return Disturbed(manifest, tried_again, done, before, {each: after[each] for each in before}, records)


def test_work_spreads_over_the_nodes(undisturbed: tuple[Outcome, dict[str, dict[str, int]]]) -> None:
    _, done = undisturbed
    print(f"calls by node: {done}")
    for stage, by_node in done.items():
        assert len(by_node) == NODES, f"one node did all of {stage}"
    for stage in ("clean", "fetch"):
        assert min(done[stage].values()) >= sum(done[stage].values()) / 5, f"{stage} is hardly shared: {done[stage]}"


def test_a_lost_node_costs_its_shards_in_flight_alone(
    world: FaultyWorld, fleet: Fleet, undisturbed: tuple[Outcome, object], content: bytes
) -> None:
    """The owner is on the other node: of what the lost one had, it calls the stages again."""
    run = disturbed(world, fleet, content, "lost-node", owner_lost=False)

    assert Outcome.of(run.manifest, world.output).differences(undisturbed[0]) == []
    assert run.after == run.before, "a finished part was written again"
    assert run.manifest.shards_reused == 0, "the run changed its owner"
    assert 1 <= len(run.tried_again) <= IN_FLIGHT
    for stage, times in run.calls.items():
        # What the lost node alone had read starts over, so a stage may be done twice for it, and be called again.
        assert times <= run.manifest.shards + 2 * len(run.tried_again), f"{stage} was done so often"


def test_a_lost_owner_costs_its_shards_in_flight_alone(
    world: FaultyWorld, fleet: Fleet, undisturbed: tuple[Outcome, object], content: bytes
) -> None:
    """The other node's ingress goes on with the run, and does not do again what has its part."""
    run = disturbed(world, fleet, content, "lost-owner", owner_lost=True)

    assert Outcome.of(run.manifest, world.output).differences(undisturbed[0]) == []
    assert run.after == run.before, "a finished part was written again"
    # A part that was on its way to the bucket may still arrive.
    assert len(run.before) <= run.manifest.shards_reused <= len(run.before) + IN_FLIGHT
    for stage, times in run.calls.items():
        assert times <= run.manifest.shards + 2 * IN_FLIGHT, f"{stage} was done so often"


def test_cleaners_follow_the_backlog(world: FaultyWorld, fleet: Fleet) -> None:
    """The autoscaling of serve_config.yaml, with shorter delays."""
    fleet.deploy(
        cleaners={
            "initial_replicas": 1,
            "max_replicas": MOST_CLEANERS,
            "upscale_delay_s": 1,
            "downscale_delay_s": 5,
            "look_back_period_s": 2,
            "metrics_interval_s": 1,
        }
    )

    def cleaners() -> int:
        return len(fleet.replicas("Cleaner"))

    fleet.until(lambda: cleaners() == 1, "without a backlog there is one cleaner")
    drop = world.drop(f"{UNWATCHED}backlog.csv", catalogue(BACKLOG_ROWS, seed=2, image_url=world.images.url))
    run = Settings(**fleet.settings).run_for(drop)
    calls = fleet.calls()
    assert world.ledger.accept(run.model_copy(update={"fetch_images": False, "shard_rows": BACKLOG_SHARD_ROWS}))
    records = world.ledger.records(run.run_id)
    seen = [1]

    def over() -> Manifest | None:
        if cleaners() != seen[-1]:
            seen.append(cleaners())
        return records.manifest()

    manifest = fleet.until(over, "the backlog is worked off", 600)
    replicas = {call.replica for call in fleet.calls() - calls if call.method == "clean"}
    print(f"cleaners with the backlog: {seen}, {len(replicas)} of them cleaned; {manifest.shards} shards")
    assert manifest.counts.rows_out == BACKLOG_ROWS
    assert max(seen) == MOST_CLEANERS
    assert len(replicas) >= 3
    fleet.until(lambda: cleaners() == 1, "after the backlog there is one cleaner again")
