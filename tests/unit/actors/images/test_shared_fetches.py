"""Fetches that rows of a run have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.errors import Code, DropforgeError
from actors.images.download import Body
from actors.images.shared_fetches import RunUrl, SharedFetches

A, B, C = (RunUrl("run", f"http://shop/{name}") for name in "abc")


async def hold(data: bytes) -> Body:
    return Body(data, (), fetched=False)


def gives(data: bytes, asked: list[bytes]) -> Callable[[], Awaitable[Body]]:
    async def fetch() -> Body:
        asked.append(data)
        await asyncio.sleep(0)
        return Body(data, ())

    return fetch


async def test_those_who_ask_meanwhile_and_later_get_the_same() -> None:
    asked: list[bytes] = []
    shared = SharedFetches(hold, kept_bytes=10)
    bodies = await asyncio.gather(*(shared.fetch(A, gives(b"image", asked)) for _ in range(5)))
    bodies.append(await shared.fetch(A, gives(b"image", asked)))
    assert asked == [b"image"]
    assert [body.data for body in bodies] == [b"image"] * 6
    assert [body.fetched for body in bodies] == [True, *[False] * 5]


async def test_another_run_asks_for_itself() -> None:
    asked: list[bytes] = []
    shared = SharedFetches(hold, kept_bytes=10)
    await shared.fetch(A, gives(b"old", asked))
    assert (await shared.fetch(RunUrl("next run", A.url), gives(b"new", asked))).data == b"new"


async def test_what_was_used_longest_ago_goes_first() -> None:
    asked: list[bytes] = []
    shared = SharedFetches(hold, kept_bytes=8)
    for source in (A, B, A, C, A, B):
        await shared.fetch(source, gives(source.url[-1:].encode() * 4, asked))
    assert b"".join(each[:1] for each in asked) == b"abcb"


async def test_what_is_too_large_to_keep_is_shared_by_those_who_wait() -> None:
    asked: list[bytes] = []
    shared = SharedFetches(hold, kept_bytes=3)
    await asyncio.gather(*(shared.fetch(A, gives(b"large", asked)) for _ in range(3)))
    assert asked == [b"large"]
    await shared.fetch(A, gives(b"large", asked))
    assert asked == [b"large"] * 2


async def test_a_failure_is_that_of_all_who_wait_and_of_nobody_later() -> None:
    asked: list[bytes] = []
    shared = SharedFetches(hold, kept_bytes=10)

    async def fails() -> Body:
        await asyncio.sleep(0)
        raise DropforgeError(Code.IMAGE_NOT_FOUND, "gone")

    results = await asyncio.gather(*(shared.fetch(A, fails) for _ in range(3)), return_exceptions=True)
    assert [getattr(result, "code", None) for result in results] == [Code.IMAGE_NOT_FOUND] * 3
    assert (await shared.fetch(A, gives(b"there", asked))).data == b"there"


async def test_who_waits_for_one_that_is_cancelled_fetches_itself() -> None:
    asked: list[bytes] = []
    shared = SharedFetches(hold, kept_bytes=10)
    begun = asyncio.Event()

    async def hangs() -> Body:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    first = asyncio.create_task(shared.fetch(A, hangs))
    await begun.wait()
    second = asyncio.create_task(shared.fetch(A, gives(b"image", asked)))
    third = asyncio.create_task(shared.fetch(A, gives(b"image", asked)))
    await asyncio.sleep(0)
    first.cancel()
    assert [(await each).data for each in (second, third)] == [b"image"] * 2
    assert asked == [b"image"]
    with pytest.raises(asyncio.CancelledError):
        await first
