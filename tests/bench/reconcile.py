"""What a reconciliation costs below a prefix of 100,000 objects, and what the ingress's own work feels of it.

    python -m tests.bench.reconcile [--objects 100000] [--json PATH]

The ingress's parts run here without Ray: while uploads are looked for, a notification comes every 20 ms, and the
application's accept step makes it durable on a real object store. Its time tells whether the ingress is held up.

Objects and runs are listed by a small server in a process of its own, in pages of 1,000 as Cloud Storage lists them.
The local object store would not do: it lists 100,000 objects in one answer after half a minute, and writes nothing
meanwhile (fake-gcs-server 1.54).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import click
import requests
from google.cloud import storage

from actors.model.drop import Drop
from actors.storage.bucket import Bucket, connect
from actors.storage.object_info import ListedObject
from actors.storage.object_paths import Layout
from actors.storage.request_times import RequestTimes
from serve_app.config.settings import Settings
from serve_app.model.reconciliation import ReconciliationRequest
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.pubsub.gcs_event import FINALIZE, Notification
from serve_app.reconciliation import regular
from serve_app.reconciliation.acceptor import Acceptor
from serve_app.reconciliation.known_runs import FEW
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
LAYOUT = Layout(SETTINGS.work_prefix)


def name_of(number: int) -> str:
    return f"in/{number // PAGE:05}/{number:07}.csv"


def run_id_of(number: int) -> str:
    return Drop(SOURCE, name_of(number), 1).run_id


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one look, its own requests and all CPU seconds; and how long notifications took meanwhile, in ms."""

    what: str
    missed: int
    requests: int
    seconds: float
    cpu_s: float
    notifications: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class CountedRequests(RequestTimes):
    """Counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        self.count += 1
        with super().timed(name):
            yield


class ListedBucket(Bucket):
    """A bucket whose long listing, that of all closed runs, another server makes."""

    def __init__(self, client: storage.Client, name: str, listed: Bucket) -> None:
        super().__init__(client, name)
        self._listed = listed

    def pages(self, prefix: str) -> Iterator[list[ListedObject]]:
        return self._listed.pages(prefix) if prefix == LAYOUT.closed_runs else super().pages(prefix)


class Ingress:
    """The parts that reconcile and those that take notifications, listed at `lister` and kept at `store`."""

    def __init__(self, lister: str, store: str) -> None:
        self._requests = CountedRequests()
        listing = client(lister, self._requests)
        work = ListedBucket(client(store, self._requests), WORK, Bucket(listing, WORK))
        registry = RunRegistry(work, SETTINGS.work_prefix)
        metrics, tracing = Metrics(), Tracing("")
        accept = Acceptance(SETTINGS, registry, metrics, tracing, lambda run: None).accept
        acceptor = Acceptor(accept, lambda: 0, metrics, most=128)
        uploads = Uploads(SETTINGS, Bucket(listing, SOURCE), registry)
        self._by_hand = Reconciliations(SETTINGS, registry, uploads, acceptor)
        self._regular = RegularReconciliation(SETTINGS, registry, uploads, acceptor)
        # With a client of their own, so that only the look's requests are counted.
        notified = RunRegistry(Bucket(client(store, RequestTimes()), WORK), SETTINGS.work_prefix)
        self._accept = Acceptance(SETTINGS, notified, metrics, tracing, lambda run: None).accept

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
        self._requests.count = 0
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
            self._requests.count,
            round(time.monotonic() - began, 2),
            round(time.process_time() - cpu, 2),
            len(took),
            *(round(1000 * took[int(share * (len(took) - 1))], 1) for share in (0.5, 0.95, 1)),
        )

    async def _notified(self) -> float:
        """Seconds until a notification could be acknowledged."""
        drop = Drop(SOURCE, f"in/told/{time.time_ns()}.csv", 1)
        began = time.monotonic()
        assert await self._accept(Notification(FINALIZE, drop).attributes)
        return time.monotonic() - began


def client(url: str, times: RequestTimes) -> storage.Client:
    with mock.patch.dict(os.environ, {"STORAGE_EMULATOR_HOST": url, "no_proxy": "127.0.0.1"}):
        return connect("bench", times)


async def costs_of(ingress: Ingress, add_new: Callable[[], object]) -> list[Cost]:
    costs = [
        await ingress.cost("no look, for comparison", ingress.quiet),
        await ingress.cost("a regular look, nothing new", ingress.regular_look),
    ]
    add_new()
    costs.append(await ingress.cost(f"a regular look, {NEW} new without a run", ingress.regular_look))
    costs.append(await ingress.cost("everything, by hand", ingress.everything))
    return costs


def write_first_runs(store: str) -> None:
    """The records of the runs that are asked for one by one, before all runs are listed."""
    bucket = Bucket(client(store, RequestTimes()), WORK)
    with ThreadPoolExecutor(16) as threads:
        names = [LAYOUT.of(run_id_of(number)).run for number in range(FEW)]
        list(threads.map(lambda name: bucket.put(name, b"{}", content_type="application/json"), names))


def serve_listings(objects: int) -> None:
    """Lists the objects and their runs, in pages of 1,000; after a POST, `NEW` objects more. Prints its address."""
    old = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    closed = [LAYOUT.closed_marker(run_id_of(number), 0) for number in range(objects)]
    listings = {SETTINGS.watched_prefix: [name_of(number) for number in range(objects)], LAYOUT.closed_runs: closed}
    new_since: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            prefix, start = query.get("prefix", [""])[0], int(query.get("pageToken", ["0"])[0])
            names = listings.get(prefix, [])
            page: dict[str, object] = {"items": (items := [item(name, old) for name in names[start : start + PAGE]])}
            if start + PAGE < len(names):
                page["nextPageToken"] = str(start + PAGE)
            elif new_since and prefix == SETTINGS.watched_prefix:
                items += [item(f"in/new/{number}.csv", new_since[0]) for number in range(NEW)]
            self._answer(json.dumps(page).encode())

        def do_POST(self) -> None:
            new_since.append(datetime.now(UTC).isoformat())
            self._answer(b"{}")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    def item(name: str, moment: str) -> dict[str, str]:
        return {"name": name, "generation": "1", "size": "1", "timeCreated": moment}

    with HttpServer(Handler) as server:
        print(server.url, flush=True)
        sys.stdin.read()


def add_new(lister: str) -> None:
    session = requests.Session()
    session.trust_env = False
    session.post(lister, timeout=60).raise_for_status()


@click.command()
@click.option("--objects", default=100_000, show_default=True)
@click.option("--json", "path", type=click.Path(path_type=Path))
@click.option("--serve", is_flag=True, hidden=True)
def main(objects: int, path: Path | None, serve: bool) -> None:
    if serve:
        serve_listings(objects)
        return
    logging.getLogger("dropforge").setLevel(logging.ERROR)
    with ExitStack() as running:
        running.enter_context(mock.patch.object(regular, "ON_ITS_WAY", timedelta(0)))
        folder = Path(running.enter_context(TemporaryDirectory()))
        store = "http://" + running.enter_context(object_store(folder, "bench", SOURCE, WORK))
        write_first_runs(store)
        command = [sys.executable, "-m", "tests.bench.reconcile", "--objects", str(objects), "--serve"]
        process = running.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        running.callback(process.communicate)
        assert process.stdout is not None
        lister = process.stdout.readline().decode().strip()
        costs = asyncio.run(costs_of(Ingress(lister, store), lambda: add_new(lister)))
    print(f"{objects:,} objects with a run each; a notification every {1000 * EVERY_S:.0f} ms beside")
    print(f"{'':36}{'missed':>7}{'requests':>9}{'s':>8}{'CPU s':>8}    ms to accept one: p50    p95    max")
    for cost in costs:
        print(
            f"{cost.what:36}{cost.missed:7,}{cost.requests:9,}{cost.seconds:8.1f}{cost.cpu_s:8.2f}"
            f"{cost.p50_ms:25.1f}{cost.p95_ms:7.1f}{cost.max_ms:7.1f}"
        )
    if path:
        found = {"bench": "reconcile", "objects": objects, "costs": [asdict(cost) for cost in costs]}
        path.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
