"""Files as other writers quote them, read by themselves: the right cells, or told; never another row's."""

from __future__ import annotations

from typing import Any

import pytest

from actors.errors import Code
from tests.fuzz.reading import HEADER, FileRead, read_file, short_catalogue

TABS = HEADER.replace(",", "\t")


def read(text: str, **settings: Any) -> FileRead:
    return read_file(text.encode(), short_catalogue(required=("id",), **settings), shard_bytes=4000, shard_rows=50)


def feed(names: dict[int, str], rows: int = 200) -> str:
    """A tab-separated feed that quotes nothing: `names` by row, counted from 1."""
    lines = [f"{row}\t{names.get(row, f'name {row}')}\td\tb\thttp://h/{row}.png\ts\tc" for row in range(1, rows + 1)]
    return "\n".join([TABS, *lines]) + "\n"


@pytest.mark.parametrize(
    "names",
    [
        {10: '"Bio milk', 150: '"Bio" milk'},
        {10: '"Bio milk', 149: '"Eco', 150: 'milk "Bio"'},
        {10: '"Bio" milk', 11: '"Eco" milk'},
        {10: '"Bio milk', 11: '5" pipe', 150: '"Bio"', 151: '"Eco" milk'},
    ],
)
def test_a_feed_that_quotes_nothing_keeps_its_quotes_and_rows(names: dict[int, str]) -> None:
    found = read(feed(names))
    assert found.numbers == list(range(1, 201))
    assert found.rejects == []
    assert found.cells("name") == [names.get(row, f"name {row}") for row in range(1, 201)]
    assert found.cells("image") == [f"http://h/{row}.png" for row in range(1, 201)]


def test_of_a_single_such_name_the_row_alone_is_told() -> None:
    found = read(feed({10: '"Bio milk', 150: 'milk "Bio"'}))
    assert [(reject.row, reject.code) for reject in found.rejects] == [(10, Code.UNCLOSED_QUOTE)]
    assert found.numbers == [row for row in range(1, 201) if row != 10]
    assert "`quoting`" in found.rejects[0].detail


def test_a_quote_behind_the_head_costs_its_row_alone() -> None:
    names = {9_010: '"Bio milk', 9_150: 'milk "Bio"', 9_300: '"Bio" milk', 9_400: '"Bio"'}
    found = read(feed(names, rows=10_000))
    assert {reject.row: reject.code for reject in found.rejects} == {
        9_010: Code.UNCLOSED_QUOTE,
        9_300: Code.AMBIGUOUS_QUOTING,
        9_400: Code.AMBIGUOUS_QUOTING,
    }
    assert all("`quoting`" in reject.detail for reject in found.rejects)
    assert found.cells("name") == [
        names.get(row, f"name {row}") for row in range(1, 10_001) if row not in (9_010, 9_300, 9_400)
    ]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_quotes_behind_backslashes_are_read_as_quotes(delimiter: str) -> None:
    cells = ['5" pipe', '{"k"=>"v, w"}', "a\nb", "plain", 'a "b", c', '"', '"x"', "", "Home >> Garden"]
    lines = [HEADER.replace(",", delimiter)]
    for row, cell in enumerate(cells * 20, start=1):
        quoted = '"{}"'.format(cell.replace('"', '\\"'))
        lines.append(delimiter.join([str(row), quoted, "d", "b", "m", quoted, '"{\\"k\\": \\"v\\"}"']))
    found = read("\n".join(lines) + "\n")
    assert found.rejects == []
    assert found.cells("name") == cells * 20
    assert found.cells("specifications") == cells * 20
    assert set(found.cells("categories")) == {'{"k": "v"}'}


def test_php_s_quotes_behind_backslashes_are_told() -> None:
    """PHP's fputcsv doubles a quote unless a backslash is before it; nothing reads both."""
    rows = [f'{row},"a ""b"" {row}",d,b,m,s,c' for row in range(1, 101)]
    rows[49] = '50,"a \\"b\\" ""c""",d,b,m,s,c'
    rows[69] = '70,"a\\",b",d,b,m,s,c'
    found = read("\n".join([HEADER, *rows]) + "\n")
    assert [(reject.row, reject.code) for reject in found.rejects] == [
        (50, Code.AMBIGUOUS_QUOTING),
        (70, Code.AMBIGUOUS_QUOTING),
    ]
    assert found.cells("name") == [f'a "b" {row}' for row in range(1, 101) if row not in (50, 70)]
