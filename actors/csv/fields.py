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
from functools import lru_cache, partial

from actors.model.dialect import Dialect

Split = Callable[[str], list[str]]

# The parser's limit applies to the whole process and is lower than ours. Records are limited before they come here.
csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))

NULL = r"\N"
"""What MariaDB, MySQL and PostgreSQL write for no value."""

LINE_ENDS = frozenset("\r\n")

_QUOTED = r'"([^"\\]*+(?:\\[\s\S][^"\\]*+)*+)"'
_QUOTED_PART = (r'"[^"]*+(?:(?<=\\)"[^"]*+)*+"', _QUOTED.replace("(", "(?:", 1))
"""The first is for a record without two backslashes in a row, and takes half as long."""
_ESCAPE = re.compile(r"\\([\s\S])")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it is in the record, escapes included, without the quotes around it."""

    raw: str
    quoted: bool


def has_line_end(record: str) -> bool:
    return "\n" in record or "\r" in record


def split_fields(record: str, delimiter: str) -> list[str]:
    """The fields of a record, which must be without its line end. Line ends inside it must be quoted."""
    if _is_plain(record):
        return record.split(delimiter)
    return _parser(delimiter, False)(record)


def strict_fields(record: str, delimiter: str) -> list[str] | None:
    """As `split_fields`; None where text is behind a closing quote, or a quote is open: no writer makes that."""
    if _is_plain(record):
        return record.split(delimiter)
    try:
        return _parser(delimiter, True)(record)
    except csv.Error:
        return None


def splitter(delimiter: str, dialect: Dialect) -> Split:
    """Gives the fields of a record without its line end, however it breaks the dialect's rules."""
    if dialect.quoting == "doubled":
        return partial(split_fields, delimiter=delimiter)
    if dialect.quoting == "backslash":
        return lambda record: [unescaped(field, delimiter, dialect) for field in quoted_fields(record, delimiter)[0]]
    if dialect.escapes == "backslash":
        return lambda record: [_text_form(raw) for raw in escaped_fields(record, delimiter)]
    return lambda record: record.split(delimiter)


def quoted_fields(record: str, delimiter: str) -> tuple[list[Field], bool]:
    """The fields of a record whose quotes are behind backslashes; and whether it keeps the rules of a writer."""
    parts = quoted_parts(record, delimiter)
    if parts is None:
        return _leniently_quoted(record, delimiter), False
    return [Field(part[1:-1], True) if part[:1] == '"' else Field(part, False) for part in parts], True


def quoted_parts(record: str, delimiter: str) -> list[str] | None:
    """As `quoted_fields`, each field with the quotes around it; None where the record does not keep the rules."""
    parts = _quoted_part(delimiter, "\\\\" in record).findall(delimiter + record)
    # What keeps no rule is one match without a part, of two characters or more.
    return parts if sum(map(len, parts)) + len(parts) == len(record) + 1 else None


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
    if escapes == "none":
        return _without_escapes(field.raw, '"', "\\\\")
    return _without_escapes(field.raw, f'"\r\n{delimiter}', "\\")


def _without_escapes(raw: str, escaped: str, backslash: str) -> str:
    """The text without the backslashes before the `escaped` characters, and `backslash` in place of each pair."""
    if "\\\\" in raw:
        return backslash.join([_without_escapes(part, escaped, backslash) for part in raw.split("\\\\")])
    for character in escaped:
        raw = raw.replace(f"\\{character}", character)
    return raw


def _text_form(raw: str) -> str:
    if "\\" not in raw:
        return raw
    return "" if raw == NULL else _ESCAPE.sub(lambda match: _CONTROLS.get(match[1], match[1]), raw)


def _is_plain(record: str) -> bool:
    """Whether the delimiters alone say what the fields are, which is faster than the parser."""
    return not ('"' in record or has_line_end(record)) and record != ""


def _leniently_quoted(record: str, delimiter: str) -> list[Field]:
    """The fields, where text behind a closing quote belongs to its field, and an open quote is text."""
    pattern = _quoted_field(delimiter)
    fields: list[Field] = []
    at = 0
    while at <= len(record):
        match = pattern.match(record, at)
        assert match is not None  # the pattern matches nothing, too
        quoted, behind, bare = match.groups()
        fields.append(Field(bare, False) if quoted is None else Field(quoted + behind, True))
        at = match.end() + 1
    return fields


@lru_cache(maxsize=64)
def _parser(delimiter: str, strict: bool) -> Split:
    """The standard library's, with its rules made once: that takes longer than to read a short record."""
    rules = csv.reader((), delimiter=delimiter, strict=strict).dialect
    return lambda record: next(csv.reader((record,), rules))


@lru_cache(maxsize=64)
def _quoted_field(delimiter: str) -> re.Pattern[str]:
    other = f"[^{re.escape(delimiter)}]*+"
    return re.compile(rf"(?:{_QUOTED}({other})|({other}))")


@lru_cache(maxsize=64)
def _quoted_part(delimiter: str, has_pairs: bool) -> re.Pattern[str]:
    """A field with the delimiter before it, or the rest of a record from a field on that keeps no rule."""
    delimiter = re.escape(delimiter)
    return re.compile(rf'{delimiter}({_QUOTED_PART[has_pairs]}|(?!")[^{delimiter}]*+)(?={delimiter}|\Z)|(?s:.)++')


@lru_cache(maxsize=64)
def _escaped_field(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf"(?:[^\\{re.escape(delimiter)}]++|\\[\s\S]?+)*+")
