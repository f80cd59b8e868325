"""What the start of a file says about the rest: whether it is a CSV, and how it is to be read.

The plan asks this of a drop, and `dropforge drop --dry-run` of a file on a person's machine: both refuse the same
files with the same words, and cut the others into the same shards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.csv.boundaries import RecordSplitter
from actors.csv.content import HEAD_BYTES, Start, as_marked, before_header, check_content
from actors.csv.dialects import find_dialect
from actors.csv.evidence import Evidence
from actors.csv.header import detect_delimiter, lines_before_header, read_header
from actors.csv.ids import IdFilter
from actors.csv.products import ProductKeys
from actors.csv.scan import ShardScanner
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.dialect import Dialect
from actors.model.header import HeaderMap

MANY_SHARDS = 1000
"""Shards of a file above which they grow: each costs some six requests, and its owner 5 kB until the run's end."""

MOST_GROWTH = 8
"""More, and the shards in process would be what a replica's memory is spent on."""


@dataclass(frozen=True, slots=True)
class Head:
    """How to read a file: `catalogue` has the encoding that its byte order mark says, `delimiter` is one character.

    `evidence` is what the first records say about the `dialect`. `text` is the file's first text behind `start`.
    """

    catalogue: Catalogue
    delimiter: str
    dialect: Dialect
    evidence: Evidence
    start: Start
    text: bytes = field(repr=False)

    @property
    def lines_before_header(self) -> int:
        """How many more lines than the catalogue skips seem to be before the header."""
        return lines_before_header(self.text, self.catalogue)

    def header(self, record: bytes) -> HeaderMap:
        """The file's header, of the record that `ShardScanner` found. Raises as `read_header`."""
        try:
            return read_header(record, self.catalogue, self.delimiter, self.dialect, before=self.start.text)
        except DropforgeError as error:
            more = self.lines_before_header if error.code is Code.MISSING_COLUMN else 0
            if more:
                before = self.catalogue.lines_before_header + more
                line = self.start.lines + more + 1
                error.message += (
                    f" Line {line} looks like the header: set the catalogue's `lines_before_header` to {before}."
                )
            raise

    def scanner(self, *, shard_bytes: int, shard_rows: int, text_bytes: int) -> ShardScanner:
        """Cuts the file, of `text_bytes` bytes, into shards; `feed` and `finish` raise as `header` once it is there.

        Where products have several rows, they also raise as `product_columns`. Shards of a large file are
        `shard_growth` times as large.
        """
        growth = shard_growth(text_bytes, shard_bytes)
        return ShardScanner(
            self.delimiter,
            shard_bytes=growth * shard_bytes,
            shard_rows=growth * shard_rows,
            max_row_bytes=self.catalogue.max_row_bytes,
            ids=lambda record: IdFilter(self.header(record), text_bytes),
            products=self._products if self.catalogue.rows_per_product == "consecutive" else None,
            dialect=self.dialect,
            records=lambda record: RecordSplitter.of(self.header(record), self.catalogue),
            skip_bytes=self.start.length,
        )

    def _products(self, record: bytes) -> ProductKeys:
        return ProductKeys(self.header(record), self.catalogue)


def shard_growth(text_bytes: int, shard_bytes: int) -> int:
    """How many times as large its shards are, of a file that would have more than `MANY_SHARDS` by its bytes."""
    return max(1, min(MOST_GROWTH, -(-text_bytes // (MANY_SHARDS * shard_bytes))))


def read_head(start: bytes, catalogue: Catalogue) -> Head:
    """`start` is the first `HEAD_BYTES` bytes of a file's text or more, or all of a shorter one.

    Raises:
        DropforgeError: `EMPTY_FILE`, `UNSUPPORTED_ENCODING` or `NOT_A_CSV`, see `check_content`; `MISSING_COLUMN`, see
            `before_header`; `AMBIGUOUS_DIALECT`, see `find_dialect`.
    """
    head = start[:HEAD_BYTES]
    check_content(head)
    marked = as_marked(head, catalogue)
    before = before_header(head, marked)
    text = head[before.length :]
    named = before.delimiter if catalogue.delimiter == "auto" else None
    delimiter = named or detect_delimiter(text, marked)
    found = find_dialect(
        text,
        delimiter,
        marked,
        final=len(start) < HEAD_BYTES,
        first_line=before.lines + 1,
    )
    return Head(marked, delimiter, found.dialect, found.evidence, before, text)
