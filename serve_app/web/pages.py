"""The pages' routes."""

# No `from __future__ import annotations` here: FastAPI finds `TheSite` in the annotations as they are.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from actors.errors import Code, DropforgeError
from actors.model.drop import Drop
from serve_app.model.replay import GiveUp, ReplayRequest
from serve_app.security.access import SIGN_IN
from serve_app.security.session import COOKIE, VALID_S

from .dropping import DropRequest, DropTarget
from .form import (
    chosen_fields,
    fields_of,
    own_address,
    query,
    reconciliation_fields,
    reconciliation_of,
    selection_of,
)
from .picture import HEADERS as PICTURE_HEADERS
from .picture import shown
from .render import html_page
from .site import Site
from .static import FILES

ENTRIES = 100
"""At most this many dead letters are listed one by one."""


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


TheSite = Annotated[Site, Depends(_site)]
RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$")]
ReplayId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
ReconciliationId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]

router = APIRouter(include_in_schema=False)


@router.get("/")
async def overview(request: Request, site: TheSite) -> HTMLResponse:
    """Deployments, dependencies and runs; the previous state with its age when the current one can't be read."""
    troubles, health, runs = [], None, None
    try:
        health = await site.health.get()
        troubles.append(health.trouble)
    except DropforgeError as error:
        troubles.append(error.message)
    try:
        runs = await site.runs.get()
        troubles.append(runs.trouble)
    except DropforgeError as error:
        troubles.append(error.message)
    return _page(
        request,
        site,
        "overview.html",
        storage_origin=site.storage_origin,
        health=health.value if health else None,
        runs=runs.value.runs if runs else None,
        age_s=max((dated.age_s for dated in (health, runs) if dated), default=0.0),
        troubles=[trouble for trouble in troubles if trouble],
        settings=site.settings,
    )


@router.get("/page/runs/{run_id}")
async def run(request: Request, site: TheSite, run_id: RunId, dropped: str = "") -> HTMLResponse:
    """One run. `dropped` names the object of a run whose notification may not have arrived yet."""
    try:
        dated = await site.run(run_id)
    except DropforgeError as error:
        if error.code is not Code.NOT_FOUND or not dropped:
            raise
        return _page(request, site, "awaited.html", run_id=run_id, dropped=dropped, age_s=0.0, troubles=[])
    view = dated.value
    places = {
        "Output": view.output,
        "Rejected rows": view.rejects,
        "Reasons": view.reasons,
        "Failed URLs": view.failed_urls,
        "Manifest": view.manifest,
    }
    return _page(
        request,
        site,
        "run.html",
        view=view,
        samples=await site.samples(view),
        links={name: site.link(uri) for name, uri in places.items() if uri},
        shown=shown,
        age_s=dated.age_s,
        troubles=[dated.trouble] if dated.trouble else [],
    )


@router.get("/page/images/{run_id}")
async def image(site: TheSite, run_id: RunId, name: str) -> Response:
    """A stored image of a run."""
    picture = await site.picture(run_id, name)
    return Response(picture.data, media_type=picture.content_type, headers=PICTURE_HEADERS)


@router.get("/page/dead-letters")
async def dead_letters(request: Request, site: TheSite) -> HTMLResponse:
    """The dead letters, by code. The page does not poll, because each look pulls messages from the subscription."""
    selection = selection_of(request.query_params.items())
    view = await site.application.dead_letters(selection)
    return _page(
        request,
        site,
        "dead-letters.html",
        view=view,
        entries=view.entries[:ENTRIES],
        chosen=chosen_fields(selection),
        age_s=0.0,
        troubles=[],
    )


@router.get("/page/replay")
async def ask_replay(request: Request, site: TheSite) -> HTMLResponse:
    """Shows what a replay would do, and asks for confirmation."""
    selection = selection_of(request.query_params.items())
    view = await site.application.replay(ReplayRequest(selection=selection, dry_run=True))
    # The limit keeps the replay to the dead letters that this page counted: a later one is not replayed unseen.
    fields = chosen_fields(selection, limit=view.selected)
    chosen = chosen_fields(selection)
    return _page(request, site, "replay-ask.html", view=view, fields=fields, chosen=chosen, age_s=0.0, troubles=[])


@router.post("/page/replays")
async def start_replay(request: Request, site: TheSite) -> RedirectResponse:
    fields = fields_of(await request.body())
    give_up: GiveUp | None = "images" if fields.get("give_up") == "images" else None
    asked = ReplayRequest(selection=selection_of(fields.items()), give_up=give_up, dry_run=False)
    view = await site.application.replay(asked)
    return _see(request, f"/page/replays/{view.replay}")


@router.get("/page/replays/{replay}")
async def replay(request: Request, site: TheSite, replay: ReplayId) -> HTMLResponse:
    view = await site.application.replay_progress(replay)
    return _page(request, site, "replay.html", view=view, age_s=0.0, troubles=[])


@router.get("/page/reconcile")
async def ask_reconciliation(request: Request, site: TheSite) -> HTMLResponse:
    """Asks which uploads to look at for those that have no run."""
    return _page(request, site, "reconcile.html", settings=site.settings, age_s=0.0, troubles=[])


@router.post("/page/reconciliations")
async def start_reconciliation(request: Request, site: TheSite) -> RedirectResponse:
    """Starts a look for uploads without a run; with the field `accept`, one that accepts as many as were shown."""
    fields = fields_of(await request.body())
    asked = reconciliation_of(fields)
    view = await site.application.reconcile(asked)
    return _see(request, f"/page/reconciliations/{view.reconciliation}")


@router.get("/page/reconciliations/{reconciliation}")
async def reconciliation(request: Request, site: TheSite, reconciliation: ReconciliationId) -> HTMLResponse:
    view = await site.application.reconciliation(reconciliation)
    return _page(
        request,
        site,
        "reconciliation.html",
        view=view,
        bucket=site.settings.source_bucket,
        fields=reconciliation_fields(view),
        age_s=0.0,
        troubles=[],
    )


@router.post("/page/drops")
async def open_drop(request: Request, site: TheSite, wanted: DropRequest) -> DropTarget:
    """An upload session for a file. The request is JSON, which a form of another site can't send."""
    return await site.drop_target(wanted, request.headers.get("origin", ""))


@router.get("/page/drops")
async def dropped(request: Request, site: TheSite, object: str, generation: int) -> RedirectResponse:
    """Redirects to the run of an uploaded object."""
    drop = Drop(site.settings.source_bucket, object, generation)
    return _see(request, f"/page/runs/{drop.run_id}{query({'dropped': object})}")


@router.get(SIGN_IN)
async def ask_token(request: Request, site: TheSite) -> Response:
    if site.access.sessions is None:
        return _see(request, "/")
    return _page(request, site, "sign-in.html", after="/", trouble="")


@router.post(SIGN_IN)
async def sign_in(request: Request, site: TheSite) -> Response:
    """Starts a session for a caller who knows the token."""
    fields = fields_of(await request.body())
    after = own_address(fields.get("after", "/"))
    sessions = site.access.sessions
    if sessions is None or not site.access.is_token(fields.get("token", "").strip()):
        trouble = "This is not the application's DROPFORGE_API_TOKEN. Check it and try again."
        return _page(request, site, "sign-in.html", status=401, after=after, trouble=trouble)
    answer = _see(request, after)
    answer.set_cookie(
        COOKIE,
        sessions.issue(),
        max_age=VALID_S,
        path=_root(request) or "/",
        httponly=True,
        samesite="strict",
        # Taken from the browser's origin, because a proxy in front may have terminated TLS.
        secure=request.headers.get("origin", "").startswith("https://"),
    )
    return answer


@router.post("/page/sign-out")
async def sign_out(request: Request) -> Response:
    answer = _see(request, SIGN_IN)
    answer.delete_cookie(COOKIE, path=_root(request) or "/", httponly=True, samesite="strict")
    return answer


@router.get("/page/static/{name}")
async def static(name: str) -> Response:
    file = FILES.get(name)
    if file is None:
        return JSONResponse({}, status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(file.data, media_type=file.content_type, headers=headers)


def _page(request: Request, site: Site, template: str, **values: Any) -> HTMLResponse:
    signed_in = COOKIE in request.cookies and site.access.sessions is not None
    return html_page(template, root=_root(request), signed_in=signed_in, **values)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _see(request: Request, path: str) -> RedirectResponse:
    return RedirectResponse(f"{_root(request)}{path}", status_code=303)
