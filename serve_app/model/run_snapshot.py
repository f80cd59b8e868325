"""The records of one run, as read from the bucket at one time."""

from __future__ import annotations

from dataclasses import dataclass

from actors.model.failure import Failure
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan
from actors.model.run import Run

from .run_state import RunState


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """The records of one run. `owner` holds its lease, None without one. A finished run has no parts and failures."""

    run: Run
    state: RunState
    owner: str | None
    plan: Plan | None
    parts: tuple[PartRecord, ...]
    failures: tuple[Failure, ...]
    manifest: Manifest | None
