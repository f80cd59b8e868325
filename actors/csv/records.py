"""Parses a shard's bytes into rows and rejects.

The standard library's `csv` parses each record, so a cell is what any other reader of the file would see. Values are
text and are not changed: leading zeros, `NA`, `1e5` and blanks are kept.
"""

from __future__ import annotations

import pyarrow as pa

from actors.errors import Code, DropforgeError, Kind
from actors.model.catalogue import ROLES, Catalogue
from actors.model.drop import Shard
from actors.model.frame import Reject, ShardFrame
from actors.model.header import HeaderMap
from actors.text.plain.effort import MOST_EFFORT, effort

from .boundaries import RecordSplitter, without_line_end
from .fields import split_fields
from .header import comparable

_ID, _DESCRIPTION = ROLES.index("id"), ROLES.index("description")
_EMPTY_LINES = frozenset({b"\n", b"\r\n", b"\r"})


def read_shard(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> ShardFrame:
    """Parses a shard. `data` is the bytes `[shard.start, shard.end)` of the drop's text.

    A record whose fields have nothing but whitespace is blank: it is counted, but not rejected. `rows` has the columns
    `row` (int64), `repeated` (bool) and one per role (string, with 32-bit offsets, so a shard has less than 2 GiB).

    Raises:
        STORAGE_UNAVAILABLE: `data` is not as long as the shard.
        INTERNAL: `data` does not have the number of records that the plan counted.
    """
    if len(data) != shard.end - shard.start:
        raise DropforgeError(
            Code.STORAGE_UNAVAILABLE,
            f"Shard {shard.name} is bytes {shard.start} to {shard.end} of the drop, but {len(data)} bytes were read. "
            "Read it again.",
        )
    boundaries = RecordSplitter(header.delimiter.encode(), catalogue.max_row_bytes).split(data, final=True)
    if boundaries.ends.size != shard.rows:
        raise DropforgeError(
            Code.INTERNAL,
            f"Shard {shard.name} has {boundaries.ends.size} records, but the plan counted {shard.rows}. This is a bug; "
            "please report it with the file.",
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
    # A row without an id, which a catalogue may allow, always needs its number in its image's name.
    flags = [number in repeated or not values[_ID].strip() for number, values in zip(numbers, rows, strict=True)]
    table["repeated"] = pa.array(flags, pa.bool_())
    table |= {role: pa.array(column, pa.string()) for role, column in zip(ROLES, columns, strict=True)}
    return ShardFrame(pa.table(table), tuple(rejects), shard.rows - len(rows) - len(rejects), shard.rows, replaced)


def reject_of(
    record: bytes, shard: Shard, index: int, start: int, error: DropforgeError, catalogue: Catalogue
) -> Reject:
    """The reject for a record of a shard: the one with this index, which starts at the shard's byte `start`."""
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
        """The values in the order of `ROLES`, or None for a blank record. Raises the codes of kind `ROW`."""
        if len(record) > self._catalogue.max_row_bytes:
            raise DropforgeError(
                Code.ROW_TOO_LARGE,
                f"The row is longer than {self._catalogue.max_row_bytes} bytes. A missing closing quote may be the "
                "cause.",
            )
        if unclosed:
            raise DropforgeError(
                Code.UNCLOSED_QUOTE,
                "The row has an opening quote without a closing one before the end of the file or within "
                f"{self._catalogue.max_row_bytes} bytes. Close or double the quote.",
            )
        fields = self._fields(record)
        if not any(map(str.strip, fields)):
            return None
        self._check_fields(record, fields)
        values = tuple("" if position is None else fields[position] for position in self._positions)
        missing = [getattr(self._catalogue.columns, ROLES[role]) for role in self._required if _missing(role, values)]
        if missing:
            raise DropforgeError(Code.MISSING_VALUE, f"The row has no value for {', '.join(missing)}.")
        if effort(values[_DESCRIPTION]) > MOST_EFFORT:
            raise DropforgeError(
                Code.TANGLED_TEXT,
                f"The field {self._catalogue.columns.description} has very long runs of punctuation without a space, "
                "which would take hours to split into words. Insert spaces, or remove the punctuation.",
            )
        return values

    def _fields(self, record: bytes) -> list[str]:
        try:
            text = without_line_end(record).decode(self._header.encoding)
        except UnicodeDecodeError as error:
            raise DropforgeError(
                Code.UNDECODABLE_BYTES,
                f"Byte {error.start} of the row (0x{record[error.start]:02x}) is not valid {self._header.encoding}.",
            ) from error
        # Databases refuse to load a file with a NUL.
        if "\0" in text:
            raise DropforgeError(
                Code.UNDECODABLE_BYTES, f"Character {text.index(chr(0))} of the row is a NUL, which is not text."
            )
        return split_fields(text, self._header.delimiter)

    def _check_fields(self, record: bytes, fields: list[str]) -> None:
        expected = len(self._header.names)
        if len(fields) != expected:
            raise DropforgeError(
                Code.WRONG_FIELD_COUNT, f"The row has {len(fields)} fields, but the header has {expected}."
            )
        if comparable(fields[0]) == self._header.names[0] and tuple(map(comparable, fields)) == self._header.names:
            raise DropforgeError(Code.REPEATED_HEADER, "The row repeats the header.")
        limit = self._catalogue.max_field_bytes
        if len(record) > limit:
            for name, field in zip(self._header.names, fields, strict=True):
                length = len(field.encode(self._header.encoding))
                if length > limit:
                    raise DropforgeError(
                        Code.FIELD_TOO_LARGE, f"The field {name} has {length} bytes, more than the {limit} allowed."
                    )


def _missing(role: int, values: tuple[str, ...]) -> bool:
    """Blanks identify nothing; elsewhere they are a value, which is kept as it is."""
    return not (values[role].strip() if role == _ID else values[role])
