"""Each stage's health check passes where the stage works, and fails or waits where what it stands on is broken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors import logs
from actors.deployments import liveness
from actors.deployments.attributes import Attributes
from actors.deployments.cleaner import Cleaner
from actors.deployments.image_fetcher import ImageFetcher
from actors.deployments.writer import Writer
from actors.errors import Code, DropforgeError
from actors.images.decode import ImageFormat
from actors.images.settings import ImageSettings
from actors.reading.specification import parse_attributes
from actors.text.plain.settings import TextSettings

WITHIN_S = 30.0


@pytest.fixture(scope="module", params=["fast", "spacy"])
def cleaner(request: pytest.FixtureRequest) -> Iterator[Cleaner]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "configure", lambda project: "node")  # it asks Ray for the node, and there is no Ray here
        yield Cleaner(TextSettings(engine=request.param), "shop")


@pytest.fixture
async def fetcher(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ImageFetcher]:
    monkeypatch.setattr(logs, "configure", lambda project: "node")
    made = ImageFetcher.__new__(ImageFetcher)
    await made.__init__(ImageSettings(), "shop")  # type: ignore[misc]
    yield made
    if (closing := made.__del__()) is not None:
        await closing


@pytest.fixture
def attributes() -> Attributes:
    return Attributes.__new__(Attributes)  # what it does for its health needs none of its clients


@pytest.fixture
def writer() -> Writer:
    return Writer.__new__(Writer)


async def fails(check: Coroutine[None, None, None]) -> str:
    with pytest.raises(DropforgeError) as caught:
        await check
    assert caught.value.code is Code.INTERNAL
    return caught.value.message


async def waits_for(pool: ThreadPoolExecutor, threads: int, check: Coroutine[None, None, None]) -> None:
    """With every thread of the pool busy, the check does not end; with one free, it does."""
    busy, let_go = threading.Barrier(threads + 1), threading.Event()
    for _ in range(threads):
        pool.submit(lambda: (busy.wait(WITHIN_S), let_go.wait(WITHIN_S)))
    await asyncio.to_thread(busy.wait, WITHIN_S)
    checking = asyncio.create_task(check)
    for _ in range(100):
        await asyncio.sleep(0)
    assert not checking.done()
    let_go.set()
    await asyncio.wait_for(checking, WITHIN_S)


async def test_the_cleaner_cleans_a_word(cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch) -> None:
    await cleaner.check_health()
    monkeypatch.setattr(cleaner._queue, "_clean", lambda texts: [""])
    assert "cleaned word" in await fails(cleaner.check_health())


async def test_the_cleaner_waits_for_its_thread(cleaner: Cleaner) -> None:
    await waits_for(cleaner._queue._thread, 1, cleaner.check_health())


async def test_the_fetcher_decodes_an_image(fetcher: ImageFetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    await fetcher.check_health()
    monkeypatch.setattr(fetcher._stage._decoder, "_decode", lambda data: ImageFormat("png", "image/png"))
    assert "format of a GIF" in await fails(fetcher.check_health())


async def test_the_fetcher_s_session_is_open(fetcher: ImageFetcher) -> None:
    await fetcher._stage._downloader._session.close()
    assert "session is closed" in await fails(fetcher.check_health())


async def test_the_fetcher_is_closed_by_serve_once(fetcher: ImageFetcher) -> None:
    closing = fetcher.__del__()
    assert closing is not None
    await closing
    assert fetcher._stage._downloader._session.closed
    assert fetcher.__del__() is None


async def test_the_fetcher_waits_for_its_decoder(fetcher: ImageFetcher) -> None:
    await waits_for(fetcher._stage._decoder._threads, ImageSettings().decode_threads, fetcher.check_health())


async def test_the_reader_reads_a_row(attributes: Attributes, monkeypatch: pytest.MonkeyPatch) -> None:
    await attributes.check_health()
    nothing = parse_attributes("{}")
    monkeypatch.setattr("actors.reading.specification_formats.parse_attributes", lambda text: nothing)
    assert "row read" in await fails(attributes.check_health())


async def test_the_writer_writes_a_row(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    await writer.check_health()
    monkeypatch.setattr(liveness, "rows_csv", lambda *args, **options: b"")
    assert "row written" in await fails(writer.check_health())
