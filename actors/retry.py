"""Retry policies, and the classification of exceptions as transient or permanent failures."""

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
    """How often and how long a stage is retried. Both limits apply: attempts and total time.

    Time counts from the first failure on: however long an attempt has waited for its turn, or worked until it failed,
    it is tried again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(5, ge=1, description="maximum number of attempts, including the first one")
    total_s: float = Field(
        120.0, gt=0, description="no attempt starts later than this after the first failure, seconds"
    )
    first_delay_s: float = Field(
        0.2, ge=0, description="delay before the second attempt, doubled for each further one, seconds"
    )
    longest_delay_s: float = Field(10.0, ge=0, description="maximum delay between two attempts, seconds")
    jitter_s: float = Field(0.5, ge=0, description="maximum random time added to each delay, seconds")

    async def call(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        subject: str,
        retryable: Callable[[DropforgeError], bool] = lambda error: error.retryable,
        on_retry: Callable[[DropforgeError, int], None] = lambda error, attempt: None,
    ) -> T:
        """The result of `attempt()`, retried until it succeeds, its failure is not `retryable`, or a limit is reached.

        Every failure is raised as a `DropforgeError` that names `subject`. `on_retry` is called before each retry with
        the failure and the number of the attempt that failed.
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
        try:
            return await once()
        except DropforgeError as error:
            if self.attempts == 1 or not retryable(error):
                raise
            first: DropforgeError | None = error

        async def again() -> T:
            nonlocal first
            if first is not None:
                failure, first = first, None
                raise failure
            return await once()

        # tenacity (9.2) is begun only after a failure: it keeps each result in a reference cycle until the garbage
        # collector runs, and for an image takes more CPU time than the requests.
        return await AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, DropforgeError) and retryable(error)),
            stop=stop_after_attempt(self.attempts) | stop_before_delay(self.total_s),
            wait=wait,
            before_sleep=told,
            reraise=True,
        )(again)


def classify(error: BaseException, subject: str) -> DropforgeError:
    """The `DropforgeError` for an exception of a call about `subject`.

    Ray's exceptions form families, and some appear only as the cause of another: a task's error wraps the actor's own,
    and chained Serve responses wrap an actor's death in `RayServeException` (Ray 2.60). The first known exception in
    the chain decides; if there is none, the code is `INTERNAL`.
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
    """The exception and its causes, outermost first. Ray keeps the original exception in `RayTaskError.cause`."""
    links: list[BaseException] = []
    while error is not None and error not in links:
        links.append(error)
        cause = getattr(error, "cause", None)
        context = None if error.__suppress_context__ else error.__context__
        error = cause if isinstance(cause, BaseException) else error.__cause__ or context
    return links


def _passing_code(error: BaseException) -> Code | None:
    # Ray's classes are found by name in the MRO, because importing Ray takes seconds, and the command line needs none.
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
