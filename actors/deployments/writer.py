"""The stage that writes parts, and composes the output of a finished run."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from google.cloud import storage

from actors import logs
from actors.csv.output import reject_lengths, rejects_jsonl, rejects_raw, rows_csv
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.frame import ImageColumn, Reject
from actors.model.handoff import Piece, ReadShard
from actors.model.manifest import Manifest
from actors.model.part import Counts, PartRecord, UnwrittenPart
from actors.model.plan import Plan, PlanStart
from actors.model.run import Run
from actors.reading.source import source_of
from actors.storage import threads
from actors.storage.bucket import Bucket, connect
from actors.storage.object_paths import Layout
from actors.storage.run_records import RunRecords
from actors.writing.assembly import Assembly

from . import liveness


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run of one shard: its part, of which nothing was written by itself, and its manifest."""

    part: PartRecord
    manifest: Manifest


class Writer:
    """Keeps nothing in memory between calls: a writer that is killed loses nothing."""

    async def __init__(self, project: str) -> None:  # type: ignore[misc]  # Serve awaits it
        logs.configure(project)
        threads.one_for_each_connection()
        self._client = connect(project)

    async def write_part(self, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]) -> PartRecord:
        """Writes a shard's rows and rejects, then its record. The record that counts is returned."""
        return await asyncio.to_thread(self._write_part, run, await _joined(self._client, run, start, shard, pieces))

    async def finish(self, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]) -> FinishedRun:
        """Publishes a drop's only shard without parts between, and commits the run's manifest. Raises as `assemble`."""
        part = await _joined(self._client, run, start, shard, pieces)
        plan = Plan(start=start, shards=(shard,))
        if part.long_rejects is not None:  # they are too large to be in hand
            record = await asyncio.to_thread(self._write_part, run, part)
            return FinishedRun(record, await asyncio.to_thread(self._assemble, run, plan, [record], 0))
        manifest = await asyncio.to_thread(self._assemble, run, plan, [part.record], 0, in_hand=part)
        return FinishedRun(part.record, manifest)

    async def assemble(self, run: Run, plan: Plan, parts: Sequence[PartRecord], shards_reused: int) -> Manifest:
        """Composes the parts into the output and commits the run's manifest; the manifest that counts is returned.

        Raises `PARTS_DISAGREE` unless every planned shard has its part and the rows add up, `SUPERSEDED` where a
        newer version of the source has its output already.
        """
        return await asyncio.to_thread(self._assemble, run, plan, parts, shards_reused)

    async def check_health(self) -> None:
        """Writes a row as CSV on a thread, as it does a shard's; the bucket is not asked."""
        liveness.expect("The row written", await asyncio.to_thread(liveness.write_row), b"1,Shoe,shoe,,[],,{},,\n")

    def _write_part(self, run: Run, part: UnwrittenPart) -> PartRecord:
        records, shard = self._records(run), part.record.shard
        bucket, names, token = records.bucket, records.names, secrets.token_hex(4)
        objects: dict[str, str] = {}
        if part.rows:
            objects["rows_object"] = names.rows(shard, token)
            bucket.put(objects["rows_object"], part.rows, content_type="text/csv")
        if part.reasons:
            objects["rejects_object"] = names.rejects(shard, token, "csv")
            objects["reasons_object"] = names.rejects(shard, token, "jsonl")
            if part.long_rejects is None:
                bucket.put(objects["rejects_object"], part.rejects, content_type="text/csv")
            else:
                bucket.upload(objects["rejects_object"], part.long_rejects(), content_type="text/csv")
            bucket.put(objects["reasons_object"], part.reasons, content_type="application/x-ndjson")
        return records.write_part(part.record.model_copy(update=objects))

    def _assemble(
        self,
        run: Run,
        plan: Plan,
        parts: Sequence[PartRecord],
        shards_reused: int,
        *,
        in_hand: UnwrittenPart | None = None,
    ) -> Manifest:
        records = self._records(run)
        output = Bucket(self._client, run.output.bucket)
        return records.commit(Assembly(run, plan, parts, records, output, in_hand=in_hand).publish(shards_reused))

    def _records(self, run: Run) -> RunRecords:
        return RunRecords(Bucket(self._client, run.work_bucket), Layout(run.work_prefix), run.run_id)


@dataclass(frozen=True, slots=True)
class _Written:
    """A piece as it goes into the part."""

    rows: bytes
    rejects: tuple[Reject, ...]
    counts: Counts


async def _joined(
    client: storage.Client, run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece]
) -> UnwrittenPart:
    """The pieces as one part, in the order of their rows; the drop is read for rejects that are not in hand whole."""
    started = time.perf_counter()
    source = source_of(client, run, start.text)
    written = [await _written(piece, run.catalogue) for piece in pieces]
    rows = b"".join(piece.rows for piece in written)
    rejects = [reject for piece in written for reject in piece.rejects]
    text_uri = f"gs://{run.work_bucket}/{start.text.object}" if start.text else None
    stage_s: dict[str, float] = {}
    versions: dict[str, str] = {}
    for piece in pieces:
        handoffs = {"read": piece.read, "clean": piece.cleaned, "images": piece.imaged}
        for stage, handoff in handoffs.items():
            if handoff is not None:
                stage_s[stage] = stage_s.get(stage, 0.0) + handoff.seconds
                versions.update(handoff.versions)
    stage_s["write"] = time.perf_counter() - started
    record = PartRecord(
        shard=shard,
        rows_object=None,
        rejects_object=None,
        reasons_object=None,
        bytes_out=len(rows),
        counts=Counts.total(piece.counts for piece in written),
        stage_s=stage_s,
        versions=versions,
    )
    lengths = await asyncio.to_thread(reject_lengths, rejects, source.read)
    reasons = rejects_jsonl(rejects, lengths, text_uri=text_uri)
    raw = partial(rejects_raw, rejects, lengths, source.read)
    if any(reject.unread for reject in rejects):
        return UnwrittenPart(record, rows, b"", reasons, long_rejects=raw)
    return UnwrittenPart(record, rows, b"".join(raw()), reasons)


async def _written(piece: Piece, catalogue: Catalogue) -> _Written:
    read: ReadShard = await piece.read.ref
    rows = read.frame.rows
    descriptions = await piece.cleaned.ref if piece.cleaned else _empty_cells(rows.num_rows)
    images = await piece.imaged.ref if piece.imaged else ImageColumn(_empty_cells(rows.num_rows))
    data = await asyncio.to_thread(
        rows_csv,
        rows,
        descriptions,
        images.uris,
        read.attributes,
        neutralise_formulas=catalogue.neutralise_formulas,
    )
    return _Written(data, read.frame.rejects, part_counts(read, images))


def _empty_cells(rows: int) -> pa.Array:
    return pa.array([""] * rows, pa.string())


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
        repeated_ids=pc.sum(read.frame.rows["repeated"], min_count=0).as_py(),
        replaced_characters=read.frame.replaced,
        levels_cut=read.attributes.levels_cut,
    )
