"""One call of a stage: tried again as its policy says, kept apart where it kills actors, traced.

Here is decided whether what failed is tried again: `actors.errors` says which failures may pass, `StagePolicies` how
often and how long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Generic, TypeVar

from opentelemetry import trace

from actors.errors import Code, DropforgeError
from actors.model.attempt import Attempt
from actors.model.drop import Shard
from actors.model.handoff import Handoff
from actors.model.run import Run
from actors.model.stage import Stage
from actors.retry import RetryPolicy
from serve_app.config.retry_policies import StagePolicies
from serve_app.monitoring.tracing import Tracing

from .quarantine import Quarantine

T = TypeVar("T")
OnRetry = Callable[[Stage, DropforgeError], None]
"""Gets a stage and the failure after which it is tried again."""

_SUSPECT_AFTER = 2
"""Actor deaths in a shard's company after which it is tried alone: one may be another shard's doing."""

BISECTING = RetryPolicy(attempts=2, total_s=120, first_delay_s=0.2)
"""Deaths that a piece under bisection may cause, each of them alone with its actor, before it is split."""


class StageError(DropforgeError):
    """A stage's failure once its retries are used up: which stage, after how many attempts since when."""

    def __init__(self, error: DropforgeError, stage: Stage, attempts: int, first_at: datetime) -> None:
        super().__init__(error.code, error.message, retry_after_s=error.retry_after_s)
        self.stage = stage
        self.attempts = attempts
        self.first_at = first_at


def subject_of(run: Run, shard: Shard) -> str:
    """The shard, as messages name it."""
    last_row = shard.first_row + shard.rows - 1
    return f"{run.drop.uri} shard {shard.index} (rows {shard.first_row} to {last_row})"


def about(shard: Shard) -> dict[str, int]:
    """The shard, as its span's attributes name it."""
    return {"shard": shard.index, "rows": shard.rows, "first_row": shard.first_row}


def quarantines() -> dict[Stage, Quarantine]:
    """One a stage: what the runs of one process share."""
    return {stage: Quarantine() for stage in Stage}


class StageCalls:
    """Calls for one run. `policies` is read at each call, so a changed policy reaches runs under way."""

    def __init__(
        self,
        policies: Callable[[], StagePolicies],
        quarantines: Mapping[Stage, Quarantine],
        on_retry: OnRetry,
        tracing: Tracing,
        *,
        bisecting: RetryPolicy = BISECTING,
    ) -> None:
        self._policies = policies
        self._bisecting = bisecting
        self._quarantines = quarantines
        self._on_retry = on_retry
        self._tracing = tracing

    async def call(self, stage: Stage, subject: str, call: Callable[[Attempt], Awaitable[T]], attempt: Attempt) -> T:
        """The result of `call`, which gets this attempt at first, and after a failure the one that follows it.

        An attempt that bisects keeps every other call of the stage out meanwhile. Raises `StageError`; its code is
        `POISON_SHARD` where the subject alone kept killing the stage's actors.
        """
        policy = self._bisecting if attempt.bisecting else self._policies().of(stage)
        made = _Call(self, self._quarantines[stage], stage, subject, call, attempt)
        with self._tracing.span(stage, {"stage": stage}) as span:
            try:
                result = await policy.call(
                    made.once,
                    subject=f"{subject}, stage {stage}",
                    retryable=lambda error: error.retryable and error.code is not Code.OBJECT_LOST,
                    on_retry=made.failed,
                )
            except DropforgeError as error:
                raise made.end(error) from error
            if isinstance(result, Handoff):
                span.set_attribute("dropforge.work_s", result.seconds)
            return result

    async def from_the_start(
        self, subject: str, attributes: Mapping[str, int], process: Callable[[Attempt], Awaitable[T]], attempt: Attempt
    ) -> T:
        """The result of a whole shard, which starts over where an input of a stage was lost.

        Any other failure has had its stage's retries.
        """
        attempts = _attempts(attempt)
        with self._tracing.span(Stage.SHARD, attributes):
            return (
                await self._policies()
                .of(Stage.SHARD)
                .call(
                    lambda: process(next(attempts)),
                    subject=subject,
                    retryable=lambda error: error.code is Code.OBJECT_LOST,
                    on_retry=lambda error, number: self.retried(Stage.SHARD, error, number),
                )
            )

    def retried(self, stage: Stage, error: DropforgeError, number: int) -> None:
        """Notes on the span under way, and says to `on_retry`, that the try of this number failed."""
        attributes = {"error.type": str(error.code), "error.message": error.message, "dropforge.attempt": str(number)}
        trace.get_current_span().add_event("retry", attributes)
        self._on_retry(stage, error)


class _Call(Generic[T]):
    """A call under way: how often it was tried, and how many actors died of it or beside it."""

    def __init__(
        self,
        calls: StageCalls,
        quarantine: Quarantine,
        stage: Stage,
        subject: str,
        call: Callable[[Attempt], Awaitable[T]],
        attempt: Attempt,
    ) -> None:
        self._calls = calls
        self._quarantine = quarantine
        self._stage = stage
        self._subject = subject
        self._call = call
        self._bisecting = attempt.bisecting
        self._attempts = _attempts(attempt)
        self._first_at = datetime.now(UTC)
        self._tries = 1
        self._deaths = 0

    @property
    def _suspect(self) -> bool:
        return self._bisecting or self._deaths >= _SUSPECT_AFTER

    async def once(self) -> T:
        async with self._quarantine.admit(suspect=self._suspect):
            return await self._call(next(self._attempts))

    def failed(self, error: DropforgeError, number: int) -> None:
        """The try of this number failed, and another one follows."""
        self._tries = number + 1
        self._deaths += error.code is Code.ACTOR_DIED
        self._calls.retried(self._stage, error, number)

    def end(self, error: DropforgeError) -> StageError:
        """What the last failure means for the shard."""
        if error.code is Code.ACTOR_DIED and self._suspect:
            error = DropforgeError(
                Code.POISON_SHARD,
                f"{self._subject} killed the {self._stage} actor {self._deaths + 1} times, the last time as its only "
                f"work. A replay splits the shard to find the row that does it. {error.message}",
            )
        return StageError(error, self._stage, self._tries, self._first_at)


def _attempts(attempt: Attempt) -> Iterator[Attempt]:
    return chain((attempt,), repeat(attempt.again()))
