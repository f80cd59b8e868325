"""The scan of a drop: cuts it into shards as its bytes are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from actors.errors import Code, DropforgeError
from actors.model.dialect import DOUBLED, Dialect
from actors.model.drop import Shard, repeated_bitmap

from .boundaries import CR, LF, RecordSplitter, find_line_end, without_line_end
from .content import BOM
from .ids import IdFilter
from .products import LastProduct, ProductKeys

BLOCK_BYTES = 1 << 20
"""Bytes scanned together: enough rows to make the cost of numpy's calls negligible, and few enough for a CPU cache."""


FEWEST_ROW_BYTES = 32
"""A shard has at least this many bytes for each of `shard_rows`, so that tiny rows don't make very many shards."""

_HEADER_BYTES = 1 << 14
"""Most headers are in the first bytes, so that few records are looked at twice."""


class ShardScanner:
    """Cuts a file, passed as consecutive chunks of any sizes, into shards at record boundaries.

    A shard ends at the first record boundary at or past `shard_bytes` bytes from its start; or when it has
    `shard_rows` records, not counting empty lines, and `FEWEST_ROW_BYTES` for each of them. The file's first record
    that is not blank is the header. It is in no shard, and neither are a byte order mark and blank lines before it. A
    record longer than `max_row_bytes` (see `boundaries`) ends its shard `max_row_bytes + 1` bytes into the record, so
    that no shard is longer than `shard_bytes + max_row_bytes + 1`. The next shard starts at the end of that record,
    which the shard has as `record_end`; only such bytes lie between shards.

    `ids` makes the id filter for the file's header record; without it, no shard lists repeated ids. `products` makes
    what finds the products of several rows; with it, a shard that is large enough goes on to the end of its last
    product (see `products`), which is no more than `max_row_bytes` bytes long. `records` makes what finds the records
    behind the header, of the header record; without it, it is as for the header. `dialect` is how the header is read,
    and `skip_bytes` the length of what is in front of it, a byte order mark included.

    Holds at most about twice `max_row_bytes` plus a block in memory.
    """

    def __init__(
        self,
        delimiter: str,
        *,
        shard_bytes: int,
        shard_rows: int | None,
        max_row_bytes: int,
        ids: Callable[[bytes], IdFilter] | None = None,
        products: Callable[[bytes], ProductKeys] | None = None,
        dialect: Dialect = DOUBLED,
        records: Callable[[bytes], RecordSplitter] | None = None,
        skip_bytes: int = 0,
    ) -> None:
        self.header: bytes | None = None
        """The header record without byte order mark and line end, once known."""
        self._splitter = RecordSplitter(delimiter.encode("ascii"), max_row_bytes, dialect)
        self._new_splitter = records
        self._skip_bytes = skip_bytes
        self._shard_bytes = shard_bytes
        self._shard_rows = shard_rows
        self._max_row_bytes = max_row_bytes
        self._pending = bytearray()
        self._offset = 0
        self._wanted = BLOCK_BYTES
        self._unended: Shard | None = None
        self._index = 0
        self._start = 0
        self._rows = 0
        self._counted_rows = 0
        self._first_row = 1
        self._new_ids = ids
        self._ids: IdFilter | None = None
        self._id_hashes = np.zeros(0, dtype=np.uint64)
        self._new_products = products
        self._products: ProductKeys | None = None
        self._last_product = LastProduct()
        self._full = False
        """The shard under way is large enough, and ends before the next record that is bound to none before it."""
        self._continued = False

    def feed(self, chunk: bytes | memoryview) -> list[Shard]:
        """The shards that this chunk completes. Raises `NOT_A_CSV` when the header is longer than `max_row_bytes`."""
        shards: list[Shard] = []
        view = memoryview(chunk)
        for position in range(0, len(view), BLOCK_BYTES):
            self._pending += view[position : position + BLOCK_BYTES]
            if len(self._pending) >= self._wanted:
                shards += self._scan(final=False)
        return shards

    def finish(self) -> list[Shard]:
        """The remaining shards, after the last chunk.

        Raises:
            EMPTY_FILE: the file has nothing but blank lines.
            NOT_A_CSV: as `feed`.
        """
        shards = self._scan(final=True)
        if self.header is None:
            raise DropforgeError(
                Code.EMPTY_FILE,
                "The file has no header: it is empty or has only blank lines. Drop a file with a header and rows.",
            )
        if self._rows:
            shards.append(self._close(self._offset))
        return shards

    def _scan(self, final: bool) -> list[Shard]:
        if not self._skipped(final):
            return []
        if self.header is None and self._new_splitter is not None and not self._behind_header(final):
            self._wanted = max(BLOCK_BYTES, 2 * len(self._pending))
            return []
        shards = []
        if self._unended is not None:
            ended = self._end_oversized_record(self._unended, final)
            if ended is None:
                return []
            shards.append(ended)
        block = bytes(self._pending)
        boundaries = self._splitter.split(block, final=final)
        ends = boundaries.ends + self._offset
        consumed = int(boundaries.ends[-1]) if boundaries.ends.size else 0
        start = self._offset
        if self.header is None:
            start, ends = self._take_header(block, ends)
        if self._ids is not None:
            found = self._ids.hashes(block, start - self._offset, ends - self._offset, self._max_row_bytes)
            self._id_hashes = np.concatenate((self._id_hashes, found))
        shards += self._cut(block, start, ends)
        self._drop_pending(consumed)
        if boundaries.open_ended:
            if self.header is None:
                raise self._header_too_long()
            self._id_hashes = np.append(self._id_hashes, np.uint64(0))
            shards += self._close_full(self._offset)
            self._unended = self._close_in_oversized_record(self._offset)
            self._last_product = LastProduct()
            self._drop_all_pending()
        # Doubling keeps the bytes that are scanned again in proportion to those that are read.
        self._wanted = max(BLOCK_BYTES, 2 * len(self._pending))
        return shards

    def _skipped(self, final: bool) -> bool:
        """Drops what is in front of the header from the pending bytes; whether all of it is dropped."""
        if self._offset == 0 and not self._skip_bytes and self._pending.startswith(BOM):
            self._drop_pending(len(BOM))
        left = self._skip_bytes - self._offset
        if left > 0:
            self._drop_pending(min(left, len(self._pending)))
        return self._offset >= self._skip_bytes or final

    def _behind_header(self, final: bool) -> bool:
        """Takes the header from the pending bytes, before other records are found; whether it is all there."""
        assert self._new_splitter is not None
        for size in (_HEADER_BYTES, len(self._pending)):
            block = bytes(self._pending[:size])
            boundaries = self._splitter.split(block, final=final and len(block) == len(self._pending))
            start, _ = self._take_header(block, boundaries.ends + self._offset)
            if self.header is not None:
                self._splitter = self._new_splitter(self.header)
                self._drop_pending(start - self._offset)
                return True
        if boundaries.open_ended:
            raise self._header_too_long()
        return False

    def _take_header(self, block: bytes, ends: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
        """Sets the header if it is among the records. Returns the start of the data, and the ends of data records."""
        start = self._offset
        for index, end in enumerate(ends.tolist()):
            record = block[start - self._offset : end - self._offset]
            if record.strip():
                if len(record) > self._max_row_bytes:
                    raise self._header_too_long()
                self.header = without_line_end(record)
                self._ids = self._new_ids(self.header) if self._new_ids else None
                self._products = self._new_products(self.header) if self._new_products else None
                self._start = end
                return end, ends[index + 1 :]
            start = end
        return start, ends[:0]

    def _cut(self, block: bytes, start: int, ends: NDArray[np.int64]) -> list[Shard]:
        """Ends shards at record boundaries. `start` is the start of the first of these records."""
        shards: list[Shard] = []
        starts = np.concatenate(([start], ends[:-1])) if ends.size else ends
        first_bytes = np.frombuffer(block, dtype=np.uint8)[starts - self._offset]
        counted = (first_bytes != LF) & (first_bytes != CR)
        if self._products is not None:
            return self._cut_products(block, starts, ends, counted)
        done = 0
        for oversized in np.flatnonzero(ends - starts > self._max_row_bytes).tolist():
            shards += self._cut_ordinary(ends[done:oversized], counted[done:oversized])
            end = int(ends[oversized])
            shards.append(replace(self._close_in_oversized_record(int(starts[oversized])), record_end=end))
            self._start = end
            done = oversized + 1
        return shards + self._cut_ordinary(ends[done:], counted[done:])

    def _cut_ordinary(self, ends: NDArray[np.int64], counted: NDArray[np.bool_]) -> list[Shard]:
        shards: list[Shard] = []
        numbers = np.cumsum(counted)
        done = done_counted = 0
        while done < ends.size:
            last = int(np.searchsorted(ends, self._start + self._shard_bytes))
            if self._shard_rows is not None:
                enough = int(np.searchsorted(numbers, done_counted + self._shard_rows - self._counted_rows))
                enough_bytes = int(np.searchsorted(ends, self._start + FEWEST_ROW_BYTES * self._shard_rows))
                last = min(last, max(enough, enough_bytes, done))
            if last >= ends.size:
                self._rows += ends.size - done
                self._counted_rows += int(numbers[-1]) - done_counted
                break
            self._rows += last + 1 - done
            shards.append(self._close(int(ends[last])))
            done, done_counted = last + 1, int(numbers[last])
        return shards

    def _cut_products(self, block: bytes, starts: np.ndarray, ends: np.ndarray, counted: np.ndarray) -> list[Shard]:
        """As `_cut`, where no shard may end inside a product."""
        if not ends.size:
            return []
        assert self._products is not None
        offset = self._offset
        before = replace(self._last_product, start=self._last_product.start - offset)
        runs = self._products.runs(block, int(starts[0]) - offset, ends - offset, before)
        self._last_product = replace(runs.last, start=runs.last.start + offset)
        shards: list[Shard] = []
        columns = (starts, ends, counted, runs.joins, runs.bound, ends - starts > self._max_row_bytes)
        for start, end, counts, joins, bound, oversized in zip(*(column.tolist() for column in columns), strict=True):
            if not bound:
                shards += self._close_full(start)
                if not self._rows:
                    self._continued = joins
            if oversized:
                shards.append(replace(self._close_in_oversized_record(start), record_end=end))
                self._start = end
                continue
            self._rows += 1
            self._counted_rows += counts
            size = end - self._start
            enough = self._shard_rows is not None and (
                self._counted_rows >= self._shard_rows and size >= FEWEST_ROW_BYTES * self._shard_rows
            )
            self._full = self._full or enough or size >= self._shard_bytes
        return shards

    def _close_full(self, end: int) -> list[Shard]:
        return [self._close(end)] if self._full else []

    def _close(self, end: int) -> Shard:
        repeated = ""
        if self._ids is not None:
            found = self._ids.repeats(self._id_hashes[: self._rows])
            repeated = repeated_bitmap((self._first_row + at for at in found), self._first_row, self._rows)
            self._id_hashes = self._id_hashes[self._rows :]
        shard = Shard(self._index, self._start, end, self._first_row, self._rows, repeated, continued=self._continued)
        self._full = self._continued = False
        self._index += 1
        self._first_row += self._rows
        self._start, self._rows, self._counted_rows = end, 0, 0
        return shard

    def _close_in_oversized_record(self, record_start: int) -> Shard:
        self._rows += 1
        return self._close(record_start + self._max_row_bytes + 1)

    def _end_oversized_record(self, shard: Shard, final: bool) -> Shard | None:
        """Drops the pending bytes up to the record's line end. Returns the shard that the record ended, once found."""
        end = find_line_end(bytes(self._pending), final=final)
        if end is None:
            self._drop_all_pending()
            return None
        self._drop_pending(end)
        self._start = self._offset
        self._unended = None
        return replace(shard, record_end=self._offset)

    def _drop_all_pending(self) -> None:
        # A CR may be half of a CRLF whose LF is in the next chunk.
        self._drop_pending(len(self._pending) - self._pending.endswith(b"\r"))

    def _drop_pending(self, count: int) -> None:
        del self._pending[:count]
        self._offset += count

    def _header_too_long(self) -> DropforgeError:
        return DropforgeError(
            Code.NOT_A_CSV,
            f"The file's first line is longer than {self._max_row_bytes} bytes, so it is not a CSV header. "
            "Drop a CSV file, or increase the catalogue's `max_row_bytes`.",
        )
