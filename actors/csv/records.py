"""One shard's bytes to typed rows and rejects.

The standard library's `csv` parses each record, so a cell is what any other reader of the file would see. Values
are text and stay unchanged: leading zeros, `NA`, `1e5` and blanks come out as they went in.
"""

from __future__ import annotations

import pyarrow as pa

from actors.errors import Code, DropforgeError, Kind
from actors.model.catalogue import ROLES, Catalogue
from actors.model.drop import Shard
from actors.model.frame import Reject, ShardFrame
from actors.model.header import HeaderMap
from actors.text.effort import MOST_EFFORT, effort

from .boundaries import RecordSplitter, without_line_end
from .fields import split_fields
from .header import comparable

_DESCRIPTION = ROLES.index("description")
_EMPTY_LINES = frozenset({b"\n", b"\r\n", b"\r"})


def read_shard(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> ShardFrame:
    """Parses a shard. `data` is the drop's bytes `[shard.start, shard.end)`.

    A record without a field that has more than blanks in it is blank: counted, no reject. `rows` has the columns
    `row` (int64), `repeated` (bool) and one per role (string; 32-bit offsets, so a shard holds less than 2 GiB).

    Raises:
        DropforgeError: `STORAGE_UNAVAILABLE` when `data` isn't as long as the shard, `INTERNAL` when it doesn't
            hold the records that the plan counted.
    """
    if len(data) != shard.end - shard.start:
        raise DropforgeError(
            Code.STORAGE_UNAVAILABLE,
            f"Shard {shard.name} is the bytes {shard.start} to {shard.end}, but {len(data)} bytes came. Read it again.",
        )
    boundaries = RecordSplitter(header.delimiter.encode(), catalogue.max_row_bytes).split(data, final=True)
    if boundaries.ends.size != shard.rows:
        raise DropforgeError(
            Code.INTERNAL,
            f"Shard {shard.name} holds {boundaries.ends.size} records where the plan counted {shard.rows}. "
            "Report it with the file.",
        )
    parser = _RecordParser(header, catalogue)
    numbers: list[int] = []
    rows: list[tuple[str, ...]] = []
    rejects: list[Reject] = []
    replaced = start = 0
    for index, end in enumerate(boundaries.ends.tolist()):
        record = data[start:end]
        start_of_record, start = start, end
        if record in _EMPTY_LINES:
            continue
        try:
            values = parser.parse(record, unclosed=index in boundaries.unclosed)
        except DropforgeError as error:
            if error.kind is not Kind.ROW:
                raise
            rejects.append(reject_of(record, shard, index, start_of_record, error, catalogue))
        else:
            if values is not None:
                numbers.append(shard.first_row + index)
                rows.append(values)
                replaced += any("\ufffd" in value for value in values)
    columns = zip(*rows, strict=True) if rows else ((),) * len(ROLES)
    repeated = shard.repeated_rows
    table = {"row": pa.array(numbers, pa.int64())}
    # A row without an id, where the catalogue allows it, has none to be told by.
    flags = [number in repeated or not values[0] for number, values in zip(numbers, rows, strict=True)]
    table["repeated"] = pa.array(flags, pa.bool_())
    table |= {role: pa.array(column, pa.string()) for role, column in zip(ROLES, columns, strict=True)}
    return ShardFrame(pa.table(table), tuple(rejects), shard.rows - len(rows) - len(rejects), shard.rows, replaced)


def reject_of(
    record: bytes, shard: Shard, index: int, start: int, error: DropforgeError, catalogue: Catalogue
) -> Reject:
    """The reject that a shard's record of this index is, which starts at its byte `start`."""
    raw, unread = without_line_end(record), 0
    if shard.record_end and index == shard.rows - 1:
        raw = record[: catalogue.max_row_bytes]
        unread = shard.record_end - (shard.start + start + len(raw))
    return Reject(shard.first_row + index, shard.start + start, error.code, error.message, raw, unread)


class _RecordParser:
    def __init__(self, header: HeaderMap, catalogue: Catalogue) -> None:
        self._header = header
        self._catalogue = catalogue
        self._positions = [header.positions.get(role) for role in ROLES]
        self._required = [ROLES.index(role) for role in catalogue.required]

    def parse(self, record: bytes, *, unclosed: bool) -> tuple[str, ...] | None:
        """The values in the order of `ROLES`, or None for a blank record.

        Raises:
            DropforgeError: of kind `ROW`, with what is wrong with the row.
        """
        if len(record) > self._catalogue.max_row_bytes:
            raise DropforgeError(
                Code.ROW_TOO_LARGE,
                f"The row is longer than {self._catalogue.max_row_bytes} bytes; a quote that is never closed makes "
                "it run on.",
            )
        if unclosed:
            raise DropforgeError(
                Code.UNCLOSED_QUOTE,
                "A quote is opened here and not closed before the end of the file or "
                f"{self._catalogue.max_row_bytes} bytes.",
            )
        fields = self._fields(record)
        if not any(map(str.strip, fields)):
            return None
        self._check_fields(record, fields)
        values = tuple("" if position is None else fields[position] for position in self._positions)
        missing = [getattr(self._catalogue.columns, ROLES[role]) for role in self._required if not values[role]]
        if missing:
            raise DropforgeError(Code.MISSING_VALUE, f"No value for {', '.join(missing)}.")
        if effort(values[_DESCRIPTION]) > MOST_EFFORT:
            raise DropforgeError(
                Code.TANGLED_TEXT,
                f"The field {self._catalogue.columns.description} has very long pieces of punctuation without a blank, "
                "which would take hours to cut into words. Put blanks between them, or take them out.",
            )
        return values

    def _fields(self, record: bytes) -> list[str]:
        try:
            text = without_line_end(record).decode(self._header.encoding)
        except UnicodeDecodeError as error:
            raise DropforgeError(
                Code.UNDECODABLE_BYTES,
                f"Byte {error.start} of the row (0x{record[error.start]:02x}) is not {self._header.encoding} text.",
            ) from error
        # A NUL is no text in any column, and the loaders of databases refuse the output that holds one.
        if "\0" in text:
            raise DropforgeError(Code.UNDECODABLE_BYTES, f"Character {text.index(chr(0))} of the row is a NUL.")
        return split_fields(text, self._header.delimiter)

    def _check_fields(self, record: bytes, fields: list[str]) -> None:
        expected = len(self._header.names)
        if len(fields) != expected:
            raise DropforgeError(
                Code.WRONG_FIELD_COUNT, f"The row has {len(fields)} fields where the header has {expected}."
            )
        if comparable(fields[0]) == self._header.names[0] and tuple(map(comparable, fields)) == self._header.names:
            raise DropforgeError(Code.REPEATED_HEADER, "The row repeats the header.")
        limit = self._catalogue.max_field_bytes
        if len(record) > limit:
            for name, field in zip(self._header.names, fields, strict=True):
                length = len(field.encode(self._header.encoding))
                if length > limit:
                    raise DropforgeError(
                        Code.FIELD_TOO_LARGE, f"The field {name} has {length} bytes where {limit} are allowed."
                    )
