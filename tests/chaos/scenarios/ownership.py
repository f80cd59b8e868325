"""Once per drop: duplicates, two ways in, several owners, two applications, and an owner that wakes up too late."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

from actors.model.drop import Drop
from tests.chaos.node import Node
from tests.chaos.node_stack import LEASE_S
from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene
from tests.support.effects import meanwhile
from tests.support.processes import send

from . import moments
from .changes import midway
from .moments import at

_DUPLICATES = 10


def _announce_often(scene: Scene, drop: Drop) -> None:
    """Ten more notifications of a drop, half of them pushed, all at once, in any order, to any node."""
    stack = scene.stack
    pushes = [scene.random.random() < 0.5 for _ in range(_DUPLICATES)]
    nodes = [scene.random.choice(stack.nodes) for _ in pushes]
    with ThreadPoolExecutor(_DUPLICATES) as threads:
        for pushed, node in zip(pushes, nodes, strict=True):
            if pushed:
                threads.submit(stack.push, drop, node)
            else:
                threads.submit(stack.announce, drop)


def duplicates(scene: Scene) -> None:
    """By push and by pull at once: at the drop, in the middle of the run and after its end."""
    fault = scene.at(moments.PART.matches, meanwhile(lambda: None), skip=scene.random.randrange(10))
    drop = scene.drop()
    _announce_often(scene, drop)
    scene.until(fault.happened.is_set, "the run is in its middle")
    _announce_often(scene, drop)
    scene.finishes(drop)
    _announce_often(scene, drop)
    scene.until(lambda: not scene.stack.undelivered(), "every notification is acknowledged")
    scene.finishes(drop)
    scene.check(scene.duplicate_fetches() == 0, f"{scene.duplicate_fetches()} images were fetched again")


def zombie_owner(scene: Scene) -> None:
    """The owner is stopped past its lease, and goes on while the next owner works."""
    stopped: list[int] = []

    def stop() -> None:
        stopped.append(scene.owner())
        send(stopped[0], signal.SIGSTOP)

    moment = scene.random.choice((moments.READ, moments.IMAGE, moments.PART, moments.OUTPUT, moments.MANIFEST))
    fault = at(scene, moment, stop)
    drop = scene.drop()
    scene.until(fault.happened.is_set, "the owner is stopped")
    scene.until(lambda: stopped and scene.owner() != stopped[0], "another owner has taken over")
    send(stopped[0], signal.SIGCONT)
    scene.mended()
    _unchanged(scene, drop)


def zombie_node(scene: Scene) -> None:
    """All of the owner's node is stopped, as a paused machine is; the other one finishes the run before it goes on."""
    stopped: list[Node] = []

    def stop() -> None:
        owner = scene.owner()
        stopped.extend(node for node in scene.stack.nodes if owner in node.replicas("Ingress"))
        stopped[0].signal(signal.SIGSTOP)
        scene.mended()

    moment = scene.random.choice((moments.READ, moments.IMAGE, moments.PART, moments.OUTPUT, moments.MANIFEST))
    fault = at(scene, moment, stop)
    drop = scene.drop()
    scene.until(fault.happened.is_set, "the owner's node is stopped")
    try:
        scene.finishes(drop)
    finally:
        stopped[0].signal(signal.SIGCONT)
    _unchanged(scene, drop)


def _unchanged(scene: Scene, drop: Drop) -> None:
    """The run ends as it must, and a woken owner, given the time to do harm, does none."""
    scene.finishes(drop)
    time.sleep(LEASE_S)
    scene.finishes(drop)
    scene.check(scene.finished[-1] == scene.finished[-2], "the woken owner has changed the manifest")


def two_applications(scene: Scene) -> None:
    """Two whole applications pull and are pushed the same notifications."""
    drop = scene.drop()
    _announce_often(scene, drop)
    scene.finishes(drop)


def rolling_upgrade(scene: Scene) -> None:
    """The older application of two is ended politely in the middle of a run that it drives, or the other one."""
    old = scene.stack.node
    drop = midway(scene, slow_s=4.0)
    _announce_often(scene, drop)
    scene.mended()
    old.terminate()
    scene.stack.nodes.remove(old)
    scene.finishes(drop)
    scene.finishes(scene.drop(name="-next"))


SCENARIOS = (
    Scenario("duplicates-x10", duplicates),
    Scenario("zombie-owner", zombie_owner),
)
SCENARIOS_OF_TWO = (
    Scenario("zombie-node", zombie_node, nodes=2),
    Scenario("two-applications", two_applications, nodes=2),
    Scenario("rolling-upgrade", rolling_upgrade, nodes=2),
)
