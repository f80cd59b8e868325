"""What the pages keep of the runs that are looked at."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from serve_app.config.settings import Settings
from serve_app.model.views import HealthView, RunView
from serve_app.web import latest, site
from serve_app.web.site import Site


class Asked:
    """An application that counts how often each run is asked for."""

    def __init__(self) -> None:
        self.runs = Counter[str]()

    async def run(self, run_id: str) -> RunView:
        self.runs[run_id] += 1
        return cast(RunView, run_id)

    async def health(self) -> HealthView:
        raise AssertionError


async def test_the_run_that_is_looked_at_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "FRESH_S", 600.0)
    monkeypatch.setattr(site, "_RUNS_KEPT", 3)
    asked = Asked()
    client = storage.Client("shop", credentials=AnonymousCredentials())
    pages = Site(cast(Any, asked), cast(Any, None), Settings(), cast(Any, None), client)
    for run in ("looked at", "a", "b", "looked at", "c", "d", "looked at", "a"):
        assert (await pages.run(run)).value == run
    assert asked.runs == {"looked at": 1, "a": 2, "b": 1, "c": 1, "d": 1}
