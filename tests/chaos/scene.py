"""One scenario played once: what a scenario may do to the world, and what must be true afterwards."""

from __future__ import annotations

import csv
import io
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from actors.model.drop import Drop
from actors.model.failure import Failure
from actors.model.manifest import Manifest
from serve_app.runs.lease import read_holder
from tests.support.deadline import wait_for
from tests.support.outcome import Outcome, records
from tests.support.processes import send
from tests.support.proxy import Effect, Fault, Request

from .node_stack import NodeStack

T = TypeVar("T")

_DEADLINE_S = 300.0
_UNDISTURBED_S = 300.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What comes of a catalogue when nothing happens: its outcome, image requests by path, seconds."""

    content: bytes
    outcome: Outcome
    fetches: Counter[str]
    seconds: float


def undisturbed(stack: NodeStack, name: str, content: bytes) -> Undisturbed:
    """Drops a catalogue and waits for its end."""
    stack.forget()
    started = time.monotonic()
    drop = stack.drop(f"{stack.settings.watched_prefix}{name}.csv", content)
    run = stack.ledger.records(drop.run_id)
    what = f"the undisturbed run of {drop.uri} has ended"
    manifest = wait_for(run.manifest, within_s=_UNDISTURBED_S, what=what, every_s=0.1)
    seconds = time.monotonic() - started
    return Undisturbed(content, Outcome.of(manifest, stack.output), stack.image_requests(), seconds)


@dataclass(slots=True)
class Figures:
    """`wrong` is what was found that must not be. Recovery counts from the end of the fault to the run's."""

    wrong: list[str] = field(default_factory=list)
    recovery_s: float | None = None
    shards_reused: int = 0
    duplicate_fetches: int = 0
    seconds: float = 0.0


class Scene:
    """`random` is seeded by scenario and seed, and decides all that a scenario leaves open.

    `undisturbed` is what must come of the catalogue, `shorter` of another version of it.
    """

    def __init__(self, stack: NodeStack, name: str, seed: int, undisturbed: Undisturbed, shorter: Undisturbed) -> None:
        self.stack = stack
        self.random = random.Random(f"{name} {seed}")
        self.undisturbed = undisturbed
        self.shorter = shorter
        self.object = f"{stack.settings.watched_prefix}{name}-{seed}-{time.time_ns() // 1_000_000_000}.csv"
        self.figures = Figures()
        self.finished: list[Manifest] = []
        self._dropped: dict[str, Undisturbed] = {}
        self._mended_at: float | None = None

    def drop(self, version: Undisturbed | None = None, *, name: str = "") -> Drop:
        """Uploads the catalogue, or another version of it; `name` makes it another object."""
        version = version or self.undisturbed
        drop = self.stack.drop(self.object.replace(".csv", f"{name}.csv"), version.content)
        self._dropped[drop.run_id] = version
        return drop

    def at(self, matches: Callable[[Request], bool], effect: Effect, *, skip: int = 0, times: int | None = 1) -> Fault:
        """Makes something happen at a request to Cloud Storage."""
        return self.stack.storage.add(Fault(matches, effect, skip, times))

    def kill(self, deployment: str) -> None:
        """SIGKILL to one replica."""
        send(self.random.choice(self.stack.node.replicas(deployment)), signal.SIGKILL)
        self.mended()

    def mended(self) -> None:
        """From here on nothing is in the way of the run's recovery."""
        self._mended_at = time.monotonic()

    def replace_node(self) -> None:
        """Starts a node in place of the one that was ended."""
        self.stack.nodes.pop(0)
        self.stack.start_node()

    def owner(self) -> int:
        """The process of the ingress replica that drives the only open run."""
        return self.until(self._owner, "the open run has an owner")

    def until(self, condition: Callable[[], T | None], what: str, timeout_s: float = _DEADLINE_S) -> T:
        """The condition's value once it is true. Raises `TimeoutError` naming it."""
        return wait_for(condition, within_s=timeout_s, what=what, every_s=_POLL_S)

    def failures(self, drop: Drop) -> list[Failure]:
        return self.stack.ledger.records(drop.run_id).failures()

    def incomplete(self, drop: Drop) -> None:
        """Waits until the run waits for a replay."""
        self.until(lambda: self._is_parked(drop), f"{drop.uri} is incomplete")

    def ends(self, drop: Drop) -> Manifest | None:
        """The result once the run has one; None once it waits for a replay instead."""
        manifest = self.stack.ledger.records(drop.run_id).manifest
        self.until(lambda: manifest() or self._is_parked(drop), f"{drop.uri} has ended")
        return manifest()

    def manifest(self, drop: Drop) -> Manifest:
        """The run's result, once there is one."""
        return self.until(self.stack.ledger.records(drop.run_id).manifest, f"{drop.uri} has its manifest")

    def finishes(self, drop: Drop, expected: Outcome | None = None) -> Manifest:
        """Waits for the run's end and notes whatever of it is not as it must be."""
        manifest = self.manifest(drop)
        if self._mended_at is not None:
            self.figures.recovery_s, self._mended_at = time.monotonic() - self._mended_at, None
        if manifest.state != "done":
            self.wrong(f"{drop.uri} is {manifest.state}: {manifest.reason}")
            return manifest
        outcome = Outcome.of(manifest, self.stack.output)
        for difference in outcome.differences(expected or self._dropped[drop.run_id].outcome):
            self.wrong(f"{drop.uri}: {difference}")
        self.check(manifest.counts.add_up, f"{drop.uri}: the counts do not add up: {manifest.counts}")
        self._once(manifest)
        self._closed(drop)
        if manifest not in self.finished:
            self.figures.shards_reused += manifest.shards_reused
        self.finished.append(manifest)
        return manifest

    def refused(self, drop: Drop, code: str) -> None:
        manifest = self.manifest(drop)
        if manifest.state != "refused" or manifest.reason is None or manifest.reason.code != code:
            self.wrong(f"{drop.uri} is {manifest.state} ({manifest.reason}), not refused as {code}")
        self._closed(drop)

    def wrong(self, text: str) -> None:
        self.figures.wrong.append(text)

    def check(self, condition: object, text: str) -> None:
        if not condition:
            self.wrong(text)

    def api(self, method: str, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        answer = self.stack.get(path) if method == "GET" else self.stack.post(path, body or {})
        self.check(answer.status == status, f"{method} {path} answered {answer.status}, not {status}: {answer.body}")
        return answer.body

    def dead_letters(self, drop: Drop) -> list[dict[str, Any]]:
        return self.api("GET", f"/dead-letters?run={drop.run_id}")["entries"]

    def replay(self, **selection: object) -> dict[str, Any]:
        """Replays a selection; how it is once it has ended."""
        started = self.api("POST", "/replays", {"selection": selection, "dry_run": False})
        return self.until(lambda: self.ended(started["replay"]), f"replay {started['replay']} has ended")

    def ended(self, replay: str) -> dict[str, Any] | None:
        """The view of a replay once it does not run any more."""
        view = self.api("GET", f"/replays/{replay}")
        return view if view["state"] != "running" else None

    def duplicate_fetches(self) -> int:
        """Requests for images beyond those that undisturbed runs of all that was dropped make."""
        wanted = sum((version.fetches for version in self._dropped.values()), Counter[str]())
        return (self.stack.image_requests() - wanted).total()

    def image_rows(self, version: Undisturbed) -> list[tuple[int, str, str]]:
        """Number, id and path of the image of each row of the output whose first image is a good one."""
        text = io.StringIO(version.content.decode("latin-1"), newline="")
        out = {record.partition(b",")[0].decode() for record in records(version.outcome.output)}
        start = f'["{self.stack.images.url}'
        return [
            (number, row["uniq_id"], row["image"].removeprefix(start).partition('"')[0])
            for number, row in enumerate(csv.DictReader(text), start=1)
            if row["uniq_id"] in out and row["image"].startswith(f"{start}/ok/")
        ]

    def _once(self, manifest: Manifest) -> None:
        """One commit: each result was written once, and is what the manifest says."""
        bucket, storage = self.stack.output, self.stack.storage
        results = (manifest.output, manifest.rejects, manifest.reasons, manifest.failed_urls)
        written = [target.name for target in results if target]
        for name in (self.stack.ledger.records(manifest.run_id).names.manifest, *written):
            answers = storage.writes(bucket.name, name)
            times = answers.count(200)
            self.check(times == 1, f"gs://{bucket.name}/{name} was written {times} times: {answers}")
        info = bucket.stat(written[0])
        self.check(
            info is not None and info.generation == manifest.output_generation,
            f"{written[0]} is {info}, the manifest says generation {manifest.output_generation}",
        )

    def _is_parked(self, drop: Drop) -> bool:
        ledger = self.stack.ledger
        return drop.run_id in ledger.incomplete_run_ids() and drop.run_id not in ledger.open_run_ids()

    def _closed(self, drop: Drop) -> None:
        ledger = self.stack.ledger
        self.until(
            lambda: drop.run_id not in (*ledger.open_run_ids(), *ledger.incomplete_run_ids()), f"{drop.uri} is closed"
        )

    def _owner(self) -> int | None:
        ledger = self.stack.ledger
        for run_id in ledger.open_run_ids():
            holder = read_holder(self.stack.output, ledger.layout.of(run_id).lease)
            if holder is not None and holder[0].owner:
                return int(holder[0].owner.rsplit("-", 2)[1])
        return None
