from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress

from actors.errors import Code
from actors.images.download import Downloader

from .downloads import BODY, failure, fetch, limits
from .origin import Origin, Request, http
from .pictures import picture


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
        image = picture("jpg")
        url = origin.says("/", http(gzip.compress(image), headers={"Content-Encoding": "gzip"}))
        assert await fetch(limits(origin), url) == image

    async def test_packed_ones_that_become_large_wait_for_one_another(self, origin: Origin) -> None:
        url = origin.says("/", http(gzip.compress(bytes(300_000)), headers={"Content-Encoding": "gzip"}))
        downloader = Downloader(limits(origin, large_image_bytes=100_000, large_images=1))
        try:
            with await downloader.fetch(url) as data:
                assert data == bytes(300_000)
                second = asyncio.create_task(downloader.fetch(url))
                done, _ = await asyncio.wait({second}, timeout=0.5)
                assert not done
            with await second as data:
                assert data == bytes(300_000)
        finally:
            await downloader.close()

    async def test_packed_ones_are_as_long_as_allowed(self, origin: Origin) -> None:
        url = origin.says("/", http(gzip.compress(bytes(300)), headers={"Content-Encoding": "gzip"}))
        assert len(await fetch(limits(origin, max_image_bytes=300), url)) == 300
        assert (await failure(limits(origin, max_image_bytes=299), url)).code is Code.IMAGE_TOO_LARGE

    async def test_large_ones_wait_for_one_another_small_ones_do_not(self, origin: Origin) -> None:
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
