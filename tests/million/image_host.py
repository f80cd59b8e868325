"""An image host that holds up: a process of its own that answers with as little work as can be.

===============  =================================================
`/ok/…`          a JPEG, each with a comment of its own
`/missing/…`     404
`/page/…`        200 with an HTML page
`/busy/…`        503 for the first two requests, then a JPEG
===============  =================================================

Paths end in `ROW-INDEX.jpg`. While `Fetches.down` is set, every connection is reset.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from infra.local.image_host import image_bytes
from infra.local.port import HOST

from .fetches import Fetches

LATENCY_S = 0.05
_BUSY = 2
_BACKLOG = 1024
_PAGE = b"<!doctype html><title>This product is gone</title>"


class _Answers:
    """Whole HTTP answers, put together once but for what differs between images."""

    def __init__(self) -> None:
        image = image_bytes("/million.jpg")
        comment = b"\xff\xfe\x00\x0a"
        size = len(image) + len(comment) + 8
        self._head = _answer(b"200 OK", b"image/jpeg", size) + image[:2] + comment
        self._tail = image[2:]
        self.missing = _answer(b"404 Not Found", b"text/plain", 0)
        self.busy = _answer(b"503 Service Unavailable", b"text/plain", 0)
        self.page = _answer(b"200 OK", b"text/html", len(_PAGE)) + _PAGE

    def image(self, row: int, index: int) -> bytes:
        return b"".join((self._head, row.to_bytes(7, "big"), bytes((index,)), self._tail))


class _Host(asyncio.Protocol):
    answers: _Answers
    fetches: Fetches

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.request = b""

    def data_received(self, data: bytes) -> None:
        if self.fetches.down:
            self.transport.abort()
            return
        self.request += data
        if self.request.endswith(b"\r\n\r\n"):
            kind, _, name = self.request[5 : self.request.index(b" ", 5)].partition(b"/")
            self.request = b""
            row, _, index = name.partition(b".")[0].partition(b"-")
            asyncio.get_running_loop().call_later(LATENCY_S, self._answer, kind, int(row), int(index))

    def _answer(self, kind: bytes, row: int, index: int) -> None:
        if self.fetches.down:
            self.transport.abort()
        elif not self.transport.is_closing():  # else whoever asked is gone, and gets no image
            self.transport.write(self._content(kind, row, index))

    def _content(self, kind: bytes, row: int, index: int) -> bytes:
        if kind == b"page":
            return self.answers.page
        if kind == b"missing":
            return self.answers.missing
        if kind == b"busy" and self.fetches.refused(row, index) < _BUSY:
            return self.answers.busy
        self.fetches.image(row, index)
        return self.answers.image(row, index)


def _serve(counts: Path, rows: int, port: int, ready: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches this process too, and the node is stopped first

    async def serve() -> None:
        with Fetches(counts, rows) as _Host.fetches:
            _Host.answers = _Answers()
            server = await asyncio.get_running_loop().create_server(_Host, HOST, port, backlog=_BACKLOG)
            ready.send(True)
            await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def image_host(counts: Path, rows: int, port: int) -> Iterator[None]:
    """Serves on `port` in the block; raises `EOFError` where it is taken."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(counts, rows, port, theirs), name="image host", daemon=True
    )
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield
    finally:
        process.kill()
        process.join()


def _answer(status: bytes, content_type: bytes, size: int) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (status, content_type, size)
