from __future__ import annotations

import struct
import tracemalloc
import zlib
from io import BytesIO

import pytest
from PIL import Image

from actors.errors import Code, DropforgeError
from actors.images.decode import decoded_format
from actors.images.png import critical_chunks

from .pictures import SAVED_AS, picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG = picture("png")
END = PNG[-12:]
PIXELS = PNG[PNG.index(b"IDAT") - 4 : -12]
HEADER = PNG[: PNG.index(b"IDAT") - 4]


def chunk(kind: bytes, data: bytes, *, checksum: int | None = None) -> bytes:
    right = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", right if checksum is None else checksum)


def text(mebibytes: int) -> bytes:
    return packed(b"zTXt", b"Comment\0\0", mebibytes)


def packed(kind: bytes, before: bytes, mebibytes: int) -> bytes:
    return chunk(kind, before + zlib.compress(bytes(mebibytes << 20), 9))


def unpacked(png: bytes) -> bytes:
    with Image.open(BytesIO(png)) as image:
        return image.tobytes()


TWO_FRAMES = chunk(b"acTL", struct.pack(">II", 2, 0))
WHOLE = {
    "plain": PNG,
    "a palette beside colours": HEADER + chunk(b"PLTE", bytes(range(6))) + PIXELS + END,
    "a text of 2 MiB": HEADER + text(2) + PIXELS + END,
    "a text of 2 MiB behind the pixels": HEADER + PIXELS + text(2) + END,
    "seventy texts of 1 MiB": HEADER + text(1) * 70 + PIXELS + END,
    "an international text of 2 MiB": HEADER + packed(b"iTXt", b"a\0\1\0\0\0", 2) + PIXELS + END,
    "a profile of 2 MiB": HEADER + packed(b"iCCP", b"a\0\0", 2) + PIXELS + END,
    "a text with a wrong checksum": HEADER + chunk(b"tEXt", b"a\0b", checksum=1) + PIXELS + END,
    "a text behind the pixels with a wrong checksum": HEADER + PIXELS + chunk(b"tEXt", b"a\0b", checksum=1) + END,
    "a gamma of one byte": HEADER + chunk(b"gAMA", b"a") + PIXELS + END,
    "no end": HEADER + PIXELS,
    "half an end": HEADER + PIXELS + END[:6],
    "an end with a wrong checksum": HEADER + PIXELS + END[:-1] + b"\0",
    "half a text behind the pixels": HEADER + PIXELS + text(2)[:100],
    "zeros instead of an end": HEADER + PIXELS + bytes(1000),
    "an animation with a broken frame": HEADER + TWO_FRAMES + PIXELS + chunk(b"fcTL", b"") + END,
}  # fmt: skip

DATA = PIXELS[8:-4]
COLOURS = chunk(b"PLTE", bytes(range(6)))
METHODS = HEADER[16:26]
DAMAGED = {
    "two palettes": HEADER + COLOURS + COLOURS + PIXELS + END,
    "an empty palette": HEADER + chunk(b"PLTE", b"") + PIXELS + END,
    "a palette of a colour and a third": HEADER + chunk(b"PLTE", b"1234") + PIXELS + END,
    "a palette of 257 colours": HEADER + chunk(b"PLTE", bytes(771)) + PIXELS + END,
    "an unknown compression": SIGNATURE + chunk(b"IHDR", METHODS + b"\x80\0\0") + PIXELS + END,
    "an unknown order of rows": SIGNATURE + chunk(b"IHDR", METHODS + b"\0\0\2") + PIXELS + END,
    "no pixels": HEADER + END,
    "half the pixels": HEADER + PIXELS[: len(PIXELS) // 2],
    "the pixels without the last byte of their checksum": HEADER + PIXELS[:-1],
    "half the pixels in a whole chunk": HEADER + chunk(b"IDAT", DATA[: len(DATA) // 2]) + END,
    "pixels with a wrong checksum": HEADER + PIXELS[:-1] + bytes([PIXELS[-1] ^ 1]) + END,
    "a header with a wrong checksum": HEADER[:-1] + bytes([HEADER[-1] ^ 1]) + PIXELS + END,
    "a text between the pixels": HEADER + chunk(b"IDAT", DATA[:100]) + text(1) + chunk(b"IDAT", DATA[100:]) + END,
    "a chunk of no type": HEADER + chunk(b"\0\0\0\0", b"") + END,
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_a_picture_with_all_its_pixels_is_one(data: bytes) -> None:
    assert decoded_format(data, max_pixels=10_000, max_frames=5).extension == "png"
    assert unpacked(critical_chunks(data) or b"") == unpacked(PNG)


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_picture_without_some_of_its_pixels_is_none(data: bytes) -> None:
    with pytest.raises(DropforgeError) as raised:
        decoded_format(data, max_pixels=10_000, max_frames=5)
    assert raised.value.code is Code.NOT_AN_IMAGE


@pytest.mark.parametrize("cut", [1, 4, 11, 12, 13])
def test_a_png_may_lack_its_end_and_no_more(cut: int) -> None:
    accepted = cut <= len(END)
    try:
        decoded_format(PNG[:-cut], max_pixels=10_000, max_frames=5)
    except DropforgeError:
        accepted = not accepted
    assert accepted


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_every_colour_keeps_its_pixels(mode: str) -> None:
    Image.new("L", (20, 20), 77).convert(mode).save(file := BytesIO(), "PNG", dpi=(72, 72))
    assert unpacked(critical_chunks(file.getvalue()) or b"") == unpacked(file.getvalue())


def test_the_frames_of_an_animation_are_counted() -> None:
    data = picture("png", frames=4)
    assert decoded_format(data, max_pixels=10_000, max_frames=4).extension == "png"
    second = chunk(b"acTL", struct.pack(">II", 1, 0))
    at = data.index(b"acTL") + 16
    for hidden in (data[:at] + second + data[at:], data):
        with pytest.raises(DropforgeError, match="4 frames"):
            decoded_format(hidden, max_pixels=10_000, max_frames=3)


@pytest.mark.parametrize("extension", [each for each in SAVED_AS if each != "png"])
def test_other_formats_have_no_chunks(extension: str) -> None:
    assert critical_chunks(picture(extension)) is None


def test_texts_and_tiny_chunks_take_little_memory() -> None:
    tiny = b"".join(chunk(b"IDAT", DATA[at : at + 1]) for at in range(len(DATA)))
    bomb = HEADER + text(200) + chunk(b"IDAT", b"") * 20_000 + tiny + END
    tracemalloc.start()
    try:
        decoded_format(bomb, max_pixels=10_000, max_frames=5)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(bomb) + (1 << 20)
