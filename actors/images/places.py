"""Places for so many at a time, and a line of those who wait for one."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """A semaphore whose line can be passed: who has waited in it before goes ahead of those who have not.

    An image that is tried again would otherwise wait behind all rows of all shards once more, and its shard with it.
    For one event loop.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._ahead: deque[asyncio.Future[None]] = deque()
        self._line: deque[asyncio.Future[None]] = deque()

    async def acquire(self, *, ahead: bool = False) -> None:
        """Takes a place, once one is free. Those `ahead` come first, and otherwise whoever has waited longest."""
        if self._free:  # then nobody waits: a place that becomes free is handed over
            self._free -= 1
            return
        waiter = asyncio.get_running_loop().create_future()
        (self._ahead if ahead else self._line).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # it was handed a place that it can no longer use
                self.release()
            raise

    def release(self) -> None:
        """Gives a place back, to the next in line if there is one."""
        for line in (self._ahead, self._line):
            while line:
                waiter = line.popleft()
                if not waiter.done():  # one that was cancelled stays in line until its turn
                    waiter.set_result(None)
                    return
        self._free += 1
