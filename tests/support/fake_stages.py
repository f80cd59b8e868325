"""The stages without Ray: they do no work on rows, but leave parts and manifests in the bucket as deployments do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from actors.errors import Code, DropforgeError
from actors.model.attempt import Attempt
from actors.model.drop import Shard
from actors.model.handoff import Handoff, Piece
from actors.model.manifest import Manifest
from actors.model.part import Counts, PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from actors.model.single_shard import FinishedRun, SingleShardRead
from actors.model.stage import Stage
from serve_app.runs.run_registry import RunRegistry
from serve_app.runs.stages import PlanStep

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a stage; `shard` is the index, and `attempt` what kind of attempt the image stage was told of."""

    method: str
    shard: int | None = None
    first_row: int = 0
    attempt: Attempt | None = None


@dataclass(slots=True)
class Fault:
    """The next `times` calls of this method, for this shard if one is named, raise `error`."""

    method: str
    error: Exception
    shard: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class _Ready:
    """A reference whose object is there."""

    value: Any

    def __await__(self) -> Generator[Any, None, Any]:
        return self.value
        yield


@dataclass
class FakeStages:
    """`plan` is what every drop has. A call of the cleaner with one of the `poison` rows ends its actor.

    `during` is awaited in each call, after it is noted in `calls` and before its fault.
    """

    registry: RunRegistry
    drop_plan: Plan
    poison: frozenset[int] = frozenset()
    product: frozenset[int] = frozenset()
    """The rows of a product, which is not split."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    during: Callable[[Call], Awaitable[None]] | None = None

    def called(self, method: str) -> list[int | None]:
        """The shards that this method was called for, in order."""
        return [call.shard for call in self.calls if call.method == method]

    async def plan(self, run: Run) -> AsyncIterator[PlanStep]:
        await self._enter(Call("plan"))
        start, shards = self.drop_plan.start, self.drop_plan.shards
        if len(shards) == 1:
            yield SingleShardRead(start, shards[0], _handoff(shards[0], shards[0].rows))
            return
        yield start
        for shard in shards:
            yield (shard,)
            self._raise("after a shard", shard.index)

    async def read(self, run: Run, start: PlanStart, shard: Shard) -> Handoff[Any]:
        await self._enter(Call("read", shard.index, shard.first_row))
        return _handoff(shard, shard.rows)

    async def halves(self, run: Run, start: PlanStart, shard: Shard) -> tuple[Shard, ...]:
        await self._enter(Call("halves", shard.index, shard.first_row))
        if self.product == {*range(shard.first_row, shard.first_row + shard.rows)}:
            return (shard,)
        rows, cut = shard.rows // 2, (shard.start + shard.end) // 2
        return (
            Shard(shard.index, shard.start, cut, shard.first_row, rows),
            Shard(shard.index, cut, shard.end, shard.first_row + rows, shard.rows - rows),
        )

    async def reject(self, run: Run, start: PlanStart, shard: Shard, detail: str) -> Handoff[Any]:
        await self._enter(Call("reject", shard.index, shard.first_row))
        return _handoff(shard, 0)

    async def clean(self, read: Handoff[Any]) -> Handoff[Any]:
        shard: Shard = await read.ref
        await self._enter(Call("clean", shard.index, shard.first_row))
        if self.poison & set(range(shard.first_row, shard.first_row + shard.rows)):
            raise DropforgeError(Code.ACTOR_DIED, "The cleaner died.")
        return _handoff(shard, shard.rows)

    async def fetch(self, run: Run, shard: Shard, read: Handoff[Any], attempt: Attempt) -> Handoff[Any]:
        await self._enter(Call("fetch", shard.index, shard.first_row, attempt))
        return _handoff(shard, shard.rows)

    async def write_part(self, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]) -> PartRecord:
        await self._enter(Call("write_part", shard.index))
        return self.registry.records(run.run_id).write_part(await _part(shard, pieces))

    async def finish(self, run: Run, start: PlanStart, shard: Shard, piece: Piece) -> FinishedRun:
        await self._enter(Call("finish", shard.index))
        part = await _part(shard, [piece])
        return FinishedRun(part, self._commit(run, [part], 0))

    async def assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        await self._enter(Call("assemble"))
        assert sorted(part.shard.index for part in parts) == [shard.index for shard in plan.shards]
        return self._commit(run, parts, shards_reused)

    def _commit(self, run: Run, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        manifest = Manifest(
            run_id=run.run_id,
            drop=run.drop,
            state="done",
            catalogue_name=run.catalogue_name,
            accepted_at=run.accepted_at,
            finished_at=datetime.now(UTC),
            shards=len(parts),
            shards_reused=shards_reused,
            counts=Counts.total(part.counts for part in parts),
            output=run.output,
            output_generation=1,
        )
        return self.registry.records(run.run_id).commit(manifest)

    async def _enter(self, call: Call) -> None:
        self.calls.append(call)
        if self.during is not None:
            await self.during(call)
        self._raise(call.method, call.shard)

    def _raise(self, method: str, shard: int | None) -> None:
        for fault in self.faults:
            if fault.times and fault.method == method and fault.shard in (None, shard):
                fault.times -= 1
                raise fault.error


def _handoff(shard: Shard, rows: int) -> Handoff[Any]:
    return Handoff(_Ready(shard), rows, seconds=0.001)


async def _part(shard: Shard, pieces: Sequence[Piece]) -> PartRecord:
    rows = sum(piece.read.rows for piece in pieces)
    poisoned = shard.rows - rows
    return PartRecord(
        shard=shard,
        rows_object=None,
        rejects_object=None,
        reasons_object=None,
        bytes_out=0,
        counts=Counts(records=shard.rows, rows_out=rows, rejects={Code.POISON_ROW: poisoned} if poisoned else {}),
        stage_s={Stage.READ: 0.001},
    )
