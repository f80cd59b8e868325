from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from actors.errors import Code, DropforgeError
from actors.images.decode import decoded_format
from actors.images.jpeg import MAX_SCANS, MAX_SEGMENTS, Outline, outline, without_scan

from .pictures import SAVED_AS, picture

SEQUENTIAL: dict[str, dict[str, Any]] = {
    "plain": {},
    "fine": {"quality": 95, "subsampling": 0},
    "coarse": {"quality": 5},
    "own tables": {"optimize": True},
    "restarts": {"restart_marker_blocks": 1},
    "profile": {"icc_profile": b"x" * 70_000},
    "comment": {"comment": b"\xff\xda\xff\xd9"},
}
KINDS = [*SEQUENTIAL, "grey", "inks", "progressive", "two pictures"]
DAMAGES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"\xff", b"\xff\xd9", b"\xff\xd8", b"\xff\xda", b"\xff\xd0", b"\xff\xd5", b"\xff\x01", b"\xff\xc4"]
    ),
)


@cache
def jpeg(kind: str) -> bytes:
    if kind in SEQUENTIAL:
        return picture("jpg", **SEQUENTIAL[kind])
    if kind == "progressive":
        return picture("jpg", progressive=True)
    file = BytesIO()
    image = Image.effect_noise((40, 24), 60)
    if kind == "two pictures":
        image.save(file, "MPO", save_all=True, append_images=[image])
    else:
        image.convert({"grey": "L", "inks": "CMYK"}[kind]).save(file, "JPEG")
    return file.getvalue()


def verdict(data: bytes) -> str:
    try:
        return decoded_format(data, max_pixels=1_000_000, max_frames=5).extension
    except DropforgeError as error:
        return str(error.code)


def verdict_of_the_whole(data: bytes) -> str:
    with patch("actors.images.decode.without_scan", return_value=None):
        return verdict(data)


@pytest.mark.parametrize("kind", [*SEQUENTIAL, "grey", "inks", "two pictures"])
def test_a_sequential_jpeg_is_judged_by_its_headers(kind: str) -> None:
    deciding = without_scan(jpeg(kind))
    assert deciding is not None
    start = deciding.removesuffix(b"\xff\xd9")
    assert jpeg(kind).startswith(start)
    assert len(start) < len(jpeg(kind)) - 100


@pytest.mark.parametrize("extension", [each for each in SAVED_AS if each != "jpg"])
def test_other_formats_are_decoded_in_full(extension: str) -> None:
    assert without_scan(picture(extension)) is None


def test_a_jpeg_that_decoding_may_refuse_is_decoded_in_full() -> None:
    assert without_scan(jpeg("progressive")) is None


@given(st.sampled_from(KINDS), st.integers(0), st.integers(0, 6), DAMAGES, st.sampled_from([None, 40, 2, 1]))
@settings(max_examples=200, deadline=None)
def test_the_verdict_is_that_of_decoding_it_all(
    kind: str, position: int, removed: int, damage: bytes, cut: int | None
) -> None:
    data = jpeg(kind)
    start = position % len(data)
    damaged = data[:start] + damage + data[start + removed :]
    damaged = damaged[: None if cut is None else -cut]
    assert verdict(damaged) == verdict_of_the_whole(damaged)


@given(st.sampled_from(list(SEQUENTIAL)), st.binary(max_size=400), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_scan_of_any_bytes_is_judged_as_if_decoded(kind: str, scan: bytes, ended: bool) -> None:
    headers = (without_scan(jpeg(kind)) or b"").removesuffix(b"\xff\xd9")
    data = headers + scan + (b"\xff\xd9" if ended else b"")
    assert verdict(data) == verdict_of_the_whole(data)


def test_a_scan_that_is_not_ended_is_too_short() -> None:
    data = jpeg("plain")
    assert verdict(data) == "jpg"
    assert verdict(data[:-40]) == str(Code.NOT_AN_IMAGE)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


PROGRESSIVE = picture("jpg", progressive=True)
SCANS = PROGRESSIVE.count(b"\xff\xda")
END = b"\xff\xd9"
AS_SCANS = b"\xff\xda\x00\x08" * 1000
LAST_SCAN = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", b""),
        (b"".join(segment(0xE2, b"ICC_PROFILE\0" + AS_SCANS) for _ in range(25)), b""),
        (segment(0xE1, b"Exif\0\0" + PROGRESSIVE * 5), b""),
        (segment(0xFE, AS_SCANS), b""),
        (b"", b"\0\0\0\x18ftypmp42" + AS_SCANS),
        (b"", PROGRESSIVE * 20),
        (b"\xff\xff\xff", b""),
    ],
    ids=["plain", "profile", "thumbnail", "comment", "video", "further pictures", "fill bytes"],
)
def test_only_the_picture_s_own_scans_count(before: bytes, behind: bytes) -> None:
    data = PROGRESSIVE[:2] + before + PROGRESSIVE[2:] + behind
    assert outline(data).scans == SCANS
    assert verdict(data) == "jpg"


def test_scans_behind_a_bare_table_s_end_count() -> None:
    """libjpeg reads on where an end marker follows tables alone."""
    tables = PROGRESSIVE[:2] + PROGRESSIVE[20 : PROGRESSIVE.index(b"\xff\xc2")] + END
    data = tables + PROGRESSIVE[:-2] + LAST_SCAN * MAX_SCANS + END
    assert outline(data).scans == MAX_SCANS + 1
    assert verdict(data) == str(Code.NOT_AN_IMAGE)


def test_segments_are_counted_up_to_the_limit() -> None:
    data = PROGRESSIVE[:2] + segment(0xE5, b"") * 1_000_000 + PROGRESSIVE[2:]
    assert outline(data).segments == MAX_SEGMENTS + 1
    with pytest.raises(DropforgeError, match="more than 10000 segments"):
        decoded_format(data, max_pixels=1_000_000, max_frames=5)


def test_an_outline_says_what_is_missing() -> None:
    assert outline(PROGRESSIVE) == Outline(outline(PROGRESSIVE).segments, SCANS, ended=True, complete=True)
    cut = outline(PROGRESSIVE[: -2 - len(LAST_SCAN)])
    assert (cut.scans, cut.ended, cut.complete) == (SCANS - 1, False, False)


@pytest.mark.parametrize("kind", ["plain", "fine", "own tables", "restarts", "grey", "inks", "progressive"])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_whole_picture_without_its_end_is_one(kind: str, cut: int) -> None:
    assert verdict(jpeg(kind)[:-cut]) == "jpg"


def test_a_cut_between_scans_is_no_whole_picture() -> None:
    starts = [at for at in range(len(PROGRESSIVE)) if PROGRESSIVE.startswith((b"\xff\xda", b"\xff\xc4"), at)]
    assert {verdict(PROGRESSIVE[:start]) for start in starts} == {str(Code.NOT_AN_IMAGE)}


@pytest.mark.parametrize("side", range(1, 40, 3))
@pytest.mark.parametrize("options", [{}, {"quality": 20, "optimize": True}, {"progressive": True}, {"subsampling": 0}])
def test_what_is_accepted_without_its_end_is_the_whole_picture(side: int, options: dict[str, Any]) -> None:
    """However it is cut: a byte or two of padding may be missing, but no pixel."""
    whole = picture("jpg", side=side, **options)
    for cut in range(1, min(120, len(whole))):
        if verdict(whole[:-cut]) == "jpg":
            assert pixels(whole[:-cut].removesuffix(b"\xff") + END) == pixels(whole), f"{cut} bytes cut"


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return image.tobytes()
