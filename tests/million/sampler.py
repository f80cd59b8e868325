"""Looks at a run as a person and a monitor do, and at the processes as the kernel does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from tests.bench.calibration import cpu_seconds, machine_busy_s

from .memory import memory_mb
from .samples import Sample
from .stack import Stack

_ANSWER_S = 30.0
_LOOKS = 2
"""Every so many samples the pages are looked at too."""


class Sampler:
    """`clock` gives the seconds of the run so far in which the system ran."""

    def __init__(self, stack: Stack, run_id: str, clock: Callable[[], float]) -> None:
        self._stack = stack
        self._clock = clock
        self._taken = 0
        self._session = requests.Session()
        self._session.trust_env = False
        self._paths = {
            "page": "/",
            "listing": "/runs",
            "status": "/health",
            "page of the run": f"/page/runs/{run_id}",
        }
        self._run = f"/runs/{run_id}"
        self.view: dict[str, Any] = {}

    def take(self) -> Sample:
        """`view` is the run's afterwards, an older one where there is no answer."""
        latency: dict[str, float | None] = {}
        answer, latency["watch"] = self._ask(self._run)
        if answer is not None and answer.ok:
            self.view = answer.json()
        if self._taken % _LOOKS == 0:
            for name, path in self._paths.items():
                _, latency[name] = self._ask(path)
        self._taken += 1
        self._stack.requests.look()
        return Sample(
            at_s=round(self._clock(), 2),
            rows=self.view["counts"]["records"] if self.view else 0,
            shards=self.view["shards"]["done"] if self.view else 0,
            requests=self._stack.requests.total,
            fetched=self._stack.fetches.total,
            memory_mb={kind: round(mb, 1) for kind, mb in memory_mb().items()},
            cpu_s={kind: round(seconds, 2) for kind, seconds in cpu_seconds().items()},
            busy_s=round(machine_busy_s(), 2),
            latency_s=latency,
        )

    def _ask(self, path: str) -> tuple[requests.Response | None, float | None]:
        started = time.perf_counter()
        try:
            answer = self._session.get(f"{self._stack.node.url}{path}", timeout=_ANSWER_S)
        except requests.RequestException:
            return None, None
        return answer, round(time.perf_counter() - started, 3) if answer.ok else None
