"""How many records of a head only one way of quoting can have written.

A record counts for a way if it has the right number of fields and keeps the rules of a writer: nothing stands between a
closing quote and the delimiter. It proves a way where no other reads it so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from actors.model.dialect import DOUBLED

from .doubts import following
from .fields import quoted_fields
from .head_records import BACKSLASH, UNQUOTED, HeadRecords

_DOUBLED_QUOTES = re.compile(r'(?<!\\)""')
"""Behind a backslash, the first may be escaped and the second end its field."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the records of a head say, each figure a number of records.

    `quoted`: only with quotes around fields they have the right number of fields. `doubled`, `backslash` and `none`:
    only this way reads them. `doubtful` ones would be rejects, the first of them at line `doubtful_line` of the file,
    for the reason `doubt`.
    """

    records: int = 0
    quoted: int = 0
    doubled: int = 0
    backslash: int = 0
    none: int = 0
    doubtful: int = 0
    doubtful_line: int = 0
    doubt: str = ""


def evidence_of(head: HeadRecords) -> Evidence:
    """The proofs for each way, without the doubts; none where a setting says how the file is quoted."""
    if not head.width or not head.has_marks or head.catalogue.quoting != "auto":
        return Evidence()
    quoted = doubled = 0
    for record in head.closed(DOUBLED):
        if '"' in record:
            is_doubled, is_backslash = head.reads_doubled(record), head.reads_backslash(record)
            quoted += (is_doubled or is_backslash) and not head.reads_unquoted(record)
            doubled += is_doubled and not is_backslash and _has_doubled_quotes(record, head.delimiter)
    backslash = none = 0
    if b'\\"' in head.rest and head.backslash_may_escape:
        backslash = sum(_proves_backslash(head, record) for record in head.closed(BACKSLASH))
    if b'"' in head.rest:
        none = sum(_proves_none(head, record) for record in head.closed(UNQUOTED))
    return Evidence(quoted=quoted, doubled=doubled, backslash=backslash, none=none)


def _has_doubled_quotes(record: str, delimiter: str) -> bool:
    """Whether a field in quotes has them: in one without, two quotes are two quotes."""
    if '""' not in record:
        return False
    fields = (found[1] for found in _field(delimiter).finditer(record))
    return any(field.startswith('"') and _DOUBLED_QUOTES.search(field, 1) for field in fields)


@lru_cache(maxsize=64)
def _field(delimiter: str) -> re.Pattern[str]:
    """Each field of a record that doubled quotes read strictly, with the quotes around it."""
    delimiter = re.escape(delimiter)
    return re.compile(rf'("[^"]*+(?:""[^"]*+)*+"|[^{delimiter}]*+)(?:{delimiter}|\Z)')


def _proves_backslash(head: HeadRecords, record: str) -> bool:
    if '\\"' not in record or not head.reads_backslash(record) or head.reads_doubled_lines(record):
        return False
    fields, _ = quoted_fields(record, head.delimiter)
    return any('"' in following(field.raw) for field in fields)


def _proves_none(head: HeadRecords, record: str) -> bool:
    if '"' not in record or not head.reads_unquoted(record):
        return False
    if not any(field.startswith('"') for field in record.split(head.delimiter)):
        return False
    return not head.reads_doubled(record) and not head.reads_backslash(record)
