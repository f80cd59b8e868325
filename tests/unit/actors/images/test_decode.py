from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from actors.errors import Code, DropforgeError
from actors.images.decode import Decoder, ImageFormat, _format_of, decoded_format
from actors.images.jpeg import without_scan

from .pictures import HTML, SAVED_AS, SVG, picture, png_that_claims

UNKNOWN = b"\x00" * 100
CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "avif": "image/avif",
}


def refusal(data: bytes, *, max_pixels: int = 10_000, max_frames: int = 5) -> Code:
    with pytest.raises(DropforgeError) as raised:
        decoded_format(data, max_pixels=max_pixels, max_frames=max_frames)
    return raised.value.code


@pytest.mark.parametrize("extension", SAVED_AS)
def test_every_accepted_format_is_known(extension: str) -> None:
    found = decoded_format(picture(extension), max_pixels=48 * 48, max_frames=1)
    assert (found.extension, found.content_type) == (extension, CONTENT_TYPES[extension])


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"subsampling": 0}, {"quality": 5}, {"icc_profile": b"x" * 200_000}]
)
def test_every_kind_of_jpeg_is_known(options: dict[str, Any]) -> None:
    assert decoded_format(picture("jpg", **options), max_pixels=10_000, max_frames=1).extension == "jpg"


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
def test_a_jpeg_of_any_colours_is_known(mode: str) -> None:
    file = BytesIO()
    Image.new(mode, (20, 20)).save(file, "JPEG")
    assert decoded_format(file.getvalue(), max_pixels=10_000, max_frames=1).extension == "jpg"


def test_a_jpeg_that_carries_a_second_picture_is_a_jpeg() -> None:
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, "MPO", save_all=True, append_images=[Image.new("RGB", (20, 20))])
    assert decoded_format(file.getvalue(), max_pixels=10_000, max_frames=2).extension == "jpg"


@pytest.mark.parametrize("extension", SAVED_AS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_truncated_images_are_none(extension: str, share: float) -> None:
    data = picture(extension)
    assert refusal(data[: int(len(data) * share)]) is Code.NOT_AN_IMAGE


def test_a_jpeg_is_found_truncated_wherever_it_ends() -> None:
    data = picture("jpg", side=96)
    assert {refusal(data[:length]) for length in range(0, len(data) - 2, 7)} == {Code.NOT_AN_IMAGE}


def test_a_jpeg_of_endless_scans_is_none() -> None:
    data = picture("jpg", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert decoded_format(data[:-2] + last_scan * 10 + data[-2:], max_pixels=10_000, max_frames=1).extension == "jpg"
    assert refusal(data[:-2] + last_scan * 100 + data[-2:]) is Code.NOT_AN_IMAGE


def test_the_pages_of_a_tiff_are_not_walked() -> None:
    assert decoded_format(picture("tiff", frames=4), max_pixels=10_000, max_frames=3).extension == "tiff"


def test_a_png_with_a_flipped_bit_is_none() -> None:
    data = picture("png")
    checksum = data.rindex(b"IEND") - 5  # the last byte of the picture data's own, which decoding doesn't look at
    for position in (len(data) // 2, checksum):
        damaged = bytearray(data)
        damaged[position] ^= 1
        assert refusal(bytes(damaged)) is Code.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 1000,
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xd9",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        b"II*\x00\x08\x00\x00\x00",
        b"BM" + bytes(60),
        SVG,
        HTML,
        b"GIF89a/*" + HTML + b"*/",  # a script that starts as a GIF
        b"\xff\xd8\xff\xe0" + SVG,
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
        b"P6 2 2 255 " + bytes(12),
        b"PK\x03\x04" + bytes(100),
        b"\x1f\x8b\x08" + bytes(100),
        b'{"error": "not found"}',
    ],
)
def test_other_content_is_no_image(data: bytes) -> None:
    assert refusal(data) is Code.NOT_AN_IMAGE


@pytest.mark.parametrize("kind", ["PPM", "ICO", "TGA", "PCX", "JPEG2000", "EPS", "DDS"])
def test_formats_outside_the_list_are_not_even_opened(kind: str) -> None:
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, kind)
    with pytest.raises(DropforgeError, match="UnidentifiedImageError") as raised:
        decoded_format(file.getvalue(), max_pixels=10_000, max_frames=1)
    assert raised.value.code is Code.NOT_AN_IMAGE


@pytest.mark.parametrize(("width", "height"), [(101, 100), (20_000, 20_000), (65_535, 65_535), (1, 2**31 - 1)])
def test_more_pixels_than_allowed(width: int, height: int) -> None:
    """Refused by its header alone: decoding would find the data missing and call it no image."""
    assert refusal(png_that_claims(width, height)) is Code.IMAGE_TOO_MANY_PIXELS


@pytest.mark.parametrize("extension", ["gif", "png", "webp", "avif"])
def test_more_frames_than_allowed(extension: str) -> None:
    assert refusal(picture(extension, frames=4), max_frames=3) is Code.IMAGE_TOO_MANY_PIXELS
    assert decoded_format(picture(extension, frames=4), max_pixels=10_000, max_frames=4).extension == extension


@given(st.sampled_from(list(SAVED_AS)), st.integers(0), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_damaged_images_are_decoded_or_refused(extension: str, position: int, damage: bytes) -> None:
    data = bytearray(picture(extension, side=16))
    start = position % len(data)
    data[start : start + len(damage)] = damage
    refusals = {Code.NOT_AN_IMAGE, Code.IMAGE_TOO_MANY_PIXELS}
    try:
        decoded_format(bytes(data), max_pixels=10_000, max_frames=5)
    except DropforgeError as error:
        refusals.remove(error.code)


async def test_the_decoder_applies_its_limits() -> None:
    decoder = Decoder(threads=1, max_pixels=47 * 47, max_frames=1)
    try:
        assert (await decoder.format_of(picture("png", side=47))).extension == "png"
        with pytest.raises(DropforgeError) as raised:
            await decoder.format_of(picture("png", side=48))
    finally:
        decoder.close()
    assert raised.value.code is Code.IMAGE_TOO_MANY_PIXELS


async def test_what_decides_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def counting(deciding: bytes, max_pixels: int, max_frames: int) -> ImageFormat:
        decoded.append(deciding)
        return _format_of(deciding, max_pixels, max_frames)

    monkeypatch.setattr("actors.images.decode._format_of", counting)
    monkeypatch.setattr("actors.images.decode._KNOWN_IMAGES", 2)
    decoder = Decoder(threads=1, max_pixels=10_000, max_frames=1)
    jpg, other_jpg, png, gif = (
        picture(extension, seed=at) for at, extension in enumerate(("jpg", "jpg", "png", "gif"))
    )
    headers = without_scan(jpg)
    assert jpg != other_jpg
    assert without_scan(other_jpg) == headers
    for data in (jpg, png, other_jpg, UNKNOWN, UNKNOWN, gif, jpg):
        with suppress(DropforgeError):
            await decoder.format_of(data)
    decoder.close()
    assert decoded == [headers, png, UNKNOWN, UNKNOWN, gif, headers]


async def test_polyglots_are_refused_though_their_headers_are_known() -> None:
    decoder = Decoder(threads=1, max_pixels=10_000, max_frames=1)
    data = picture("jpg")
    try:
        assert (await decoder.format_of(data)).extension == "jpg"
        with pytest.raises(DropforgeError, match="a RAR archive"):
            await decoder.format_of(data + b"Rar!\x1a\x07\x01\x00")
    finally:
        decoder.close()
