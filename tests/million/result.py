"""What one pass has come to: all that the table and the checks are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds` are those in which the system ran, from the drop to the manifest.

    `objects` gives number and bytes by kind. `plan_memory_bytes` is what the shards of a plan ten times as long take in
    memory, `plan_record_bytes` its record. `costs` are the simulation's, as tests/bench/simulation.py has them.
    """

    seconds: float
    shards: int
    shards_reused: int
    counts: Mapping[str, Any]
    add_up: bool
    images_folder: str
    objects: Mapping[str, tuple[int, int]]
    requests: Mapping[str, int]
    commit_s: float
    fetched: int
    fetched_different: int
    replays: int
    plan_memory_bytes: int
    plan_record_bytes: int
    predicted_s: float | None
    costs: Mapping[str, Any] | None = None
    faults: tuple[Mapping[str, Any], ...] = field(default=())
