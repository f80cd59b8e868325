"""Finds the part of a PNG that decides whether it decodes.

The pixels need the header, the palette and the pixel data, which are critical chunks: their types begin with a capital
letter (PNG, third edition, 5.4). Decoders ignore what is wrong in the others, as libpng and so browsers do
(`png_set_crc_action`). Pillow, however, refuses a picture for a text with a wrong checksum, or one that unpacks to more
than a MiB. So it gets the critical chunks alone, with their checksums compared here: it looks at those of pixel data
only in `verify`, which wants an end chunk too.

Whatever is behind the pixel data, it does not matter, and whether anything is there: a PNG without its end is whole if
all its pixels decode. Texts are never unpacked, and a file of a million tiny chunks costs Pillow no more than one.
"""

from __future__ import annotations

import struct
import zlib

from actors.errors import Code, DropforgeError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH_AND_TYPE = struct.Struct(">I4s")
_CHECKSUM = struct.Struct(">I")
_BESIDE_DATA = _LENGTH_AND_TYPE.size + _CHECKSUM.size
_ANIMATION_BYTES = 8
_PALETTE_BYTES = range(3, 3 * 256 + 1, 3)


def critical_chunks(data: bytes) -> bytes | None:
    """The PNG's critical chunks up to its pixel data, the number of its frames, and its pixel data in one chunk.

    None if `data` is not a PNG. Raises `NOT_AN_IMAGE` if a critical chunk has a wrong checksum, or is one that Pillow
    takes and no browser does.
    """
    if not data.startswith(_SIGNATURE):
        return None
    view = memoryview(data)
    kept, pixels = bytearray(_SIGNATURE), bytearray()
    at, frames_known = len(_SIGNATURE), False
    while at + _BESIDE_DATA <= len(data):
        length, kind = _LENGTH_AND_TYPE.unpack_from(data, at)
        start, end = at + _LENGTH_AND_TYPE.size, at + _BESIDE_DATA + length
        if end > len(data) or (pixels and kind != b"IDAT"):
            break
        if kind == b"acTL":
            is_kept = not frames_known and length == _ANIMATION_BYTES
            frames_known = True
        else:
            is_kept = kind[:1].isupper()
        if is_kept:
            if zlib.crc32(view[at + 4 : end - 4]) != _CHECKSUM.unpack_from(data, end - 4)[0]:
                raise _damaged(kind, at, "has a wrong checksum")
            if _breaks_the_rules(kind, view[start : end - 4], kept):
                raise _damaged(kind, at, "breaks the rules of PNG")
            if kind == b"IDAT":
                pixels += view[start : end - 4]
            else:
                kept += view[at:end]
        at = end
    return b"".join((kept, *_chunk(b"IDAT", pixels), *_chunk(b"IEND", b"")))


def _breaks_the_rules(kind: bytes, body: memoryview, kept: bytearray) -> bool:
    """Whether a header names an unknown method, or a palette is the second or not of 1 to 256 colours (11.2)."""
    if kind == b"IHDR":
        return bytes(body[10:12]) != b"\0\0" or bytes(body[12:]) not in (b"\0", b"\1")
    return kind == b"PLTE" and (len(body) not in _PALETTE_BYTES or b"PLTE" in kept)


def _damaged(kind: bytes, at: int, how: str) -> DropforgeError:
    return DropforgeError(
        Code.NOT_AN_IMAGE, f"The PNG is damaged: its chunk {kind.decode('latin-1')} at byte {at} {how}."
    )


def _chunk(kind: bytes, data: bytes | bytearray) -> tuple[bytes, bytes | bytearray, bytes]:
    return _LENGTH_AND_TYPE.pack(len(data), kind), data, _CHECKSUM.pack(zlib.crc32(data, zlib.crc32(kind)))
