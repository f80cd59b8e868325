from __future__ import annotations

import pytest

from actors.csv.content import check_content, identify
from actors.errors import Code, DropforgeError

HEADER = "id,name\n"


@pytest.mark.parametrize(
    ("head", "code", "named"),
    [
        (b"", Code.EMPTY_FILE, "empty"),
        (b"\xef\xbb\xbf", Code.EMPTY_FILE, "empty"),
        (b"\r\n \n", Code.EMPTY_FILE, "whitespace"),
        (b"\x1f\x8b\x08\x00rest", Code.NOT_A_CSV, "gzip"),
        (b"PK\x03\x04rest", Code.NOT_A_CSV, "Office workbook"),
        (b"PAR1\x15\x04", Code.NOT_A_CSV, "Parquet"),
        (b"%PDF-1.7\n", Code.NOT_A_CSV, "PDF"),
        (b"\x89PNG\r\n\x1a\n", Code.NOT_A_CSV, "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Code.NOT_A_CSV, "JPEG"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Code.NOT_A_CSV, "WebP"),
        (b"\x7fELF\x02\x01", Code.NOT_A_CSV, "executable"),
        (b"MZ\x90\x00\x03\x00\x00\x00", Code.NOT_A_CSV, "executable"),
        (b"name".ljust(257, b"\x00") + b"ustar\x0000", Code.NOT_A_CSV, "tar"),
        (b"SQLite format 3\x00", Code.NOT_A_CSV, "SQLite"),
        (b"\n<!DOCTYPE html><html>", Code.NOT_A_CSV, "HTML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', Code.NOT_A_CSV, "XML"),
        (b"<HTML>", Code.NOT_A_CSV, "HTML"),
        (b'{"id": 1}\n{"id": 2}', Code.NOT_A_CSV, "JSON"),
        (b'[\n  {"id": 1}]', Code.NOT_A_CSV, "JSON"),
        (b"[]", Code.NOT_A_CSV, "JSON"),
        (b"id,na\x00me\n", Code.NOT_A_CSV, "binary data"),
        (HEADER.encode("utf-16"), Code.UNSUPPORTED_ENCODING, "UTF-16"),
        (b"\xfe\xff" + HEADER.encode("utf-16-be"), Code.UNSUPPORTED_ENCODING, "UTF-16"),
        (HEADER.encode("utf-16-le"), Code.UNSUPPORTED_ENCODING, "UTF-16"),
        (HEADER.encode("utf-16-be"), Code.UNSUPPORTED_ENCODING, "UTF-16"),
        (HEADER.encode("utf-32"), Code.UNSUPPORTED_ENCODING, "UTF-32"),
        (b"\x00\x00\xfe\xff" + HEADER.encode("utf-32-be"), Code.UNSUPPORTED_ENCODING, "UTF-32"),
    ],
)
def test_what_is_no_csv_is_refused_by_name(head: bytes, code: Code, named: str) -> None:
    with pytest.raises(DropforgeError) as refused:
        check_content(head)
    assert refused.value.code is code
    assert named in refused.value.message


@pytest.mark.parametrize(
    "head",
    [
        b"id,name\n1,a\n",
        b"\xef\xbb\xbfid,name\n",
        b"\n\nid\n",
        b"MZ,GIF,PDF\n",
        b'"[id]",{name}\n',
        b"[id],name\n",
        b"id,name\n1,\x00\n",
        b"caf\xe9,name\n",
        b"<id>,name\n",
    ],
)
def test_plain_text_passes(head: bytes) -> None:
    assert identify(head) is None
    check_content(head)
