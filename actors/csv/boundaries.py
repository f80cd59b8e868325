"""Record boundaries in bytes; with doubled quotes, exactly as the standard library's `csv` module finds them.

The rules are those of its default, non-strict dialect (Python 3.11 to 3.13): a quote is special only at the start of a
field; in a quoted field, `""` stands for a quote; text after the closing quote is unquoted; outside quotes, LF, CRLF
and a lone CR end a record. Quotes, line ends and delimiters are ASCII, so the rules apply to the bytes of every
encoding that is a superset of ASCII (UTF-8, Windows code pages), even where a block cuts a character.

With quotes behind backslashes, a character behind a backslash is text in a quoted field. Without quoting, each line
end ends a record, unless it is escaped by a setting.

One rule is added, because with the standard library an unclosed quote extends its record to the end of the file:

    A record that has not ended `max_row_bytes` after its first byte, or whose quote is still open at the end of
    the file, ends at the first line end after its open quote. If no quote is open at that point, it ends at
    the first line end from that point on.

A quote is taken for open, too, if its field has more than `max_field_lines` lines, or has swallowed records: it is the
first of its record with a line end in it, the record's line before that line end is a record of the right number of
fields itself, and so are at least half of the lines from there to the closing quote (`_swallows`).

So an unclosed quote costs one row, not all the following ones. The rules read at most `max_row_bytes` before they
decide, which bounds memory, and a part of the file that is cut at boundaries has the same boundaries as the whole: the
lines that decide lie before the closing quote's line end, and a part without them has an open quote at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.model.catalogue import Catalogue
from actors.model.dialect import DOUBLED, Dialect, Quoting
from actors.model.header import HeaderMap

from .marks import (
    Marks,
    ahead,
    behind,
    count_before,
    counts,
    escaped,
    last_place,
    marked,
    marks,
    places,
    with_odd_count,
)

QUOTE, LF, CR, BACKSLASH = b'"\n\r\\'

# The first of each pair is for a block that the file continues after: a CR at its end may be half of a CRLF. The
# second is for a block that ends with the file.
_LINE_END = (rb"(?:\n|\r\n|\r(?!\n|\Z))", rb"(?:\n|\r\n?|\Z)")
_QUOTED: dict[Quoting, bytes] = {
    "doubled": rb'"[^"]*+(?:""[^"]*+)*+"',
    "backslash": rb'"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"',
    "none": rb"(?!)",
}
_NEXT_LINE_END = tuple(re.compile(pattern) for pattern in _LINE_END)


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The records of a block.

    `ends`: int64, shape (records,): the position after each record's line end, ascending. `unclosed`: the indices of
    the records with an unclosed quote. `open_ended`: the record after the last end is longer than `max_row_bytes`, and
    its line end is not in the block.
    """

    ends: NDArray[np.int64]
    unclosed: frozenset[int] = frozenset()
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class _Lines:
    """The line ends of a block: their places, int64, ascending, and which of them are inside a record, bool."""

    at: NDArray[np.int64]
    inside: NDArray[np.bool_]

    @classmethod
    def of(cls, line_ends: Marks, quoted: Marks) -> _Lines:
        at = places(line_ends)
        if not (line_ends & quoted).any():
            return cls(at, np.zeros(at.size, dtype=bool))
        return cls(at, marked(quoted, at))

    def first_inside(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of each record with line ends inside it, the first one's index, the record's index, and how many it has."""
        first = np.flatnonzero(self.inside & ~np.append(False, self.inside[:-1]))
        closing = np.append(np.flatnonzero(~self.inside), self.at.size)
        record = np.cumsum(~self.inside, dtype=np.int64)[first]
        return first, record, closing[record] - first


class RecordSplitter:
    """Finds record boundaries. `delimiter` is one ASCII byte; `max_row_bytes` limits the length of a record.

    `fields` is how many fields a record has, and `max_field_lines` how many lines a field; 0 where that is not known,
    and then no quote is taken for open because of it.
    """

    def __init__(
        self,
        delimiter: bytes,
        max_row_bytes: int,
        dialect: Dialect = DOUBLED,
        *,
        fields: int = 0,
        max_field_lines: int = 0,
    ) -> None:
        self._max_row_bytes = max_row_bytes
        self._delimiter = delimiter[0]
        self._quoting: Quoting = dialect.quoting
        self._escaped_ends = dialect.quoting == "none" and dialect.escapes == "backslash"
        self._quoted_field = re.compile(_QUOTED[dialect.quoting])
        body = _record_body(delimiter, dialect.quoting, self._escaped_ends)
        self._body = re.compile(body)
        self._record = tuple(re.compile(body + line_end) for line_end in _LINE_END)
        self._delimiters = fields - 1
        self._max_field_lines = max_field_lines
        self._checks_lines = dialect.quoting != "none" and (self._delimiters > 0 or max_field_lines > 0)

    @classmethod
    def of(cls, header: HeaderMap, catalogue: Catalogue) -> RecordSplitter:
        """For the records behind a header.

        Where a setting says how the file is quoted, lines in quotes that look like rows are no reason to doubt it.
        """
        return cls(
            header.delimiter.encode(),
            catalogue.max_row_bytes,
            header.dialect,
            fields=header.fields if header.dialect.found else 0,
            max_field_lines=catalogue.max_field_lines,
        )

    def split(self, block: bytes, *, final: bool) -> Boundaries:
        """The boundaries in a block that starts with a record's first byte.

        `final` says that the block ends with the file. Otherwise the record that the block's end cuts is not included.
        """
        ends = self._split_by_parity(block, final)
        return Boundaries(ends) if ends is not None else self._split_by_pattern(block, final)

    def ends(self, block: bytes, *, final: bool) -> Iterator[int]:
        """The ends of `split`, one after the other, for who needs only the first."""
        start = 0
        while start < len(block) and (found := self._record_end(block, start, final)):
            start, _ = found
            yield start

    def _split_by_parity(self, block: bytes, final: bool) -> NDArray[np.int64] | None:
        """The line ends with an even number of quotes before them, or None when counting quotes is not exact.

        It is exact if every quote that opens a field by the count is at the start of a field, or directly after a
        closing quote (an escaped quote). Text after a closing quote does not matter: by the count and by the rules, it
        is outside quotes. Quotes behind backslashes are not counted.
        """
        data = np.frombuffer(block, dtype=np.uint8)
        line_ends = marks(data, LF)
        if self._quoting == "none":
            quotes = quoted = np.zeros_like(line_ends)
        else:
            quotes = marks(data, QUOTE)
            if self._quoting == "backslash" and BACKSLASH in block:
                quotes &= ~escaped(data, BACKSLASH)
            quoted = with_odd_count(quotes)
        delimiters = marks(data, self._delimiter)
        before_field = line_ends | delimiters
        if self._quoting == "doubled":
            before_field |= quotes
        if CR in block:
            returns = marks(data, CR)
            before_field |= returns
            alone = returns & ~ahead(line_ends)
            if block[-1] == CR and not final:  # may be half of a CRLF
                alone[-1] &= ~last_place(len(block))
            line_ends |= alone
        misplaced = quotes & quoted & ~behind(before_field)
        if misplaced.any() and (misplaced[0] != 1 or misplaced[1:].any()):  # the block's first byte starts a field
            return None
        are_escaped = self._escaped_ends and BACKSLASH in block
        lines = _Lines.of(line_ends, self._escaped_line_ends(data) if are_escaped else quoted)
        ends = lines.at[~lines.inside] + 1
        rest = len(block) - (int(ends[-1]) if ends.size else 0)
        if final and rest:
            if quoted[-1] & last_place(len(block)):
                return None
            ends = np.append(ends, len(block))
        elif rest > self._max_row_bytes:
            return None
        if ends.size and np.diff(ends, prepend=0).max() > self._max_row_bytes:
            return None
        if self._checks_lines and lines.inside.any() and self._swallowed(block, delimiters, lines, ends):
            return None
        return ends

    @staticmethod
    def _escaped_line_ends(data: np.ndarray) -> Marks:
        """The line ends behind a backslash; of a CRLF, both."""
        found = escaped(data, BACKSLASH)
        return found | (behind(found & marks(data, CR)) & marks(data, LF))

    def _swallowed(self, block: bytes, delimiters: Marks, lines: _Lines, ends: np.ndarray) -> bool:
        """Whether a quote of these records is to be taken for open."""
        first, record, several = lines.first_inside()
        limit = self._max_field_lines
        long = several >= limit if limit else np.zeros(record.size, dtype=bool)
        doubtful = long
        if self._delimiters > 0:
            before = np.append(0, count_before(delimiters, counts(delimiters), lines.at))
            whole = np.append(np.diff(before) == self._delimiters, True)
            # Most records stop here: a line of theirs would have to be a whole record, if only by its delimiters.
            up_to = np.cumsum(whole)
            doubtful = long | (whole[first] & (up_to[first + several] > up_to[first]))
        found = np.flatnonzero(doubtful & (record < ends.size))
        if not found.size:
            return False
        record = record[found]
        starts = np.where(record > 0, ends[record - 1], 0)
        return any(
            (is_long or self._holds_records(block[start:end])) and self._swallows(block, start, end)
            for start, end, is_long in zip(starts.tolist(), ends[record].tolist(), long[found].tolist(), strict=True)
        )

    def _holds_records(self, record: bytes) -> bool:
        """Whether a record's first line, and another, could be records of their own.

        Asked before `_swallows`, which reads the record by its pattern: most records that get here hold none.
        """
        first, *others = record.splitlines()
        return self._is_whole(first) and any(map(self._is_whole, others))

    def _swallows(self, block: bytes, start: int, end: int) -> int:
        """Where a complete record ends instead if a quote of it is taken for open; 0 if none is."""
        found = _line_end(block, start, end)
        is_first = True
        while found and found[1] < end:
            line_end, next_line = found
            opened = self._body.match(block, start, line_end).end()  # type: ignore[union-attr]  # matches empty
            quoted = self._quoted_field.match(block, opened, end)
            if not quoted:
                break
            found = _line_end(block, quoted.end(), end)
            if self._max_field_lines and len(quoted[0].splitlines()) > self._max_field_lines:
                return next_line
            if is_first and self._delimiters > 0 and self._is_whole(block[start:line_end]):
                lines = block[next_line : found[0] if found else end].splitlines()
                if 2 * sum(map(self._is_whole, lines)) >= len(lines):
                    return next_line
            is_first = False
        return 0

    def _is_whole(self, line: bytes) -> bool:
        """Whether a line could be a record of its own. In prose, a blank follows most commas."""
        delimiter = bytes((self._delimiter,))
        return line.count(delimiter) == self._delimiters and 2 * line.count(delimiter + b" ") < self._delimiters

    def _split_by_pattern(self, block: bytes, final: bool) -> Boundaries:
        """Exact for all bytes, with one match per record; several times slower than counting quotes."""
        ends: list[int] = []
        unclosed: list[int] = []
        start = 0
        while start < len(block):
            found = self._record_end(block, start, final)
            if found is None:
                break
            start, is_unclosed = found
            if is_unclosed:
                unclosed.append(len(ends))
            ends.append(start)
        open_ended = len(block) - start > self._max_row_bytes
        return Boundaries(np.array(ends, dtype=np.int64), frozenset(unclosed), open_ended)

    def _record_end(self, block: bytes, start: int, final: bool) -> tuple[int, bool] | None:
        """Where the record ends that begins at `start`, and whether its quote is open; None if not in the block."""
        match = self._record[final].match(block, start)
        if match and match.end() - start <= self._max_row_bytes:
            swallowed_from = self._swallows(block, start, match.end()) if self._checks_lines else 0
            return swallowed_from or match.end(), swallowed_from > 0
        if not match and not final and len(block) - start <= self._max_row_bytes:
            return None
        decided_at = min(start + self._max_row_bytes, len(block))
        stop = self._body.match(block, start, decided_at).end()  # type: ignore[union-attr]  # matches empty
        line_end = _NEXT_LINE_END[final].search(block, stop)
        if not line_end:
            return None
        is_open = stop < decided_at and block[stop] == QUOTE
        if is_open and line_end[0] and self._checks_lines:
            # A quote before the open one may have swallowed records, which also shows where the open one is closed.
            swallowed_from = self._swallows(block, start, line_end.end())
            return swallowed_from or line_end.end(), True
        return line_end.end(), is_open


def _line_end(block: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The first line end in `[start, end)`, inside or outside quotes, as its start and its end."""
    feed = block.find(b"\n", start, end)
    carriage_return = block.find(b"\r", start, end if feed < 0 else feed)
    if carriage_return >= 0:
        return carriage_return, carriage_return + 1 + (carriage_return + 1 == feed)
    return (feed, feed + 1) if feed >= 0 else None


def find_line_end(block: bytes, *, final: bool) -> int | None:
    """The position after the first line end, inside or outside quotes; None if the block has none."""
    match = _NEXT_LINE_END[final].search(block)
    return match.end() if match else None


def without_line_end(record: bytes) -> bytes:
    """The record without the LF, CRLF or CR at its end, if it has one."""
    return record.removesuffix(b"\n").removesuffix(b"\r")


def _record_body(delimiter: bytes, quoting: Quoting, escaped_ends: bool) -> bytes:
    """The pattern of a record without its line end. It stops before a quote that is not closed.

    Every repetition is possessive: the pattern reads each byte once and never backtracks.
    """
    if quoting == "none":
        return rb"(?:[^\\\r\n]++|\\(?:\r\n|[\s\S])?+)*+" if escaped_ends else rb"[^\r\n]*+"
    delimiter = re.escape(delimiter)
    unquoted = rb'[^"\r\n]++'
    rest_of_field = rb"[^" + delimiter + rb"\r\n]*+"
    quoted_field = _QUOTED[quoting] + rest_of_field
    literal_quote = rb'"' + rest_of_field
    at_quote = rb"(?:(?<=" + delimiter + rb")" + quoted_field + rb"|(?<!" + delimiter + rb")" + literal_quote + rb")"
    return rb"(?:" + quoted_field + rb")?+(?:" + unquoted + at_quote + rb"?+)*+"
