"""Images per second, and the CPU they cost, of three ways to fetch and store them.

    python -m tests.bench.images --images 1000 --rounds 3 --latency 0 50 200

`reference`  what accelerated-platforms does: 10 threads, urllib into a temporary file, google-cloud-storage from it
`bare`       an aiohttp loop that fetches and uploads the same bytes and checks nothing
`unchecked`  the stage as below, but that every answer passes for a JPEG: what is left to the bare loop is not the check
`stage`      ImageStage with its default limits, the origin as a host of one's own

The origin is a process of its own that waits `--latency` milliseconds before each answer; the store is
fake-gcs-server on memory. All of them share this machine's cores, so only the ratios mean something.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import aiohttp
import pyarrow as pa
import uvloop
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from PIL import Image
from yarl import URL

from actors.images.decode import Decoder, ImageFormat
from actors.images.names import ImageTarget
from actors.images.settings import ImageSettings
from actors.images.stage import ImageStage
from actors.model.catalogue import Catalogue
from tests.support.object_store import object_store

BUCKET = "shop-images"
REFERENCE_THREADS = 10
BARE_IN_FLIGHT = 256
_JPEG = ImageFormat("jpg", "image/jpeg")
ORIGIN_HOSTS = ("127.0.0.1", "127.0.0.2")  # the sample's catalogue has its images on two hosts


@dataclass(frozen=True, slots=True)
class Measure:
    way: str
    latency_ms: int
    images_per_s: float
    cpu_s_per_1000: float


def photo(side: int) -> bytes:
    """A JPEG with the detail, and so the bytes and the decoding cost, of a product photo."""
    smooth = Image.effect_noise((side // 8, side // 8), 80).resize((side, side), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((side, side), 12)
    file = BytesIO()
    Image.merge("RGB", (smooth, Image.blend(smooth, grain, 0.3), smooth)).save(file, "JPEG", quality=80)
    return file.getvalue()


class Origin(asyncio.Protocol):
    """Answers every GET with a JPEG after the latency, with as little CPU as can be.

    Each differs from the others in a comment, so that none is known again by its bytes.
    """

    head = tail = b""
    latency_s = 0.0
    answered = count()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            answer = b"".join((self.head, next(self.answered).to_bytes(8, "big"), self.tail))
            asyncio.get_running_loop().call_later(self.latency_s, self.transport.write, answer)


def serve_origin(latency_s: float, image: bytes, ports: Connection) -> None:
    async def serve() -> None:
        Origin.latency_s = latency_s
        start, comment, Origin.tail = image[:2], b"\xff\xfe\x00\x0a", image[2:]
        size = len(image) + len(comment) + 8
        head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % size
        Origin.head = head + start + comment
        loop = asyncio.get_running_loop()
        first = await loop.create_server(Origin, ORIGIN_HOSTS[0], 0, backlog=1024)
        port = first.sockets[0].getsockname()[1]
        second = await loop.create_server(Origin, ORIGIN_HOSTS[1], port, backlog=1024)
        ports.send(port)
        await asyncio.gather(first.serve_forever(), second.serve_forever())

    asyncio.run(serve())


@contextmanager
def origin(latency_ms: int, image: bytes) -> Iterator[int]:
    """The port of an origin on each of `ORIGIN_HOSTS`."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve_origin, args=(latency_ms / 1000, image, theirs), daemon=True
    )
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def reference(urls: list[str], folder: str) -> None:
    bucket = storage.Client(project="bench", credentials=AnonymousCredentials()).bucket(BUCKET)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(REFERENCE_THREADS) as threads:

        def store(index: int) -> None:
            path = f"{scratch}/{index}_0.jpg"
            urllib.request.urlretrieve(urls[index], path)
            bucket.blob(f"{folder}/{index}_0.jpg").upload_from_filename(path)
            os.unlink(path)

        list(threads.map(store, range(len(urls))))


def bare(urls: list[str], folder: str) -> None:
    endpoint = f"{os.environ['STORAGE_EMULATOR_HOST']}/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name="

    async def run() -> None:
        in_flight = asyncio.Semaphore(BARE_IN_FLIGHT)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def store(index: int) -> None:
                async with in_flight:
                    async with session.get(urls[index]) as answer:
                        data = await answer.read()
                    target = URL(endpoint + quote(f"{folder}/{index}_0.jpg", safe=""), encoded=True)
                    async with session.post(target, data=data, headers={"Content-Type": "image/jpeg"}) as answer:
                        await answer.read()

            await asyncio.gather(*(store(index) for index in range(len(urls))))

    uvloop.run(run())


def stage(urls: list[str], folder: str) -> None:
    ports = (URL(urls[0]).port,)
    settings = ImageSettings(allowed_networks=("127.0.0.0/8",), allowed_ports=ports, own_hosts=ORIGIN_HOSTS)
    numbers = range(len(urls))
    rows = pa.table(
        {
            "row": pa.array(numbers),
            "repeated": [False] * len(numbers),
            "id": [str(number) for number in numbers],
            "image": [f'["{url}"]' for url in urls],
        }
    )

    async def run() -> None:
        async with ImageStage(settings) as images:
            column = await images.fetch(rows, Catalogue(), ImageTarget(BUCKET, folder), resume=False)
        assert column.rows == {"stored": len(urls)}, column.rows

    uvloop.run(run())


class Unchecked(Decoder):
    """Looks at nothing."""

    async def format_of(self, data: bytes) -> ImageFormat:
        return _JPEG


def unchecked(urls: list[str], folder: str) -> None:
    with mock.patch("actors.images.stage.Decoder", Unchecked):
        stage(urls, folder)


def measure(way: Callable[[list[str], str], None], urls: list[str], folder: str, latency_ms: int) -> Measure:
    wall, cpu = time.perf_counter(), time.process_time()
    way(urls, folder)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Measure(way.__name__, latency_ms, len(urls) / wall, cpu / len(urls) * 1000)


def median(measures: list[Measure], way: str, latency_ms: int) -> Measure:
    ours = [each for each in measures if (each.way, each.latency_ms) == (way, latency_ms)]
    return Measure(
        way,
        latency_ms,
        statistics.median(each.images_per_s for each in ours),
        statistics.median(each.cpu_s_per_1000 for each in ours),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--side", type=int, default=500, help="pixels of the square test image's side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 50, 200], help="milliseconds")
    parser.add_argument("--json", type=Path, help="write every measure to this file")
    options = parser.parse_args()

    # As in the replica: hundreds of fetches are tens of thousands of live objects, which Python's default of a
    # collection for every 700 new ones walks again and again without finding garbage.
    gc.set_threshold(50_000, 20, 20)
    image = photo(options.side)
    ways = (reference, bare, unchecked, stage)
    measures: list[Measure] = []
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as root, object_store(Path(root), "bench", BUCKET) as address:
        os.environ["STORAGE_EMULATOR_HOST"] = f"http://{address}"
        for latency_ms in options.latency:
            with origin(latency_ms, image) as port:
                urls = [f"http://{ORIGIN_HOSTS[i % 2]}:{port}/{i}.jpg" for i in range(options.images)]
                for number in range(options.rounds):
                    measures += [
                        measure(way, urls, f"{latency_ms}-{number}/{way.__name__}", latency_ms) for way in ways
                    ]
    print(f"{options.images} images of {len(image):,} bytes, {options.side} pixels a side; medians of {options.rounds}")
    print(f"{'latency':>8} {'way':<10} {'images/s':>9} {'CPU-s/1000':>11} {'x reference':>12} {'x bare':>7}")
    for latency_ms in options.latency:
        medians = {way.__name__: median(measures, way.__name__, latency_ms) for way in ways}
        for name, each in medians.items():
            print(
                f"{latency_ms:>5} ms {name:<10} {each.images_per_s:>9.0f} {each.cpu_s_per_1000:>11.2f} "
                f"{each.images_per_s / medians['reference'].images_per_s:>12.1f} "
                f"{each.images_per_s / medians['bare'].images_per_s:>7.2f}"
            )
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in measures], indent=2))


if __name__ == "__main__":
    main()
