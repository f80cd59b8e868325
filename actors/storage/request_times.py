"""How long the last requests to each bucket took, for the health of what depends on them.

What a person waits for is not whether one probe is answered, but whether the requests of the work are: so each request
is timed, also one that has not come back yet.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

_KEPT_S = 60.0
_KEPT = 500
_BUCKET = re.compile(r"/b/([^/?]+)")


@dataclass(frozen=True, slots=True)
class Slowest:
    """The slowest of the last requests, in seconds. `timed_out` says that one of them got no answer in time."""

    seconds: float
    timed_out: bool


class RequestTimes:
    """Of the last minute, by the name of what was asked; at most `_KEPT` of each. For any number of threads."""

    def __init__(self) -> None:
        self._ended: dict[str, deque[tuple[float, float, bool]]] = {}
        self._under_way: dict[object, tuple[str, float]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Times its block as a request of `name`. A block that raises a `TimeoutError` or a `requests.Timeout` timed
        out."""
        token, began, timed_out = object(), time.monotonic(), False
        with self._lock:
            self._under_way[token] = name, began
        try:
            yield
        except (TimeoutError, requests.Timeout):
            timed_out = True
            raise
        finally:
            ended = time.monotonic()
            with self._lock:
                del self._under_way[token]
                self._ended.setdefault(name, deque(maxlen=_KEPT)).append((ended, ended - began, timed_out))

    def slowest(self, name: str) -> Slowest | None:
        """None where nothing was asked in the last minute."""
        now = time.monotonic()
        with self._lock:
            ended = [(took, out) for at, took, out in self._ended.get(name, ()) if now - at <= _KEPT_S]
            under_way = [now - began for asked, began in self._under_way.values() if asked == name]
        taken = [took for took, _ in ended] + under_way
        return Slowest(max(taken), any(out for _, out in ended)) if taken else None


class TimedAdapter(requests.adapters.HTTPAdapter):
    """Times each request to Cloud Storage until its answer begins, under its bucket's name."""

    def __init__(self, times: RequestTimes, **options: Any) -> None:
        super().__init__(**options)
        self._times = times

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        found = _BUCKET.search(request.url or "")
        if found is None:
            return super().send(request, *arguments, **options)
        with self._times.timed(found[1]):
            return super().send(request, *arguments, **options)
