"""Retry policies, and the one predicate that says which failures may pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from .errors import Code, DropforgeError

T = TypeVar("T")


class RetryPolicy(BaseModel):
    """How often and how long a stage tries again. Attempts and total time both end it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(5, ge=1, description="tries in all, the first one included")
    total_s: float = Field(120.0, gt=0, description="no new try after this many seconds")
    first_delay_s: float = Field(0.2, ge=0, description="seconds before the second try; doubled for each further one")
    longest_delay_s: float = Field(10.0, ge=0, description="most seconds between two tries")
    jitter_s: float = Field(0.5, ge=0, description="up to this many random seconds are added to each delay")

    async def call(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        subject: str,
        retryable: Callable[[DropforgeError], bool] = lambda error: error.retryable,
        on_retry: Callable[[DropforgeError, int], None] = lambda error, attempt: None,
    ) -> T:
        """Awaits `attempt()` until it succeeds, its failure is not `retryable`, or the policy is used up.

        Every failure reaches the caller as a `DropforgeError` that names `subject`. `on_retry` is told the
        failure and the number of the attempt it ended.
        """

        async def once() -> T:
            try:
                return await attempt()
            except Exception as error:
                failure = classify(error, subject)
                if failure is error:
                    raise  # as it is: `from` would make it its own cause, and its real one would be lost
                raise failure from error

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after_s if isinstance(error, DropforgeError) else None
            return max(asked or 0.0, exponential(state))

        def told(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, DropforgeError):
                on_retry(error, state.attempt_number)

        exponential = wait_exponential_jitter(
            multiplier=self.first_delay_s, max=self.longest_delay_s, jitter=self.jitter_s
        )
        return await AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, DropforgeError) and retryable(error)),
            stop=stop_after_attempt(self.attempts) | stop_before_delay(self.total_s),
            wait=wait,
            before_sleep=told,
            reraise=True,
        )(once)


def classify(error: BaseException, subject: str) -> DropforgeError:
    """The `DropforgeError` that an exception of a stage call means.

    Ray's failures come in families, some only as the cause of another exception: a task's error wraps the
    actor's own, and chained Serve responses wrap an actor's death in `RayServeException`. The first
    exception along the chain that says something decides; one that nothing is known of is `INTERNAL`.
    """
    for link in _chain(error):
        if isinstance(link, DropforgeError):
            original = getattr(link, "cause", None)  # Ray re-raises ours as a type that is both its own and ours
            return original if isinstance(original, DropforgeError) else link
        code = _passing_code(link)
        if code is not None:
            return DropforgeError(code, f"{subject}: {type(link).__name__}: {_first_line(link)}")
    return DropforgeError(Code.INTERNAL, f"{subject}: {type(error).__name__}: {_first_line(error)}")


def _chain(error: BaseException | None) -> list[BaseException]:
    """The exception and its causes, outermost first; `RayTaskError.cause` is where Ray keeps the original."""
    links: list[BaseException] = []
    while error is not None and error not in links:
        links.append(error)
        cause = getattr(error, "cause", None)
        context = None if error.__suppress_context__ else error.__context__
        error = cause if isinstance(cause, BaseException) else error.__cause__ or context
    return links


def _passing_code(error: BaseException) -> Code | None:
    # Ray is asked by name along the MRO: importing it costs seconds, and the command line classifies too.
    names = {base.__name__ for base in type(error).__mro__ if base.__module__.startswith("ray")}
    for code, family in _RAY_FAMILIES:
        if names & family:
            return code
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)):
        return Code.TIMEOUT
    if isinstance(error, (ConnectionError, asyncio.IncompleteReadError)):
        return Code.CONNECTION_FAILED
    return None


_RAY_FAMILIES: tuple[tuple[Code, frozenset[str]], ...] = (
    (Code.BACK_PRESSURE, frozenset({"BackPressureError", "PendingCallsLimitExceeded", "ObjectStoreFullError"})),
    (Code.OBJECT_LOST, frozenset({"ObjectLostError"})),
    (Code.ACTOR_UNAVAILABLE, frozenset({"ActorUnavailableError", "DeploymentUnavailableError", "RpcError"})),
    (Code.ACTOR_UNAVAILABLE, frozenset({"ReplicaUnavailableError", "LocalRayletDiedError"})),
    (Code.ACTOR_DIED, frozenset({"RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError"})),
    (Code.TIMEOUT, frozenset({"GetTimeoutError"})),
)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else "no message"
