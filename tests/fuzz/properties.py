"""What must hold for every file."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from unittest import mock

from actors.csv import scan
from actors.csv.role_columns import comparable
from actors.errors import Code, Kind
from actors.model.catalogue import ROLES, Catalogue
from actors.reading import head, planner

from .files import WellFormed
from .reading import FileRead, read_file, short_catalogue


def reads_as_the_standard_library_does(file: WellFormed, *, shard_rows: int) -> None:
    """Each row, blank line and reject of a well-formed file is what `csv` and the rules for rows say."""
    names, *records = csv.reader(io.StringIO(file.text, newline=""), delimiter=file.delimiter)
    names = [comparable(name) for name in names]
    positions = [names.index(getattr(file.catalogue.columns, role)) for role in ROLES]
    records = _without_extra_field(records, len(names))
    rows, rejects, blank = [], [], 0
    for number, fields in enumerate(records, start=1):
        if not any(map(str.strip, fields)):
            blank += 1
        elif len(fields) != len(names):
            rejects.append((number, Code.WRONG_FIELD_COUNT))
        elif [comparable(field) for field in fields] == names:
            rejects.append((number, Code.REPEATED_HEADER))
        elif not fields[positions[0]].strip():
            rejects.append((number, Code.MISSING_VALUE))
        else:
            rows.append((number, tuple(fields[position] for position in positions)))
    read = read_file(file.data, file.catalogue, shard_bytes=100, shard_rows=shard_rows)
    assert read.refusal is None, read.refusal
    assert read.header is not None
    assert read.header.delimiter == file.delimiter
    assert list(zip(read.numbers, read.rows, strict=True)) == rows
    assert [(reject.row, reject.code) for reject in read.rejects] == rejects
    assert (read.blank, read.records) == (blank, len(records))


def _without_extra_field(records: list[list[str]], width: int) -> list[list[str]]:
    """Where all records have one field more than the header, it is the first one, or an empty last one."""
    filled = [fields for fields in records if any(map(str.strip, fields))]
    last = any(fields[-1] for fields in filled)
    if any(len(fields) != width + 1 for fields in filled) or (last and len(filled) < 2):
        return records
    return [fields[1:] if last else fields[:-1] for fields in records]


def never_crashes_never_loses_always_accounts(
    data: bytes, *, max_row_bytes: int, shard_bytes: int, shard_rows: int, block: int, encoding: str
) -> None:
    """Any bytes are refused with a file's code, or every record is a row, a reject kept whole, or counted as blank."""
    catalogue = short_catalogue(
        required=("id",), max_row_bytes=max_row_bytes, max_field_bytes=max(1, max_row_bytes // 2), encoding=encoding
    )
    with mock.patch.object(head, "HEAD_BYTES", 64 + block):  # the same head has the same dialect
        with mock.patch.object(scan, "BLOCK_BYTES", block), mock.patch.object(planner, "HEAD_BYTES", 64 + block):
            read = read_file(data, catalogue, shard_bytes=shard_bytes, shard_rows=shard_rows, chunk_bytes=64 + block)
        whole = read_file(data, catalogue)
    if read.refusal is not None:
        assert read.refusal.kind is Kind.FILE, read.refusal
        assert read.refusal.message
        return
    _check_shards(read, catalogue, shard_bytes)
    assert read.records == read.blank + len(read.rejects) + len(read.rows)
    numbers = sorted([*read.numbers, *(reject.row for reject in read.rejects)])
    assert all(one < other for one, other in pairwise(numbers))
    assert not numbers or 1 <= numbers[0] <= numbers[-1] <= read.records
    for reject, raw in zip(read.rejects, read.raw, strict=True):
        assert reject.code.kind is Kind.ROW
        assert raw == read.text[reject.offset : reject.offset + len(raw)]
        assert read.text[reject.offset + len(raw) :][:1] in (b"", b"\n", b"\r")
    marks = "\ufffd".encode()
    for row in read.rows:
        for cell in row:
            assert "\0" not in cell
            assert "\ufffd" not in cell or (read.replaced and (marks in read.text or encoding != "utf-8"))
    assert (whole.rows, whole.numbers) == (read.rows, read.numbers)
    assert (whole.raw, whole.codes, whole.blank) == (read.raw, read.codes, read.blank)


def _check_shards(read: FileRead, catalogue: Catalogue, shard_bytes: int) -> None:
    """They lie one behind the other, to the end of the file."""
    next_row, position = 1, None
    for index, shard in enumerate(read.shards):
        assert (shard.index, shard.first_row) == (index, next_row)
        assert position is None or shard.start == position
        assert shard.end - shard.start <= shard_bytes + catalogue.max_row_bytes + 1
        next_row += shard.rows
        position = max(shard.end, shard.record_end)
    assert position is None or position == len(read.text)
