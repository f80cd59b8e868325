"""DNS for aiohttp: on threads of its own, absolute names only, and no answer that hides a refused address."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from .guard import AddressGuard

PERMANENT = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""`getaddrinfo` errors that say the name does not exist; the others may pass."""


class GuardedResolver(AbstractResolver):
    """`getaddrinfo` on a pool of `threads`, so that names that never resolve don't hold up the loop's other work."""

    def __init__(self, guard: AddressGuard, threads: int) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every address of `host`.

        Raises `BlockedAddressError` where one of them is refused: a name that answers with a public and a private
        address is an attempt at the private one. Raises `socket.gaierror` where there is none.
        """
        answers = await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, _absolute(host), port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )
        addresses = [str(address[0]) for _, _, _, _, address in answers]
        if not addresses:  # aiohttp asserts otherwise
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
    # A cluster's search list (ndots:5 on Kubernetes) would turn one look-up into five and try the cluster's own
    # names first. A name without a dot means something only to the machine it is said on.
    return host if "." not in host or host.endswith(".") else host + "."
