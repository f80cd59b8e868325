"""The header record: which field holds which role, and by which delimiter."""

from __future__ import annotations

import difflib

from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, Catalogue, Role
from actors.model.header import HeaderMap

from .boundaries import RecordSplitter, without_line_end
from .content import BOM, HEAD_BYTES
from .fields import split_fields

DELIMITERS = (",", ";", "\t", "|")
"""Tried in this order where the catalogue's delimiter is `auto`."""

MAX_COLUMNS = 10_000

_NAMES_SHOWN = 20


def comparable(name: str) -> str:
    """A column name as names are compared: without byte order mark, outer blanks and case."""
    return name.removeprefix("\ufeff").strip().casefold()


def detect_delimiter(head: bytes, catalogue: Catalogue) -> str:
    """The catalogue's delimiter, or where that is `auto` the one that finds most of its columns in the header.

    `head` is the file's first `HEAD_BYTES` bytes, or all of a shorter file. A comma where none finds more.
    """
    if catalogue.delimiter != "auto":
        return catalogue.delimiter
    return _best_delimiter(head, catalogue)


def read_header(record: bytes, catalogue: Catalogue, delimiter: str) -> HeaderMap:
    """Maps roles to fields.

    Raises:
        DropforgeError: `UNSUPPORTED_ENCODING` when the header isn't text in the catalogue's encoding,
            `MISSING_COLUMN` naming the columns and their nearest present names, `DUPLICATE_COLUMN` when a
            role's column is there twice (other columns may repeat), `TOO_LARGE` when it is longer than `HEAD_BYTES`
            or has more than `MAX_COLUMNS`.
    """
    if len(record) > HEAD_BYTES:
        raise DropforgeError(
            Code.TOO_LARGE,
            f"The header has {len(record)} bytes, more than {HEAD_BYTES}. Drop the file with the columns that are "
            "needed, or shorter names.",
        )
    try:
        text = _text(record, catalogue)
    except UnicodeDecodeError as error:
        raise DropforgeError(
            Code.UNSUPPORTED_ENCODING,
            f"The header is not {catalogue.encoding} text (byte {error.start}). Save the file as UTF-8, or set the "
            "catalogue's `encoding`.",
        ) from error
    names = _names(text, delimiter)
    if len(names) > MAX_COLUMNS:
        raise DropforgeError(
            Code.TOO_LARGE,
            f"The header has {len(names)} columns, more than {MAX_COLUMNS}. Leave out what is not needed.",
        )
    positions: dict[Role, int] = {}
    missing: list[str] = []
    for role in ROLES:
        column = getattr(catalogue.columns, role)
        match names.count(comparable(column)):
            case 1:
                positions[role] = names.index(comparable(column))
            case 0:
                if role in catalogue.required or role not in catalogue.optional_columns:
                    missing.append(column)
            case count:
                raise DropforgeError(
                    Code.DUPLICATE_COLUMN,
                    f"The header has the column {column!r} {count} times, so it is unclear which to read. Rename or "
                    "remove all but one.",
                )
    if missing:
        raise DropforgeError(Code.MISSING_COLUMN, _missing_columns(missing, names, record, catalogue, delimiter))
    return HeaderMap(text, catalogue.encoding, delimiter, names, positions)


def _text(record: bytes, catalogue: Catalogue) -> str:
    return record.removeprefix(BOM).decode(catalogue.encoding)


def _names(text: str, delimiter: str) -> tuple[str, ...]:
    return tuple(map(comparable, split_fields(text, delimiter)))


def _best_delimiter(head: bytes, catalogue: Catalogue) -> str:
    return max(DELIMITERS, key=lambda delimiter: _columns_found(head, catalogue, delimiter))


def _columns_found(head: bytes, catalogue: Catalogue, delimiter: str) -> int:
    splitter = RecordSplitter(delimiter.encode(), catalogue.max_row_bytes)
    text = head.removeprefix(BOM).lstrip(b" \r\n")
    ends = splitter.split(text, final=True).ends
    if not ends.size:
        return 0
    try:
        names = _names(_text(without_line_end(text[: ends[0]]), catalogue), delimiter)
    except UnicodeDecodeError:
        return 0
    return sum(comparable(getattr(catalogue.columns, role)) in names for role in ROLES)


def _missing_columns(
    missing: list[str], names: tuple[str, ...], record: bytes, catalogue: Catalogue, delimiter: str
) -> str:
    wanted = []
    for column in missing:
        nearest = difflib.get_close_matches(comparable(column), names, n=1)
        wanted.append(f"{column!r} (nearest: {nearest[0][:80]!r})" if nearest else repr(column))
    shown = ", ".join(name[:80] for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    message = f"The header lacks {', '.join(wanted)}; it has {shown}{more}."
    other = _best_delimiter(record, catalogue)
    if _columns_found(record, catalogue, other) > _columns_found(record, catalogue, delimiter):
        return f"{message} Its columns seem to be separated by {other!r}: set the catalogue's `delimiter` to it."
    return f"{message} Rename the columns, or name the file's own in the catalogue's `columns`."
