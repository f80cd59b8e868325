"""A consumer of a subscription's messages (a pull, a stream or the push delivery) and its flow control."""

from __future__ import annotations

import asyncio


class Consumer:
    """Limits the outstanding messages and bytes of a consumer, and wakes it when there may be messages.

    A limit of 0 means no limit. A message larger than `max_bytes` is allowed when no other is outstanding, because it
    could never be delivered otherwise.
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
        """Waits until `wake` has been called since this method last returned."""
        await self._changed.wait()
        self._changed.clear()
