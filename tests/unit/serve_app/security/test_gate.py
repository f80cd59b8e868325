from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI, Request

from actors.errors import Code, DropforgeError
from serve_app.config.settings import Settings
from serve_app.security.access import Access
from serve_app.security.gate import MAX_BODY_BYTES, Gate, error_answer
from serve_app.security.refusals import Refusals

TOKEN = "correct-horse-battery-staple"

api = FastAPI()


@api.get("/health")
async def health(request: Request) -> bool:
    return request.state.known


@api.post("/echo")
async def echo(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@pytest.fixture
def gate() -> Gate:
    return Gate(api, access=Access(Settings(api_token=TOKEN)))


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


async def call(
    gate: Gate, method: str, path: str, headers: dict[str, str], chunks: Sequence[bytes] | AsyncIterator[bytes] = (b"",)
) -> Answer:
    """One request as a server hands it over."""
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": encoded, "query_string": b"", "root_path": ""}
    waiting = list(chunks) if isinstance(chunks, Sequence) else None
    answers: list[dict] = []

    async def receive() -> dict:
        if waiting is not None:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}
        assert not isinstance(chunks, Sequence)
        return {"type": "http.request", "body": await anext(chunks), "more_body": True}

    async def send(message: Any) -> None:
        answers.append(message)

    await gate(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in answers)
    got = {name.decode(): value.decode() for name, value in answers[0]["headers"]}
    return Answer(answers[0]["status"], got, json.loads(body))


JSON = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}


async def test_a_body_comes_through_whole(gate: Gate) -> None:
    answer = await call(gate, "POST", "/echo", JSON, [b"x" * 100_000] * 10 + [b""])
    assert (answer.status, answer.body) == (200, {"bytes": 1_000_000})


@pytest.mark.parametrize("chunks", [[b"x" * (MAX_BODY_BYTES + 1)], [b"x" * 65_536] * 17], ids=["at once", "in pieces"])
async def test_a_body_that_is_too_large_is_not_read_on(gate: Gate, chunks: list[bytes]) -> None:
    answer = await call(gate, "POST", "/echo", JSON, chunks)
    assert (answer.status, answer.body["error"]["code"]) == (413, "request_too_large")


async def test_a_body_without_end_is_not_read_on(gate: Gate) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"x" * 65_536

    assert (await call(gate, "POST", "/echo", JSON, endless())).status == 413
    assert given == 17


async def test_a_body_that_is_announced_too_large_is_not_read_at_all(gate: Gate) -> None:
    answer = await call(gate, "POST", "/echo", JSON | {"content-length": str(MAX_BODY_BYTES + 1)}, [])
    assert answer.status == 413


@pytest.mark.parametrize("announced", ["9" * 19, "9" * 10_000, "-1", "1e3", "x", "", "٣"])
async def test_a_length_that_is_none_is_no_defect(gate: Gate, announced: str) -> None:
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/json")]
    headers.append((b"content-length", announced.encode()))
    scope = {"type": "http", "method": "POST", "path": "/echo", "headers": headers, "query_string": b""}
    answers: list[Any] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def send(message: Any) -> None:
        answers.append(message)

    await gate(scope, receive, send)
    assert answers[0]["status"] == (413 if announced.startswith("9") else 200)


async def test_a_flood_of_refusals_is_a_few_lines_and_a_sum(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals(lines=3, period_s=0.05)
    with caplog.at_level(logging.INFO, "dropforge.gate"):
        for _ in range(2):
            for at in range(1000):
                code = Code.UNAUTHENTICATED if at % 4 else Code.CROSS_SITE
                refusals.note("GET", f"/{at}" + "x" * 100_000, DropforgeError(code, "Why."))
            assert len(caplog.records) == 3
            async with asyncio.timeout(5):
                while len(caplog.records) < 4:  # noqa: ASYNC110  # a log has no event
                    await asyncio.sleep(0.01)
            assert "997 more requests" in caplog.records[3].getMessage()
            assert "748 unauthenticated, 249 cross_site" in caplog.records[3].getMessage()
            assert max(len(record.getMessage()) for record in caplog.records) < 400
            caplog.clear()


async def test_a_body_that_does_not_come_is_not_waited_for(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve_app.security.gate._BODY_S", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        await asyncio.sleep(3600)
        yield b""

    assert (await call(gate, "POST", "/echo", JSON, silent())).status == 408


async def test_a_stranger_s_body_is_not_read_at_all(gate: Gate) -> None:
    answer = await call(gate, "POST", "/echo", {"content-type": "application/json"}, [])
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.body["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize(("headers", "known"), [({}, False), (JSON, True)], ids=["stranger", "caller"])
async def test_the_application_is_told_whether_the_caller_is_known(gate: Gate, headers: dict, known: bool) -> None:
    assert (await call(gate, "GET", "/health", headers)).body is known


async def test_a_refusal_is_logged_without_the_token(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "dropforge.gate"):
        await call(gate, "GET", "/runs\nERROR forged", {"authorization": "Bearer wrong-but-secret-all-the-same"})
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.UNAUTHENTICATED, 401), (Code.CROSS_SITE, 403), (Code.REQUEST_TOO_LARGE, 413), (Code.BAD_REQUEST, 400),
        (Code.CONNECTION_FAILED, 503), (Code.STORAGE_UNAVAILABLE, 503), (Code.NOT_FOUND, 404), (Code.INTERNAL, 500),
    ],
)  # fmt: skip
def test_an_error_has_its_status(code: Code, status: int) -> None:
    assert error_answer(DropforgeError(code, "Why.")).status_code == status


def test_what_is_no_text_does_not_break_an_answer() -> None:
    assert b"\\\\ud800" in error_answer(DropforgeError(Code.BAD_REQUEST, "The field \ud800.")).body
