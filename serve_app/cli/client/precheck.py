"""Checks a local file before it is dropped, with the same code that checks it and cuts it into shards afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from actors.csv.unpack import unpack
from actors.model.catalogue import Catalogue
from actors.profiling.check import check_head
from actors.profiling.proposal import Proposal
from actors.profiling.trial import Trial, try_settings
from actors.reading.head import read_head
from serve_app.config.settings import Settings

from .looked_at import head_of_file


@dataclass(frozen=True, slots=True)
class Precheck:
    """What a run would find in the file.

    `size` is in bytes, `catalogue` is the name of the catalogue that the file would be read by, `records` counts blank
    ones too, and `columns` names the columns that are read, by role.
    """

    size: int
    catalogue: str
    records: int
    shards: int
    columns: dict[str, str]


def precheck(file: Path, settings: Settings, name: str) -> Precheck:
    """`name` is the object that the file would become.

    Raises `DropforgeError` with the code that the run would be refused with.
    """
    size = file.stat().st_size
    catalogue_name, catalogue = settings.catalogue_of(name)
    with file.open("rb") as content:
        blocks = unpack(content, size, catalogue).blocks
        first = next(blocks, b"")
        head = read_head(first, catalogue)
        scanner = head.scanner(shard_bytes=settings.shard_bytes, shard_rows=settings.shard_rows, text_bytes=size)
        shards = [shard for block in chain((first,), blocks) for shard in scanner.feed(block)]
    shards += scanner.finish()
    assert scanner.header is not None
    header = head.header(scanner.header)
    return Precheck(
        size=size,
        catalogue=catalogue_name,
        records=sum(shard.rows for shard in shards),
        shards=len(shards),
        columns={role: header.names[position] for role, position in header.positions.items()},
    )


@dataclass(frozen=True, slots=True)
class FirstRows:
    """What would become of a file's first rows, and, where something is amiss, the settings that would change it."""

    trial: Trial
    proposals: tuple[Proposal, ...]


def first_rows(file: Path, catalogue: Catalogue) -> FirstRows:
    """Of a file that `precheck` takes. Its columns are profiled only where something is amiss."""
    head = head_of_file(file)
    trial = try_settings(head, catalogue)
    if not trial.troubles:
        return FirstRows(trial, ())
    found = check_head(head, catalogue).proposed
    return FirstRows(trial, (*found.settings, *found.advice))
