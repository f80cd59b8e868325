"""Finds the part of a JPEG that decides whether it decodes, and what its segments say of the rest.

Decoding reads every coefficient of a photo, which is most of the cost of checking it. In a sequential JPEG with one
scan, no coefficient can change the result: libjpeg-turbo 3 treats damage within a scan as a warning and continues with
grey (`jdhuff.c`, `jpeg_fill_bit_buffer` and `jpeg_huff_decode`), and Pillow ignores warnings (`JpegDecode.c`). What can
fail is a header that contradicts itself, or data that ends before the scan does. A scan that ends with a marker can't
run out of data, because libjpeg stops reading at the marker. So the headers followed by an empty scan decode exactly
when the whole file does. `tests/unit/actors/images/test_jpeg.py` compares the two results.

Progressive and arithmetic JPEGs, whose coefficients can be refused, and irregular files are decoded completely.

A JPEG may lack its end marker and still be whole: some cameras and servers leave out the last two bytes. A picture
that is the same with contrary continuations (`continuations`) has all its pixels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_START = b"\xff\xd8"
_END = b"\xff\xd9"

# Marker codes of ITU T.81, table B.1.
_SEQUENTIAL_FRAME = frozenset({0xC0, 0xC1})
_ANY_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_SCAN = 0xDA
_COEFFICIENTS = 64
_SEGMENTS = _SEQUENTIAL_FRAME | {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}

# libjpeg goes from segment to segment like this (`jdmarker.c`, `next_marker`), also over bytes that belong to none.
_NEXT_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")

# In a scan, a data byte 0xFF is followed by a zero, and restart markers are part of the scan (T.81, F.1.2.3, B.1.1.5).
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


MAX_SCANS = 100
"""Real files have about ten. A progressive JPEG may have any number of scans over all its pixels, of a few bytes each,
so that a small file can take hours to decode (libjpeg-turbo, "Two Issues with the JPEG Standard")."""

MAX_SEGMENTS = 10_000
"""Real files have dozens; 640 MiB of metadata fit into this many. Each of millions of empty ones costs Pillow memory
and time."""

_CONTINUATIONS = (b"", b"\xaa" * 64, b"\xff\x00" * 64, b"\x55" * 64, bytes(range(7, 250, 9)) * 3)
"""Zeros, which is what libjpeg reads where the data ends; ones and zeros in turns, beginning with either; ones, as a
scan has them; and a mixture. A sign and a size may be there and the rest of a value not, so that two may make the same
block white: of 66,000 cuts through noise, the first three made the same picture of 2, and all five of none."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What the segments of a JPEG's first picture say.

    `segments` and `scans` are their numbers, both counted up to one more than allowed. `ended` is whether the end
    marker follows the scans, `complete` whether the scans have all bits of all coefficients.
    """

    segments: int
    scans: int
    ended: bool
    complete: bool


def is_jpeg(data: bytes) -> bool:
    """Whether the data begins as a JPEG."""
    return data.startswith(_START)


def outline(data: bytes) -> Outline:
    """Walks the segments from the start to the end marker of the first picture.

    Bytes within segments, such as a thumbnail's, and those behind the end marker, such as a second picture's or a
    video's, are not looked at.
    """
    at = len(_START)
    segments = scans = 0
    ended = False
    missing: dict[int, bytearray] = {}  # by component: for each coefficient, how many of its last bits
    while segments <= MAX_SEGMENTS and scans <= MAX_SCANS and (found := _NEXT_SEGMENT.search(data, at)):
        marker, at = data[found.end() - 1], found.end()
        if marker == _END[1]:
            # Before a scan it ends tables alone, and libjpeg continues with the next start (`jpeg_read_header`).
            ended = scans > 0
            if ended:
                break
            continue
        body = data[at + 2 : at + 2 + 256]
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        segments += 1
        if marker in _ANY_FRAME and len(body) > 5:  # precision, height, width, number of components
            missing = {component: bytearray(b"\x10" * _COEFFICIENTS) for component in body[6 : 6 + 3 * body[5] : 3]}
        elif marker == _SCAN:
            scans += 1
            _note_scan(body, missing)
    complete = bool(missing) and not any(any(bits) for bits in missing.values())
    return Outline(segments, scans, ended, complete)


def _note_scan(body: bytes, missing: dict[int, bytearray]) -> None:
    """Takes a scan's coefficients from the missing ones (T.81, B.2.3)."""
    after = 1 + 2 * body[0] if body else 0
    if len(body) < after + 3:
        return
    first, behind = body[after], min(body[after + 1] + 1, _COEFFICIENTS)
    bits = bytes([body[after + 2] & 15])
    for component in body[1:after:2]:
        if component in missing:
            missing[component][first:behind] = bits * (behind - first)


def continuations(data: bytes) -> list[bytes]:
    """The data of a JPEG without its end marker, ended in ways that give the same picture if nothing is missing."""
    return [data.rstrip(b"\xff") + continuation + _END for continuation in _CONTINUATIONS]


def without_scan(data: bytes) -> bytes | None:
    """The JPEG's headers with an empty scan, which Pillow decodes exactly when it decodes `data`.

    None if `data` is not a JPEG, or one that is not sequential, has more than one scan, or is irregular.
    """
    if not is_jpeg(data):
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
