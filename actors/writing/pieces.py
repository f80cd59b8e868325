"""The pieces of a shard as one part: rows of the output, rejects with their reasons, failed URLs, and the counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from actors.csv.output import failed_urls_jsonl, reject_lengths, rejects_jsonl, rejects_raw, rows_csv
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.frame import ImageColumn, ImageFailure, Reject
from actors.model.handoff import Handoff, Piece, ReadShard
from actors.model.part import Counts, PartRecord, UnwrittenPart
from actors.model.plan import PlanStart
from actors.model.run import Run
from actors.model.stage import Stage
from actors.reading.source import Source


async def joined(run: Run, start: PlanStart, shard: Shard, pieces: Sequence[Piece], source: Source) -> UnwrittenPart:
    """The pieces, in the order of their rows, as the shard's part.

    `source` is read for rejects that are too long to be in memory whole. Raises `SOURCE_GONE` where it is gone, and
    what awaiting a piece's results raises.
    """
    started = time.perf_counter()
    written = [await _written(piece, run.catalogue) for piece in pieces]
    rows = b"".join(piece.rows for piece in written)
    rejects = [reject for piece in written for reject in piece.rejects]
    failed_urls = failed_urls_jsonl(failure for piece in written for failure in piece.failed_urls)
    text_uri = f"gs://{run.work_bucket}/{start.text.object}" if start.text else None
    stage_s: dict[Stage, float] = {}
    versions: dict[str, str] = {}
    for stage, handoff in _handoffs(pieces):
        stage_s[stage] = stage_s.get(stage, 0.0) + handoff.seconds
        versions.update(handoff.versions)
    stage_s[Stage.WRITE] = time.perf_counter() - started
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
        return UnwrittenPart(record, rows, b"", reasons, long_rejects=raw, failed_urls=failed_urls)
    return UnwrittenPart(record, rows, b"".join(raw()), reasons, failed_urls=failed_urls)


@dataclass(frozen=True, slots=True)
class _Written:
    """A piece as it goes into the part."""

    rows: bytes
    rejects: tuple[Reject, ...]
    failed_urls: tuple[ImageFailure, ...]
    counts: Counts


def _handoffs(pieces: Iterable[Piece]) -> Iterable[tuple[Stage, Handoff[Any]]]:
    for piece in pieces:
        yield Stage.READ, piece.read
        if piece.cleaned is not None:
            yield Stage.CLEAN, piece.cleaned
        if piece.imaged is not None:
            yield Stage.IMAGES, piece.imaged


async def _written(piece: Piece, catalogue: Catalogue) -> _Written:
    read = await piece.read.ref
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
    return _Written(data, read.frame.rejects, images.failed_urls, _counts(read, images))


def _empty_cells(rows: int) -> pa.Array:
    return pa.array([""] * rows, pa.string())


def _counts(read: ReadShard, images: ImageColumn) -> Counts:
    rejects: dict[str, int] = {}
    for reject in read.frame.rejects:
        rejects[reject.code] = rejects.get(reject.code, 0) + 1
    return Counts(
        records=read.frame.records,
        blank=read.frame.blank,
        rows_out=read.frame.rows.num_rows,
        merged=read.frame.merged,
        rejects=rejects,
        images=images.rows,
        image_failures=images.failures,
        image_bytes=images.fetched_bytes,
        images_reused=images.reused,
        gave_up_images=images.given_up,
        entries_without_key=read.attributes.entries_without_key,
        unread_specifications=read.attributes.unread_specifications,
        repeated_ids=pc.sum(read.frame.rows["repeated"], min_count=0).as_py(),
        replaced_characters=read.frame.replaced,
        levels_cut=read.attributes.levels_cut,
    )
