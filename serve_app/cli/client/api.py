"""The application's API over HTTP."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError

from actors.model.drop import RUN_ID
from serve_app.cli.screen.complaint import Complaint
from serve_app.model.replay import DiscardView, ReplayView
from serve_app.model.views import DeadLettersView, ErrorView, HealthView, RunsView, RunView, StatusView

View = TypeVar("View", bound=BaseModel)

TOKEN = "DROPFORGE_API_TOKEN"

_TRY_TOKEN = f"set {TOKEN} to the token that the application was started with"
_TIMEOUT_S = 30.0
_MOST_RUNS = 200


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Unreachable(Complaint):
    """Nothing answers, or only a proxy in front of the application does. It may come back."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}.", "see that Dropforge runs there: --url or DROPFORGE_URL names another address")


class Api:
    """Every method raises `Unreachable`, and `Complaint` for what the application refuses.

    The token of `DROPFORGE_API_TOKEN`, where it is set, goes along with every request.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        token = os.environ.get(TOKEN, "").strip()
        # As `auth`, because a header of the session gives way to what a .netrc has for the host.
        self._session.auth = _Bearer(token) if token else None

    def run(self, run_id: str) -> RunView | None:
        """None where there is no such run, or not yet."""
        response = self._get(f"/runs/{run_id}")
        if response.status_code == 404 and self._error(response):
            return None
        return self._read(response, RunView)

    def runs(self, limit: int) -> list[RunView]:
        """Open and incomplete ones first, then the newest."""
        return self._read(self._get(f"/runs?limit={limit}"), RunsView).runs

    def health(self) -> HealthView:
        response = self._get("/health")
        try:
            return HealthView.model_validate_json(response.content)
        except ValidationError:
            status = self._read(response, StatusView).status
        raise Complaint(f"{self.url} is {status}, and tells more to known callers alone.", _TRY_TOKEN)

    def dead_letters(self, selection: Mapping[str, Any]) -> DeadLettersView:
        return self._read(self._get("/dead-letters", params=selection), DeadLettersView)

    def discard(self, request: Mapping[str, Any]) -> DiscardView:
        return self._read(self._send("POST", "/dead-letters/discard", json=request), DiscardView)

    def replay(self, request: Mapping[str, Any]) -> ReplayView:
        """Starts a replay, or previews it with `dry_run`. `request` is a `ReplayRequest` as JSON."""
        return self._read(self._send("POST", "/replays", json=request), ReplayView)

    def replay_progress(self, replay: str) -> ReplayView:
        return self._read(self._get(f"/replays/{replay}"), ReplayView)

    def find(self, text: str) -> RunView:
        """The run whose id is or starts with `text`, or the newest of the object of that name.

        Raises `Complaint` where there is none, or several begin so.
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
            raise Complaint(f"{len(found)} runs begin with {text}: {ids}.", "give more digits of the one you mean")
        if not found:
            raise Complaint(f"No run or object is called {text}.", "`dropforge runs` lists what there is")
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
            known = response.status_code != requests.codes.unauthorized
            raise Complaint(error.error.message, "`dropforge runs` lists the runs there are" if known else _TRY_TOKEN)
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as invalid:
            raise Complaint(
                f"{response.url} answered {response.status_code} with something that is not Dropforge's.",
                "see that --url or DROPFORGE_URL is the address of Dropforge, of this version",
            ) from invalid

    @staticmethod
    def _error(response: requests.Response) -> ErrorView | None:
        if response.ok:
            return None
        try:
            return ErrorView.model_validate_json(response.content)
        except ValidationError:
            return None
