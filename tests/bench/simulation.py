"""A run of any size on any number of replicas, simulated shard by shard from measured costs.

What happens, and in which order, is the driver's (serve_app/driver.py): the scan hands out shards while it goes on;
so many are in flight; each is read, then cleaned while its images are fetched, then written; when the last part is
there, parts are composed as a tree. Each box is a queue with as many servers as there are replicas:

```
scan ─▶ slot in flight ─▶ owner ─▶ read ─┬─▶ clean ──┬─▶ write ─▶ part    all parts ─▶ owner ─▶ compose, level by level
                                         └─▶ images ─┘
```

Pure: neither Ray nor a clock of this world.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from actors.reading.head import shard_growth
from actors.storage.bucket import COMPOSE_LIMIT
from serve_app.config.settings import Settings

from .queueing import Clock, RampingRate, Servers, Then

_SHARD_BYTES: int = Settings.model_fields["shard_bytes"].default
COMPOSERS = 32
"""Compositions at a time: `actors/writing/composition.py`."""
READERS = 16
"""Records read at a time when a run is taken over: `actors/run_records.py`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one process for a shard: so much for each row, and so much whatever it holds."""

    row_s: float
    shard_s: float

    def of(self, rows: int) -> float:
        return self.row_s * rows + self.shard_s


@dataclass(frozen=True, slots=True)
class Costs:
    """What the processes take; tests/bench/calibration.py measures it.

    `other` is Ray and the local cloud, which share the machine when all is on one. `start_s` is what a drop of one row
    takes, most of it waiting.
    """

    owner: Cost
    read: Cost
    clean: Cost
    images: Cost
    write: Cost
    other: Cost
    scan_s_per_mb: float
    assemble_s_per_shard: float
    owner_bytes_per_shard: float
    start_s: float


@dataclass(frozen=True, slots=True)
class Cloud:
    """What is outside of the processes. None of the defaults can be measured here: they are documented, or assumed.

    `storage_s`, `compose_s`: a request for an object of a shard's size, a composition of 32 (from memory).
    `read_mb_per_s`: a single stream from a bucket (from memory). `image_s`: fetching and storing an image (assumed).
    `writes_per_s`: a bucket takes 1,000 at first and twice as many after 20 minutes at the soonest (Cloud Storage
    documentation, "Request rate and access distribution guidelines").
    """

    storage_s: float = 0.04
    compose_s: float = 0.4
    read_mb_per_s: float = 100.0
    image_s: float = 0.25
    writes_per_s: float = 1000.0
    writes_double_every_s: float = 1200.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Replicas of each deployment, and what bounds them. `cores` are shared by all; None: each has its own."""

    cleaners: int
    fetchers: int
    shards_in_flight: int
    attributes: int = 1
    writers: int = 1
    images_in_flight: int = 384
    cores: float | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A drop. `shard_rows` is the setting, and `rejecting` the share of its shards that have a reject."""

    rows: int
    shard_rows: int = 400
    row_bytes: int = 2000
    rejecting: float = 0.1

    @property
    def rows_a_shard(self) -> int:
        return self.shard_rows * shard_growth(self.rows * self.row_bytes, _SHARD_BYTES)

    @property
    def shards(self) -> int:
        return math.ceil(self.rows / self.rows_a_shard)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`busy` is the share of the time until the last part in which each kind of server, or slot, was taken.

    `owner_mb` is what the plan and the parts take in the owner's memory. `takeover_s` is what another owner takes to
    read the parts, were the first one lost at the end.
    """

    seconds: float
    assembly_s: float
    busy: dict[str, float]
    compositions: int
    owner_mb: float
    takeover_s: float


class _Simulation:
    def __init__(self, work: Work, fleet: Fleet, costs: Costs, cloud: Cloud) -> None:
        self.work, self.fleet, self.costs, self.cloud = work, fleet, costs, cloud
        clock = self.clock = Clock()
        whole = max(1, round(fleet.cores or 1))
        cores = Servers(clock, whole) if fleet.cores else None
        # 1.7 cores are two that take so much longer for everything.
        self.slower = whole / fleet.cores if fleet.cores else 1.0
        self.servers = {
            "scan": Servers(clock, 1, on=cores),
            "owner": Servers(clock, 1, on=cores),
            "attributes": Servers(clock, fleet.attributes, on=cores),
            "cleaners": Servers(clock, fleet.cleaners, on=cores),
            "fetchers": Servers(clock, fleet.fetchers, on=cores),
            "writers": Servers(clock, fleet.writers, on=cores),
        }
        self.others = Servers(clock, whole, on=cores) if cores else None
        self.bucket = RampingRate(clock, cloud.writes_per_s, cloud.writes_double_every_s)
        self.waiting: deque[int] = deque()
        self.free = fleet.shards_in_flight
        self.left = work.shards
        self.taken_s = 0.0
        self.processed_at = 0.0
        self.part_writes = 2 + 2 * work.rejecting
        rejecting = math.ceil(work.shards * work.rejecting)
        # The trees of rejects, reasons and output grow side by side, and their last compositions come one by one.
        trees = [list(levels(objects)) for objects in (rejecting, rejecting, work.shards) if objects]
        below = zip_longest(*(tree[:-1] for tree in trees), fillvalue=0)
        self.levels = [*map(sum, below), *[1] * len(trees)]

    def outcome(self) -> Outcome:
        self.clock.after(self.costs.start_s, lambda: self.scan(0))
        self.clock.run()
        busy = {name: each.busy_s / each.count / self.processed_at for name, each in self.servers.items()}
        busy["slots"] = self.taken_s / self.fleet.shards_in_flight / self.processed_at
        return Outcome(
            seconds=self.clock.now,
            assembly_s=self.clock.now - self.processed_at,
            busy=busy,
            compositions=sum(self.levels),
            owner_mb=self.work.shards * self.costs.owner_bytes_per_shard / 1e6,
            takeover_s=self.work.shards / READERS * self.cloud.storage_s,
        )

    def do(self, server: str, seconds: float, then: Then) -> None:
        self.servers[server].work(seconds * self.slower, then)

    def rows_of(self, index: int) -> int:
        return min(self.work.rows_a_shard, self.work.rows - index * self.work.rows_a_shard)

    def scan(self, index: int) -> None:
        if index == self.work.shards:
            return
        rows = self.rows_of(index)
        mb = rows * self.work.row_bytes / 1e6
        cpu_s = mb * self.costs.scan_s_per_mb
        stream_s = max(0.0, mb / self.cloud.read_mb_per_s - cpu_s * self.slower)  # read ahead while it scans

        def planned() -> None:
            self.waiting.append(rows)
            self.begin()
            self.scan(index + 1)

        self.do("scan", cpu_s, lambda: self.clock.after(stream_s, planned))

    def begin(self) -> None:
        while self.free and self.waiting:
            self.free -= 1
            self.shard(self.waiting.popleft())

    def shard(self, rows: int) -> None:
        self.taken_s -= self.clock.now
        costs, cloud, after = self.costs, self.cloud, self.clock.after
        missing = 2

        def read() -> None:
            self.do("attributes", costs.read.of(rows), side_by_side)

        def side_by_side() -> None:
            self.do("cleaners", costs.clean.of(rows), joined)
            # Its CPU or, of slow hosts, its connections: the scarcer sets a fetcher's pace.
            seconds = max(costs.images.of(rows), rows * cloud.image_s / self.fleet.images_in_flight / self.slower)
            self.do("fetchers", seconds, lambda: after(cloud.image_s, lambda: self.bucket.admit(rows, joined)))

        def joined() -> None:
            nonlocal missing
            missing -= 1
            if not missing:
                self.do("writers", costs.write.of(rows), lambda: after(self.part_writes * cloud.storage_s, written))

        def written() -> None:
            self.bucket.admit(self.part_writes, self.done)

        if self.others is not None:
            self.others.work(costs.other.of(rows) * self.slower, lambda: None)
        self.do("owner", costs.owner.of(rows), lambda: after(cloud.storage_s, read))

    def done(self) -> None:
        self.taken_s += self.clock.now
        self.free += 1
        self.left -= 1
        self.begin()
        if not self.left:
            self.processed_at = self.clock.now
            assemble_s = self.work.shards * self.costs.assemble_s_per_shard
            self.clock.after(assemble_s * self.slower, lambda: self.compose(0))

    def compose(self, level: int) -> None:
        if level < len(self.levels):
            rounds = math.ceil(self.levels[level] / COMPOSERS)
            self.clock.after(rounds * self.cloud.compose_s, lambda: self.compose(level + 1))


def simulate(work: Work, fleet: Fleet, costs: Costs, cloud: Cloud) -> Outcome:
    """Plays the whole run."""
    return _Simulation(work, fleet, costs, cloud).outcome()


def levels(objects: int) -> Iterator[int]:
    """How many compositions each level of the tree has that joins a header and so many objects, the lowest first."""
    while objects >= COMPOSE_LIMIT:
        objects = math.ceil(objects / COMPOSE_LIMIT)
        yield objects
    if objects:
        yield 1
