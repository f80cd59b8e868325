"""Metrics for Prometheus, exported by Ray on every node.

Labels have a bounded number of values: stages, error codes and outcomes, never a name from a file. Ray adds `ray_` in
front of each name and `_total` behind a counter's.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ray.util.metrics import Counter, Gauge, Histogram

from actors.errors import DropforgeError
from actors.model.failure import Failure
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.run import Run
from actors.model.stage import Stage

_STAGE_SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300]
_RUN_SECONDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000]


class Metrics:
    """The metrics of one ingress replica. The driver of a run records them, because it sees every outcome."""

    def __init__(self) -> None:
        self._notifications = Counter("dropforge_notifications", "Notifications by outcome", ("outcome",))
        self._runs = Counter("dropforge_runs", "Runs that ended, by state and reason", ("state", "code"))
        self._run_warnings = Counter("dropforge_run_warnings", "Warnings of runs that are done, by code", ("code",))
        self._shards = Counter("dropforge_shards", "Shards by outcome", ("outcome",))
        self._rows = Counter("dropforge_rows", "Rows by outcome: out, blank, or a reject's code", ("outcome",))
        self._images = Counter("dropforge_images", "Rows by the outcome of their image", ("outcome",))
        self._image_failures = Counter("dropforge_image_failures", "Image URLs that failed, by code", ("code",))
        self._bytes = Counter("dropforge_bytes", "Bytes read, fetched and written", ("direction",))
        self._retries = Counter("dropforge_retries", "Retries, by stage and code", ("stage", "code"))
        self._dead_letters = Counter("dropforge_dead_letters", "Dead letters by stage and code", ("stage", "code"))
        self._replayed = Counter("dropforge_replayed", "Dead letters replayed, by outcome", ("outcome",))
        self._reconciled = Counter(
            "dropforge_reconciled", "Uploads without a run that a reconciliation found, by outcome", ("outcome",)
        )
        self._takeovers = Counter("dropforge_lease_takeovers", "Runs taken over from an owner whose lease expired")
        self._stage_s = Histogram(
            "dropforge_stage_seconds", "Seconds of a stage, per shard", _STAGE_SECONDS, ("stage",)
        )
        self._run_s = Histogram("dropforge_run_seconds", "Seconds from a run's acceptance to its result", _RUN_SECONDS)
        self._shards_in_flight = Gauge("dropforge_shards_in_flight", "Shards that this replica's runs process")
        self._runs_in_flight = Gauge("dropforge_runs_in_flight", "Runs driven by this replica")
        self._open_runs = Gauge("dropforge_open_runs", "Open runs of the application")
        self._incomplete_runs = Gauge("dropforge_incomplete_runs", "Runs that are waiting for a replay")
        self._oldest_open_run_s = Gauge("dropforge_oldest_open_run_seconds", "Age of the oldest open run")
        self._last_message_s = Gauge("dropforge_last_message_age_seconds", "Seconds since the last notification")
        self._healthy = Gauge("dropforge_dependency_healthy", "1 if a dependency answers, else 0", ("dependency",))

        self._slowest_s = Gauge(
            "dropforge_dependency_slowest_seconds", "The slowest request of the last minute", ("dependency",)
        )

    def notification(self, outcome: str) -> None:
        self._notifications.inc(tags={"outcome": outcome})

    def part(self, part: PartRecord) -> None:
        counts = part.counts
        self._shards.inc(tags={"outcome": "done"})
        accepted = {"out": counts.rows_out, "merged": counts.merged, "blank": counts.blank}
        for outcome, rows in {**accepted, **counts.rejects}.items():
            _add(self._rows, rows, outcome=outcome)
        for outcome, rows in counts.images.items():
            _add(self._images, rows, outcome=outcome)
        for code, urls in counts.image_failures.items():
            _add(self._image_failures, urls, code=code)
        _add(self._bytes, part.shard.end - part.shard.start, direction="in")
        _add(self._bytes, part.bytes_out, direction="out")
        _add(self._bytes, counts.image_bytes, direction="images")
        for stage, seconds in part.stage_s.items():
            self._stage_s.observe(max(seconds, 1e-6), tags={"stage": stage})

    def retry(self, stage: Stage, error: DropforgeError) -> None:
        self._retries.inc(tags={"stage": stage, "code": error.code})

    def failure(self, failure: Failure) -> None:
        self._shards.inc(tags={"outcome": "failed"})
        self._dead_letters.inc(tags={"stage": failure.stage, "code": failure.reason.code})

    def run(self, run: Run, manifest: Manifest | None) -> None:
        """Records the end of a run; without a manifest it is incomplete."""
        if manifest is None:
            self._runs.inc(tags={"state": "incomplete", "code": ""})
            return
        self._runs.inc(tags={"state": manifest.state, "code": manifest.reason.code if manifest.reason else ""})
        for warning in manifest.warnings:
            self._run_warnings.inc(tags={"code": warning.code})
        self._run_s.observe(max((manifest.finished_at - run.accepted_at).total_seconds(), 1e-6))

    def takeover(self) -> None:
        self._takeovers.inc()

    def replayed(self, *, succeeded: int, failed_again: int) -> None:
        _add(self._replayed, succeeded, outcome="succeeded")
        _add(self._replayed, failed_again, outcome="failed_again")

    def reconciled(self, *, accepted: int, failed: int) -> None:
        _add(self._reconciled, accepted, outcome="accepted")
        _add(self._reconciled, failed, outcome="failed")

    def in_flight(self, *, runs: int, shards: int) -> None:
        self._runs_in_flight.set(runs)
        self._shards_in_flight.set(shards)

    def runs_waiting(self, *, open_runs: int, incomplete: int, oldest: datetime | None) -> None:
        self._open_runs.set(open_runs)
        self._incomplete_runs.set(incomplete)
        self._oldest_open_run_s.set((datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0)

    def last_message(self, age_s: float) -> None:
        self._last_message_s.set(age_s)

    def dependency(self, name: str, *, healthy: bool, slowest_s: float | None = None) -> None:
        self._healthy.set(float(healthy), tags={"dependency": name})
        if slowest_s is not None:
            self._slowest_s.set(slowest_s, tags={"dependency": name})


def _add(counter: Counter, amount: float, **tags: str) -> None:
    if amount:  # Ray's counters reject an increment of 0
        counter.inc(amount, tags=tags)
