"""The proxy's own promises, without an application behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest
import requests

from tests.support.http_server import HttpServer
from tests.support.proxy import Proxy, Request

_DEADLINE_S = 30.0


class _Slow(BaseHTTPRequestHandler):
    """Has done what it was asked before it is let answer."""

    done: threading.Event
    may_answer: threading.Event

    def do_POST(self) -> None:
        self.done.set()
        self.may_answer.wait(_DEADLINE_S)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    _Slow.done, _Slow.may_answer = threading.Event(), threading.Event()
    with HttpServer(_Slow) as server, Proxy(server.url.removeprefix("http://")) as proxy:
        yield proxy


def test_a_request_counts_though_its_answer_is_on_the_way(proxy: Proxy) -> None:
    looked = threading.Event()

    def matches(request: Request) -> bool:
        looked.set()
        return request.target == "/this"

    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(requests.post, f"{proxy.url}/this", timeout=_DEADLINE_S)
        assert _Slow.done.wait(_DEADLINE_S)
        settled = threads.submit(proxy.settled, matches)
        assert looked.wait(_DEADLINE_S)
        assert not settled.done()
        _Slow.may_answer.set()
        assert [(request.target, status) for request, status in settled.result(_DEADLINE_S)] == [("/this", 200)]
        assert answer.result(_DEADLINE_S).status_code == 200
