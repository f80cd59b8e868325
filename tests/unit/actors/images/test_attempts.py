from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from actors.errors import Code, DropforgeError
from actors.images.attempts import with_retries
from actors.retry import RetryPolicy

POLICY = RetryPolicy(attempts=3, total_s=5, first_delay_s=0, longest_delay_s=0, jitter_s=0)


@dataclass
class Attempts:
    """Fails with these codes, one a call, and then succeeds."""

    codes: list[Code] = field(default_factory=list)
    retry_after_s: float | None = None
    made: int = 0

    async def __call__(self) -> int:
        self.made += 1
        if self.made <= len(self.codes):
            raise DropforgeError(self.codes[self.made - 1], "as told", retry_after_s=self.retry_after_s)
        return self.made


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_passing_failures_are_tried_again(failures: int) -> None:
    assert await with_retries(POLICY, Attempts([Code.TIMEOUT] * failures), subject="x") == failures + 1


async def test_the_first_try_counts() -> None:
    attempts = Attempts([Code.TIMEOUT, Code.SERVER_ERROR, Code.RATE_LIMITED])
    with pytest.raises(DropforgeError) as raised:
        await with_retries(POLICY, attempts, subject="x")
    assert (raised.value.code, attempts.made) == (Code.RATE_LIMITED, 3)


@pytest.mark.parametrize("code", [Code.IMAGE_NOT_FOUND, Code.IMAGE_HOST_DOWN, Code.BAD_SETTINGS])
async def test_what_is_not_tried_again(code: Code) -> None:
    for before in ([], [Code.TIMEOUT]):
        attempts = Attempts([*before, code])
        with pytest.raises(DropforgeError) as raised:
            await with_retries(POLICY, attempts, subject="x")
        assert (raised.value.code, attempts.made) == (code, len(before) + 1)


async def test_a_wait_beyond_the_policys_end_is_not_begun() -> None:
    attempts = Attempts([Code.RATE_LIMITED], retry_after_s=60)
    with pytest.raises(DropforgeError):
        await with_retries(POLICY, attempts, subject="x")
    assert attempts.made == 1
