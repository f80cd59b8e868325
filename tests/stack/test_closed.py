"""An application that more than this machine may reach: who is let in through Serve's own front door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from tests.support.front_door import ROUTE, TOKEN, FrontDoor
from tests.support.stack import Stack


@pytest.fixture
def closed(stack: Stack, front_door: FrontDoor) -> Stack:
    return stack


def call(
    stack: Stack, method: str, path: str, headers: Mapping[str, str] | None = None, **given: Any
) -> requests.Response:
    return stack.call(method, ROUTE + path, headers=headers or {}, **given)


KNOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/runs"),
        ("GET", "/dead-letters"),
        ("POST", "/replays"),
        ("GET", "/api"),
        ("GET", "/openapi.json"),
        ("GET", "/"),
    ],
)
def test_a_stranger_is_not_let_in(closed: Stack, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong-horse-battery-staple"}):
        answer = call(closed, method, path, headers, json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_caller_with_the_token_is(closed: Stack) -> None:
    assert call(closed, "GET", "/runs", KNOWN).json() == {"runs": []}
    assert call(closed, "POST", "/replays", KNOWN, json={"dry_run": True}).json()["state"] == "preview"


def test_a_probe_learns_the_status_alone(closed: Stack) -> None:
    assert call(closed, "GET", "/health").json().keys() == {"status"}
    assert "dependencies" in call(closed, "GET", "/health", KNOWN).json()


@pytest.mark.parametrize("authorization", [None, "Bearer a.b.c", f"Bearer {TOKEN}", "Basic eDp5"])
def test_a_push_that_is_not_pub_sub_s_is_refused(closed: Stack, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert call(closed, "POST", "/pubsub/push", headers, json={"message": {}}).status_code == 401
