from __future__ import annotations

import asyncio
import socket
from importlib.metadata import version

import pytest
import uvloop

from actors.errors import Code
from actors.images.settings import ImageSettings

from .downloads import BODY, failure, fetch, limits, redirect
from .origin import HOST, Origin, Request, http, running_origin


async def test_a_body_is_fetched(origin: Origin) -> None:
    assert await fetch(limits(origin), origin.says("/a.jpg?x=%2F", http(BODY))) == BODY


async def test_a_body_without_a_length(origin: Origin) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n6\r\n bytes\r\n0\r\n\r\n"
    assert await fetch(limits(origin), origin.says("/", chunked)) == BODY


async def test_what_servers_are_told(origin: Origin) -> None:
    await fetch(limits(origin, contact="https://shop.example/bot"), origin.says("/", http(BODY)))
    assert origin.requests[0].headers == {
        "Host": f"{HOST}:{origin.port}",
        "User-Agent": f"Dropforge/{version('dropforge')} (+https://shop.example/bot)",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }


@pytest.mark.parametrize("contact", ["a b", "x\r\nCookie: a=b", "é"])
def test_a_contact_can_not_add_headers(contact: str) -> None:
    with pytest.raises(ValueError, match="contact"):
        ImageSettings(contact=contact)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (204, Code.IMAGE_HTTP_ERROR),
        (206, Code.IMAGE_HTTP_ERROR),
        (300, Code.IMAGE_HTTP_ERROR),
        (304, Code.IMAGE_HTTP_ERROR),
        (302, Code.IMAGE_HTTP_ERROR),  # without a Location
        (400, Code.IMAGE_HTTP_ERROR),
        (401, Code.IMAGE_FORBIDDEN),
        (403, Code.IMAGE_FORBIDDEN),
        (404, Code.IMAGE_NOT_FOUND),
        (408, Code.TIMEOUT),
        (410, Code.IMAGE_NOT_FOUND),
        (418, Code.IMAGE_HTTP_ERROR),
        (429, Code.RATE_LIMITED),
        (451, Code.IMAGE_FORBIDDEN),
        (500, Code.SERVER_ERROR),
        (502, Code.SERVER_ERROR),
        (503, Code.SERVER_ERROR),
        (504, Code.SERVER_ERROR),
    ],
)
async def test_a_status_has_its_code(origin: Origin, status: int, code: Code) -> None:
    error = await failure(limits(origin), origin.says("/", http(status=status)))
    assert error.code is code
    assert str(status) in error.message


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [("7", 7, 7), ("0", 0, 0), ("999999999999", 300, 300), ("Fri, 31 Dec 2100 23:59:59 GMT", 300, 300)],
)
async def test_retry_after_is_told_in_seconds(origin: Origin, value: str, low: float, high: float) -> None:
    error = await failure(limits(origin), origin.says("/", http(status=503, headers={"Retry-After": value})))
    assert error.retry_after_s is not None
    assert low <= error.retry_after_s <= high


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "٣", "31 Dec", "Fri, 99 Dec 2100 23:59:59 GMT"])
async def test_a_retry_after_that_is_none(origin: Origin, value: str) -> None:
    answer = http(status=503, headers={"Retry-After": value.encode().decode("latin-1")})
    assert (await failure(limits(origin), origin.says("/", answer))).retry_after_s is None


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_they_are_followed(self, origin: Origin, status: int) -> None:
        origin.says("/to", http(BODY))
        assert await fetch(limits(origin), origin.says("/from", redirect("/to", status))) == BODY

    async def test_relative_and_absolute(self, origin: Origin) -> None:
        origin.says("/a/1", redirect("../b/2?x=1"))
        origin.says("/b/2?x=1", redirect(origin.url("/c")))
        origin.says("/c", http(BODY))
        assert await fetch(limits(origin), origin.url("/a/1")) == BODY

    async def test_as_many_as_allowed(self, origin: Origin) -> None:
        for number in range(3):
            origin.says(f"/{number}", redirect(f"/{number + 1}"))
        origin.says("/3", http(BODY))
        assert await fetch(limits(origin, max_redirects=3), origin.url("/0")) == BODY
        assert (await failure(limits(origin, max_redirects=2), origin.url("/0"))).code is Code.TOO_MANY_REDIRECTS

    async def test_one_deadline_for_all_of_them(self, origin: Origin) -> None:
        async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.2)
            writer.write(redirect("/"))

        error = await failure(limits(origin, fetch_s=0.5, max_redirects=10), origin.does("/", slowly))
        assert error.code is Code.TIMEOUT
        assert origin.counts["/"] <= 3

    async def test_a_loop_ends(self, origin: Origin) -> None:
        assert (await failure(limits(origin), origin.says("/", redirect("/")))).code is Code.TOO_MANY_REDIRECTS
        assert origin.counts["/"] == 4

    @pytest.mark.parametrize(
        ("location", "code"),
        [
            ("http://169.254.169.254/latest/meta-data/", Code.BLOCKED_ADDRESS),
            ("//169.254.169.254/", Code.BLOCKED_ADDRESS),
            ("http://[::1]/", Code.BLOCKED_ADDRESS),
            ("http://[::ffff:127.0.0.1]/", Code.BLOCKED_ADDRESS),
            ("http://10.0.0.1/", Code.BLOCKED_ADDRESS),
            ("http://127.0.0.1:6379/", Code.BLOCKED_ADDRESS),
            ("http://2130706433/", Code.BAD_URL),
            ("http://[]@/", Code.BAD_URL),
            ("//[]@/", Code.BAD_URL),
            ("http://user@127.0.0.1/", Code.BAD_URL),
            ("file:///etc/passwd", Code.BAD_URL),
            ("gopher://127.0.0.1/_x", Code.BAD_URL),
            ("http://a b/", Code.BAD_URL),
            ("http://127.0.0.1:99999/", Code.BAD_URL),
        ],
    )
    async def test_to_where_none_may_go(self, origin: Origin, location: str, code: Code) -> None:
        assert (await failure(limits(origin), origin.says("/", redirect(location)))).code is code


def test_outcomes_are_the_same_on_uvloop() -> None:
    """Ray runs actors on uvloop, whose sockets raise other exceptions."""

    async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def silence(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async def outcomes() -> list[Code]:
        async with running_origin() as origin:
            assert await fetch(limits(origin), origin.says("/", http(BODY))) == BODY
            with socket.socket() as unused:
                unused.bind((HOST, 0))
                closed = unused.getsockname()[1]
                settings = limits(origin, fetch_s=0.2, allowed_ports=[closed, origin.port])
                urls = (f"http://{HOST}:{closed}/", origin.does("/reset", reset), origin.does("/silence", silence))
                found = [(await failure(settings, url)).code for url in urls]
            return [*found, (await failure(limits(origin, allowed_networks=[]), origin.url("/"))).code]

    assert uvloop.run(outcomes()) == [
        Code.CONNECTION_FAILED,
        Code.CONNECTION_FAILED,
        Code.TIMEOUT,
        Code.BLOCKED_ADDRESS,
    ]
