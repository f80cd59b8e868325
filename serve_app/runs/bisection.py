"""A shard that kills actors, split until the row at fault, or its product, stands alone and becomes a reject."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from actors.errors import Code
from actors.model.attempt import RESUMED, Attempt
from actors.model.drop import Shard
from actors.model.handoff import Piece
from actors.model.plan import PlanStart
from actors.model.run import Run
from actors.model.stage import Stage

from .stage_call import StageCalls, StageError, subject_of
from .stages import Stages


class MakePiece(Protocol):
    """`Pipeline.piece`."""

    def __call__(self, start: PlanStart, shard: Shard, attempt: Attempt) -> Awaitable[Piece]: ...


class Bisection:
    """The pieces of one shard.

    Which of them kill actors, and how, is kept for when the shard starts over: an actor that one piece kills takes
    along what it had made of another, and would so each time.
    """

    def __init__(self, run: Run, start: PlanStart, stages: Stages, calls: StageCalls, piece: MakePiece) -> None:
        self._run = run
        self._start = start
        self._stages = stages
        self._calls = calls
        self._piece = piece
        self._condemned: dict[Shard, str] = {}

    async def pieces(self, shard: Shard, attempt: Attempt) -> list[Piece]:
        """The shard whole where no actor dies of it, else as pieces, in file order. Raises `StageError`."""
        if shard not in self._condemned:
            try:
                return [await self._piece(self._start, shard, attempt)]
            except StageError as error:
                if error.code is not Code.POISON_SHARD:
                    raise
                self._condemned[shard] = error.message
        run, start, stages = self._run, self._start, self._stages
        subject = subject_of(run, shard)
        halves: tuple[Shard, ...] = (shard,)
        if shard.rows > 1:
            halves = await self._calls.call(Stage.READ, subject, lambda _: stages.halves(run, start, shard), RESUMED)
        if len(halves) == 1:
            detail = self._condemned[shard]
            rejected = await self._calls.call(
                Stage.READ, subject, lambda _: stages.reject(run, start, shard, detail), RESUMED
            )
            return [Piece(rejected, None, None)]
        # One after the other: they would have to wait for their turn alone anyway.
        return [piece for half in halves for piece in await self.pieces(half, attempt)]
