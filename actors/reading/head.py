"""What the start of a file says about the rest: whether it is a CSV, and how it is to be read.

The plan asks this of a drop, and `dropforge drop --dry-run` of a file on a person's machine: both refuse the same
files with the same words, and cut the others into the same shards.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.csv.content import HEAD_BYTES, as_marked, check_content
from actors.csv.header import detect_delimiter, read_header
from actors.csv.ids import IdFilter
from actors.csv.products import ProductKeys
from actors.csv.scan import ShardScanner
from actors.model.catalogue import Catalogue
from actors.model.header import HeaderMap


@dataclass(frozen=True, slots=True)
class Head:
    """How to read a file: `catalogue` has the encoding that its byte order mark says, `delimiter` is one character."""

    catalogue: Catalogue
    delimiter: str

    def header(self, record: bytes) -> HeaderMap:
        """The file's header, of the record that `ShardScanner` found. Raises as `read_header`."""
        return read_header(record, self.catalogue, self.delimiter)

    def scanner(self, *, shard_bytes: int, shard_rows: int, text_bytes: int) -> ShardScanner:
        """Cuts the file, of `text_bytes` bytes, into shards; `feed` and `finish` raise as `header` once it is there.

        Where products have several rows, they also raise as `product_columns`.
        """
        return ShardScanner(
            self.delimiter,
            shard_bytes=shard_bytes,
            shard_rows=shard_rows,
            max_row_bytes=self.catalogue.max_row_bytes,
            ids=lambda record: IdFilter(self.header(record), text_bytes),
            products=self._products if self.catalogue.rows_per_product == "consecutive" else None,
        )

    def _products(self, record: bytes) -> ProductKeys:
        return ProductKeys(self.header(record), self.catalogue)


def read_head(start: bytes, catalogue: Catalogue) -> Head:
    """`start` is the first `HEAD_BYTES` bytes of a file's text or more, or all of a shorter one.

    Raises:
        DropforgeError: `EMPTY_FILE`, `UNSUPPORTED_ENCODING` or `NOT_A_CSV`, see `check_content`.
    """
    head = start[:HEAD_BYTES]
    check_content(head)
    marked = as_marked(head, catalogue)
    return Head(marked, detect_delimiter(head, marked))
