"""Which rows have an id that an earlier row of the file has too.

A row's image is named by its id, so two rows of one id need two names, and which of them has the plain one must not
depend on which is worked on first. "Earlier" is known before any shard is handed out only to the scan, which passes
over the rows in their order: so it is told here, and each shard carries what was found.

The ids are kept in a Bloom filter of at most 32 MiB, since a file may have any number of rows. It misses no repeat.
It takes a new id for a repeat once in some 50,000 rows of a file of ten million, and in practice never below a
million; such a row's image has the longer name for no need, at each scan of the file alike. A row costs three
microseconds, a thousandth of what the stages take for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import blake2b

from .boundaries import without_line_end
from .fields import split_fields
from .header import HeaderMap

_HASHES = 8
_FEWEST_BITS, _MOST_BITS = 16, 28  # powers of two


class IdFilter:
    """The ids of a file of `size` bytes, seen in the order of its rows.

    Only an id that the reader would find is one: the field where the header has it, unquoted. Rejected rows count.
    """

    def __init__(self, header: HeaderMap, size: int) -> None:
        self._position = header.positions["id"]
        self._delimiter = header.delimiter.encode()
        self._encoding = header.encoding
        bits = 1 << min(max(size.bit_length(), _FEWEST_BITS), _MOST_BITS)
        self._mask = bits - 1
        self._bitmap = bytearray(bits // 8)

    def repeats(self, block: bytes, start: int, ends: Iterable[int], max_row_bytes: int) -> list[int]:
        """The indices of the records that repeat an id. They lie one behind the other in `block`, from `start` on.

        Records without an id have none to repeat, and those longer than `max_row_bytes` are not looked at: they are
        rejects, and not always in a block as a whole.
        """
        found = []
        for index, end in enumerate(ends):
            if end - start <= max_row_bytes:
                row_id = self._id(block[start:end])
                if row_id and self._seen(row_id):
                    found.append(index)
            start = end
        return found

    def _id(self, record: bytes) -> bytes:
        fields = record.split(self._delimiter, self._position + 1)[: self._position + 1]
        if any(field.startswith(b'"') for field in fields):
            return self._parsed_id(record)
        return without_line_end(fields[self._position]) if len(fields) > self._position else b""

    def _parsed_id(self, record: bytes) -> bytes:
        try:
            fields = split_fields(without_line_end(record).decode(self._encoding), self._delimiter.decode())
            return fields[self._position].encode(self._encoding)
        except (UnicodeDecodeError, IndexError):
            return b""

    def _seen(self, row_id: bytes) -> bool:
        """Whether the id was here before; it has been from now on."""
        at, step = struct.unpack("<QQ", blake2b(row_id, digest_size=16).digest())
        bitmap, mask = self._bitmap, self._mask
        seen = True
        for _ in range(_HASHES):
            byte, bit = (at & mask) >> 3, 1 << (at & 7)
            if not bitmap[byte] & bit:
                bitmap[byte] |= bit
                seen = False
            at += step
        return seen
