"""Retries without any cost for attempts that succeed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy

T = TypeVar("T")


async def with_retries(policy: RetryPolicy, attempt: Callable[[], Awaitable[T]], *, subject: str) -> T:
    """The result of `policy.call(attempt)`, for an attempt that raises only `DropforgeError`.

    tenacity (9.2) is used only after the first failure, because it keeps an attempt's result in a reference cycle until
    the garbage collector runs. For thousands of images that costs memory, and more CPU time than the requests. A host
    that is down is not retried here, because `Hosts` has already waited for it.
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
