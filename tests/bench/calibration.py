"""Measures what tests/bench/simulation.py needs: CPU seconds of each kind of process, by row and by shard.

Two runs of the same rows, once in few shards and once in many, tell what a row costs and what a shard costs. CPU time
is what counts, so that a machine that others use too gives the same figures, only later.
"""

from __future__ import annotations

import os
import pickle
import re
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.csv.header import read_header
from actors.csv.ids import IdFilter
from actors.csv.scan import ShardScanner
from actors.model.catalogue import Catalogue
from actors.model.part import Counts, PartRecord
from actors.model.plan import Plan
from actors.storage.bucket import COMPOSE_LIMIT, Bucket
from actors.storage.run_records import RunRecords
from tests.support.catalogue import catalogue
from tests.support.processes import descendants
from tests.support.system import System

from .drop import drop, wait
from .simulation import Cloud, Cost, Costs

_TICKS = os.sysconf("SC_CLK_TCK")
_KINDS = {"Ingress": "owner", "Attributes": "read", "Cleaner": "clean", "ImageFetcher": "images", "Writer": "write"}
_REPLICA = re.compile(r"ServeReplica:dropforge:(\w+)")
ROWS = 2000
FEW, MANY = 400, 50
"""Rows of a shard: in few of them, and in many."""
_UNWATCHED = "calibration/"
_DEADLINE_S = 900.0
_IDLE_S = 5.0
_SMALL = 5
_HELD = 5000
"""Shards for which is measured what each takes of the owner's memory."""


@dataclass(frozen=True, slots=True)
class Played:
    """One run: seconds from its acceptance to its manifest, CPU seconds by kind, and cores that others kept busy."""

    rows: int
    shards: int
    seconds: float
    cpu_s: Mapping[str, float]
    others_cores: float


class Player:
    """Plays runs on a local system, each with its own size of shards, and keeps count of the CPU time."""

    def __init__(self, system: System, image_url: str) -> None:
        self.system = system
        self._image_url = image_url

    def play(self, rows: int, seed: int) -> tuple[Played, RunRecords]:
        """Drops a catalogue of its own and waits for its end.

        It has to be a drop: a run that is found open instead looks for what an earlier owner has left, shard by shard.
        """
        content = catalogue(rows, seed=seed, image_url=self._image_url)
        name = f"{self.system.settings.watched_prefix}calibration-{seed}.csv"
        before, machine = cpu_seconds(), machine_busy_s()
        made = self.system.drop(name, content)
        records = self.system.ledger.records(made.run_id)
        view = wait(self.system, made, deadline_s=_DEADLINE_S, every_s=0.5)
        after = cpu_seconds()
        assert view["state"] == "done", view
        assert view["counts"]["images"] == {"stored": rows}, view["counts"]
        spent = {kind: after[kind] - before[kind] for kind in after}
        elapsed = view["elapsed_s"]
        others = max(0.0, machine_busy_s() - machine - sum(spent.values()))
        return Played(rows, view["shards"]["planned"], elapsed, spent, others / elapsed), records

    def start_s(self) -> float:
        """What a drop of one row takes from its notification's arrival to its result; the least of a few."""
        seconds = []
        with TemporaryDirectory() as folder:
            for number in range(_SMALL):
                path = Path(folder) / f"small-{number}.csv"
                path.write_bytes(catalogue(1, seed=900 + number, image_url=self._image_url))
                seconds.append(wait(self.system, drop(self.system, path), deadline_s=60)["elapsed_s"])
        return min(seconds)


@dataclass(frozen=True, slots=True)
class Shape:
    """What one system, with one size of shards, has shown once it was warm."""

    played: Played
    idle_cores: Mapping[str, float]
    plan: Plan
    part: PartRecord


def shape(player: Player, tell: Callable[[str], None]) -> Shape:
    """Lets the cleaners learn, looks at what is spent idly, then plays the run."""
    player.play(ROWS, seed=100)
    before, started = cpu_seconds(), time.perf_counter()
    time.sleep(_IDLE_S)
    idle_s = time.perf_counter() - started
    idle = {kind: (seconds - before[kind]) / idle_s for kind, seconds in cpu_seconds().items()}
    played, records = player.play(ROWS, seed=101)
    tell(
        f"{played.rows} rows in {played.shards} shards: {played.seconds:.1f} s, CPU-s {_line(played.cpu_s)}; "
        f"idle {sum(idle.values()):.2f} cores"
    )
    plan = records.plan()
    assert plan is not None
    return Shape(played, idle, plan, records.parts()[0])


def calibrate(few: Shape, many: Shape, *, start_s: float) -> Costs:
    """From the same rows in few shards and in many."""
    costs = {
        kind: line_through(
            (few.played.shards, few.played.cpu_s[kind] - few.idle_cores[kind] * few.played.seconds),
            (many.played.shards, many.played.cpu_s[kind] - many.idle_cores[kind] * many.played.seconds),
            rows=few.played.rows,
        )
        for kind in few.idle_cores
    }
    scan_s_per_mb, row_mb = scan_cost(catalogue(ROWS, seed=103, image_url="http://127.0.0.1"))
    # The scan is done by the same replicas as the reading.
    costs["read"] = replace(costs["read"], row_s=max(0.0, costs["read"].row_s - scan_s_per_mb * row_mb))
    assemble_s, owner_bytes = held(few.plan, few.part)
    return Costs(
        **{kind: costs[kind] for kind in (*_KINDS.values(), "other")},
        scan_s_per_mb=scan_s_per_mb,
        assemble_s_per_shard=assemble_s,
        owner_bytes_per_shard=owner_bytes,
        start_s=start_s,
    )


def line_through(few: tuple[int, float], many: tuple[int, float], *, rows: int) -> Cost:
    """The straight line through two runs of the same rows, each as its shards and CPU seconds."""
    shard_s = max(0.0, (many[1] - few[1]) / (many[0] - few[0]))
    return Cost(row_s=max(0.0, few[1] - shard_s * few[0]) / rows, shard_s=shard_s)


def cpu_seconds() -> dict[str, float]:
    """CPU seconds so far of this process and those below it, by kind. None of them may end meanwhile."""
    spent = dict.fromkeys((*_KINDS.values(), "other"), 0.0)
    for pid in (os.getpid(), *descendants(os.getpid())):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found = _REPLICA.search(command)
        spent[_KINDS[found[1]] if found else "other"] += (int(fields[11]) + int(fields[12])) / _TICKS
    return spent


def machine_busy_s() -> float:
    """CPU seconds that all processes of the machine have used since it was started."""
    user, nice, system, _, _, irq, soft_irq, *_ = Path("/proc/stat").read_text().split()[1:]
    return sum(map(int, (user, nice, system, irq, soft_irq))) / _TICKS


def scan_cost(content: bytes) -> tuple[float, float]:
    """CPU seconds that the plan's scan takes for a megabyte, and megabytes of a row."""
    scanner = ShardScanner(
        ",",
        shard_bytes=1 << 20,
        shard_rows=FEW,
        max_row_bytes=Catalogue().max_row_bytes,
        ids=lambda record: IdFilter(read_header(record, Catalogue(), ","), len(content)),
    )
    started = time.process_time()
    shards = [*scanner.feed(content), *scanner.finish()]
    seconds = time.process_time() - started
    return seconds / (len(content) / 1e6), len(content) / 1e6 / sum(shard.rows for shard in shards)


def held(plan: Plan, part: PartRecord) -> tuple[float, float]:
    """What a shard costs once all are done, in CPU seconds of handing over plan and parts, and bytes of the owner."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    shards = [replace(plan.shards[0], index=index) for index in range(_HELD)]
    # As they come out of the writer's answers: each with objects of its own.
    held = [pickle.loads(pickle.dumps(part.model_copy(update={"shard": shard}))) for shard in shards]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    started = time.process_time()
    whole = plan.model_copy(update={"shards": tuple(shards)})
    whole.model_dump_json()
    _, taken = pickle.loads(pickle.dumps((whole, held)))
    Counts.total(each.counts for each in taken)
    return (time.process_time() - started) / _HELD, (after - before) / _HELD


def local_cloud(bucket: Bucket, image_s: float) -> Cloud:
    """The local object store, in place of a cloud."""
    part, name = b"x" * 300_000, f"{_UNWATCHED}part-"
    started = time.perf_counter()
    for number in range(COMPOSE_LIMIT):
        bucket.put(f"{name}{number}", part, content_type="text/csv")
    put_s = (time.perf_counter() - started) / COMPOSE_LIMIT
    started = time.perf_counter()
    bucket.compose(
        f"{_UNWATCHED}whole", [f"{name}{number}" for number in range(COMPOSE_LIMIT)], content_type="text/csv"
    )
    compose_s = time.perf_counter() - started
    started = time.perf_counter()
    whole = bucket.read(f"{_UNWATCHED}whole")
    read_s = time.perf_counter() - started
    return Cloud(
        storage_s=put_s,
        compose_s=compose_s,
        read_mb_per_s=len(whole) / 1e6 / read_s,
        image_s=image_s + put_s,
        writes_per_s=1e9,
    )


def _line(cpu_s: Mapping[str, float]) -> str:
    return ", ".join(f"{kind} {seconds:.1f}" for kind, seconds in cpu_s.items())
