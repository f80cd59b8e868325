"""The records of one run in the work bucket: run, plan, parts, failures, manifest.

Blocking: call it from a thread. Each record is written once, except that a newer failure of a shard replaces the older
one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pydantic import BaseModel

from actors.errors import Code, DropforgeError
from actors.model.drop import Shard
from actors.model.failure import Failure
from actors.model.manifest import Manifest
from actors.model.part import PartRecord
from actors.model.plan import Plan, SourceText
from actors.model.run import Run

from .bucket import Bucket
from .object_info import ObjectInfo
from .object_paths import Layout, RunLayout

JSON = "application/json"
Record = TypeVar("Record", bound=BaseModel)

ReadVersion = Callable[[str, int], bytes]
"""Returns the bytes of one generation of an object. They never change, so the function may cache them."""

_READERS = 16


class RunRecords:
    """The records of one run. Methods raise what `Bucket` raises.

    `read_version` reads listed records, whose generations are known; the default is to read them from the bucket.
    """

    def __init__(self, bucket: Bucket, layout: Layout, run_id: str, *, read_version: ReadVersion | None = None) -> None:
        self.bucket = bucket
        self.names: RunLayout = layout.of(run_id)
        self._read_version = read_version

    def write_run(self, run: Run) -> bool:
        """Writes the run's record. Returns False if the drop already has a run."""
        return self._create(self.names.run, run)

    def run(self) -> Run | None:
        return self._read(self.names.run, Run)

    def write_source_text(self, text: SourceText) -> SourceText:
        """Records the drop's text. Returns the text to use: that of an earlier attempt if there is one."""
        if self._create(self.names.source_text, text):
            return text
        return self.source_text() or text

    def source_text(self) -> SourceText | None:
        return self._read(self.names.source_text, SourceText)

    def write_plan(self, plan: Plan) -> None:
        self._create(self.names.plan, plan)

    def plan(self) -> Plan | None:
        return self._read(self.names.plan, Plan)

    def write_part(self, part: PartRecord) -> PartRecord:
        """Commits a shard. Returns the part to use: that of an earlier attempt if there is one."""
        name = self.names.part(part.shard)
        if self._create(name, part):
            return part
        return self._read(name, PartRecord) or part

    def part(self, shard: Shard) -> PartRecord | None:
        return self._read(self.names.part(shard), PartRecord)

    def parts(self, limit: int | None = None) -> list[PartRecord]:
        """The parts of all finished shards, or of the first `limit` of them, in file order."""
        return self._read_below(self.names.parts, PartRecord, limit)

    def write_failure(self, failure: Failure) -> None:
        """Records a failure; replaces an earlier one of the same shard."""
        self.bucket.put(self.names.failure(failure.shard), failure.model_dump_json().encode(), content_type=JSON)

    def failures(self) -> list[Failure]:
        """The failure records, in file order. A shard that has succeeded since then may still have one."""
        return self._read_below(self.names.failures, Failure)

    def forget_run_failure(self) -> None:
        """Deletes the failure record of the run itself, after it has succeeded."""
        self.bucket.delete(self.names.failure(None))

    def failure(self, shard: Shard | None) -> Failure | None:
        return self._read(self.names.failure(shard), Failure)

    def commit(self, manifest: Manifest) -> Manifest:
        """Commits the run. Returns the manifest to use: that of an earlier attempt if there is one."""
        if self._create(self.names.manifest, manifest):
            return manifest
        return self.manifest() or manifest

    def manifest(self) -> Manifest | None:
        return self._read(self.names.manifest, Manifest)

    def _create(self, name: str, record: BaseModel) -> bool:
        return self.bucket.create(name, record.model_dump_json().encode(), content_type=JSON) is not None

    def _read(self, name: str, kind: type[Record]) -> Record | None:
        try:
            return kind.model_validate_json(self.bucket.read(name))
        except DropforgeError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise

    def _read_below(self, prefix: str, kind: type[Record], limit: int | None = None) -> list[Record]:
        found: Iterator[ObjectInfo] = self.bucket.objects(prefix, limit=limit)
        with ThreadPoolExecutor(_READERS) as threads:
            return [record for record in threads.map(lambda info: self._read_listed(info, kind), found) if record]

    def _read_listed(self, info: ObjectInfo, kind: type[Record]) -> Record | None:
        if self._read_version is not None:
            try:
                return kind.model_validate_json(self._read_version(info.name, info.generation))
            except DropforgeError as error:
                if error.code is not Code.NOT_FOUND:  # else it was replaced since it was listed
                    raise
        return self._read(info.name, kind)
