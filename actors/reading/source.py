"""The object that a run reads, pinned to one generation."""

from __future__ import annotations

from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.plan import SourceText
from actors.model.run import Run
from actors.storage.bucket import Bucket


def source_of(client: storage.Client, run: Run, text: SourceText | None) -> Source:
    """The object that a run's shards are read from: its drop, or the text that was converted from it."""
    if text is not None:
        return Source(Bucket(client, run.work_bucket), text.object, text.generation)
    return Source(Bucket(client, run.drop.bucket), run.drop.object, run.drop.generation)


class Source:
    """Reads one generation of an object, so that no run mixes two versions of a file.

    Blocking. Methods raise `SOURCE_GONE` when that generation was deleted or overwritten, and otherwise what `Bucket`
    raises.
    """

    def __init__(self, bucket: Bucket, name: str, generation: int) -> None:
        self._bucket = bucket
        self._name = name
        self._generation = generation

    def size(self) -> int:
        """The object's size in bytes."""
        info = self._bucket.stat(self._name, generation=self._generation)
        if info is None:
            raise self._gone()
        return info.size

    def read(self, start: int, end: int) -> bytes:
        """The bytes `[start, end)`."""
        try:
            return self._bucket.read(self._name, generation=self._generation, start=start, end=end)
        except DropforgeError as error:
            if error.code is Code.NOT_FOUND:
                raise self._gone() from error
            raise

    def _gone(self) -> DropforgeError:
        return DropforgeError(
            Code.SOURCE_GONE,
            f"gs://{self._bucket.name}/{self._name}#{self._generation} was deleted or overwritten before it was "
            "completely read. If it was overwritten, the newer version has a run of its own; otherwise upload the file "
            "again.",
        )
