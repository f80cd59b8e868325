"""Files to try: well-formed ones of every dialect, and bytes of any kind that start about like a CSV."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from dataclasses import dataclass

from hypothesis import strategies as st

from actors.model.catalogue import Catalogue

from .reading import HEADER, short_catalogue

_CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.text('"",;\t|\r\n =+-@\'ab0é👟\ufeff\ufffd', max_size=12),
    st.sampled_from(["", " ", "007", "NA", "null", "1e5", "0x1", '"', '""', "\r\n", "\n", "\r", "a\r\nb", "=1+1", "i"]),
)


@dataclass(frozen=True, slots=True)
class WellFormed:
    """A file that the standard library writes; `text` is what its reader is given."""

    data: bytes
    text: str
    delimiter: str
    catalogue: Catalogue


@st.composite
def well_formed(draw: st.DrawFn) -> WellFormed:
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    names = draw(st.permutations([*HEADER.split(","), "extra", "Extra", ""]))
    columns = len(names)
    rows = draw(
        st.lists(
            st.one_of(
                st.lists(_CELLS, min_size=columns, max_size=columns),
                st.lists(_CELLS, min_size=1, max_size=columns + 2),
                st.just(list(names)),
                st.just([]),
            ),
            max_size=12,
        )
    )
    out = io.StringIO(newline="")
    # The writer quotes no bare CR before Python 3.13 unless it is its own line end's.
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)  # type: ignore[arg-type]
    lines = []
    for row in [names, *rows]:
        writer.writerow(row)
        lines.append(out.getvalue()[:-2])
        out.seek(0)
        out.truncate()
    text = "".join(line + line_end for line in lines)
    if draw(st.booleans()):
        text = text.removesuffix(line_end)
    form = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"]))
    catalogue = short_catalogue(required=("id",), encoding="cp1252" if form == "cp1252" else "utf-8")
    if form == "cp1252":
        text = text.encode("cp1252", "replace").decode("cp1252")
        data = text.encode("cp1252")
    elif form.startswith("utf-16"):
        data = ("\ufeff" + text).encode(form)
    else:
        data = text.encode(form)
    if draw(st.booleans()):
        data = gzip.compress(data, 1)
    return WellFormed(data, text, delimiter, catalogue)


_PIECES = st.sampled_from(
    [
        *(b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b"a", b" ", b"'", b"\\", b'\\"'),
        *(b"\0", b"\xff", b"\xfe", b"\xc3", b"\xc3\xa9", b"\xe2\x80", b"\xf0\x9f\x91\x9f", b"\xed\xa0\x80"),
        *(codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, b"\xef\xbf\xbd"),
        *(b"1,n,d,b,m,s,c\n", b'2,n,"d\n",b,m,s,c\r\n', b"3,n,d,b,m,s,c", b",,,,,,\n", b"i,n,d,b,m,s,c\n", b"=1,"),
        *(b"x" * 70, b'"' + b"y" * 70, b"," * 30, b"\n" * 30, b"\x1f\x8b", b"PK\x03\x04", b"<html>", b"\x1a", b"\x85"),
    ]
)
_STARTS = st.sampled_from(
    [
        *(b"i,n,d,b,m,s,c\n", b"i,n,d,b,m,s,c\r\n", b"i,n,d,b,m,s,c\r", b"i;n;d;b;m;s;c\n", b"I\tN\tD\tB\tM\tS\tC\n"),
        *(codecs.BOM_UTF8 + b"i,n,d,b,m,s,c\n", b'"i","n","d","b","m","s","c"\n', b"\n\r\n i , n,d,b,m,s,c\n"),
        *(b'x,"y\nz",i,n,d,b,m,s,c\n', b"i|n|d|m|s|c|c2\n", b"i,n,d,b,m,s,c", b""),
    ]
)


@st.composite
def any_bytes(draw: st.DrawFn) -> bytes:
    start = draw(_STARTS)
    rest = draw(st.one_of(st.lists(_PIECES, max_size=40).map(b"".join), st.binary(max_size=120)))
    data = start + rest
    form = draw(st.sampled_from(["plain"] * 6 + ["utf-16", "gzip", "cut gzip", "flipped", "utf-16 bytes"]))
    if form == "utf-16":
        data = data.decode("latin-1").encode("utf-16")
    elif form == "utf-16 bytes":
        data = codecs.BOM_UTF16_LE + data
    elif form == "gzip":
        data = gzip.compress(data, 1) + draw(st.sampled_from([b"", b"\0\0", gzip.compress(rest, 1), b"x"]))
    elif form == "cut gzip":
        packed = gzip.compress(data, 1)
        data = packed[: draw(st.integers(0, len(packed)))]
    elif form == "flipped" and data:
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
    return data
