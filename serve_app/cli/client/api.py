"""The application's HTTP API, as methods."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError

from actors.model.drop import RUN_ID
from serve_app.cli.screen.complaint import Complaint
from serve_app.model.reconciliation import ReconciliationView
from serve_app.model.replay import DiscardView, ReplayView
from serve_app.model.views import DeadLettersView, ErrorView, HealthView, RunsView, RunView, SourceView, StatusView

View = TypeVar("View", bound=BaseModel)

TOKEN = "DROPFORGE_API_TOKEN"

_TRY_TOKEN = f"set {TOKEN} to the token that the application was started with"
_TRY = {
    requests.codes.unauthorized: _TRY_TOKEN,
    requests.codes.not_found: "list the runs with `dropforge runs`",
    requests.codes.conflict: "wait until the other one is done",
}
_TRY_AGAIN = "correct what the message names, and run the command again"
_TRY_ADDRESS = "check that --url or DROPFORGE_URL is the address of a Dropforge of this version"
_TIMEOUT_S = 30.0
_MOST_RUNS = 200

NO_ROUTES = "Route table is not populated yet."
"""Of a proxy that has had no application since it started (`NO_ROUTES_MESSAGE`, Ray 2.60)."""


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Unreachable(Complaint):
    """The application did not answer, or a proxy answered in its place (502, 503 or 504). It may come back."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}.", "check that Dropforge is running at this address, or give another with --url or DROPFORGE_URL"
        )


class NoApplication(Unreachable):
    """The proxy of a Ray Serve answered, but the application behind it did not. It may come back."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"Ray Serve's proxy at {url} answered {status}: there is no running Dropforge behind it")
        self.attempt = (
            "see in the log of `dropforge up`, or with `serve status`, why the application does not run; then start it "
            "again"
        )


class Stranger(Complaint):
    """Something that is no Dropforge of this version answered."""


class Api:
    """Client of a running application. Sends `DROPFORGE_API_TOKEN`, if it is set, with every request.

    Every method raises `Unreachable` when the application does not answer, and `Complaint` when it refuses the
    request or something other than Dropforge answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        token = os.environ.get(TOKEN, "").strip()
        # Set as `auth`, because requests replaces a session's Authorization header with credentials from .netrc.
        self._session.auth = _Bearer(token) if token else None

    def run(self, run_id: str) -> RunView | None:
        """The run, or None if the application knows no run of this id (yet)."""
        response = self._get(f"/runs/{run_id}")
        if response.status_code == 404 and self._error(response):
            return None
        return self._read(response, RunView)

    def runs(self, limit: int) -> list[RunView]:
        """At most `limit` runs: open and incomplete ones first, then the newest."""
        return self._read(self._get(f"/runs?limit={limit}"), RunsView).runs

    def source(self) -> SourceView:
        """Where the application takes its drops from."""
        return self._read(self._get("/source"), SourceView)

    def health(self) -> HealthView:
        response = self._get("/health")
        try:
            return HealthView.model_validate_json(response.content)
        except ValidationError:
            status = self._read(response, StatusView).status
        raise Complaint(f"{self.url} is {status}. It shows details only to callers with its token.", _TRY_TOKEN)

    def dead_letters(self, selection: Mapping[str, Any]) -> DeadLettersView:
        """The dead letters that match `selection`, the fields of a `Selection`."""
        return self._read(self._get("/dead-letters", params=selection), DeadLettersView)

    def discard(self, request: Mapping[str, Any]) -> DiscardView:
        """Discards stray messages, or previews that with `dry_run`. `request` is a `DiscardRequest` as JSON."""
        return self._read(self._send("POST", "/dead-letters/discard", json=request), DiscardView)

    def replay(self, request: Mapping[str, Any]) -> ReplayView:
        """Starts a replay, or previews one with `dry_run`. `request` is a `ReplayRequest` as JSON."""
        return self._read(self._send("POST", "/replays", json=request), ReplayView)

    def replay_progress(self, replay: str) -> ReplayView:
        return self._read(self._get(f"/replays/{replay}"), ReplayView)

    def reconcile(self, request: Mapping[str, Any]) -> ReconciliationView:
        """Starts a reconciliation. `request` is a `ReconciliationRequest` as JSON."""
        return self._read(self._send("POST", "/reconciliations", json=request), ReconciliationView)

    def reconciliation(self, reconciliation: str) -> ReconciliationView:
        return self._read(self._get(f"/reconciliations/{reconciliation}"), ReconciliationView)

    def find(self, text: str) -> RunView:
        """The run whose id is or starts with `text`, or the newest run of the object with that name.

        Raises `Complaint` when no run matches, or when several ids start with `text`.
        """
        if re.fullmatch(RUN_ID, text):
            view = self.run(text)
            if view is not None:
                return view
        views = self.runs(_MOST_RUNS)
        named = [view for view in views if text in (view.drop.object, view.drop.object.rpartition("/")[2])]
        if named:
            return max(named, key=lambda view: view.drop.generation)
        found = [view for view in views if view.run_id.startswith(text)]
        if len(found) > 1:
            ids = ", ".join(view.run_id for view in found[:5])
            raise Complaint(f"{len(found)} run ids start with {text}: {ids}.", "give more digits of the run you mean")
        if not found:
            raise Complaint(
                f"No run id starts with {text}, and no run is of an object named {text}.",
                "list the runs with `dropforge runs`",
            )
        return found[0]

    def _get(self, path: str, **options: Any) -> requests.Response:
        return self._send("GET", path, **options)

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            response = self._session.request(method, f"{self.url}{path}", timeout=_TIMEOUT_S, **options)
        except requests.RequestException as error:
            raise Unreachable(f"{self.url} does not answer ({type(error).__name__})") from error
        if response.status_code in (502, 503, 504) and not self._error(response):
            raise Unreachable(f"{self.url} answered {response.status_code}")
        return response

    def _read(self, response: requests.Response, kind: type[View]) -> View:
        error = self._error(response)
        if error is not None:
            raise Complaint(error.error.message, _TRY.get(response.status_code, _TRY_AGAIN))
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as invalid:
            if self._is_serve():
                raise NoApplication(self.url, response.status_code) from invalid
            raise Stranger(
                f"{response.url} answered {response.status_code}, but not with an answer of Dropforge's API.",
                _TRY_ADDRESS,
            ) from invalid

    def _is_serve(self) -> bool:
        """Whether Ray Serve's own proxy is at the address: it lists its routes ("Ray Serve HTTP proxy", Ray 2.60)."""
        try:
            answer = self._session.get(f"{self.url}/-/routes", timeout=_TIMEOUT_S)
            if answer.status_code == 503 and answer.text.strip() == NO_ROUTES:
                return True
            routes = answer.json()
        except (requests.RequestException, ValueError):
            return False
        return isinstance(routes, dict) and all(isinstance(name, str) for name in routes.values())

    @staticmethod
    def _error(response: requests.Response) -> ErrorView | None:
        if response.ok:
            return None
        try:
            return ErrorView.model_validate_json(response.content)
        except ValidationError:
            return None
