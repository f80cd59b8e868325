"""Several things at a time on one event loop: the first failure ends the others, and is raised as it is.

`asyncio.TaskGroup` raises its failures inside an `ExceptionGroup`, which hides their codes from whoever decides what
to do about them. Here the failure keeps its type, its cause and its traceback. All tasks have ended when a call
returns or raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


@asynccontextmanager
async def group() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group that raises one failure: the block's own if it has one, else that of the first task to fail.

    The other failures are dropped: they came while the group was ending already.
    """
    failure: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            try:
                yield tasks
            except Exception as error:
                failure = error  # the group would put it behind what its tasks raise when they are cancelled
                raise
    except BaseExceptionGroup as errors:
        failure = failure or errors.exceptions[0]
    if failure is not None:
        raise failure  # outside the handler, which would overwrite its context


async def all_of(steps: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results, in the order of `steps`, once all of them are there.

    A task a step, and no window over them: it is for the caller to bound how many there are, or what they hold at a
    time. Raises the first failure, and `CancelledError` where a step was cancelled by somebody else.
    """
    async with group() as tasks:
        started = [tasks.create_task(step) for step in steps]
    return [task.result() for task in started]


async def both(first: Coroutine[Any, Any, T], second: Coroutine[Any, Any, U]) -> tuple[T, U]:
    """The results of two steps of different kinds. Raises as `all_of`."""
    async with group() as tasks:
        one, other = tasks.create_task(first), tasks.create_task(second)
    return one.result(), other.result()
