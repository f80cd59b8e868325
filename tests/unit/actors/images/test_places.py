from __future__ import annotations

import asyncio
from contextlib import suppress

from actors.images.places import Places


class Line:
    """Who has got a place, in this order."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.served: list[str] = []

    def joined(self, name: str, *, ahead: bool = False) -> asyncio.Task[None]:
        async def wait() -> None:
            await self.places.acquire(ahead=ahead)
            self.served.append(name)

        return asyncio.create_task(wait())


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_as_there_are_places() -> None:
    line = Line(Places(2))
    tasks = [line.joined(name) for name in "abc"]
    await settled()
    assert line.served == ["a", "b"]
    line.places.release()
    await asyncio.gather(*tasks)
    assert line.served == ["a", "b", "c"]


async def test_who_goes_ahead_passes_the_line_but_not_each_other() -> None:
    line = Line(Places(1))
    await line.places.acquire()
    tasks = [line.joined("a"), line.joined("b"), line.joined("c", ahead=True), line.joined("d", ahead=True)]
    for _ in tasks:
        await settled()
        line.places.release()
    await asyncio.gather(*tasks)
    assert line.served == ["c", "d", "a", "b"]


async def test_a_place_goes_to_nobody_who_has_left_the_line() -> None:
    line = Line(Places(1))
    await line.places.acquire()
    left, stays = line.joined("left"), line.joined("stays")
    await settled()
    left.cancel()
    await settled()
    line.places.release()
    await stays
    line.places.release()
    await line.places.acquire()
    assert line.served == ["stays"]


async def test_a_place_that_came_with_the_cancellation_is_handed_on() -> None:
    line = Line(Places(1))
    await line.places.acquire()
    cancelled, next_one = line.joined("cancelled"), line.joined("next")
    await settled()
    line.places.release()  # the place is the first one's from here on, which has not run yet
    cancelled.cancel()
    with suppress(asyncio.CancelledError):
        await cancelled
    await asyncio.wait_for(next_one, 5)
    assert line.served == ["next"]
