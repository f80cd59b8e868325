"""What is known of each image host: how many requests it has, and whether it answers at all.

A limit per host keeps one slow host from taking every place; a circuit breaker per host keeps a dead one from
costing a timeout for each of its URLs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..errors import Code, DropforgeError

_REMEMBERED_S = 600.0


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    users: int = 0
    failures: int = 0
    down_until: float = 0.0
    probing: bool = False


class Hosts:
    """The limiter and circuit breaker of every host.

    A host is left alone for `down_s` seconds after `down_after` failures in a row, or for as long as it asks in
    Retry-After; then one request tests it, and its outcome decides for the others.
    """

    def __init__(
        self, *, per_host: int, down_after: int, down_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_host = per_host
        self._down_after = down_after
        self._down_s = down_s
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
            host = self._hosts[name] = _Host(asyncio.Semaphore(self._per_host))
        host.users += 1
        try:
            async with host.slots:
                probe = self._admit(name, host)
                try:
                    yield
                except DropforgeError as error:
                    if error.retryable or error.code is Code.IMAGE_TOO_SLOW:
                        self._failed(host, probe, error.retry_after_s)
                    else:
                        self._answered(host, probe)
                    raise
                else:
                    self._answered(host, probe)
                finally:
                    if probe:
                        host.probing = False
        finally:
            host.users -= 1

    def forget_idle(self) -> None:
        """Drops the hosts nobody uses, but for those down lately, so that a long-lived replica stays small."""
        lately = self._clock() - _REMEMBERED_S
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.users or (host.down_until and host.down_until > lately)
        }

    def _admit(self, name: str, host: _Host) -> bool:
        """True if the request is the one that tests a host left alone until now."""
        if not host.down_until:
            return False
        wait = host.down_until - self._clock()
        if wait > 0 or host.probing:
            raise DropforgeError(
                Code.IMAGE_HOST_DOWN,
                f"{name} does not answer; it is left alone for now.",
                retry_after_s=max(wait, 0.0) or self._down_s / 2,
            )
        host.probing = True
        return True

    def _failed(self, host: _Host, probe: bool, retry_after_s: float | None) -> None:
        host.failures += 1
        if probe or retry_after_s or host.failures >= self._down_after:
            host.down_until = self._clock() + max(self._down_s, retry_after_s or 0.0)

    @staticmethod
    def _answered(host: _Host, probe: bool) -> None:
        host.failures = 0
        if probe:  # an answer to an older request doesn't end the wait that a host has asked for
            host.down_until = 0.0
