"""Runs under way in this process: begun when accepted, adopted when nobody drives them."""

from __future__ import annotations

import asyncio
import logging
import time

from actors.errors import Code, DropforgeError
from actors.model.run import Run
from actors.retry import classify
from serve_app.monitoring.metrics import Metrics

from .run_driver import RunDriver
from .run_registry import RunRegistry

logger = logging.getLogger("dropforge.supervisor")

_LONGEST_DELAY_S = 60.0


class RunSupervisor:
    """Looks for open runs at start and periodically, and drives those whose lease has lapsed.

    A run that fails for a reason that may pass stays open and is taken up again, less and less often.
    """

    def __init__(self, registry: RunRegistry, driver: RunDriver, metrics: Metrics, *, every_s: float) -> None:
        self._registry = registry
        self._driver = driver
        self._metrics = metrics
        self._every_s = every_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self._look: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._look = asyncio.create_task(self._look_regularly())

    def check(self) -> None:
        """Raises where the look for lapsed runs has ended, which only a defect can do."""
        if self._look is not None and self._look.done():
            raise DropforgeError(Code.INTERNAL, f"The look for lapsed runs has ended: {self._look.exception()!r}")

    async def stop(self) -> None:
        """Gives every run back: cancelled drives release their leases."""
        tasks = [*self._tasks.values(), *([self._look] if self._look else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def begin(self, run_id: str, *, accepted: Run | None = None) -> None:
        """Drives a run, unless this process does already; `accepted` as for `RunDriver.drive`."""
        if run_id not in self._tasks:
            task = asyncio.create_task(self._drive(run_id, accepted))
            self._tasks[run_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    async def _drive(self, run_id: str, accepted: Run | None) -> None:
        try:
            await self._driver.drive(run_id, accepted=accepted)
            self._failures.pop(run_id, None)
        except Exception as exception:
            error = classify(exception, f"Run {run_id}")
            if error.code is Code.INTERNAL:
                logger.exception("Run %s met a defect", run_id)
            tries = self._failures.get(run_id, (0, 0.0))[0] + 1
            delay_s = min(_LONGEST_DELAY_S, self._every_s * 2 ** (tries - 1))
            self._failures[run_id] = (tries, time.monotonic() + delay_s)
            logger.warning("Run %s stopped and is taken up again in %.0f s: %s", run_id, delay_s, error)

    async def _look_regularly(self) -> None:
        while True:
            try:
                open_runs = await asyncio.to_thread(self._registry.open_since)
                incomplete = await asyncio.to_thread(self._registry.incomplete_run_ids)
            except DropforgeError as error:
                logger.warning("The open runs could not be listed: %s", error)
            else:
                oldest = min((since for since in open_runs.values() if since), default=None)
                self._metrics.runs_waiting(open_runs=len(open_runs), incomplete=len(incomplete), oldest=oldest)
                progress = self._driver.progress.values()
                self._metrics.in_flight(runs=len(progress), shards=sum(run.in_flight for run in progress))
                now = time.monotonic()
                self._failures = {run: entry for run, entry in self._failures.items() if run in open_runs}
                for run_id in open_runs:
                    if now >= self._failures.get(run_id, (0, 0.0))[1]:
                        self.begin(run_id)
            await asyncio.sleep(self._every_s)
