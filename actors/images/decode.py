"""Checks that bytes are an image by decoding them. Content types and file names are ignored."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from actors.errors import Code, DropforgeError

from .jpeg import MAX_SCANS, MAX_SEGMENTS, continuations, is_jpeg, outline, without_scan
from .png import critical_chunks
from .polyglots import second_format


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """The file extension and media type of a format."""

    extension: str
    content_type: str


# MPO is Pillow's name for a JPEG with additional pictures, as phones write it; Pillow's JPEG plugin opens it.
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

_ROWS_AT_A_TIME = 64

_KNOWN_IMAGES = 8192
"""Capacity of the cache of decoded images' digests, of about 100 bytes each. It is cleared when full."""

_PLUGINS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")


def decoded_format(data: bytes, *, max_pixels: int, max_frames: int) -> ImageFormat:
    """The format of an image, after its first frame was completely decoded.

    Of a JPEG, only the parts that can fail are decoded (see `jpeg`), in grey and at an eighth of its size. A picture
    with all its pixels is accepted though its end or something beside its pixels is missing or damaged: a JPEG's end
    marker, a PNG's end chunk, texts and colour profiles (see `png`).

    Raises:
        NOT_AN_IMAGE: the bytes do not decode, or are also a file of another format (see `polyglots`).
        IMAGE_TOO_MANY_PIXELS: the image has more pixels or frames than allowed; checked before decoding.
    """
    return _format_of(_deciding(data), max_pixels, max_frames)


def _deciding(data: bytes) -> bytes:
    """The part of the bytes that decides whether they decode.

    Raises `NOT_AN_IMAGE` for a polyglot and for a PNG with a wrong checksum.
    """
    other = second_format(data)
    if other is not None:
        raise DropforgeError(Code.NOT_AN_IMAGE, f"The file is not only an image, but also {other}.")
    return without_scan(data) or critical_chunks(data) or data


def _format_of(data: bytes, max_pixels: int, max_frames: int) -> ImageFormat:
    try:
        if is_jpeg(data) and _is_whole_without_end(data, max_pixels, max_frames):
            return _FORMATS["JPEG"]
        with Image.open(BytesIO(data), formats=_PLUGINS) as image:
            _check_size(image, max_pixels, max_frames)
            image.draft("L", (1, 1))
            image.load()
            return _FORMATS[str(image.format)]
    except (DropforgeError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DropforgeError(Code.IMAGE_TOO_MANY_PIXELS, f"The image is too large to decode: {error}") from error
    except Exception as error:  # Pillow's plugins can raise almost any type for malicious bytes
        raise DropforgeError(
            Code.NOT_AN_IMAGE, f"The file is not an image that can be decoded: {type(error).__name__} {error}"
        ) from error


def _is_whole_without_end(data: bytes, max_pixels: int, max_frames: int) -> bool:
    """Whether a JPEG has no end marker, but all its pixels.

    Raises `NOT_AN_IMAGE` if it has more scans or segments than allowed, and what opening and decoding it raises.
    """
    found = outline(data)
    for number, allowed, name in ((found.scans, MAX_SCANS, "scans"), (found.segments, MAX_SEGMENTS, "segments")):
        if number > allowed:
            raise DropforgeError(Code.NOT_AN_IMAGE, f"The JPEG has more than {allowed} {name}.")
    endings = continuations(data)
    if found.ended or not found.complete or found.scans * len(endings) > MAX_SCANS:
        return False
    pictures = set()
    for ended in endings:
        with Image.open(BytesIO(ended), formats=("JPEG",)) as image:
            _check_size(image, max_pixels, max_frames)
            pictures.add(_digest(image))
    return len(pictures) == 1


def _digest(image: Image.Image) -> bytes:
    """The digest of all pixels, of which few are copied at a time."""
    digest = hashlib.sha256()
    for top in range(0, image.height, _ROWS_AT_A_TIME):
        rows = image.crop((0, top, image.width, min(top + _ROWS_AT_A_TIME, image.height)))
        digest.update(rows.tobytes())
    return digest.digest()


def _check_size(image: Image.Image, max_pixels: int, max_frames: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise DropforgeError(
            Code.IMAGE_TOO_MANY_PIXELS, f"The image has {width} x {height} pixels, more than the {max_pixels} allowed."
        )
    # A TIFF's pages are not counted: for a malicious file that takes Pillow minutes. The other formats have the number
    # in their headers, except GIF, where one pass over the bytes finds it.
    # Of a PNG, its still picture is decoded, which Pillow adds to those of the animation.
    frames = 1 if image.format == "TIFF" else getattr(image, "n_frames", 1) - getattr(image, "default_image", False)
    if frames > max_frames:
        raise DropforgeError(
            Code.IMAGE_TOO_MANY_PIXELS, f"The image has {frames} frames, more than the {max_frames} allowed."
        )


class Decoder:
    """`decoded_format` on threads of its own, with a cache. Pillow releases the GIL, so the event loop is not blocked.

    The cache's key is the digest of the part that decides. It hits often: a shop's "no image" picture has many URLs,
    and photos of one size that the same program wrote may have equal headers.
    """

    def __init__(self, *, threads: int, max_pixels: int, max_frames: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._known: dict[bytes, ImageFormat] = {}
        self._max_pixels = max_pixels
        self._max_frames = max_frames

    async def format_of(self, data: bytes) -> ImageFormat:
        """The format of an image. Raises what `decoded_format` raises."""
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
