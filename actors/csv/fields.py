r"""Splits a record's text into its fields, as its dialect says.

Doubled quotes are the standard library's. Behind backslashes, the rules are those of what writes them (PySpark 4.3,
MariaDB 10.11, pandas 3, DuckDB 1.5, R 4.2): `\"` is a quote, and whether `\\` is one backslash differs, so
`Dialect.escapes` says it. Without quoting, the escapes are those of PostgreSQL's text format, `mysql --batch` and
`jq @tsv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from actors.model.dialect import Dialect

Split = Callable[[str], list[str]]

# The parser's limit applies to the whole process and is lower than ours. Records are limited before they come here.
csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))

NULL = r"\N"
"""What MariaDB, MySQL and PostgreSQL write for no value."""

LINE_ENDS = frozenset("\r\n")

_ESCAPE = re.compile(r"\\([\s\S])")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it is in the record, escapes included, without the quotes around it."""

    raw: str
    quoted: bool


def split_fields(record: str, delimiter: str) -> list[str]:
    """The fields of a record, which must be without its line end. Line ends inside it must be quoted."""
    return next(csv.reader((record,), delimiter=delimiter))


def strict_fields(record: str, delimiter: str) -> list[str] | None:
    """As `split_fields`; None where text is behind a closing quote, or a quote is open: no writer makes that."""
    try:
        return next(csv.reader((record,), delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def splitter(delimiter: str, dialect: Dialect) -> Split:
    """Gives the fields of a record without its line end, however it breaks the dialect's rules."""
    if dialect.quoting == "doubled":
        return lambda record: split_fields(record, delimiter)
    if dialect.quoting == "backslash":
        return lambda record: [unescaped(field, delimiter, dialect) for field in quoted_fields(record, delimiter)[0]]
    if dialect.escapes == "backslash":
        return lambda record: [_text_form(raw) for raw in escaped_fields(record, delimiter)]
    return lambda record: record.split(delimiter)


def quoted_fields(record: str, delimiter: str) -> tuple[list[Field], bool]:
    """The fields of a record whose quotes are behind backslashes; and whether it keeps the rules of a writer."""
    strict, lenient = _quoted_field(delimiter)
    fields: list[Field] = []
    kept = True
    at = 0
    while True:
        match = strict.match(record, at)
        if not match:
            match = lenient.match(record, at)
            kept = False
        assert match is not None  # the lenient pattern matches nothing, too
        quoted, behind, bare = match.groups()
        fields.append(Field(bare, False) if quoted is None else Field(quoted + (behind or ""), True))
        at = match.end() + 1
        if at > len(record):
            return fields, kept


def escaped_fields(record: str, delimiter: str) -> list[str]:
    """The fields of a record that quotes nothing and escapes its delimiters; the escapes are left in."""
    pattern = _escaped_field(delimiter)
    fields: list[str] = []
    at = 0
    while at <= len(record):
        match = pattern.match(record, at)
        assert match is not None  # the pattern matches nothing, too
        fields.append(match[0])
        at = match.end() + 1
    return fields


def unescaped(field: Field, delimiter: str, dialect: Dialect) -> str:
    r"""The text of a field. A backslash before any other character than those that its writers escape is text."""
    if "\\" not in field.raw:
        return field.raw
    if not field.quoted and field.raw == NULL:
        return ""
    escapes = dialect.escapes if field.quoted else dialect.bare_escapes
    dropped = '"' if escapes == "none" else f'"\\\r\n{delimiter}'
    return _ESCAPE.sub(lambda match: match[1] if match[1] in dropped else match[0], field.raw)


def _text_form(raw: str) -> str:
    if "\\" not in raw:
        return raw
    return "" if raw == NULL else _ESCAPE.sub(lambda match: _CONTROLS.get(match[1], match[1]), raw)


@lru_cache(maxsize=64)
def _quoted_field(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    other = f"[^{re.escape(delimiter)}]*+"
    quoted = r'"([^"\\]*+(?:\\[\s\S][^"\\]*+)*+)"'
    end = f"(?={re.escape(delimiter)}|\\Z)"
    return re.compile(rf'(?:{quoted}()|(?!")({other})){end}'), re.compile(rf"(?:{quoted}({other})|({other}))")


@lru_cache(maxsize=64)
def _escaped_field(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf"(?:[^\\{re.escape(delimiter)}]++|\\[\s\S]?+)*+")
