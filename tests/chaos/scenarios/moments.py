"""Moments of a run, each told by a request to Cloud Storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..proxy import Effect, Fault, Request, instead, meanwhile
from ..scene import Scene
from ..storage_call import call


@dataclass(frozen=True, slots=True)
class Moment:
    """A request that a run makes at least `many` times: any of those may be the one."""

    matches: Callable[[Request], bool]
    many: int = 1


PLAN = Moment(call("read", name="^in/"))
READ = Moment(call("read", name="^in/"), 12)
IMAGE = Moment(call("upload", name="^images/"), 100)
ROWS = Moment(call("upload", name="/rows/"), 10)
PART = Moment(call("upload", name="/parts/"), 10)
REJECTS = Moment(call("compose", "rewrite", name="^rejects/"))
OUTPUT = Moment(call("compose", "rewrite", name="^processed/"))
MANIFEST = Moment(call("upload", name="/manifest.json$"))

ANY = (PLAN, READ, IMAGE, ROWS, PART, REJECTS, OUTPUT, MANIFEST)
LATE = (REJECTS, OUTPUT, MANIFEST)
"""Between the last part and the manifest."""


def at(scene: Scene, moment: Moment, action: Callable[[], object]) -> Fault:
    """Does something while one request of this kind waits, which then arrives or, half of the time, does not."""
    lost = scene.random.random() < 0.5
    effect: Effect = instead(lambda request: action()) if lost else meanwhile(action)
    return scene.at(moment.matches, effect, skip=scene.random.randrange(moment.many))
