"""Runs under way in this process: begun when accepted, adopted when nobody drives them."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from actors.errors import Code, DropforgeError
from actors.model.run import Run
from actors.retry import classify
from serve_app.monitoring.metrics import Metrics

from .run_driver import RunDriver
from .run_registry import RunRegistry

logger = logging.getLogger("dropforge.supervisor")

_LONGEST_DELAY_S = 60.0

_INCOMPLETE_EVERY = 12
"""Looks at the open runs for one at the incomplete ones, which are only counted. Each is a listing, which costs money
at Google and, in a local store without an index, a walk over all objects of the bucket."""

_PAUSE = 10
"""How many times as long as a look took the next one waits at least."""


@dataclass(frozen=True, slots=True)
class _Delay:
    """A run whose attempts failed `failures` times in a row is not driven before `until`, of the monotonic clock."""

    failures: int
    until: float


class RunSupervisor:
    """Looks for open runs at start and every `every_s` seconds, and drives those whose lease has lapsed.

    A run that fails for a reason that may pass stays open and is driven again, after longer and longer delays.
    """

    def __init__(self, registry: RunRegistry, driver: RunDriver, metrics: Metrics, *, every_s: float) -> None:
        self._registry = registry
        self._driver = driver
        self._metrics = metrics
        self._every_s = every_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._delays: dict[str, _Delay] = {}
        self._look: asyncio.Task[None] | None = None
        self._looks = 0
        self._incomplete = 0

    async def start(self) -> None:
        self._look = asyncio.create_task(self._look_regularly())

    def check(self) -> None:
        """Raises `INTERNAL` when the task that adopts runs has ended, which only a bug can cause."""
        if self._look is not None and self._look.done():
            raise DropforgeError(Code.INTERNAL, f"The task that adopts runs has ended: {self._look.exception()!r}")

    async def stop(self) -> None:
        """Gives every run back: an attempt that is cancelled releases its lease."""
        tasks = [*self._tasks.values(), *([self._look] if self._look else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def under_way(self) -> int:
        """Runs that this process has begun and that have not ended; some of them may still wait for their turn."""
        return len(self._tasks)

    def begin(self, run: Run) -> None:
        """Drives a run that was accepted just now."""
        self._start(run.run_id, run)

    def resume(self, run_id: str) -> None:
        """Drives a run that may have been begun before."""
        self._start(run_id, None)

    async def adopt(self) -> None:
        """Drives the open runs that nobody drives, but for those that wait after a failure. Raises as `RunRegistry`."""
        open_runs = await asyncio.to_thread(self._registry.open_since)
        if self._looks % _INCOMPLETE_EVERY == 0:
            self._incomplete = len(await asyncio.to_thread(self._registry.incomplete_run_ids))
        self._looks += 1
        oldest = min((since for since in open_runs.values() if since), default=None)
        self._metrics.runs_waiting(open_runs=len(open_runs), incomplete=self._incomplete, oldest=oldest)
        progress = self._driver.progress.values()
        self._metrics.in_flight(runs=len(progress), shards=sum(run.in_flight for run in progress))
        now = time.monotonic()
        self._delays = {run_id: delay for run_id, delay in self._delays.items() if run_id in open_runs}
        for run_id in open_runs:
            if run_id not in self._delays or now >= self._delays[run_id].until:
                self.resume(run_id)

    def _start(self, run_id: str, run: Run | None) -> None:
        if run_id not in self._tasks:
            task = asyncio.create_task(self._drive(run_id, run))
            self._tasks[run_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    async def _drive(self, run_id: str, run: Run | None) -> None:
        try:
            await self._driver.drive(run_id, run)
            self._delays.pop(run_id, None)
        except Exception as exception:
            error = classify(exception, f"Run {run_id}")
            if error.code is Code.INTERNAL:
                logger.exception("Run %s failed because of a bug; please report it", run_id)
            failures = self._delays[run_id].failures + 1 if run_id in self._delays else 1
            delay_s = min(_LONGEST_DELAY_S, self._every_s * 2 ** (failures - 1))
            self._delays[run_id] = _Delay(failures, time.monotonic() + delay_s)
            logger.warning("Run %s stopped and is resumed in %.0f s: %s", run_id, delay_s, error)

    async def _look_regularly(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.adopt()
            except DropforgeError as error:
                logger.warning("Could not list the open runs; trying again: %s", error)
            await asyncio.sleep(pause_s(self._every_s, time.monotonic() - began))


def pause_s(every_s: float, taken_s: float) -> float:
    """Seconds until the next look, after one that took so many: looking must not become most of a store's work."""
    return max(every_s, _PAUSE * taken_s)
