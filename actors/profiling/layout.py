"""How a file is laid out: encoding, delimiter, lines before the header, and the header's names.

Nothing is known of the columns yet, so the delimiter is the one with which the most records have the most fields, and
the header is the first of these records, or a later one with more names that columns of catalogues have.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from actors.csv.boundaries import RecordSplitter, without_line_end
from actors.csv.content import BOM, HEAD_BYTES
from actors.csv.dialects import dialect_of
from actors.csv.evidence import evidence_of
from actors.csv.fields import splitter
from actors.csv.head_records import HeadRecords
from actors.csv.header import DELIMITERS
from actors.model.catalogue import Catalogue

from .head_text import HeadText
from .hints import known_names
from .preset_choice import preset_of

SAMPLE_ROWS = 2_000
_SAMPLE_BYTES = 4 << 20
_LOOKED_AT = 200
_HEADER_AMONG = 5
_SURELY_NAMES = 3
_START_CHARACTERS = 1 << 18
_SEP_LINE = re.compile(r"sep=(.)\r?\n")
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


@dataclass(frozen=True, slots=True)
class Layout:
    """`names` are the header's, `rows` the first records after it. `lines_before` counts lines ahead of the header.

    `byte_order_mark` and `sep_line` say that the file itself names its encoding and its delimiter. `evidence` has a
    sentence for each of `encoding`, `delimiter` and `header`.
    """

    encoding: str
    byte_order_mark: bool
    delimiter: str
    sep_line: bool
    lines_before: int
    names: tuple[str, ...]
    rows: list[list[str]]
    evidence: dict[str, str]

    @property
    def delimiter_name(self) -> str:
        return _DELIMITER_NAMES.get(self.delimiter, repr(self.delimiter))


def find_layout(head: HeadText) -> Layout:
    """The layout of a file that `check_content` takes for text."""
    encoding, why_encoding = _encoding(head)
    data = head.data[:_SAMPLE_BYTES].removeprefix(BOM)
    text = data.decode(encoding, "replace")
    named = _SEP_LINE.match(text)
    start = text[:_START_CHARACTERS]
    delimiter, why_delimiter = (named[1], f"the line sep={named[1]}") if named else _delimiter(start)
    before, why_header = _lines_before(start, delimiter, skip=1 if named else 0)
    lines = io.StringIO(text, newline="")
    for _ in range(before):
        lines.readline()
    records = [record for record in islice(_records(lines.read(), delimiter), SAMPLE_ROWS + 1) if any(record)]
    header, rows = (records[0], records[1:]) if records else ([], [])
    cut = not head.whole or len(head.data) > _SAMPLE_BYTES
    if len(rows) > 1 and cut and len(rows) < SAMPLE_ROWS:
        rows.pop()  # it may be cut off
    return Layout(
        encoding=encoding,
        byte_order_mark=head.data.startswith(BOM),
        delimiter=delimiter,
        sep_line=named is not None,
        lines_before=before,
        names=tuple(name.strip() for name in header),
        rows=rows,
        evidence={
            "encoding": why_encoding,
            "delimiter": why_delimiter,
            "header": why_header,
        },
    )


def _encoding(head: HeadText) -> tuple[str, str]:
    if "utf-16" in head.forms:
        return "utf-8", "a byte order mark of UTF-16"
    if head.data.startswith(BOM):
        return "utf-8", "a byte order mark of UTF-8"
    if head.data.isascii():
        return "utf-8", "all characters are ASCII"
    text = head.data.decode("utf-8", "replace")
    if not head.whole:
        text = text.rstrip("\ufffd")  # of a character that is cut off
    lost = text.count("\ufffd")
    others = len(text) - len(text.encode("ascii", "ignore")) - lost
    if not lost:
        return "utf-8", f"{others:,} characters beyond ASCII are valid UTF-8"
    if lost > others:
        line = text.count("\n", 0, text.index("\ufffd")) + 1
        return "cp1252", f"{lost:,} bytes are not UTF-8, the first one in line {line}, and {others:,} characters are"
    return "utf-8", f"{others:,} characters beyond ASCII are valid UTF-8, {lost:,} bytes are not"


def _delimiter(text: str) -> tuple[str, str]:
    best, best_points, told = ",", 0.0, "no delimiter gives the records more than one field"
    for delimiter in DELIMITERS:
        counts = [len(record) for record in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 200)]
        usual, times = Counter(count for count in counts if count).most_common(1)[0] if any(counts) else (0, 0)
        share = times / max(1, sum(1 for count in counts if count))
        if usual > 1 and share * usual**0.5 > best_points:
            best, best_points = delimiter, share * usual**0.5
            told = f"{share:.0%} of the first {len(counts)} records have {usual} fields with it"
    return best, told


def _lines_before(text: str, delimiter: str, *, skip: int) -> tuple[int, str]:
    """How many lines are ahead of the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records: list[tuple[int, list[str]]] = []
    line = 0
    for record in islice(reader, _LOOKED_AT):
        if line >= skip and any(map(str.strip, record)):
            records.append((line, record))
        line = reader.line_num
    if not records:
        return skip, "there is no header"
    usual = Counter(len(record) for _, record in records).most_common(1)[0][0]
    full = [(at, record) for at, record in records if len(record) >= usual - 1][:_HEADER_AMONG] or records[:1]
    most = max(len(known_names(record)) for _, record in full)
    best = [(at, record) for at, record in full if len(known_names(record)) == most]
    shop = next(((at, record) for at, record in full if preset_of(record)), None)
    # Of several lines of names, the last is for programs; a repeated header is no other.
    at, record = shop or (best[-1] if most >= _SURELY_NAMES and best[-1][1] != best[0][1] else best[0])
    known = known_names(record)
    why = f"line {at + 1} has {len(record)} fields"
    return at, f"{why}, and {', '.join(known[:4])} are usual names of columns" if known else why


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The header's and the records' fields, by the quoting that the most of the first records show."""
    data = text.encode()
    head = HeadRecords(data[:HEAD_BYTES], delimiter, Catalogue(), final=len(data) < HEAD_BYTES)
    dialect = dialect_of(head, evidence_of(head))
    ends = RecordSplitter(delimiter.encode(), Catalogue().max_row_bytes, dialect).split(data, final=True).ends
    columns = slice(int(dialect.extra_field == "first"), None)
    split = splitter(delimiter, dialect)
    yield split(head.header)
    for start, end in pairwise(ends.tolist()):
        yield split(without_line_end(data[start:end]).decode())[columns][: head.width or None]
