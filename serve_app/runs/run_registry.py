"""The runs, as records in the work bucket. There is no other state.

Blocking: call it from a thread. Any method may run twice, at the same time, on two nodes; the second
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from actors.model.attempt import RESUMED, Attempt
from actors.model.drop import RUN_ID_DIGITS
from actors.model.run import Run
from actors.storage.bucket import Bucket
from actors.storage.object_paths import Layout
from actors.storage.run_records import RunRecords
from serve_app.model.run_snapshot import RunSnapshot
from serve_app.model.run_state import RunFacts, RunState, run_state

from .lease import Lease, read_holder

_KEPT_RECORDS = 20_000
"""Parts and failures, of one or two kilobytes each."""

_LOOKED_AT = 1000
"""What one request lists: more open runs are not looked through for the newest of them."""


class RunRegistry:
    """Accepts, lists and closes runs. `records` reaches one run's own."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self.bucket = bucket
        self.layout = Layout(prefix)
        self._read_version = lru_cache(_KEPT_RECORDS)(lambda name, generation: bucket.read(name, generation=generation))

    def records(self, run_id: str) -> RunRecords:
        return RunRecords(self.bucket, self.layout, run_id, read_version=self._read_version)

    def accept(self, run: Run) -> bool:
        """Makes the run durable; False where the drop was accepted before.

        The notification may be acknowledged once this returns.
        """
        records = self.records(run.run_id)
        created = records.write_run(run)
        if created or self.bucket.stat(records.names.manifest) is None:
            # A process that died between the two writes left a run that nothing lists; the duplicate mends it.
            self.bucket.create(self.layout.open_marker(run.run_id), b"", content_type="text/plain")
        return created

    def has_run(self, run_id: str) -> bool:
        return self.bucket.stat(self.records(run_id).names.run) is not None

    def run_ids(self) -> Iterator[str]:
        """Every run that is listed as open, incomplete or closed: a request for each 1,000. Some may come twice.

        A run that is closed meanwhile is among them, for its new marker is there before the old one goes.
        """
        for prefix in (self.layout.open_runs, self.layout.incomplete_runs, self.layout.closed_runs):
            for page in self.bucket.pages(prefix):
                yield from (found.name[-RUN_ID_DIGITS:] for found in page)

    def open_since(self) -> dict[str, datetime | None]:
        """The open runs, and since when each is open."""
        prefix = self.layout.open_runs
        return {info.name.removeprefix(prefix): info.updated for info in self.bucket.objects(prefix)}

    def open_run_ids(self) -> list[str]:
        return list(self.open_since())

    def incomplete_run_ids(self) -> list[str]:
        prefix = self.layout.incomplete_runs
        return [info.name.removeprefix(prefix) for info in self.bucket.objects(prefix)]

    def closed_run_ids(self, limit: int) -> list[str]:
        """The newest finished runs, newest first."""
        return [info.name.rpartition("-")[2] for info in self.bucket.objects(self.layout.closed_runs, limit=limit)]

    def newest_run_ids(self, limit: int) -> list[str]:
        """Open and incomplete runs, the newest of each first, then the newest finished ones; `limit` in all.

        Three requests, however many runs there are.
        """
        ids: list[str] = []
        for prefix in (self.layout.open_runs, self.layout.incomplete_runs):
            found = list(self.bucket.objects(prefix, limit=_LOOKED_AT))
            found.sort(key=lambda info: info.updated.timestamp() if info.updated else 0.0, reverse=True)
            ids += [info.name.removeprefix(prefix) for info in found]
        return list(dict.fromkeys([*ids[:limit], *self.closed_run_ids(limit)]))[:limit]

    def park(self, run_id: str) -> None:
        """Takes a run with failures off the open ones, until a replay reopens it."""
        self.bucket.create(self.layout.incomplete_marker(run_id), b"", content_type="text/plain")
        self.bucket.delete(self.layout.open_marker(run_id))
        # A replay asks first and reopens then: if it asked while this run was still driven, it is our turn to reopen.
        records = self.records(run_id)
        asked = [failure.shard for failure in records.failures() if failure.replay]
        if any(shard is None or records.part(shard) is None for shard in asked):
            self.reopen(run_id)

    def reopen(self, run_id: str) -> None:
        self.bucket.create(self.layout.open_marker(run_id), b"", content_type="text/plain")
        self.bucket.delete(self.layout.incomplete_marker(run_id))

    def close(self, run: Run, attempt: Attempt = RESUMED) -> None:
        """Takes a run that has its manifest off the open ones and, unless the attempt is new, the incomplete ones."""
        accepted_ms = int(run.accepted_at.timestamp() * 1000)
        self.bucket.create(self.layout.closed_marker(run.run_id, accepted_ms), b"", content_type="text/plain")
        self.bucket.delete(self.layout.open_marker(run.run_id))
        if not attempt.new:
            self.bucket.delete(self.layout.incomplete_marker(run.run_id))

    def lease(self, run_id: str, owner: str, *, ttl_s: float) -> Lease:
        return Lease(self.bucket, self.layout.of(run_id).lease, owner, ttl_s=ttl_s)

    def snapshot(self, run_id: str) -> RunSnapshot | None:
        """Everything about one run; None where there is no such run."""
        records = self.records(run_id)
        run = records.run()
        if run is None:
            return None
        manifest = records.manifest()
        if manifest is not None:
            return RunSnapshot(run, RunState(manifest.state), None, None, (), (), manifest)
        holder = read_holder(self.bucket, records.names.lease)
        if holder is None:  # nobody has begun it: there is nothing to list
            return RunSnapshot(run, RunState.ACCEPTED, None, None, (), (), None)
        plan = records.plan()
        owner = holder[0].owner if not holder[0].lapsed(datetime.now(UTC)) else None
        parts = tuple(records.parts())
        done = {part.shard for part in parts}
        failures = tuple(f for f in records.failures() if f.shard not in done and not f.replay)
        facts = RunFacts(
            owned=owner is not None,
            shards=len(plan.shards) if plan else None,
            parts=len(parts),
            failed=sum(failure.shard is not None for failure in failures),
            stuck=any(failure.shard is None for failure in failures),
            result=None,
        )
        return RunSnapshot(run, run_state(facts), owner, plan, parts, failures, None)
