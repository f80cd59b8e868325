"""Which failures of an image are tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy

T = TypeVar("T")


async def with_retries(policy: RetryPolicy, attempt: Callable[[], Awaitable[T]], *, subject: str) -> T:
    """The result of `policy.call(attempt)`. A host that is down is not asked again: `Hosts` has waited for it."""
    return await policy.call(attempt, subject=subject, retryable=_worth_retrying)


def _worth_retrying(error: DropforgeError) -> bool:
    return error.retryable and error.code is not Code.IMAGE_HOST_DOWN
