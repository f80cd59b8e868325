"""The HTTP API of one replica's application: its routes, and how failures are answered."""

# No `from __future__ import annotations` here: FastAPI finds `TheApplication` in the annotations as they are.

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from actors.errors import Code, DropforgeError
from serve_app.model.reconciliation import ReconciliationRequest, ReconciliationView
from serve_app.model.replay import DiscardRequest, DiscardView, ReplayRequest, ReplayView
from serve_app.model.selection import Selection
from serve_app.model.views import DeadLettersView, HealthView, RunsView, RunView, SourceView, StatusView
from serve_app.pubsub.pushed import PushEnvelope, pushed_attributes
from serve_app.security.access import HEALTH, PUSH, Access
from serve_app.security.gate import Gate
from serve_app.web.pages import router as pages
from serve_app.web.refusal import refusal
from serve_app.web.site import Site

from .application import Application

RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$")]
ReplayId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
ReconciliationId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]


def _application(request: Request) -> Application:
    application: Application = request.app.state.application
    return application


TheApplication = Annotated[Application, Depends(_application)]

router = APIRouter()


def api(application: Application, access: Access) -> FastAPI:
    """The API and the pages, behind `Gate`."""
    made = FastAPI(title="Dropforge", docs_url="/api", redoc_url=None)
    made.state.application = application
    made.state.site = Site(application, access, application.settings, application.registry, application.client)
    made.include_router(pages)
    made.include_router(router)
    made.add_exception_handler(DropforgeError, _answer_failure)
    made.add_exception_handler(404, _answer_nowhere)
    made.add_exception_handler(RequestValidationError, _answer_invalid)
    made.add_middleware(
        Gate,
        access=access,
        refusal=lambda error, scope, access: refusal(error, scope, sign_in=access.sessions is not None),
    )
    return made


@router.post(
    PUSH,
    status_code=204,
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": PushEnvelope.model_json_schema()}}}},
)
async def push(request: Request, application: TheApplication) -> None:
    """A notification pushed by Pub/Sub, wrapped or unwrapped with its metadata, or by Eventarc as a CloudEvent.

    Any status but 2xx makes Pub/Sub send it again, and after the attempts of the subscription's dead-letter policy
    put it on the dead-letter topic: that is where a message that is no notification ends.
    """
    await application.accept(pushed_attributes(request.headers, await request.body()))


@router.get("/runs")
async def runs(application: TheApplication, limit: int = 20) -> RunsView:
    """Open and incomplete runs, then the newest finished ones, `limit` in all."""
    return await application.runs(limit)


@router.get("/runs/{run_id}")
async def run(run_id: RunId, application: TheApplication) -> RunView:
    """One run."""
    return await application.run(run_id)


@router.get("/dead-letters")
async def dead_letters(selection: Annotated[Selection, Query()], application: TheApplication) -> DeadLettersView:
    """What is dead-lettered now, selected by the query; no message is acknowledged."""
    return await application.dead_letters(selection)


@router.post("/dead-letters/discard")
async def discard(request: DiscardRequest, application: TheApplication) -> DiscardView:
    """Previews, or with `dry_run` false acknowledges, messages that can't be replayed: strays alone."""
    return await application.discard(request)


@router.post("/replays")
async def replay(request: ReplayRequest, application: TheApplication) -> ReplayView:
    """Previews a replay, or with `dry_run` false starts it; it goes on when the caller leaves."""
    return await application.replay(request)


@router.get("/replays/{replay}")
async def replay_progress(replay: ReplayId, application: TheApplication) -> ReplayView:
    """How far a replay is."""
    return await application.replay_progress(replay)


@router.post("/reconciliations")
async def reconcile(request: ReconciliationRequest, application: TheApplication) -> ReconciliationView:
    """Starts a look for uploads that have no run, because their notification never came.

    With `dry_run` false, it has them accepted too. It goes on when the caller leaves.
    """
    return await application.reconcile(request)


@router.get("/reconciliations/{reconciliation}")
async def reconciliation(reconciliation: ReconciliationId, application: TheApplication) -> ReconciliationView:
    """How far a reconciliation is, and what it has found."""
    return await application.reconciliation(reconciliation)


@router.get("/source")
async def source(application: TheApplication) -> SourceView:
    """Where to upload a drop: the bucket, the prefix, the patterns, and the endpoint of its Cloud Storage."""
    return application.source()


@router.get(HEALTH)
async def health(request: Request, application: TheApplication) -> HealthView | StatusView:
    """Deployments as Serve sees them, dependencies as last looked at; `degraded` says why.

    A caller without a token learns the status alone.
    """
    view = await application.health()
    return view if request.state.known else StatusView(status=view.status)


async def _answer_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, DropforgeError)
    return refusal(error, request.scope)


async def _answer_nowhere(request: Request, _: Exception) -> Response:
    return refusal(DropforgeError(Code.NOT_FOUND, "There is nothing at this address."), request.scope)


async def _answer_invalid(request: Request, invalid: Exception) -> Response:
    """Names the faults without quoting what was sent."""
    assert isinstance(invalid, RequestValidationError)
    faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in invalid.errors())
    error = DropforgeError(Code.BAD_REQUEST, f"The request is not valid: {faults[:1000]}")
    return refusal(error, request.scope, status=422)
