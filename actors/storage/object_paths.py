"""Object names of the records in the work bucket.

```
{prefix}open/{run}                       marks an open run; listing them costs in proportion to the open runs
{prefix}incomplete/{run}                 marks a run that is waiting for a replay
{prefix}closed/{newest first}-{run}      a finished run's summary; listing the newest reads only those
{prefix}replays/lease.json               the lease of the active replay; one at a time
{prefix}replays/{replay}.json            a replay's progress
{prefix}reconciliations/lease.json       the lease of the active reconciliation; one at a time
{prefix}reconciliations/looked.json      until when the regular ones have looked at all uploads
{prefix}reconciliations/{id}.json        a reconciliation's progress
{prefix}runs/{run}/run.json              the accepted run, written once
                  /lease.json            the lease of the run's owner, replaced by compare-and-swap
                  /text.json             the text of a drop that is compressed or in UTF-16; written once
                  /text/{token}.csv      that text in UTF-8; the loser of a race leaves an orphan
                  /plan.json             all shards, written once when the scan is complete
                  /parts/{shard}.json    a finished shard's record, written once: the commit of the shard
                  /rows/{shard}-{token}.csv, /rejects/{shard}-{token}.csv, .jsonl, .failures.jsonl
                                         the files that this record names; the loser of a race leaves orphans
                  /failed/{shard}.json   a shard that ran out of retries; run.json for the run itself
                  /compose/…             intermediate composites
                  /manifest.json         the result, written last: the commit of the run
```
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.model.drop import Shard


@dataclass(frozen=True, slots=True)
class Layout:
    """Object names of the work area below `prefix` (empty, or ending in a slash)."""

    prefix: str

    @property
    def open_runs(self) -> str:
        return f"{self.prefix}open/"

    @property
    def incomplete_runs(self) -> str:
        return f"{self.prefix}incomplete/"

    @property
    def closed_runs(self) -> str:
        return f"{self.prefix}closed/"

    def open_marker(self, run_id: str) -> str:
        return f"{self.open_runs}{run_id}"

    def incomplete_marker(self, run_id: str) -> str:
        return f"{self.incomplete_runs}{run_id}"

    def closed_marker(self, run_id: str, accepted_at_ms: int) -> str:
        # Cloud Storage lists objects in name order only, so the newest must have the smallest name.
        return f"{self.closed_runs}{10**14 - accepted_at_ms:014d}-{run_id}"

    @property
    def replay_lease(self) -> str:
        return f"{self.prefix}replays/lease.json"

    def replay(self, replay: str) -> str:
        return f"{self.prefix}replays/{replay}.json"

    @property
    def reconciliation_lease(self) -> str:
        return f"{self.prefix}reconciliations/lease.json"

    @property
    def reconciled_until(self) -> str:
        return f"{self.prefix}reconciliations/looked.json"

    def reconciliation(self, reconciliation: str) -> str:
        return f"{self.prefix}reconciliations/{reconciliation}.json"

    def of(self, run_id: str) -> RunLayout:
        return RunLayout(f"{self.prefix}runs/{run_id}/")


@dataclass(frozen=True, slots=True)
class RunLayout:
    """Object names of one run below `root`."""

    root: str

    @property
    def run(self) -> str:
        return f"{self.root}run.json"

    @property
    def lease(self) -> str:
        return f"{self.root}lease.json"

    @property
    def source_text(self) -> str:
        return f"{self.root}text.json"

    def text(self, token: str) -> str:
        return f"{self.root}text/{token}.csv"

    @property
    def plan(self) -> str:
        return f"{self.root}plan.json"

    @property
    def manifest(self) -> str:
        return f"{self.root}manifest.json"

    @property
    def parts(self) -> str:
        return f"{self.root}parts/"

    @property
    def failures(self) -> str:
        return f"{self.root}failed/"

    def part(self, shard: Shard) -> str:
        return f"{self.parts}{shard.name}.json"

    def failure(self, shard: Shard | None) -> str:
        return f"{self.failures}{shard.name if shard else 'run'}.json"

    def rows(self, shard: Shard, token: str) -> str:
        return f"{self.root}rows/{shard.name}-{token}.csv"

    def rejects(self, shard: Shard, token: str, suffix: str) -> str:
        return f"{self.root}rejects/{shard.name}-{token}.{suffix}"

    def composite(self, name: str) -> str:
        return f"{self.root}compose/{name}"
