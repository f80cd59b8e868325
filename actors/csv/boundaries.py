"""Record boundaries in bytes, exactly as the standard library's `csv` module finds them.

The rules are those of its default, non-strict dialect (Python 3.11 to 3.13): a quote is special only at the start of a
field; in a quoted field, `""` stands for a quote; text after the closing quote is unquoted; outside quotes, LF, CRLF
and a lone CR end a record. Quotes, line ends and delimiters are ASCII, so the rules apply to the bytes of every
encoding that is a superset of ASCII (UTF-8, Windows code pages), even where a block cuts a character.

One rule is added, because with the standard library an unclosed quote extends its record to the end of the file:

    A record that has not ended `max_row_bytes` after its first byte, or whose quote is still open at the end of
    the file, ends at the first line end after its open quote. If no quote is open at that point, it ends at
    the first line end from that point on.

So an unclosed quote costs one row, not all the following ones. The rule reads at most `max_row_bytes` before it
decides, which bounds memory, and a part of the file that is cut at boundaries has the same boundaries as the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .marks import ahead, behind, last_place, marks, places, with_odd_count

QUOTE, LF, CR = b'"\n\r'

# The first of each pair is for a block that the file continues after: a CR at its end may be half of a CRLF. The
# second is for a block that ends with the file.
_LINE_END = (rb"(?:\n|\r\n|\r(?!\n|\Z))", rb"(?:\n|\r\n?|\Z)")
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


class RecordSplitter:
    """Finds record boundaries. `delimiter` is one ASCII byte; `max_row_bytes` limits the length of a record."""

    def __init__(self, delimiter: bytes, max_row_bytes: int) -> None:
        self._max_row_bytes = max_row_bytes
        self._delimiter = delimiter[0]
        body = _record_body(delimiter)
        self._body = re.compile(body)
        self._record = tuple(re.compile(body + line_end) for line_end in _LINE_END)

    def split(self, block: bytes, *, final: bool) -> Boundaries:
        """The boundaries in a block that starts with a record's first byte.

        `final` says that the block ends with the file. Otherwise the record that the block's end cuts is not included.
        """
        ends = self._split_by_parity(block, final)
        return Boundaries(ends) if ends is not None else self._split_by_pattern(block, final)

    def _split_by_parity(self, block: bytes, final: bool) -> NDArray[np.int64] | None:
        """The line ends with an even number of quotes before them, or None when counting quotes is not exact.

        It is exact if every quote that opens a field by the count is at the start of a field, or directly after a
        closing quote (an escaped quote). Text after a closing quote does not matter: by the count and by the rules, it
        is outside quotes.
        """
        data = np.frombuffer(block, dtype=np.uint8)
        quotes, line_ends = marks(data, QUOTE), marks(data, LF)
        quoted = with_odd_count(quotes)
        before_field = quotes | line_ends | marks(data, self._delimiter)
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
        ends = places(line_ends & ~quoted) + 1
        rest = len(block) - (int(ends[-1]) if ends.size else 0)
        if final and rest:
            if quoted[-1] & last_place(len(block)):
                return None
            ends = np.append(ends, len(block))
        elif rest > self._max_row_bytes:
            return None
        if ends.size and np.diff(ends, prepend=0).max() > self._max_row_bytes:
            return None
        return ends

    def _split_by_pattern(self, block: bytes, final: bool) -> Boundaries:
        """Exact for all bytes, with one match per record; several times slower than counting quotes."""
        ends: list[int] = []
        unclosed: list[int] = []
        start = 0
        while start < len(block):
            match = self._record[final].match(block, start)
            if match and match.end() - start <= self._max_row_bytes:
                start = match.end()
                ends.append(start)
                continue
            if not match and not final and len(block) - start <= self._max_row_bytes:
                break
            decided_at = min(start + self._max_row_bytes, len(block))
            stop = self._body.match(block, start, decided_at).end()  # type: ignore[union-attr]  # matches empty
            line_end = _NEXT_LINE_END[final].search(block, stop)
            if not line_end:
                return Boundaries(np.array(ends, dtype=np.int64), frozenset(unclosed), open_ended=True)
            if stop < decided_at and block[stop] == QUOTE:
                unclosed.append(len(ends))
            start = line_end.end()
            ends.append(start)
        return Boundaries(np.array(ends, dtype=np.int64), frozenset(unclosed))


def find_line_end(block: bytes, *, final: bool) -> int | None:
    """The position after the first line end, inside or outside quotes; None if the block has none."""
    match = _NEXT_LINE_END[final].search(block)
    return match.end() if match else None


def without_line_end(record: bytes) -> bytes:
    """The record without the LF, CRLF or CR at its end, if it has one."""
    return record.removesuffix(b"\n").removesuffix(b"\r")


def _record_body(delimiter: bytes) -> bytes:
    """The pattern of a record without its line end. It stops before a quote that is not closed.

    Every repetition is possessive: the pattern reads each byte once and never backtracks.
    """
    delimiter = re.escape(delimiter)
    unquoted = rb'[^"\r\n]++'
    rest_of_field = rb"[^" + delimiter + rb"\r\n]*+"
    quoted_field = rb'"[^"]*+(?:""[^"]*+)*+"' + rest_of_field
    literal_quote = rb'"' + rest_of_field
    at_quote = rb"(?:(?<=" + delimiter + rb")" + quoted_field + rb"|(?<!" + delimiter + rb")" + literal_quote + rb")"
    return rb"(?:" + quoted_field + rb")?+(?:" + unquoted + at_quote + rb"?+)*+"
