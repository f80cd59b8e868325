"""Assembles a run's output from its parts, and says in the manifest what it holds."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from actors.csv.content import BOM
from actors.csv.output import header_row
from actors.errors import Code, DropforgeError
from actors.model.manifest import Manifest
from actors.model.part import Counts, PartRecord, UnwrittenPart
from actors.model.plan import Plan
from actors.model.run import Run
from actors.model.stage import Stage
from actors.storage.bucket import Bucket
from actors.storage.publication import Publication
from actors.storage.run_records import RunRecords

from . import judgement
from .composition import Composition
from .content import Content, Contents
from .single_part import SinglePart


class Assembly:
    """Checks that one run's parts are whole, and publishes their contents. Blocking.

    If two processes assemble the same run, both get the same generation.
    """

    def __init__(self, run: Run, plan: Plan, parts: Sequence[PartRecord], contents: Contents, output: Bucket) -> None:
        self._run = run
        self._plan = plan
        self._parts = parts
        self._contents = contents
        self._output = output
        self._counts = Counts.total(part.counts for part in self._parts)

    @classmethod
    def of_parts(
        cls, run: Run, plan: Plan, parts: Sequence[PartRecord], records: RunRecords, output: Bucket
    ) -> Assembly:
        """Of parts that were written, in any order."""
        in_order = sorted(parts, key=lambda part: part.shard.index)
        return cls(run, plan, in_order, Composition(in_order, records, output, Publication(run, output)), output)

    @classmethod
    def of_single_part(cls, run: Run, plan: Plan, part: UnwrittenPart, output: Bucket) -> Assembly:
        """Of the only part, which is in memory."""
        return cls(run, plan, [part.record], SinglePart(part, output, Publication(run, output)), output)

    def publish(self, shards_reused: int) -> Manifest:
        """Publishes the output, rejects, reasons and failed URLs, and returns the manifest, which the caller commits.

        A run whose every row is a reject is refused: its rejects and reasons are published, and no output.

        Raises:
            PARTS_DISAGREE: the parts are not those of the plan, or their counts do not add up.
            SUPERSEDED, OUTPUT_TAKEN: as `Publication.publish`.
            STORAGE_UNAVAILABLE, NOT_FOUND, BAD_SETTINGS: as `Bucket`.
        """
        self._check()
        run, contents, counts = self._run, self._contents, self._counts
        header, reasons = header_row(run.catalogue), b""
        if counts.rejected:
            contents.publish(Content.REJECTS, run.rejects, self._rejects_header())
            contents.publish(Content.REASONS, run.reasons, b"")
        failed_urls = contents.has(Content.FAILED_URLS)
        if failed_urls:
            contents.publish(Content.FAILED_URLS, run.failed_urls, b"")
        common = Manifest(
            run_id=run.run_id,
            drop=run.drop,
            state="done",
            catalogue_name=run.catalogue_name,
            accepted_at=run.accepted_at,
            finished_at=datetime.now(UTC),
            source_bytes=self._plan.start.source_bytes,
            shards=len(self._plan.shards),
            shards_reused=shards_reused,
            counts=counts,
            rejects=run.rejects if counts.rejected else None,
            reasons=run.reasons if counts.rejected else None,
            failed_urls=run.failed_urls if failed_urls else None,
            stage_s=self._stage_seconds(),
            versions=self._versions(),
        )
        warned = judgement.too_many(counts, run.rejects_warning_share)
        if warned or judgement.without_rows(counts):
            reasons = self._output.read(run.reasons.name, end=judgement.HEAD_BYTES)
        if judgement.without_rows(counts):
            return common.model_copy(update={"state": "refused", "reason": judgement.refusal(counts, reasons)})
        output = contents.publish(Content.OUTPUT, run.output, header)
        return common.model_copy(
            update={
                "finished_at": datetime.now(UTC),
                "output": run.output,
                "output_generation": output,
                "output_bytes": sum(part.bytes_out for part in self._parts) + len(header),
                "warnings": (judgement.warning(counts, run.rejects_warning_share, reasons),) if warned else (),
            }
        )

    def _check(self) -> None:
        planned, written = list(self._plan.shards), [part.shard for part in self._parts]
        if planned != written:
            missing = [shard.index for shard in planned if shard not in set(written)]
            raise DropforgeError(
                Code.PARTS_DISAGREE,
                f"{self._run.drop.uri}: there are {len(written)} parts for {len(planned)} planned shards; these shards "
                f"have no part: {missing[:10]}. Nothing was published. Replay the missing shards.",
            )
        for part in self._parts:
            counts = part.counts
            if not counts.add_up or counts.records != part.shard.rows:
                raise DropforgeError(
                    Code.PARTS_DISAGREE,
                    f"{self._run.drop.uri} shard {part.shard.index}: its {counts.records} records do not equal "
                    f"{counts.blank} blank + {counts.rows_out} rows out + {counts.merged} merged + {counts.rejected} "
                    f"rejects, or not the planned {part.shard.rows}. Nothing was published. This is a bug; please "
                    "report it.",
                )

    def _rejects_header(self) -> bytes:
        """The drop's header line, with a byte order mark if the catalogue's encoding is not that of the drop."""
        header = self._plan.start.header
        return header.raw if header.encoding == self._run.catalogue.encoding else BOM + header.raw

    def _stage_seconds(self) -> dict[Stage, float]:
        seconds: dict[Stage, float] = {}
        for part in self._parts:
            for stage, spent in part.stage_s.items():
                seconds[stage] = round(seconds.get(stage, 0.0) + spent, 3)
        return seconds

    def _versions(self) -> dict[str, str]:
        """What made the output. Where parts differ, because a deploy came between them, all of their versions."""
        made_by: dict[str, dict[str, None]] = {}
        for part in self._parts:
            for name, version in part.versions.items():
                made_by.setdefault(name, {})[version] = None
        return _installed() | {name: ", ".join(versions) for name, versions in made_by.items()}


@cache
def _installed() -> dict[str, str]:
    """Looked up once: to read it from the packages takes longer than to write an output of a few rows."""
    return {name: importlib.metadata.version(name) for name in ("dropforge", "ray", "pandas", "pyarrow")}
