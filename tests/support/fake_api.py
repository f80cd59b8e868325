"""The application's API as the command sees it: canned answers over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from actors.model.drop import Drop
from actors.model.part import Counts
from serve_app.model.reconciliation import ReconciliationView
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView, ShardsView, SourceView
from tests.support.http_server import HttpServer

Answer = RunView | None | int
"""What one request for a run gets: a run, none of that id, or a bare status as a proxy sends it."""


class FakeApi(HttpServer):
    """`script` says what the requests for a run get, in turn; the last answer stays. `ANY` stands for other ids.

    `routes` is what Ray Serve's proxy answers by itself, a text where it has none yet; None: a server of another kind.
    A reconciliation gets `reconciliations` in turn; `asked` are the bodies that came.
    `source` is where its drops go, None for an application that does not say so. With a `token`, callers without it get
    the status alone; `authorizations` are those that came.
    """

    ANY = "*"

    def __init__(self) -> None:
        self.token: str | None = None
        self.source: SourceView | None = None
        self.routes: dict[str, str] | str | None = None
        self.authorizations: list[str | None] = []
        self.reconciliations: list[ReconciliationView] = []
        self.asked: list[dict[str, Any]] = []
        self._scripts: dict[str, list[Answer]] = {}
        super().__init__(_handler(self))

    def script(self, run_id: str, answers: Sequence[Answer]) -> None:
        self._scripts[run_id] = list(answers)

    def hold(self, *views: RunView) -> None:
        for view in views:
            self.script(view.run_id, [view])

    def answer(self, path: str, authorization: str | None) -> tuple[int, dict[str, Any] | str | None]:
        self.authorizations.append(authorization)
        url = urlsplit(path)
        if self.token is not None and authorization != f"Bearer {self.token}":
            if url.path == "/health":
                return 200, {"status": "degraded"}
            return 401, {"error": {"code": "unauthenticated", "message": "A token is needed."}}
        if url.path == "/runs":
            limit = int(parse_qs(url.query)["limit"][0])
            last = [answers[-1] for answers in self._scripts.values()]
            return 200, {"runs": [view.model_dump(mode="json") for view in last if isinstance(view, RunView)][:limit]}
        if url.path == "/-/routes" and self.routes is not None:
            return 503 if isinstance(self.routes, str) else 200, self.routes
        if url.path.startswith("/reconciliations"):
            return 200, self.reconciliations.pop(0).model_dump(mode="json")
        if url.path == "/source":
            return (404, None) if self.source is None else (200, self.source.model_dump(mode="json"))
        answers = self._scripts.get(url.path.removeprefix("/runs/")) or self._scripts.get(self.ANY, [None])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, int):
            return answer, None
        if answer is None:
            return 404, {"error": {"code": "not_found", "message": "There is no such run."}}
        return 200, answer.model_dump(mode="json")


def view_of(state: RunState = RunState.DONE, name: str = "in/a.csv", generation: int = 1, **changes: Any) -> RunView:
    """A run of 10 records, one of them blank and two rejected."""
    drop = Drop("dropforge-in", name, generation)
    values: dict[str, Any] = {
        "run_id": drop.run_id,
        "drop": drop,
        "state": state,
        "reason": None,
        "accepted_at": datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
        "finished_at": None,
        "elapsed_s": 2.5,
        "rows_per_s": 3.6,
        "shards": ShardsView(planned=2, plan_complete=True, done=2, reused=0, failed=0, in_flight=0),
        "counts": Counts(
            records=10,
            blank=1,
            rows_out=7,
            rejects={"missing_value": 1, "wrong_field_count": 1},
            images={"stored": 6, "image_not_found": 1},
            image_failures={"image_not_found": 2},
        ),
        "stage_s": {"clean": 1.5},
        "retries": {},
        "failures": [],
        "output": "gs://dropforge-out/processed/a.csv" if state is RunState.DONE else None,
        "output_generation": None,
        "rejects": None,
        "reasons": None,
        "manifest": None,
        "versions": {},
    }
    return RunView(**(values | changes))


def source_at(endpoint: str, **changes: Any) -> SourceView:
    """Where an application with a local cloud takes files named `*.txt` from."""
    values: dict[str, Any] = {"project": "shop", "source_bucket": "dropforge-in", "watched_prefix": "in/"}
    values |= {"object_patterns": ("*.txt",), "patterns_regard_case": False}
    return SourceView(endpoint=endpoint, **(values | changes))


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = api.answer(self.path, self.headers["Authorization"])
            if body is None:
                body = "<html>bad gateway</html>"
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/reconciliations"):
                api.asked.append(json.loads(body))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            return None

    return Handler
