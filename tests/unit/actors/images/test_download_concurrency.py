from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from actors.errors import Code, DropforgeError
from actors.images.download import Downloader

from .downloads import BODY, limits, redirect, resolve_to
from .origin import HOST, Origin, Request, http


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

    async def test_a_dead_host_costs_few_timeouts_however_many_urls(self, origin: Origin) -> None:
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
