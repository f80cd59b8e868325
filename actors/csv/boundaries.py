"""Where records end in bytes, exactly as the standard library's `csv` module sees them.

The rules are those of its default, non-strict dialect: a quote is special only at the start of a field; in a
quoted field `""` stands for a quote; text after the closing quote goes on unquoted; LF, CRLF and a lone CR
end a record outside quotes. Quotes, line ends and delimiters are ASCII, so the rules hold on the bytes of any
encoding that keeps ASCII in its place (UTF-8, the Windows code pages), wherever a character is cut.

One rule is added, because to the standard library an unclosed quote swallows the rest of the file:

    A record that has not ended `max_row_bytes` after its first byte, or whose quote is still open at the end of
    the file, ends at the first line end after its open quote. If no quote is open at that point, it ends at
    the first line end from that point on.

So one unclosed quote costs one row, not the rows behind it. The rule looks at no byte past `max_row_bytes`
before deciding, which bounds memory, and any part of the file that is cut at its boundaries has the same ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .marks import ahead, behind, last_place, marks, places, with_odd_count

QUOTE, LF, CR = b'"\n\r'

# The end of the block is the end of the file in the second of each pair; in the first, what follows is
# unknown, and a CR there may be the first half of a CRLF.
_LINE_END = (rb"(?:\n|\r\n|\r(?!\n|\Z))", rb"(?:\n|\r\n?|\Z)")
_NEXT_LINE_END = tuple(re.compile(pattern) for pattern in _LINE_END)


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The records of a block.

    `ends`: int64, the position after each record's line end, ascending. `unclosed`: the indices of records whose
    quote was left open. `open_ended`: the record after the last end is longer than `max_row_bytes` and its
    line end is not in the block.
    """

    ends: NDArray[np.int64]
    unclosed: frozenset[int] = frozenset()
    open_ended: bool = False


class RecordSplitter:
    """Finds record boundaries for one delimiter, a single ASCII byte, and one limit on a record's length."""

    def __init__(self, delimiter: bytes, max_row_bytes: int) -> None:
        self._max_row_bytes = max_row_bytes
        self._delimiter = delimiter[0]
        body = _record_body(delimiter)
        self._body = re.compile(body)
        self._record = tuple(re.compile(body + line_end) for line_end in _LINE_END)

    def split(self, block: bytes, *, final: bool) -> Boundaries:
        """Boundaries of a block that starts at a record's first byte.

        `final` says that the block ends where the file ends; else the record it ends in is left for later.
        """
        ends = self._split_by_parity(block, final)
        return Boundaries(ends) if ends is not None else self._split_by_pattern(block, final)

    def _split_by_parity(self, block: bytes, final: bool) -> NDArray[np.int64] | None:
        """Line ends with an even number of quotes before them, or None where that count isn't exact.

        It is exact as long as every quote that opens a field by the count stands where a field starts or right
        behind a closing one (an escaped quote): what follows a closing quote doesn't matter, because up to the
        next such place it is outside quotes by both readings.
        """
        data = np.frombuffer(block, dtype=np.uint8)
        quotes, line_ends = marks(data, QUOTE), marks(data, LF)
        quoted = with_odd_count(quotes)
        before_field = quotes | line_ends | marks(data, self._delimiter)
        if CR in block:
            returns = marks(data, CR)
            before_field |= returns
            alone = returns & ~ahead(line_ends)
            if block[-1] == CR and not final:  # the first half of a CRLF, perhaps
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
        """Exact on any bytes, one match a record; several times slower than counting quotes."""
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
    """The position after the first line end, quotes or not; None when it isn't in the block."""
    match = _NEXT_LINE_END[final].search(block)
    return match.end() if match else None


def without_line_end(record: bytes) -> bytes:
    """The record's content: without the one LF, CRLF or CR it ends with, if any."""
    return record.removesuffix(b"\n").removesuffix(b"\r")


def _record_body(delimiter: bytes) -> bytes:
    """Pattern of a record without its line end; it stops short at a quote that isn't closed.

    Every repeat is possessive: the pattern reads each byte once and keeps no state to go back to.
    """
    delimiter = re.escape(delimiter)
    unquoted = rb'[^"\r\n]++'
    rest_of_field = rb"[^" + delimiter + rb"\r\n]*+"
    quoted_field = rb'"[^"]*+(?:""[^"]*+)*+"' + rest_of_field
    literal_quote = rb'"' + rest_of_field
    at_quote = rb"(?:(?<=" + delimiter + rb")" + quoted_field + rb"|(?<!" + delimiter + rb")" + literal_quote + rb")"
    return rb"(?:" + quoted_field + rb")?+(?:" + unquoted + at_quote + rb"?+)*+"
