from __future__ import annotations

import pytest

from actors.csv.header import detect_delimiter, read_header
from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, Catalogue, Columns

DEFAULT = "uniq_id,product_name,description,brand,image,product_specifications,product_category_tree"
COLUMNS = Columns(
    id="Id", name="name", description="text", brand="brand", image="image", specifications="spec", categories="path"
)


def catalogue(**settings: object) -> Catalogue:
    return Catalogue.model_validate({"columns": COLUMNS, **settings})


def test_roles_are_found_by_the_default_names() -> None:
    header = read_header(DEFAULT.encode(), Catalogue(), ",")
    assert header.positions == {role: n for n, role in enumerate(ROLES)}
    assert header.names == tuple(DEFAULT.split(","))


@pytest.mark.parametrize(
    "record",
    [
        b"path,spec,image,brand,text,name,id",
        b"PATH, Spec ,image,brand,TEXT,name,iD",
        b'\xef\xbb\xbf"path","spec",image,brand,text,name,id',
    ],
)
def test_names_are_compared_without_mark_blanks_and_case(record: bytes) -> None:
    header = read_header(record, catalogue(), ",")
    assert [header.positions[role] for role in ROLES] == [6, 5, 4, 3, 2, 1, 0]


def test_columns_without_a_role_may_repeat_or_be_unnamed() -> None:
    header = read_header(b"x,x,,,id,name,text,brand,image,spec,path", catalogue(), ",")
    assert header.positions["id"] == 4
    assert len(header.names) == 11


def test_an_optional_column_may_be_absent_unless_required() -> None:
    record = b"id,name,text,image,spec,path"
    assert "brand" not in read_header(record, catalogue(), ",").positions
    with pytest.raises(DropforgeError):
        read_header(record, catalogue(required=("brand",)), ",")


@pytest.mark.parametrize(
    ("record", "code", "message"),
    [
        (
            b"id,name,texts,brand,image,path",
            Code.MISSING_COLUMN,
            "The header lacks 'text' (nearest: 'texts'), 'spec'; it has id, name, texts, brand, image, path. "
            "Rename the columns in the file, or set the catalogue's `columns` to the file's names.",
        ),
        (
            b"id;name;text;brand;image;spec;path",
            Code.MISSING_COLUMN,
            "set the catalogue's `delimiter` to it.",
        ),
        (b"id,name,text,brand,image,spec,path, TEXT", Code.DUPLICATE_COLUMN, "has the column 'text' 2 times"),
        (b"id,name,text,brand,image,spec,path,\xff", Code.UNSUPPORTED_ENCODING, "not valid utf-8 (at byte 35)"),
    ],
)
def test_a_header_that_can_not_be_read_is_refused(record: bytes, code: Code, message: str) -> None:
    with pytest.raises(DropforgeError) as refused:
        read_header(record, catalogue(), ",")
    assert refused.value.code is code
    assert message in refused.value.message


def test_the_message_stays_short_whatever_the_header_holds() -> None:
    record = ",".join(f"{n}{'x' * 200}" for n in range(1000)).encode()
    with pytest.raises(DropforgeError) as refused:
        read_header(record, catalogue(), ",")
    assert "and 980 more" in refused.value.message
    assert len(refused.value.message) < 3000


def test_the_header_comes_back_as_it_came() -> None:
    record = 'Id,name,text,brand,image,spec,path,"Größe, cm"'.encode("cp1252")
    assert read_header(record, catalogue(encoding="cp1252"), ",").raw == record + b"\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n \r\n"])
def test_the_delimiter_is_the_one_that_finds_the_columns(delimiter: str, start: bytes) -> None:
    header = delimiter.join(['"text"', "id", "name", '"a,b;c|d\te"', "brand", "image", "spec", "path"])
    assert detect_delimiter(start + header.encode() + b"\r\n1,2;3\n", catalogue()) == delimiter


@pytest.mark.parametrize(
    ("head", "delimiter", "expected"),
    [
        (b"a;b;c\n", "auto", ","),
        (b"", "auto", ","),
        (b"\xff;\xfe", "auto", ","),
        (b"id;name;text\n", ",", ","),
        (b"id^name^text\n", "^", "^"),
    ],
)
def test_a_set_delimiter_stands_and_a_comma_is_the_default(head: bytes, delimiter: str, expected: str) -> None:
    assert detect_delimiter(head, catalogue(delimiter=delimiter)) == expected
