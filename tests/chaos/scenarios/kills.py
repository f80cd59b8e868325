"""Processes that end without a word: SIGKILL to each kind of actor at each stage of a run, and to the whole node."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

from ..processes import send
from ..scenario import Scenario
from ..scene import Scene
from . import moments
from .moments import Moment, at


def _during(choice: Sequence[Moment], strike: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """A run in which something is struck at one of these moments."""

    def play(scene: Scene) -> None:
        fault = at(scene, scene.random.choice(choice), lambda: strike(scene))
        scene.finishes(scene.drop())
        scene.check(fault.happened.is_set(), "nothing was struck")

    return play


def _kill(deployment: str) -> Callable[[Scene], None]:
    return lambda scene: scene.kill(deployment)


def _kill_owner(scene: Scene) -> None:
    send(scene.owner(), signal.SIGKILL)
    scene.mended()


def _hang_cleaner(scene: Scene) -> None:
    """Never continued: only a failing health check can end it."""
    send(scene.random.choice(scene.stack.node.replicas("Cleaner")), signal.SIGSTOP)
    scene.mended()


def kill_node(scene: Scene) -> None:
    """Everything ends at once; then a new node starts on the same bucket."""
    moment = scene.random.choice((moments.PLAN, moments.IMAGE, moments.PART, moments.OUTPUT, moments.MANIFEST))
    fault = at(scene, moment, scene.stack.node.kill)
    drop = scene.drop()
    scene.until(fault.happened.is_set, "the moment has come")
    scene.replace_node()
    scene.mended()
    scene.finishes(drop)


SCENARIOS = (
    Scenario("kill-cleaner", _during(moments.ANY, _kill("Cleaner"))),
    Scenario("kill-image-fetcher", _during(moments.ANY, _kill("ImageFetcher"))),
    Scenario("kill-attributes", _during(moments.ANY, _kill("Attributes"))),
    Scenario("kill-writer", _during(moments.ANY, _kill("Writer"))),
    Scenario("kill-writer-late", _during(moments.LATE, _kill("Writer"))),
    Scenario("kill-owner-planning", _during((moments.PLAN,), _kill_owner)),
    Scenario("kill-owner-running", _during((*moments.ANY[2:5], *moments.LATE), _kill_owner)),
    Scenario("hang-cleaner", _during((moments.IMAGE, moments.ROWS), _hang_cleaner)),
    Scenario("kill-node", kill_node),
)
