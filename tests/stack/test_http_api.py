"""The API as the deployed application answers it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stack import Stack


def test_it_describes_itself(stack: Stack) -> None:
    paths = stack.call("GET", "/openapi.json").json()["paths"]
    assert {"/pubsub/push", "/runs", "/runs/{run_id}", "/dead-letters", "/replays", "/health"} <= set(paths)
    assert "requestBody" in paths["/pubsub/push"]["post"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/runs/0123456789abcdef0123", None, 404),
        ("GET", "/runs?limit=1", None, 200),
        ("GET", "/runs?limit=many", None, 422),
        ("GET", "/dead-letters?limit=5&stage=clean", None, 200),
        ("GET", "/dead-letters?limit=0", None, 422),
        ("GET", "/dead-letters?stag=clean", None, 422),
        ("POST", "/replays", {"dry_run": True, "selection": {"run": "ab"}}, 200),
        ("POST", "/replays", {"dryrun": True}, 422),
        ("GET", "/replays/0123456789ab", None, 404),
        ("POST", "/reconciliations", {"prefix": "elsewhere/"}, 400),
        ("POST", "/reconciliations", {"sinces": 5}, 422),
        ("GET", "/reconciliations/0123456789ab", None, 404),
        ("GET", "/runs/..%2f..%2fsecrets", None, 404),
        ("GET", "/runs/0123", None, 422),
        ("POST", "/replays", {"selection": {"object": "\ud800", "stag": "\ud800"}}, 422),
        ("GET", "/nothing", None, 404),
    ],
)
def test_a_call_has_its_status(stack: Stack, method: str, path: str, body: Any, status: int) -> None:
    answer = stack.call(method, path, json=body)
    assert answer.status_code == status, answer.text


def test_it_says_where_a_drop_is_uploaded_to(stack: Stack) -> None:
    source = stack.call("GET", "/source").json()
    assert (source["source_bucket"], source["watched_prefix"]) == (stack.source.name, "in/")
    assert source["endpoint"] == stack.source._client.api_endpoint
    assert source["endpoint"].startswith("http://127.0.0.1:")


def test_an_error_has_a_code_and_says_what_to_do(stack: Stack) -> None:
    error = stack.call("GET", "/runs/0123456789abcdef0123").json()["error"]
    assert error["code"] == "not_found"
    assert "`dropforge runs`" in error["message"]


def test_all_deployments_are_healthy(stack: Stack) -> None:
    view = stack.call("GET", "/health").json()
    assert set(view["deployments"]) == {"Ingress", "Attributes", "Cleaner", "ImageFetcher", "Writer"}
    assert {name: one["status"] for name, one in view["deployments"].items() if one["status"] != "HEALTHY"} == {}
    assert view["reasons"] == []


@pytest.mark.parametrize(
    "headers",
    [{"Host": "shop.example"}, {"Origin": "https://shop.example"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=str,
)
@pytest.mark.parametrize("path", ["/replays", "/pubsub/push"])
def test_a_page_of_another_site_changes_nothing(stack: Stack, path: str, headers: dict[str, str]) -> None:
    answer = stack.call("POST", path, json={"dry_run": True}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")


@pytest.mark.parametrize("path", ["/replays", "/pubsub/push"])
def test_a_body_that_is_too_large_is_refused(stack: Stack, path: str) -> None:
    body = b'{"message": "' + b"x" * (2 << 20) + b'"}'
    answer = stack.call("POST", path, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
