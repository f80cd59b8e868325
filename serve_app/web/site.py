"""The data of the pages, from the same methods that answer the API."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from cachetools import LRUCache
from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.run import Run
from actors.storage.bucket import Bucket
from serve_app.config.settings import Settings
from serve_app.model.reconciliation import ReconciliationRequest, ReconciliationView
from serve_app.model.replay import ReplayRequest, ReplayView
from serve_app.model.selection import Selection
from serve_app.model.views import DeadLettersView, HealthView, RunsView, RunView
from serve_app.runs.run_registry import RunRegistry
from serve_app.security.access import Access

from .dropping import DropRequest, DropTarget, drop_target
from .latest import Dated, Latest
from .picture import Picture, read_picture
from .samples import PARTS, Samples, read_samples

RUNS = 15

_RUNS_KEPT = 64
_PICTURES_AT_A_TIME = 4


class Application(Protocol):
    """The methods of the ingress that the pages use."""

    async def runs(self, limit: int = 20) -> RunsView: ...

    async def run(self, run_id: str) -> RunView: ...

    async def health(self) -> HealthView: ...

    async def dead_letters(self, selection: Selection) -> DeadLettersView: ...

    async def replay(self, request: ReplayRequest) -> ReplayView: ...

    async def replay_progress(self, replay: str) -> ReplayView: ...

    async def reconcile(self, request: ReconciliationRequest) -> ReconciliationView: ...

    async def reconciliation(self, reconciliation: str) -> ReconciliationView: ...


@dataclass(frozen=True, slots=True)
class Link:
    """An object as a link: its `gs://` URI, and the URL at which a browser can open it."""

    uri: str
    url: str


class Site:
    """The pages' data sources, with caches of recent runs and samples. For one event loop."""

    def __init__(
        self,
        application: Application,
        access: Access,
        settings: Settings,
        registry: RunRegistry,
        client: storage.Client,
    ) -> None:
        self.application = application
        self.access = access
        self.settings = settings
        self._registry = registry
        self._client = client
        self._source = Bucket(client, settings.source_bucket)
        self.health = Latest("The health", application.health)
        self.runs = Latest("The list of runs", lambda: application.runs(limit=RUNS))
        self._runs: LRUCache[str, Latest[RunView]] = LRUCache(_RUNS_KEPT)
        self._samples: LRUCache[tuple[str, str, int], Samples] = LRUCache(_RUNS_KEPT)
        self._pictures = asyncio.Semaphore(_PICTURES_AT_A_TIME)

    @property
    def storage_origin(self) -> str:
        """The origin of upload sessions, which the overview's script may send a file to; empty if it may not."""
        address = urlsplit(self._client.api_endpoint)
        return f"{address.scheme}://{address.netloc}" if self.settings.drop_from_page else ""

    async def run(self, run_id: str) -> Dated[RunView]:
        """A run's recent view. Raises `NOT_FOUND` when there is no such run."""
        if run_id not in self._runs:
            self._runs[run_id] = Latest(f"Run {run_id}", lambda: self.application.run(run_id))
        return await self._runs[run_id].get()

    async def samples(self, view: RunView) -> Samples:
        """A run's samples. They are read again while its first shards finish, and once more when it ends."""
        key = (view.run_id, view.state, min(view.shards.done, PARTS))
        if key not in self._samples:
            try:
                self._samples[key] = await asyncio.to_thread(self._read_samples, view.run_id)
            except DropforgeError as error:
                return Samples(trouble=error.message)
        return self._samples[key]

    async def picture(self, run_id: str, name: str) -> Picture:
        """An image of a run. Raises what `read_picture` raises."""
        async with self._pictures:
            return await asyncio.to_thread(self._read_picture, run_id, name)

    async def drop_target(self, request: DropRequest, origin: str) -> DropTarget:
        return await asyncio.to_thread(drop_target, self._source, self.settings, request, origin=origin)

    def link(self, uri: str) -> Link:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        return Link(uri, Bucket(self._client, bucket).link(name))

    def _read_samples(self, run_id: str) -> Samples:
        records = self._registry.records(run_id)
        manifest = records.manifest()
        parts = records.parts(limit=PARTS) if manifest is None else []
        return read_samples(self._client, self._run(run_id), manifest, parts)

    def _read_picture(self, run_id: str, name: str) -> Picture:
        return read_picture(self._client, self._run(run_id), name)

    def _run(self, run_id: str) -> Run:
        run = self._registry.records(run_id).run()
        if run is None:
            raise DropforgeError(Code.NOT_FOUND, f"There is no run {run_id}.")
        return run
