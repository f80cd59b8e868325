"""An HTTP proxy between a client and a server that it depends on, with faults at chosen requests."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from infra.local.port import HOST

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length"})
_MOST_BYTES = 64 << 20
_SETTLED_S = 60.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came. `target` is path and query; `client_port` tells which process has sent it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client_port: int


@dataclass(frozen=True, slots=True)
class Reply:
    """With `kept_bytes` the connection breaks off after so many bytes of the body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    kept_bytes: int | None = None


Forward = Callable[[Request], Awaitable[Reply]]
Effect = Callable[[Request, Forward], Awaitable[Reply | None]]
"""What happens to a request, in the end an answer; None resets the connection without one."""


@dataclass(eq=False)
class Fault:
    """An effect on the requests that match, after the first `skip` of them, at most `times` times (None: always)."""

    matches: Callable[[Request], bool]
    effect: Effect
    skip: int = 0
    times: int | None = 1
    happened: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    hits: int = 0
    _seen: int = 0

    def takes(self, request: Request) -> bool:
        if (self.times is not None and self.hits >= self.times) or not self.matches(request):
            return False
        self._seen += 1
        if self._seen <= self.skip:
            return False
        self.hits += 1
        return True


class Proxy:
    """Passes requests on to `upstream`, an address, from a thread of its own while the `with` block runs.

    `asked` holds each request as it came, whatever became of it; `log` each one that was passed on and the status
    that the upstream answered with, once it has.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy of {upstream}", daemon=True)
        self._under_way: list[Request] = []
        self.port = 0
        self.asked: list[Request] = []
        self.log: list[tuple[Request, int]] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forgets faults and requests; a request that a fault holds is let go by its own end."""
        with self._lock:
            self._faults.clear()
        self.asked = []
        self.log = []

    def settled(self, matches: Callable[[Request], bool]) -> list[tuple[Request, int]]:
        """The log's entries that match, once no such request waits for the upstream.

        Who looks at the upstream itself can see what a request has done before the log has the request.
        Raises `TimeoutError` where one goes on waiting.
        """
        deadline = time.monotonic() + _SETTLED_S
        while any(matches(request) for request in self._under_way):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"A request that {self.upstream} was asked is not answered after {_SETTLED_S:.0f} s."
                )
            time.sleep(_POLL_S)
        return [(request, status) for request, status in list(self.log) if matches(request)]

    def remove(self, fault: Fault) -> None:
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)

    async def forward(self, request: Request) -> Reply:
        """The upstream's answer; 502 where it does not run."""
        headers = [(name, value) for name, value in request.headers if name.lower() not in _HOP_BY_HOP]
        url = URL(f"http://{self.upstream}{request.target}", encoded=True)
        try:
            async with self._session.request(
                request.method, url, headers=headers, data=request.body or None, allow_redirects=False
            ) as answer:
                kept = tuple((n, v) for n, v in answer.headers.items() if n.lower() not in _HOP_BY_HOP)
                return Reply(answer.status, kept, await answer.read())
        except aiohttp.ClientError as error:
            return Reply(502, body=str(error).encode())

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), auto_decompress=False, skip_auto_headers=("User-Agent", "Accept")
        )
        application = web.Application(client_max_size=_MOST_BYTES)
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2, auto_decompress=False)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, 0).start()
        self.port = runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _answer(self, incoming: web.Request) -> web.StreamResponse:
        transport = incoming.transport
        peer = incoming.get_extra_info("peername")
        request = Request(
            incoming.method, incoming.raw_path, tuple(incoming.headers.items()), await incoming.read(), peer[1]
        )
        self.asked.append(request)
        with self._lock:
            fault = next((fault for fault in self._faults if fault.takes(request)), None)
        if fault is None:
            reply: Reply | None = await self._pass_on(request)
        else:
            fault.happened.set()
            try:
                reply = await fault.effect(request, self._pass_on)
            finally:
                fault.ended.set()
        if reply is None:
            if transport is not None and not transport.is_closing():
                _reset(transport)
            return web.Response(status=500)
        if reply.kept_bytes is not None:
            return await _broken_off(incoming, reply)
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

    async def _pass_on(self, request: Request) -> Reply:
        self._under_way.append(request)
        try:
            reply = await self.forward(request)
            self.log.append((request, reply.status))
        finally:
            self._under_way = [other for other in self._under_way if other is not request]
        return reply


async def _broken_off(incoming: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(reply.body)
    response.force_close()
    await response.prepare(incoming)
    await response.write(reply.body[: reply.kept_bytes])
    return response


def _reset(transport: asyncio.Transport) -> None:
    """Ends a connection with RST, as a crashed server or a middlebox does."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
