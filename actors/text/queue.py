"""Short texts that wait for the language model share one call of it, and long ones are cut into several.

The model's cost of a call hardly grows with its first thousands of characters, so a burst of small drops is cleaned
several drops at a time. A drop that comes alone is cleaned at once. A call is never much longer than is good for the
engine, so that whoever asks whether it is alive hears of it soon.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from actors.text.plain.pages import pages

Clean = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class CleanedTexts:
    """A cell per text, and the texts' share of the calls' seconds."""

    cells: list[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Texts for one call, or for a part of one."""

    texts: Sequence[str]
    chars: int
    done: asyncio.Future[CleanedTexts]


class TextQueue:
    """Calls `clean` in a thread of its own, one call at a time. For one event loop.

    Calls are of about `call_chars` characters, or of one text that has more.
    """

    def __init__(self, clean: Clean, *, call_chars: int) -> None:
        self._clean = clean
        self._call_chars = call_chars
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clean")
        self._working: asyncio.Task[None] | None = None

    async def clean(self, texts: Sequence[str], *, ahead: bool = False) -> CleanedTexts:
        """`ahead` goes before all that waits, right after the call under way. Raises what `clean` raises for these."""
        loop = asyncio.get_running_loop()
        parts = [_Waiting(page, sum(map(len, page)), loop.create_future()) for page in pages(texts, self._call_chars)]
        if ahead:
            self._waiting.extendleft(reversed(parts))
        else:
            self._waiting.extend(parts)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        try:
            cleaned = await asyncio.gather(*(part.done for part in parts))
        finally:
            for part in parts:  # of those that fail or leave, the rest need not be cleaned
                part.done.cancel()
        return CleanedTexts([cell for part in cleaned for cell in part.cells], sum(part.seconds for part in cleaned))

    async def _work(self) -> None:
        while self._waiting:
            batch = self._next()
            try:
                await self._call(batch)
            except Exception as error:
                if len(batch) == 1:
                    _fail(batch[0], error)
                    continue
                for one in batch:  # the others are not to fail with the one at fault
                    try:
                        await self._call([one])
                    except Exception as its_own:
                        _fail(one, its_own)

    def _next(self) -> list[_Waiting]:
        """What the next call is of; empty where all that waited have left."""
        batch: list[_Waiting] = []
        chars = 0
        while self._waiting and (not batch or chars + self._waiting[0].chars <= self._call_chars):
            one = self._waiting.popleft()
            if not one.done.done():
                batch.append(one)
                chars += one.chars
        return batch

    async def _call(self, batch: Sequence[_Waiting]) -> None:
        texts = [text for one in batch for text in one.texts]
        if not texts:
            return
        started = time.perf_counter()
        cells = await asyncio.get_running_loop().run_in_executor(self._thread, self._clean, texts)
        seconds, chars = time.perf_counter() - started, sum(one.chars for one in batch)
        at = 0
        for one in batch:
            end = at + len(one.texts)
            if not one.done.done():  # its caller may have left
                one.done.set_result(CleanedTexts(cells[at:end], seconds * one.chars / chars if chars else 0.0))
            at = end


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.done.done():
        one.done.set_exception(error)
