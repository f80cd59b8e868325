"""One line a file: images that are something else besides, and pictures that no reader takes for anything else."""

# ruff: noqa: E501

from __future__ import annotations

import os
import zipfile
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from actors.errors import Code, DropforgeError
from actors.images.decode import decoded_format
from actors.images.polyglots import second_format

from .pictures import picture

JPG, PNG, GIF, BMP, WEBP, TIFF = (picture(kind) for kind in ("jpg", "png", "gif", "bmp", "webp", "tiff"))


def zipped(comment: bytes = b"") -> bytes:
    with zipfile.ZipFile(file := BytesIO(), "w") as archive:
        archive.writestr("a.class", b"x" * 100)
        archive.comment = comment
    return file.getvalue()


def jpeg_with(segment: bytes) -> bytes:
    return JPG[:2] + b"\xff\xfe" + (len(segment) + 2).to_bytes(2, "big") + segment + JPG[2:]


def png_with(text: str) -> bytes:
    information = PngImagePlugin.PngInfo()
    information.add_text("Comment", text)
    Image.new("RGB", (8, 8)).save(file := BytesIO(), "PNG", pnginfo=information)
    return file.getvalue()


def sized(kind: str, width: int, height: int) -> bytes:
    Image.effect_noise((width, height), 60).convert("P" if kind == "GIF" else "RGB").save(file := BytesIO(), kind)
    return file.getvalue()


POLYGLOTS = [
    ("a zip behind a jpeg", JPG + zipped()),
    ("a zip behind a png", PNG + zipped()),
    ("a zip behind a gif, as GIFAR", GIF + zipped()),
    ("a zip with a comment behind a jpeg", JPG + zipped(b"c" * 60_000)),
    ("a zip with an image's end as its comment", JPG + zipped(b"\xff\xd9")),
    ("a zip with an empty zip's end as its comment", JPG + zipped(b"PK\x05\x06" + bytes(18))),
    ("a rar behind a png", PNG + b"Rar!\x1a\x07\x01\x00" + bytes(40)),
    ("a large rar behind a png", PNG + b"Rar!\x1a\x07\x01\x00" + bytes(100_000)),
    ("a 7-zip behind a png", PNG + b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40)),
    ("a large 7-zip behind a png", PNG + b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(100_000)),
    ("a pdf in a jpeg's comment", jpeg_with(b"\n%PDF-1.4\n1 0 obj")),
    ("a pdf that begins at a jpeg's byte 1,024", jpeg_with(b" " * 1018 + b"%PDF-1.4\n1 0 obj")),
    ("html in a jpeg's comment", jpeg_with(b"<html><body onload=alert(1)>")),
    ("html in a jpeg's first 1,445 bytes", jpeg_with(b" " * 1430 + b"<script>")),
    ("a script in a png's text", png_with("<script>alert(1)</script>")),
    ("svg in a png's text", png_with('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">')),
    ("a phar", JPG + b"__HALT_COMPILER(); ?>"),
    ("a large phar", JPG + b"<?php __HALT_COMPILER(); ?>" + bytes(100_000)),
]  # fmt: skip

PLAIN = [
    *((f"a plain {kind}", picture(kind)) for kind in ("jpg", "png", "gif", "bmp", "webp", "tiff", "avif")),
    *((f"a gif of {width} pixels a row", sized("GIF", width, 3)) for width in (61, 317, 573, 829)),
    ("a bitmap of 15,626 bytes", sized("BMP", 22, 229)),
    ("a photo with a camera's trailer", JPG + b"\x00" * 100 + b"SEFH" + bytes(20)),
    ("a photo with an old web page of the memory card", JPG + b"\x00" * 500 + b"<!DOCTYPE HTML><HTML><BODY>Menu</BODY></HTML>" + bytes(900)),
    ("a photo with XMP", jpeg_with(b"http://ns.adobe.com/xap/1.0/\x00<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF>")),
    ("a png with a comment of less-than signs", png_with("a < b, <b>bold</b>, <3")),
    ("a jpeg with a name of a zip", jpeg_with(b"images.zip PK")),
    ("an end of an archive and no archive", PNG + b"PK\x05\x06" + bytes(18)),
    ("a pdf behind a jpeg", JPG + bytes(1000) + b"%PDF-1.4\n1 0 obj"),
    ("html behind a jpeg", JPG + bytes(1000) + b"<!DOCTYPE HTML><HTML><SCRIPT>alert(1)</SCRIPT>"),
    ("html behind a gif", sized("GIF", 90, 90) + b"<html>"),
    ("html behind a jpeg's first 1,445 bytes", jpeg_with(b" " * 1440 + b"<script>")),
    ("a script behind a png", PNG + b"<ScRiPt src=//x>"),
    ("php in a jpeg's comment", jpeg_with(b"<?php system($_GET['c']); ?>")),
    ("php behind a gif", GIF + b"<?php phpinfo();"),
    ("php behind a bmp", BMP + b"<?PHP phpinfo();"),
    ("an entity's declaration behind a webp", WEBP + b'<!ENTITY x SYSTEM "file:///etc/passwd">'),
    ("a gif of 10,799 pixels a row", sized("GIF", 0x2A2F, 1)),
    ("a gif that is JavaScript", sized("GIF", 0x2A2F, 1) + b"*/=1;alert(1)"),
    ("a gif that is JavaScript, with blanks", sized("GIF", 0x2A2F, 1) + b"*/ \n=1;alert(1)"),
    ("random bytes behind a jpeg", JPG + os.urandom(100_000)),
]  # fmt: skip


@pytest.mark.parametrize("data", [case[1] for case in POLYGLOTS], ids=[case[0] for case in POLYGLOTS])
def test_more_than_an_image_is_none(data: bytes) -> None:
    with pytest.raises(DropforgeError, match="not only an image") as raised:
        decoded_format(data, max_pixels=1_000_000, max_frames=10)
    assert raised.value.code is Code.NOT_AN_IMAGE


@pytest.mark.parametrize("data", [case[1] for case in PLAIN], ids=[case[0] for case in PLAIN])
def test_plain_images_pass(data: bytes) -> None:
    assert second_format(data) is None
    decoded_format(data, max_pixels=1_000_000, max_frames=10)
