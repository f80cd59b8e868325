"""An HTTP server that a push subscription can push to."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Pushed:
    """One request as it came. `at` is on the clock of `time.monotonic`, in seconds."""

    at: float
    path: str
    headers: dict[str, str]
    data: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The data as JSON."""
        body: dict[str, Any] = json.loads(self.data)
        return body


class PushEndpoint:
    """Answers with the statuses of `answers` in turn, then with 204, and remembers every request."""

    def __init__(self) -> None:
        self.answers: deque[int] = deque()
        self.pushed: list[Pushed] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.pushed.append(Pushed(time.monotonic(), self.path, dict(self.headers), data))
                self.send_response(endpoint.answers.popleft() if endpoint.answers else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/push?token=t"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
