"""A drop that came compressed or in UTF-16, written once as plain UTF-8 into its run: what is planned and read.

The object gets a name that no other attempt has, and a record, created only where there is none, says which one
counts. So an attempt that was killed, or that another overtook, leaves an orphan and never a text that changes under
the shards that read it.
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
    """The text of a packed drop; written now, where no earlier attempt has.

    Blocking, and holds a few chunks. Raises the `FILE` codes where the drop can't be unpacked or is no CSV inside.
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
    """The blocks, once the first is found to be the start of a CSV."""
    first = next(blocks, b"")
    check_content(first[:HEAD_BYTES])
    yield first
    yield from blocks


class _SourceFile(io.RawIOBase):
    """A drop as a file to read from its start to its end."""

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
