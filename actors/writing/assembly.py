"""Assembles the output from the parts: composes them inside Cloud Storage, and publishes under a precondition."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from actors.csv.content import BOM
from actors.csv.output import header_row
from actors.errors import Code, DropforgeError
from actors.model.manifest import Manifest
from actors.model.part import Counts, PartRecord, UnwrittenPart
from actors.model.plan import Plan
from actors.model.run import ObjectName, Run
from actors.storage.bucket import COMPOSE_LIMIT, Bucket
from actors.storage.publication import Publication
from actors.storage.run_records import RunRecords

_COMPOSERS = 8
_CSV = "text/csv"
_JSON_LINES = "application/x-ndjson"


class Assembly:
    """Composes one run's output. Blocking. If two processes assemble the same run, both get the same generation.

    No process holds the file: Cloud Storage joins the parts, `COMPOSE_LIMIT` at a time. `in_hand` holds the bytes of a
    run's only part if that was not written to the bucket: they are published directly.
    """

    def __init__(
        self,
        run: Run,
        plan: Plan,
        parts: Sequence[PartRecord],
        records: RunRecords,
        output: Bucket,
        *,
        in_hand: UnwrittenPart | None = None,
    ) -> None:
        self._run = run
        self._plan = plan
        self._parts = sorted(parts, key=lambda part: part.shard.index)
        self._records = records
        self._output = output
        self._publication = Publication(run, output)
        self._in_hand = in_hand
        self._counts = Counts.total(part.counts for part in self._parts)

    def publish(self, shards_reused: int) -> Manifest:
        """Publishes the output, rejects and reasons, and returns the manifest, which the caller commits.

        Raises:
            PARTS_DISAGREE: the parts are not those of the plan, or their counts do not add up.
            SUPERSEDED, OUTPUT_TAKEN: as `Publication.publish`.
            STORAGE_UNAVAILABLE, NOT_FOUND, INTERNAL: as `Bucket`.
        """
        self._check()
        run, parts, in_hand = self._run, self._parts, self._in_hand
        rejects = reasons = None
        header, rejects_header = header_row(run.catalogue), self._rejects_header()
        if in_hand is not None:
            if self._counts.rejects:
                rejects = self._write(run.rejects, rejects_header + in_hand.rejects)
                reasons = self._write(run.reasons, in_hand.reasons)
            output = self._write(run.output, header + in_hand.rows)
        else:
            if self._counts.rejects:
                rejects = self._compose("rejects", run.rejects, rejects_header, [part.rejects_object for part in parts])
                reasons = self._compose("reasons", run.reasons, b"", [part.reasons_object for part in parts])
            output = self._compose("output", run.output, header, [part.rows_object for part in parts])
        return Manifest(
            run_id=run.run_id,
            drop=run.drop,
            state="done",
            accepted_at=run.accepted_at,
            finished_at=datetime.now(UTC),
            source_bytes=self._plan.start.source_bytes,
            shards=len(self._plan.shards),
            shards_reused=shards_reused,
            counts=self._counts,
            output=run.output,
            output_generation=output,
            output_bytes=sum(part.bytes_out for part in self._parts) + len(header),
            rejects=run.rejects if rejects else None,
            reasons=run.reasons if reasons else None,
            stage_s=self._stage_seconds(),
            versions=self._versions(),
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
                    f"{counts.blank} blank + {counts.rows_out} rows out + {sum(counts.rejects.values())} rejects, or "
                    f"not the planned {part.shard.rows}. Nothing was published. This is a bug; please report it.",
                )

    def _write(self, target: ObjectName, data: bytes) -> int:
        def write(generation: int, metadata: Mapping[str, str]) -> int | None:
            return self._output.write_over(
                target.name,
                data,
                generation=generation,
                content_type=self._content_type(target),
                metadata=metadata,
            )

        return self._publication.publish(target, write, look_first=False)

    def _compose(self, label: str, target: ObjectName, header: bytes, sources: Sequence[str | None]) -> int:
        """Joins the header and the sources, publishes them, and returns the generation of the target."""
        names = [name for name in sources if name is not None]
        composite = self._records.names.composite
        if header:
            self._records.bucket.put(composite(f"{label}-header"), header, content_type=_CSV)
            names.insert(0, composite(f"{label}-header"))
        level = 0
        with ThreadPoolExecutor(_COMPOSERS) as threads:
            while len(names) > COMPOSE_LIMIT:
                groups = [names[at : at + COMPOSE_LIMIT] for at in range(0, len(names), COMPOSE_LIMIT)]
                targets = [composite(f"{label}-{level}-{at:06d}") for at in range(len(groups))]
                list(threads.map(self._join, targets, groups))
                names, level = targets, level + 1
        return self._publish(label, target, names)

    def _join(self, target: str, sources: Sequence[str]) -> None:
        self._records.bucket.compose(target, list(sources), content_type=_CSV)

    def _publish(self, label: str, target: ObjectName, sources: list[str]) -> int:
        content_type = self._content_type(target)
        work, output = self._records.bucket, self._output

        def join(generation: int, metadata: Mapping[str, str]) -> int | None:
            if work.name == output.name:
                return output.compose(
                    target.name, sources, content_type=content_type, metadata=metadata, generation=generation
                )
            whole = self._records.names.composite(f"{label}-whole")
            work.compose(whole, sources, content_type=content_type)
            return output.copy_from(
                work, whole, target.name, content_type=content_type, metadata=metadata, generation=generation
            )

        return self._publication.publish(target, join)

    def _content_type(self, target: ObjectName) -> str:
        return _JSON_LINES if target == self._run.reasons else _CSV

    def _rejects_header(self) -> bytes:
        """The drop's header line, with a byte order mark if the catalogue's encoding is not that of the drop."""
        header = self._plan.start.header
        return header.raw if header.encoding == self._run.catalogue.encoding else BOM + header.raw

    def _stage_seconds(self) -> dict[str, float]:
        seconds: dict[str, float] = {}
        for part in self._parts:
            for stage, spent in part.stage_s.items():
                seconds[stage] = round(seconds.get(stage, 0.0) + spent, 3)
        return seconds

    def _versions(self) -> dict[str, str]:
        versions = {name: importlib.metadata.version(name) for name in ("dropforge", "ray", "pandas", "pyarrow")}
        for part in self._parts:
            versions.update(part.versions)
        return versions
