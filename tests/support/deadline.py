"""Waiting for a condition, bounded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value | None], *, within_s: float, what: str, every_s: float = 0.02) -> Value:
    """The first truthy value of `condition`, asked every `every_s` seconds; `TimeoutError` after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s:.0f} s: {what}")
        time.sleep(every_s)
    return value
