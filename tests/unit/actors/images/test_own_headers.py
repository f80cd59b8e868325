from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from actors.errors import Code, DropforgeError
from actors.images.download import Downloader
from actors.images.own_headers import filled_headers
from actors.images.settings import ImageSettings

from .downloads import BODY, failure, fetch, limits, redirect, resolve_to
from .origin import HOST, Origin, http, running_origin

SECRET = "s3cret-value"
OWN = {"Accept": "image/*", "Authorization": "Bearer $SHOP_TOKEN"}


@pytest.fixture
async def other() -> AsyncIterator[Origin]:
    async with running_origin("127.0.0.2") as origin:
        yield origin


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)


def own(*origins: Origin, hosts: tuple[str, ...] = (HOST,)) -> ImageSettings:
    ports = [origin.port for origin in origins]
    return limits(origins[0], allowed_ports=ports, own_hosts=hosts, own_host_headers=OWN)


async def test_own_hosts_get_the_headers(origin: Origin) -> None:
    assert await fetch(own(origin), origin.says("/", http(BODY))) == BODY
    headers = origin.requests[0].headers
    assert (headers["Accept"], headers["Authorization"]) == ("image/*", f"Bearer {SECRET}")
    assert headers["Accept-Encoding"] == "identity"
    assert headers["User-Agent"].startswith("Dropforge/")


@pytest.mark.parametrize("hosts", [(), ("cdn.example", "*.cdn.example"), ("127.0.0.2",), ("127.0.0.1.example",)])
async def test_other_hosts_get_none(origin: Origin, hosts: tuple[str, ...]) -> None:
    await fetch(own(origin, hosts=hosts), origin.says("/", http(BODY)))
    assert "Authorization" not in origin.requests[0].headers
    assert origin.requests[0].headers["Accept"] == "*/*"


async def test_a_redirect_elsewhere_takes_none_along(origin: Origin, other: Origin) -> None:
    other.says("/", redirect(origin.says("/back", http(BODY))))
    url = origin.says("/", redirect(other.url("/", host="127.0.0.2")))
    assert await fetch(own(origin, other), url) == BODY
    assert ["Authorization" in each.headers for each in origin.requests] == [True, True]
    assert ["Authorization" in each.headers for each in other.requests] == [False]


@pytest.mark.parametrize(
    ("name", "sent"),
    [("img.cdn.example", True), ("IMG.CDN.example.", True), ("cdn.example", False), ("cdn.example.evil", False)],
)
async def test_names_are_compared_like_hosts(
    origin: Origin, monkeypatch: pytest.MonkeyPatch, name: str, sent: bool
) -> None:
    resolve_to(monkeypatch, HOST)
    origin.says("/", http(BODY))
    await fetch(own(origin, hosts=("*.CDN.example",)), origin.url("/", host=name))
    assert ("Authorization" in origin.requests[0].headers) is sent


@pytest.mark.parametrize("answer", [b"nonsense", http(status=403), http(status=500), http(b"x", length=10**12), b""])
async def test_failures_tell_no_secret(origin: Origin, caplog: pytest.LogCaptureFixture, answer: bytes) -> None:
    async def say(request: object, writer: object) -> None:
        writer.write(answer)  # type: ignore[attr-defined]
        writer.close()  # type: ignore[attr-defined]

    with caplog.at_level(logging.DEBUG):
        error = await failure(own(origin), origin.does("/", say))
    assert SECRET not in "".join(traceback.format_exception(error)) + caplog.text


def test_settings_tell_no_secret(origin: Origin) -> None:
    assert SECRET not in f"{own(origin)!r}{own(origin).model_dump_json()}"


@pytest.mark.parametrize(
    "headers",
    [{"Host": "x"}, {"content-length": "5"}, {"A b": "x"}, {"": "x"}, {"A": "x\r\nB: y"}, {"A": "é"}, {"A": "$ 5"}],
)
def test_headers_that_are_none_of_the_operators(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ImageSettings(own_host_headers=headers)


def test_variables_are_filled_in() -> None:
    environment = {"A": "1", "B_2": "two"}
    assert filled_headers({"X": "$A ${B_2}x $$5", "Y": ""}, environment) == {"X": "1 twox $5", "Y": ""}


@pytest.mark.parametrize(("environment", "told"), [({}, "not set"), ({"TOKEN": "s3cret\n"}, "line end")])
async def test_a_variable_that_can_not_be_sent(environment: dict[str, str], told: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        filled_headers({"Authorization": "Bearer $TOKEN"}, environment)
    assert raised.value.code is Code.BAD_SETTINGS
    assert told in raised.value.message
    assert "s3cret" not in raised.value.message


async def test_a_fetcher_does_not_start_without_its_secret(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(DropforgeError) as raised:
        Downloader(own(origin))
    assert raised.value.code is Code.BAD_SETTINGS
