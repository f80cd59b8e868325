"""Which dead letters are meant, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from .dead_letter import Entry


class Selection(BaseModel):
    """Which dead letters; an empty field selects all. `since_s` is the greatest age of the last failure, seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str | None = Field(None, description="run id, or the start of one")
    object: str | None = Field(None, description="name of the dropped object")
    shard: int | None = None
    stage: str | None = None
    code: str | None = None
    since_s: float | None = Field(None, gt=0, le=10**10)
    limit: int | None = Field(None, ge=1, description="most dead letters, oldest first")

    def of(self, entries: list[Entry]) -> list[Entry]:
        """The selected entries, the one that failed first at the front."""
        chosen = [entry for entry in entries if self._matches(entry)]
        chosen.sort(key=lambda entry: (entry.first_at, entry.run, -1 if entry.shard is None else entry.shard))
        return chosen[: self.limit]

    def _matches(self, entry: Entry) -> bool:
        return (
            (self.run is None or entry.run.startswith(self.run))
            and (self.object is None or entry.object == self.object)
            and (self.shard is None or entry.shard == self.shard)
            and (self.stage is None or entry.stage == self.stage)
            and (self.code is None or entry.code == self.code)
            and (self.since_s is None or datetime.now(UTC) - entry.last_at <= timedelta(seconds=self.since_s))
        )


class Group(BaseModel):
    """Dead letters of one stage and code."""

    stage: str
    code: str
    count: int


def groups(entries: list[Entry]) -> list[Group]:
    """Counts by stage and code, the largest first."""
    counts = Counter((entry.stage, entry.code) for entry in entries)
    return [Group(stage=stage, code=code, count=count) for (stage, code), count in counts.most_common()]
