"""DNS for aiohttp: on threads of its own, with absolute names, and without answers that contain refused addresses."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from .guard import AddressGuard

PERMANENT = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""`getaddrinfo` errors for a name that does not exist; all others are transient."""


class GuardedResolver(AbstractResolver):
    """`getaddrinfo` on a pool of `threads` threads, so that slow look-ups do not block the event loop's other work."""

    def __init__(self, guard: AddressGuard, threads: int) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of `host`.

        Raises `BlockedAddressError` if any of them is refused: a name with a public and a private address is an attempt
        to reach the private one. Raises `socket.gaierror` if there is none.
        """
        answers = await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, _absolute(host), port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )
        addresses = [str(address[0]) for _, _, _, _, address in answers]
        if not addresses:  # aiohttp asserts that there is one
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        for address in addresses:
            self._guard.check(address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=answer[0],
                proto=answer[2],
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for answer, address in zip(answers, addresses, strict=True)
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _absolute(host: str) -> str:
    # A cluster's search list (ndots:5 on Kubernetes) would turn one look-up into five, and try the cluster's own names
    # first. Names without a dot are local, and stay relative.
    return host if "." not in host or host.endswith(".") else host + "."
