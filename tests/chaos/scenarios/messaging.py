"""Pub/Sub that goes away and comes back."""

from __future__ import annotations

from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene

from . import moments
from .moments import at


def pubsub_down(scene: Scene) -> None:
    """Gone in the middle of a run, which needs it no more; back, it brings the next drop."""
    pubsub = scene.stack.cloud.pubsub
    at(scene, scene.random.choice((moments.READ, moments.PART, moments.MANIFEST)), pubsub.kill)
    drop = scene.drop()
    scene.finishes(drop)
    pubsub.start()
    scene.mended()
    scene.finishes(scene.drop(name="-next"))


SCENARIOS = (Scenario("pubsub-down", pubsub_down),)
