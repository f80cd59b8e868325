"""A bucket in memory, for tests of what is decided on top of one. It keeps `Bucket`'s contract, preconditions included:
`tests/unit/support/test_memory_bucket.py` holds it against a real object store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket
from actors.storage.object_info import ListedObject, ObjectInfo


@dataclass(frozen=True, slots=True)
class _Object:
    info: ObjectInfo
    data: bytes


class MemoryBucket(Bucket):
    """`before` is called with a method's name and the object's before each access, and may raise."""

    def __init__(self, name: str = "work") -> None:
        self.name = name
        self.before: Callable[[str, str], None] = lambda method, name: None
        self._objects: dict[str, _Object] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def read(self, name: str, *, generation: int | None = None, start: int = 0, end: int | None = None) -> bytes:
        self.before("read", name)
        with self._lock:
            return self._found(name, generation).data[start:end]

    def stat(self, name: str, *, generation: int | None = None) -> ObjectInfo | None:
        self.before("stat", name)
        with self._lock:
            found = self._objects.get(name)
            wanted = found is not None and generation in (None, found.info.generation)
            return found.info if found is not None and wanted else None

    def objects(self, prefix: str, *, limit: int | None = None) -> Iterator[ObjectInfo]:
        self.before("objects", prefix)
        with self._lock:
            names = sorted(name for name in self._objects if name.startswith(prefix))
            return iter([self._objects[name].info for name in names[:limit]])

    def pages(self, prefix: str) -> Iterator[list[ListedObject]]:
        """Two objects a page."""
        found = list(self.objects(prefix))
        for start in range(0, len(found), 2):
            yield [
                ListedObject(info.name, info.generation, info.size, info.updated or datetime.now(UTC))
                for info in found[start : start + 2]
            ]

    def created(self, name: str, moment: datetime) -> None:
        """As if the object had been written at this moment."""
        found = self._objects[name]
        self._objects[name] = replace(found, info=replace(found.info, updated=moment))

    def age(self, name: str, age: timedelta) -> None:
        self.created(name, datetime.now(UTC) - age)

    def delete(self, name: str) -> None:
        self.before("delete", name)
        with self._lock:
            self._objects.pop(name, None)

    def upload(self, name: str, blocks: Iterable[bytes], *, content_type: str) -> ObjectInfo:
        self._write(name, b"".join(blocks), None, content_type, None)
        return self._objects[name].info

    def compose(
        self,
        name: str,
        sources: list[str],
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        generation: int | None = None,
    ) -> int | None:
        data = b"".join(self.read(source) for source in sources)
        return self._write(name, data, generation, content_type, metadata)

    def _write(
        self, name: str, data: bytes, generation: int | None, content_type: str, metadata: Mapping[str, str] | None
    ) -> int | None:
        self.before("write", name)
        with self._lock:
            found = self._objects.get(name)
            if generation is not None and generation != (found.info.generation if found else 0):
                return None
            self._generation += 1
            info = ObjectInfo(name, self._generation, len(data), dict(metadata or {}), datetime.now(UTC))
            self._objects[name] = _Object(info, bytes(data))
            return self._generation

    def _found(self, name: str, generation: int | None) -> _Object:
        found = self._objects.get(name)
        if found is None or generation not in (None, found.info.generation):
            raise DropforgeError(Code.NOT_FOUND, f"gs://{self.name}/{name} does not exist.")
        return found
