"""One replica's application: what it is put together from, and what it is asked for over HTTP."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping

from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.run import Run
from actors.storage.bucket import Bucket
from actors.storage.request_times import RequestTimes
from serve_app.config.retry_policies import StagePolicies
from serve_app.config.settings import Settings
from serve_app.dead_letters.inbox import Inbox
from serve_app.dead_letters.replay import Replays
from serve_app.model.reconciliation import ReconciliationRequest, ReconciliationView
from serve_app.model.replay import SAMPLE, DiscardRequest, DiscardView, ReplayRequest, ReplayView
from serve_app.model.selection import Selection, groups
from serve_app.model.views import DeadLettersView, HealthView, RunsView, RunView, SourceView
from serve_app.monitoring.health import Health
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.pubsub.dead_letter_topic import DeadLetterSubscription, DeadLetterTopic
from serve_app.pubsub.pull_subscriber import Subscriber
from serve_app.reconciliation.acceptor import Acceptor
from serve_app.reconciliation.reconciliations import Reconciliations
from serve_app.reconciliation.regular import RegularReconciliation
from serve_app.reconciliation.uploads import Uploads
from serve_app.runs.accept import Acceptance
from serve_app.runs.pipeline import Pipeline
from serve_app.runs.run_driver import RunDriver
from serve_app.runs.run_registry import RunRegistry
from serve_app.runs.run_supervisor import RunSupervisor
from serve_app.runs.run_view import run_view
from serve_app.runs.stage_call import OnRetry, StageCalls, quarantines
from serve_app.runs.stages import Stages

MOST_RUNS = 200
"""Of one answer."""

_BEGUN_AHEAD = 4
"""How often `runs_in_flight` runs are begun, most of which wait for their turn, before a reconciliation waits too."""

_PUBLISH_ON_STOP_S = 5.0
_SEND_ON_STOP_S = 3.0


class Application:
    """Accepts notifications, drives runs, replays dead letters, and says how all of them are. One owner of runs.

    `policies` is asked at each call of a stage. `times` are those of `client`'s requests.
    """

    def __init__(
        self,
        settings: Settings,
        stages: Stages,
        policies: Callable[[], StagePolicies],
        client: storage.Client,
        times: RequestTimes,
    ) -> None:
        self.settings = settings
        self.client = client
        self._stages = stages
        self._policies = policies
        self._quarantines = quarantines()
        self._metrics = Metrics()
        self._tracing = Tracing(settings.otlp_endpoint)
        work = Bucket(client, settings.work_bucket or settings.output_bucket)
        self.registry = RunRegistry(work, settings.work_prefix)
        self._dead_letters = DeadLetterTopic(settings.project, settings.dead_letter_topic)
        self._driver = RunDriver(
            self.registry,
            self._pipeline,
            settings,
            self._dead_letters,
            self._metrics,
            self._tracing,
            owner=f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(3)}",
        )
        self._supervisor = RunSupervisor(self.registry, self._driver, self._metrics, every_s=settings.adopt_every_s)
        self._acceptance = Acceptance(settings, self.registry, self._metrics, self._tracing, self._supervisor.begin)
        messages = DeadLetterSubscription(settings.project, settings.dead_letter_subscription)
        self._inbox = Inbox(self.registry, messages, self._acceptance.accept)
        self._replays = Replays(self.registry, self._inbox, self._metrics, self._tracing, self._supervisor.resume)
        source = Bucket(client, settings.source_bucket)
        uploads = Uploads(settings, source, self.registry)
        acceptor = Acceptor(
            self._acceptance.accept,
            lambda: self._supervisor.under_way,
            self._metrics,
            most=_BEGUN_AHEAD * settings.runs_in_flight,
        )
        self._reconciliations = Reconciliations(settings, self.registry, uploads, acceptor)
        self._regular = RegularReconciliation(settings, self.registry, uploads, acceptor)
        self._subscriber = self._subscribe() if settings.pull else None
        buckets = {"source_bucket": source, "work_bucket": work}
        self._health = Health(settings, buckets, self._metrics, self._subscriber, times)

    async def start(self) -> None:
        await self._health.start()
        await self._supervisor.start()
        await self._regular.start()
        if self._subscriber is not None:
            await self._subscriber.start()

    async def stop(self) -> None:
        """Takes no more notifications, then gives its runs back, so that another replica goes on at once."""
        if self._subscriber is not None:
            await self._subscriber.stop()
        await self._health.stop()
        await self._regular.stop()
        await self._reconciliations.stop()
        await self._replays.stop()
        await self._supervisor.stop()
        await self._dead_letters.stop(_PUBLISH_ON_STOP_S)
        # A receiver that hangs must not cost the replica its time to stop in order.
        await asyncio.wait({asyncio.create_task(asyncio.to_thread(self._tracing.stop))}, timeout=_SEND_ON_STOP_S)

    def check(self) -> None:
        """Raises `INTERNAL` where a task that takes notifications, adopts runs or looks at dependencies has ended."""
        self._supervisor.check()
        self._health.check()
        self._regular.check()
        if self._subscriber is not None:
            self._subscriber.check()

    async def accept(self, attributes: Mapping[str, str]) -> None:
        """As `Acceptance.accept`."""
        await self._acceptance.accept(attributes)

    async def runs(self, limit: int = 20) -> RunsView:
        """Open and incomplete runs, then the newest finished ones, `limit` in all, at most `MOST_RUNS`."""
        ids = await asyncio.to_thread(self.registry.newest_run_ids, max(1, min(limit, MOST_RUNS)))
        return RunsView(runs=list(await asyncio.gather(*(self.run(run_id) for run_id in ids))))

    async def run(self, run_id: str) -> RunView:
        """Raises `NOT_FOUND`."""
        snapshot = self._driver.snapshot(run_id) or await asyncio.to_thread(self.registry.snapshot, run_id)
        if snapshot is None:
            raise DropforgeError(Code.NOT_FOUND, f"There is no run {run_id}. `dropforge runs` lists those there are.")
        manifest = self.registry.records(run_id).names.manifest
        return run_view(snapshot, self._driver.progress.get(run_id), f"gs://{self.registry.bucket.name}/{manifest}")

    async def dead_letters(self, selection: Selection) -> DeadLettersView:
        """What is dead-lettered now, as far as it is selected; no message is acknowledged."""
        entries = selection.of(await self._inbox.entries())
        return DeadLettersView(total=len(entries), groups=groups(entries), entries=entries)

    async def discard(self, request: DiscardRequest) -> DiscardView:
        """Previews, or with `dry_run` false acknowledges, messages that can't be replayed: strays alone."""
        strays = [entry for entry in await self._inbox.entries() if entry.kind == "stray"]
        entries = request.selection.of(strays)
        keys = frozenset() if request.dry_run else frozenset(entry.key for entry in entries)
        discarded = await self._inbox.discard(keys) if keys else 0
        return DiscardView(selected=len(entries), discarded=discarded, sample=entries[:SAMPLE])

    async def replay(self, request: ReplayRequest) -> ReplayView:
        """As `Replays.start`."""
        return await self._replays.start(request)

    async def replay_progress(self, replay: str) -> ReplayView:
        """As `Replays.view`."""
        return await self._replays.view(replay)

    async def reconcile(self, request: ReconciliationRequest) -> ReconciliationView:
        """As `Reconciliations.start`."""
        return await self._reconciliations.start(request)

    async def reconciliation(self, reconciliation: str) -> ReconciliationView:
        """As `Reconciliations.view`."""
        return await self._reconciliations.view(reconciliation)

    def source(self) -> SourceView:
        """Where a file must be uploaded to so that this application processes it."""
        settings = self.settings
        return SourceView(
            project=settings.project,
            endpoint=self.client.api_endpoint,
            source_bucket=settings.source_bucket,
            watched_prefix=settings.watched_prefix,
            object_patterns=settings.object_patterns,
            patterns_regard_case=settings.patterns_regard_case,
        )

    async def health(self) -> HealthView:
        """Deployments as Serve sees them, dependencies as last looked at."""
        return await self._health.report(
            runs=len(self._driver.progress), ignored_uploads=self._acceptance.ignored.newest
        )

    def _pipeline(self, run: Run, on_retry: OnRetry) -> Pipeline:
        calls = StageCalls(self._policies, self._quarantines, on_retry, self._tracing)
        return Pipeline(run, self._stages, calls)

    def _subscribe(self) -> Subscriber:
        settings = self.settings
        return Subscriber(
            settings.project,
            settings.subscription,
            self._acceptance.accept,
            at_a_time=settings.pull_messages,
            silent_s=settings.stream_silent_s,
        )
