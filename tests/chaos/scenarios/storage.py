"""Cloud Storage that answers errors, breaks off or says nothing for a while, and replies that are lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene
from tests.support.effects import answer, lose_reply, reset, stall
from tests.support.proxy import Effect, Fault
from tests.support.storage_call import call

from . import moments
from .moments import at

_PATIENCE_S = 20.0
"""From here on an outage may use up a stage's retries; what it was doing waits for a replay then."""


def _outage(effect: Effect, between_s: tuple[float, float]) -> Callable[[Scene], None]:
    """A run in which every request to Cloud Storage ends so, from some moment on, for so many seconds."""

    def play(scene: Scene) -> None:
        seconds = scene.random.uniform(*between_s)
        storage = scene.stack.storage
        over = threading.Event()
        outage = Fault(call(), effect, times=None)

        def end() -> None:
            storage.remove(outage)
            scene.mended()
            over.set()

        def begin() -> None:
            storage.add(outage)
            threading.Timer(seconds, end).start()

        at(scene, scene.random.choice(moments.ANY), begin)
        drop = scene.drop()
        scene.until(over.is_set, "the outage is over")
        if between_s[0] > _PATIENCE_S and scene.ends(drop) is None:
            scene.replay(run=drop.run_id)
        scene.finishes(drop)

    return play


def lost_replies(scene: Scene) -> None:
    """Every write that commits something arrives, and its reply is lost once."""
    commits = ("/run.json$", "/lease.json$", "/plan.json$", "/parts/", "^processed/", "/manifest.json$", "/closed/")
    faults = {name: scene.at(call("upload", "compose", "rewrite", name=name), lose_reply) for name in commits}
    scene.mended()
    scene.finishes(scene.drop())
    for name, fault in faults.items():
        scene.check(fault.happened.is_set(), f"no reply to {name} was lost")


def errors_and_lost_commit(scene: Scene) -> None:
    """A burst of 503s, and then the reply to the manifest's write is lost."""
    scene.at(call(), answer(503), skip=scene.random.randrange(20, 200), times=scene.random.randrange(20, 60))
    lost = scene.at(call("upload", name="/manifest.json$"), lose_reply)
    scene.mended()
    scene.finishes(scene.drop())
    scene.check(lost.happened.is_set(), "no reply to the manifest was lost")


SCENARIOS = (
    Scenario("storage-503", _outage(answer(503), (2.0, 12.0))),
    Scenario("storage-503-long", _outage(answer(503), (40.0, 60.0))),
    Scenario("storage-429", _outage(answer(429, ("Retry-After", "1")), (2.0, 12.0))),
    Scenario("storage-reset", _outage(reset, (2.0, 12.0))),
    Scenario("storage-stall", _outage(stall(30.0), (2.0, 8.0))),
    Scenario("storage-lost-replies", lost_replies),
    Scenario("storage-503-lost-commit", errors_and_lost_commit),
)
