from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from actors.errors import Code

from .downloads import BODY, failure, limits
from .origin import HOST, Origin, Request, http


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

    async def test_no_answer_is_a_timeout(self, origin: Origin) -> None:
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

    async def test_a_reset_is_a_failed_connection(self, origin: Origin) -> None:
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
