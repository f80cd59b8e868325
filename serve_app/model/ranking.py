"""Counts by name in the order in which people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Number = TypeVar("Number", int, float)


def largest_first(numbers: Mapping[str, Number]) -> list[tuple[str, Number]]:
    """The names and their numbers, equal ones by name."""
    return sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
