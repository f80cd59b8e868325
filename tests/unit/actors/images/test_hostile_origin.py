"""One line an answer: what strangers' servers say, down to the bytes, and what becomes of the image."""

# ruff: noqa: E501

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from contextlib import suppress
from email.utils import formatdate

import pytest

from actors.errors import DropforgeError
from actors.images.decode import decoded_format
from actors.images.download import Downloader
from actors.images.failures import MAX_RETRY_AFTER_S, _retry_after_s
from actors.images.settings import ImageSettings

from .origin import Origin, Request, http
from .pictures import picture

PNG = picture("png")
OK = b"HTTP/1.1 200 OK\r\n"
SOON_OVER = {"read_s": 0.3, "fetch_s": 1}
"""Limits for what is waited for in vain."""


async def outcome(origin: Origin, url: str, **changes: object) -> str:
    """`stored`, or the code; as the stage comes to it, within a deadline."""
    limits: dict[str, object] = {"allowed_networks": ["127.0.0.1/32"], "allowed_ports": [80, 443, origin.port]}
    limits |= {"host_wait_s": 0, "read_s": 1, "fetch_s": 3, "max_image_bytes": 1 << 20, "slow_start_s": 0.5}
    settings = ImageSettings.model_validate(limits | changes)
    downloader = Downloader(settings)
    try:
        async with asyncio.timeout(10):
            with await downloader.fetch(url) as data:
                decoded_format(data, max_pixels=settings.max_pixels, max_frames=settings.max_frames)
                return "stored"
    except DropforgeError as error:
        return str(error.code) if error.code.kind in ("image", "passing") and "\n" not in error.message else repr(error)
    finally:
        await downloader.close()


def with_length(body: bytes, *headers: bytes) -> bytes:
    return OK + b"".join(header + b"\r\n" for header in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(*chunks: bytes, ending: bytes = b"0\r\n\r\n") -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in chunks) + ending


ANSWERS: list[tuple[str, bytes, str]] = [
    # content decides, whatever is said of it
    ("an image", with_length(PNG), "stored"),
    ("an image that is said to be html", with_length(PNG, b"Content-Type: text/html"), "stored"),
    ("an image that is said to be of no type", with_length(PNG, b"Content-Type: \xff"), "stored"),
    ("html that is said to be an image", with_length(b"<html>", b"Content-Type: image/png"), "not_an_image"),
    ("svg", with_length(b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"Content-Type: image/svg+xml"), "not_an_image"),
    ("svg that is said to be png", with_length(b"<svg/>", b"Content-Type: image/png"), "not_an_image"),
    ("json", with_length(b'{"error": 1}', b"Content-Type: image/jpeg"), "not_an_image"),
    ("nothing", with_length(b""), "not_an_image"),
    ("gzip that was not asked for", with_length(gzip.compress(PNG), b"Content-Encoding: gzip"), "stored"),
    ("gzip in capitals", with_length(gzip.compress(PNG), b"content-encoding: X-GZip "), "stored"),
    ("gzip in chunks", chunked(gzip.compress(PNG)).replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1), "stored"),
    ("gzip and more behind it", with_length(gzip.compress(PNG) + b"more", b"Content-Encoding: gzip"), "stored"),
    ("gzip that nobody mentions", with_length(gzip.compress(PNG)), "not_an_image"),
    ("gzip cut off", with_length(gzip.compress(PNG)[:40], b"Content-Encoding: gzip"), "not_an_image"),
    ("gzip that is damaged", with_length(gzip.compress(PNG)[:10] + b"\xff" * 60, b"Content-Encoding: gzip"), "not_an_image"),
    ("gzip twice", with_length(gzip.compress(gzip.compress(PNG)), b"Content-Encoding: gzip, gzip"), "not_an_image"),
    ("a gzip bomb", with_length(gzip.compress(bytes(1 << 28)), b"Content-Encoding: gzip"), "image_too_large"),
    ("a deflate bomb", with_length(zlib.compress(bytes(1 << 28)), b"Content-Encoding: deflate"), "image_too_large"),
    ("deflate", with_length(zlib.compress(PNG), b"Content-Encoding: deflate"), "stored"),
    ("deflate without its header", with_length(zlib.compress(PNG)[2:-4], b"Content-Encoding: deflate"), "stored"),
    ("an encoding that is no encoding", with_length(PNG, b"Content-Encoding: identity"), "stored"),
    ("brotli", with_length(b"\x0b\x02\x80hello\x03", b"Content-Encoding: br"), "not_an_image"),
    ("gzip that is none", with_length(PNG, b"Content-Encoding: gzip"), "stored"),
    ("an encoding nobody knows", with_length(PNG, b"Content-Encoding: x-evil"), "stored"),
    ("a picture of half the length", with_length(PNG[: len(PNG) // 2]), "not_an_image"),
    ("an attachment with a path for a name", with_length(PNG, b'Content-Disposition: attachment; filename="../../x"'), "stored"),
    ("an image and a zip", with_length(PNG + b"PK\x03\x04" + bytes(40)), "stored"),
    # chunks
    ("chunks", chunked(PNG[:10], PNG[10:]), "stored"),
    ("chunks of a byte", chunked(*(PNG[at : at + 1] for at in range(len(PNG)))), "stored"),
    ("chunks with an extension", OK + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n" % len(PNG) + PNG + b"\r\n0\r\n\r\n", "stored"),
    ("chunks with trailers", chunked(PNG, ending=b"0\r\nX-Trailer: y\r\n\r\n"), "stored"),
    ("a chunk size that is no number", OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "image_http_error"),
    ("a negative chunk size", OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", "image_http_error"),
    ("a chunk size with a sign", OK + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", "image_http_error"),
    ("a chunk size beyond 64 bits", OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 17 + b"\r\n" + PNG, "image_http_error"),
    ("a chunk longer than said", OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", "image_http_error"),
    ("an endless chunk extension", OK + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 3_000_000, "timeout"),
    ("an endless trailer", chunked(PNG, ending=b"0\r\nX: " + b"y" * 3_000_000), "image_http_error"),
    ("endless trailers", chunked(PNG, ending=b"0\r\n" + b"X: y\r\n" * 500_000), "image_http_error"),
    ("two transfer encodings", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "not_an_image"),
    ("a transfer encoding nobody knows", OK + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "timeout"),
    ("chunks and a length", OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "image_http_error"),
    # lengths
    ("a length and more", with_length(PNG) + b"more", "image_http_error"),
    ("two equal lengths", with_length(PNG, b"Content-Length: %d" % len(PNG)), "stored"),
    ("two equal lengths apart", with_length(PNG, b"content-length: %d " % len(PNG), b"X: y"), "stored"),
    ("three equal lengths", with_length(PNG, *[b"Content-Length:%d" % len(PNG)] * 2), "stored"),
    ("two equal lengths and another", with_length(PNG, *[b"Content-Length: 5", b"Content-Length: 5"]), "image_http_error"),
    ("two lengths written differently", with_length(PNG, b"Content-Length: 0%d" % len(PNG)), "image_http_error"),
    ("two equal lengths in one", OK + b"Content-Length: 5, 5\r\n\r\nhello", "image_http_error"),
    ("two equal lengths and chunks", OK + b"Content-Length: 3\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "image_http_error"),
    ("two different lengths", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "image_http_error"),
    ("a negative length", OK + b"Content-Length: -5\r\n\r\n", "image_http_error"),
    ("a length with a sign", OK + b"Content-Length: +5\r\n\r\nhello", "image_http_error"),
    ("a length in other digits", OK + "Content-Length: ５\r\n\r\nhello".encode(), "image_http_error"),
    ("a length that is no number", OK + b"Content-Length: many\r\n\r\nhello", "image_http_error"),
    ("a length beyond what is allowed", OK + b"Content-Length: 1048577\r\n\r\n", "image_too_large"),
    ("a length beyond 64 bits", OK + b"Content-Length: 99999999999999999999\r\n\r\n", "image_http_error"),
    # heads
    ("no head", b"hello", "image_http_error"),
    ("http 0.9", b"<html>hello</html>\r\n\r\n", "image_http_error"),
    ("http 1.0", b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PNG) + PNG, "stored"),
    ("http 2", b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\x40\0\0\0", "image_http_error"),
    ("http 9.9", b"HTTP/9.9 200 OK\r\n\r\n", "image_http_error"),
    ("another protocol", b"220 mail.example ESMTP\r\n\r\n", "image_http_error"),
    ("redis", b"-ERR unknown command 'GET'\r\n\r\n", "image_http_error"),
    ("a status of letters", b"HTTP/1.1 abc OK\r\n\r\n", "image_http_error"),
    ("a status of two digits", b"HTTP/1.1 20 OK\r\n\r\n", "image_http_error"),
    ("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", "image_http_error"),
    ("status 999", http(status=999), "image_http_error"),
    ("no reason", b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(PNG) + PNG, "stored"),
    ("a reason of 10,000 bytes", b"HTTP/1.1 200 " + b"y" * 10_000 + b"\r\n\r\n", "image_http_error"),
    ("a header of 10,000 bytes", OK + b"X: " + b"y" * 10_000 + b"\r\n\r\n", "image_http_error"),
    ("a header's name of 10,000 bytes", OK + b"x" * 10_000 + b": y\r\n\r\n", "image_http_error"),
    ("200 headers", OK + b"X: y\r\n" * 200 + b"\r\n", "image_http_error"),
    ("headers of a megabyte", OK + (b"X: " + b"y" * 8000 + b"\r\n") * 130 + b"\r\n", "image_http_error"),
    ("an endless header", OK + b"X: " + b"y" * 3_000_000, "image_http_error"),
    ("endless headers", OK + b"X: y\r\n" * 500_000, "image_http_error"),
    ("endless blank lines in front", b"\r\n" * 1_500_000, "timeout"),
    ("a header without a colon", OK + b"nonsense\r\n\r\n", "image_http_error"),
    ("a header's name with a blank", OK + b"X y: z\r\n\r\n", "image_http_error"),
    ("a header with a NUL", OK + b"X: a\0b\r\n\r\n", "image_http_error"),
    ("a folded header", with_length(PNG, b"X: a\r\n b"), "stored"),
    ("lines that end in LF alone", OK.replace(b"\r", b"") + b"Content-Length: 0\n\n", "not_an_image"),
    ("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "image_http_error"),
    ("100, then an image", b"HTTP/1.1 100 Continue\r\n\r\n" + with_length(PNG), "stored"),
    ("103, then an image", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + with_length(PNG), "stored"),
    ("100 without an end", b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000, "timeout"),
    ("203", with_length(PNG).replace(b"200 OK", b"203 Non-Authoritative Information"), "stored"),
    ("206", with_length(PNG).replace(b"200 OK", b"206 Partial Content"), "image_http_error"),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", "image_http_error"),
    ("401", http(status=401, headers={"WWW-Authenticate": "Basic realm=x"}), "image_forbidden"),
    ("407", http(status=407, headers={"Proxy-Authenticate": "Basic"}), "image_http_error"),
    ("429", http(status=429), "rate_limited"),
    ("a cookie that is none", with_length(PNG, b"Set-Cookie: =;;;\xff"), "stored"),
    # robots
    ("noindex", with_length(PNG, b"X-Robots-Tag: noindex"), "image_opted_out"),
    ("noai", with_length(PNG, b"X-Robots-Tag: noai"), "image_opted_out"),
    ("noimageai among others", with_length(PNG, b"X-Robots-Tag: nofollow, NoImageAI"), "image_opted_out"),
    ("noimageindex in a second header", with_length(PNG, b"X-Robots-Tag: nofollow", b"x-robots-tag: noimageindex"), "image_opted_out"),
    ("noai for us", with_length(PNG, b"X-Robots-Tag: dropforge: noai"), "image_opted_out"),
    ("noai for another", with_length(PNG, b"X-Robots-Tag: otherbot: noai"), "stored"),
    ("other directives", with_length(PNG, b"X-Robots-Tag: nofollow, max-image-preview:large"), "stored"),
    ("an empty one", with_length(PNG, b"X-Robots-Tag: "), "stored"),
    ("unavailable_after, which has a colon of its own", with_length(PNG, b"X-Robots-Tag: unavailable_after: 25 Jun 2010 15:00:00 PST"), "stored"),
]  # fmt: skip

REDIRECTS: list[tuple[str, str]] = [
    ("/ok", "stored"), ("ok", "stored"), ("//127.0.0.1:{port}/ok", "stored"), ("http://127.0.0.1:{port}/ok", "stored"),
    ("/ok#part", "stored"), ("?/x", "image_not_found"), ("/loop", "too_many_redirects"), ("#", "too_many_redirects"), ("", "image_http_error"),
    ("file:///etc/passwd", "bad_url"), ("ftp://host/x", "bad_url"), ("gopher://127.0.0.1:6379/_INFO", "bad_url"), ("data:image/png;base64,AAAA", "bad_url"),
    ("javascript:alert(1)", "bad_url"), ("dict://127.0.0.1:11211/stat", "bad_url"), ("ldap://127.0.0.1/", "bad_url"), ("gs://bucket/x", "bad_url"),
    ("http://169.254.169.254/computeMetadata/v1/", "blocked_address"), ("http://metadata.google.internal./", "host_not_found"), ("http://10.0.0.1/", "blocked_address"),
    ("http://127.0.0.2/", "blocked_address"), ("http://0.0.0.0/", "blocked_address"), ("http://[::1]/", "blocked_address"), ("http://[::]/", "blocked_address"),
    ("http://[::ffff:169.254.169.254]/", "blocked_address"), ("http://[::ffff:7f00:1]/", "blocked_address"), ("http://[64:ff9b::a9fe:a9fe]/", "blocked_address"),
    ("http://[2002:a9fe:a9fe::]/", "blocked_address"), ("http://[2001:0:a9fe:a9fe::]/", "blocked_address"), ("http://[fd00:ec2::254]/", "blocked_address"),
    ("http://[fe80::1%25eth0]/", "blocked_address"), ("http://100.64.0.1/", "blocked_address"), ("http://192.0.0.192/", "blocked_address"), ("http://198.18.0.1/", "blocked_address"),
    ("http://192.0.2.1/", "blocked_address"), ("http://224.0.0.1/", "blocked_address"), ("http://255.255.255.255/", "blocked_address"), ("http://240.0.0.1/", "blocked_address"),
    ("http://2852039166/", "bad_url"), ("http://0xa9fea9fe/", "bad_url"), ("http://0251.0376.0251.0376/", "bad_url"), ("http://169.254.43518/", "bad_url"),
    ("http://169.254.169.254./", "bad_url"), ("http://１６９.254.169.254/", "blocked_address"), ("http://127.1/", "bad_url"), ("http://0/", "bad_url"),
    ("http://user:pw@127.0.0.1:{port}/ok", "bad_url"), ("http://127.0.0.1:{port}@10.0.0.1/", "bad_url"), ("http://10.0.0.1#@127.0.0.1/", "blocked_address"),
    ("http://10.0.0.1\\@127.0.0.1/", "bad_url"), ("http:\\\\10.0.0.1\\", "blocked_address"), ("/\\10.0.0.1/", "blocked_address"), ("\\\\10.0.0.1\\", "blocked_address"),
    ("http://127.0.0.1:22/", "blocked_address"), ("http://127.0.0.1:0/", "blocked_address"), ("http://127.0.0.1:99999/", "bad_url"), ("http://127.0.0.1:x/", "bad_url"),
    ("http://", "bad_url"), ("http:///ok", "bad_url"), ("///ok", "bad_url"), ("http://%31%30.0.0.1/", "bad_url"), ("/a b", "image_not_found"), ("/a\tb", "bad_url"), ("/" + "a" * 9000, "image_http_error"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "expected"), ANSWERS, ids=[case[0] for case in ANSWERS])
async def test_an_answer_has_its_outcome(origin: Origin, name: str, answer: bytes, expected: str) -> None:
    url = origin.says("/", answer)
    found = await outcome(origin, url, **(SOON_OVER if expected == "timeout" else {}))
    assert found == expected


@pytest.mark.parametrize(("location", "expected"), REDIRECTS, ids=[case[0][:60] for case in REDIRECTS])
async def test_a_redirect_has_its_outcome(origin: Origin, location: str, expected: str) -> None:
    location = location.format(port=origin.port)
    head = b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    origin.says("/loop", head)
    origin.says("/ok", with_length(PNG))
    found = await outcome(origin, origin.says("/", head))
    assert found == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0), ("5", 5), ("120", 120), ("301", MAX_RETRY_AFTER_S), ("99999999999999999999", MAX_RETRY_AFTER_S),
        ("-5", None), ("1.5", None), ("", None), ("soon", None), ("٣", None), ("5 s", None), ("1e9", None), ("0x10", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 21 Oct 2999 07:28:00 GMT", MAX_RETRY_AFTER_S), ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None), ("Wed, 21 Oct 2015 07:28:00 -9999", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_seconds(value: str, seconds: float | None) -> None:
    assert _retry_after_s(value) == seconds


def test_retry_after_as_a_date_counts_from_now() -> None:
    waits = _retry_after_s(formatdate(time.time() + 100, usegmt=True))
    assert waits is not None
    assert 50 < waits <= 100


async def test_ones_own_images_are_fetched_whatever_robots_tags_say(origin: Origin) -> None:
    url = origin.says("/", with_length(PNG, b"X-Robots-Tag: noindex"))
    assert await outcome(origin, url, opt_out_directives=[]) == "stored"
    assert await outcome(origin, url, opt_out_directives=["NoIndex"]) == "image_opted_out"


async def test_a_body_in_single_bytes_is_too_slow_a_head_times_out(origin: Origin) -> None:
    async def slow_body(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 100000\r\n\r\n")
        await trickle(writer)

    async def slow_head(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await trickle(writer)

    async def trickle(writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

    assert await outcome(origin, origin.does("/body", slow_body), fetch_s=8) == "image_too_slow"
    assert await outcome(origin, origin.does("/head", slow_head), fetch_s=0.5) == "timeout"
