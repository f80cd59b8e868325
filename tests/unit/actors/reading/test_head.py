"""What is found at the start of a file: what is before the header, and which field records have and it has not."""

from __future__ import annotations

from typing import Any

import pytest

from actors.errors import Code, DropforgeError
from actors.model.dialect import Dialect
from actors.reading.head import MANY_SHARDS, MOST_GROWTH, read_head, shard_growth
from tests.fuzz.reading import HEADER, FileRead, read_file, short_catalogue

ROWS = "1,n,d,b,m,s,c\n2,o,d,b,m,s,c\n3,p,d,b,m,s,c\n"


def read(text: str, **settings: Any) -> FileRead:
    found = read_file(text.encode(), short_catalogue(required=("id",), **settings), shard_bytes=20, shard_rows=1)
    assert found.refusal is None, found.refusal
    return found


def test_row_names_before_each_row_are_left_out() -> None:
    found = read(HEADER + "\n" + "".join(f"r,{line}\n" for line in [*ROWS.splitlines(), "1,again,d,b,m,s,c"]))
    assert (found.cells("id"), found.rejects) == (["1", "2", "3", "1"], [])
    assert [sorted(shard.repeated_rows) for shard in found.shards if shard.repeated] == [[4]]


def test_one_delimiter_too_many_behind_each_row_is_dropped() -> None:
    found = read(HEADER.replace(",", ";") + "\n" + ROWS.replace("\n", ";\n").replace(",", ";"))
    assert (found.cells("id"), found.cells("categories"), found.rejects) == (["1", "2", "3"], ["c"] * 3, [])


def test_where_the_rows_disagree_each_odd_one_is_told() -> None:
    found = read(f"{HEADER}\n{ROWS}x,{ROWS}")
    assert [(reject.row, reject.code) for reject in found.rejects] == [(4, Code.WRONG_FIELD_COUNT)]
    text = ROWS.replace("\n", ",\n") * 8000 + "1,n,d,b,m,s,c\n2,n,d,b,m,s,c,x\n" + HEADER + "\n"
    behind_head = read_file(f"{HEADER}\n{text}".encode(), short_catalogue(required=("id",)))
    assert [reject.code for reject in behind_head.rejects] == [
        Code.WRONG_FIELD_COUNT,
        Code.WRONG_FIELD_COUNT,
        Code.REPEATED_HEADER,
    ]


@pytest.mark.parametrize(
    ("before", "settings", "kept"),
    [
        ("sep=;\r\n", {}, "sep=;\n"),
        ('"SEP=;"\n', {}, "sep=;\n"),
        ("Catalogue\n\n", {"lines_before_header": 2}, "\n\n"),
        ("sep=;\nCatalogue\n", {"lines_before_header": 1}, "sep=;\n\n"),
        ("sep=;\n", {"delimiter": ";"}, "sep=;\n"),
        ('A "title\n', {"lines_before_header": 1}, "\n"),
    ],
)
def test_what_is_before_the_header_is_kept_for_rejects(before: str, settings: dict[str, Any], kept: str) -> None:
    text = before + (HEADER + "\n" + ROWS + "4\n").replace(",", ";")
    for mark in ("", "\ufeff"):
        found = read(mark + text, **settings)
        assert found.header is not None
        assert found.header.raw.decode() == kept + HEADER.replace(",", ";") + "\n"
        assert (found.cells("id"), found.codes) == (["1", "2", "3"], ["wrong_field_count"])
        again = read(found.header.raw.decode() + "4;fixed;d;b;m;s;c\n", **settings)
        assert again.cells("name") == ["fixed"]


@pytest.mark.parametrize("marker", ["NULL", "NA", r"\N"])
def test_a_null_marker_is_no_value(marker: str) -> None:
    text = f"{HEADER}\n1,{marker},d,b,m,s,c\n{marker},n,d,b,m,s,c\n"
    found = read(text, null_markers=(marker,), escapes="none")
    assert (found.cells("name"), found.codes) == ([""], ["missing_value"])
    assert read(text, quoting="doubled").cells("name") == [marker, "n"]


def test_without_quotes_and_backslashes_nothing_is_open() -> None:
    head = read_head(f"{HEADER}\n{ROWS}".encode(), short_catalogue())
    assert head.dialect == Dialect(found=True, sure=True, escapes="auto", bare_escapes="auto")


def test_a_refusal_names_the_line_and_the_setting() -> None:
    rows = "".join(f'{row},"a" b,d,b,m,s,c\n{row},"a, b",d,b,m,s,c\n' for row in range(1, 9))
    with pytest.raises(DropforgeError) as refused:
        read_head(f"sep=,\n{HEADER}\n{rows}".encode(), short_catalogue())
    assert refused.value.code is Code.AMBIGUOUS_DIALECT
    assert "8 of its first 16 records" in refused.value.message
    assert "at line 3" in refused.value.message
    assert "`quoting`" in refused.value.message


@pytest.mark.parametrize(
    ("shards", "growth"), [(0, 1), (1, 1), (MANY_SHARDS, 1), (MANY_SHARDS + 0.01, 2), (5 * MANY_SHARDS, 5), (1e9, 8)]
)
def test_shards_of_a_large_file_are_larger(shards: float, growth: int) -> None:
    assert shard_growth(int(shards * 1000), 1000) == growth
    assert growth <= MOST_GROWTH


def test_a_large_file_has_no_more_shards_than_many() -> None:
    rows = "".join(f"{number:032},n,d,b,m,s,c\n" for number in range(3 * MANY_SHARDS))
    shard_bytes = len(rows) // (3 * MANY_SHARDS)
    content = f"{HEADER}\n{rows}".encode()
    found = read_file(content, short_catalogue(required=("id",)), shard_bytes=shard_bytes, shard_rows=1)
    assert len(found.cells("id")) == 3 * MANY_SHARDS
    assert MANY_SHARDS / 2 <= len(found.shards) <= MANY_SHARDS
