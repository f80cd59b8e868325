r"""Finds from a file's head how it is quoted, by counting the records that only one way of quoting can have written.

Three ways are tried: doubled quotes, quotes behind backslashes, and none. A record counts for a way if it has the right
number of fields and keeps the rules of a writer: nothing stands between a closing quote and the delimiter. It proves a
way where no other reads it so. What the head does not prove stays open in the `Dialect`, and the rows that depend on it
become rejects (see `doubts`); if that would be many of the head's rows, the file is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.dialect import Dialect, Escapes, ExtraField, Quoting

from .boundaries import RecordSplitter, without_line_end
from .doubts import SETTINGS, doubt_of, following, in_quotes
from .fields import NULL, escaped_fields, quoted_fields, splitter, strict_fields

_CLEARLY = 10
"""A way is sure if it is proved by this many times as many records as contradict it."""
_FEWEST_UNQUOTED = 2
"""One field that begins with a quote and does not end with one may be a slip in a file that quotes its fields."""
_FEWEST_DOUBTS = 3
_DOUBLED_QUOTES = re.compile(r'(?<!\\)""')
"""Behind a backslash, the first may be escaped and the second end its field."""
_MOST = 0.75
_RECORDS_COUNTED = 100
_QUOTED_BY_CUSTOM = (",", ";")
"""RFC 4180 quotes any field of a file with commas; IANA's text/tab-separated-values has no quotes."""
_TEXT_FORM = frozenset("\\tnrbfvN0")
_LINE_ENDS = frozenset("\r\n")


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
    head = _Head(text, delimiter, catalogue, final)
    evidence = head.evidence()
    dialect = head.dialect(evidence)
    evidence = head.doubts(dialect, evidence, first_line)
    told = catalogue.quoting == "doubled"  # which leaves nothing open
    if not told and evidence.doubtful >= _FEWEST_DOUBTS and evidence.doubtful * _CLEARLY >= evidence.records:
        raise DropforgeError(
            Code.AMBIGUOUS_DIALECT,
            f"How the file quotes its fields is not clear: {evidence.doubtful} of its first {evidence.records} records "
            f"can be read in several ways, the first at line {evidence.doubtful_line}. {evidence.doubt}",
        )
    return Found(dialect, evidence)


class _Head:
    """The records of a head, by each way of quoting."""

    def __init__(self, text: bytes, delimiter: str, catalogue: Catalogue, final: bool) -> None:
        self._text = text
        self._delimiter = delimiter
        self._catalogue = catalogue
        self._encoding = catalogue.encoding
        self._final = final
        self._width = self._fields = 0
        self._header = ""
        self._rest = b""
        self._take_header()

    def evidence(self) -> Evidence:
        if not self._width or (b'"' not in self._rest and b"\\" not in self._rest):
            return Evidence()
        if self._catalogue.quoting != "auto":
            return Evidence()
        counted: Counter[str] = Counter()
        for record in self._records(Dialect("doubled")):
            counted.update(self._proofs_of_doubled(record))
        if b"\\" in self._rest and self._delimiter != "\\":
            for record in self._records(Dialect("backslash")):
                counted["backslash"] += self._proves_backslash(record)
        if b'"' in self._rest:
            counted["none"] = sum(map(self._proves_none, self._records(Dialect("none"))))
        return Evidence(
            quoted=counted["quoted"],
            doubled=counted["doubled"],
            backslash=counted["backslash"],
            none=counted["none"],
        )

    def dialect(self, evidence: Evidence) -> Dialect:
        """The way of quoting that most records prove, with what they leave open."""
        quoting = self._quoting(evidence)
        if self._catalogue.quoting == "auto" and self._catalogue.escapes == "backslash":
            quoting = "backslash" if evidence.quoted or evidence.backslash else "none"
        found = self._catalogue.quoting == "auto"
        sure = not found or self._sure(quoting, evidence)
        dialect = Dialect(quoting, found=found, sure=sure)
        escapes, bare = self._escapes(quoting, evidence)
        if quoting == "doubled" and escapes == "backslash":
            dialect = replace(dialect, quoting="none", sure=True)
        dialect = replace(dialect, escapes=escapes, bare_escapes=bare)
        return replace(dialect, extra_field=self._extra_field(dialect))

    def doubts(self, dialect: Dialect, evidence: Evidence, first_line: int) -> Evidence:
        """The same evidence with the records that the dialect can't read for sure."""
        records = doubtful = doubtful_line = 0
        reason = ""
        if not self._width or (b'"' not in self._rest and b"\\" not in self._rest):
            return evidence
        width = self._width + (dialect.extra_field != "none")
        split, doubt = splitter(self._delimiter, dialect), doubt_of(self._delimiter, width, dialect)
        starts = self._text[: len(self._text) - len(self._rest)]
        at = len(starts)
        for start, end, unclosed in self._bounds(dialect):
            record = self._decoded(self._rest[start:end])
            if not record.strip():
                continue
            records += 1
            found = f"A quote is not closed before the end of its line. {SETTINGS}" if unclosed else None
            found = found or doubt(record, split(record))
            if found:
                doubtful += 1
                if not reason:
                    doubtful_line = first_line + _lines(self._text[: at + start])
                    reason = found
        return replace(evidence, records=records, doubtful=doubtful, doubtful_line=doubtful_line, doubt=reason)

    def _take_header(self) -> None:
        told = self._catalogue.quoting
        dialect = Dialect("doubled" if told == "auto" else told)
        ends = self._splitter(dialect, 0).split(self._text, final=self._final).ends.tolist()
        for start, end in pairwise([0, *ends]):
            record = self._text[start:end]
            if record.strip():
                self._header = self._decoded(record)
                self._width = len(splitter(self._delimiter, dialect)(self._header))
                self._rest = self._text[end:]
                self._fields = self._width
                self._fields = self._most_fields()
                return

    def _splitter(self, dialect: Dialect, fields: int) -> RecordSplitter:
        return RecordSplitter(
            self._delimiter.encode(),
            self._catalogue.max_row_bytes,
            dialect,
            fields=fields,
            max_field_lines=self._catalogue.max_field_lines if fields else 0,
        )

    def _bounds(self, dialect: Dialect) -> Iterator[tuple[int, int, bool]]:
        """The start and end of each record behind the header, and whether a quote of it is open."""
        found = self._splitter(dialect, self._fields).split(self._rest, final=self._final)
        for index, (start, end) in enumerate(pairwise([0, *found.ends.tolist()])):
            yield start, end, index in found.unclosed

    def _records(self, dialect: Dialect) -> Iterator[str]:
        """The records behind the header that are not blank and whose quotes are closed, decoded."""
        for start, end, unclosed in self._bounds(dialect):
            record = self._decoded(self._rest[start:end])
            if record.strip() and not unclosed:
                yield record

    def _decoded(self, record: bytes) -> str:
        return without_line_end(record).decode(self._encoding, "replace")

    def _fits(self, fields: Sequence[object] | None) -> bool:
        return fields is not None and len(fields) == self._fields

    def _reads_doubled(self, record: str) -> bool:
        return self._fits(strict_fields(record, self._delimiter))

    def _reads_doubled_lines(self, record: str) -> bool:
        """Whether doubled quotes read a record, or the records that they see in its lines."""
        if _LINE_ENDS.isdisjoint(record):
            return self._reads_doubled(record)
        data = record.encode("utf-8", "replace")
        found = self._splitter(Dialect("doubled"), self._fields).split(data, final=True)
        parts = (data[start:end] for start, end in pairwise([0, *found.ends.tolist()]))
        return not found.unclosed and all(self._reads_doubled(without_line_end(part).decode()) for part in parts)

    def _reads_backslash(self, record: str) -> bool:
        if self._delimiter == "\\":
            return False
        fields, kept = quoted_fields(record, self._delimiter)
        return kept and self._fits([*fields])

    def _reads_unquoted(self, record: str) -> bool:
        return _LINE_ENDS.isdisjoint(record) and self._fits(record.split(self._delimiter))

    def _proofs_of_doubled(self, record: str) -> Iterator[str]:
        if '"' not in record:
            return
        doubled = self._reads_doubled(record)
        backslash = self._reads_backslash(record)
        if (doubled or backslash) and not self._reads_unquoted(record):
            yield "quoted"
        if doubled and not backslash and _DOUBLED_QUOTES.search(record):
            yield "doubled"

    def _proves_backslash(self, record: str) -> bool:
        if '\\"' not in record or not self._reads_backslash(record) or self._reads_doubled_lines(record):
            return False
        fields, _ = quoted_fields(record, self._delimiter)
        return any('"' in following(field.raw) for field in fields)

    def _proves_none(self, record: str) -> bool:
        if '"' not in record or not self._reads_unquoted(record):
            return False
        if not any(field.startswith('"') for field in record.split(self._delimiter)):
            return False
        return not self._reads_doubled(record) and not self._reads_backslash(record)

    def _quoting(self, evidence: Evidence) -> Quoting:
        if self._catalogue.quoting != "auto":
            return self._catalogue.quoting
        if evidence.backslash > max(evidence.doubled, evidence.none):
            return "backslash"
        unquoted = (Dialect("none"), Dialect("none", "backslash"))
        many = evidence.none >= _FEWEST_UNQUOTED and evidence.none > evidence.quoted + evidence.doubled
        return "none" if many and not self._header_is_quoted and any(map(self._mostly_fit, unquoted)) else "doubled"

    @property
    def _header_is_quoted(self) -> bool:
        return in_quotes(self._header.split(self._delimiter)[0])

    def _mostly_fit(self, unquoted: Dialect) -> bool:
        if unquoted.escapes == "backslash" and self._delimiter == "\\":
            return False
        split = escaped_fields if unquoted.escapes == "backslash" else str.split
        fits = [self._fits(split(record, self._delimiter)) for record in self._records(unquoted)]
        return sum(fits) >= _MOST * len(fits)

    def _sure(self, quoting: Quoting, evidence: Evidence) -> bool:
        quoted = evidence.quoted + evidence.doubled + evidence.backslash
        if quoting == "none":
            return evidence.none > _CLEARLY * quoted
        if self._header_is_quoted:
            return True
        if evidence.none * _CLEARLY > quoted:
            return False
        if quoted or self._delimiter in _QUOTED_BY_CUSTOM:
            return True
        return self._quotes_a_column()

    def _quotes_any(self) -> bool:
        """Whether a field has quotes around it."""
        lines = self._records(Dialect("none")) if b'"' in self._rest else ()
        return any(in_quotes(field) for line in lines if '"' in line for field in line.split(self._delimiter))

    def _quotes_a_column(self) -> bool:
        """Whether all values of a column, of three at least, are in quotes."""
        quoted: Counter[int] = Counter()
        plain: set[int] = set()
        if b'"' not in self._rest:
            return False
        for record in self._records(Dialect("none")):
            if self._reads_unquoted(record):
                for column, field in enumerate(record.split(self._delimiter)):
                    if in_quotes(field):
                        quoted[column] += 1
                    elif field:
                        plain.add(column)
        return any(count > 2 and column not in plain for column, count in quoted.items())

    def _escapes(self, quoting: Quoting, evidence: Evidence) -> tuple[Escapes, Escapes]:
        """Whether backslashes are escapes in quotes, or without quoting; and whether they are in bare fields."""
        told = self._catalogue.escapes
        is_shown = evidence.doubled > 2 * evidence.backslash or self._catalogue.quoting == "doubled"
        if quoting == "doubled" and (told == "none" or is_shown):
            return "none", "none"
        if told != "auto":
            return told, told
        if quoting == "doubled" and self._only_doubled_fits():
            return "none", "none"
        if quoting == "backslash":
            return self._shown(quoted=True), self._shown(quoted=False)
        if quoting == "none":
            return self._shown_without_quotes(), "none"
        if evidence.quoted or self._header_is_quoted or self._quotes_a_column():
            return "auto", "none"
        shown: Escapes = "auto" if self._quotes_any() else self._shown_without_quotes()
        return shown, "auto" if shown == "auto" else "none"

    def _only_doubled_fits(self) -> bool:
        """Whether doubled quotes read all records of a head with quotes behind backslashes, and those do not."""
        if b'\\"' not in self._rest or self._delimiter == "\\":
            return False
        return self._all_fit(Dialect("doubled")) and not self._all_fit(Dialect("backslash"))

    def _all_fit(self, dialect: Dialect) -> bool:
        for start, end, unclosed in self._bounds(dialect):
            record = self._decoded(self._rest[start:end])
            if unclosed or (record.strip() and not self._fits(self._strictly(record, dialect))):
                return False
        return True

    def _shown(self, *, quoted: bool) -> Escapes:
        """What the fields with quotes, or those without, of a file with quotes behind backslashes show."""
        escapes = text = quotes = 0
        for record in self._records(Dialect("backslash")):
            for field in quoted_fields(record, self._delimiter)[0]:
                if field.quoted is quoted and "\\" in field.raw and (quoted or field.raw != NULL):
                    behind = following(field.raw)
                    quotes += not quoted and '"' in behind
                    as_escapes = behind & {"\\", self._delimiter, *_LINE_ENDS}
                    escapes += bool(as_escapes)
                    text += bool(behind - as_escapes - {'"', ""})
        if escapes > _CLEARLY * text and (quoted or quotes):
            return "backslash"
        return "none" if text and text >= escapes and not quotes else "auto"

    def _shown_without_quotes(self) -> Escapes:
        """What the fields of a file that quotes nothing show: whether it is the text form of a database."""
        if self._delimiter == "\\" or b"\\" not in self._rest:
            return "auto"
        behind: set[str] = set()
        nulls = 0
        for record in self._records(Dialect("none")):
            behind |= following(record) - {""}
            nulls += NULL in record.split(self._delimiter)
        joined = misfits = 0
        for record in self._records(Dialect("none", "backslash")):
            fits = self._fits([*escaped_fields(record, self._delimiter)])
            joined += fits and not self._reads_unquoted(record)
            misfits += not fits
        text_form = behind <= _TEXT_FORM | {self._delimiter, *_LINE_ENDS}
        if (nulls and text_form) or (joined > 1 and joined > misfits):
            return "backslash"
        return "none" if behind - _TEXT_FORM - {'"', self._delimiter} else "auto"

    def _extra_field(self, dialect: Dialect) -> ExtraField:
        """The field that all records of the head have and the header has not."""
        last = None
        for record in self._records(dialect):
            fields = self._strictly(record, dialect)
            if fields is not None and any(map(str.strip, fields)):
                if len(fields) != self._width + 1 or self._another_way_fits_the_header(record):
                    return "none"
                last = last or fields[-1]
        return "none" if last is None else "first" if last else "last"

    def _another_way_fits_the_header(self, record: str) -> bool:
        if "\\" not in record or self._delimiter == "\\":
            return False
        quoted, kept = quoted_fields(record, self._delimiter)
        return self._width in (len(escaped_fields(record, self._delimiter)), len(quoted) if kept else 0)

    def _strictly(self, record: str, dialect: Dialect) -> list[str] | None:
        """The fields of a record that keeps the rules of a writer."""
        if dialect.quoting == "doubled":
            return strict_fields(record, self._delimiter)
        if dialect.quoting == "backslash" and not quoted_fields(record, self._delimiter)[1]:
            return None
        return splitter(self._delimiter, dialect)(record)

    def _most_fields(self) -> int:
        """How many fields most of the first records have: one more than the header, or as many."""
        counted: Counter[int] = Counter()
        for dialect in (Dialect("doubled"), Dialect("none")):
            for record in islice(self._records(dialect), _RECORDS_COUNTED):
                counted[len(self._strictly(record, dialect) or ())] += 1
        return self._width + (counted[self._width + 1] > counted[self._width])


def _lines(text: bytes) -> int:
    """How many lines end in a text."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
