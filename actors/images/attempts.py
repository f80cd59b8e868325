"""Retries that cost nothing until they are needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy

T = TypeVar("T")


async def with_retries(policy: RetryPolicy, attempt: Callable[[], Awaitable[T]], *, subject: str) -> T:
    """What `policy.call(attempt)` gives, for an attempt that raises `DropforgeError`s.

    tenacity comes in after the first failure only: it keeps what an attempt returns in a cycle of objects until the
    garbage collector finds it, which for thousands of images is memory, and more CPU than the requests themselves
    cost. A host that is down is not waited for a second time: `Hosts` has done so.
    """
    failure: DropforgeError | None = None
    try:
        return await attempt()
    except DropforgeError as error:
        if not _worth_retrying(error):
            raise
        failure = error

    async def repeat() -> T:
        nonlocal failure
        if failure is not None:
            first, failure = failure, None
            raise first
        return await attempt()

    return await policy.call(repeat, subject=subject, retryable=_worth_retrying)


def _worth_retrying(error: DropforgeError) -> bool:
    return error.retryable and error.code is not Code.IMAGE_HOST_DOWN
