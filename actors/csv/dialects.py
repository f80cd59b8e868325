r"""Finds from a file's head how it is quoted, by counting the records that only one way of quoting can have written.

Three ways are tried: doubled quotes, quotes behind backslashes, and none (see `evidence`). What the head does not prove
stays open in the `Dialect`, and the rows that depend on it become rejects (see `doubts`); if that would be many of the
head's rows, the file is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.dialect import Dialect, ExtraField, Quoting

from .doubts import SETTINGS, reader_of
from .escapes import CLEARLY, escapes_of
from .evidence import Evidence, evidence_of
from .fields import escaped_fields, quoted_fields
from .head_records import TEXT_FORM, UNQUOTED, HeadRecords

_FEWEST_UNQUOTED = 2
"""One field that begins with a quote and does not end with one may be a slip in a file that quotes its fields."""
_FEWEST_DOUBTS = 3
_FEWEST_NAMED = 2
"""One record with a field too many may as well have a delimiter too many anywhere."""
_MOST = 0.75
_QUOTED_BY_CUSTOM = (",", ";")
"""RFC 4180 quotes any field of a file with commas; IANA's text/tab-separated-values has no quotes."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a head is written, and why."""

    dialect: Dialect
    evidence: Evidence


def find_dialect(text: bytes, delimiter: str, catalogue: Catalogue, *, final: bool, first_line: int = 1) -> Found:
    """The dialect of a file whose header is the first record of `text` that is not blank.

    `final` says that the text is the whole file; otherwise its last record is not looked at. `first_line` is the
    number of the text's first line in the file.

    Raises:
        AMBIGUOUS_DIALECT: the head's records contradict one another, or do not show what their cells depend on.
    """
    head = HeadRecords(text, delimiter, catalogue, final=final)
    evidence = evidence_of(head)
    dialect = dialect_of(head, evidence)
    evidence = _with_doubts(head, dialect, evidence, first_line)
    told = catalogue.quoting == "doubled"  # which leaves nothing open
    if not told and evidence.doubtful >= _FEWEST_DOUBTS and evidence.doubtful * CLEARLY >= evidence.records:
        raise DropforgeError(
            Code.AMBIGUOUS_DIALECT,
            f"How the file quotes its fields is not clear: {evidence.doubtful} of its first {evidence.records} records "
            f"can be read in several ways, the first at line {evidence.doubtful_line}. {evidence.doubt}",
        )
    return Found(dialect, evidence)


def dialect_of(head: HeadRecords, evidence: Evidence) -> Dialect:
    """The way of quoting that most records prove, with what they leave open."""
    found = head.catalogue.quoting == "auto"
    quoting = _quoting(head, evidence)
    sure = not found or _sure(head, quoting, evidence)
    escapes, bare = escapes_of(head, quoting, evidence)
    dialect = Dialect(quoting, escapes, bare, found=found, sure=sure)
    if quoting == "doubled" and escapes == "backslash":
        dialect = replace(dialect, quoting="none", sure=True)
    return replace(dialect, extra_field=_extra_field(head, dialect))


def _quoting(head: HeadRecords, evidence: Evidence) -> Quoting:
    if head.catalogue.quoting != "auto":
        return head.catalogue.quoting
    if head.catalogue.escapes == "backslash":
        return "backslash" if evidence.quoted or evidence.backslash else "none"
    if evidence.backslash > max(evidence.doubled, evidence.none):
        return "backslash"
    many = evidence.none >= _FEWEST_UNQUOTED and evidence.none > evidence.quoted + evidence.doubled
    if many and not head.header_is_quoted and any(_mostly_fit(head, way) for way in (UNQUOTED, TEXT_FORM)):
        return "none"
    return "doubled"


def _mostly_fit(head: HeadRecords, unquoted: Dialect) -> bool:
    if unquoted.escapes == "backslash" and head.delimiter == "\\":
        return False
    split = escaped_fields if unquoted.escapes == "backslash" else str.split
    fits = [head.fits(split(record, head.delimiter)) for record in head.closed(unquoted)]
    return sum(fits) >= _MOST * len(fits)


def _sure(head: HeadRecords, quoting: Quoting, evidence: Evidence) -> bool:
    quoted = evidence.quoted + evidence.doubled + evidence.backslash
    if quoting == "none":
        return evidence.none > CLEARLY * quoted
    if head.header_is_quoted:
        return True
    if evidence.none * CLEARLY > quoted:
        return False
    return bool(quoted) or head.delimiter in _QUOTED_BY_CUSTOM or head.quotes_a_column()


def _extra_field(head: HeadRecords, dialect: Dialect) -> ExtraField:
    """The field that all records of the head have and the header has not."""
    records = 0
    last = ""
    for record in head.closed(dialect):
        fields = head.strictly(record, dialect)
        if fields is not None and any(map(str.strip, fields)):
            if len(fields) != head.width + 1 or _another_way_fits_the_header(head, record):
                return "none"
            records += 1
            last = last or fields[-1]
    if last:
        return "first" if records >= _FEWEST_NAMED else "none"
    return "last" if records else "none"


def _another_way_fits_the_header(head: HeadRecords, record: str) -> bool:
    if "\\" not in record or head.delimiter == "\\":
        return False
    quoted, kept = quoted_fields(record, head.delimiter)
    return head.width in (len(escaped_fields(record, head.delimiter)), len(quoted) if kept else 0)


def _with_doubts(head: HeadRecords, dialect: Dialect, evidence: Evidence, first_line: int) -> Evidence:
    """The same evidence with the records that the dialect can't read for sure."""
    if not head.width or not head.has_marks:
        return evidence
    width = head.width + (dialect.extra_field != "none")
    read = reader_of(head.delimiter, width, dialect)
    quotes_suffice = dialect.quoting == "doubled" and dialect.sure
    before = len(head.text) - len(head.rest)
    records = head.all(dialect)
    doubtful = doubtful_line = 0
    reason = ""
    for record in records:
        is_plain = quotes_suffice and not record.unclosed and "\\" not in record.text
        if is_plain and head.strictly(record.text, dialect) is not None:
            continue
        found = f"A quote is not closed before the end of its line. {SETTINGS}" if record.unclosed else None
        found = found or read(record.text)[1]
        if found:
            doubtful += 1
            if not reason:
                doubtful_line = first_line + _lines(head.text[: before + record.start])
                reason = found
    return replace(evidence, records=len(records), doubtful=doubtful, doubtful_line=doubtful_line, doubt=reason)


def _lines(text: bytes) -> int:
    """How many lines end in a text."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
