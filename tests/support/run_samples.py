"""Small runs and their records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from actors.csv.header import read_header
from actors.model.catalogue import Catalogue
from actors.model.drop import Drop, Shard
from actors.model.failure import Failure
from actors.model.manifest import Manifest
from actors.model.part import Counts, PartRecord
from actors.model.plan import Plan, PlanStart
from actors.model.reason import Reason
from actors.model.run import ObjectName, Run

ACCEPTED_AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree"


def run_of(prefix: str, *, generation: int = 1, name: str = "a.csv", **changes: Any) -> Run:
    """A run of the drop `name`; its records and its output are below `prefix` of the bucket `work`."""
    run = Run(
        drop=Drop("in", f"{prefix}{name}", generation),
        accepted_at=ACCEPTED_AT,
        catalogue=Catalogue(),
        catalogue_name="default",
        output=ObjectName(bucket="work", name=f"{prefix}processed/{name}"),
        rejects=ObjectName(bucket="work", name=f"{prefix}rejects/{name.removesuffix('.csv')}.{generation}.csv"),
        work_bucket="work",
        work_prefix=prefix,
        image_bucket="work",
        image_folder=f"{prefix}images",
        shard_bytes=1000,
        shard_rows=10,
    )
    return run.model_copy(update=changes)


def plan_of(rows: Sequence[int]) -> Plan:
    """A plan with a shard of each number of rows, ten bytes a row."""
    header = read_header(HEADER, Catalogue(), ",")
    shards, start, first_row = [], len(HEADER), 1
    for index, count in enumerate(rows):
        shards.append(Shard(index, start, start + 10 * count, first_row, count))
        start, first_row = start + 10 * count, first_row + count
    return Plan(start=PlanStart(header=header, source_bytes=start), shards=tuple(shards))


def part_of(shard: Shard, **changes: Any) -> PartRecord:
    """The record of a shard whose every row is in the output."""
    part = PartRecord(
        shard=shard,
        rows_object=f"rows-{shard.index}",
        rejects_object=None,
        reasons_object=None,
        bytes_out=10,
        counts=Counts(records=shard.rows, rows_out=shard.rows),
        stage_s={"read": 0.5, "clean": 1.5},
        versions={"spacy": "3.8"},
    )
    return part.model_copy(update=changes)


def failure_of(run: Run, shard: Shard | None) -> Failure:
    return Failure(
        run_id=run.run_id,
        shard=shard,
        stage="clean" if shard else "run",
        reason=Reason(code="actor_died", message="The replica died."),
        attempts=5,
        first_at=ACCEPTED_AT,
        last_at=ACCEPTED_AT,
        version="0.1.0",
    )


def manifest_of(run: Run, **changes: Any) -> Manifest:
    manifest = Manifest(
        run_id=run.run_id,
        drop=run.drop,
        state="done",
        accepted_at=run.accepted_at,
        finished_at=run.accepted_at,
        shards=2,
        counts=Counts(records=12, blank=2, rows_out=9, rejects={"missing_value": 1}),
        output=run.output,
        output_generation=7,
    )
    return manifest.model_copy(update=changes)
