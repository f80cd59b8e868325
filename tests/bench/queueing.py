"""A clock with events, and servers that work on jobs in the order they come: all that a run's simulation stands on."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable

Then = Callable[[], None]


class Clock:
    """Simulated seconds. Events of one time happen in the order in which they were asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Then]] = []
        self._asked = 0

    def after(self, seconds: float, then: Then) -> None:
        self._asked += 1
        heapq.heappush(self._events, (self.now + seconds, self._asked, then))

    def run(self) -> None:
        """Until nothing is left to happen."""
        while self._events:
            self.now, _, then = heapq.heappop(self._events)
            then()


class Servers:
    """Equal servers with one queue. `on` are the processor cores that they share with others; None: each has its own.

    A server whose job waits for a core is taken meanwhile, as a process is.
    """

    def __init__(self, clock: Clock, count: int, *, on: Servers | None = None) -> None:
        self.count = count
        self.busy_s = 0.0
        self._clock = clock
        self._on = on
        self._free = count
        self._queue: deque[tuple[float, Then]] = deque()

    def work(self, seconds: float, then: Then) -> None:
        """Does a job of so many seconds once a server is free."""
        self.busy_s += seconds
        if self._free:
            self._free -= 1
            self._begin(seconds, then)
        else:
            self._queue.append((seconds, then))

    def _begin(self, seconds: float, then: Then) -> None:
        def end() -> None:
            if self._queue:
                self._begin(*self._queue.popleft())
            else:
                self._free += 1
            then()

        if self._on is not None:
            self._on.work(seconds, end)
        else:
            self._clock.after(seconds, end)


class RampingRate:
    """Admits things at a rate that doubles every so many seconds, from the first second on; in the order they come."""

    def __init__(self, clock: Clock, per_s: float, doubles_every_s: float) -> None:
        self._clock = clock
        self._scale = per_s * doubles_every_s / math.log(2)
        self._doubles_every_s = doubles_every_s
        self._admitted = 0.0

    def admit(self, things: float, then: Then) -> None:
        """Calls back once all of them are admitted."""
        self._admitted = max(self._admitted, self._could_by(self._clock.now)) + things
        self._clock.after(max(0.0, self._time_of(self._admitted) - self._clock.now), then)

    def _could_by(self, seconds: float) -> float:
        return float(self._scale * (2 ** (seconds / self._doubles_every_s) - 1))

    def _time_of(self, things: float) -> float:
        return self._doubles_every_s * math.log2(1 + things / self._scale)
