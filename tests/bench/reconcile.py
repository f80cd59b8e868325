"""What a reconciliation costs below a prefix of 100,000 objects, and what the ingress's own work feels of it.

    python -m tests.bench.reconcile [--objects 100000] [--json PATH]

The ingress's parts run here without Ray: while uploads are looked for, a notification comes every 20 ms, and the
application's accept step makes it durable on a real object store. Its time tells whether the ingress is held up.

The objects are listed in two ways: in pages of 1,000, as Cloud Storage does, from a small server in a process of its
own (`pages`); and by the local object store, which looks at all its files and answers with all at once (`store`).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, build_opener

import click
from google.cloud import storage

from actors.model.drop import Drop
from actors.storage.bucket import Bucket, connect
from actors.storage.object_paths import Layout
from actors.storage.request_times import RequestTimes
from serve_app.config.settings import Settings
from serve_app.model.reconciliation import ReconciliationRequest
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.pubsub.gcs_event import FINALIZE, Notification
from serve_app.reconciliation import regular
from serve_app.reconciliation.acceptor import Acceptor
from serve_app.reconciliation.reconciliations import Reconciliations
from serve_app.reconciliation.regular import RegularReconciliation
from serve_app.reconciliation.uploads import Uploads
from serve_app.runs.accept import Acceptance
from serve_app.runs.run_registry import RunRegistry
from tests.support.http_server import HttpServer
from tests.support.object_store import object_store

PAGE = 1000
NEW = 100
EVERY_S = 0.02
QUIET_S = 5.0
SOURCE, WORK = "in", "out"
SETTINGS = Settings(source_bucket=SOURCE, output_bucket=WORK, reconcile_every_s=0.001)


def name_of(number: int) -> str:
    return f"in/{number // PAGE:05}/{number:07}.csv"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one look: requests by bucket, seconds, and how long notifications took meanwhile, in milliseconds."""

    what: str
    missed: int
    listing_requests: int
    other_requests: int
    seconds: float
    cpu_s: float
    notifications: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class CountedRequests(RequestTimes):
    """Counts requests by bucket."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        self.count[name] += 1
        with super().timed(name):
            yield


class Ingress:
    """The parts that reconcile, over the source at `source_url`, and those that take notifications."""

    def __init__(self, source_url: str, work_url: str) -> None:
        self._requests = CountedRequests()
        registry = RunRegistry(Bucket(client(work_url, self._requests), WORK), SETTINGS.work_prefix)
        metrics, tracing = Metrics(), Tracing("")
        accept = Acceptance(SETTINGS, registry, metrics, tracing, lambda run: None).accept
        acceptor = Acceptor(accept, lambda: 0, metrics, most=128)
        uploads = Uploads(SETTINGS, Bucket(client(source_url, self._requests), SOURCE), registry)
        self._by_hand = Reconciliations(SETTINGS, registry, uploads, acceptor)
        self._regular = RegularReconciliation(SETTINGS, registry, uploads, acceptor)
        # With a client of their own, so that only the look's requests are counted.
        notified = RunRegistry(Bucket(client(work_url, RequestTimes()), WORK), SETTINGS.work_prefix)
        self._accept = Acceptance(SETTINGS, notified, metrics, tracing, lambda run: None).accept
        self._told = 0

    async def quiet(self) -> int:
        await asyncio.sleep(QUIET_S)
        return 0

    async def regular_look(self) -> int:
        missed = await self._regular.look()
        assert missed is not None
        return missed

    async def everything(self) -> int:
        view = await self._by_hand.start(ReconciliationRequest())
        while view.state == "running":
            await asyncio.sleep(0.5)
            view = await self._by_hand.view(view.reconciliation)
        assert view.state == "done", view
        return view.missed

    async def cost(self, what: str, look: Callable[[], Awaitable[int]]) -> Cost:
        self._requests.count.clear()
        going = asyncio.ensure_future(look())
        began, cpu = time.monotonic(), time.process_time()
        took = [await self._notified()]
        while not going.done():
            await asyncio.sleep(EVERY_S)
            took.append(await self._notified())
        missed = await going
        took.sort()
        return Cost(
            what,
            missed,
            self._requests.count[SOURCE],
            self._requests.count[WORK],
            round(time.monotonic() - began, 2),
            round(time.process_time() - cpu, 2),
            len(took),
            *(round(1000 * took[int(share * (len(took) - 1))], 1) for share in (0.5, 0.95, 1)),
        )

    async def _notified(self) -> float:
        """Seconds until a notification could be acknowledged."""
        self._told += 1
        drop = Drop(SOURCE, f"in/told/{time.time_ns()}.csv", 1)
        began = time.monotonic()
        assert await self._accept(Notification(FINALIZE, drop).attributes)
        return time.monotonic() - began


def client(url: str, times: RequestTimes) -> storage.Client:
    with mock.patch.dict(os.environ, {"STORAGE_EMULATOR_HOST": url, "no_proxy": "127.0.0.1"}):
        return connect("bench", times)


async def look_costs(name: str, ingress: Ingress, add_new: Callable[[], None]) -> list[Cost]:
    costs = [
        await ingress.cost(f"{name}: no look, for comparison", ingress.quiet),
        await ingress.cost(f"{name}: a regular look, nothing new", ingress.regular_look),
    ]
    add_new()
    costs.append(await ingress.cost(f"{name}: a regular look, {NEW} new without a run", ingress.regular_look))
    costs.append(await ingress.cost(f"{name}: everything, by hand", ingress.everything))
    return costs


def plant(folder: Path, url: str, objects: int) -> int:
    """Puts the objects and their runs into the store's folder, as if long ago. Gives the generation of all."""
    both = client(url, RequestTimes())
    layout = Layout(SETTINGS.work_prefix)
    first, nobody = name_of(0), "0" * 20
    generation = Bucket(both, SOURCE).put(first, b"a", content_type="text/csv")
    record, marker = layout.of(nobody).run, layout.closed_marker(nobody, 0)
    for name in (record, marker):
        Bucket(both, WORK).put(name, b"{}", content_type="application/json")
    for number in range(objects):
        run_id = Drop(SOURCE, name_of(number), generation).run_id
        copies = {
            folder / WORK / record: layout.of(run_id).run,
            folder / WORK / marker: layout.closed_marker(run_id, 0),
        }
        for original, name in copies.items():
            (folder / WORK / name).parent.mkdir(exist_ok=True)
            shutil.copy2(original, folder / WORK / name)
        if number:
            (folder / SOURCE / name_of(number)).parent.mkdir(exist_ok=True)
            shutil.copy2(folder / SOURCE / first, folder / SOURCE / name_of(number))
    return generation


def serve_pages(objects: int, generation: int) -> None:
    """Lists the objects in pages of 1,000, after a GET of `/new` further ones. Prints its address, and serves."""
    old = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    new_since: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/new":
                new_since.append(datetime.now(UTC).isoformat())
            start = int(parse_qs(url.query).get("pageToken", ["0"])[0])
            items = [item(name_of(number), old) for number in range(start, min(start + PAGE, objects))]
            page: dict[str, object] = {"items": items}
            if start + PAGE < objects:
                page["nextPageToken"] = str(start + PAGE)
            elif new_since:
                items += [item(f"in/new/{number}.csv", new_since[0]) for number in range(NEW)]
            body = json.dumps(page).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    def item(name: str, moment: str) -> dict[str, str]:
        return {"name": name, "generation": str(generation), "size": "1", "timeCreated": moment}

    with HttpServer(Handler) as server:
        print(server.url, flush=True)
        sys.stdin.read()


@click.command()
@click.option("--objects", default=100_000, show_default=True)
@click.option("--json", "path", type=click.Path(path_type=Path))
@click.option("--serve", type=int, hidden=True, help="Lists the objects, whose generation this is.")
def main(objects: int, path: Path | None, serve: int | None) -> None:
    if serve is not None:
        serve_pages(objects, serve)
        return
    shm = Path("/dev/shm")
    with ExitStack() as running:
        running.enter_context(mock.patch.object(regular, "ON_ITS_WAY", timedelta(0)))
        folder = Path(running.enter_context(TemporaryDirectory(dir=shm if shm.is_dir() else None)))
        store = "http://" + running.enter_context(object_store(folder, "bench", SOURCE, WORK))
        print(f"making {objects:,} objects with a run each", flush=True)
        generation = plant(folder / "objects", store, objects)
        command = [sys.executable, "-m", "tests.bench.reconcile", "--objects", str(objects), "--serve", str(generation)]
        lister = running.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        running.callback(lister.communicate)
        assert lister.stdout is not None
        pages = lister.stdout.readline().decode().strip()

        def upload_new() -> None:
            bucket = Bucket(client(store, RequestTimes()), SOURCE)
            for number in range(NEW):
                bucket.put(f"in/uploaded/{number}.csv", b"a", content_type="text/csv")

        costs = asyncio.run(look_costs("pages", Ingress(pages, store), lambda: announce(pages)))
        costs += asyncio.run(look_costs("store", Ingress(store, store), upload_new))
    report(costs)
    if path:
        found = {"bench": "reconcile", "objects": objects, "costs": [asdict(cost) for cost in costs]}
        path.write_text(json.dumps(found, indent=2))


def announce(pages: str) -> None:
    """Has the lister list new objects from now on."""
    build_opener(ProxyHandler({})).open(f"{pages}/new").read()


def report(costs: list[Cost]) -> None:
    print(f"{'':46}{'missed':>7}{'lists':>7}{'others':>8}{'s':>8}{'CPU s':>8}{'a notification, p50':>22}  p95   max ms")
    for cost in costs:
        print(
            f"{cost.what:46}{cost.missed:7,}{cost.listing_requests:7,}{cost.other_requests:8,}{cost.seconds:8.1f}"
            f"{cost.cpu_s:8.2f}{cost.p50_ms:22.1f}{cost.p95_ms:7.1f}{cost.max_ms:7.1f}"
        )


if __name__ == "__main__":
    main()
