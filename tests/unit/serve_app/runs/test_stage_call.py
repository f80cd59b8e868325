"""Where is decided whether what failed is tried again."""

from __future__ import annotations

import asyncio
import pickle
from datetime import UTC, datetime

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW, RESUMED, Attempt
from actors.model.stage import Stage
from serve_app.config.retry_policies import StagePolicies
from serve_app.monitoring.tracing import Tracing
from serve_app.runs.quarantine import Quarantine
from serve_app.runs.stage_call import BISECTING, StageCalls, StageError, quarantines
from tests.support.core import AT_ONCE, ATTEMPTS, eventually

POLICIES = StagePolicies(**dict.fromkeys(StagePolicies.model_fields, AT_ONCE))


class Calls:
    """Stage calls, and what is tried: each try raises the next of `errors`, then they succeed."""

    def __init__(self, *errors: Exception) -> None:
        self.policies = POLICIES
        self.quarantines: dict[Stage, Quarantine] = quarantines()
        self.retries: list[tuple[Stage, Code]] = []
        self.calls = StageCalls(
            lambda: self.policies,
            self.quarantines,
            lambda stage, error: self.retries.append((stage, error.code)),
            Tracing(""),
            bisecting=AT_ONCE.model_copy(update={"attempts": BISECTING.attempts}),
        )
        self.attempts: list[Attempt] = []
        self._errors = list(errors)

    async def once(self, attempt: Attempt) -> str:
        self.attempts.append(attempt)
        if self._errors:
            raise self._errors.pop(0)
        return "done"

    async def clean(self, attempt: Attempt = NEW) -> str:
        return await self.calls.call(Stage.CLEAN, "A shard", self.once, attempt)


def passing(code: Code = Code.TIMEOUT) -> DropforgeError:
    return DropforgeError(code, "Not now.")


async def test_what_may_pass_is_tried_again() -> None:
    calls = Calls(passing(), ConnectionResetError())
    assert await calls.clean() == "done"
    assert calls.retries == [(Stage.CLEAN, Code.TIMEOUT), (Stage.CLEAN, Code.CONNECTION_FAILED)]


async def test_the_second_try_of_a_new_attempt_is_no_longer_new() -> None:
    calls = Calls(passing(), passing())
    await calls.clean(NEW)
    assert calls.attempts == [NEW, RESUMED, RESUMED]


@pytest.mark.parametrize("code", [Code.INTERNAL, Code.NOT_A_CSV, Code.OBJECT_LOST])
async def test_what_a_retry_can_t_cure_is_not_tried_again(code: Code) -> None:
    calls = Calls(passing(code))
    with pytest.raises(StageError) as raised:
        await calls.clean()
    assert (raised.value.code, raised.value.attempts, calls.retries) == (code, 1, [])


async def test_a_stage_error_says_how_often_and_since_when() -> None:
    before = datetime.now(UTC)
    calls = Calls(*[passing() for _ in range(ATTEMPTS)])
    with pytest.raises(StageError) as raised:
        await calls.clean()
    assert (raised.value.stage, raised.value.attempts) == (Stage.CLEAN, ATTEMPTS)
    assert before <= raised.value.first_at <= datetime.now(UTC)


async def test_a_changed_policy_reaches_the_next_call() -> None:
    calls = Calls(passing(), passing())
    calls.policies = POLICIES.model_copy(update={"clean": AT_ONCE.model_copy(update={"attempts": 1})})
    with pytest.raises(StageError):
        await calls.clean()
    calls.policies = POLICIES
    assert await calls.clean() == "done"


async def test_a_shard_starts_over_where_an_input_is_lost() -> None:
    calls = Calls(passing(Code.OBJECT_LOST))
    assert await calls.calls.from_the_start("A shard", {}, calls.once, NEW) == "done"
    assert calls.attempts == [NEW, RESUMED]
    assert calls.retries == [(Stage.SHARD, Code.OBJECT_LOST)]


async def test_a_shard_starts_over_for_nothing_else() -> None:
    calls = Calls(passing(Code.TIMEOUT))
    with pytest.raises(DropforgeError) as raised:
        await calls.calls.from_the_start("A shard", {}, calls.once, NEW)
    assert (raised.value.code, len(calls.attempts)) == (Code.TIMEOUT, 1)


async def test_a_subject_that_alone_kills_its_actor_is_poison() -> None:
    calls = Calls(*[passing(Code.ACTOR_DIED) for _ in range(ATTEMPTS)])
    with pytest.raises(StageError, match="A shard killed the clean actor 3 times") as raised:
        await calls.clean()
    assert raised.value.code is Code.POISON_SHARD


async def test_one_death_among_other_failures_is_no_poison() -> None:
    calls = Calls(passing(Code.ACTOR_DIED), passing(), passing())
    with pytest.raises(StageError) as raised:
        await calls.clean()
    assert raised.value.code is Code.TIMEOUT


async def test_a_suspect_is_tried_when_nobody_else_is_there() -> None:
    calls = Calls(passing(Code.ACTOR_DIED), passing(Code.ACTOR_DIED))
    entered, leave = asyncio.Event(), asyncio.Event()

    async def stay(_: Attempt) -> None:
        entered.set()
        await leave.wait()

    other = asyncio.create_task(calls.calls.call(Stage.CLEAN, "Another", stay, NEW))
    await entered.wait()
    suspect = asyncio.create_task(calls.clean())
    await eventually(lambda: len(calls.retries) == 2)
    assert not (await asyncio.wait({suspect}, timeout=0.01))[0]
    leave.set()
    assert await asyncio.wait_for(suspect, 5) == "done"
    await other


async def test_a_bisecting_attempt_gives_up_after_two_deaths() -> None:
    calls = Calls(passing(Code.ACTOR_DIED), passing(Code.ACTOR_DIED))
    with pytest.raises(StageError) as raised:
        await calls.clean(RESUMED.bisect())
    assert (raised.value.code, len(calls.attempts)) == (Code.POISON_SHARD, 2)


def test_a_stage_error_survives_pickling_whole() -> None:
    cause = DropforgeError(Code.RATE_LIMITED, "Later.", retry_after_s=7.0)
    error = StageError(cause, Stage.IMAGES, 3, datetime(2026, 1, 2, tzinfo=UTC))
    found = pickle.loads(pickle.dumps(error))
    assert isinstance(found, StageError)
    assert vars(found) == vars(error)
    assert (found.retry_after_s, str(found)) == (7.0, "rate_limited: Later.")
