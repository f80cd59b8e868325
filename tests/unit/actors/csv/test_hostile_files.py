# ruff: noqa: E501
"""One line a file: what strangers drop, and what becomes of it.

The cases are those of the test suites of csv, pandas, polars, DuckDB and Arrow that a catalogue can meet, and what
mail programs, spreadsheets, web servers and attackers make of a CSV.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from io import BytesIO
from typing import Any

import pytest

from actors.errors import Kind
from tests.fuzz.reading import FileRead, read_file, short_catalogue

H = b"i,n,d,b,m,s,c\n"
R = b"1,n,d,b,m,s,c\n"
U16 = "\ufeff" + (H + b"1,\xc3\xbc,d,b,m,s,c\n").decode()


def zipped(data: bytes) -> bytes:
    with zipfile.ZipFile(file := BytesIO(), "w") as archive:
        archive.writestr("catalogue.csv", data)
    return file.getvalue()


def read(data: bytes, settings: dict[str, Any] | None = None) -> FileRead:
    settings = {"max_field_bytes": 1000, "max_row_bytes": 4000, "max_expansion": 50, **(settings or {})}
    return read_file(data, short_catalogue(**settings), shard_bytes=64, shard_rows=3)


# name, file, settings, and of each row that is in the output its number and name
WHOLE: list[tuple[str, bytes, dict[str, Any], list[tuple[int, str]]]] = [
    # encodings
    ("utf-8", H + "1,ü目👟,d,b,m,s,c\n".encode(), {}, [(1, "ü目👟")]),
    ("utf-8 with a mark", b"\xef\xbb\xbf" + H + R, {}, [(1, "n")]),
    ("utf-8 with a mark and a quoted header", b'\xef\xbb\xbf"i",n,d,b,m,s,c\n' + R, {}, [(1, "n")]),
    ("utf-8 with a mark where cp1252 is set", b"\xef\xbb\xbf" + H + "1,ü,d,b,m,s,c\n".encode(), {"encoding": "cp1252"}, [(1, "ü")]),
    ("utf-16-le", U16.encode("utf-16-le"), {}, [(1, "ü")]),
    ("utf-16-be", U16.encode("utf-16-be"), {}, [(1, "ü")]),
    ("utf-16 where cp1252 is set", U16.encode("utf-16-le"), {"encoding": "cp1252"}, [(1, "ü")]),
    ("utf-16 with tabs, as Excel's Unicode text", U16.replace(",", "\t").encode("utf-16-le"), {}, [(1, "ü")]),
    ("utf-16 without a line end at its end", U16.rstrip("\n").encode("utf-16-le"), {}, [(1, "ü")]),
    ("utf-16 with surrogate pairs", (U16.replace("ü", "👟")).encode("utf-16-be"), {}, [(1, "👟")]),
    ("cp1252", H + b"1,\xfc\x80,d,b,m,s,c\n", {"encoding": "cp1252"}, [(1, "ü€")]),
    ("utf-8 that Latin-1 would read too", H + "1,Ã¼,d,b,m,s,c\n".encode(), {}, [(1, "Ã¼")]),
    ("a no-break space, a zero-width joiner, bidi", H + "1,\u00a0\u200d\u202e,d,b,m,s,c\n".encode(), {}, [(1, "\u00a0\u200d\u202e")]),
    ("line separators of Unicode end no row", H + "1,a\u2028b\u2029c\x85d\x0be\x0cf\x1cg,d,b,m,s,c\n".encode(), {}, [(1, "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg")]),
    ("characters of composed and decomposed form", H + "1,é e\u0301,d,b,m,s,c\n".encode(), {}, [(1, "é e\u0301")]),
    ("U+FFFD of the source", H + "1,a\ufffdb,d,b,m,s,c\n".encode(), {}, [(1, "a\ufffdb")]),
    ("noncharacters", H + "1,\uffff\U0010ffff,d,b,m,s,c\n".encode(), {}, [(1, "\uffff\U0010ffff")]),
    # delimiters
    ("semicolons", (H + R).replace(b",", b";"), {}, [(1, "n")]),
    ("semicolons, commas in cells", H.replace(b",", b";") + b"1;a,b;d;b;m;s;c\n", {}, [(1, "a,b")]),
    ("tabs", (H + R).replace(b",", b"\t"), {}, [(1, "n")]),
    ("bars", (H + R).replace(b",", b"|"), {}, [(1, "n")]),
    ("a caret, set", (H + R).replace(b",", b"^"), {"delimiter": "^"}, [(1, "n")]),
    ("blanks, set", (H + R).replace(b",", b" "), {"delimiter": " "}, [(1, "n")]),
    ("commas, the header's names quoted with semicolons in them", b'i,n,d,b,m,s,c,"x;y;z;w"\n1,n,d,b,m,s,c,\n', {}, [(1, "n")]),
    ("excel's separator line above the header", b"sep=;\r\n" + (H + R).replace(b",", b";"), {}, [(1, "n")]),
    ("excel's separator line, quoted, of a delimiter nobody knows", b'\xef\xbb\xbf"sep=~"\n' + (H + R).replace(b",", b"~"), {}, [(1, "n")]),
    ("a title above the header, set", b"Catalogue of May\n\n" + H + R, {"lines_before_header": 2}, [(1, "n")]),
    # line ends
    ("crlf", (H + R + R.replace(b"1", b"2")).replace(b"\n", b"\r\n"), {}, [(1, "n"), (2, "n")]),
    ("cr", (H + R + R.replace(b"1", b"2")).replace(b"\n", b"\r"), {}, [(1, "n"), (2, "n")]),
    ("mixed", H[:-1] + b"\r" + R[:-1] + b"\r\n" + R, {}, [(1, "n"), (2, "n")]),
    ("lf cr", H[:-1] + b"\n\r" + R[:-1] + b"\n\r" + R, {}, [(2, "n"), (4, "n")]),
    ("cr cr lf, of a file converted twice", H[:-1] + b"\r\r\n" + R[:-1] + b"\r\r\n", {}, [(2, "n")]),
    ("none at the end", H + R[:-1], {}, [(1, "n")]),
    ("cr alone at the end", H + R[:-1] + b"\r", {}, [(1, "n")]),
    ("blank lines everywhere", b"\n\n" + H + b"\n\n" + R + b"\n \n\t\n", {}, [(3, "n")]),
    ("rows of commas", H + b",,,,,,\n" + R + b",,,,,,\n" * 50, {}, [(2, "n")]),
    ("rows of quoted nothings", H + b'"","","","","","",""\n' + R, {}, [(2, "n")]),
    ("a row of a single pair of quotes", H + b'""\n' + R, {}, [(2, "n")]),
    # quotes
    ("a quoted line end of each kind", H + b'1,"a\nb\rc\r\nd",d,b,m,s,c\n', {}, [(1, "a\nb\rc\r\nd")]),
    ("a quoted line end in the header", b'i,n,d,b,m,s,c,"x\ny"\n1,n,d,b,m,s,c,z\n', {}, [(1, "n")]),
    ("a quoted line end in the first and the last field", H + b'"1\n2",n,d,b,m,s,"c\nc"\n', {}, [(1, "n")]),
    ("doubled quotes", H + b'1,"a ""b"" c",d,b,m,s,c\n', {}, [(1, 'a "b" c')]),
    ("nothing but doubled quotes", H + b'1,"""""",d,b,m,s,c\n', {}, [(1, '""')]),
    ("a doubled quote before the end", H + b'1,"a""",d,b,m,s,c\n', {}, [(1, 'a"')]),
    ("quotes in an unquoted field", H + b'1,5" pipe,d,b,m,s,c\n', {}, [(1, '5" pipe')]),
    ("an odd quote in an unquoted field, and rows behind it", H + b'1,5" pipe,d,b,m,s,c\n' + R, {}, [(1, '5" pipe'), (2, "n")]),
    ("doubled quotes in an unquoted field", H + b'1,a""b,d,b,m,s,c\n', {}, [(1, 'a""b')]),
    ("a blank before the opening quote", H + b'1, "a",d,b,m,s,c\n', {}, [(1, ' "a"')]),
    ("single quotes", H + b"1,'a b',d,b,m,s,c\n", {}, [(1, "'a b'")]),
    ("a backslash before the closing quote", H + b'1,"a\\",d,b,m,s,c\n', {}, [(1, "a\\")]),
    ("a backslash before a quote, as MySQL writes it", H + b'1,"a \\"b",d,b,m,s,c\n' + R, {}, [(1, 'a "b'), (2, "n")]),
    ("a backslash before a delimiter", H + b"1,a\\,d,b,m,s,c\n", {}, [(1, "a\\")]),
    ("every field quoted", b'"i","n","d","b","m","s","c"\n"1","n","d","b","m","s","c"\n', {}, [(1, "n")]),
    ("delimiters in quotes", H + b'1,"a,b,,c",d,b,m,s,c\n', {}, [(1, "a,b,,c")]),
    ("typographic quotes are text", H + "1,“a,d,b,m,s,c\n".encode(), {}, [(1, "“a")]),
    ("a header's own quote left open within a name", b'i,n,d,b,m,s,c,5" x\n1,n,d,b,m,s,c,z\n', {}, [(1, "n")]),
    # cells are text
    *(
        (f"the cell {cell!r} stays", H + f"1,{cell},d,b,m,s,c\n".encode(), {}, [(1, cell)])
        for cell in (
            *("007", "+49", "-0", "1e5", "1E400", "0x1F", "1_000", "1.10", "12345678901234567890123", "1,5"[:1] + ".5"),
            *("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "n/a", "#N/A", "-nan", "inf", "-Infinity", "<NA>"),
            *("true", "FALSE", "yes", "2020-02-30", "12/11/10", "00:00", "1-2", "MARCH1", "SEPT2"),
            *("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", " x ", "\u3000x", "'1", "%00", "$(id)"),
            *("<script>alert(1)</script>", "../../etc/passwd", "'; DROP TABLE x;--", "${jndi:ldap://x}", "{{7*7}}"),
        )
    ),
    # header
    ("names of other case and with blanks", b" I ,N,D , b,M,S,C\n" + R, {}, [(1, "n")]),
    ("another order", b"c,s,m,b,d,n,i\nc,s,m,b,d,n,1\n", {}, [(1, "n")]),
    ("further columns", b"x,i,n,d,b,m,s,c,y,\nx,1,n,d,b,m,s,c,y,\n", {}, [(1, "n")]),
    ("further columns of one name", b"x,i,n,d,b,m,s,c,x,x\nx,1,n,d,b,m,s,c,x,x\n", {}, [(1, "n")]),
    ("nameless further columns", b",i,n,d,b,m,s,c,,\n0,1,n,d,b,m,s,c,,\n", {}, [(1, "n")]),
    ("the optional brand is missing", b"i,n,d,m,s,c\n1,n,d,m,s,c\n", {}, [(1, "n")]),
    ("a header alone", H, {}, []),
    ("a header alone without a line end", H[:-1], {}, []),
    ("a header and blank rows", H + b"\n\r\n ,\n", {}, []),
    ("a header of ten thousand columns", H[:-1] + b",x" * 9993 + b"\n" + R[:-1] + b"," * 9993 + b"\n", {"max_row_bytes": 1 << 16}, [(1, "n")]),
    # compression
    ("gzip", gzip.compress(H + R), {}, [(1, "n")]),
    ("gzip of many members", gzip.compress(H) + gzip.compress(b"") + gzip.compress(R), {}, [(1, "n")]),
    ("gzip of a row in two members", gzip.compress(H + R[:5]) + gzip.compress(R[5:]), {}, [(1, "n")]),
    ("gzip with zeros behind", gzip.compress(H + R) + bytes(1000), {}, [(1, "n")]),
    ("gzip of utf-16", gzip.compress(U16.encode("utf-16-be")), {}, [(1, "ü")]),
    ("gzip of a marked file", gzip.compress(b"\xef\xbb\xbf" + H + R), {}, [(1, "n")]),
    # ids
    *(
        (f"the id {row_id[:20]!r} is kept", H + f'"{row_id}",n,d,b,m,s,c\n'.encode(), {}, [(1, "n")])
        for row_id in ("../../x", "/", "a/b", ".", "..", "a\r\nb", "\u202ex", "\x01", "CON", "a%2Fb", "x" * 900, "👟", "-rf", "=1", "'")
    ),
]  # fmt: skip

# name, file, settings, the rejects' codes by row number, and the rows of the output
REJECTED: list[tuple[str, bytes, dict[str, Any], dict[int, str], list[int]]] = [
    ("a field too few", H + R + b"2,n,d,b,m,s\n" + R, {}, {2: "wrong_field_count"}, [1, 3]),
    ("a field too many", H + b"1,n,d,b,m,s,c,\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("a comma that nobody quoted", H + b"1,a,b,d,b,m,s,c\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("one field", H + b"x\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("a line of text in front of rows", H + b"Total: 2 rows\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("a footer", H + R + b"2 rows selected.\n", {}, {2: "wrong_field_count"}, [1]),
    ("ctrl-z at the end, as DOS has it", H + R + b"\x1a", {}, {2: "wrong_field_count"}, [1]),
    ("rows of another delimiter", H + R.replace(b",", b";") + R, {}, {1: "wrong_field_count"}, [2]),
    ("an excel separator line is a header of its own", H + b"sep=,\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("a comment", H + b"# a comment\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("another file's header in the middle", H + R + b"x,y\n" + R, {}, {2: "wrong_field_count"}, [1, 3]),
    ("the header repeated", H + R + H + R, {}, {2: "repeated_header"}, [1, 3]),
    ("the header repeated with a mark, of files put together", H + R + b"\xef\xbb\xbf" + H + R, {}, {2: "repeated_header"}, [1, 3]),
    ("the header repeated and quoted", H + b'"I","N","D","B","M","S","C"\n' + R, {}, {1: "repeated_header"}, [2]),
    ("no id", H + b",n,d,b,m,s,c\n" + R, {}, {1: "missing_value"}, [2]),
    ("a quoted empty id", H + b'"",n,d,b,m,s,c\n' + R, {}, {1: "missing_value"}, [2]),
    ("an id of blanks", H + b"  ,n,d,b,m,s,c\n" + R, {}, {1: "missing_value"}, [2]),
    ("an id of a line end", H + b'"\r\n",n,d,b,m,s,c\n' + R, {}, {1: "missing_value"}, [2]),
    ("an id of a tab", H + b'"\t",n,d,b,m,s,c\n' + R, {}, {1: "missing_value"}, [2]),
    ("no description", H + b"1,n,,b,m,s,c\n" + R, {}, {1: "missing_value"}, [2]),
    ("no image", H + b"1,n,d,b,,s,c\n" + R, {}, {1: "missing_value"}, [2]),
    ("a byte that is no utf-8", H + b"1,\xfc,d,b,m,s,c\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("a byte that is no utf-8 in a column of no role", H[:-1] + b",x\n" + R[:-1] + b",\xff\n" + R[:-1] + b",y\n", {}, {1: "undecodable_bytes"}, [2]),
    ("utf-8 cut off", H + b"1,\xe2\x82,d,b,m,s,c\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("utf-8 that is too long", H + b"1,\xc0\xaf,d,b,m,s,c\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("surrogates in utf-8, as CESU-8 has them", H + b"1,\xed\xa0\xbd\xed\xb1\x9f,d,b,m,s,c\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("utf-8 beyond Unicode", H + b"1,\xf4\x90\x80\x80,d,b,m,s,c\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("what cp1252 leaves undefined", H + b"1,\x81\x8d,d,b,m,s,c\n" + R, {"encoding": "cp1252"}, {1: "undecodable_bytes"}, [2]),
    ("half a surrogate pair in utf-16", (U16[:-14] + "2,X,d,b,m,s,c\n").encode("utf-16-le").replace(b"X\0", b"\x00\xd8"), {}, {1: "undecodable_bytes"}, []),
    ("an odd byte at the end of utf-16", U16.encode("utf-16-le") + b"x", {}, {2: "undecodable_bytes"}, [1]),
    ("a NUL in a cell", H + b"1,a\0b,d,b,m,s,c\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("NULs alone in a row", H + b"\0\0\0\n" + R, {}, {1: "undecodable_bytes"}, [2]),
    ("NULs at the end, of a disk that was full", H + R + bytes(200), {}, {2: "undecodable_bytes"}, [1]),
    ("rows in utf-16 behind a header in utf-8", H + R.decode().encode("utf-16-le"), {}, {1: "undecodable_bytes", 2: "undecodable_bytes"}, []),
    ("a quote never closed", H + R + b'2,"n,d,b,m,s,c\n' + R + R, {}, {2: "unclosed_quote"}, [1, 3, 4]),
    ("text behind the closing quote", H + b'1,"a"b,d,b,m,s,c\n' + R, {}, {1: "ambiguous_quoting"}, [2]),
    ("a blank behind the closing quote", H + b'1,"a" ,d,b,m,s,c\n' + R, {}, {1: "ambiguous_quoting"}, [2]),
    ("a quote never closed in the last row", H + R + b'2,n,d,b,m,s,"c', {}, {2: "unclosed_quote"}, [1]),
    ("a quote alone at the end", H + R + b'"', {}, {2: "unclosed_quote"}, [1]),
    ("a field too large", H + b"1," + b"x" * 1001 + b",d,b,m,s,c\n" + R, {}, {1: "field_too_large"}, [2]),
    ("a field too large in a column of no role", H[:-1] + b",x\n" + R[:-1] + b"," + b"x" * 1001 + b"\n", {}, {1: "field_too_large"}, []),
    ("a row too large", H + b"1," + b"x" * 5000 + b",d,b,m,s,c\n" + R, {}, {1: "row_too_large"}, [2]),
    ("a row of very many fields", H + b"," * 3990 + b"x\n" + R, {}, {1: "wrong_field_count"}, [2]),
    ("no line end in a large file", H + b"x" * 100_000, {}, {1: "row_too_large"}, []),
    ("html behind the header", H + b"<html><body>502 Bad Gateway</body></html>\n", {}, {1: "wrong_field_count"}, []),
    ("gzip behind the header", H + gzip.compress(R, mtime=0)[:20] + b"\n" + R, {}, {1: "undecodable_bytes"}, [2]),
]  # fmt: skip

# name, file, settings, the code, and what the message names
REFUSED: list[tuple[str, bytes, dict[str, Any], str, str]] = [
    ("no byte", b"", {}, "empty_file", "empty"),
    ("a mark alone", b"\xef\xbb\xbf", {}, "empty_file", "empty"),
    ("a mark of utf-16 alone", b"\xff\xfe", {}, "empty_file", "empty"),
    ("blank lines alone", b"\r\n\n\r  \t\n", {}, "empty_file", "whitespace"),
    ("many blank lines alone", b"\n" * 600_000, {}, "empty_file", "whitespace"),
    ("gzip of nothing", gzip.compress(b""), {}, "empty_file", "empty"),
    ("no header", R + R, {}, "missing_column", "'i'"),
    ("a misspelt column", b"i,n,d,b,m,s,cc\n" + R, {}, "missing_column", "'c' (nearest: 'cc')"),
    ("a column missing", b"i,n,d,b,m,s\n1,n,d,b,m,s\n", {}, "missing_column", "'c'"),
    ("a column twice", b"i,n,d,b,m,s,c,C \n" + R, {}, "duplicate_column", "'c' 2 times"),
    ("another delimiter than set", (H + R).replace(b",", b";"), {"delimiter": ","}, "missing_column", "';'"),
    ("a delimiter nobody knows", (H + R).replace(b",", b"~"), {}, "missing_column", "lacks"),
    ("a title above the header", b"Catalogue of May\n\n" + H + R, {}, "missing_column", "catalogue of may"),
    ("a title above the header, and what reads it", b"Catalogue of May\n\n" + H + R, {}, "missing_column", "Line 3 looks like the header: set the catalogue's `lines_before_header` to 2"),
    ("fewer lines than are set before the header", H + R, {"lines_before_header": 3}, "missing_column", "lines_before_header"),
    ("a header that is no utf-8", b"i,n,d,b,m,s,c,\xfc\n" + R, {}, "unsupported_encoding", "utf-8"),
    ("a header whose quote is open", b'"' + H + R * 400, {}, "missing_column", "lacks"),
    ("a header beyond the limit", b"x" * 5000 + H + R, {}, "not_a_csv", "first line"),
    ("a header of too many columns", H[:-1] + b"," * 10_000 + b"\n", {"max_row_bytes": 1 << 20}, "too_large", "columns"),
    ("a header of too many bytes", H[:-1] + b"," + b"x" * (1 << 18) + b"\n", {"max_row_bytes": 1 << 20}, "too_large", "header"),
    ("utf-16 without a mark", U16[1:].encode("utf-16-le"), {}, "unsupported_encoding", "UTF-16"),
    ("utf-16-be without a mark", U16[1:].encode("utf-16-be"), {}, "unsupported_encoding", "UTF-16"),
    ("utf-32", U16[1:].encode("utf-32"), {}, "unsupported_encoding", "UTF-32"),
    ("utf-32-be", U16.encode("utf-32-be"), {}, "unsupported_encoding", "UTF-32"),
    ("utf-7", b"+/v8-" + H + R, {}, "missing_column", "+/v8-i"),
    ("ebcdic", H.decode().encode("cp037"), {}, "unsupported_encoding", "utf-8"),
    ("zip", zipped(H + R), {}, "not_a_csv", "zip"),
    ("a workbook", b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", {}, "not_a_csv", "Office workbook"),
    ("an empty zip", b"PK\x05\x06" + bytes(18), {}, "not_a_csv", "zip"),
    ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), {}, "not_a_csv", "Office"),
    ("bzip2", bz2.compress(H + R), {}, "not_a_csv", "bzip2"),
    ("xz", lzma.compress(H + R), {}, "not_a_csv", "xz"),
    ("lzma, the older form", lzma.compress(H + R, lzma.FORMAT_ALONE), {}, "not_a_csv", ""),
    ("zstandard", b"\x28\xb5\x2f\xfd\x04\x00", {}, "not_a_csv", "zstandard"),
    ("lz4", b"\x04\x22\x4d\x18\x64\x40\xa7", {}, "not_a_csv", "LZ4"),
    ("unix compress", b"\x1f\x9d\x90i,n,d", {}, "not_a_csv", "compress"),
    ("snappy", b"\xff\x06\x00\x00sNaPpY", {}, "not_a_csv", "snappy"),
    ("7-zip", b"7z\xbc\xaf\x27\x1c\x00\x04", {}, "not_a_csv", "7-Zip"),
    ("rar", b"Rar!\x1a\x07\x01\x00", {}, "not_a_csv", "RAR"),
    ("tar", b"i.csv".ljust(257, b"\0") + b"ustar\x0000", {}, "not_a_csv", "tar"),
    ("html", b"<!DOCTYPE html>\n<html>", {}, "not_a_csv", "HTML"),
    ("html behind blanks and a mark", b"\xef\xbb\xbf\r\n  <HTML lang=en>", {}, "not_a_csv", "HTML"),
    ("a part of html", b"<table><tr><td>i</td></tr></table>", {}, "not_a_csv", "HTML"),
    ("a paragraph of html", b"<p>Please sign in</p>", {}, "not_a_csv", "HTML"),
    ("html in utf-16", "\ufeff<html>".encode("utf-16-le"), {}, "not_a_csv", "HTML"),
    ("xml", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', {}, "not_a_csv", "XML"),
    ("a storage server's error", b"<Error><Code>NoSuchKey</Code></Error>", {}, "not_a_csv", "XML"),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, "not_a_csv", "XML"),
    ("json", b'{"error": "not found"}', {}, "not_a_csv", "JSON"),
    ("a json list", b'[{"i": 1}]', {}, "not_a_csv", "JSON"),
    ("json lines", b'{"i": 1}\n{"i": 2}\n', {}, "not_a_csv", "JSON"),
    ("json lists by line", b'["i","n"]\n["1","n"]\n', {}, "not_a_csv", "JSON"),
    ("a json string", b'"i"\n', {}, "missing_column", "lacks"),
    ("parquet", b"PAR1\x15\x04\x15" + bytes(100) + b"PAR1", {}, "not_a_csv", "Parquet"),
    ("encrypted parquet", b"PARE\x15\x04\x15" + bytes(100), {}, "not_a_csv", "Parquet"),
    ("arrow", b"ARROW1\0\0" + bytes(100), {}, "not_a_csv", "Arrow"),
    ("feather, the older form", b"FEA1" + bytes(100), {}, "not_a_csv", "Feather"),
    ("orc", b"ORC" + bytes(100), {}, "not_a_csv", "ORC"),
    ("avro", b"Obj\x01\x04\x14avro.codec", {}, "not_a_csv", "Avro"),
    ("sqlite", b"SQLite format 3\0" + bytes(84), {}, "not_a_csv", "SQLite"),
    ("duckdb", bytes(8) + b"DUCK" + bytes(100), {}, "not_a_csv", "DuckDB"),
    ("hdf5", b"\x89HDF\r\n\x1a\n" + bytes(100), {}, "not_a_csv", "HDF5"),
    ("a pickle", b"\x80\x04\x95\x10\0\0\0\0\0\0\0]\x94(", {}, "not_a_csv", ""),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", {}, "not_a_csv", "PDF"),
    ("postscript", b"%!PS-Adobe-3.0\n", {}, "not_a_csv", "PostScript"),
    ("rtf", b"{\\rtf1\\ansi i,n}", {}, "not_a_csv", "RTF"),
    ("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", {}, "not_a_csv", "PNG"),
    ("jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF", {}, "not_a_csv", "JPEG"),
    ("gif", b"GIF89a\x01\0\x01\0", {}, "not_a_csv", "GIF"),
    ("webp", b"RIFF\x10\0\0\0WEBPVP8 ", {}, "not_a_csv", "WebP"),
    ("mp4", b"\0\0\0\x18ftypmp42\0\0\0\0", {}, "not_a_csv", ""),
    ("elf", b"\x7fELF\x02\x01\x01" + bytes(9), {}, "not_a_csv", "executable"),
    ("a windows program", b"MZ\x90\0\x03\0\0\0\x04", {}, "not_a_csv", "executable"),
    ("mach-o", b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0", {}, "not_a_csv", "executable"),
    ("a java class", b"\xca\xfe\xba\xbe\0\0\0\x34", {}, "not_a_csv", "executable"),
    ("webassembly", b"\0asm\x01\0\0\0", {}, "not_a_csv", "WebAssembly"),
    ("a script", b"#!/bin/sh\nrm -rf /\n", {}, "not_a_csv", "script"),
    ("php", b"<?php echo 1; ?>", {}, "not_a_csv", "script"),
    ("a git lfs pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", {}, "missing_column", "git-lfs"),
    ("random bytes", bytes(range(128, 256)) * 20, {}, "unsupported_encoding", ""),
    ("zeros", bytes(10_000), {}, "not_a_csv", "binary"),
    ("gzip cut in its header", gzip.compress(H + R, mtime=0)[:6], {}, "not_a_csv", "truncated"),
    ("gzip cut in its text", gzip.compress(H + R)[:20], {}, "not_a_csv", "truncated"),
    ("gzip cut in its end", gzip.compress(H + R)[:-1], {}, "not_a_csv", "truncated"),
    ("gzip whose checksum is wrong", gzip.compress(H + R)[:-8] + bytes(4) + gzip.compress(H + R)[-4:], {}, "not_a_csv", "damaged"),
    ("gzip whose length is wrong", gzip.compress(H + R)[:-4] + bytes(4), {}, "not_a_csv", "damaged"),
    ("gzip with text behind", gzip.compress(H) + R, {}, "not_a_csv", "damaged"),
    ("gzip of another method", b"\x1f\x8b\x07" + gzip.compress(H)[3:], {}, "not_a_csv", "damaged"),
    ("gzip in gzip", gzip.compress(gzip.compress(H + R)), {}, "not_a_csv", "gzip"),
    ("gzip of zip", gzip.compress(zipped(H + R)), {}, "not_a_csv", "zip"),
    ("gzip of tar", gzip.compress(b"i.csv".ljust(257, b"\0") + b"ustar\x0000"), {}, "not_a_csv", "tar"),
    ("gzip of html", gzip.compress(b"<html>"), {}, "not_a_csv", "HTML"),
    ("a gzip bomb", gzip.compress(H + b"\n" * (17 << 20)), {}, "too_large", "expands"),
    ("a gzip bomb in many members", gzip.compress(H) + gzip.compress(b"x" * (1 << 20)) * 18, {}, "too_large", "expands"),
    ("gzip of empty members", gzip.compress(H) + gzip.compress(b"") * 11_000, {}, "too_large", "members"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "settings", "rows"), WHOLE, ids=[case[0] for case in WHOLE])
def test_it_is_processed_whole(name: str, file: bytes, settings: dict[str, Any], rows: list[tuple[int, str]]) -> None:
    found = read(file, settings)
    assert found.refusal is None
    assert (list(zip(found.numbers, found.cells("name"), strict=True)), found.codes) == (rows, [])


@pytest.mark.parametrize(("name", "file", "settings", "codes", "rows"), REJECTED, ids=[case[0] for case in REJECTED])
def test_it_is_processed_with_rejects(
    name: str, file: bytes, settings: dict[str, Any], codes: dict[int, str], rows: list[int]
) -> None:
    found = read(file, settings)
    assert found.refusal is None
    assert ({reject.row: str(reject.code) for reject in found.rejects}, found.numbers) == (codes, rows)
    for reject, raw in zip(found.rejects, found.raw, strict=True):
        assert raw == found.text[reject.offset : reject.offset + len(raw)]


@pytest.mark.parametrize(("name", "file", "settings", "code", "named"), REFUSED, ids=[case[0] for case in REFUSED])
def test_it_is_refused(name: str, file: bytes, settings: dict[str, Any], code: str, named: str) -> None:
    found = read(file, settings)
    assert found.refusal is not None
    assert found.refusal.kind is Kind.FILE
    assert (str(found.refusal.code), named in found.refusal.message) == (code, True), found.refusal


def test_u_fffd_of_the_source_is_counted() -> None:
    assert read(H + "1,a\ufffdb,d,b,m,s,c\n2,\ufffd,d,b,\ufffd,s,c\n3,n,d,b,m,s,c\n".encode()).replaced == 2


def test_a_quoted_row_too_large_is_rejected_line_by_line() -> None:
    row = b'1,"' + b"x\n" * 3000 + b'",d,b,m,s,c'
    found = read(H + row + b"\n" + R)
    assert found.codes[0] == "unclosed_quote"
    assert b"\n".join(found.raw) == row
    assert found.cells("name") == ["n"]


@pytest.mark.parametrize(
    "names",
    ["ORCID,x", "PARENT,x", "FEATURE,x", "BZhang,x", "MZ,x", "GIF8,x"[1:], "<id>,x", "[x],y", "{x},y", "#x,y", "%x,y", "Rare,x"],
)  # fmt: skip
def test_names_that_look_like_another_format_are_names(names: str) -> None:
    assert read(f"{names},{H.decode()}".encode() + b",," + R).cells("name") == ["n"]
