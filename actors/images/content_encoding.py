"""Unpacks bodies that a server packed although it was asked not to.

Only gzip and deflate, which the standard library has. As in browsers, what follows the first gzip member is ignored.
"""

from __future__ import annotations

import zlib

_GZIP = 16 + zlib.MAX_WBITS
_BITS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
"""`deflate` has a zlib header (RFC 9110, 8.4.1.2), which some servers leave out."""


def packed(encoding: str) -> bool:
    """Whether a Content-Encoding is one of those that `unpacked` knows."""
    return encoding.strip().lower() in _BITS


def unpacked(data: bytes, encoding: str, limit: int) -> bytes | None:
    """A body without its Content-Encoding; None if it has more than `limit` bytes then, of which no more are made.

    A body that is not what its encoding says is returned as it is.
    """
    for bits in _BITS[encoding.strip().lower()]:
        try:
            body = zlib.decompressobj(bits).decompress(data, limit + 1)
        except zlib.error:
            continue
        return body if len(body) <= limit else None
    return data
