"""Shards that run out of retries, and their replay."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors.model.drop import Drop
from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene, Undisturbed
from tests.support.effects import answer, instead, meanwhile, stall
from tests.support.processes import client_pid, send
from tests.support.proxy import Fault, Request
from tests.support.storage_call import call

from . import moments

_SILENT_S = 30.0
"""Longer than any fetch of the scenarios' settings waits."""
_LATE_ANSWERS = 5
"""Images that may be fetched again because their answer came after the settings' short deadline."""
_HELD_S = 15.0
_PARKED_S = 4.0


def _black_hole(scene: Scene) -> Callable[[], None]:
    """From some image on, the image host accepts and says nothing; the function that ends it."""
    hole = Fault(lambda request: True, stall(_SILENT_S), skip=scene.random.randrange(150), times=None)
    scene.stack.images.add(hole)

    def end() -> None:
        scene.stack.images.remove(hole)
        scene.mended()

    return end


def _forbid_shards(scene: Scene, number: int) -> None:
    """The source can't be read for so many of the shards: the service account's permission is gone for a moment."""
    for skip in sorted(scene.random.sample(range(1, 12), number), reverse=True):
        scene.at(call("read", name="^in/"), answer(403), skip=skip)


def image_host_down(scene: Scene) -> None:
    """Shards that need the dead host are dead-lettered; replayed, they fetch only what they had not stored."""
    end = _black_hole(scene)
    drop = scene.drop()
    scene.incomplete(drop)
    letters = scene.dead_letters(drop)
    scene.check(
        {letter["code"] for letter in letters} == {"image_host_down"}
        and all(letter["in_bucket"] for letter in letters),
        f"the dead letters are {letters}",
    )
    end()
    view = scene.replay(run=drop.run_id)
    scene.check(view["succeeded"] == len(letters), f"the replay did not resolve all {len(letters)}: {view}")
    scene.finishes(drop)
    again = scene.duplicate_fetches()
    scene.check(again <= _LATE_ANSWERS, f"{again} images were fetched again")


def topic_down(scene: Scene) -> None:
    """Pub/Sub is away when a shard fails, and is back later: the dead letter is published then."""
    end = _black_hole(scene)
    drop = scene.drop()
    scene.until(lambda: scene.stack.ledger.records(drop.run_id).run(), "the drop is accepted")
    scene.stack.cloud.pubsub.kill()
    scene.incomplete(drop)
    scene.stack.cloud.pubsub.start()
    scene.until(
        lambda: all(letter["in_topic"] for letter in scene.dead_letters(drop)), "every dead letter is published"
    )
    end()
    scene.replay(run=drop.run_id)
    scene.finishes(drop)


def records_alone(scene: Scene) -> None:
    """Pub/Sub is away when a shard fails, and the node is killed before it is back: no dead letter is ever sent."""
    end = _black_hole(scene)
    drop = scene.drop()
    scene.until(lambda: scene.stack.ledger.records(drop.run_id).run(), "the drop is accepted")
    scene.stack.cloud.pubsub.kill()
    scene.incomplete(drop)
    listed = scene.dead_letters(drop)
    scene.check(listed, "without Pub/Sub the bucket's records are not listed")
    scene.stack.node.kill()
    scene.stack.cloud.pubsub.start()
    scene.replace_node()
    end()
    letters = scene.dead_letters(drop)
    scene.check(
        len(letters) == len(listed) and not any(letter["in_topic"] for letter in letters),
        f"of {len(listed)} dead letters there are {letters}",
    )
    scene.replay(run=drop.run_id)
    scene.finishes(drop)


def not_accepted(scene: Scene) -> None:
    """A notification that can't be accepted is dead-lettered by Pub/Sub itself, and replayed."""
    fault = scene.at(call("upload", name="/run.json$"), answer(403), times=None)
    drop = scene.drop()
    letters = scene.until(lambda: scene.dead_letters(drop), "the notification is dead-lettered")
    scene.check(letters[0]["kind"] == "notification" and letters[0]["attempts"] >= 5, f"the dead letter is {letters}")
    scene.stack.storage.remove(fault)
    scene.mended()
    view = scene.replay(object=drop.object)
    scene.check(view["succeeded"] == 1 and view["acknowledged"] == 1, f"the replay is {view}")
    scene.finishes(drop)


def selected_replay(scene: Scene) -> None:
    """Two shards fail; one is previewed, then replayed alone, then the other; then there is nothing to replay."""
    _forbid_shards(scene, 2)
    drop = scene.drop()
    scene.incomplete(drop)
    first, second = (letter["shard"] for letter in scene.dead_letters(drop))
    preview = scene.api("POST", "/replays", {"selection": {"run": drop.run_id, "shard": first}})
    scene.check(preview["state"] == "preview" and preview["selected"] == 1, f"the preview is {preview}")
    scene.check(len(scene.dead_letters(drop)) == 2, "a preview has taken something away")
    with _held(scene):
        started = scene.api("POST", "/replays", {"selection": {"run": drop.run_id, "shard": first}, "dry_run": False})
        scene.api("POST", "/replays", {"selection": {}, "dry_run": False}, status=409)
    view = scene.until(lambda: scene.ended(started["replay"]), "the first replay has ended")
    scene.check(view["succeeded"] == 1, f"the first replay is {view}")
    scene.incomplete(drop)
    left = scene.dead_letters(drop)
    scene.check(
        [letter["shard"] for letter in left] == [second] and left[0]["in_topic"], f"after the first replay: {left}"
    )
    _stays_parked(scene, drop)
    scene.mended()
    scene.replay(run=drop.run_id)
    manifest = scene.finishes(drop)
    again = scene.replay(run=drop.run_id)
    scene.check(again["selected"] == 0 and scene.manifest(drop) == manifest, f"a replay of nothing is {again}")
    scene.check(scene.duplicate_fetches() == 0, f"{scene.duplicate_fetches()} images were fetched again")


def interrupted_replay(scene: Scene) -> None:
    """Every ingress replica is killed in a replay: the run goes on by itself, and nothing blocks the next replay."""
    _forbid_shards(scene, 3)
    drop = scene.drop()
    scene.incomplete(drop)
    scene.at(moments.ROWS.matches, meanwhile(lambda: _kill_all(scene, "Ingress")))
    started = scene.api("POST", "/replays", {"selection": {"run": drop.run_id}, "dry_run": False})
    scene.finishes(drop)
    scene.stack.node.settle()
    view = scene.until(lambda: scene.ended(started["replay"]), "the replay is not said to run any more")
    scene.check(view["state"] == "interrupted", f"the replay whose process was killed is {view}")
    scene.until(lambda: scene.replay(run=drop.run_id), "another replay may start")


def poison_row(scene: Scene) -> None:
    """A row's image kills whatever fetches it. Replayed, the shard is split until that row alone is rejected."""
    _poison(scene, scene.undisturbed, scene.image_rows(scene.undisturbed))


def poison_row_in_short_shard(scene: Scene) -> None:
    """The same in the last shard, which is short: fewer actors have to die."""
    _poison(scene, scene.shorter, scene.image_rows(scene.shorter)[-3:])


def _poison(scene: Scene, version: Undisturbed, rows: list[tuple[int, str, str]]) -> None:
    number, row_id, path = scene.random.choice(rows)
    images, node = scene.stack.images, scene.stack.node

    def kill(request: Request) -> None:
        pid = client_pid(node.pid, request.client_port, images.port)
        if pid is not None:
            send(pid, signal.SIGKILL)

    images.add(Fault(lambda request: request.target == path, instead(kill), times=None))
    drop = scene.drop(version)
    scene.incomplete(drop)
    letters = scene.dead_letters(drop)
    scene.check(
        [(letter["stage"], letter["code"]) for letter in letters] == [("images", "poison_shard")],
        f"the dead letters are {letters}",
    )
    scene.mended()
    scene.replay(run=drop.run_id)
    scene.finishes(drop, version.outcome.without(number, row_id, version.content))


@contextmanager
def _held(scene: Scene) -> Iterator[None]:
    """Keeps the next part from being written while the block runs."""
    go = threading.Event()
    scene.at(moments.ROWS.matches, meanwhile(lambda: go.wait(_HELD_S)))
    try:
        yield
    finally:
        go.set()


def _stays_parked(scene: Scene, drop: Drop) -> None:
    """A run that waits for a replay costs nothing meanwhile: nobody takes it up again and again."""
    until = time.monotonic() + _PARKED_S
    while time.monotonic() < until:
        time.sleep(0.1)
        if drop.run_id in scene.stack.ledger.open_run_ids():
            scene.wrong("a run that waits for a replay was taken up again by itself")
            return


def _kill_all(scene: Scene, deployment: str) -> None:
    for pid in scene.stack.node.replicas(deployment):
        send(pid, signal.SIGKILL)
    scene.mended()


SCENARIOS = (
    Scenario("image-host-down", image_host_down),
    Scenario("dead-letter-topic-down", topic_down),
    Scenario("records-alone", records_alone),
    Scenario("notification-not-accepted", not_accepted),
    Scenario("selected-replay", selected_replay),
    Scenario("interrupted-replay", interrupted_replay),
    Scenario("poison-row", poison_row),
    Scenario("poison-row-in-short-shard", poison_row_in_short_shard),
)
