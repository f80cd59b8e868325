"""Whether bytes are an image, by decoding them; what a server or a name says about them counts for nothing."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from actors.errors import Code, DropforgeError

from .jpeg import without_scan
from .polyglots import second_format


@dataclass(frozen=True, slots=True)
class ImageFormat:
    extension: str
    content_type: str


# MPO is what Pillow calls a JPEG that carries further pictures, as phones write it; its JPEG plugin opens it.
_FORMATS = {
    "JPEG": ImageFormat("jpg", "image/jpeg"),
    "MPO": ImageFormat("jpg", "image/jpeg"),
    "PNG": ImageFormat("png", "image/png"),
    "GIF": ImageFormat("gif", "image/gif"),
    "WEBP": ImageFormat("webp", "image/webp"),
    "BMP": ImageFormat("bmp", "image/bmp"),
    "TIFF": ImageFormat("tiff", "image/tiff"),
    "AVIF": ImageFormat("avif", "image/avif"),
}

# A progressive JPEG may hold any number of scans over all of its pixels, a few bytes each, so that a small file takes
# hours to decode (libjpeg-turbo, "Two Issues with the JPEG Standard"). Real ones hold about ten.
_START_OF_SCAN = b"\xff\xda"
_MAX_SCANS = 100

_KNOWN_IMAGES = 8192
"""Digests of what was decoded that are remembered, about 100 bytes each; all are forgotten when they are more."""

_PLUGINS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")


def decoded_format(data: bytes, *, max_pixels: int, max_frames: int) -> ImageFormat:
    """The format of an image whose first frame decodes to its last pixel.

    Of a JPEG only what can fail is decoded (see `jpeg`), at an eighth of its size and in grey, which leaves nothing
    out that can. Raises `NOT_AN_IMAGE`, or `IMAGE_TOO_MANY_PIXELS` before a pixel is decoded. An image that is
    something else besides (see `polyglots`) is none.
    """
    return _format_of(_deciding(data), max_pixels, max_frames)


def _deciding(data: bytes) -> bytes:
    """The part that decides whether it decodes, of bytes that are nothing else besides."""
    other = second_format(data)
    if other is not None:
        raise DropforgeError(Code.NOT_AN_IMAGE, f"The bytes are not only an image, but {other} too.")
    return without_scan(data) or data


def _format_of(data: bytes, max_pixels: int, max_frames: int) -> ImageFormat:
    try:
        with Image.open(BytesIO(data), formats=_PLUGINS) as image:
            _check_size(image, max_pixels, max_frames)
            if image.format in ("JPEG", "MPO") and data.count(_START_OF_SCAN) > _MAX_SCANS:
                raise DropforgeError(Code.NOT_AN_IMAGE, f"The JPEG has more than {_MAX_SCANS} scans.")
            if image.format != "PNG":
                return _loaded(image)
            image.verify()  # checksums, which decoding a PNG skips; the other formats have none
        with Image.open(BytesIO(data), formats=_PLUGINS) as image:  # an image can't be used after verify
            return _loaded(image)
    except (DropforgeError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DropforgeError(Code.IMAGE_TOO_MANY_PIXELS, f"The image is too large to decode: {error}") from error
    except Exception as error:  # Pillow's plugins raise about any type on bytes made to break them
        raise DropforgeError(Code.NOT_AN_IMAGE, f"The bytes are no image: {type(error).__name__} {error}") from error


def _loaded(image: Image.Image) -> ImageFormat:
    image.draft("L", (1, 1))
    image.load()
    return _FORMATS[str(image.format)]


def _check_size(image: Image.Image, max_pixels: int, max_frames: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise DropforgeError(
            Code.IMAGE_TOO_MANY_PIXELS, f"The image has {width} x {height} pixels, more than {max_pixels}."
        )
    # A TIFF's pages are not counted: finding them all takes Pillow minutes on a file made for that. The other
    # formats say their count up front, and a GIF's is found in a walk over the bytes.
    frames = 1 if image.format == "TIFF" else getattr(image, "n_frames", 1)
    if frames > max_frames:
        raise DropforgeError(Code.IMAGE_TOO_MANY_PIXELS, f"The image has {frames} frames, more than {max_frames}.")


class Decoder:
    """`decoded_format` on `threads` of its own: Pillow works without the interpreter's lock, so the loop goes on.

    What was decoded lately is known again by the digest of the part that decides: a shop's picture for "no image" has
    many URLs, and its photos, of one size and written by one program, may have equal headers.
    """

    def __init__(self, *, threads: int, max_pixels: int, max_frames: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._known: dict[bytes, ImageFormat] = {}
        self._max_pixels = max_pixels
        self._max_frames = max_frames

    async def format_of(self, data: bytes) -> ImageFormat:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._decode, data)

    def _decode(self, data: bytes) -> ImageFormat:
        deciding = _deciding(data)
        digest = hashlib.sha256(deciding).digest()
        found = self._known.get(digest)
        if found is None:
            found = _format_of(deciding, self._max_pixels, self._max_frames)
            if len(self._known) >= _KNOWN_IMAGES:
                self._known.clear()
            self._known[digest] = found
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
