"""Rows and rejects of a shard."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.csv.boundaries import RecordSplitter
from actors.csv.header import read_header
from actors.csv.records import read_shard
from actors.csv.scan import ShardScanner
from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, Catalogue, Columns
from actors.model.drop import Shard
from actors.model.frame import ShardFrame

COLUMNS = Columns(
    id="id", name="name", description="text", brand="brand", image="image", specifications="spec", categories="path"
)
HEADER = b"id,name,text,brand,image,spec,path,other"
GOOD = b"1,n,t,b,i,s,p,o"


def catalogue(**settings: object) -> Catalogue:
    return Catalogue.model_validate({"columns": COLUMNS, **settings})


def read(data: bytes, settings: Catalogue | None = None, header: bytes = HEADER) -> ShardFrame:
    settings = settings or catalogue()
    records = RecordSplitter(b",", settings.max_row_bytes).split(data, final=True).ends.size
    shard = Shard(0, 1000, 1000 + len(data), 7, records)
    return read_shard(data, shard, read_header(header, settings, ","), settings)


def cells_of(frame: ShardFrame) -> Iterator[tuple]:
    """Each row's number and values."""
    return zip(*frame.rows.drop_columns("repeated").to_pydict().values(), strict=True)


def test_cells_are_the_files_text_unchanged() -> None:
    frame = read(b'007,NA, x ,,"[""u""]",1e5,"a\r\nb",o\n2,null,3.10,-0,TRUE,\xc3\xa9,>>,\n')
    assert frame.rows.to_pydict() == {
        "row": [7, 8],
        "repeated": [False, False],
        "id": ["007", "2"],
        "name": ["NA", "null"],
        "description": [" x ", "3.10"],
        "brand": ["", "-0"],
        "image": ['["u"]', "TRUE"],
        "specifications": ["1e5", "é"],
        "categories": ["a\r\nb", ">>"],
    }
    assert (frame.rejects, frame.blank, frame.records) == ((), 0, 2)


def test_rows_have_the_header_s_encoding() -> None:
    """A byte order mark has decided it."""
    data, settings = "1,größe,t,b,i,s,p,o\n".encode(), catalogue(encoding="cp1252")
    shard = Shard(0, 0, len(data), 1, 1)
    for header, name in (
        (read_header(HEADER, catalogue(), ","), "größe"),
        (read_header(HEADER, settings, ","), "grÃ¶ÃŸe"),
    ):
        assert read_shard(data, shard, header, settings).rows["name"].to_pylist() == [name]


def test_where_an_id_may_be_missing_blanks_are_a_missing_one() -> None:
    frame = read(b"  ,n,t,b,i,s,p,o\n" + GOOD, catalogue(required=("description",)))
    assert frame.rows["id"].to_pylist() == ["  ", "1"]
    assert frame.rows["repeated"].to_pylist() == [True, False]


def test_the_schema_is_the_same_without_rows() -> None:
    assert read(b"").rows.schema == read(GOOD).rows.schema
    assert str(read(b"").rows.schema.field("id").type) == "string"


@pytest.mark.parametrize(
    ("record", "code", "detail"),
    [
        (b"1,n,t,b,i,s,p", Code.WRONG_FIELD_COUNT, "The row has 7 fields, but the header has 8."),
        (b"1,n,t,b,i,s,p,o,", Code.WRONG_FIELD_COUNT, "The row has 9 fields, but the header has 8."),
        (b"1,n,t,b,i,s,p,\xff", Code.UNDECODABLE_BYTES, "Byte 14 of the row (0xff) is not valid utf-8."),
        (b"1,n,t,b,i,s,\xc3,o", Code.UNDECODABLE_BYTES, "Byte 12 of the row (0xc3) is not valid utf-8."),
        (b"1,n,t,b,i,s,p,\x00", Code.UNDECODABLE_BYTES, "Character 14 of the row is a NUL, which is not text."),
        (HEADER, Code.REPEATED_HEADER, "The row repeats the header."),
        (b'"ID",Name,text,brand,image,spec, path,other', Code.REPEATED_HEADER, "The row repeats the header."),
        (b"\xef\xbb\xbf" + HEADER, Code.REPEATED_HEADER, "The row repeats the header."),
        (b",n,t,b,i,s,p,o", Code.MISSING_VALUE, "The row has no value for id."),
        (b"  ,n,t,b,i,s,p,o", Code.MISSING_VALUE, "The row has no value for id."),
        (b'"\t\n",n,t,b,i,s,p,o', Code.MISSING_VALUE, "The row has no value for id."),
        ("\u00a0,n,t,b,i,s,p,o".encode(), Code.MISSING_VALUE, "The row has no value for id."),
        (b'1,n,"",b,i,,p,o', Code.MISSING_VALUE, "The row has no value for text, spec."),
        (
            b"1,n,t,b,i,s,p," + b"x" * 41,
            Code.FIELD_TOO_LARGE,
            "The field other has 41 bytes, more than the 40 allowed.",
        ),
        (b"1,n,t,b,i,s,p," + "é".encode() * 21, Code.FIELD_TOO_LARGE, "The field other has 42 bytes, more than"),
        (b"1,n,t,b,i,s,p," + b"x" * 86, Code.ROW_TOO_LARGE, "The row is longer than 100 bytes"),
        (b'1,n,t,b,i,s,p,"' + b"x" * 90, Code.ROW_TOO_LARGE, "The row is longer than 100 bytes"),
        (b'1,n,t,b,i,s,p,"o', Code.UNCLOSED_QUOTE, "The row has an opening quote without a closing one"),
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_bad_row_is_a_reject_and_its_neighbours_go_on(
    record: bytes, code: Code, detail: str, line_end: bytes
) -> None:
    settings = catalogue(max_field_bytes=40, max_row_bytes=100)
    frame = read(GOOD + line_end + record + line_end + GOOD + line_end, settings)
    assert frame.rows["row"].to_pylist() == [7, 9]
    (reject,) = frame.rejects
    assert (reject.row, reject.offset) == (8, 1000 + len(GOOD + line_end))
    assert reject.code is code
    assert reject.detail.startswith(detail)
    assert reject.raw == record


@pytest.mark.parametrize(
    ("text", "tangled"),
    [
        (b")" * 2001, True),
        (b"(" * 1_000_000, True),
        (b"a-" * 10_000, True),
        ("👟".encode() * 3000, True),
        ((b"'" * 999 + b" ") * 10, True),
        (b")" * 1999, False),
        (b"a" * 100_000, False),
        (b"word, (word) 'word' " * 10_000, False),
        ((b"-" * 80 + b"\r\n") * 100, False),
        (b"http://host/" + b"a/" * 900, False),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else str(value),
)
def test_a_description_that_would_take_hours_is_a_reject(text: bytes, tangled: bool) -> None:
    settings = catalogue(max_field_bytes=1 << 20)
    frame = read(GOOD.replace(b",t,", b',"' + text + b'",') + b"\n" + GOOD + b"\n", settings)
    assert [reject.code for reject in frame.rejects] == [Code.TANGLED_TEXT] * tangled
    assert frame.rows["row"].to_pylist() == ([8] if tangled else [7, 8])


def test_the_unread_rest_of_a_record_is_accounted_for() -> None:
    settings = catalogue(max_field_bytes=40, max_row_bytes=100)
    data = GOOD + b"\n" + b"1" * 101
    shard = Shard(0, 1000, 1000 + len(data), 7, 2, record_end=5000)
    (reject,) = read_shard(data, shard, read_header(HEADER, settings, ","), settings).rejects
    assert (reject.code, reject.raw) == (Code.ROW_TOO_LARGE, b"1" * 100)
    assert reject.offset + len(reject.raw) + reject.unread == 5000


@pytest.mark.parametrize("record", [b"", b",,,,,,,", b" , ,\t", '"  ",\u3000'.encode(), b'"\n"'])
def test_a_row_of_blanks_is_counted_and_no_reject(record: bytes) -> None:
    frame = read(GOOD + b"\n" + record + b"\n" + GOOD + b"\n")
    assert frame.rows["row"].to_pylist() == [7, 9]
    assert (frame.blank, frame.rejects, frame.records) == (1, (), 3)


def test_blanks_alone_are_a_value_but_for_an_id() -> None:
    assert read(b"1,n, ,b, , , ,o").rows.num_rows == 1
    assert [reject.code for reject in read(b" ,n, ,b, , , ,o").rejects] == [Code.MISSING_VALUE]


def test_an_unclosed_quote_costs_its_row_alone() -> None:
    frame = read(GOOD + b'\n2,n,"t,b,i,s,p,o\n' + (GOOD + b"\n") * 3)
    assert frame.rows["row"].to_pylist() == [7, 9, 10, 11]
    assert [(reject.row, reject.code) for reject in frame.rejects] == [(8, Code.UNCLOSED_QUOTE)]


def test_a_field_longer_than_the_parsers_default_limit_is_read() -> None:
    frame = read(GOOD.replace(b"t", b"x" * 200_000))
    assert frame.rows["description"].to_pylist() == ["x" * 200_000]


def test_an_absent_column_is_empty_in_another_encoding_too() -> None:
    header = b"path,spec,image,text,name,id"
    frame = read(b"p,s,i,\x93t\x94 \x80,n,1", catalogue(encoding="cp1252"), header)
    assert frame.rows["brand"].to_pylist() == [""]
    assert frame.rows["description"].to_pylist() == ["“t” €"]


@pytest.mark.parametrize(
    ("shard", "code"),
    [(Shard(0, 0, len(GOOD) + 1, 1, 1), Code.STORAGE_UNAVAILABLE), (Shard(0, 0, len(GOOD), 1, 2), Code.INTERNAL)],
)
def test_bytes_that_are_not_the_planned_shard_are_an_error(shard: Shard, code: Code) -> None:
    with pytest.raises(DropforgeError) as failed:
        read_shard(GOOD, shard, read_header(HEADER, catalogue(), ","), catalogue())
    assert failed.value.code is code


FIELDS = st.one_of(
    st.sampled_from(["", "x", '"', '5" x 7"', "a,b", "a\r\nb", "\n", "\r", " ", "é", "日本", '"q"', "NA", "00"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)
WRITTEN_ROWS = st.lists(st.lists(FIELDS, min_size=8, max_size=8), max_size=12)
SLOPPY = st.lists(
    st.sampled_from(['"', '""', ",", "\n", "\r", "\r\n", "a", "é", "\U0001f600", "1,n,t,b,i,s,p,o\n", ',,"x",']),
    max_size=30,
).map("".join)


def plan_and_read(data: bytes, settings: Catalogue, shard_bytes: int) -> list[ShardFrame]:
    scanner = ShardScanner(
        ",",
        shard_bytes=shard_bytes,
        shard_rows=None,
        max_row_bytes=settings.max_row_bytes,
        records=lambda record: RecordSplitter.of(read_header(record, settings, ","), settings),
    )
    shards = scanner.feed(data) + scanner.finish()
    assert scanner.header is not None
    header = read_header(scanner.header, settings, ",")
    return [read_shard(data[shard.start : shard.end], shard, header, settings) for shard in shards]


@settings(max_examples=80)
@given(rows=WRITTEN_ROWS, line_end=st.sampled_from(["\n", "\r\n", "\r"]), shard_bytes=st.integers(1, 300))
def test_what_a_writer_wrote_comes_back(rows: list[list[str]], line_end: str, shard_bytes: int) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([HEADER.decode().split(","), *rows])
    frames = plan_and_read(text.getvalue().encode(), catalogue(required=()), shard_bytes)
    expected = [(n, *row[:7]) for n, row in enumerate(rows, 1) if "".join(row).strip()]
    assert [row for frame in frames for row in cells_of(frame)] == expected
    assert sum(frame.blank for frame in frames) == len(rows) - len(expected)


@settings(max_examples=200)
@given(text=SLOPPY, shard_bytes=st.integers(1, 100))
def test_shards_together_are_what_the_standard_library_reads(text: str, shard_bytes: int) -> None:
    frames = plan_and_read(HEADER + b"\n" + text.encode(), catalogue(required=()), shard_bytes)
    expected = list(csv.reader(io.StringIO(text, newline="")))
    rejects = {reject.row: reject for frame in frames for reject in frame.rejects}
    open_from = min((row for row in rejects if rejects[row].code is Code.UNCLOSED_QUOTE), default=None)
    if open_from is None:
        assert sum(frame.records for frame in frames) == len(expected)
    got = {row[0]: row[1:] for frame in frames for row in cells_of(frame)}
    for number, fields in enumerate(expected[: open_from and open_from - 1], 1):
        if not "".join(fields).strip():
            assert number not in got
            assert number not in rejects
        elif len(fields) == 8:
            assert got[number] == tuple(fields[:7])
        else:
            assert rejects[number].code is Code.WRONG_FIELD_COUNT


@settings(max_examples=200)
@given(
    data=st.one_of(st.binary(max_size=80), SLOPPY.map(str.encode)),
    shard_bytes=st.integers(1, 60),
    max_row_bytes=st.one_of(st.integers(50, 70), st.just(1 << 20)),
)
def test_every_record_of_any_bytes_is_accounted_once(data: bytes, shard_bytes: int, max_row_bytes: int) -> None:
    data = HEADER + b"\n" + data
    settings = catalogue(max_row_bytes=max_row_bytes, max_field_bytes=20)
    whole = plan_and_read(data, settings, 1 << 30)
    frames = plan_and_read(data, settings, shard_bytes)
    for frame in frames:
        assert frame.records == frame.blank + len(frame.rejects) + frame.rows.num_rows
    assert [reject for frame in frames for reject in frame.rejects] == [r for frame in whole for r in frame.rejects]
    for name in ("row", *ROLES):
        cells = [cell for frame in frames for cell in frame.rows[name].to_pylist()]
        assert cells == [cell for frame in whole for cell in frame.rows[name].to_pylist()]
    numbers = sorted(
        [reject.row for frame in frames for reject in frame.rejects]
        + [row for frame in frames for row in frame.rows["row"].to_pylist()]
    )
    assert all(a < b for a, b in pairwise(numbers))
    assert len(numbers) + sum(frame.blank for frame in frames) == sum(frame.records for frame in frames)


@pytest.mark.parametrize(
    ("description", "settings", "expected"),
    [
        ("<p>Soft &amp; warm</p><p>Wool", {}, "<p>Soft &amp; warm</p><p>Wool"),
        ("<p>Soft &amp; warm</p><p>Wool", {"description_format": "html"}, "Soft & warm .\nWool"),
    ],
)
def test_descriptions_may_be_html(description: str, settings: dict, expected: str) -> None:
    frame = read(f"1,n,{description},b,i,s,p,o\n".encode(), catalogue(**settings))
    assert frame.rows["description"].to_pylist() == [expected]


def test_html_without_text_is_no_description() -> None:
    frame = read(b"1,n,<p><br></p>,b,i,s,p,o\n", catalogue(description_format="html", required=("id", "description")))
    assert [(reject.code, reject.detail) for reject in frame.rejects] == [
        (Code.MISSING_VALUE, "The row has no value for text.")
    ]


def test_html_is_bounded_by_the_limit_of_a_field() -> None:
    settings = catalogue(description_format="html", max_field_bytes=100)
    frame = read(b"1,n," + b"<b>" * 34 + b",b,i,s,p,o\n", settings)
    assert [reject.code for reject in frame.rejects] == [Code.FIELD_TOO_LARGE]


def test_the_effort_is_that_of_the_text_of_html() -> None:
    tangled = b"1,n,<p>" + b"&#33;" * 3000 + b",b,i,s,p,o\n"
    tags = b"2,n,<p>" + b"<b/>" * 3000 + b"text,b,i,s,p,o\n"
    frame = read(tangled + tags, catalogue(description_format="html"))
    assert [reject.code for reject in frame.rejects] == [Code.TANGLED_TEXT]
    assert frame.rows["description"].to_pylist() == ["text"]
