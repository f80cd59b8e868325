"""The short cut of a drop of one shard, as a run takes it; `actors.model.single_shard` says what it saves."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from actors.model.attempt import Attempt
from actors.model.drop import Shard
from actors.model.handoff import Handoff, Piece, ReadShard
from actors.model.plan import PlanStart
from actors.model.run import Run
from actors.model.single_shard import FinishedRun, SingleShardRead
from actors.model.stage import Stage

from .stage_call import StageCalls, about, subject_of
from .stages import Stages


class MakePiece(Protocol):
    """`Pipeline.piece`."""

    def __call__(
        self, start: PlanStart, shard: Shard, attempt: Attempt, read: Handoff[ReadShard] | None
    ) -> Awaitable[Piece]: ...


class SingleShard:
    """A drop's only shard, read already: through the stages and into the output, without a part of its own.

    Only a new attempt may take it. Where it fails, its run has neither plan nor part, and the plan must be written for
    the replay, which goes the way of many shards.
    """

    def __init__(self, run: Run, stages: Stages, calls: StageCalls, piece: MakePiece, read: SingleShardRead) -> None:
        self._run = run
        self._stages = stages
        self._calls = calls
        self._piece = piece
        self._read = read

    async def finish(self, attempt: Attempt) -> FinishedRun:
        """Raises `StageError`; its code is `POISON_SHARD` where the shard alone kept killing a stage's actors."""
        shard = self._read.shard
        return await self._calls.from_the_start(subject_of(self._run, shard), about(shard), self._process, attempt)

    async def _process(self, attempt: Attempt) -> FinishedRun:
        start, shard = self._read.start, self._read.shard
        # When it starts over, what was read is lost.
        piece = await self._piece(start, shard, attempt, self._read.read if attempt.new else None)
        return await self._calls.call(
            Stage.WRITE,
            subject_of(self._run, shard),
            lambda _: self._stages.finish(self._run, start, shard, piece),
            attempt,
        )
