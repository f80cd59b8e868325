"""Finds the rows whose id an earlier row of the file has too.

A row's image is named by its id, so two rows with the same id need two names, and which of them gets the plain name
must not depend on which is processed first. Only the scan passes over the rows in order, before any shard is processed:
so it finds the repeats, and each shard carries those of its rows.

The ids are kept in a Bloom filter of at most 16 MiB, because a file may have any number of rows. It misses no repeat.
It reports a new id as a repeat once in about 50,000 rows at the end of a file of five million, once in 600 at the end
of one of ten million, and practically never below half a million. Such a row's image gets the longer name although the
plain one is free, in the same way at each scan of the file. Ids that are made to collide only get longer names.

The ids of a shard are hashed and looked up together: one at a time, that would take longer than the scan itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from actors.model.header import HeaderMap

from .boundaries import BACKSLASH, CR, LF, QUOTE
from .fields import splitter

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_PROBES = 8
_FEWEST_BITS, _MOST_BITS = 20, 27  # powers of two
_LONGEST = 64  # bytes of an id that are hashed directly; longer ids are replaced by their digest

_WINDOW = _LONGEST + 2  # an id, its closing quote, the delimiter
_ROWS_AT_ONCE = 4096  # each has a window, so this bounds the memory for a block of tiny rows

# Any odd numbers without a pattern would do; these are the initial hash values of SHA-512 (FIPS 180-4, 5.3.5).
_FACTORS = np.array(
    [
        *(0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
        *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
    ],
    dtype=np.uint64,
)
_MIX, _STEP, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(32)


class IdFilter:
    """The ids of a file of `size` bytes, which must be passed in the order of its rows.

    An id is what the reader would read: the field at the header's position, unquoted. Rejected rows count too.
    """

    def __init__(self, header: HeaderMap, size: int, position: int | None = None) -> None:
        """`position` is that of the field to take for the id, if it is another one. Without either no row has an id."""
        if position is None:
            position = header.positions.get("id")
        self._position = None if position is None else header.first + position
        self._split = splitter(header.delimiter, header.dialect)
        self._quotes = header.dialect.quoting != "none"
        self._escapes = "backslash" in (header.dialect.quoting, header.dialect.escapes)
        self._delimiter = header.delimiter.encode()
        self._encoding = header.encoding
        bits = 1 << min(max(size.bit_length(), _FEWEST_BITS), _MOST_BITS)
        self._mask = np.uint64(bits - 1)
        self._bitmap = np.zeros(bits // 8, dtype=np.uint8)

    def hashes(self, block: bytes, start: int, ends: Places, max_row_bytes: int) -> Hashes:
        """Hashes of the ids of consecutive records in `block`, the first of which starts at `start`.

        `ends` is int64, shape (records,), as in `Boundaries`; the result is uint64 of the same shape. It is 0 for a
        record without an id, and for one longer than `max_row_bytes`, which is rejected and may exceed the block.
        """
        hashes = np.zeros(ends.size, dtype=np.uint64)
        if self._position is None:
            return hashes
        starts = np.concatenate(([start], ends[:-1])) if ends.size else ends
        for at in range(0, ends.size, _ROWS_AT_ONCE):
            rows = slice(at, at + _ROWS_AT_ONCE)
            hashes[rows] = self._hashes_of(block, starts[rows], ends[rows], max_row_bytes)
        return hashes

    def repeats(self, hashes: Hashes) -> list[int]:
        """The indices of the hashes that an earlier row had, and adds all of them to the filter. Ignores zeros."""
        named = np.flatnonzero(hashes)
        repeated: list[int] = named[self._seen(hashes[named])].tolist()
        return repeated

    def _hashes_of(self, block: bytes, starts: Places, ends: Places, max_row_bytes: int) -> Hashes:
        hashes = np.zeros(ends.size, dtype=np.uint64)
        to_read = ends - starts <= max_row_bytes
        if self._position == 0 and len(block) >= _WINDOW:
            places, characters, lengths = self._leading(block, starts, ends)
            hashes[places] = _hashes(characters, lengths)
            hashes[~to_read] = 0
            to_read[places] = False
        others = np.flatnonzero(to_read)
        if others.size:
            pairs = zip(starts[others].tolist(), ends[others].tolist(), strict=True)
            ids = [self._id(block, first, end, self._position or 0) for first, end in pairs]
            hashes[others] = _hashes(*_characters(ids))
        return hashes

    def _leading(self, block: bytes, starts: Places, ends: Places) -> tuple[Places, Bytes, Places]:
        """The ids of the records that start with a plain id: the indices of these records, and `_hashes`' arguments.

        A plain id has at most `_LONGEST` bytes, no quotes or only a pair around it, and a delimiter behind it.
        """
        data = np.frombuffer(block, dtype=np.uint8)
        windows = sliding_window_view(data, _WINDOW)
        quoted = (data[starts] == QUOTE) & self._quotes
        first = starts + quoted
        places = np.flatnonzero(first < len(windows))
        first, quoted = first[places], quoted[places]
        window = windows[first]
        closing = np.where(quoted, np.uint8(QUOTE), np.uint8(self._delimiter[0]))
        lengths = (window[:, : _LONGEST + 1] == closing[:, None]).argmax(axis=1)  # 0 also if there is none
        rows = np.arange(len(window))
        plain = (window[rows, lengths] == closing) & (first + lengths + quoted < ends[places])
        plain &= window[rows, lengths + quoted] == self._delimiter[0]
        if self._escapes and BACKSLASH in block:
            escape = (window == BACKSLASH).argmax(axis=1)
            plain &= (window[rows, escape] != BACKSLASH) | (escape >= lengths)
        return places[plain], window[plain, :_LONGEST], lengths[plain]

    def _id(self, block: bytes, start: int, end: int, position: int) -> bytes:
        """The id of the record `[start, end)`. Parses the whole record only if the quotes before the id require it."""
        first = start
        end -= block[end - 1] == LF
        end -= end > start and block[end - 1] == CR
        last = self._field_end(block, first, end)
        for _ in range(position):
            if last == end:
                return b""
            if last >= 0:
                first = last + 1
                last = self._field_end(block, first, end)
        if last < 0:
            return self._parsed_id(block[start:end], position)
        if self._quotes and first < last and block[first] == QUOTE:
            return block[first + 1 : last - 1]
        return block[first:last]

    def _field_end(self, block: bytes, first: int, end: int) -> int:
        """The end of the field that starts at `first`; -1 if only the parser can find it."""
        if self._quotes and first < end and block[first] == QUOTE:
            last = block.find(b'"', first + 1, end) + 1
            ended = last == end or (last and block[last] == self._delimiter[0])
        else:
            last = block.find(self._delimiter, first, end)
            last, ended = (end if last < 0 else last), True
        if not ended or (self._escapes and block.find(b"\\", first, last) >= 0):
            return -1
        return last

    def _parsed_id(self, record: bytes, position: int) -> bytes:
        try:
            fields = self._split(record.decode(self._encoding))
            return fields[position].encode(self._encoding)
        except (UnicodeDecodeError, IndexError):
            return b""

    def _seen(self, hashes: Hashes) -> NDArray[np.bool_]:
        steps: Hashes = (hashes * _STEP) ^ (hashes >> _HALF) | np.uint64(1)
        places: Hashes = np.multiply.outer(steps, np.arange(_PROBES, dtype=np.uint64))
        places += hashes[:, None]
        places &= self._mask
        at, bits = (places >> np.uint64(3)).view(np.int64), np.left_shift(1, places & np.uint64(7)).astype(np.uint8)
        seen: NDArray[np.bool_] = np.all(self._bitmap[at] & bits, axis=1)
        self._set(at[~seen].ravel(), bits[~seen].ravel())
        repeated = np.ones(hashes.size, dtype=bool)
        repeated[np.unique(hashes, return_index=True)[1]] = False
        return seen | repeated

    def _set(self, at: Places, bits: Bytes) -> None:
        """Sets a bit of each of these bytes, several times as fast as `np.bitwise_or.at`."""
        while at.size:
            self._bitmap[at] |= bits  # of several bits of one byte, numpy sets one
            unset = self._bitmap[at] & bits == 0
            at, bits = at[unset], bits[unset]


def _characters(ids: Sequence[bytes]) -> tuple[Bytes, Places]:
    """The ids as uint8 of shape (ids, `_LONGEST`), padded, and their lengths. A longer id is replaced by its digest."""
    ids = [row_id if len(row_id) <= _LONGEST else blake2b(row_id, digest_size=16).digest() for row_id in ids]
    rows = np.frombuffer(b"".join(row_id.ljust(_LONGEST, b"\0") for row_id in ids), dtype=np.uint8)
    return rows.reshape(-1, _LONGEST), np.fromiter(map(len, ids), np.int64, len(ids))


def _hashes(characters: Bytes, lengths: Places) -> Hashes:
    """A 64-bit hash of the first `lengths` bytes of each row, uint64; 0 only where the length is 0."""
    width = -(-int(lengths.max(initial=1)) // 8)
    inside = np.arange(8 * width) < lengths[:, None]
    words = (characters[:, : 8 * width] * inside).view("<u8") * _FACTORS[:width]
    words ^= words >> _HALF
    hashes: Hashes = words.sum(axis=1, dtype=np.uint64) + lengths.astype(np.uint64) * _MIX
    # Once is not enough: ids that differ in their last characters alone would differ in too few of the lowest bits.
    for factor in (_STEP, _MIX):
        hashes ^= hashes >> _HALF
        hashes *= factor
    hashes ^= hashes >> _HALF
    hashes[lengths == 0] = 0
    hashes[(hashes == 0) & (lengths > 0)] = 1
    return hashes
