"""One recent answer, shared by all open pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from actors.errors import Code, DropforgeError
from actors.retry import classify

T = TypeVar("T")

FRESH_S = 1.0
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """An answer, its age in seconds, and in `trouble` why there is no newer one; empty when there is nothing wrong."""

    value: T
    age_s: float
    trouble: str


class Latest(Generic[T]):
    """Calls `ask` once for all callers, and again only when its answer is older than `FRESH_S`.

    When no answer comes within `PATIENCE_S`, callers get the previous one with its age: a page that shows a system in
    trouble must not hang with it. `subject` names what is asked for, in messages. For one event loop.
    """

    def __init__(self, subject: str, ask: Callable[[], Awaitable[T]]) -> None:
        self._subject = subject
        self._ask = ask
        self._asking: asyncio.Task[None] | None = None
        self._known: tuple[T, float] | None = None
        self._error: DropforgeError | None = None

    async def get(self) -> Dated[T]:
        """The newest answer. While there never was one, raises the error of `ask`, or `TIMEOUT`."""
        age_s = self._age_s()
        if self._asking is None and (age_s is None or age_s > FRESH_S):
            self._asking = asyncio.create_task(self._refresh())
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=PATIENCE_S)
        waiting = f"{self._subject} took longer than {PATIENCE_S:.0f} s." if self._asking is not None else ""
        if self._known is None:
            raise self._error or DropforgeError(Code.TIMEOUT, waiting)
        value, at = self._known
        return Dated(value, time.monotonic() - at, self._error.message if self._error else waiting)

    async def _refresh(self) -> None:
        asked = time.monotonic()
        try:
            self._known = await self._ask(), asked
            self._error = None
        except Exception as exception:
            self._error = classify(exception, self._subject)
        finally:
            self._asking = None

    def _age_s(self) -> float | None:
        return None if self._known is None else time.monotonic() - self._known[1]
