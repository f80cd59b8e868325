"""Small images of every kind, made on the spot."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

SAVED_AS = {
    "jpg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "avif": "AVIF",
}
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>404</title><p>Not here."


def picture(extension: str, *, side: int = 48, frames: int = 1, seed: int = 0, **options: object) -> bytes:
    noise = np.random.default_rng((side, seed)).normal(128, 60, (side, side))
    image = Image.fromarray(noise.clip(0, 255).astype(np.uint8)).convert("RGB")
    file = BytesIO()
    if frames > 1:
        options |= {"save_all": True, "append_images": [image.rotate(90 * n) for n in range(1, frames)]}
    image.save(file, SAVED_AS[extension], **options)
    return file.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few dozen bytes whose header promises this many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
