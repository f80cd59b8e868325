from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.csv import output
from actors.csv.output import header_row, reject_lengths, rejects_jsonl, rejects_raw, rows_csv
from actors.errors import Code
from actors.model.catalogue import ROLES, Catalogue
from actors.model.frame import AttributeColumns, Reject

CATALOGUE = Catalogue(category_levels=2)
COLUMNS = list(CATALOGUE.output_columns)


def written(rows: list[tuple[str, ...]], *, neutralise_formulas: bool = False) -> bytes:
    """`rows` hold the output's cells in the order of its columns."""
    cells = dict(zip(COLUMNS, zip(*rows, strict=True) if rows else [()] * len(COLUMNS), strict=True))
    text = {name: pa.array(column, pa.string()) for name, column in cells.items()}
    sources = {"id": "uniq_id", "name": "product_name", "brand": "brand", "image": "image"}
    frame = pa.table({role: text[sources[role]] if role in sources else pa.nulls(len(rows)) for role in ROLES})
    attributes = AttributeColumns(text["attributes"], (text["c0_name"], text["c1_name"]), 0, 0)
    return rows_csv(frame, text["description"], text["image_uri"], attributes, neutralise_formulas=neutralise_formulas)


def rows_of(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, ...]]]:
    return st.lists(st.tuples(*[cells] * len(COLUMNS)), max_size=5)


CELLS = st.one_of(st.sampled_from(["", '"', "a,b", "a\nb", " x ", "NA", "é"]), st.text(max_size=5))


# pandas writes a bare CR unquoted before Python 3.13, see `test_a_bare_carriage_return_is_quoted_on_every_python`.
@given(rows_of(CELLS.map(lambda cell: cell.replace("\r", ""))))
def test_rows_are_what_pandas_writes(rows: list[tuple[str, ...]]) -> None:
    expected = pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n")
    assert (header_row(CATALOGUE) + written(rows)).decode() == expected


@given(rows_of(CELLS))
def test_rows_come_back_as_they_were(rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO(written(rows).decode(), newline="")
    assert [tuple(row) for row in csv.reader(text)] == rows


FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a", "="]


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_are_kept_or_neutralised_in_every_column(cell: str) -> None:
    row = (cell,) * len(COLUMNS)
    for neutralise, expected in ((False, row), (True, ("'" + cell,) * len(COLUMNS))):
        text = io.StringIO(written([row], neutralise_formulas=neutralise).decode(), newline="")
        assert [tuple(line) for line in csv.reader(text)] == [expected]


@pytest.mark.parametrize("cell", ["", "a=1", " =1", "'=1", '{"a": "=1"}', "gs://out/=1.png", "1-2", "½", "ä"])
def test_what_is_no_formula_is_never_touched(cell: str) -> None:
    rows = [(cell,) * len(COLUMNS)]
    assert written(rows, neutralise_formulas=True) == written(rows)


@pytest.mark.parametrize("cell", ["\r", "a\rb"])
def test_a_bare_carriage_return_is_quoted_on_every_python(cell: str) -> None:
    assert written([(cell, *[""] * 8)]) == f'"{cell}",,,,,,,,\n'.encode()


def test_the_header_names_the_levels() -> None:
    assert header_row(CATALOGUE) == (
        b"uniq_id,product_name,description,brand,image,image_uri,attributes,c0_name,c1_name\n"
    )


def never_read(start: int, end: int) -> bytes:
    pytest.fail("the drop was read for records that are at hand")


def test_rejects_can_be_mended_and_told_apart() -> None:
    rejects = [
        Reject(3, 100, Code.UNDECODABLE_BYTES, "Byte 2 is no text.", b"1,\xff"),
        Reject(9, 250, Code.WRONG_FIELD_COUNT, "Fünf fields.", b'2,"a\nb",'),
    ]
    lengths = reject_lengths(rejects, never_read)
    raw = b"".join(rejects_raw(rejects, lengths, never_read))
    assert raw == b'1,\xff\n2,"a\nb",\n'
    lines = [json.loads(line) for line in rejects_jsonl(rejects, lengths, text_uri=None).splitlines()]
    assert lines == [
        {"row": 3, "offset": 100, "bytes": 3, "code": "undecodable_bytes", "detail": "Byte 2 is no text."},
        {"row": 9, "offset": 250, "bytes": 8, "code": "wrong_field_count", "detail": "Fünf fields."},
    ]
    start = 0
    for line, reject in zip(lines, rejects, strict=True):
        assert raw[start : start + line["bytes"]] == reject.raw
        start += line["bytes"] + 1


def test_an_offset_in_another_text_says_in_which() -> None:
    reject = Reject(3, 100, Code.UNDECODABLE_BYTES, "Byte 2 is no text.", b"1,\xff")
    line = json.loads(rejects_jsonl([reject], [3], text_uri="gs://work/text.csv"))
    assert (line["offset"], line["offset_in"]) == (100, "gs://work/text.csv")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r", b""], ids=repr)
@pytest.mark.parametrize("length", [101, 102, 250, 1000])
def test_a_reject_too_large_to_hold_is_whole_in_the_rejects(
    line_end: bytes, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_BLOCK_BYTES", 60)
    record = (b"1," + b'"' + b"x" * length)[:length]
    drop = b"header\n" + record + line_end + b"next"
    read = []

    def read_drop(start: int, end: int) -> bytes:
        read.append(end - start)
        return drop[start:end]

    unread = length + len(line_end) - 100
    whole = Reject(1, 7, Code.ROW_TOO_LARGE, "The row is too long.", record[:100], unread)
    rejects = [whole, Reject(2, 900, Code.WRONG_FIELD_COUNT, "A field.", b"next")]
    lengths = reject_lengths(rejects, read_drop)
    assert lengths == [length, 4]
    assert b"".join(rejects_raw(rejects, lengths, read_drop)) == record + b"\nnext\n"
    assert json.loads(rejects_jsonl(rejects, lengths, text_uri=None).splitlines()[0])["bytes"] == length
    assert max(read) <= 60
