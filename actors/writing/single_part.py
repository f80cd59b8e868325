"""The output of a drop of one shard, straight from memory (see `actors.model.single_shard`)."""

from __future__ import annotations

from collections.abc import Mapping

from actors.model.attempt import NEW
from actors.model.part import UnwrittenPart
from actors.model.run import ObjectName
from actors.storage.bucket import Bucket
from actors.storage.publication import Publication

from .content import Content


class SinglePart:
    """The bytes of a part that was written nowhere, published as they are. Blocking."""

    def __init__(self, part: UnwrittenPart, output: Bucket, publication: Publication) -> None:
        self._bytes = {
            Content.OUTPUT: part.rows,
            Content.REJECTS: part.rejects,
            Content.REASONS: part.reasons,
            Content.FAILED_URLS: part.failed_urls,
        }
        self._output = output
        self._publication = publication

    def has(self, content: Content) -> bool:
        return bool(self._bytes[content])

    def publish(self, content: Content, target: ObjectName, header: bytes) -> int:
        """Raises as `Publication.publish`."""
        data = header + self._bytes[content]

        def write(generation: int, metadata: Mapping[str, str]) -> int | None:
            return self._output.write_over(
                target.name, data, generation=generation, content_type=content.content_type, metadata=metadata
            )

        return self._publication.publish(target, write, NEW)
