"""A scenario: its name and variant, what it does, and how many nodes it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .scene import Scene


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    play: Callable[[Scene], None]
    variant: str = ""
    nodes: int = 1

    def __str__(self) -> str:
        return f"{self.name}-{self.variant}" if self.variant else self.name
