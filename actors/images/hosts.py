"""Limits the requests to each image host, and stops requests to hosts that do not answer.

Limits per host prevent that one slow host takes all places, and that we overload a host. A circuit breaker per host
prevents that a dead host costs a timeout for each of its URLs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from actors.errors import Code, DropforgeError

from .places import Places

_REMEMBERED_S = 600.0
_NO_LIMIT = 1 << 30


@dataclass(slots=True)
class _Host:
    """The state of one host. `down_until` is when a request may test it next; None while it is considered up."""

    places: Places
    up: asyncio.Event = field(default_factory=asyncio.Event)
    users: int = 0
    failures: int = 0
    down_since: float = 0.0
    down_until: float | None = None
    tested: bool = False
    apart_s: float = 0.0
    next_at: float = 0.0


class Hosts:
    """A limiter and a circuit breaker for every host.

    A host has at most `per_host` requests at a time. Their turns are 1 / `requests_per_s` seconds apart, and a turn
    that nobody takes is not saved up; 0 means no limit. Requests start late when the event loop is late, and those
    whose turn has come by then start together. Hosts whose name matches one of the shell patterns in `own` have neither
    limit.

    A host is considered down for `down_s` seconds after `down_after` failures in a row, or immediately after a status
    429, for as long as that asks. Then one request tests the host, and its outcome decides for the others. During the
    first `wait_s` seconds of an outage, requests wait for the host, so that a short outage fails none of them. After
    that they are refused, so that a long outage delays no further request.
    """

    def __init__(
        self,
        *,
        per_host: int,
        requests_per_s: float = 0.0,
        own: Collection[str] = (),
        down_after: int,
        down_s: float,
        wait_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_host = per_host
        self._apart_s = 1 / requests_per_s if requests_per_s else 0.0
        self._own = tuple(own)
        self._down_after = down_after
        self._down_s = down_s
        self._wait_s = wait_s
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def visit(self, name: str, *, ahead: bool = False) -> AsyncIterator[None]:
        """Holds one of the host's places during one request, which is the `with` block. Waits as `Places.acquire`.

        The block's outcome counts for the host: a transient `DropforgeError` or `IMAGE_TOO_SLOW` is a failure,
        cancellation counts as nothing, and everything else shows that the host answers. Raises `IMAGE_HOST_DOWN`, with
        the seconds until the next test, instead of entering the block while the host is down.
        """
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = self._new(name)
        host.users += 1
        try:
            test = await self._enter(name, host, ahead)
            try:
                if host.apart_s:
                    await self._turn(host)
                yield
            except DropforgeError as error:
                if error.retryable or error.code is Code.IMAGE_TOO_SLOW:
                    self._failed(host, test, error)
                else:
                    self._answered(host, test)
                raise
            else:
                self._answered(host, test)
            finally:
                if test:
                    host.tested = False
                host.places.release()
        finally:
            host.users -= 1

    def owns(self, name: str) -> bool:
        """Whether a host, by its name in lower case, is one of the operator's own."""
        return any(fnmatchcase(name, pattern.lower()) for pattern in self._own)

    def _new(self, name: str) -> _Host:
        if self.owns(name):
            return _Host(Places(_NO_LIMIT))
        return _Host(Places(self._per_host), apart_s=self._apart_s)

    async def _turn(self, host: _Host) -> None:
        """Waits until it is time for the host's next request."""
        now = self._clock()
        begin = max(host.next_at, now)
        host.next_at = begin + host.apart_s
        if begin > now:
            await asyncio.sleep(begin - now)

    def forget_idle(self) -> None:
        """Forgets hosts without requests, except those that were down recently, to limit a replica's memory."""
        lately = self._clock() - _REMEMBERED_S
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.users or (host.down_until is not None and host.down_until > lately)
        }

    async def _enter(self, name: str, host: _Host, ahead: bool) -> bool:
        """Takes one of the host's places. True if this request is the one that tests whether the host is up again."""
        while True:
            await host.places.acquire(ahead=ahead)
            if host.down_until is None:
                return False
            now = self._clock()
            if now >= host.down_until and not host.tested:
                host.tested = True
                return True
            host.places.release()
            next_test_s = host.down_until - now if now < host.down_until else self._down_s
            if now + next_test_s > host.down_since + self._wait_s:
                raise DropforgeError(
                    Code.IMAGE_HOST_DOWN,
                    f"{name} does not answer; no request is sent to it for another {next_test_s:.0f} s.",
                    retry_after_s=next_test_s,
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(host.up.wait(), next_test_s)

    def _failed(self, host: _Host, test: bool, error: DropforgeError) -> None:
        host.failures += 1
        asked_s = error.retry_after_s or 0.0
        if test or host.failures >= self._down_after or (asked_s and error.code is Code.RATE_LIMITED):
            now = self._clock()
            if host.down_until is None:
                host.down_since = now
                host.up.clear()
            host.down_until = max(host.down_until or 0.0, now + max(self._down_s, asked_s))

    @staticmethod
    def _answered(host: _Host, test: bool) -> None:
        host.failures = 0
        if test:  # an answer to an older request does not end the delay that the host asked for
            host.down_until = None
            host.up.set()
