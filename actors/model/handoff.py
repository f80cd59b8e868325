"""How one stage's result reaches the next: by reference.

The driver of a run sees the reference, the number of rows and the seconds; never the bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import pyarrow as pa

from .frame import AttributeColumns, ImageColumn, ShardFrame

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ReadShard:
    """A shard as the reader leaves it for the other stages."""

    frame: ShardFrame
    attributes: AttributeColumns


@dataclass(frozen=True, slots=True)
class Handoff(Generic[Result]):
    """A stage's result, which awaiting `ref` brings here.

    `rows` is how many rows it has, `seconds` what making it took, `versions` what its cells depend on.
    The replica that made the result owns it: when that replica dies first, the next stage fails with
    `OBJECT_LOST` or `ACTOR_DIED`, and the shard starts over.
    """

    ref: Awaitable[Result]
    rows: int
    seconds: float
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """All stages' results for a shard, or for a part of one that had to be bisected.

    `cleaned` (a string array of one description a row) and `imaged` are None where there are no rows; `imaged` also
    where no images are fetched.
    """

    read: Handoff[ReadShard]
    cleaned: Handoff[pa.StringArray] | None
    imaged: Handoff[ImageColumn] | None
