"""Follows a run until nothing more happens by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator

from serve_app.cli.screen.complaint import Complaint
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView

from .api import Api, Unreachable

ACCEPTED_WITHIN_S = 60.0
"""A notification takes about a second; one that failed is sent again after up to a minute."""

_SILENT_S = 60.0
_EVERY_S = 0.25


def ended(view: RunView) -> bool:
    """Whether the run stays as it is unless somebody replays it."""
    return view.state.final or view.state is RunState.INCOMPLETE


def follow(
    api: Api, run_id: str, *, accepted_within_s: float = ACCEPTED_WITHIN_S, silent_s: float = _SILENT_S
) -> Iterator[RunView | None]:
    """The run as it is a few times a second, last the settled one; None while it isn't accepted yet.

    An application that restarts is waited for. Raises `Complaint` where the run is not accepted in time, or nothing
    answers for `silent_s` seconds.
    """
    started = answered = time.monotonic()
    accepted = False
    while True:
        try:
            view = api.run(run_id)
        except Unreachable as error:
            if time.monotonic() - answered > silent_s:
                raise Complaint(
                    f"Lost sight of run {run_id} for {silent_s:.0f} s. {error.message}",
                    f"when it is back, `dropforge watch {run_id}`: the run goes on by itself",
                ) from error
        else:
            answered = time.monotonic()
            accepted = accepted or view is not None
            yield view
            if view is not None and ended(view):
                return
            if not accepted and answered - started > accepted_within_s:
                raise Complaint(
                    f"Run {run_id} was not accepted within {accepted_within_s:.0f} s of waiting.",
                    "see that the bucket's notifications reach the application's subscription (GET /health), and that "
                    "the run belongs to this application",
                )
        time.sleep(_EVERY_S)
