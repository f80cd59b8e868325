"""A run's shards through the stages, each call under its retry policy.

A shard is read once; cleaning and image fetching go side by side on the same frame, passed by reference; the writer
joins them. Every call may run twice, and a second part of a shard changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from actors import side_by_side
from actors.model.attempt import NEW, RESUMED, Attempt
from actors.model.drop import Shard
from actors.model.handoff import Handoff, Piece, ReadShard
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from actors.model.single_shard import SingleShardRead
from actors.model.stage import Stage

from .bisection import Bisection
from .single_shard import SingleShard
from .stage_call import StageCalls, about, subject_of
from .stages import Stages


@dataclass(frozen=True, slots=True)
class PlannedShard:
    """A shard as the scan finds it; `single` where it is the drop's only one, read already."""

    start: PlanStart
    shard: Shard
    single: SingleShardRead | None = None


Dispatch = Callable[[PlannedShard], Awaitable[None]]


class Pipeline:
    """The stages of one run. Every method raises `StageError` once a stage's retries are used up."""

    def __init__(self, run: Run, stages: Stages, calls: StageCalls) -> None:
        self._run = run
        self._stages = stages
        self._calls = calls

    async def plan(self, dispatch: Dispatch) -> Plan:
        """Scans the drop; each shard is given to `dispatch` while the scan goes on.

        A scan that breaks off starts again and finds the same shards: those dispatched before are passed over.
        """
        scan = _Scan(self._run, self._stages, dispatch)
        return await self._calls.call(Stage.PLAN, f"Planning {self._run.drop.uri}", scan.once, NEW)

    async def part(self, start: PlanStart, shard: Shard, attempt: Attempt) -> PartRecord:
        """Takes one shard through all stages to its part.

        The code is `POISON_SHARD` where the shard alone kept killing a stage's actors.
        """
        bisection = Bisection(self._run, start, self._stages, self._calls, self.piece) if attempt.bisecting else None

        async def process(attempt: Attempt) -> PartRecord:
            pieces = await bisection.pieces(shard, attempt) if bisection else [await self.piece(start, shard, attempt)]
            return await self._calls.call(
                Stage.WRITE,
                subject_of(self._run, shard),
                lambda _: self._stages.write_part(self._run, start, shard, pieces),
                # A write that kills its actor is no reason to split the shard: the pieces are known to be good.
                RESUMED,
            )

        return await self._calls.from_the_start(subject_of(self._run, shard), about(shard), process, attempt)

    def single_shard(self, read: SingleShardRead) -> SingleShard:
        """The short cut for a drop's only shard."""
        return SingleShard(self._run, self._stages, self._calls, self.piece, read)

    async def assemble(self, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        """Composes the output of all parts and commits the manifest."""
        return await self._calls.call(
            Stage.ASSEMBLE,
            f"Assembling {self._run.drop.uri}",
            lambda _: self._stages.assemble(self._run, plan, parts, shards_reused),
            RESUMED,
        )

    async def piece(
        self, start: PlanStart, shard: Shard, attempt: Attempt, read: Handoff[ReadShard] | None = None
    ) -> Piece:
        """All stages' results for a shard, or for a part of one, read unless `read` is given."""
        run, stages, calls, subject = self._run, self._stages, self._calls, subject_of(self._run, shard)
        if read is None:
            read = await calls.call(Stage.READ, subject, lambda _: stages.read(run, start, shard), attempt)
        if not read.rows:
            return Piece(read, None, None)
        given = read
        cleaning = calls.call(Stage.CLEAN, subject, lambda _: stages.clean(given), attempt)
        if not run.fetch_images:
            return Piece(read, await cleaning, None)
        imaging = calls.call(Stage.IMAGES, subject, lambda attempt: stages.fetch(run, shard, given, attempt), attempt)
        return Piece(read, *await side_by_side.both(cleaning, imaging))


class _Scan:
    """The scan of a drop, from its start each time; `_found` are the shards dispatched so far."""

    def __init__(self, run: Run, stages: Stages, dispatch: Dispatch) -> None:
        self._run = run
        self._stages = stages
        self._dispatch = dispatch
        self._found: list[Shard] = []
        self._passed = 0

    async def once(self, _: Attempt) -> Plan:
        start: PlanStart | None = None
        self._passed = 0
        async for step in self._stages.plan(self._run):
            if isinstance(step, PlanStart):
                start = step
            elif isinstance(step, SingleShardRead):
                start = step.start
                await self._pass_on(PlannedShard(start, step.shard, step))
            else:
                assert start is not None
                for shard in step:
                    await self._pass_on(PlannedShard(start, shard))
        assert start is not None
        return Plan(start=start, shards=tuple(self._found))

    async def _pass_on(self, planned: PlannedShard) -> None:
        self._passed += 1
        if self._passed > len(self._found):
            self._found.append(planned.shard)
            await self._dispatch(planned)
