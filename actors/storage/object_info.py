"""What is known of a stored object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """A stored object. `size` is in bytes; `updated` is by the server's clock."""

    name: str
    generation: int
    size: int
    metadata: Mapping[str, str]
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object in a listing. `size` is in bytes; `created` is when this generation was, by the server's clock."""

    name: str
    generation: int
    size: int
    created: datetime
