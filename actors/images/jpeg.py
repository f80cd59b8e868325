"""Finds the part of a JPEG that decides whether it decodes.

Decoding reads every coefficient of a photo, which is most of the cost of checking it. In a sequential JPEG with one
scan, no coefficient can change the result: libjpeg-turbo 3 treats damage within a scan as a warning and continues with
grey (`jdhuff.c`, `jpeg_fill_bit_buffer` and `jpeg_huff_decode`), and Pillow ignores warnings (`JpegDecode.c`). What can
fail is a header that contradicts itself, or data that ends before the scan does. A scan that ends with a marker can't
run out of data, because libjpeg stops reading at the marker. So the headers followed by an empty scan decode exactly
when the whole file does. `tests/unit/actors/images/test_jpeg.py` compares the two results.

Progressive and arithmetic JPEGs, whose coefficients can be refused, and irregular files are decoded completely.
"""

from __future__ import annotations

import re

_START = b"\xff\xd8"
_END = b"\xff\xd9"

# Marker codes of ITU T.81, table B.1.
_SEQUENTIAL_FRAME = frozenset({0xC0, 0xC1})
_SCAN = 0xDA
_SEGMENTS = _SEQUENTIAL_FRAME | {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}

# In a scan, a data byte 0xFF is followed by a zero, and restart markers are part of the scan (T.81, F.1.2.3, B.1.1.5).
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def without_scan(data: bytes) -> bytes | None:
    """The JPEG's headers with an empty scan, which Pillow decodes exactly when it decodes `data`.

    None if `data` is not a JPEG, or one that is not sequential, has more than one scan, or is irregular.
    """
    if not data.startswith(_START):
        return None
    at, sequential = len(_START), False
    while data[at : at + 1] == b"\xff" and len(data) >= at + 4:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        at += 2 + length
        if marker == _SCAN:
            after = _MARKER_IN_SCAN.search(data, at)
            if sequential and after is not None and after[0] == _END:
                return data[:at] + _END
            return None
        if marker not in _SEGMENTS or length < 2:
            return None
        sequential = sequential or marker in _SEQUENTIAL_FRAME
    return None
