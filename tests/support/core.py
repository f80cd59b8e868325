"""All that decides over a run, put together without Ray, HTTP and the cloud."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from actors.model.attempt import NEW, Attempt
from actors.model.failure import Failure
from actors.model.manifest import Manifest
from actors.model.run import Run
from actors.retry import RetryPolicy
from actors.storage.run_records import RunRecords
from serve_app.config.retry_policies import StagePolicies
from serve_app.config.settings import Settings
from serve_app.monitoring.metrics import Metrics
from serve_app.monitoring.tracing import Tracing
from serve_app.runs.pipeline import Pipeline
from serve_app.runs.progress import Progress
from serve_app.runs.run_attempt import RunAttempt
from serve_app.runs.run_driver import RunDriver
from serve_app.runs.run_events import RunEvents
from serve_app.runs.run_registry import RunRegistry
from serve_app.runs.run_supervisor import RunSupervisor
from serve_app.runs.stage_call import BISECTING, OnRetry, StageCalls, quarantines

from .fake_dead_letters import FakeDeadLetters
from .fake_stages import FakeStages
from .memory_bucket import MemoryBucket
from .run_samples import plan_of, run_of

ATTEMPTS = 3
DEADLINE_S = 10
AT_ONCE = RetryPolicy(attempts=ATTEMPTS, total_s=30, first_delay_s=0, longest_delay_s=0, jitter_s=0)


async def eventually(condition: Callable[[], object]) -> None:
    """Lets other tasks go on until the condition holds. Raises `TimeoutError` after `DEADLINE_S` seconds."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - what other tasks do sets no event
            await asyncio.sleep(0)


class Core:
    """`rows` are those of each shard of every drop. Retries come at once, `ATTEMPTS` in all."""

    def __init__(self, rows: Sequence[int] = (4, 4, 4), *, lease_s: float = 15.0, runs_in_flight: int = 8) -> None:
        self.bucket = MemoryBucket()
        self.registry = RunRegistry(self.bucket, "")
        self.plan = plan_of(rows)
        self.stages = FakeStages(self.registry, self.plan)
        self.dead_letters = FakeDeadLetters()
        self.policies = StagePolicies(**dict.fromkeys(StagePolicies.model_fields, AT_ONCE))
        self.metrics = Metrics()
        self.tracing = Tracing("")
        self.settings = Settings(lease_s=lease_s, runs_in_flight=runs_in_flight)
        self.driver = self.driver_of("owner")
        self.supervisor = RunSupervisor(self.registry, self.driver, self.metrics, every_s=0.01)
        self.progress = Progress()
        self._quarantines = quarantines()

    def driver_of(self, owner: str) -> RunDriver:
        return RunDriver(
            self.registry, self.pipeline, self.settings, self.dead_letters, self.metrics, self.tracing, owner
        )

    def accepted(self, name: str = "a.csv") -> Run:
        run = run_of("", name=name)
        self.registry.accept(run)
        return run

    def records(self, run: Run) -> RunRecords:
        return self.registry.records(run.run_id)

    def failures(self, run: Run) -> list[Failure]:
        return self.records(run).failures()

    def pipeline(self, run: Run, on_retry: OnRetry = lambda stage, error: None) -> Pipeline:
        return Pipeline(
            run,
            self.stages,
            StageCalls(
                lambda: self.policies,
                self._quarantines,
                on_retry,
                self.tracing,
                bisecting=AT_ONCE.model_copy(update={"attempts": BISECTING.attempts}),
            ),
        )

    async def attempt(self, run: Run, attempt: Attempt = NEW) -> Manifest | None:
        """One attempt at a run, without lease and driver."""
        self.progress = Progress(run=run)
        events = RunEvents(run, self.progress, self.metrics, self.tracing, self.dead_letters)
        pipeline = self.pipeline(run, events.retried)
        made = RunAttempt(run, attempt, self.records(run), pipeline, events, shards_in_flight=2)
        return await made.to_the_end()
