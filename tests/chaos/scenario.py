"""A scenario: its name, what it does, and how many nodes it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .scene import Scene


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    play: Callable[[Scene], None]
    nodes: int = 1
