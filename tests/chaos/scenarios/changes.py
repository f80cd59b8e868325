"""What people do to a running application: scale it down, deploy another config, change a policy, end it."""

from __future__ import annotations

from dataclasses import replace

from actors.model.drop import Drop
from serve_app.runs.lease import RELEASED, read_holder
from tests.chaos.node_stack import with_settings
from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene
from tests.support.effects import delay, stall
from tests.support.proxy import Fault

from . import moments
from .moments import at

_DRAINED_S = 20.0
"""Far below the deadline after which a message whose ack was lost is delivered again."""


def midway(scene: Scene, *, slow_s: float) -> Drop:
    """Drops the catalogue, each of its shards so slow; returns the drop once its run is in its middle."""
    scene.at(moments.ROWS.matches, delay(slow_s), times=None)
    fault = at(scene, scene.random.choice((moments.READ, moments.IMAGE)), lambda: None)
    drop = scene.drop()
    scene.until(fault.happened.is_set, "the run is in its middle")
    return drop


def _drains(scene: Scene) -> None:
    scene.until(lambda: not scene.stack.undelivered(), "every notification is acknowledged at once", _DRAINED_S)


def scale_down(scene: Scene) -> None:
    """To one replica each: one ingress replica, perhaps the run's owner, drains and hands over."""
    node, options = scene.stack.node, scene.stack.options
    drop = midway(scene, slow_s=4.0)
    node.deploy(replace(options, replicas={"Ingress": 1, "Cleaner": 1, "ImageFetcher": 1}))
    scene.mended()
    scene.finishes(drop)
    node.settle()
    _drains(scene)


def deploy(scene: Scene) -> None:
    """Another setting, with which Serve replaces every replica in turn, in the middle of a run."""
    node, options = scene.stack.node, scene.stack.options
    before = set(node.replicas("Ingress"))
    drop = midway(scene, slow_s=12.0)
    node.deploy(with_settings(options, pull_messages=scene.random.randrange(2, 16)))
    scene.mended()
    scene.finishes(drop)
    scene.until(lambda: not before & set(node.replicas("Ingress")), "the ingress replicas are replaced")
    node.settle()
    _drains(scene)
    scene.finishes(scene.drop(name="-next"))


def live_policy(scene: Scene) -> None:
    """The images' policy is changed twice, without a restart, and counts from then on."""
    node, options = scene.stack.node, scene.stack.options
    pids = node.replicas("Ingress")
    hole = scene.stack.images.add(Fault(lambda request: True, stall(30.0), skip=40, times=None))
    attempts = 0
    drop = None
    for tries in (1, 2):
        node.deploy(replace(options, policies={"images": {"attempts": tries, "total_s": 60}}))
        node.settle()
        attempts += tries
        if drop is None:
            drop = scene.drop()
        else:
            scene.replay(run=drop.run_id)
        scene.incomplete(drop)
        found = {failure.attempts for failure in scene.failures(drop)}
        scene.check(found == {attempts}, f"after {attempts} attempts in all the failures say {found}")
    scene.stack.images.remove(hole)
    scene.check(node.replicas("Ingress") == pids, "an ingress replica was restarted for a policy")
    # The breaker may still be open for a moment, which two attempts need not outlast.
    node.deploy(options)
    node.settle()
    scene.mended()
    assert drop is not None
    scene.replay(run=drop.run_id)
    scene.finishes(drop)


def terminate(scene: Scene) -> None:
    """SIGTERM in the middle of a run: the lease is given back, every message acknowledged; a new node goes on."""
    drop = midway(scene, slow_s=4.0)
    scene.stack.node.terminate()
    records = scene.stack.ledger.records(drop.run_id)
    holder = read_holder(scene.stack.output, records.names.lease)
    given_back = holder is None or holder[0].owner == RELEASED
    scene.check(given_back or records.manifest(), f"the lease of a run that has not ended is kept by {holder}")
    _drains(scene)
    scene.replace_node()
    scene.mended()
    scene.finishes(drop)


SCENARIOS = (
    Scenario("scale-down", scale_down),
    Scenario("deploy-mid-run", deploy),
    Scenario("live-policy", live_policy),
    Scenario("terminate-node", terminate),
)
