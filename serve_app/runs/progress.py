"""How far the runs are that this process drives: counted in memory, for people to watch.

Nothing depends on it. What another process drives is known from the bucket alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.errors import DropforgeError
from actors.model.drop import Shard
from actors.model.failure import Failure
from actors.model.part import Counts, PartRecord
from actors.model.run import Run
from actors.model.stage import Stage
from serve_app.model.run_state import RunState
from serve_app.model.shard_state import ShardState


@dataclass(slots=True)
class Progress:
    """One run's counters since this process took it.

    `run` is None until its record is read, `driven` says that it has its slot and its lease. `planned` is how many
    shards are known so far, `states` those of them that are not waiting; `began` is of the monotonic clock.
    """

    run: Run | None = None
    driven: bool = False
    planned: int = 0
    plan_complete: bool = False
    assembling: bool = False
    done: int = 0
    reused: int = 0
    failed: int = 0
    in_flight: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    stage_s: Counter[Stage] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)
    failures: list[Failure] = field(default_factory=list)
    states: dict[int, ShardState] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float | None:
        """Seconds that the shards still to do take at the pace so far; None where that can't be told yet."""
        here = self.done - self.reused
        if not self.plan_complete or not here:
            return None
        return (time.monotonic() - self.began) / here * max(0, self.planned - self.done - self.failed)

    @property
    def shard_states(self) -> list[ShardState]:
        """Of every shard known so far, in file order."""
        return [self.states.get(index, ShardState.WAITING) for index in range(self.planned)]

    @property
    def state(self) -> RunState:
        if not self.driven:
            return RunState.ACCEPTED
        if not self.plan_complete:
            return RunState.PLANNING
        return RunState.ASSEMBLING if self.assembling else RunState.PROCESSING

    def reuse(self, parts: Iterable[PartRecord]) -> None:
        for part in parts:
            self.reused += 1
            self.finish(part)

    def begin(self, shard: Shard) -> None:
        self.in_flight += 1
        self.states[shard.index] = ShardState.ACTIVE

    def finish(self, part: PartRecord) -> None:
        self.done += 1
        self.states[part.shard.index] = ShardState.DONE
        self.counts = Counts.total((self.counts, part.counts))
        self.stage_s.update(part.stage_s)

    def fail(self, failure: Failure) -> None:
        self.failed += 1
        self.failures.append(failure)
        if failure.shard is not None:
            self.states[failure.shard.index] = ShardState.FAILED

    def failed_before(self, shard: Shard) -> None:
        """An earlier owner, or an earlier try, has found this shard's end."""
        self.failed += 1
        self.states[shard.index] = ShardState.FAILED

    def retry(self, stage: Stage, error: DropforgeError) -> None:
        self.retries[f"{stage}:{error.code}"] += 1
