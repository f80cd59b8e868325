"""The records of a file's head, by each way of quoting, and whether a record is as a writer of that way makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from actors.model.catalogue import Catalogue
from actors.model.dialect import DOUBLED, Dialect

from .boundaries import RecordSplitter, without_line_end
from .doubts import in_quotes
from .fields import has_line_end, quoted_parts, splitter, strict_fields

BACKSLASH = Dialect("backslash")
UNQUOTED = Dialect("none")
TEXT_FORM = Dialect("none", "backslash")
"""Nothing is quoted, and a backslash escapes a line end and a delimiter."""

_RECORDS_COUNTED = 100


class HeadRecord(NamedTuple):
    """A record behind the header: `start` is its first byte's place behind the header; `unclosed`: a quote is open."""

    text: str
    start: int
    unclosed: bool


class HeadRecords:
    """A head whose header is its first record that is not blank.

    `final` says that the text is the whole file; otherwise its last record is not looked at. `header` is the header's
    text and `width` its number of fields, 0 without one. `fields` is how many most records have: `width`, or one more
    if no way of quoting gives as many records the header's. `rest` is the text behind the header.
    """

    def __init__(self, text: bytes, delimiter: str, catalogue: Catalogue, *, final: bool) -> None:
        self.text = text
        self.delimiter = delimiter
        self.catalogue = catalogue
        self.width = self.fields = 0
        self.header = ""
        self.rest = b""
        self._final = final
        self._by_way: dict[tuple[str, bool], tuple[HeadRecord, ...]] = {}
        self._doubled: dict[str, list[str] | None] = {}
        self._take_header()

    @property
    def has_marks(self) -> bool:
        """Whether there is a quote or a backslash behind the header."""
        return b'"' in self.rest or b"\\" in self.rest

    @property
    def backslash_may_escape(self) -> bool:
        return b"\\" in self.rest and self.delimiter != "\\"

    @property
    def header_is_quoted(self) -> bool:
        return in_quotes(self.header.split(self.delimiter)[0])

    def all(self, dialect: Dialect) -> tuple[HeadRecord, ...]:
        """The records that are not blank."""
        way = (dialect.quoting, dialect.quoting == "none" and dialect.escapes == "backslash")
        if way not in self._by_way:
            found = self._splitter(dialect, self.fields).split(self.rest, final=self._final)
            self._by_way[way] = tuple(
                HeadRecord(record, start, index in found.unclosed)
                for index, (start, end) in enumerate(pairwise([0, *found.ends.tolist()]))
                if (record := self._decoded(self.rest[start:end])).strip()
            )
        return self._by_way[way]

    def closed(self, dialect: Dialect) -> list[str]:
        """The records that are not blank and whose quotes are closed."""
        return [record.text for record in self.all(dialect) if not record.unclosed]

    def fits(self, fields: Sequence[object] | None) -> bool:
        return fields is not None and len(fields) == self.fields

    def reads_doubled(self, record: str) -> bool:
        return self.fits(self.strictly(record, DOUBLED))

    def reads_doubled_lines(self, record: str) -> bool:
        """Whether doubled quotes read a record, or the records that they see in its lines."""
        if not has_line_end(record):
            return self.reads_doubled(record)
        data = record.encode("utf-8", "replace")
        found = self._splitter(DOUBLED, self.fields).split(data, final=True)
        parts = (data[start:end] for start, end in pairwise([0, *found.ends.tolist()]))
        return not found.unclosed and all(self.reads_doubled(without_line_end(part).decode()) for part in parts)

    def reads_backslash(self, record: str) -> bool:
        return self.delimiter != "\\" and self.fits(quoted_parts(record, self.delimiter))

    def reads_unquoted(self, record: str) -> bool:
        return record.count(self.delimiter) == self.fields - 1 and not has_line_end(record)

    def strictly(self, record: str, dialect: Dialect) -> list[str] | None:
        """The fields of a record that keeps the rules of a writer."""
        if dialect.quoting == "doubled":
            if record not in self._doubled:  # it is asked several times
                self._doubled[record] = strict_fields(record, self.delimiter)
            return self._doubled[record]
        if dialect.quoting == "backslash" and quoted_parts(record, self.delimiter) is None:
            return None
        return splitter(self.delimiter, dialect)(record)

    def quotes_any(self) -> bool:
        """Whether a field has quotes around it."""
        lines = self.closed(UNQUOTED) if b'"' in self.rest else ()
        return any(in_quotes(field) for line in lines if '"' in line for field in line.split(self.delimiter))

    def quotes_a_column(self) -> bool:
        """Whether all values of a column, of three at least, are in quotes."""
        if b'"' not in self.rest:
            return False
        quoted: Counter[int] = Counter()
        plain: set[int] = set()
        for record in self.closed(UNQUOTED):
            if self.reads_unquoted(record):
                for column, field in enumerate(record.split(self.delimiter)):
                    if in_quotes(field):
                        quoted[column] += 1
                    elif field:
                        plain.add(column)
        return any(count > 2 and column not in plain for column, count in quoted.items())

    def _take_header(self) -> None:
        told = self.catalogue.quoting
        dialect = Dialect("doubled" if told == "auto" else told)
        start = 0
        for end in self._splitter(dialect, 0).ends(self.text, final=self._final):
            record, start = self.text[start:end], end
            if record.strip():
                self.header = self._decoded(record)
                self.width = self.fields = len(splitter(self.delimiter, dialect)(self.header))
                self.rest = self.text[end:]
                self._take_fields()
                return

    def _take_fields(self) -> None:
        fits = longer = 0
        for dialect in (DOUBLED, UNQUOTED, *((BACKSLASH, TEXT_FORM) if self.backslash_may_escape else ())):
            records = self.closed(dialect)[:_RECORDS_COUNTED]
            counted = Counter(len(self.strictly(record, dialect) or ()) for record in records)
            if records and counted[self.width] == len(records):
                return
            fits, longer = max(fits, counted[self.width]), max(longer, counted[self.width + 1])
        if longer > fits:
            self.fields = self.width + 1
            self._by_way.clear()

    def _splitter(self, dialect: Dialect, fields: int) -> RecordSplitter:
        return RecordSplitter(
            self.delimiter.encode(),
            self.catalogue.max_row_bytes,
            dialect,
            fields=fields,
            max_field_lines=self.catalogue.max_field_lines if fields else 0,
        )

    def _decoded(self, record: bytes) -> str:
        return without_line_end(record).decode(self.catalogue.encoding, "replace")
