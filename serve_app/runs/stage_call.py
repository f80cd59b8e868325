"""One call of a stage: tried again as its policy says, kept apart where it kills actors, traced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from opentelemetry import trace

from actors.errors import Code, DropforgeError
from actors.model.handoff import Handoff
from actors.retry import RetryPolicy
from serve_app.config.retry_policies import StagePolicies
from serve_app.monitoring.tracing import Tracing

from .quarantine import Quarantine

T = TypeVar("T")
OnRetry = Callable[[str, DropforgeError], None]
"""Is told a stage and the failure after which it is tried again."""

_SUSPECT_AFTER = 2
"""Actor deaths in a shard's company after which it is tried alone: one may be another shard's doing."""

_BISECTING = RetryPolicy(attempts=2, total_s=120, first_delay_s=0.2)
"""Deaths that a piece under bisection may cause, each of them alone with its actor, before it is split."""


class StageError(DropforgeError):
    """A stage's failure once its retries are used up: which stage, after how many attempts since when."""

    def __init__(self, error: DropforgeError, stage: str, attempts: int, first_at: datetime) -> None:
        super().__init__(error.code, error.message)
        self.stage = stage
        self.attempts = attempts
        self.first_at = first_at


class StageCalls:
    """Calls of one run. `policies` is read at each call, so a changed policy reaches runs under way."""

    def __init__(
        self,
        policies: Callable[[], StagePolicies],
        quarantines: Mapping[str, Quarantine],
        on_retry: OnRetry,
        tracing: Tracing,
    ) -> None:
        self._policies = policies
        self._quarantines = quarantines
        self._on_retry = on_retry
        self._tracing = tracing

    async def call(self, stage: str, subject: str, call: Callable[[], Awaitable[T]], *, alone: bool = False) -> T:
        """The result of `call`; `alone` keeps every other call of the stage out meanwhile.

        Raises `StageError`; its code is `POISON_SHARD` where the subject alone kept killing the stage's actors.
        """
        policy: RetryPolicy = _BISECTING if alone else getattr(self._policies(), stage)
        quarantine = self._quarantines[stage]
        first_at = datetime.now(UTC)
        attempts, deaths = 1, 0

        async def once() -> T:
            async with quarantine.admit(suspect=alone or deaths >= _SUSPECT_AFTER):
                return await call()

        def told(error: DropforgeError, attempt: int) -> None:
            nonlocal attempts, deaths
            attempts = attempt + 1
            deaths += error.code is Code.ACTOR_DIED
            self.tell_retry(stage, error, attempt)

        with self._tracing.span(stage, {"stage": stage}) as span:
            try:
                result = await policy.call(
                    once,
                    subject=f"{subject}, stage {stage}",
                    retryable=lambda error: error.retryable and error.code is not Code.OBJECT_LOST,
                    on_retry=told,
                )
            except DropforgeError as error:
                if error.code is Code.ACTOR_DIED and (alone or deaths >= _SUSPECT_AFTER):
                    error = DropforgeError(
                        Code.POISON_SHARD,
                        f"{subject} ended the {stage} actor {deaths + 1} times, at last alone with it. A replay splits "
                        f"it until the row at fault is found. {error.message}",
                    )
                raise StageError(error, stage, attempts, first_at) from error
            if isinstance(result, Handoff):
                span.set_attribute("dropforge.work_s", result.seconds)
            return result

    def tell_retry(self, stage: str, error: DropforgeError, attempt: int) -> None:
        """Notes on the span under way, and tells `on_retry`, that the attempt of this number failed."""
        about = {"error.type": str(error.code), "error.message": error.message, "dropforge.attempt": str(attempt)}
        trace.get_current_span().add_event("retry", about)
        self._on_retry(stage, error)
