"""Processes that end without a word: SIGKILL to each kind of actor at each stage of a run, and to the whole node."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence

from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene
from tests.support.processes import send

from . import moments
from .moments import Moment, at


def _during(moment: Moment, strike: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """A run in which something is struck at this moment."""

    def play(scene: Scene) -> None:
        fault = at(scene, moment, lambda: strike(scene))
        scene.finishes(scene.drop())
        scene.check(fault.happened.is_set(), "nothing was struck")

    return play


def _at_each(name: str, choice: Sequence[Moment], strike: Callable[[Scene], None]) -> Iterator[Scenario]:
    for moment in choice:
        yield Scenario(name, _during(moment, strike), variant=moment.name)


def _kill(deployment: str) -> Callable[[Scene], None]:
    return lambda scene: scene.kill(deployment)


def _kill_owner(scene: Scene) -> None:
    send(scene.owner(), signal.SIGKILL)
    scene.mended()


def _hang_cleaner(scene: Scene) -> None:
    """Never continued: only a failing health check can end it."""
    send(scene.random.choice(scene.stack.node.replicas("Cleaner")), signal.SIGSTOP)
    scene.mended()


def _kill_node(moment: Moment) -> Callable[[Scene], None]:
    """Everything ends at once; then a new node starts on the same bucket and does what is missing, nothing else."""

    def play(scene: Scene) -> None:
        fault = at(scene, moment, scene.stack.node.kill)
        drop = scene.drop()
        scene.until(fault.ended.is_set, "the moment is over")  # its request may arrive after the kill
        records = scene.stack.ledger.records(drop.run_id)
        finished, committed = len(records.parts()), records.manifest() is not None
        scene.replace_node()
        scene.mended()
        reused = scene.finishes(drop).shards_reused
        # More may be, where the new node's owners take over from one another.
        scene.check(committed or reused >= finished, f"{reused} shards were reused, {finished} were finished")

    return play


SCENARIOS = (
    *_at_each("kill-cleaner", moments.ANY, _kill("Cleaner")),
    *_at_each("kill-image-fetcher", moments.ANY, _kill("ImageFetcher")),
    *_at_each("kill-attributes", moments.ANY, _kill("Attributes")),
    *_at_each("kill-writer", moments.ANY, _kill("Writer")),
    *_at_each("kill-owner", moments.ANY, _kill_owner),
    Scenario("hang-cleaner", _during(moments.ROWS, _hang_cleaner)),
    *(
        Scenario("kill-node", _kill_node(moment), variant=moment.name)
        for moment in (moments.PLAN, moments.IMAGE, moments.PART, moments.OUTPUT, moments.MANIFEST)
    ),
)
