"""Parses a shard's bytes into rows and rejects.

The standard library's `csv` parses each record, so a cell is what any other reader of the file would see. Values are
text and are not changed: leading zeros, `NA`, `1e5` and blanks are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import pyarrow as pa

from actors.errors import Code, DropforgeError, Kind
from actors.model.catalogue import ROLES, Catalogue
from actors.model.drop import Shard
from actors.model.frame import Reject, ShardFrame
from actors.model.header import HeaderMap
from actors.text.plain.effort import MOST_EFFORT, effort
from actors.text.plain.html import html_text

from .boundaries import RecordSplitter, without_line_end
from .doubts import SETTINGS, reader_of
from .fields import splitter
from .joined_cells import joined_cells
from .product_rows import ProductRows
from .role_columns import comparable

_ID, _DESCRIPTION = ROLES.index("id"), ROLES.index("description")
_EMPTY_LINES = frozenset({b"\n", b"\r\n", b"\r"})


@dataclass(frozen=True, slots=True)
class ParsedShard:
    """The rows of a shard in plain Python: their `numbers`, and their values in the order of `ROLES`.

    The values end with the variants where the catalogue has `variant_columns`. `merged` counts the rows that only add
    to the first one of their product.
    """

    numbers: list[int]
    rows: list[tuple[str, ...]]
    rejects: list[Reject]
    merged: int = 0


def read_shard(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> ShardFrame:
    """Parses a shard. `data` is the bytes `[shard.start, shard.end)` of the drop's text.

    A record whose fields have nothing but whitespace is blank: it is counted, but not rejected. `rows` has the columns
    `row` (int64), `repeated` (bool) and one per role (string, with 32-bit offsets, so a shard has less than 2 GiB), and
    `variants` where the catalogue has `variant_columns`. Where it has products of several rows, further rows of a
    product only add to its first one, and are counted as merged.

    Raises:
        STORAGE_UNAVAILABLE: `data` is not as long as the shard.
        INTERNAL: `data` does not have the number of records that the plan counted.
    """
    parsed = parse_shard(data, shard, header, catalogue)
    numbers, rows = parsed.numbers, parsed.rows
    names = (*ROLES, "variants") if catalogue.variant_columns else ROLES
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    repeated = shard.repeated_rows
    table = {"row": pa.array(numbers, pa.int64())}
    # A row without an id, which a catalogue may allow, always needs its number in its image's name.
    flags = [number in repeated or not values[_ID].strip() for number, values in zip(numbers, rows, strict=True)]
    table["repeated"] = pa.array(flags, pa.bool_())
    table |= {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    replaced = sum(any("\ufffd" in value for value in values) for values in rows if not all(map(str.isascii, values)))
    blank = shard.rows - len(rows) - parsed.merged - len(parsed.rejects)
    return ShardFrame(pa.table(table), tuple(parsed.rejects), blank, shard.rows, replaced, parsed.merged)


def parse_shard(data: bytes, shard: Shard, header: HeaderMap, catalogue: Catalogue) -> ParsedShard:
    """As `read_shard`, and raises the same, but without Arrow, which would import pandas."""
    if len(data) != shard.end - shard.start:
        raise DropforgeError(
            Code.STORAGE_UNAVAILABLE,
            f"Shard {shard.name} is bytes {shard.start} to {shard.end} of the drop, but {len(data)} bytes were read. "
            "Read it again.",
        )
    boundaries = RecordSplitter.of(header, catalogue).split(data, final=True)
    if boundaries.ends.size != shard.rows:
        raise DropforgeError(
            Code.INTERNAL,
            f"Shard {shard.name} has {boundaries.ends.size} records, but the plan counted {shard.rows}. This is a bug; "
            "please report it with the file.",
        )
    products = None
    if catalogue.rows_per_product == "consecutive":
        products = ProductRows(header, catalogue, shard, data, boundaries.ends)
    parser = _RecordParser(header, catalogue, products.positions if products else ())
    numbers: list[int] = []
    rows: list[tuple[str, ...]] = []
    rejects: list[Reject] = []
    start = 0
    for index, end in enumerate(boundaries.ends.tolist()):
        record = data[start:end]
        start_of_record, start = start, end
        if len(record) < 3 and record in _EMPTY_LINES:  # the hash of a long record would take longer than its check
            continue
        try:
            values = parser.parse(record, unclosed=index in boundaries.unclosed)
            if values is None or (products is not None and products.merges(index, values)):
                continue
            parser.check(values)
        except DropforgeError as error:
            if error.kind is not Kind.ROW:
                raise
            rejects.append(reject_of(record, shard, index, start_of_record, error, catalogue))
        else:
            numbers.append(shard.first_row + index)
            if products is None:
                rows.append(values)
            else:
                products.begin(values)
    if products is None:
        return ParsedShard(numbers, rows, rejects)
    return ParsedShard(numbers, products.rows(), rejects, products.merged)


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
    def __init__(self, header: HeaderMap, catalogue: Catalogue, further: tuple[int, ...]) -> None:
        self._header = header
        self._catalogue = catalogue
        self._encoding = header.encoding
        self._names = header.names
        self._max_row_bytes = catalogue.max_row_bytes
        self._max_field_bytes = catalogue.max_field_bytes
        self._is_html = catalogue.description_format == "html"
        # A role without a column has the cell behind a row's last one, which is then added and empty.
        self._lacks_roles = len(header.positions) < len(ROLES)
        self._values = itemgetter(*(header.positions.get(role, -1) for role in ROLES), *further)
        self._read = reader_of(header.delimiter, header.fields, header.dialect)
        self._fields_expected = header.fields
        self._extra_field = header.dialect.extra_field
        self._may_unescape_nul = header.dialect.nulls
        self._columns = slice(header.first, header.first + len(header.names))
        self._null_markers = frozenset(catalogue.null_markers)
        joins = joined_cells(header, catalogue, splitter(header.delimiter, header.dialect)(header.text))
        self._joins = [(ROLES.index(role), join) for role, join in joins.items()]
        self._required = [ROLES.index(role) for role in catalogue.required]
        self._needs_id = _ID in self._required

    def parse(self, record: bytes, *, unclosed: bool) -> tuple[str, ...] | None:
        """The values in the order of `ROLES`, and those at the `further` positions; None for a blank record.

        Raises the codes of kind `ROW` for a record that can't be read.
        """
        if len(record) > self._max_row_bytes:
            raise DropforgeError(
                Code.ROW_TOO_LARGE,
                f"The row is longer than {self._catalogue.max_row_bytes} bytes. A missing closing quote may be the "
                "cause.",
            )
        if unclosed:
            raise DropforgeError(
                Code.UNCLOSED_QUOTE,
                "The row has an opening quote without a closing one before the end of the file, within "
                f"{self._catalogue.max_row_bytes} bytes, or before lines that are rows themselves. Close or double the "
                f"quote. {SETTINGS}",
            )
        fields = self._fields(record)
        if not any(map(str.strip, fields)):
            return None
        fields = self._checked(record, fields)
        if self._null_markers:
            fields = ["" if field in self._null_markers else field for field in fields]
        values: tuple[str, ...] = self._values([*fields, ""] if self._lacks_roles else fields)
        if self._joins:
            cells = [*values]
            for role, join in self._joins:
                cells[role] = join(fields)
            values = tuple(cells)
        if self._is_html and values[_DESCRIPTION]:
            values = (*values[:_DESCRIPTION], html_text(values[_DESCRIPTION]), *values[_DESCRIPTION + 1 :])
        return values

    def check(self, values: tuple[str, ...]) -> None:
        """Raises the codes of kind `ROW` for values that can't be a row of the output."""
        lacks_any = "" in values and not all(map(values.__getitem__, self._required))
        if lacks_any or (self._needs_id and not values[_ID].strip()):
            missing = [self._catalogue.shown(ROLES[role]) for role in self._required if _missing(role, values)]
            raise DropforgeError(Code.MISSING_VALUE, f"The row has no value for {', '.join(missing)}.")
        if effort(values[_DESCRIPTION]) > MOST_EFFORT:
            raise DropforgeError(
                Code.TANGLED_TEXT,
                f"The field {self._catalogue.shown('description')} has very long runs of punctuation without a space, "
                "which would take hours to split into words. Insert spaces, or remove the punctuation.",
            )

    def _fields(self, record: bytes) -> list[str]:
        try:
            text = without_line_end(record).decode(self._encoding)
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
        fields, doubt = self._read(text)
        if doubt:
            raise DropforgeError(Code.AMBIGUOUS_QUOTING, doubt)
        if self._may_unescape_nul and any("\0" in field for field in fields):
            raise DropforgeError(Code.UNDECODABLE_BYTES, r"The row has the escape \0, a NUL, which is not text.")
        return fields

    def _checked(self, record: bytes, fields: list[str]) -> list[str]:
        """The fields of the header's columns."""
        names = self._names
        expected = self._fields_expected
        if len(fields) == len(names) != expected and tuple(map(comparable, fields)) == names:
            raise DropforgeError(Code.REPEATED_HEADER, "The row repeats the header.")
        if len(fields) != expected:
            raise DropforgeError(Code.WRONG_FIELD_COUNT, self._wrong_count(len(fields)))
        if self._extra_field != "none":
            fields = self._without_extra(fields)
        if comparable(fields[0]) == names[0] and tuple(map(comparable, fields)) == names:
            raise DropforgeError(Code.REPEATED_HEADER, "The row repeats the header.")
        limit = self._max_field_bytes
        if len(record) > limit:
            for name, field in zip(names, fields, strict=True):
                length = len(field.encode(self._header.encoding))
                if length > limit:
                    raise DropforgeError(
                        Code.FIELD_TOO_LARGE, f"The field {name} has {length} bytes, more than the {limit} allowed."
                    )
        return fields

    def _without_extra(self, fields: list[str]) -> list[str]:
        if self._extra_field == "last" and fields[-1]:
            names = len(self._header.names)
            raise DropforgeError(
                Code.WRONG_FIELD_COUNT,
                f"The row has {names + 1} fields, but the header has {names}, and the last field is not empty as it is "
                "in the file's first rows.",
            )
        return fields[self._columns]

    def _wrong_count(self, count: int) -> str:
        names = len(self._header.names)
        if self._header.fields == names:
            return f"The row has {count} fields, but the header has {names}."
        return (
            f"The row has {count} fields, but the file's first rows have {self._header.fields}, one more than the "
            "header."
        )


def _missing(role: int, values: tuple[str, ...]) -> bool:
    """Blanks identify nothing; elsewhere they are a value, which is kept as it is."""
    return not (values[role].strip() if role == _ID else values[role])
