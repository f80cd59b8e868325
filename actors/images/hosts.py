"""What is known of each image host: how many requests it has, and whether it answers at all.

Limits per host keep one slow host from taking every place, and us from being a burden to anybody; a circuit breaker
per host keeps a dead one from costing a timeout for each of its URLs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from actors.errors import Code, DropforgeError

_REMEMBERED_S = 600.0
_NO_LIMIT = 1 << 30


@dataclass(slots=True)
class _Host:
    """`down_until` is when the next request may test the host; None while it is thought to be up."""

    places: asyncio.Semaphore
    up: asyncio.Event = field(default_factory=asyncio.Event)
    users: int = 0
    failures: int = 0
    down_since: float = 0.0
    down_until: float | None = None
    tested: bool = False
    apart_s: float = 0.0
    next_at: float = 0.0


class Hosts:
    """The limiter and circuit breaker of every host.

    A host has at most `per_host` requests at once. Their turns are 1 / `requests_per_s` seconds apart, and a turn that
    nobody takes is not saved up; 0 is no limit. Requests begin late when the event loop is late, and those whose turn
    has come by then begin together. Hosts whose name matches one of the shell patterns `own` have neither limit.

    A host is left alone for `down_s` seconds after `down_after` failures in a row, or at once for as long as it asks
    with status 429; then one request tests it, and its outcome decides for the others. For `wait_s` seconds from a
    host's going down its requests wait for it to come back, so that a short outage fails none of them; after that
    they are refused, so that a long one delays nobody again.
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
    async def visit(self, name: str) -> AsyncIterator[None]:
        """One of the host's places, for the time of one request.

        The block's outcome is the host's: a `DropforgeError` that may pass, or `IMAGE_TOO_SLOW`, is a failure of
        the host, being cancelled says nothing, the rest shows that it answers. Raises `IMAGE_HOST_DOWN`, with the
        seconds until the next test, without entering the block.
        """
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = self._new(name)
        host.users += 1
        try:
            test = await self._enter(name, host)
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

    def _new(self, name: str) -> _Host:
        if any(fnmatchcase(name, pattern.lower()) for pattern in self._own):
            return _Host(asyncio.Semaphore(_NO_LIMIT))
        return _Host(asyncio.Semaphore(self._per_host), apart_s=self._apart_s)

    async def _turn(self, host: _Host) -> None:
        """Waits until it is time for the host's next request."""
        now = self._clock()
        begin = max(host.next_at, now)
        host.next_at = begin + host.apart_s
        if begin > now:
            await asyncio.sleep(begin - now)

    def forget_idle(self) -> None:
        """Drops the hosts nobody uses, but for those down lately, so that a long-lived replica stays small."""
        lately = self._clock() - _REMEMBERED_S
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.users or (host.down_until is not None and host.down_until > lately)
        }

    async def _enter(self, name: str, host: _Host) -> bool:
        """Takes one of the host's places. True if the request is the one that tests whether the host is back."""
        while True:
            await host.places.acquire()
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
                    f"{name} has stopped answering and is left alone for {next_test_s:.0f} more seconds.",
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
        if test:  # an answer to an older request doesn't end the wait that a host has asked for
            host.down_until = None
            host.up.set()
