from __future__ import annotations

import asyncio
import gzip
import inspect
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from origin import HOST, Origin, Request, http, running_origin
from pictures import picture

from actors.errors import Code, DropforgeError
from actors.images.download import Downloader
from actors.images.guard import BlockedAddressError
from actors.images.settings import ImageSettings

BODY = b"some bytes"


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin


def limits(origin: Origin, **changes: object) -> ImageSettings:
    return ImageSettings.model_validate(
        {"allowed_networks": ["127.0.0.0/8"], "allowed_ports": [80, 443, origin.port], "host_wait_s": 0} | changes
    )


async def fetch(settings: ImageSettings, url: str) -> bytes:
    downloader = Downloader(settings)
    try:
        with await downloader.fetch(url) as data:
            return data
    finally:
        await downloader.close()


async def failure(settings: ImageSettings, url: str) -> DropforgeError:
    with pytest.raises(DropforgeError) as raised:
        await fetch(settings, url)
    return raised.value


async def test_a_body(origin: Origin) -> None:
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
async def test_statuses(origin: Origin, status: int, code: Code) -> None:
    error = await failure(limits(origin), origin.says("/", http(status=status)))
    assert error.code is code
    assert str(status) in error.message


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [("7", 7, 7), ("0", 0, 0), ("999999999999", 300, 300), ("Fri, 31 Dec 2100 23:59:59 GMT", 300, 300)],
)
async def test_retry_after(origin: Origin, value: str, low: float, high: float) -> None:
    error = await failure(limits(origin), origin.says("/", http(status=503, headers={"Retry-After": value})))
    assert error.retry_after_s is not None
    assert low <= error.retry_after_s <= high


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "٣", "31 Dec", "Fri, 99 Dec 2100 23:59:59 GMT"])
async def test_a_retry_after_that_is_none(origin: Origin, value: str) -> None:
    answer = http(status=503, headers={"Retry-After": value.encode().decode("latin-1")})
    assert (await failure(limits(origin), origin.says("/", answer))).retry_after_s is None


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_followed(self, origin: Origin, status: int) -> None:
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

    async def test_loop(self, origin: Origin) -> None:
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
            ("http://user@127.0.0.1/", Code.BAD_URL),
            ("file:///etc/passwd", Code.BAD_URL),
            ("gopher://127.0.0.1/_x", Code.BAD_URL),
            ("http://a b/", Code.BAD_URL),
            ("http://127.0.0.1:99999/", Code.BAD_URL),
        ],
    )
    async def test_to_where_none_may_go(self, origin: Origin, location: str, code: Code) -> None:
        assert (await failure(limits(origin), origin.says("/", redirect(location)))).code is code


def redirect(location: str, status: int = 302) -> bytes:
    return http(b"moved", status=status, headers={"Location": location})


class TestGuard:
    """What the guard does when it is the last wall: names that resolve to addresses that are not public."""

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1"])
    async def test_a_name_for_a_private_address(
        self, origin: Origin, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        resolve_to(monkeypatch, address)
        url = origin.url("/", host="rebind.example")
        origin.says("/", http(BODY))
        error = await failure(limits(origin, allowed_networks=[]), url)
        assert error.code is Code.BLOCKED_ADDRESS
        assert origin.connections == 0

    async def test_a_name_that_changes_its_address(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        """The address that is connected to is the one that was checked: DNS is asked once, not twice."""
        asked = resolve_to(monkeypatch, HOST, "10.0.0.1")
        origin.says("/", http(BODY))
        assert await fetch(limits(origin), origin.url("/", host="rebind.example")) == BODY
        assert asked == ["rebind.example."]

    async def test_an_answer_that_no_resolver_checked(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("actors.images.guard.AddressGuard.check", _check_of_sockets_only)
        resolve_to(monkeypatch, HOST)
        error = await failure(limits(origin, allowed_networks=[]), origin.url("/", host="rebind.example"))
        assert error.code is Code.BLOCKED_ADDRESS
        assert origin.connections == 0

    async def test_the_environments_proxy_is_not_asked(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", origin.url("/"))
        monkeypatch.setenv("http_proxy", origin.url("/"))
        assert (await failure(limits(origin), "http://absent.invalid/a.jpg")).code is Code.HOST_NOT_FOUND
        assert origin.connections == 0

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            (socket.EAI_NONAME, Code.HOST_NOT_FOUND),
            (socket.EAI_NODATA, Code.HOST_NOT_FOUND),
            (socket.EAI_AGAIN, Code.CONNECTION_FAILED),
            (socket.EAI_FAIL, Code.CONNECTION_FAILED),
        ],
    )
    async def test_names_that_do_not_resolve(
        self, origin: Origin, monkeypatch: pytest.MonkeyPatch, number: int, code: Code
    ) -> None:
        def getaddrinfo(*_: object) -> list[tuple]:
            raise socket.gaierror(number, "as told")

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert (await failure(limits(origin), "http://absent.example/")).code is code


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Makes DNS answer with each address in turn, and returns the list of names that it is asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object) -> list[tuple]:
        address = addresses[min(len(asked), len(addresses) - 1)]
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def _check_of_sockets_only(guard: object, address: str) -> None:
    if inspect.stack()[1].function == "open_socket":
        raise BlockedAddressError(address)


class TestBodies:
    async def test_longer_than_allowed_by_its_length(self, origin: Origin) -> None:
        url = origin.says("/", http(b"x", length=10**12))
        assert (await failure(limits(origin, max_image_bytes=100), url)).code is Code.IMAGE_TOO_LARGE

    async def test_longer_than_allowed_without_a_length(self, origin: Origin) -> None:
        async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with suppress(ConnectionError):
                while True:
                    writer.write(b"x" * 65536)
                    await writer.drain()

        url = origin.does("/", endless)
        assert (await failure(limits(origin, max_image_bytes=300_000), url)).code is Code.IMAGE_TOO_LARGE

    async def test_as_long_as_allowed(self, origin: Origin) -> None:
        assert len(await fetch(limits(origin, max_image_bytes=300), origin.says("/", http(bytes(300))))) == 300

    async def test_shorter_than_said(self, origin: Origin) -> None:
        async def cut(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(http(BODY, length=1000))
            writer.close()

        assert (await failure(limits(origin), origin.does("/", cut))).code is Code.CONNECTION_FAILED

    async def test_too_slow(self, origin: Origin) -> None:
        async def trickle(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(http(length=10_000))
            with suppress(ConnectionError):
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.01)

        settings = limits(origin, slow_start_s=0.1, min_bytes_per_s=1000, fetch_s=5)
        assert (await failure(settings, origin.does("/", trickle))).code is Code.IMAGE_TOO_SLOW

    async def test_packed_although_not_asked_for(self, origin: Origin) -> None:
        packed = gzip.compress(picture("jpg"))
        url = origin.says("/", http(packed, headers={"Content-Encoding": "gzip"}))
        assert await fetch(limits(origin), url) == packed

    async def test_large_ones_wait_for_one_another_and_small_ones_for_none(self, origin: Origin) -> None:
        origin.says("/large", http(bytes(300_000)))
        origin.says("/small", http(bytes(1000)))
        limited = {"large_image_bytes": 100_000, "large_images": 1}
        speed = {"fetch_s": 1, "slow_start_s": 1, "min_bytes_per_s": 10_000_000}
        downloader = Downloader(limits(origin, **limited, **speed))
        try:
            first = await downloader.fetch(origin.url("/large"))
            second = asyncio.create_task(downloader.fetch(origin.url("/large")))
            with await downloader.fetch(origin.url("/small")) as data:
                assert len(data) == 1000
            done, _ = await asyncio.wait({second}, timeout=1.1)  # longer than the deadline, which stands still
            assert not done
            with first:
                pass
            with await second as data:
                assert len(data) == 300_000
        finally:
            await downloader.close()


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            b"\x16\x03\x01\x00\xa5\x01" + bytes(100),
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 " + b"y" * 10_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        ],
    )
    async def test_no_valid_http(self, origin: Origin, answer: bytes) -> None:
        error = await failure(limits(origin, read_s=1), origin.says("/", answer))
        assert error.code in (Code.IMAGE_HTTP_ERROR, Code.CONNECTION_FAILED)

    @pytest.mark.parametrize("header", [{"X": "y" * 400}, {f"X{number}": "y" for number in range(10)}])
    async def test_more_header_than_is_set(self, origin: Origin, header: dict[str, str]) -> None:
        settings = limits(origin, max_header_bytes=300, max_headers=5)
        assert (await failure(settings, origin.says("/", http(headers=header)))).code is Code.IMAGE_HTTP_ERROR

    async def test_none(self, origin: Origin) -> None:
        async def silence(request: Request, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(5)

        url = origin.does("/", silence)
        async with asyncio.timeout(4):
            assert (await failure(limits(origin, read_s=0.1), url)).code is Code.TIMEOUT
            assert (await failure(limits(origin, fetch_s=0.1), url)).code is Code.TIMEOUT

    async def test_headers_that_trickle(self, origin: Origin) -> None:
        async def trickle(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            with suppress(ConnectionError):
                while True:
                    writer.write(b"X: y\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.05)

        assert (await failure(limits(origin, fetch_s=0.3), origin.does("/", trickle))).code is Code.TIMEOUT

    async def test_a_reset(self, origin: Origin) -> None:
        async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

        assert (await failure(limits(origin), origin.does("/", reset))).code is Code.CONNECTION_FAILED

    async def test_a_closed_port(self, origin: Origin) -> None:
        with socket.socket() as unused:
            unused.bind((HOST, 0))
            port = unused.getsockname()[1]
            error = await failure(limits(origin, allowed_ports=[port]), f"http://{HOST}:{port}/")
        assert error.code is Code.CONNECTION_FAILED

    async def test_a_host_that_takes_no_connection(self, origin: Origin) -> None:
        with socket.socket() as full:
            full.bind((HOST, 0))
            full.listen(0)
            port = full.getsockname()[1]
            with socket.create_connection((HOST, port)), socket.socket() as second:
                second.setblocking(False)
                with suppress(BlockingIOError):
                    second.connect((HOST, port))
                settings = limits(origin, allowed_ports=[port], connect_s=0.2)
                async with asyncio.timeout(4):
                    error = await failure(settings, f"http://{HOST}:{port}/")
        assert error.code is Code.TIMEOUT

    async def test_plain_http_where_https_was_asked_for(self, origin: Origin) -> None:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(http(BODY))
            writer.close()

        async with await asyncio.start_server(plain, HOST, 0) as server:
            port = server.sockets[0].getsockname()[1]
            error = await failure(limits(origin, allowed_ports=[port]), f"https://{HOST}:{port}/")
        assert error.code is Code.CONNECTION_FAILED

    async def test_a_certificate_nobody_vouches_for(self, origin: Origin, self_signed: ssl.SSLContext) -> None:
        async with await asyncio.start_server(origin.serve, HOST, 0, ssl=self_signed) as server:
            port = server.sockets[0].getsockname()[1]
            error = await failure(limits(origin, allowed_ports=[port]), f"https://{HOST}:{port}/")
        assert error.code is Code.IMAGE_HTTP_ERROR
        assert "certificate" in error.message


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "origin.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


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


class TestConcurrency:
    async def test_connections_are_kept(self, origin: Origin) -> None:
        async def in_parts(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(http(b"", status=404, length=4))
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b"gone")

        origin.says("/", http(BODY))
        origin.does("/parts", in_parts)
        downloader = Downloader(limits(origin))
        try:
            for path in ["/", "/missing", "/parts", "/missing", "/"]:
                with suppress(DropforgeError), await downloader.fetch(origin.url(path)):
                    pass
        finally:
            await downloader.close()
        assert len(origin.requests) == 5
        assert origin.connections == 1

    async def test_no_cookie_is_kept(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        resolve_to(monkeypatch, HOST)
        origin.says("/", http(BODY, headers={"Set-Cookie": "a=b; Path=/"}))
        downloader = Downloader(limits(origin))
        try:
            for _ in range(2):
                with await downloader.fetch(origin.url("/", host="shop.example")):
                    pass
        finally:
            await downloader.close()
        assert all("Cookie" not in request.headers for request in origin.requests)

    async def test_a_host_gets_as_many_requests_as_it_may(self, origin: Origin) -> None:
        async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.02)
            writer.write(http(BODY))

        origin.does("/", slowly)
        downloader = Downloader(limits(origin, fetches_per_host=3))

        async def one() -> None:
            with await downloader.fetch(origin.url("/")):
                pass

        try:
            await asyncio.gather(*(one() for _ in range(12)))
        finally:
            await downloader.close()
        assert origin.most_open == 3

    async def test_places_are_held_until_the_image_is_done_with(self, origin: Origin) -> None:
        origin.says("/", http(BODY))
        downloader = Downloader(limits(origin, images_in_flight=1))
        try:
            first = await downloader.fetch(origin.url("/"))
            second = asyncio.create_task(downloader.fetch(origin.url("/")))
            await asyncio.wait({second}, timeout=0.1)
            assert len(origin.requests) == 1
            with first:
                pass
            with await second as data:
                assert data == BODY
        finally:
            await downloader.close()

    async def test_bytes_fetched_before_take_the_places_of_a_fetch(self, origin: Origin) -> None:
        downloader = Downloader(limits(origin, images_in_flight=2, large_images=1, large_image_bytes=1))
        try:
            first = await downloader.hold(BODY)
            second = asyncio.create_task(downloader.hold(BODY))
            await asyncio.wait({second}, timeout=0.05)
            assert not second.done()
            second.cancel()
            await asyncio.wait({second})
            with await downloader.hold(b"x"), first:  # what was cancelled has given its place back
                pass
            with await asyncio.wait_for(downloader.hold(BODY), 5) as data:
                assert data == BODY
        finally:
            await downloader.close()

    @pytest.mark.parametrize("answer", [http(status=404), redirect("/loop"), http(b"x", length=10**12), b"nonsense"])
    async def test_every_failure_gives_its_place_back(self, origin: Origin, answer: bytes) -> None:
        origin.says("/loop", answer)
        origin.says("/", http(BODY))
        downloader = Downloader(limits(origin, images_in_flight=1, fetches_per_host=1, large_image_bytes=1))
        try:
            for _ in range(3):
                with pytest.raises(DropforgeError):
                    await downloader.fetch(origin.url("/loop"))
            async with asyncio.timeout(5):
                with await downloader.fetch(origin.url("/")) as data:
                    assert data == BODY
        finally:
            await downloader.close()

    async def test_a_dead_host_costs_a_few_timeouts_and_not_one_for_each_url(self, origin: Origin) -> None:
        async def silence(request: Request, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)

        origin.answers = {f"/{number}": silence for number in range(100)}
        downloader = Downloader(limits(origin, fetch_s=0.2, host_down_after=4, fetches_per_host=4))
        codes = []
        started = time.monotonic()
        try:
            for future in asyncio.as_completed([downloader.fetch(origin.url(f"/{number}")) for number in range(100)]):
                with pytest.raises(DropforgeError) as raised:
                    await future
                codes.append(raised.value.code)
        finally:
            await downloader.close()
        assert 4 <= codes.count(Code.TIMEOUT) < 8  # the first of the four to fail let others in
        assert set(codes) == {Code.TIMEOUT, Code.IMAGE_HOST_DOWN}
        assert time.monotonic() - started < 5
