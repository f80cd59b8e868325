"""Checks a file's first bytes: whether they can be the start of a CSV, and otherwise of which format they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue

BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, which spreadsheets write."""

HEAD_BYTES = 1 << 18
"""How many bytes of a file's start the checks before the scan need."""

# Published file signatures: (offset, bytes, name).
_SIGNATURES = (
    (0, b"\x1f\x8b", "gzip"),
    (0, b"PK\x03\x04", "a zip archive or an Office workbook"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (0, b"\x28\xb5\x2f\xfd", "zstandard"),
    (0, b"Rar!\x1a\x07", "RAR"),
    (0, b"\x04\x22\x4d\x18", "LZ4"),
    (0, b"\x1f\x9d", "Unix compress"),
    (0, b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (257, b"ustar", "tar"),
    (0, b"PAR1", "Parquet"),
    (0, b"FEA1", "Feather"),
    (8, b"DUCK", "a DuckDB database"),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5"),
    (0, b"ARROW1", "Arrow"),
    (0, b"Obj\x01", "Avro"),
    (0, b"SQLite format 3\x00", "a SQLite database"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (0, b"%PDF-", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"{\\rtf", "RTF"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (0, b"\x7fELF", "an executable"),
    (0, b"\xcf\xfa\xed\xfe", "an executable"),
    (0, b"\xce\xfa\xed\xfe", "an executable"),
    (0, b"\xca\xfe\xba\xbe", "an executable"),
    (0, b"\x00asm", "WebAssembly"),
    (0, b"#!", "a script"),
    (0, b"<?php", "a script"),
)
_UNLIKE_NAMES = (  # signatures that could begin a column's name, with the bytes after them that no name contains
    (re.compile(rb"BZh[1-9]1AY&SY"), "bzip2"),
    (re.compile(rb"PARE[\x00-\x08\x0e-\x1f\x80-\xff]"), "Parquet"),
    (re.compile(rb"ORC[\x00-\x08\x0e-\x1f\x80-\xff]"), "ORC"),
)
_UTF_32_AND_16 = (  # UTF-32 first: a byte order mark of UTF-16 is the beginning of one of UTF-32
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MARKUP = re.compile(
    rb"<(?:!doctype|!--|\?xml|html|head|body|svg)|<[a-z][^<>,;\t|]*>\s*<"
    rb"|<(?:p|pre|div|span|table|title|center|h[1-6]|form|script|style)[ >]",
    re.IGNORECASE,
)
_LINE_END = re.compile(rb"\r\n|\n|\r")
_SEPARATOR_LINE = re.compile(rb'"?sep=([\t !#-~])"?(?:\r\n|\n|\r)', re.IGNORECASE)
"""Excel's: the first line of a file names its delimiter."""
_JSON = re.compile(rb'\{\s*["}]|\[\s*(?:[\[{"\]]|-?\d)')


def as_marked(head: bytes, catalogue: Catalogue) -> Catalogue:
    """The catalogue with the encoding of the file's byte order mark; unchanged if the file has none."""
    return catalogue.model_copy(update={"encoding": "utf-8"}) if head.startswith(BOM) else catalogue


@dataclass(frozen=True, slots=True)
class Start:
    """What is before a file's header: `length` bytes, a byte order mark included, in `lines` lines.

    `delimiter` is the one that Excel's `sep=` line says, else None. `text` is what takes their place in a file with the
    same header: the `sep=` line, and blank lines.
    """

    length: int
    lines: int
    delimiter: str | None
    text: str


def before_header(head: bytes, catalogue: Catalogue) -> Start:
    """What to skip at the start of a file: Excel's `sep=` line, and the catalogue's `lines_before_header`.

    Raises:
        MISSING_COLUMN: the head does not have so many lines, so no header is behind them.
    """
    at = len(BOM) if head.startswith(BOM) else 0
    separator = _SEPARATOR_LINE.match(head, at)
    at = separator.end() if separator else at
    for _ in range(catalogue.lines_before_header):
        line_end = _LINE_END.search(head, at)
        if not line_end:
            raise DropforgeError(
                Code.MISSING_COLUMN,
                f"The file has no header behind the first {catalogue.lines_before_header} lines. Set the catalogue's "
                "`lines_before_header` to how many lines are before it.",
            )
        at = line_end.end()
    text = f"sep={separator[1].decode()}\n" if separator else ""
    return Start(
        length=at,
        lines=bool(separator) + catalogue.lines_before_header,
        delimiter=separator[1].decode() if separator else None,
        text=text + "\n" * catalogue.lines_before_header,
    )


def identify(head: bytes) -> str | None:
    """The name of the format of a file that starts with the bytes `head`; None for plain text."""
    for offset, signature, name in _SIGNATURES:
        if head.startswith(signature, offset):
            return name
    for pattern, name in _UNLIKE_NAMES:
        if pattern.match(head):
            return name
    text = head.removeprefix(BOM).lstrip()
    if _MARKUP.match(text):
        return "HTML or XML"
    if _JSON.match(text):
        return "JSON"
    first_line = re.split(rb"[\r\n]", text, maxsplit=1)[0]
    if b"\x00" in first_line:
        return "an executable" if head.startswith(b"MZ") else "binary data"
    return None


def check_content(head: bytes) -> None:
    """Refuses what can't be a CSV. `head` is the first `HEAD_BYTES` bytes of the file, or all of a shorter file.

    Gzip and UTF-16 are converted before this check (see `unpack`): here, gzip is refused inside of gzip, and UTF-16
    without a byte order mark.

    Raises:
        EMPTY_FILE: there is nothing but whitespace.
        UNSUPPORTED_ENCODING: the file is in UTF-16 or UTF-32.
        NOT_A_CSV: the file has another format, which the message names.
    """
    if not head.removeprefix(BOM).strip():
        raise DropforgeError(
            Code.EMPTY_FILE,
            "The file is empty, or has only whitespace in its first 256 KiB. Drop a file with a header and rows.",
        )
    encoding = _wide_encoding(head)
    if encoding:
        raise DropforgeError(
            Code.UNSUPPORTED_ENCODING, f"The file is in {encoding}. Save it as UTF-8 and drop it again."
        )
    name = identify(head)
    if name:
        raise DropforgeError(Code.NOT_A_CSV, f"The file is not a CSV but {name}. Drop a CSV file.")


def _wide_encoding(head: bytes) -> str | None:
    for mark, name in _UTF_32_AND_16:
        if head.startswith(mark):
            return name
    if re.match(rb"(?:[\x20-\x7e]\x00){4}|(?:\x00[\x20-\x7e]){4}", head):
        return "UTF-16"
    return None
