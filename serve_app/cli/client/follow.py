"""Follows a run until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator

from serve_app.cli.screen.complaint import Complaint
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView

from .api import Api, Unreachable

ACCEPTED_WITHIN_S = 60.0
"""A notification takes about a second; Pub/Sub delivers one that was not acknowledged again within a minute."""

_SILENT_S = 60.0
_EVERY_S = 0.25


def ended(view: RunView) -> bool:
    """Whether the run is done, refused, or incomplete. An incomplete one continues only when someone replays it."""
    return view.state.final or view.state is RunState.INCOMPLETE


def follow(
    api: Api, run_id: str, *, accepted_within_s: float = ACCEPTED_WITHIN_S, silent_s: float = _SILENT_S
) -> Iterator[RunView | None]:
    """Yields the run four times a second until it has ended; None while it is not accepted yet.

    While the application restarts, it keeps asking. Raises `Complaint` when the run is not accepted within
    `accepted_within_s` seconds, or the application does not answer for `silent_s` seconds.
    """
    started = answered = time.monotonic()
    accepted = False
    while True:
        try:
            view = api.run(run_id)
        except Unreachable as error:
            if time.monotonic() - answered > silent_s:
                raise Complaint(
                    f"No news of run {run_id} for {silent_s:.0f} s. {error.message}",
                    f"run `dropforge watch {run_id}` once the application is back; the run continues without it",
                ) from error
        else:
            answered = time.monotonic()
            accepted = accepted or view is not None
            yield view
            if view is not None and ended(view):
                return
            if not accepted and answered - started > accepted_within_s:
                raise Complaint(
                    f"Run {run_id} was not accepted within {accepted_within_s:.0f} s.",
                    "check with `dropforge doctor` that the bucket's notifications reach the application's "
                    "subscription, and that --url is the application that watches this bucket",
                )
        time.sleep(_EVERY_S)
