"""A run: the processing of one drop, with everything that decides its result pinned when it is accepted."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from .catalogue import Catalogue
from .drop import Drop


class ObjectName(BaseModel):
    """An object in a bucket, without a generation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str
    name: str

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.name}"


class Run(BaseModel):
    """The record of a run, written once when its drop is accepted, and passed to every stage.

    A later change of settings does not affect an accepted run, because its shards would mix two results.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    drop: Drop
    accepted_at: datetime
    catalogue: Catalogue
    catalogue_name: str = Field("", description="which of the application's catalogues it is")
    output: ObjectName
    rejects: ObjectName
    work_bucket: str
    work_prefix: str
    image_bucket: str
    image_folder: str
    fetch_images: bool = True
    shard_bytes: int = Field(gt=0, description="a shard ends at the first record boundary at or past this size, bytes")
    shard_rows: int = Field(gt=0, description="a shard ends after this many records, see `actors.csv.scan`")
    rejects_warning_share: float = Field(
        0.1, ge=0, le=1, description="a result with more rejects than this share of its rows carries a warning"
    )
    trace: str = Field("", description="W3C `traceparent` of the run's trace")

    @property
    def reasons(self) -> ObjectName:
        """The reasons for the rows of `rejects`, one JSON object per line."""
        return ObjectName(bucket=self.rejects.bucket, name=self.rejects.name.removesuffix(".csv") + ".jsonl")

    @property
    def failed_urls(self) -> ObjectName:
        """The image URLs that failed and why, one JSON object per line."""
        return ObjectName(bucket=self.rejects.bucket, name=self.rejects.name.removesuffix(".csv") + ".failures.jsonl")

    @property
    def run_id(self) -> str:
        return self.drop.run_id
