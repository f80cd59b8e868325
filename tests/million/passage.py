"""One pass: the catalogue dropped on a stack of its own and followed to its end, from wherever it was stopped."""

from __future__ import annotations

import contextlib
import json
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import requests

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.model.plan import Plan
from tests.bench.calibration import cpu_seconds, held, local_cloud, scan_cost
from tests.bench.simulation import Cloud, Work
from tests.support.deadline import wait_for

from .catalogue import Expected
from .faults import Faults
from .image_host import LATENCY_S
from .objects import Objects, objects
from .outcome import Outcome
from .prediction import Measured, prediction
from .result import Result
from .sampler import Sampler
from .samples import Sample, Series
from .stack import Stack
from .state import FAULTS, State

_NAME = "million.csv"
_IDLE_S = 5.0
_UPLOAD_S = 3600.0
_ENDED = ("done", "refused")
_COMMITTED_S = 60.0
_SHOWN_ROWS = 2000
_ASK_S = 60.0
_PLANNED_TIMES = 10

Tell = Callable[[str], None]


class Passage:
    """Plays the pass of this name. Stopped by an exception, it can be played again and goes on."""

    def __init__(self, state: State, name: str, expected: Expected, every_s: float, tell: Tell) -> None:
        self._state = state
        self._name = name
        self._expected = expected
        self._every_s = every_s
        self._tell = tell
        self._folder = state.pass_folder(name)
        self._replays = 0
        self._replay_id = ""
        self._told_at = 0.0

    def play(self) -> Result:
        order = self._state.order
        self._tell("starting the local cloud, the image host and a node")
        stack = Stack(
            self._folder, rows=order.rows, port=order.port, shard_rows=order.shard_rows, one_bucket=order.one_bucket
        )
        with stack:
            idle = self._before(stack)
            drop = self._drop(stack)
            series = Series.of(self._folder / "samples.jsonl")
            faults = Faults(stack, order.rows, self._folder / "struck.json") if self._name == FAULTS else None
            try:
                manifest = self._follow(stack, drop, series, faults)
            finally:
                if faults is not None:
                    faults.end()
                if stack.node.runs:
                    stack.keep_logs()
            return self._result(stack, manifest, series, faults, idle)

    def _before(self, stack: Stack) -> dict[str, Any]:
        """What is measured before the drop: cores that are busy with nothing, and the store's own speed."""
        path = self._folder / "idle.json"
        if not path.exists():
            before, started = cpu_seconds(), time.perf_counter()
            time.sleep(_IDLE_S)
            passed = time.perf_counter() - started
            idle = {kind: (seconds - before[kind]) / passed for kind, seconds in cpu_seconds().items()}
            cloud = local_cloud(stack.output, LATENCY_S)
            path.write_text(json.dumps({"idle_cores": idle, "cloud": asdict(cloud)}))
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def _drop(self, stack: Stack) -> Drop:
        """The drop of this pass, uploaded unless it was."""
        name = f"{stack.settings.watched_prefix}{_NAME}"
        found = stack.source.stat(name)
        if found is not None:
            self._tell(f"going on with generation {found.generation}")
            return Drop(stack.source.name, name, found.generation)
        blob = stack.client.bucket(stack.source.name).blob(name)
        blob.upload_from_filename(str(self._state.catalogue), timeout=_UPLOAD_S)
        self._tell(f"dropped {self._expected.bytes:,} bytes")
        return Drop(stack.source.name, name, int(blob.generation))

    def _follow(self, stack: Stack, drop: Drop, series: Series, faults: Faults | None) -> Manifest:
        ran_s, started = series.ended_s, time.monotonic()
        sampler = Sampler(stack, drop.run_id, lambda: ran_s + time.monotonic() - started)
        while True:
            looked = time.monotonic()
            sample = sampler.take()
            series.add(sample)
            self._progress(sample)
            state = sampler.view.get("state")
            if state in _ENDED:
                break
            if faults is not None:
                faults.look(sample, self._tell)
            if state == "incomplete" and not stack.fetches.down:
                with contextlib.suppress(requests.RequestException):  # the node may have just been killed
                    self._replay(stack, drop)
            time.sleep(max(0.0, looked + self._every_s - time.monotonic()))
        manifest = wait_for(stack.ledger.records(drop.run_id).manifest, within_s=_COMMITTED_S, what="the manifest")
        if manifest.state != "done":
            raise RuntimeError(f"{drop.uri} is {manifest.state}: {manifest.reason}")
        return manifest

    def _replay(self, stack: Stack, drop: Drop) -> None:
        """Replays what went to the dead-letter topic, as a person does who sees an incomplete run; one at a time."""
        url = f"{stack.node.url}/replays"
        if self._replay_id and requests.get(f"{url}/{self._replay_id}", timeout=_ASK_S).json()["state"] == "running":
            return
        body: dict[str, Any] = {"selection": {"run": drop.run_id}, "dry_run": False}
        answer = requests.post(url, json=body, timeout=_ASK_S)
        if answer.ok:
            view = answer.json()
            self._replay_id, self._replays = view["replay"], self._replays + 1
            self._tell(f"replaying {view['selected']} dead letters")

    def _progress(self, sample: Sample) -> None:
        if time.monotonic() - self._told_at < 10 * self._every_s and sample.rows < self._expected.rows:
            return
        self._told_at = time.monotonic()
        slowest = max((seconds for seconds in sample.latency_s.values() if seconds is not None), default=0.0)
        self._tell(
            f"{sample.rows:,} of {self._expected.rows:,} rows, {sample.shards} shards after {sample.at_s:.0f} s; "
            f"{sample.requests:,} requests; slowest answer {slowest:.2f} s; MB: "
            + ", ".join(f"{kind} {mb:.0f}" for kind, mb in sample.memory_mb.items())
        )

    def _result(
        self, stack: Stack, manifest: Manifest, series: Series, faults: Faults | None, idle: dict[str, Any]
    ) -> Result:
        stored = objects(stack.cloud.objects)
        outcome = Outcome.keep(manifest, stack.cloud.objects, self._folder / "outcome")
        records = stack.ledger.records(manifest.run_id)
        plan = records.plan()
        assert plan is not None
        part = records.parts(limit=1)[0]
        assemble_s, owner_bytes = held(plan, part)
        with self._state.catalogue.open("rb") as file:
            head = b"".join(line for line, _ in zip(file, range(_SHOWN_ROWS), strict=False))
        scan_s_per_mb, _ = scan_cost(head[: head.rindex(b"\n") + 1])
        measured = Measured(scan_s_per_mb, assemble_s, owner_bytes, idle["idle_cores"], Cloud(**idle["cloud"]))
        work = Work(
            rows=self._expected.rows,
            shard_rows=self._state.order.shard_rows,
            row_bytes=self._expected.bytes // self._expected.rows,
            rejecting=min(1.0, sum(self._expected.rejects.values()) / len(plan.shards)),
        )
        predicted = prediction(series, measured, work, stack.settings.shards_in_flight)
        memory_bytes, record_bytes = planned(plan, _PLANNED_TIMES)
        return Result(
            seconds=series.ended_s,
            shards=manifest.shards,
            shards_reused=manifest.shards_reused,
            counts=manifest.counts.model_dump(mode="json"),
            add_up=manifest.counts.add_up,
            images_folder=outcome.images,
            objects={kind: (found.count, found.bytes) for kind, found in sorted(stored.items())},
            requests=dict(stack.requests.by_kind),
            commit_s=_commit_s(stored),
            fetched=stack.fetches.total,
            fetched_different=stack.fetches.different,
            replays=self._replays,
            plan_memory_bytes=memory_bytes,
            plan_record_bytes=record_bytes,
            predicted_s=predicted.seconds if predicted else None,
            costs=asdict(predicted.costs) if predicted else None,
            faults=tuple(asdict(struck) for struck in faults.struck) if faults else (),
        )


def planned(plan: Plan, times: int) -> tuple[int, int]:
    """Bytes of memory and of the record of a plan with so many times as many shards."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    many = [
        replace(shard, index=shard.index + turn * len(plan.shards)) for turn in range(times) for shard in plan.shards
    ]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    record = plan.model_copy(update={"shards": tuple(many)}).model_dump_json()
    return after - before, len(record)


def _commit_s(stored: dict[str, Objects]) -> float:
    return round(stored["manifest"].last_at - stored["part record"].last_at, 3)


def outcome_of(folder: Path, result: Result) -> Outcome:
    """That of a pass that has ended."""
    return Outcome(folder / "outcome", result.images_folder)
