from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import ray.exceptions as ray_errors
from ray import ActorID, ObjectRef
from ray.exceptions import RayTaskError
from ray.serve import exceptions as serve_errors
from ray.serve._private.common import DeploymentID

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy, classify

OBJECT = ObjectRef.nil().hex()
ACTOR = ActorID.nil().binary()


def caused_by(outer: BaseException, cause: BaseException) -> BaseException:
    outer.__cause__ = cause
    return outer


def of_task(cause: Exception) -> Exception:
    """What a caller of a remote method gets where the method raised `cause`."""
    return RayTaskError("clean", "Traceback of the replica", cause).as_instanceof_cause()


def lost(kind: type[ray_errors.ObjectLostError]) -> BaseException:
    return kind(OBJECT, None, "")


RAY_FAMILIES: list[tuple[BaseException, Code]] = [
    (ray_errors.RayActorError(), Code.ACTOR_DIED),
    (ray_errors.ActorDiedError(), Code.ACTOR_DIED),
    (ray_errors.NodeDiedError("The node is gone."), Code.ACTOR_DIED),
    (ray_errors.WorkerCrashedError(), Code.ACTOR_DIED),
    (ray_errors.OutOfMemoryError("Killed for memory."), Code.ACTOR_DIED),
    (ray_errors.ActorUnavailableError("The connection broke.", ACTOR), Code.ACTOR_UNAVAILABLE),
    (ray_errors.LocalRayletDiedError(), Code.ACTOR_UNAVAILABLE),
    (ray_errors.RpcError("UNAVAILABLE"), Code.ACTOR_UNAVAILABLE),
    (serve_errors.DeploymentUnavailableError(DeploymentID("Cleaner", "dropforge")), Code.ACTOR_UNAVAILABLE),
    (serve_errors.ReplicaUnavailableError("No replica."), Code.ACTOR_UNAVAILABLE),
    (lost(ray_errors.ObjectLostError), Code.OBJECT_LOST),
    (lost(ray_errors.OwnerDiedError), Code.OBJECT_LOST),
    (lost(ray_errors.ObjectFetchTimedOutError), Code.OBJECT_LOST),
    (lost(ray_errors.ReferenceCountingAssertionError), Code.OBJECT_LOST),
    (lost(ray_errors.ObjectFreedError), Code.OBJECT_LOST),
    (ray_errors.ObjectReconstructionFailedError(OBJECT, None, "", ""), Code.OBJECT_LOST),
    (serve_errors.BackPressureError(num_queued_requests=3, max_queued_requests=2), Code.BACK_PRESSURE),
    (ray_errors.PendingCallsLimitExceeded("Too many calls."), Code.BACK_PRESSURE),
    (ray_errors.ObjectStoreFullError("Full."), Code.BACK_PRESSURE),
    (ray_errors.GetTimeoutError("Late."), Code.TIMEOUT),
]

OTHERS: list[tuple[BaseException, Code]] = [
    (TimeoutError(), Code.TIMEOUT),
    (ConnectionResetError("reset"), Code.CONNECTION_FAILED),
    (BrokenPipeError(), Code.CONNECTION_FAILED),
    (asyncio.IncompleteReadError(b"", 5), Code.CONNECTION_FAILED),
    (ValueError("a defect"), Code.INTERNAL),
    (ray_errors.RaySystemError("unknown"), Code.INTERNAL),
    (serve_errors.RayServeException("unknown"), Code.INTERNAL),
    (DropforgeError(Code.NOT_A_CSV, "It is a PDF."), Code.NOT_A_CSV),
]


def name_of(value: object) -> str | None:
    return type(value).__name__ if isinstance(value, BaseException) else str(value)


@pytest.mark.parametrize(("error", "code"), RAY_FAMILIES + OTHERS, ids=name_of)
def test_each_failure_has_its_code(error: BaseException, code: Code) -> None:
    assert classify(error, "Shard 3").code is code


@pytest.mark.parametrize(("error", "code"), RAY_FAMILIES, ids=name_of)
def test_ray_s_failures_may_pass(error: BaseException, code: Code) -> None:
    told = classify(error, "Shard 3")
    assert told.retryable
    assert str(told).startswith(f"{code}: Shard 3: {type(error).__name__}: ")


@pytest.mark.parametrize(("error", "code"), RAY_FAMILIES, ids=name_of)
def test_a_chained_response_hides_the_failure_in_its_cause(error: BaseException, code: Code) -> None:
    assert classify(caused_by(serve_errors.RayServeException("The upstream failed."), error), "").code is code


@pytest.mark.parametrize(("error", "code"), RAY_FAMILIES, ids=name_of)
def test_a_task_that_met_the_failure_itself(error: BaseException, code: Code) -> None:
    assert isinstance(error, Exception)
    assert classify(of_task(error), "").code is code


@pytest.mark.parametrize(("error", "code"), RAY_FAMILIES, ids=name_of)
def test_a_task_s_error_that_stands_for_its_cause(error: BaseException, code: Code) -> None:
    assert isinstance(error, Exception)
    task_error = RayTaskError("clean", "Traceback of the replica", error)
    task_error.__cause__ = None
    assert classify(task_error, "").code is code


def test_our_own_error_comes_back_whole_from_a_replica() -> None:
    ours = DropforgeError(Code.RATE_LIMITED, "The host asks for a pause.", retry_after_s=7.0)
    told = classify(of_task(ours), "Shard 3")
    assert type(told) is DropforgeError
    assert (told.code, told.message, told.retry_after_s) == (ours.code, ours.message, 7.0)


def test_our_own_error_decides_before_its_cause() -> None:
    error = caused_by(DropforgeError(Code.SOURCE_GONE, "Deleted."), ConnectionResetError())
    assert classify(error, "").code is Code.SOURCE_GONE


def test_a_failure_met_while_another_was_handled() -> None:
    error = RuntimeError("while tidying up")
    error.__context__ = ray_errors.ActorDiedError()
    assert classify(error, "").code is Code.ACTOR_DIED


def test_a_context_that_was_cut_off_says_nothing() -> None:
    error = ValueError("a defect")
    error.__context__ = TimeoutError()
    error.__suppress_context__ = True  # what `raise … from None` does
    assert classify(error, "").code is Code.INTERNAL


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert classify(one, "").code is Code.INTERNAL


def test_the_message_is_one_line_with_the_subject() -> None:
    told = classify(ValueError("first\nsecond"), "gs://in/a.csv shard 3")
    assert told.message == "gs://in/a.csv shard 3: ValueError: first"
    assert classify(ValueError(), "It").message == "It: ValueError: no message"


class Attempts:
    """Fails with each error in turn, then succeeds. Remembers when it was called, in seconds."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors = list(errors)
        self.at: list[float] = []

    async def __call__(self) -> str:
        self.at.append(asyncio.get_running_loop().time())
        if self._errors:
            raise self._errors.pop(0)
        return "done"

    @property
    def gaps(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.at, self.at[1:], strict=False)]


def quick(**changes: float) -> RetryPolicy:
    return RetryPolicy.model_validate({"first_delay_s": 0.001, "longest_delay_s": 0.002, "jitter_s": 0.0, **changes})


def passing(code: Code = Code.ACTOR_DIED, **more: float) -> DropforgeError:
    return DropforgeError(code, "It died.", **more)


async def test_it_is_tried_until_it_succeeds() -> None:
    attempt = Attempts(passing(), ray_errors.ActorDiedError(), TimeoutError())
    assert await quick(attempts=4).call(attempt, subject="It") == "done"
    assert len(attempt.at) == 4


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_it_ends_with_its_attempts(attempts: int) -> None:
    attempt = Attempts(*[passing(Code.TIMEOUT)] * 9)
    with pytest.raises(DropforgeError) as raised:
        await quick(attempts=attempts).call(attempt, subject="It")
    assert raised.value.code is Code.TIMEOUT
    assert len(attempt.at) == attempts


async def test_it_ends_with_its_total_time() -> None:
    attempt = Attempts(*[passing()] * 500)
    policy = quick(attempts=500, total_s=0.2, first_delay_s=0.03, longest_delay_s=0.03)
    with pytest.raises(DropforgeError):
        await policy.call(attempt, subject="It")
    assert attempt.at[-1] - attempt.at[0] < 0.5
    assert 2 <= len(attempt.at) <= 7


async def test_a_wait_beyond_the_total_time_is_not_waited() -> None:
    attempt = Attempts(*[passing(retry_after_s=60.0)] * 5)
    started = asyncio.get_running_loop().time()
    with pytest.raises(DropforgeError):
        await quick(total_s=0.5).call(attempt, subject="It")
    assert len(attempt.at) == 1
    assert asyncio.get_running_loop().time() - started < 0.5


async def test_an_attempt_that_took_long_to_fail_is_tried_again() -> None:
    made = 0

    async def waits_its_turn() -> str:
        nonlocal made
        made += 1
        if made == 1:
            await asyncio.sleep(0.3)
            raise passing()
        return "done"

    assert await quick(total_s=0.2).call(waits_its_turn, subject="It") == "done"


async def test_the_wait_that_was_asked_for_is_kept() -> None:
    attempt = Attempts(passing(Code.RATE_LIMITED, retry_after_s=0.1), passing())
    await quick().call(attempt, subject="It")
    assert attempt.gaps[0] >= 0.099
    assert attempt.gaps[1] < 0.099


async def test_delays_double_up_to_the_longest() -> None:
    attempt = Attempts(*[passing()] * 5)
    await quick(attempts=6, first_delay_s=0.02, longest_delay_s=0.05).call(attempt, subject="It")
    for gap, delay in zip(attempt.gaps, [0.02, 0.04, 0.05, 0.05, 0.05], strict=True):
        assert gap >= delay - 0.002
    assert attempt.gaps[-1] < 0.3  # doubled again and again it would be 0.32


@pytest.mark.parametrize(
    "error",
    [
        DropforgeError(Code.NOT_A_CSV, "It is a PDF."),
        DropforgeError(Code.POISON_SHARD, "It kills its actor."),
        DropforgeError(Code.BAD_SETTINGS, "Wrong."),
        ValueError("a defect"),
        of_task(DropforgeError(Code.MISSING_COLUMN, "No brand.")),
    ],
    ids=name_of,
)
async def test_what_can_t_pass_is_raised_at_once(error: Exception) -> None:
    attempt = Attempts(error)
    told: list[int] = []
    with pytest.raises(DropforgeError) as raised:
        await quick().call(attempt, subject="It", on_retry=lambda _, number: told.append(number))
    assert raised.value.code is classify(error, "").code
    assert (len(attempt.at), told) == (1, [])


async def test_the_caller_decides_what_is_tried_again() -> None:
    attempt = Attempts(passing(Code.OBJECT_LOST), passing(Code.TIMEOUT))
    with pytest.raises(DropforgeError) as raised:
        await quick().call(attempt, subject="It", retryable=lambda error: error.code is Code.OBJECT_LOST)
    assert raised.value.code is Code.TIMEOUT
    assert len(attempt.at) == 2


async def test_on_retry_is_told_each_failure_that_is_tried_again() -> None:
    told: list[tuple[Code, int]] = []
    attempt = Attempts(passing(Code.TIMEOUT), passing(Code.ACTOR_DIED), passing(Code.OBJECT_LOST))
    with pytest.raises(DropforgeError):
        await quick(attempts=3).call(
            attempt, subject="It", on_retry=lambda error, number: told.append((error.code, number))
        )
    assert told == [(Code.TIMEOUT, 1), (Code.ACTOR_DIED, 2)]


@pytest.mark.parametrize("attempts", [1, 3])
async def test_a_failure_of_ours_keeps_its_cause(attempts: int) -> None:
    failure = DropforgeError(Code.TIMEOUT, "It did not answer.")
    cause = TimeoutError()

    async def attempt() -> None:
        raise failure from cause

    with pytest.raises(DropforgeError) as raised:
        await quick(attempts=attempts).call(attempt, subject="gs://in/a.csv, stage clean")
    assert raised.value is failure
    assert failure.__cause__ is cause


async def test_the_failure_names_its_subject_and_keeps_its_cause() -> None:
    cause = ValueError("a defect")
    with pytest.raises(DropforgeError, match=r"internal: gs://in/a\.csv, stage clean: ValueError: a defect") as raised:
        await quick().call(Attempts(cause), subject="gs://in/a.csv, stage clean")
    assert raised.value.__cause__ is cause


async def test_a_cancelled_call_is_not_tried_again() -> None:
    attempt = Attempts(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await quick().call(attempt, subject="It")
    assert len(attempt.at) == 1


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"total_s": 0}, {"first_delay_s": -1}, {"jitter_s": -0.1}, {"attemps": 3}], ids=str
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    build: Callable[[], RetryPolicy] = lambda: RetryPolicy.model_validate(wrong)  # noqa: E731
    with pytest.raises(ValueError, match=next(iter(wrong))):
        build()
