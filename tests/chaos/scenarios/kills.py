"""Processes that end without a word: SIGKILL to each kind of actor at each stage of a run, and to the whole node."""

from __future__ import annotations

import csv
import io
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

from tests.chaos.node_stack import with_settings
from tests.chaos.scenario import Scenario
from tests.chaos.scene import Scene, undisturbed
from tests.support.effects import instead
from tests.support.processes import send
from tests.support.storage_call import call

from . import moments
from .moments import Moment, at

_MANY_ROWS = 2_600
_MANY_SHARDS = 13


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


def _many_rows(scene: Scene, *, images: bool) -> bytes:
    """The sample's good rows again and again, each with an id and, if with images, a URL of its own."""
    source = csv.DictReader(io.StringIO(scene.undisturbed.content.decode("latin-1"), newline=""))
    rows = [row for row in source if row["image"] and row["description"] and None not in row.values()]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, source.fieldnames or ())
    writer.writeheader()
    for number in range(_MANY_ROWS):
        image = f'["{scene.stack.images.url}/ok/many/{number}.png"]' if images else "[]"
        row = rows[number % len(rows)]
        writer.writerow({name: row[name] for name in row if name} | {"uniq_id": f"{number:032x}", "image": image})
    return text.getvalue().encode("latin-1")


def _kill_owner_of_many(scene: Scene) -> None:
    """With thousands of images to find again, the kill costs at most twice the time that it costs without images."""
    options = scene.stack.options
    scene.stack.node.deploy(with_settings(options, shard_rows=_MANY_ROWS // _MANY_SHARDS))
    scene.stack.node.settle()
    cost_s = {}
    for images in (False, True):
        name = f"-{'with' if images else 'without'}-images"
        whole = undisturbed(scene.stack, f"many{name}", _many_rows(scene, images=images))
        scene.stack.forget()
        fault = scene.at(moments.PART.matches, instead(lambda request: _kill_owner(scene)), skip=3)
        started = time.monotonic()
        scene.finishes(scene.drop(whole, name=name))
        cost_s[images] = time.monotonic() - started - whole.seconds
        scene.check(fault.happened.is_set(), "nothing was struck")
    scene.check(
        cost_s[True] <= 2 * cost_s[False],
        f"the kill cost {cost_s[True]:.1f} s with images and {cost_s[False]:.1f} s without",
    )
    listed = [request for request, _ in scene.stack.storage.log if call("list")(request)]
    lists = sum("images/" in unquote(request.target) for request in listed)
    scene.check(lists <= _MANY_SHARDS, f"images were listed {lists} times for {_MANY_SHARDS} shards")


SCENARIOS = (
    *_at_each("kill-cleaner", moments.ANY, _kill("Cleaner")),
    *_at_each("kill-image-fetcher", moments.ANY, _kill("ImageFetcher")),
    *_at_each("kill-attributes", moments.ANY, _kill("Attributes")),
    *_at_each("kill-writer", moments.ANY, _kill("Writer")),
    *_at_each("kill-owner", moments.ANY, _kill_owner),
    Scenario("kill-owner-of-many", _kill_owner_of_many),
    Scenario("hang-cleaner", _during(moments.ROWS, _hang_cleaner)),
    *(
        Scenario("kill-node", _kill_node(moment), variant=moment.name)
        for moment in (moments.PLAN, moments.IMAGE, moments.PART, moments.OUTPUT, moments.MANIFEST)
    ),
)
