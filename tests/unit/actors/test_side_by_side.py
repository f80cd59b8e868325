"""Several at a time: every result, or the first failure as it is and nothing left behind."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from actors import side_by_side
from actors.errors import Code, DropforgeError

WITHIN_S = 10.0

Run = Callable[..., Coroutine[Any, Any, object]]


async def in_a_group(*steps: Coroutine[Any, Any, object]) -> None:
    async with side_by_side.group() as tasks:
        for step in steps:
            tasks.create_task(step)


async def in_a_list(*steps: Coroutine[Any, Any, object]) -> list[object]:
    return await side_by_side.all_of(steps)


EVERY_WAY = pytest.mark.parametrize("run", [in_a_group, in_a_list, side_by_side.both])


async def fail(error: BaseException) -> None:
    raise error


async def give(value: object, after: asyncio.Event | None = None) -> object:
    if after is not None:
        await after.wait()
    return value


class Endless:
    """Steps that go on until they are cancelled; `ended` counts those that were. `last_words` are raised then."""

    def __init__(self, last_words: BaseException | None = None) -> None:
        self.ended = 0
        self._last_words = last_words

    async def step(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # cleaning up may take a turn of the loop or more
            self.ended += 1
            if self._last_words is not None:
                raise self._last_words


async def test_results_come_in_the_order_of_the_steps() -> None:
    later = asyncio.Event()

    async def last() -> str:
        later.set()
        return "last"

    assert await side_by_side.all_of([give("first", later), last()]) == ["first", "last"]
    later.clear()
    assert await side_by_side.both(give(1, later), last()) == (1, "last")


async def test_no_steps_give_no_results() -> None:
    assert await side_by_side.all_of([]) == []


@EVERY_WAY
async def test_a_failure_is_raised_as_it_is(run: Run) -> None:
    failure = DropforgeError(Code.IMAGE_HOST_DOWN, "shop.example is down.", retry_after_s=7)
    with pytest.raises(DropforgeError) as caught:
        await run(give(1), fail(failure))
    assert caught.value is failure


@EVERY_WAY
async def test_a_failure_keeps_its_cause(run: Run) -> None:
    cause = ConnectionResetError("by peer")

    async def reset() -> None:
        raise DropforgeError(Code.CONNECTION_FAILED, "It was reset.") from cause

    with pytest.raises(DropforgeError) as caught:
        await run(give(1), reset())
    assert caught.value.__cause__ is cause


@EVERY_WAY
async def test_a_failure_keeps_its_context(run: Run) -> None:
    async def stumble() -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904

    with pytest.raises(ValueError, match="second") as caught:
        await run(give(1), stumble())
    assert isinstance(caught.value.__context__, KeyError)


@EVERY_WAY
async def test_a_failure_ends_the_others_first(run: Run) -> None:
    endless = Endless()
    with pytest.raises(ValueError, match="broken"):
        await asyncio.wait_for(run(endless.step(), fail(ValueError("broken"))), WITHIN_S)
    assert endless.ended == 1


@EVERY_WAY
async def test_the_first_failure_is_the_one_raised(run: Run) -> None:
    endless = Endless(last_words=OSError("while it was ended"))
    with pytest.raises(ValueError, match="broken"):
        await asyncio.wait_for(run(endless.step(), fail(ValueError("broken"))), WITHIN_S)
    assert endless.ended == 1


@EVERY_WAY
async def test_being_cancelled_ends_all_steps(run: Run) -> None:
    endless = Endless()
    running = asyncio.create_task(run(endless.step(), endless.step()))  # type: ignore[func-returns-value]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, WITHIN_S)
    assert endless.ended == 2


@pytest.mark.parametrize("run", [in_a_list, side_by_side.both])
async def test_a_step_cancelled_by_others_is_no_result(run: Run) -> None:
    with pytest.raises(asyncio.CancelledError):
        await run(give(1), fail(asyncio.CancelledError()))


async def test_a_blocks_own_failure_goes_first() -> None:
    endless = Endless(last_words=OSError("while it was ended"))

    async def block() -> None:
        async with side_by_side.group() as tasks:
            tasks.create_task(endless.step())
            await asyncio.sleep(0)
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        await block()
    assert endless.ended == 1


async def test_a_task_that_fails_ends_the_block() -> None:
    async def block() -> None:
        async with side_by_side.group() as tasks:
            tasks.create_task(fail(ValueError("of the task")))
            await asyncio.Event().wait()

    with pytest.raises(ValueError, match="of the task"):
        await asyncio.wait_for(block(), WITHIN_S)


async def test_tasks_may_have_a_context_of_their_own() -> None:
    name = contextvars.ContextVar("name", default="nobody")
    context = contextvars.copy_context()
    context.run(name.set, "somebody")

    async def ask() -> str:
        return name.get()

    async with side_by_side.group() as tasks:
        own, inherited = tasks.create_task(ask(), context=context), tasks.create_task(ask())
    assert (own.result(), inherited.result()) == ("somebody", "nobody")
