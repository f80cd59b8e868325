"""Moments of a run, each told by a request to Cloud Storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.scene import Scene
from tests.support.effects import instead, meanwhile
from tests.support.proxy import Effect, Fault, Request
from tests.support.storage_call import call


@dataclass(frozen=True, slots=True)
class Moment:
    """A request that a run makes at least `many` times: any of those may be the one."""

    name: str
    matches: Callable[[Request], bool]
    many: int = 1


PLAN = Moment("plan", call("read", name="^in/"))
READ = Moment("read", call("read", name="^in/"), 12)
IMAGE = Moment("image", call("upload", name="^images/"), 100)
ROWS = Moment("rows", call("upload", name="/rows/"), 10)
PART = Moment("part", call("upload", name="/parts/"), 10)
REJECTS = Moment("rejects", call("compose", "rewrite", name="^rejects/"))
OUTPUT = Moment("output", call("compose", "rewrite", name="^processed/"))
MANIFEST = Moment("manifest", call("upload", name="/manifest.json$"))

ANY = (PLAN, READ, IMAGE, ROWS, PART, REJECTS, OUTPUT, MANIFEST)


def at(scene: Scene, moment: Moment, action: Callable[[], object]) -> Fault:
    """Does something while one request of this kind waits, which then arrives or, half of the time, does not."""
    lost = scene.random.random() < 0.5
    effect: Effect = instead(lambda request: action()) if lost else meanwhile(action)
    return scene.at(moment.matches, effect, skip=scene.random.randrange(moment.many))
