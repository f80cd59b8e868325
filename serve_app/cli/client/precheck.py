"""Checks a local file before it is dropped, with the same code that checks it and cuts it into shards afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from actors.csv.unpack import unpack
from actors.profiling.check import check_head
from actors.profiling.proposals import Proposal
from actors.profiling.trial import Trial, try_settings
from actors.reading.head import read_head
from serve_app.config.settings import Settings

from .looked_at import head_of_file


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
    size = file.stat().st_size
    with file.open("rb") as content:
        blocks = unpack(content, size, settings.catalogue).blocks
        first = next(blocks, b"")
        head = read_head(first, settings.catalogue)
        scanner = head.scanner(shard_bytes=settings.shard_bytes, shard_rows=settings.shard_rows, text_bytes=size)
        shards = [shard for block in chain((first,), blocks) for shard in scanner.feed(block)]
    shards += scanner.finish()
    assert scanner.header is not None
    header = head.header(scanner.header)
    return Precheck(
        size=size,
        records=sum(shard.rows for shard in shards),
        shards=len(shards),
        columns={role: header.names[position] for role, position in header.positions.items()},
    )


@dataclass(frozen=True, slots=True)
class FirstRows:
    """What would become of a file's first rows, and, where something is amiss, the settings that would change it."""

    trial: Trial
    proposals: tuple[Proposal, ...]


def first_rows(file: Path, settings: Settings) -> FirstRows:
    """Of a file that `precheck` takes. Its columns are profiled only where something is amiss."""
    head = head_of_file(file)
    trial = try_settings(head, settings.catalogue)
    if not trial.troubles:
        return FirstRows(trial, ())
    found = check_head(head, settings.catalogue).proposed
    return FirstRows(trial, (*found.settings, *found.advice))
