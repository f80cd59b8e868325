"""The parts of a run joined inside Cloud Storage: a tree of compositions, so that no process holds the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from actors.model.attempt import RESUMED
from actors.model.part import PartRecord
from actors.model.run import ObjectName
from actors.storage.bucket import COMPOSE_LIMIT, Bucket
from actors.storage.publication import Publication
from actors.storage.run_records import RunRecords

from .content import CSV, Content

_COMPOSERS = 8


class Composition:
    """The rows, rejects, reasons and failed URLs of `parts`, in file order. Blocking.

    Two at a time for one run arrive at the same generations. Parts are joined `COMPOSE_LIMIT` at a time.
    """

    def __init__(
        self, parts: Sequence[PartRecord], records: RunRecords, output: Bucket, publication: Publication
    ) -> None:
        self._parts = parts
        self._records = records
        self._output = output
        self._publication = publication

    def has(self, content: Content) -> bool:
        return bool(self._objects(content))

    def publish(self, content: Content, target: ObjectName, header: bytes) -> int:
        """Joins the header and the parts' objects; the generation of the target. Raises as `Publication.publish`."""
        names = self._objects(content)
        composite = self._records.names.composite
        if header:
            self._records.bucket.put(composite(f"{content}-header"), header, content_type=CSV)
            names.insert(0, composite(f"{content}-header"))
        level = 0
        with ThreadPoolExecutor(_COMPOSERS) as threads:
            while len(names) > COMPOSE_LIMIT:
                groups = [names[at : at + COMPOSE_LIMIT] for at in range(0, len(names), COMPOSE_LIMIT)]
                targets = [composite(f"{content}-{level}-{at:06d}") for at in range(len(groups))]
                list(threads.map(self._join, targets, groups))
                names, level = targets, level + 1
        return self._publish(content, target, names)

    def _objects(self, content: Content) -> list[str]:
        return [name for part in self._parts if (name := _object_of(part, content)) is not None]

    def _join(self, target: str, sources: Sequence[str]) -> None:
        self._records.bucket.compose(target, list(sources), content_type=CSV)

    def _publish(self, content: Content, target: ObjectName, sources: list[str]) -> int:
        work, output = self._records.bucket, self._output

        def join(generation: int, metadata: Mapping[str, str]) -> int | None:
            if work.name == output.name:
                return output.compose(
                    target.name, sources, content_type=content.content_type, metadata=metadata, generation=generation
                )
            whole = self._records.names.composite(f"{content}-whole")
            work.compose(whole, sources, content_type=content.content_type)
            return output.copy_from(
                work,
                whole,
                target.name,
                content_type=content.content_type,
                metadata=metadata,
                generation=generation,
            )

        return self._publication.publish(target, join, RESUMED)


def _object_of(part: PartRecord, content: Content) -> str | None:
    match content:
        case Content.OUTPUT:
            return part.rows_object
        case Content.REJECTS:
            return part.rejects_object
        case Content.REASONS:
            return part.reasons_object
        case Content.FAILED_URLS:
            return part.failed_urls_object
