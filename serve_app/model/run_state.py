"""The states of a run, and the one function that decides them.

```
accepted ──▶ planning ──▶ processing ──▶ assembling ──▶ done
                │             │  ▲
                ▼             ▼  │ replay
             refused      incomplete
```

A state is not stored: it follows from which records are in the bucket, so it can't disagree with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    ACCEPTED = "accepted"
    PLANNING = "planning"
    PROCESSING = "processing"
    ASSEMBLING = "assembling"
    DONE = "done"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"

    @property
    def final(self) -> bool:
        return self in (RunState.DONE, RunState.REFUSED)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the bucket says of a run.

    `shards` is None until the plan is written. `failed` counts shards with a failure record and no part;
    `stuck` says that the run itself has one. `result` is the manifest's state, None while there is no
    manifest. `owned` says that the lease is held.
    """

    owned: bool
    shards: int | None
    parts: int
    failed: int
    stuck: bool
    result: RunState | None


def run_state(facts: RunFacts) -> RunState:
    if facts.result is not None:
        return facts.result
    if facts.stuck:
        return RunState.INCOMPLETE
    if facts.shards is None:
        return RunState.PLANNING if facts.owned else RunState.ACCEPTED
    if facts.parts == facts.shards:
        return RunState.ASSEMBLING
    if facts.failed and facts.parts + facts.failed == facts.shards:
        return RunState.INCOMPLETE
    return RunState.PROCESSING
