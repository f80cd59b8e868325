"""A bucket with uploads, and the accept step of the application."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from actors.model.drop import Drop
from actors.model.run import Run
from serve_app.config.settings import Settings
from serve_app.model.reconciliation import ReconciliationRequest, ReconciliationView
from serve_app.reconciliation.acceptor import Acceptor
from serve_app.reconciliation.reconciliations import Reconciliations
from serve_app.reconciliation.regular import RegularReconciliation
from serve_app.reconciliation.uploads import Uploads
from serve_app.runs.accept import Acceptance
from tests.support.core import DEADLINE_S, Core
from tests.support.memory_bucket import MemoryBucket


class Shop:
    """`begun` are the runs that were accepted here, `asked` counts the requests to the work bucket by kind."""

    def __init__(self, **settings: Any) -> None:
        self.core = Core()
        self.settings = Settings(**settings)
        self.source = MemoryBucket(self.settings.source_bucket)
        self.begun: list[Run] = []
        self.asked: Counter[str] = Counter()
        self.core.bucket.before = lambda method, name: self.asked.update([f"{method} {name.split('/')[0]}"])
        self.registry = self.core.registry
        self.acceptance = Acceptance(
            self.settings, self.registry, self.core.metrics, self.core.tracing, self.begun.append
        )
        uploads = Uploads(self.settings, self.source, self.registry)
        self.under_way = 0
        self.acceptor = Acceptor(self.acceptance.accept, self._how_many, self.core.metrics, most=4)
        self.reconciliations = Reconciliations(self.settings, self.registry, uploads, self.acceptor)
        self.regular = RegularReconciliation(self.settings, self.registry, uploads, self.acceptor)

    def _how_many(self) -> int:
        self.asked["under way"] += 1
        return self.under_way

    def upload(self, name: str, *, age: timedelta = timedelta(0)) -> Drop:
        """An object without a notification, uploaded so long ago."""
        drop = Drop(self.source.name, name, self.source.put(name, b"12345", content_type="text/csv"))
        self.source.age(name, age)
        return drop

    def accepted(self, drop: Drop) -> Run:
        """The run of a drop whose notification came."""
        run = self.settings.run_for(drop)
        self.registry.accept(run)
        self.asked.clear()
        return run

    @property
    def begun_names(self) -> list[str]:
        return sorted(run.drop.object for run in self.begun)

    async def reconcile(self, **request: object) -> ReconciliationView:
        """Starts a reconciliation, which accepts what it finds, and waits for its end."""
        started = await self.reconciliations.start(ReconciliationRequest.model_validate({"dry_run": False, **request}))
        assert self.reconciliations._task is not None
        await asyncio.wait_for(self.reconciliations._task, DEADLINE_S)
        return await self.reconciliations.view(started.reconciliation)

    def looked_until(self) -> datetime | None:
        return self.regular._looked_until()


@pytest.fixture
def shop() -> Shop:
    return Shop(reconcile_every_s=60)
