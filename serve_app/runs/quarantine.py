"""Keeps a suspect apart: a shard in whose company actors have died is tried alone.

When an actor dies, every shard it was working on fails with it, and nobody can tell which one did it.
Tried again together they would die together until all of them had used up their attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Quarantine:
    """A lock for one stage: many shards at a time, or one suspect alone.

    A waiting suspect holds back shards that come after it, so that it gets its turn.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._suspects = 0
        self._alone = False

    @asynccontextmanager
    async def admit(self, *, suspect: bool) -> AsyncIterator[None]:
        async with self._changed:
            if suspect:
                self._suspects += 1
                try:
                    await self._changed.wait_for(lambda: not self._inside)
                finally:
                    self._suspects -= 1
                    self._changed.notify_all()
                self._alone = True
            else:
                await self._changed.wait_for(lambda: not self._alone and not self._suspects)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._alone = False
                self._changed.notify_all()
