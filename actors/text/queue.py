"""Short texts that wait for the language model share one call of it.

The model's cost of a call hardly grows with its first thousands of characters, so a burst of small drops is cleaned
several drops at a time. A drop that comes alone is cleaned at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

BATCH_CHARS = 1 << 19
"""Most characters of one call, unless a single shard has more: about what two full shards have."""

Clean = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class CleanedTexts:
    """A cell per text, and the texts' share of the call's seconds."""

    cells: list[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    texts: Sequence[str]
    chars: int
    done: asyncio.Future[CleanedTexts]


class TextQueue:
    """Calls `clean` in a thread of its own, one call at a time. For one event loop."""

    def __init__(self, clean: Clean, *, batch_chars: int = BATCH_CHARS) -> None:
        self._clean = clean
        self._batch_chars = batch_chars
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clean")
        self._working: asyncio.Task[None] | None = None

    async def clean(self, texts: Sequence[str]) -> CleanedTexts:
        """Raises what `clean` raises for these texts."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(texts, sum(map(len, texts)), done))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await done

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
        batch = [self._waiting.popleft()]
        chars = batch[0].chars
        while self._waiting and chars + self._waiting[0].chars <= self._batch_chars:
            batch.append(self._waiting.popleft())
            chars += batch[-1].chars
        return batch

    async def _call(self, batch: Sequence[_Waiting]) -> None:
        texts = [text for one in batch for text in one.texts]
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
