"""The header record: the delimiter, and which field has which role."""

from __future__ import annotations

import difflib

from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, AttributeColumnPairs, Catalogue, Role
from actors.model.dialect import DOUBLED, Dialect
from actors.model.header import HeaderMap

from .boundaries import RecordSplitter, without_line_end
from .content import BOM, HEAD_BYTES
from .fields import splitter
from .role_columns import column_pairs, columns_of, comparable

DELIMITERS = (",", ";", "\t", "|")
"""Tried in this order when the catalogue's delimiter is `auto`."""

MAX_COLUMNS = 10_000

_NAMES_SHOWN = 20
_LINES_TRIED = 20


def detect_delimiter(head: bytes, catalogue: Catalogue) -> str:
    """The catalogue's delimiter, or if that is `auto`, the one with which the header has most of its columns.

    `head` is the first `HEAD_BYTES` bytes of the file, or all of a shorter file. A comma if no other has more.
    """
    if catalogue.delimiter != "auto":
        return catalogue.delimiter
    return _best_delimiter(head, catalogue)


def read_header(
    record: bytes, catalogue: Catalogue, delimiter: str, dialect: Dialect = DOUBLED, *, before: str = ""
) -> HeaderMap:
    """Maps each role to its field. `dialect` and `before` are as in `HeaderMap`.

    Raises:
        UNSUPPORTED_ENCODING: the header is not text in the catalogue's encoding.
        MISSING_COLUMN: columns are missing; the message has the nearest existing names.
        DUPLICATE_COLUMN: the column of a role occurs twice. Other columns may repeat.
        TOO_LARGE: the header has more than `HEAD_BYTES` bytes or `MAX_COLUMNS` columns.
    """
    if len(record) > HEAD_BYTES:
        raise DropforgeError(
            Code.TOO_LARGE,
            f"The header has {len(record)} bytes, more than the {HEAD_BYTES} that are allowed. Remove columns that are "
            "not needed, or shorten their names, and drop the file again.",
        )
    try:
        text = _text(record, catalogue)
    except UnicodeDecodeError as error:
        raise DropforgeError(
            Code.UNSUPPORTED_ENCODING,
            f"The header is not valid {catalogue.encoding} (at byte {error.start}). Save the file as UTF-8, or set the "
            "catalogue's `encoding`.",
        ) from error
    names = _names(text, delimiter, dialect)
    if len(names) > MAX_COLUMNS:
        raise DropforgeError(
            Code.TOO_LARGE,
            f"The header has {len(names)} columns, more than the {MAX_COLUMNS} that are allowed. Remove columns that "
            "are not needed, and drop the file again.",
        )
    positions: dict[Role, int] = {}
    several: dict[Role, tuple[int, ...]] = {}
    missing: list[Role] = []
    for role in ROLES:
        columns = columns_of(role, catalogue, names)
        for wanted, found in columns:
            if len(found) > 1 and comparable(wanted) == names[found[0]]:
                raise DropforgeError(
                    Code.DUPLICATE_COLUMN,
                    f"The header has the column {wanted!r} {len(found)} times, so it is ambiguous. Rename or remove "
                    "all but one, and drop the file again.",
                )
        at = tuple(position for _, found in columns for position in found)
        if at:
            positions[role] = at[0]
            if catalogue.has_several(role):
                several[role] = at
        elif role in catalogue.required or role not in catalogue.optional_columns:
            missing.append(role)
    if missing:
        raise DropforgeError(Code.MISSING_COLUMN, _missing_columns(missing, names, record, catalogue, delimiter))
    specifications = catalogue.columns.specifications
    pairs = column_pairs(specifications, names) if isinstance(specifications, AttributeColumnPairs) else ()
    return HeaderMap(text, catalogue.encoding, delimiter, names, positions, several, pairs, dialect, before)


def lines_before_header(text: bytes, catalogue: Catalogue) -> int:
    """How many lines are before the one with most of the columns, among the first lines of a text that has a better
    one than its first; 0 if that is the best."""
    lines = text.split(b"\n", _LINES_TRIED)[:_LINES_TRIED]
    found = [max(_columns_found(line, catalogue, delimiter) for delimiter in _delimiters(catalogue)) for line in lines]
    return found.index(max(found))


def _delimiters(catalogue: Catalogue) -> tuple[str, ...]:
    return DELIMITERS if catalogue.delimiter == "auto" else (catalogue.delimiter,)


def _text(record: bytes, catalogue: Catalogue) -> str:
    return record.removeprefix(BOM).decode(catalogue.encoding)


def _names(text: str, delimiter: str, dialect: Dialect = DOUBLED) -> tuple[str, ...]:
    return tuple(map(comparable, splitter(delimiter, dialect)(text)))


def _best_delimiter(head: bytes, catalogue: Catalogue) -> str:
    return max(DELIMITERS, key=lambda delimiter: _columns_found(head, catalogue, delimiter))


def _columns_found(head: bytes, catalogue: Catalogue, delimiter: str) -> int:
    text = head.removeprefix(BOM).lstrip(b" \r\n")
    end = next(RecordSplitter(delimiter.encode(), catalogue.max_row_bytes).ends(text, final=True), 0)
    if not end:
        return 0
    try:
        names = _names(_text(without_line_end(text[:end]), catalogue), delimiter)
    except UnicodeDecodeError:
        return 0
    return sum(any(found for _, found in columns_of(role, catalogue, names)) for role in ROLES)


def _missing_columns(
    missing: list[Role], names: tuple[str, ...], record: bytes, catalogue: Catalogue, delimiter: str
) -> str:
    wanted = []
    for role in missing:
        column = catalogue.shown(role)
        nearest = [] if catalogue.has_several(role) else difflib.get_close_matches(comparable(column), names, n=1)
        wanted.append(f"{column!r} (nearest: {nearest[0][:80]!r})" if nearest else repr(column))
    shown = ", ".join(name[:80] for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    message = f"The header lacks {', '.join(wanted)}; it has {shown}{more}."
    other = _best_delimiter(record, catalogue)
    if _columns_found(record, catalogue, other) > _columns_found(record, catalogue, delimiter):
        return f"{message} The columns seem to be separated by {other!r}: set the catalogue's `delimiter` to it."
    return f"{message} Rename the columns in the file, or set the catalogue's `columns` to the file's names."
