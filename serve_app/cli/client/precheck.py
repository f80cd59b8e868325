"""Checks a local file before it is dropped, with the same code that checks it and cuts it into shards afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from actors.csv.content import HEAD_BYTES, as_marked, check_content
from actors.csv.header import detect_delimiter, read_header
from actors.csv.scan import ShardScanner
from actors.csv.unpack import unpack
from serve_app.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Precheck:
    """What a run would find in the file.

    `size` is in bytes, `records` counts blank ones too, and `columns` names the columns that are read, by role.
    """

    size: int
    records: int
    shards: int
    columns: dict[str, str]


def precheck(file: Path, settings: Settings) -> Precheck:
    """Raises `DropforgeError` with the code that the run would be refused with."""
    shards = []
    with file.open("rb") as content:
        blocks = unpack(content, file.stat().st_size, settings.catalogue).blocks
        first = next(blocks, b"")
        head = first[:HEAD_BYTES]
        check_content(head)
        catalogue = as_marked(head, settings.catalogue)
        delimiter = detect_delimiter(head, catalogue)
        scanner = ShardScanner(
            delimiter,
            shard_bytes=settings.shard_bytes,
            shard_rows=settings.shard_rows,
            max_row_bytes=catalogue.max_row_bytes,
        )
        for block in chain((first,), blocks):
            shards += scanner.feed(block)
    shards += scanner.finish()
    assert scanner.header is not None
    header = read_header(scanner.header, catalogue, delimiter)
    return Precheck(
        size=file.stat().st_size,
        records=sum(shard.rows for shard in shards),
        shards=len(shards),
        columns={role: header.names[position] for role, position in header.positions.items()},
    )
