"""Any table as writers of each way of quoting write it: its cells, or told; never another cell."""

from __future__ import annotations

import csv
import io
from itertools import zip_longest

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from actors.csv.doubts import in_quotes
from actors.csv.fields import quoted_fields
from actors.errors import Code

from .reading import HEADER, read_file, short_catalogue

PIECES = [
    *("1,n,d,b,m,s,c\n", '2,"n",d,b,m,s,c\n', '3,"n ""q""",d,b,m,s,c\n', '4,"n \\"q\\"",d,b,m,s,c\n'),
    *('5,"n,d,b,m,s,c\n', '6,n,d,b,m,s,"c\\"\n', '7,"C:\\",d,b,m,s,"c"\n', '8,"a\\\\b",d,b,m,s,c\n'),
    *('"', '""', "\\", '\\"', ",", "\n", "x"),
]
SETTINGS = {
    "doubled": {"quoting": "doubled"},
    "backslash": {"quoting": "backslash", "escapes": "backslash"},
    "literal": {"quoting": "backslash", "escapes": "none"},
    "none": {"quoting": "none", "escapes": "none"},
    "text": {"quoting": "none", "escapes": "backslash"},
}
_ALPHABET = st.text('"",;\t|\\\\ \r\nab>=N', max_size=8)


def written(rows: list[list[str]], way: str, delimiter: str, quote_all: bool) -> str:
    """A table as a writer of this way writes it."""

    def field(cell: str) -> str:
        if way == "none":
            return cell
        if way == "text":
            for text, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
                cell = cell.replace(text, escape)
            return cell.replace(delimiter, "\\" + delimiter)
        if not quote_all and not set(cell) & {'"', delimiter, "\r", "\n", "\\"}:
            return cell
        if way == "doubled":
            cell = cell.replace('"', '""')
        elif way == "backslash":
            cell = cell.replace("\\", "\\\\").replace('"', '\\"')
        else:
            cell = cell.replace('"', '\\"')
        return f'"{cell}"'

    lines = [HEADER.split(","), *rows]
    return "".join(delimiter.join(map(field, line)) + "\n" for line in lines)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str, str, bool]:
    way = draw(st.sampled_from(sorted(SETTINGS)))
    delimiter = draw(st.sampled_from([",", "\t", ";", "|"]))
    cells = _ALPHABET
    if way == "none":
        cells = cells.map(lambda cell: "".join(c for c in cell if c not in f"{delimiter}\r\n"))
        cells = cells.filter(lambda cell: cell != r"\N")  # which is taken for no value
    if way == "literal":  # nothing can read a backslash that is not doubled before a quote or another backslash
        cells = cells.map(lambda cell: cell.replace("\\", ""))
    rows = draw(st.lists(st.lists(cells, min_size=6, max_size=6), max_size=12))
    return [[str(at), *row] for at, row in enumerate(rows, 1)], way, delimiter, draw(st.booleans())


@settings(max_examples=600, derandomize=True)
@given(tables(), st.integers(1, 60))
def test_with_its_setting_what_a_writer_wrote_comes_back(
    table: tuple[list[list[str]], str, str, bool], shard_bytes: int
) -> None:
    rows, way, delimiter, quote_all = table
    data = written(rows, way, delimiter, quote_all).encode()
    catalogue = short_catalogue(required=("id",), delimiter=delimiter, **SETTINGS[way])
    found = read_file(data, catalogue, shard_bytes=shard_bytes, shard_rows=2)
    assert found.refusal is None
    expected = [tuple(row) for row in rows]
    swallowing = {reject.row for reject in found.rejects if reject.code is Code.UNCLOSED_QUOTE}
    if not swallowing:
        assert found.rejects == []
        assert [(row[0], *row[1:]) for row in found.rows] == expected
    for row in found.rows:
        assert row in expected


@settings(max_examples=600, derandomize=True)
@given(tables())
def test_without_a_setting_no_cell_is_another_than_written(table: tuple[list[list[str]], str, str, bool]) -> None:
    """But where a file that quotes nothing has cells that look just as if they were quoted (see `looks_quoted`)."""
    rows, way, delimiter, quote_all = table
    data = written(rows, way, delimiter, quote_all)
    assume(way not in ("none", "text") or not looks_quoted(data, delimiter))
    found = read_file(data.encode(), short_catalogue(required=("id",)))
    if found.refusal is None:
        assert found.records == found.blank + len(found.rows) + len(found.rejects)
        by_id = {row[0]: tuple(row) for row in rows}
        for row in found.rows:
            assert row == by_id[row[0]]


@settings(max_examples=400, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sampled_from([",", "\t"]))
@example('\\"""6,n,d,b,m,s,"c\\"\n', "\t")
def test_of_any_text_no_row_that_another_way_reads_too(text: str, delimiter: str) -> None:
    """Where two ways read the whole file without a reject, a row that they read otherwise is not in the output."""
    data = f"{HEADER}\n{text}".replace(",", delimiter).encode()
    found = read_file(data, short_catalogue(required=("id",)))
    if found.refusal is not None:
        return
    ways = []
    for told in ("doubled", "backslash", "none") if delimiter == "\t" else ("doubled", "backslash"):
        read_so = read_file(data, short_catalogue(required=("id",), quoting=told, escapes="none"))
        if not read_so.rejects and strict(data.decode(), delimiter, told):
            ways.append(read_so)
    for way in ways:
        others = set(zip(way.numbers, way.rows, strict=True))
        told_of = {reject.row for reject in found.rejects}
        for number, row in zip(found.numbers, found.rows, strict=True):
            assert (number, row) in others or number in told_of or len(ways) == 1


def looks_quoted(text: str, delimiter: str) -> bool:
    """Whether quotes are around all of a column, or around a cell with none but escaped ones in it, or around any where
    custom lets fields be quoted: that is taken for quoting."""
    lines = [line.split(delimiter) for line in text.splitlines()[1:] if line]
    columns = [[field for field in column if field] for column in zip_longest(*lines, fillvalue="")]
    if any(len(column) > 2 and all(map(in_quotes, column)) for column in columns):
        return True
    quoted = [field for line in lines for field in line if in_quotes(field)]
    return any(delimiter in ",;" or field == '""' or '"' in field[1:-1] for field in quoted)


def strict(text: str, delimiter: str, told: str) -> bool:
    """Whether a writer can have made the text."""
    if told == "none":
        return not looks_quoted(text, delimiter)
    if told == "backslash":
        return all(quoted_fields(line, delimiter)[1] for line in text.splitlines())
    try:
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


@settings(max_examples=300, derandomize=True)
@given(
    st.lists(st.sampled_from(['"', "\\", 'a"', "a\\", "a", "\\N", 'a"b', "a,b", "a\\b", ""]), max_size=12),
    st.sampled_from(sorted(SETTINGS)),
    st.booleans(),
    st.integers(0, 1),
)
def test_ids_are_compared_as_they_are_read(ids: list[str], way: str, quote_all: bool, first: int) -> None:
    delimiter = "\t"
    rows = [[cell, *"ndbmsc"] for cell in ids]
    data = written(rows, way, delimiter, quote_all)
    if first:
        data = "".join(f"x{delimiter}{line}\n" for line in data.splitlines())
    found = read_file(data.encode(), short_catalogue(required=(), delimiter=delimiter, **SETTINGS[way]), shard_rows=2)
    seen: set[str] = set()
    expected = []
    for number, row in zip(found.numbers, found.rows, strict=True):
        if row[0] and row[0] in seen:
            expected.append(number)
        seen.add(row[0])
    planned = [row for shard in found.shards for row in sorted(shard.repeated_rows) if row in found.numbers]
    assert planned == expected
