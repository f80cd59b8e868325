"""Stands between a client and the object store: loses replies, answers errors, and keeps the preconditions that
fake-gcs-server does not keep."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

_HOP_BY_HOP = {"connection", "transfer-encoding", "host", "content-length"}
_OF_OBJECTS = re.compile("/b/[^/?]+/o")  # the client asks for the bucket itself in the background, whenever it likes


@dataclass
class Fault:
    """What happens to the next `times` requests whose method is `method` and whose URL holds `part`.

    With a `status` the request is answered with it and not passed on. Otherwise it is passed on, and the connection
    breaks after `kept_bytes` of the reply's body, or before the reply where that is None.
    """

    method: str
    part: str
    status: int | None = None
    kept_bytes: int | None = None
    times: int = 1


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    kept_bytes: int | None = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        return  # a client that leaves, which clients of broken connections do


class StorageProxy:
    """Passes requests on; those that carry a precondition for compose or rewrite one after the other.

    `faults` happen to, and `requests` lists, requests about objects; `before` is called with them when they come,
    `after` when they are answered.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._strict = threading.Lock()
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda method, path: None
        self.after: Callable[[str, str], None] = lambda method, path: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
                answer = proxy._answer(self.command, self.path, headers, body)
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body[: answer.kept_bytes])
                self.close_connection = answer.kept_bytes is not None

            do_GET = do_POST = do_PUT = do_DELETE = _handle

            def log_message(self, *args: object) -> None:
                return

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        if not _OF_OBJECTS.search(path):
            return self._pass_on(method, path, headers, body)
        self.requests.append((method, path))
        self.before(method, path)
        fault = next((f for f in self.faults if f.times and f.method == method and f.part in path), None)
        if fault is not None:
            fault.times -= 1
            if fault.status is not None:
                return _error(fault.status)
        wanted = parse_qs(urlsplit(path).query).get("ifGenerationMatch")
        target = _target(urlsplit(path).path)
        if wanted is not None and target is not None:
            with self._strict:
                if self._generation(*target) != int(wanted[0]):
                    return _error(412)
                answer = self._pass_on(method, path, headers, body)
        else:
            answer = self._pass_on(method, path, headers, body)
        self.after(method, path)
        if fault is None:
            return answer
        return None if fault.kept_bytes is None else replace(answer, kept_bytes=fault.kept_bytes)

    def _pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        with closing(HTTPConnection(self._upstream, timeout=10)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
            return Answer(answer.status, kept, answer.read())

    def _generation(self, bucket: str, name: str) -> int:
        answer = self._pass_on("GET", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}", {}, b"")
        return int(json.loads(answer.body)["generation"]) if answer.status == 200 else 0


def _error(status: int) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], b"{}")


def _target(path: str) -> tuple[str, str] | None:
    """The bucket and object that a compose or rewrite request writes."""
    parts = path.removeprefix("/storage/v1/b/").split("/")
    if parts[-1] == "compose":
        return parts[0], unquote(parts[2])
    if "rewriteTo" in parts:
        return parts[-3], unquote(parts[-1])
    return None
