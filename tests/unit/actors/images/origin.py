"""A web server on loopback that does what it is told, down to the bytes on the wire."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: dict[str, str]
    number: int
    """How many requests for this path there have been, this one included."""


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def http(
    body: bytes = b"", *, status: int = 200, headers: dict[str, str] | None = None, length: int | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass(slots=True)
class Origin:
    """Answers by path; a path it does not know is a 404. Keeps count of requests and of what is open at once."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    open: int = 0
    most_open: int = 0

    def url(self, path: str, host: str = HOST) -> str:
        return f"http://{host}:{self.port}{path}"

    def says(self, path: str, *answers: bytes) -> str:
        """The first answer to the first request for a path, and so on; the last one to all that follow."""

        async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(answers[min(request.number, len(answers)) - 1])

        return self.does(path, answer)

    def does(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return self.url(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = head[0].split(" ")[1]
                self.counts[path] += 1
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                await reader.readexactly(int(headers.get("Content-Length", 0)))
                request = Request(path, headers, self.counts[path])
                self.requests.append(request)
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                try:
                    if path in self.answers:
                        await self.answers[path](request, writer)
                    else:
                        writer.write(http(b"no such picture", status=404))
                    await writer.drain()
                finally:
                    self.open -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):  # the last: the test is over
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running_origin(host: str = HOST) -> AsyncIterator[Origin]:
    origin = Origin()
    server = await asyncio.start_server(origin.serve, host, 0)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()
