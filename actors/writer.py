"""The stage that writes parts, and composes the output of a finished run."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence

import pyarrow as pa

from .assembly import Assembly
from .csv.output import rejects_jsonl, rejects_raw, rows_csv
from .drop import Shard
from .frame import ImageColumn
from .handoff import Handoff, ReadShard
from .layout import Layout
from .manifest import Manifest
from .part import Counts, PartRecord
from .plan import Plan
from .run import Run
from .run_records import RunRecords
from .store import Bucket, connect


class Writer:
    """Keeps nothing in memory between calls: a writer that is killed loses nothing."""

    def __init__(self, project: str) -> None:
        self._client = connect(project)

    async def write_part(
        self, run: Run, shard: Shard, read: Handoff, cleaned: Handoff, imaged: Handoff | None
    ) -> PartRecord:
        """Writes a shard's rows and rejects, then its record. The record that counts is returned."""
        refs = [read.ref, cleaned.ref] + ([imaged.ref] if imaged else [])
        values = await asyncio.gather(*refs)
        stage_s = {"read": read.seconds, "clean": cleaned.seconds} | ({"images": imaged.seconds} if imaged else {})
        images = values[2] if imaged else no_images(read.rows)
        return await asyncio.to_thread(
            self._write_part, run, shard, values[0], values[1], images, stage_s, cleaned.versions
        )

    async def assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        """Composes the parts into the output and commits the run's manifest; the manifest that counts is returned.

        Raises `PARTS_DISAGREE` unless every planned shard has its part and the rows add up, `SUPERSEDED` where a
        newer version of the source has its output already.
        """
        return await asyncio.to_thread(self._assemble, run, plan, parts, shards_reused)

    def _write_part(
        self,
        run: Run,
        shard: Shard,
        read: ReadShard,
        descriptions: pa.Array,
        images: ImageColumn,
        stage_s: Mapping[str, float],
        versions: Mapping[str, str],
    ) -> PartRecord:
        started = time.perf_counter()
        records = self._records(run)
        frame, attributes = read.frame, read.attributes
        token = secrets.token_hex(4)
        rows_object = rejects_object = reasons_object = None
        data = b""
        if frame.rows.num_rows:
            data = rows_csv(frame.rows, descriptions, images.uris, attributes)
            rows_object = records.names.rows(shard, token)
            records.bucket.put(rows_object, data, content_type="text/csv")
        if frame.rejects:
            rejects_object = records.names.rejects(shard, token, "csv")
            reasons_object = records.names.rejects(shard, token, "jsonl")
            records.bucket.put(rejects_object, rejects_raw(frame.rejects), content_type="text/csv")
            records.bucket.put(reasons_object, rejects_jsonl(frame.rejects), content_type="application/x-ndjson")
        part = PartRecord(
            shard=shard,
            rows_object=rows_object,
            rejects_object=rejects_object,
            reasons_object=reasons_object,
            bytes_out=len(data),
            counts=part_counts(read, images),
            stage_s={**stage_s, "write": time.perf_counter() - started},
            versions=versions,
        )
        return records.write_part(part)

    def _assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        records = self._records(run)
        output = Bucket(self._client, run.output.bucket)
        return records.commit(Assembly(run, plan, parts, records, output).publish(shards_reused))

    def _records(self, run: Run) -> RunRecords:
        return RunRecords(Bucket(self._client, run.work_bucket), Layout(run.work_prefix), run.run_id)


def no_images(rows: int) -> ImageColumn:
    """The column of a run that fetches none."""
    return ImageColumn(uris=pa.array([""] * rows, type=pa.string()))


def part_counts(read: ReadShard, images: ImageColumn) -> Counts:
    rejects: dict[str, int] = {}
    for reject in read.frame.rejects:
        rejects[reject.code] = rejects.get(reject.code, 0) + 1
    return Counts(
        records=read.frame.records,
        blank=read.frame.blank,
        rows_out=read.frame.rows.num_rows,
        rejects=rejects,
        images=images.rows,
        image_failures=images.failures,
        image_bytes=images.fetched_bytes,
        images_reused=images.reused,
        entries_without_key=read.attributes.entries_without_key,
        levels_cut=read.attributes.levels_cut,
    )
