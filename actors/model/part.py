"""What a finished shard leaves behind, and the counts that must add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from .drop import Shard
from .stage import Stage


class Counts(BaseModel):
    """Rows and images by outcome. `records == blank + rows_out + merged + sum(rejects)`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    records: int = Field(0, description="records of the source, header not counted")
    blank: int = Field(0, description="records without any value")
    rows_out: int = Field(0, description="rows of the output")
    merged: int = Field(0, description="further rows of products whose first row is in the output")
    rejects: Mapping[str, int] = Field({}, description="rows that are not in the output, by reason code")
    images: Mapping[str, int] = Field({}, description="rows of the output by the outcome of their image")
    image_failures: Mapping[str, int] = Field({}, description="image URLs that failed, by code")
    image_bytes: int = Field(0, description="bytes of images fetched")
    images_reused: int = Field(0, description="images found stored by an earlier attempt")
    gave_up_images: int = Field(0, description="rows of the output whose image a replay gave up, see `images` for why")
    entries_without_key: int = Field(0, description="specification entries without a key, not in `attributes`")
    unread_specifications: int = Field(
        0, description="rows of the output without `attributes` although their specification is not empty"
    )
    repeated_ids: int = Field(0, description="rows of the output whose id is an earlier row's, or empty")
    replaced_characters: int = Field(
        0, description="rows of the output that came with U+FFFD in them, where text was lost before the drop"
    )
    levels_cut: int = Field(0, description="rows with more category levels than the output has columns")

    @property
    def rows_in(self) -> int:
        """Records that hold anything."""
        return self.records - self.blank

    @property
    def rejected(self) -> int:
        """Rows that are not in the output."""
        return sum(self.rejects.values())

    @property
    def add_up(self) -> bool:
        return self.records == self.blank + self.rows_out + self.merged + self.rejected

    @classmethod
    def total(cls, counts: Iterable[Counts]) -> Counts:
        numbers: Counter[str] = Counter()
        tables: dict[str, Counter[str]] = {"rejects": Counter(), "images": Counter(), "image_failures": Counter()}
        for count in counts:
            for name in cls.model_fields:
                value = getattr(count, name)
                if name in tables:
                    tables[name].update(value)
                else:
                    numbers[name] += value
        return cls(**numbers, **{name: dict(sorted(table.items())) for name, table in tables.items()})


class PartRecord(BaseModel):
    """A finished shard, written once. Its presence is the shard's commit.

    `rows_object` is None for a shard without output rows, and for a drop's only one that went straight into the
    output; `rejects_*` and `failed_urls_*` likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shard: Shard
    rows_object: str | None
    rejects_object: str | None
    reasons_object: str | None
    failed_urls_object: str | None = None
    bytes_out: int
    counts: Counts
    stage_s: Mapping[Stage, float] = Field({}, description="seconds of the successful call, by stage")
    versions: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class UnwrittenPart:
    """A part before it is stored: CSV rows, rejected records as they came, their reasons, and failed URLs.

    `record` names no objects yet. `long_rejects` gives the rejected records instead of `rejects`, in blocks, where they
    are too large to be held.
    """

    record: PartRecord
    rows: bytes
    rejects: bytes
    reasons: bytes
    long_rejects: Callable[[], Iterator[bytes]] | None = None
    failed_urls: bytes = b""
