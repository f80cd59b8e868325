"""The parts of a run joined inside Cloud Storage: a tree of compositions, so that no process holds the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from actors.model.attempt import RESUMED
from actors.model.part import PartRecord
from actors.model.run import ObjectName
from actors.storage.bucket import COMPOSE_LIMIT, CONNECTIONS, Bucket
from actors.storage.publication import Publication
from actors.storage.run_records import RunRecords

from .content import CSV, Content

_COMPOSERS = CONNECTIONS


@dataclass(frozen=True, slots=True)
class _Join:
    """A composition to make."""

    content: Content
    target: str
    sources: Sequence[str]


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
        names = [*self._joined[content]]
        if header:
            name = self._records.names.composite(f"{content}-header")
            self._records.bucket.put(name, header, content_type=CSV)
            names.insert(0, name)
        return self._publish(content, target, names)

    @cached_property
    def _joined(self) -> dict[Content, list[str]]:
        """The parts' objects, of each content joined until one request can take them and a header.

        All contents' trees grow at once, level by level: each level's requests wait for those of the one below.
        """
        names, level = {content: self._objects(content) for content in Content}, 0
        with ThreadPoolExecutor(_COMPOSERS) as threads:
            while any(len(objects) >= COMPOSE_LIMIT for objects in names.values()):
                joins = [join for content in Content for join in self._joins(content, level, names[content])]
                list(threads.map(self._join, joins))
                for content in {join.content for join in joins}:
                    names[content] = [join.target for join in joins if join.content is content]
                level += 1
        return names

    def _joins(self, content: Content, level: int, names: Sequence[str]) -> list[_Join]:
        """The requests that make a level of one content's tree; none where there are few enough objects."""
        if len(names) < COMPOSE_LIMIT:
            return []
        groups = [names[at : at + COMPOSE_LIMIT] for at in range(0, len(names), COMPOSE_LIMIT)]
        composite = self._records.names.composite
        return [_Join(content, composite(f"{content}-{level}-{at:06d}"), group) for at, group in enumerate(groups)]

    def _objects(self, content: Content) -> list[str]:
        return [name for part in self._parts if (name := _object_of(part, content)) is not None]

    def _join(self, join: _Join) -> None:
        self._records.bucket.compose(join.target, list(join.sources), content_type=CSV)

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
