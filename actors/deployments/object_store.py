"""Puts a stage's result into Ray's object store, from where the next stage gets it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, TypeVar

import ray

from actors.model.handoff import Handoff

Result = TypeVar("Result")

# The reference travels inside a Serve response, and its owner may hear of the borrower only after it has dropped its
# own: kept a little longer here, it is still there then. A shard's results are about 1 MB.
_kept: deque[ray.ObjectRef[Any]] = deque(maxlen=64)


def hand_off(
    result: Result, *, rows: int, started: float, versions: Mapping[str, str] | None = None
) -> Handoff[Result]:
    """`started` is `time.perf_counter()` at the stage's begin."""
    ref: ray.ObjectRef[Result] = ray.put(result)
    _kept.append(ref)
    return Handoff(ref, rows, time.perf_counter() - started, dict(versions or {}))
