"""Converts a drop that is compressed or in UTF-16 to UTF-8, as an object of its run that is then planned and read.

Each attempt writes an object of its own, and a record that is created only once names the one to use. So an attempt
that was killed, or was slower than another, leaves an orphan, but never changes a text that shards are reading.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator

from actors.csv.content import HEAD_BYTES, check_content
from actors.csv.unpack import unpack
from actors.model.plan import SourceText
from actors.model.run import Run
from actors.storage.run_records import RunRecords

from .source import Source


def source_text(run: Run, source: Source, records: RunRecords, *, chunk_bytes: int) -> SourceText:
    """The text of a drop that is compressed or in UTF-16. Writes it unless an earlier attempt has.

    Blocking; holds a few chunks in memory. Raises the codes of kind `FILE` when the drop can't be converted or its
    text is not a CSV.
    """
    found = records.source_text()
    if found is not None:
        return found
    size = source.size()
    unpacked = unpack(io.BufferedReader(_SourceFile(source, size), chunk_bytes), size, run.catalogue)
    name = records.names.text(secrets.token_hex(4))
    written = records.bucket.upload(name, _checked(unpacked.blocks), content_type="text/csv")
    text = SourceText(object=name, generation=written.generation, bytes=written.size, forms=unpacked.forms)
    return records.write_source_text(text)


def _checked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks, after a check that the first one is the start of a CSV."""
    first = next(blocks, b"")
    check_content(first[:HEAD_BYTES])
    yield first
    yield from blocks


class _SourceFile(io.RawIOBase):
    """A drop as a file that can be read sequentially."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer, says its stub
        data = self._source.read(self._at, min(self._at + len(buffer), self._size))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
