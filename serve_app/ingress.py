"""Where notifications arrive and runs are driven from.

Both ways in, the pull subscription and the push endpoint, lead to `accept`: the run is made durable,
then the notification is acknowledged, then the run is driven. No bytes that are processed come here; a person who looks
at a run's page gets samples of bounded size (`web.samples`, `web.picture`).
"""

# No `from __future__ import annotations` here: FastAPI reads the annotations anew in the replica, where the names
# in them are no longer known.

import asyncio
import logging
import os
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from opentelemetry.trace import SpanKind
from ray import serve
from ray.serve.handle import DeploymentHandle

from actors import logs, trace_context
from actors.errors import Code, DropforgeError
from actors.storage import threads
from actors.storage.bucket import Bucket, connect
from serve_app.config.retry_policies import StagePolicies
from serve_app.config.settings import Settings
from serve_app.dead_letters.inbox import Inbox
from serve_app.dead_letters.replay import Replays
from serve_app.model.selection import SAMPLE, DiscardRequest, DiscardView, ReplayRequest, ReplayView, Selection, groups
from serve_app.model.views import DeadLettersView, HealthView, RunsView, RunView, StatusView
from serve_app.monitoring.health import Health
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.pubsub.dead_letter_topic import DeadLetterSubscription, DeadLetterTopic
from serve_app.pubsub.gcs_event import Ignored, drop_of
from serve_app.pubsub.pull_subscriber import Subscriber
from serve_app.pubsub.push_envelope import PushEnvelope
from serve_app.runs.pipeline import Handles
from serve_app.runs.run_driver import RunDriver
from serve_app.runs.run_registry import RunRegistry
from serve_app.runs.run_supervisor import RunSupervisor
from serve_app.runs.run_view import run_view
from serve_app.security.access import HEALTH, PUSH, Access
from serve_app.security.gate import Gate
from serve_app.web.pages import router as pages
from serve_app.web.refusal import refusal
from serve_app.web.site import Site

logger = logging.getLogger("dropforge.ingress")

api = FastAPI(title="Dropforge", docs_url="/api", redoc_url=None)

api.include_router(pages)

api.add_middleware(
    Gate,
    access=lambda: cast("Ingress", serve.get_replica_context().servable_object).access,
    refusal=lambda error, scope, access: refusal(error, scope, sign_in=access.sessions is not None),
)

RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$")]
ReplayId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]

_PUBLISH_ON_STOP_S = 5.0
_SEND_ON_STOP_S = 3.0


@api.exception_handler(DropforgeError)
async def _answer(request: Request, error: DropforgeError) -> Response:
    return refusal(error, request.scope)


@api.exception_handler(404)
async def _answer_nowhere(request: Request, _: Exception) -> Response:
    return refusal(DropforgeError(Code.NOT_FOUND, "There is nothing at this address."), request.scope)


@api.exception_handler(RequestValidationError)
async def _answer_invalid(request: Request, invalid: RequestValidationError) -> Response:
    """Names the faults without quoting what was sent."""
    faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in invalid.errors())
    error = DropforgeError(Code.BAD_REQUEST, f"The request is not valid: {faults[:1000]}")
    return refusal(error, request.scope, status=422)


@serve.ingress(api)
class Ingress:
    """One replica is one owner of runs."""

    access: Access
    site: Site

    async def __init__(  # type: ignore[misc]  # Serve awaits it
        self,
        settings: Settings,
        attributes: DeploymentHandle,
        cleaner: DeploymentHandle,
        image_fetcher: DeploymentHandle,
        writer: DeploymentHandle,
    ) -> None:
        logs.configure(settings.project)
        threads.one_for_each_connection()
        self._settings = settings
        self.access = Access(settings)
        self._policies = StagePolicies()
        metrics = self._metrics = Metrics()
        self._tracing = Tracing(settings.otlp_endpoint)
        client = connect(settings.project)
        work = Bucket(client, settings.work_bucket or settings.output_bucket)
        self._registry = RunRegistry(work, settings.work_prefix)
        buckets = {"source_bucket": Bucket(client, settings.source_bucket), "work_bucket": work}
        self._subscriber = self._subscribe() if settings.pull else None
        self._health = Health(settings, buckets, metrics, self._subscriber)
        await self._health.start()
        owner = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(3)}"
        self._dead_letters = DeadLetterTopic(settings.project, settings.dead_letter_topic)
        self._driver = RunDriver(
            self._registry,
            Handles(attributes, cleaner, image_fetcher, writer),
            settings,
            lambda: self._policies,
            self._dead_letters,
            metrics,
            self._tracing,
            owner,
        )
        self._supervisor = RunSupervisor(self._registry, self._driver, metrics, every_s=settings.adopt_every_s)
        queue = DeadLetterSubscription(settings.project, settings.dead_letter_subscription)
        self._inbox = Inbox(self._registry, queue, self._accept)
        self._replays = Replays(self._registry, self._inbox, metrics, self._tracing, self._supervisor.begin)
        self.site = Site(self, self.access, settings, self._registry, client)
        await self._supervisor.start()
        if self._subscriber is not None:
            await self._subscriber.start()

    def reconfigure(self, user_config: Mapping[str, Any]) -> None:
        """Retry policies by stage; a changed one reaches runs under way."""
        self._policies = StagePolicies.model_validate(user_config)

    async def check_health(self) -> None:
        """The tasks that take notifications, adopt runs and look at dependencies go on."""
        self._supervisor.check()
        self._health.check()
        if self._subscriber is not None:
            self._subscriber.check()

    async def __del__(self) -> None:
        """Takes no more notifications, then gives its runs back, so that another replica goes on at once."""
        if self._subscriber is not None:
            await self._subscriber.stop()
        await self._health.stop()
        await self._replays.stop()
        await self._supervisor.stop()
        await self._dead_letters.stop(_PUBLISH_ON_STOP_S)
        # A receiver that hangs must not cost the replica its time to stop in order.
        await asyncio.wait({asyncio.create_task(asyncio.to_thread(self._tracing.stop))}, timeout=_SEND_ON_STOP_S)

    async def _accept(self, attributes: Mapping[str, str]) -> None:
        """Makes the run of a notification durable and starts it. Returns once the notification may be acknowledged."""
        drop = drop_of(attributes, self._settings)
        if isinstance(drop, Ignored):
            self._metrics.notification(drop)
            return
        context = trace_context.context_of(trace_context.received(attributes))
        about = {"run": drop.run_id, "drop": drop.uri}
        with self._tracing.span("accept", about, context=context, kind=SpanKind.CONSUMER) as span:
            run = self._settings.run_for(drop, trace=trace_context.current())
            accepted = await asyncio.to_thread(self._registry.accept, run)
            span.set_attribute("dropforge.accepted", accepted)
        self._metrics.notification("accepted" if accepted else "duplicate")
        if accepted:
            self._supervisor.begin(run.run_id, accepted=run)

    @api.post(PUSH, status_code=204)
    async def push(self, envelope: PushEnvelope) -> None:
        """A notification pushed by Pub/Sub, wrapped.

        Any status but 2xx makes Pub/Sub send it again, and after the attempts of the subscription's dead-letter policy
        put it on the dead-letter topic: that is where a message that is no notification ends.
        """
        await self._accept(envelope.message.attributes)

    @api.get("/runs")
    async def runs(self, limit: int = 20) -> RunsView:
        """Open and incomplete runs, then the newest finished ones, `limit` in all."""
        ids = await asyncio.to_thread(self._registry.newest_run_ids, max(1, min(limit, 200)))
        return RunsView(runs=list(await asyncio.gather(*(self._view(run_id) for run_id in ids))))

    @api.get("/runs/{run_id}")
    async def run(self, run_id: RunId) -> RunView:
        return await self._view(run_id)

    @api.get("/dead-letters")
    async def dead_letters(self, selection: Annotated[Selection, Query()]) -> DeadLettersView:
        """What is dead-lettered now, selected by the query; nothing is taken away."""
        entries = selection.of([item.entry for item in await self._inbox.items()])
        return DeadLettersView(total=len(entries), groups=groups(entries), entries=entries)

    @api.post("/dead-letters/discard")
    async def discard(self, request: DiscardRequest) -> DiscardView:
        """Previews, or with `dry_run` false acknowledges, messages that can't be replayed: strays alone."""
        items = await self._inbox.items()
        entries = request.selection.of([item.entry for item in items if item.entry.kind == "stray"])
        keys = frozenset() if request.dry_run else frozenset(entry.key for entry in entries)
        discarded = await self._inbox.discard(keys) if keys else 0
        return DiscardView(selected=len(entries), discarded=discarded, sample=entries[:SAMPLE])

    @api.post("/replays")
    async def replay(self, request: ReplayRequest) -> ReplayView:
        """Previews a replay, or with `dry_run` false starts it; it goes on when the caller leaves."""
        return await self._replays.start(request)

    @api.get("/replays/{replay}")
    async def replay_progress(self, replay: ReplayId) -> ReplayView:
        return await self._replays.view(replay)

    @api.get(HEALTH)
    async def health(self, request: Request) -> HealthView | StatusView:
        """Deployments as Serve sees them, dependencies as last looked at; `degraded` says why.

        A caller without a token learns the status alone.
        """
        view = await self.full_health()
        return view if request.state.known else StatusView(status=view.status)

    async def full_health(self) -> HealthView:
        return await self._health.report(runs=len(self._driver.progress))

    def _subscribe(self) -> Subscriber:
        settings = self._settings
        return Subscriber(
            settings.project,
            settings.subscription,
            self._accept,
            at_a_time=settings.pull_messages,
            silent_s=settings.stream_silent_s,
        )

    async def _view(self, run_id: str) -> RunView:
        snapshot = self._driver.snapshot(run_id) or await asyncio.to_thread(self._registry.snapshot, run_id)
        if snapshot is None:
            raise DropforgeError(Code.NOT_FOUND, f"There is no run {run_id}. `dropforge runs` lists those there are.")
        manifest = self._registry.records(run_id).names.manifest
        return run_view(snapshot, self._driver.progress.get(run_id), f"gs://{self._registry.bucket.name}/{manifest}")
