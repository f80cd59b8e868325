"""A taker of a subscription's messages (a pull, a stream or the push delivery) with its flow control."""

from __future__ import annotations

import asyncio


class Consumer:
    """How many messages and bytes it may hold at once, and a signal that there may be something to take.

    A limit of 0 is none. A message larger than `max_bytes` is let through when nothing else is held, else it
    could never be delivered.
    """

    def __init__(self, *, max_messages: int = 0, max_bytes: int = 0) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages = 0
        self._bytes = 0
        self._changed = asyncio.Event()

    def has_room(self, size: int) -> bool:
        if self._max_messages > 0 and self._messages >= self._max_messages:
            return False
        return self._max_bytes <= 0 or self._messages == 0 or self._bytes + size <= self._max_bytes

    def charge(self, size: int) -> None:
        self._messages += 1
        self._bytes += size

    def refund(self, size: int) -> None:
        self._messages -= 1
        self._bytes -= size
        self.wake()

    def wake(self) -> None:
        self._changed.set()

    async def woken(self) -> None:
        """Returns once `wake` was called since the last return from here."""
        await self._changed.wait()
        self._changed.clear()
