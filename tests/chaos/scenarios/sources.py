"""A source that changes under the run that reads it."""

from __future__ import annotations

from dataclasses import replace

from actors.model.drop import Drop
from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene
from tests.support.effects import meanwhile
from tests.support.storage_call import call

from . import moments

_FIRST_READS = 5
"""Reads of the source, the plan's among them, after which some of it is still unread: not all shards start at once."""


def overwritten(scene: Scene) -> None:
    """A new version while the old one is read: the old run ends with a reason, the new one with its own rows."""
    versions: list[Drop] = []
    scene.at(
        moments.READ.matches,
        meanwhile(lambda: versions.append(scene.drop(scene.shorter))),
        skip=scene.random.randrange(_FIRST_READS),
    )
    old = scene.drop()
    scene.until(lambda: versions, "the source is overwritten")
    scene.mended()
    scene.refused(old, "source_gone")
    scene.finishes(versions[0])


def deleted(scene: Scene) -> None:
    scene.at(
        moments.READ.matches,
        meanwhile(lambda: scene.stack.source.delete(scene.object)),
        skip=scene.random.randrange(_FIRST_READS),
    )
    scene.refused(scene.drop(), "source_gone")


def overtaken(scene: Scene) -> None:
    """The older run, held up just before it publishes, comes after the newer one and must not replace its output."""
    versions: list[Drop] = []

    def overtake() -> None:
        versions.append(scene.drop(scene.shorter))
        scene.finishes(versions[0])

    scene.at(call("compose", "rewrite", name=scene.random.choice(("^processed/", "^rejects/"))), meanwhile(overtake))
    old = scene.drop()
    scene.refused(old, "superseded")
    scene.finished.append(scene.manifest(versions[0]))


def old_news(scene: Scene) -> None:
    """The notification of an older version, long overwritten, comes after the newer version is done."""
    new = scene.drop()
    scene.finishes(new)
    old = replace(new, generation=new.generation - 1)
    for _ in range(3):
        scene.stack.announce(old)
    scene.refused(old, "superseded")
    scene.check(scene.manifest(new) == scene.finished[-1], "the newer run has changed")


SCENARIOS = (
    Scenario("source-overwritten", overwritten),
    Scenario("source-deleted", deleted),
    Scenario("older-run-last", overtaken),
    Scenario("old-notification-last", old_news),
)
