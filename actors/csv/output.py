"""The files that a run writes: the output's rows, the rejects in a form that can be corrected and dropped again, and
what failed as JSON lines.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import SimpleNamespace

import pyarrow as pa

from actors.model.catalogue import Catalogue
from actors.model.frame import AttributeColumns, ImageFailure, Reject

from .boundaries import without_line_end

Read = Callable[[int, int], bytes]

_BLOCK_BYTES = 4 << 20
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""From "CSV Injection" (OWASP), which also explains why quotes around a cell do not help."""


def header_row(catalogue: Catalogue) -> bytes:
    """The output's header line."""
    return _csv_lines([catalogue.output_columns])


def rows_csv(
    rows: pa.Table,
    descriptions: pa.Array,
    image_uris: pa.Array,
    attributes: AttributeColumns,
    *,
    neutralise_formulas: bool,
) -> bytes:
    """Output rows as UTF-8 CSV lines, in the order of `Catalogue.output_columns`.

    `rows` is `ShardFrame.rows`; the other columns are strings for the same rows. Fields are quoted where needed and
    lines end with LF, so that concatenated parts are one CSV, equal to what `to_csv` of pandas 3 writes. With
    `neutralise_formulas`, a cell that a spreadsheet would run gets an apostrophe in front, which spreadsheets read as
    "this is text", and other readers as part of the cell.
    """
    columns = [
        rows["id"],
        rows["name"],
        descriptions,
        rows["brand"],
        rows["image"],
        image_uris,
        attributes.attributes,
        *attributes.levels,
    ]
    lines: Iterable[Sequence[str]] = zip(*(column.to_pylist() for column in columns), strict=True)
    if neutralise_formulas:
        lines = ([f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in line] for line in lines)
    return _csv_lines(lines)


def reject_lengths(rejects: Sequence[Reject], read: Read) -> list[int]:
    """The length of each rejected record in bytes, without its line end. `read` reads drop bytes `[start, end)`."""
    lengths = []
    for reject in rejects:
        length = len(reject.raw) + reject.unread
        if reject.unread:
            end = reject.offset + length
            last = read(end - min(2, length), end)
            length -= len(last) - len(without_line_end(last))
        lengths.append(length)
    return lengths


def rejects_raw(rejects: Sequence[Reject], lengths: Sequence[int], read: Read) -> Iterator[bytes]:
    """Yields the rejected records unchanged and whole, each followed by LF.

    After the drop's header line they form a CSV of just these rows, which can be corrected and dropped. A record that
    is too large for memory is read from the drop a block at a time.
    """
    for reject, length in zip(rejects, lengths, strict=True):
        yield reject.raw[:length]
        for at in range(reject.offset + len(reject.raw), reject.offset + length, _BLOCK_BYTES):
            yield read(at, min(at + _BLOCK_BYTES, reject.offset + length))
        yield b"\n"


def rejects_jsonl(rejects: Sequence[Reject], lengths: Sequence[int], *, text_uri: str | None) -> bytes:
    """The reasons for the records of `rejects_raw`, in the same order: one JSON object per line.

    Each has `row`, `offset` (of the record's first byte), `bytes` (the record's length in `rejects_raw`), `code` and
    `detail`. The offset is in the drop. If the drop was compressed or in UTF-16, it is in the text at `text_uri`, which
    `offset_in` then names.
    """
    where = {"offset_in": text_uri} if text_uri else {}
    lines = (
        {
            "row": reject.row,
            "offset": reject.offset,
            "bytes": length,
            "code": reject.code,
            "detail": reject.detail,
            **where,
        }
        for reject, length in zip(rejects, lengths, strict=True)
    )
    return b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)


def failed_urls_jsonl(failures: Iterable[ImageFailure]) -> bytes:
    """The image URLs that failed, one JSON object per line, with `row`, `id`, `url`, `code` and `detail`."""
    lines = (
        {
            "row": failure.row,
            "id": failure.row_id,
            "url": failure.url,
            "code": failure.code,
            "detail": failure.detail,
        }
        for failure in failures
    )
    return b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)


def _csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    # Before Python 3.13 the writer quotes only the line end characters of its own terminator. A cell with a lone CR
    # must be quoted too, or readers would see a line end. So the writer's terminator is CRLF, which is removed again.
    lines: list[str] = []
    writer = csv.writer(SimpleNamespace(write=lambda line: lines.append(line[:-2])), lineterminator="\r\n")
    writer.writerows(rows)
    return "".join(f"{line}\n" for line in lines).encode("utf-8")
