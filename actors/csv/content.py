"""Whether a file's first bytes can be the start of a CSV, and what they are where they can't."""

from __future__ import annotations

import re

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue

BOM = b"\xef\xbb\xbf"
"""UTF-8's byte order mark, as spreadsheets write it."""

HEAD_BYTES = 1 << 18
"""How much of the file's start the checks before the scan need to see."""

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
_UNLIKE_NAMES = (  # of signatures that a column's name may start with: what no name goes on with
    (re.compile(rb"BZh[1-9]1AY&SY"), "bzip2"),
    (re.compile(rb"PARE[\x00-\x08\x0e-\x1f\x80-\xff]"), "Parquet"),
    (re.compile(rb"ORC[\x00-\x08\x0e-\x1f\x80-\xff]"), "ORC"),
)
_UTF_32_AND_16 = (  # the marks of UTF-32 first: UTF-16's is the start of one of them
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
_JSON = re.compile(rb'\{\s*["}]|\[\s*(?:[\[{"\]]|-?\d)')


def as_marked(head: bytes, catalogue: Catalogue) -> Catalogue:
    """The catalogue with the encoding that a file's byte order mark says; its own where there is none."""
    return catalogue.model_copy(update={"encoding": "utf-8"}) if head.startswith(BOM) else catalogue


def identify(head: bytes) -> str | None:
    """The name of the file format that `head`, the file's first bytes, belongs to; None for plain text."""
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
    """Refuses what can't be a CSV. `head` is the file's first `HEAD_BYTES` bytes, or all of a shorter file.

    Files in gzip or UTF-16 are unpacked before this check (see `unpack`): what is refused here as such lies in another
    one, or has no byte order mark.

    Raises:
        DropforgeError: `EMPTY_FILE` without a single character, `UNSUPPORTED_ENCODING` for UTF-16 and
            UTF-32, `NOT_A_CSV` naming what the file is.
    """
    if not head.removeprefix(BOM).strip():
        raise DropforgeError(
            Code.EMPTY_FILE, "The file is empty or starts with nothing but blanks. Fill it and drop it again."
        )
    encoding = _wide_encoding(head)
    if encoding:
        raise DropforgeError(
            Code.UNSUPPORTED_ENCODING, f"The file is in {encoding}. Save it as UTF-8 and drop it again."
        )
    name = identify(head)
    if name:
        raise DropforgeError(Code.NOT_A_CSV, f"The file is not a CSV but {name}. Drop the CSV itself.")


def _wide_encoding(head: bytes) -> str | None:
    for mark, name in _UTF_32_AND_16:
        if head.startswith(mark):
            return name
    if re.match(rb"(?:[\x20-\x7e]\x00){4}|(?:\x00[\x20-\x7e]){4}", head):
        return "UTF-16"
    return None
