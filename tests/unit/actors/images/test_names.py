from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.images.names import MAX_ID_BYTES, ImageTarget, RowKey, encode_id, image_name, index_of, likely_name

# Few characters, so that hypothesis meets ids that differ only in what the encoding treats specially.
IDS = st.one_of(st.text(), st.text("a%2F./_~-0\u202e\x00", max_size=6), st.text("ab%", min_size=120, max_size=200))


@pytest.mark.parametrize(
    "row_id", ["c2d766ca982eca8304150849735ffef9", "SKU-0012_b.v2~x", "a", "9", "a..b", "x" * MAX_ID_BYTES]
)
def test_plain_ids_stay_as_they_are(row_id: str) -> None:
    assert image_name(RowKey(row_id), 3, "jpg") == f"{row_id}_3.jpg"


@pytest.mark.parametrize(
    ("row_id", "encoded"),
    [
        ("a/b", "a%2Fb"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("..", "%2E."),
        (".", "%2E"),
        (".hidden", "%2Ehidden"),
        ("a\\b", "a%5Cb"),
        ("a%2Fb", "a%252Fb"),
        ("100%", "100%25"),
        ("a b", "a%20b"),
        ("a\nb", "a%0Ab"),
        ("a\x00b", "a%00b"),
        ("a\u202eb", "a%E2%80%AEb"),
        ("é", "%C3%A9"),
        ("e\u0301", "e%CC%81"),
        ("a*[?]#", "a%2A%5B%3F%5D%23"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_other_ids_are_encoded(row_id: str, encoded: str) -> None:
    assert encode_id(row_id) == encoded


@pytest.mark.parametrize("row_id", ["", "x" * (MAX_ID_BYTES + 1), "é" * 43, "x" * 1_000_000])
def test_empty_and_long_ids_are_told_by_their_hash(row_id: str) -> None:
    encoded = encode_id(row_id)
    assert "%~" in encoded
    assert len(encoded) <= MAX_ID_BYTES


@given(IDS)
@example("%~" + "0" * 64)
def test_an_encoded_id_is_safe_and_bounded(row_id: str) -> None:
    encoded = encode_id(row_id)
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", encoded)
    assert not encoded.startswith(".")
    assert len(encoded) <= MAX_ID_BYTES


@given(IDS)
def test_an_encoded_id_can_be_read_back_unless_it_is_hashed(row_id: str) -> None:
    """Injective, then, on all that is not hashed; and never taken for a hashed one, as those hold the mark."""
    encoded = encode_id(row_id)
    if "%~" not in encoded:
        assert unquote(encoded, errors="surrogatepass") == row_id
    else:
        assert not row_id or len(row_id.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES // 3


KEYS = st.builds(RowKey, IDS, st.none() | st.integers(1, 20))


@given(st.lists(st.tuples(KEYS, st.integers(0, 99)), unique=True))
@example([(RowKey(row_id), index) for row_id, index in (("a_1", 0), ("a", 1), ("a", 10), ("a_1_0", 0), ("a_1", 1))])
@example([(RowKey("a" * 200), 0), (RowKey("a" * 201), 0), (RowKey("a" * 200, 1), 0), (RowKey("a" * 201, 1), 0)])
@example([(RowKey("a", 1), 10), (RowKey("a", 11), 0), (RowKey("a%row1"), 10), (RowKey("a_1"), 0), (RowKey("", 1), 0)])
def test_names_are_unique(names: list[tuple[RowKey, int]]) -> None:
    assert len({image_name(key, index, "jpg") for key, index in names}) == len(names)


def test_a_row_s_number_is_told_from_its_id() -> None:
    assert image_name(RowKey("a b", 12), 3, "jpg") == "a%20b%row12_3.jpg"


@given(KEYS, KEYS, st.integers(0, 999), st.sampled_from(["jpg", "png", "webp", "tiff", "avif"]))
@example(RowKey("a"), RowKey("a_1"), 0, "jpg")
@example(RowKey("a_1"), RowKey("a"), 0, "jpg")
@example(RowKey("a"), RowKey("a_1.b"), 0, "jpg")
@example(RowKey("a"), RowKey("a", 1), 0, "jpg")
@example(RowKey("a", 1), RowKey("a"), 0, "jpg")
def test_an_index_is_read_from_the_names_of_its_own_key_only(
    key: RowKey, other: RowKey, index: int, extension: str
) -> None:
    assert index_of(image_name(key, index, extension), key) == index
    if key != other:
        assert index_of(image_name(other, index, extension), key) is None


@pytest.mark.parametrize("name", ["a_x.jpg", "a_.jpg", "a.jpg", "_0.jpg", "a_²_0.jpg", "a_0", "", "a"])
def test_a_name_that_is_none_of_ours_has_no_index(name: str) -> None:
    assert index_of(name, RowKey("a")) is None


def test_objects_lie_below_the_folder() -> None:
    target = ImageTarget("shop", "images/run-1/")
    assert target.object("a_0.jpg") == "images/run-1/a_0.jpg"
    assert target.uri("a_0.jpg") == "gs://shop/images/run-1/a_0.jpg"


@pytest.mark.parametrize(
    ("url", "extension"),
    [
        ("http://h/a.PNG?size=1", "png"),
        ("http://h/a.jpeg", "jpg"),
        ("http://h/a.tif", "tiff"),
        ("http://h/a.php", "jpg"),
        ("http://h/b", "jpg"),
        ("http://[::1", "jpg"),
    ],
)
def test_a_likely_name_follows_the_path_of_its_url(url: str, extension: str) -> None:
    assert likely_name(RowKey("id", 7), 2, url) == f"id%row7_2.{extension}"
