r"""Whether another way of quoting would read a record differently, so that its cells would depend on a guess.

A file's dialect is found from its start (see `dialects`). A later record can still show another one, or something that
the start did not: then it is a reject, with the settings that decide it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import repeat
from operator import contains

from actors.model.dialect import Dialect

from .fields import (
    LINE_ENDS,
    NULL,
    Field,
    escaped_fields,
    has_line_end,
    quoted_fields,
    quoted_parts,
    split_fields,
    splitter,
    strict_fields,
    unescaped,
)

Reader = Callable[[str], tuple[list[str], str | None]]
"""From a record to its fields, and why they can't be read for sure; None where they can."""

_PAIR = re.compile(r"\\([\s\S]?)")
TEXT_FORM_ESCAPES = frozenset("\\tnrbfvN0")
"""What follows a backslash in the text forms of PostgreSQL, mysql and jq."""
_BACKSLASH = Dialect("backslash", "backslash", "backslash")
_IN_QUOTES = re.compile(r'"((?:[^"\\]|""|\\[\s\S])*+)"\Z')

SETTINGS = (
    'Set the catalogue\'s `quoting` to `none` if the file quotes nothing, to `doubled` if a quote is written "", or to '
    '`backslash` if it is written \\".'
)
_ESCAPES = (
    r"Set the catalogue's `escapes` to `backslash` if the writer writes a backslash as \\, or to `none` if it leaves "
    "backslashes as they are, and `quoting` to how it writes quotes."
)
_NEEDLESS = f"A field has quotes around it that it does not need, and the file has shown no others. {SETTINGS}"
_BEHIND_CLOSING = (
    f"Text follows the closing quote of a field, though the file's quotes are behind backslashes. {SETTINGS}"
)


def reader_of(delimiter: str, width: int, dialect: Dialect) -> Reader:
    """Reads records without their line ends, which have `width` fields."""
    split = splitter(delimiter, dialect)
    if dialect.quoting == "doubled":
        return _doubled_reader(delimiter, width, dialect) if dialect.found else lambda record: (split(record), None)
    if dialect.quoting == "backslash":
        return _backslash_reader(delimiter, width, dialect)

    def read(record: str) -> tuple[list[str], str | None]:
        fields = split(record)
        return fields, _unquoted(record, fields, delimiter, width, dialect)

    return read


def following(text: str) -> set[str]:
    """The characters behind the backslashes of a text, without those that are behind one themselves."""
    return set(_PAIR.findall(text))


def in_quotes(field: str) -> bool:
    """Whether a field as it is in the record has quotes around it, and none in it that is not doubled or escaped."""
    return bool(_IN_QUOTES.match(field))


def _doubled_reader(delimiter: str, width: int, dialect: Dialect) -> Reader:
    open_to_doubt = not dialect.sure

    def read(record: str) -> tuple[list[str], str | None]:
        fields = strict_fields(record, delimiter)
        if fields is None:
            reason = f"Text follows the closing quote of a field: {_near(record, delimiter)}. {SETTINGS}"
            return split_fields(record, delimiter), reason
        if open_to_doubt and '"' in record and _could_be_unquoted(record, fields, delimiter, width):
            return fields, _NEEDLESS
        return fields, _backslashes(record, fields, delimiter, width, dialect) if "\\" in record else None

    return read


def _backslash_reader(delimiter: str, width: int, dialect: Dialect) -> Reader:
    split = splitter(delimiter, dialect)
    open_to_doubt = dialect.found and not dialect.sure

    def read(record: str) -> tuple[list[str], str | None]:
        parts = quoted_parts(record, delimiter)
        if parts is None:
            return split(record), _BEHIND_CLOSING
        fields = [part[1:-1] if part[:1] == '"' else part for part in parts]
        if "\\" not in record:
            doubtful = open_to_doubt and '"' in record and _could_be_unquoted(record, fields, delimiter, width)
            return fields, _NEEDLESS if doubtful else None
        others = False
        for at, field in enumerate(fields):
            if "\\" in field:
                fields[at] = field = field.replace('\\"', '"')
                others = others or "\\" in field
        if not others:  # each backslash is before a quote, which all meanings of backslashes read alike
            return fields, None
        return split(record), _contradiction(record, delimiter, dialect)

    return read


def _backslashes(record: str, fields: list[str], delimiter: str, width: int, dialect: Dialect) -> str | None:
    if '\\"' in record:
        for other in (_as_backslash(record, delimiter), _as_php(record, delimiter)):
            if other is not None and len(other) == width and other != fields:
                return f'The quote of a \\" may end its field or belong to it. {SETTINGS}'
        if dialect.escapes == "auto" and _goes_on(record, delimiter):
            return f'If the quote of a \\" belongs to its field, the record goes on in the next line. {SETTINGS}'
    if f"\\{delimiter}" in record and len(escaped_fields(record, delimiter)) == width:
        return f"The record has {width} fields also if a backslash escapes a delimiter. {_ESCAPES}"
    if dialect.escapes == "auto" and _may_be_escapes(record, fields, dialect):
        return f"The record has backslashes that may be escapes, and the file has not shown whether. {_ESCAPES}"
    return None


def _could_be_unquoted(record: str, fields: list[str], delimiter: str, width: int) -> bool:
    if has_line_end(record) or (len(fields) == width and any(map(contains, fields, repeat(delimiter)))):
        return False
    plain = record.split(delimiter)
    if len(plain) != width or plain == fields:
        return False
    return not any(field == '""' or ('""' in field[1:-1] and in_quotes(field)) for field in plain)


def _may_be_escapes(record: str, fields: list[str], dialect: Dialect) -> bool:
    behind = following(record) - {'"', ""}
    if NULL in fields:
        return True
    if dialect.bare_escapes == "auto" and behind and behind <= TEXT_FORM_ESCAPES:
        return True
    doubled = behind & {"\\", *LINE_ENDS}
    return bool(doubled) and behind <= {"\\", *LINE_ENDS}


def _contradiction(record: str, delimiter: str, dialect: Dialect) -> str | None:
    parts, _ = quoted_fields(record, delimiter)
    if _contradicts(parts, delimiter, True, dialect.escapes) or _contradicts(
        parts, delimiter, False, dialect.bare_escapes
    ):
        return f"The record's backslashes may be escapes, or not, and the file shows no rule for them. {_ESCAPES}"
    return None


def _contradicts(parts: list[Field], delimiter: str, quoted: bool, escapes: str) -> bool:
    behind: set[str] = set()
    for part in parts:
        if part.quoted is quoted and (quoted or part.raw != NULL):
            behind |= following(part.raw)
    as_escapes = behind & {"\\", delimiter, *LINE_ENDS}
    as_text = behind - as_escapes - {'"'}
    if escapes == "backslash":
        return bool(as_text)
    return escapes == "auto" and bool(as_escapes)


def _unquoted(record: str, fields: list[str], delimiter: str, width: int, dialect: Dialect) -> str | None:
    if dialect.found and '"' in record:
        if len(fields) != width and len(strict_fields(record, delimiter) or ()) == width:
            return f"The record has {width} fields only if its quotes are around fields. {SETTINGS}"
        for field in record.split(delimiter):
            if field.startswith('"') and in_quotes(field) and ('""' in field[1:-1] or not dialect.sure):
                return f"A field has quotes around it, though the file quotes nothing. {SETTINGS}"
    if dialect.escapes == "auto" and "\\" in record:
        behind = following(record)
        if behind <= TEXT_FORM_ESCAPES:
            return f"The record has backslashes that may be escapes, and the file has not shown whether. {_ESCAPES}"
    return None


def _goes_on(record: str, delimiter: str) -> bool:
    """Whether a quote is open at the record's end if one behind a backslash does not close its field."""
    return quoted_fields(f'{record}"', delimiter)[1] or _as_php(f'{record}"', delimiter) is not None


def _as_backslash(record: str, delimiter: str) -> list[str] | None:
    parts, kept = quoted_fields(record, delimiter)
    return [unescaped(part, delimiter, _BACKSLASH) for part in parts] if kept else None


def _as_php(record: str, delimiter: str) -> list[str] | None:
    """The fields as PHP's fputcsv means them: a quote is doubled, except behind a backslash."""
    return strict_fields(re.sub(r'\\"', '\\\\""', record), delimiter)


def _near(record: str, delimiter: str) -> str:
    """The field with the text behind its closing quote."""
    found = re.search(
        rf'(?:\A|{re.escape(delimiter)})("[^"]*+(?:""[^"]*+)*+"[^{re.escape(delimiter)}]{{1,20}})', record
    )
    return found[1][-60:] if found else "a quote is not closed"
