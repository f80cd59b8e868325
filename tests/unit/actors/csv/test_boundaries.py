"""Boundaries against the standard library's csv, and against the documented rule written out plainly."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.csv.boundaries import RecordSplitter, find_line_end, without_line_end
from actors.model.dialect import Dialect

# Few different bytes, the special ones often, so that short texts reach the rare states.
HOSTILE = st.lists(st.sampled_from([b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"a", b"b c", b"\xc3\xa9", b"\0"]))
# Quotes are counted 64 bytes at a time: some texts are longer than that.
LONG = st.lists(st.sampled_from([b'"', b'""', b",", b"\n", b"\r\n", b"a" * 31, b"b" * 64]), max_size=12)
DIALECTS = st.sampled_from(
    [Dialect(), Dialect("backslash"), Dialect("none"), Dialect("none", "backslash"), Dialect("backslash", "backslash")]
)
PIECES = [b'"', b'""', b'\\"', b"\\", b"\\\\", b",", b",,", b"\n", b"\r", b"\r\n", b"a", b"1,n,d\n", b"x" * 63]
ESCAPED = st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join)
hostile_bytes = st.one_of(HOSTILE.map(b"".join), st.binary(max_size=60), LONG.map(b"".join))
NO_LIMIT = 1 << 30


def stdlib_records(data: bytes, delimiter: str = ",") -> list[list[str]]:
    text = data.decode("latin-1")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def ends_in_quotes(data: bytes) -> bool:
    """Whether a line end behind `data` would still be inside its last record."""
    return len(stdlib_records(data + b"\n.")) == len(stdlib_records(data))


def plain_ends(data: bytes, limit: int, delimiter: int = ord(",")) -> tuple[list[int], set[int]]:
    """The rule of `boundaries`, a byte at a time: record ends and the unclosed ones."""
    ends: list[int] = []
    unclosed: set[int] = set()
    start = 0
    while start < len(data):
        end, opened = _plain_record(data, start, limit, delimiter)
        if opened:
            unclosed.add(len(ends))
        ends.append(end)
        start = end
    return ends, unclosed


def _plain_record(data: bytes, start: int, limit: int, delimiter: int) -> tuple[int, bool]:
    state, opened_at = "field start", -1
    position = start
    while position < min(len(data), start + limit):
        byte = data[position]
        if state == "quoted":
            state = "quote in quoted" if byte == ord('"') else "quoted"
        elif byte == ord('"') and state == "quote in quoted":
            state = "quoted"
        elif byte == ord('"') and state == "field start":
            state, opened_at = "quoted", position
        elif byte in b"\r\n":
            end = position + 2 if data[position : position + 2] == b"\r\n" else position + 1
            return (end, False) if end - start <= limit else (_plain_line_end(data, position), False)
        else:
            state = "field start" if byte == delimiter else "unquoted"
        position += 1
    if state == "quoted":
        return _plain_line_end(data, opened_at), True
    return _plain_line_end(data, position), False


def _plain_line_end(data: bytes, position: int) -> int:
    while position < len(data) and data[position] not in b"\r\n":
        position += 1
    return min(position + 1 + (data[position : position + 2] == b"\r\n"), len(data))


@settings(max_examples=250)
@given(hostile_bytes)
@example(b'"a""b"\r\n"c"d,"e"')
@example(b'a"b,"c\nd"\n')
@example(b"\r\n\r\r\n\n")
def test_same_records_as_the_standard_library(data: bytes) -> None:
    boundaries = RecordSplitter(b",", NO_LIMIT).split(data, final=True)
    expected = stdlib_records(data)
    assert bool(boundaries.unclosed) is ends_in_quotes(data)
    if boundaries.unclosed:
        (last,) = boundaries.unclosed
        assert last == len(expected) - 1
    else:
        last = len(expected)
        assert boundaries.ends.size == last
    starts = [0, *boundaries.ends.tolist()]
    assert starts[-1] == len(data)
    assert [stdlib_records(data[a:b]) for a, b in pairwise(starts[: last + 1])] == [[row] for row in expected[:last]]


@settings(max_examples=250)
@given(hostile_bytes, st.integers(1, 30))
@example(b'"ab\ncd\n"', 4)
@example(b"abc\r\nd", 4)
@example(b'"ab"\n', 4)
def test_same_records_as_the_rule_written_out(data: bytes, limit: int) -> None:
    boundaries = RecordSplitter(b",", limit).split(data, final=True)
    assert (boundaries.ends.tolist(), set(boundaries.unclosed)) == plain_ends(data, limit)


@settings(max_examples=250)
@given(hostile_bytes, st.sampled_from([",", ";", "\t", "|", "^", "-", "\\", "]", "."]))
def test_records_are_found_with_any_delimiter(data: bytes, delimiter: str) -> None:
    data = data.replace(b",", delimiter.encode())
    boundaries = RecordSplitter(delimiter.encode(), NO_LIMIT).split(data, final=True)
    if not boundaries.unclosed:
        assert boundaries.ends.size == len(stdlib_records(data, delimiter))


@settings(max_examples=250)
@given(hostile_bytes, st.data())
def test_a_part_cut_at_boundaries_has_the_same_boundaries(data: bytes, draw: st.DataObject) -> None:
    splitter = RecordSplitter(b",", draw.draw(st.integers(1, 30)))
    whole = splitter.split(data, final=True)
    starts = [0, *whole.ends.tolist()]
    first = draw.draw(st.integers(0, len(starts) - 1))
    last = draw.draw(st.integers(first, len(starts) - 1))
    part = splitter.split(data[starts[first] : starts[last]], final=True)
    assert (part.ends + starts[first]).tolist() == starts[first + 1 : last + 1]
    assert part.unclosed == {index - first for index in whole.unclosed if first <= index < last}


@settings(max_examples=250)
@given(hostile_bytes, hostile_bytes, st.integers(1, 30))
def test_what_is_found_holds_whatever_follows(data: bytes, following: bytes, limit: int) -> None:
    splitter = RecordSplitter(b",", limit)
    early = splitter.split(data, final=False)
    whole = splitter.split(data + following, final=True)
    assert early.ends.tolist() == whole.ends.tolist()[: early.ends.size]


@settings(max_examples=250)
@given(hostile_bytes)
def test_counted_quotes_agree_with_the_pattern(data: bytes) -> None:
    splitter = RecordSplitter(b",", NO_LIMIT)
    for final in (False, True):
        counted = splitter._split_by_parity(data, final)
        if counted is not None:
            assert counted.tolist() == splitter._split_by_pattern(data, final).ends.tolist()


@pytest.mark.parametrize(
    ("data", "decides"),
    [
        (b'a,"b ""c""\nd",e\r\nf\n', True),
        (b'"a"rest,b\n', True),
        (b'5" pipe,b\n', False),
        (b'a, "b"\n', False),
    ],
)
def test_counting_quotes_decides_only_where_it_is_exact(data: bytes, decides: bool) -> None:
    assert (RecordSplitter(b",", NO_LIMIT)._split_by_parity(data, True) is not None) is decides


@st.composite
def splitters(draw: st.DrawFn) -> RecordSplitter:
    limit = draw(st.one_of(st.integers(1, 40), st.just(NO_LIMIT)))
    return RecordSplitter(
        b",", limit, draw(DIALECTS), fields=draw(st.integers(0, 4)), max_field_lines=draw(st.integers(0, 3))
    )


@settings(max_examples=250)
@given(ESCAPED, splitters(), st.booleans())
@example(b'1,"n,d\n2,n",d\n', RecordSplitter(b",", NO_LIMIT, fields=3), True)
def test_in_each_dialect_counting_agrees_with_the_pattern(data: bytes, splitter: RecordSplitter, final: bool) -> None:
    counted = splitter._split_by_parity(data, final)
    if counted is not None:
        by_pattern = splitter._split_by_pattern(data, final)
        assert counted.tolist() == by_pattern.ends.tolist()
        assert not by_pattern.unclosed
        assert not by_pattern.open_ended


@settings(max_examples=250)
@given(ESCAPED, splitters(), st.data())
def test_in_each_dialect_a_part_has_the_boundaries_of_the_whole(
    data: bytes, splitter: RecordSplitter, draw: st.DataObject
) -> None:
    whole = splitter.split(data, final=True)
    starts = [0, *whole.ends.tolist()]
    assert starts[-1] == len(data)
    first = draw.draw(st.integers(0, len(starts) - 1))
    last = draw.draw(st.integers(first, len(starts) - 1))
    part = splitter.split(data[starts[first] : starts[last]], final=True)
    assert (part.ends + starts[first]).tolist() == starts[first + 1 : last + 1]
    assert part.unclosed == {index - first for index in whole.unclosed if first <= index < last}
    early = splitter.split(data[: draw.draw(st.integers(0, len(data)))], final=False)
    assert early.ends.tolist() == whole.ends.tolist()[: early.ends.size]
    assert [*splitter.ends(data, final=True)] == whole.ends.tolist()


@pytest.mark.parametrize(
    ("data", "fields", "lines"),
    [(b'"a\n\n\n"q,"l1\nl2"\n', 0, 2), (b'1,"n,d\n2,n,d\n3,n"x,"l1\nl2"\n', 3, 0)],
)
def test_a_part_behind_an_open_quote_ends_as_the_whole_does(data: bytes, fields: int, lines: int) -> None:
    """The quote is closed in the whole, where one before it has swallowed records."""
    splitter = RecordSplitter(b",", NO_LIMIT, fields=fields, max_field_lines=lines)
    ends = splitter.split(data, final=True).ends.tolist()
    for at, end in enumerate(ends, start=1):
        assert splitter.split(data[:end], final=True).ends.tolist() == ends[:at]


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b'1,"n,d\n2,n",d\n', [7, 14]),
        (b'1,"n,d\n2,n,d\n3,n",d\n', [7, 13, 20]),
        (b'1,"n,d\nx\n3,n",d\n', [7, 9, 16]),
        (b'1,"n, d\n2, n",d\n', [16]),
        (b'1,"n\n2,n",d\n', [12]),
        (b'1,"n,d\nx\ny\n4,n",d\n', [18]),
        (b'1,"n\n2\n3\n4\n5",d\n', [5, 7, 9, 11, 16]),
        (b'1,"n\n2",d\n3,"\n\n\n\n\n",d\n', [10, 14, 15, 16, 17, 18, 22]),
    ],
)
def test_a_quote_that_swallows_records_is_open(data: bytes, ends: list[int]) -> None:
    """Two more lines than the first, or records of three fields of which most are whole, are too much for a field."""
    found = RecordSplitter(b",", NO_LIMIT, fields=3, max_field_lines=4).split(data, final=True)
    assert found.ends.tolist() == ends


def test_one_unclosed_quote_costs_one_row() -> None:
    data = b'1,a\n2,"b\n' + b"".join(b"%d,c\n" % n for n in range(3, 100))
    boundaries = RecordSplitter(b",", 50).split(data, final=True)
    assert boundaries.ends.size == 99
    assert boundaries.unclosed == {1}


@pytest.mark.parametrize(
    ("block", "final", "end"),
    [(b"ab\ncd", False, 3), (b"ab\r\n", False, 4), (b"ab\r", False, None), (b"ab\r", True, 3), (b"ab", True, 2)],
)
def test_a_line_end_is_found_once_it_is_whole(block: bytes, final: bool, end: int | None) -> None:
    assert find_line_end(block, final=final) == end


@pytest.mark.parametrize(
    ("record", "content"),
    [(b"a\n", b"a"), (b"a\r\n", b"a"), (b"a\r", b"a"), (b"a", b"a"), (b'"a\n"\n', b'"a\n"'), (b"\n", b"")],
)
def test_a_line_end_is_taken_off(record: bytes, content: bytes) -> None:
    assert without_line_end(record) == content
