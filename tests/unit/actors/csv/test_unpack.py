from __future__ import annotations

import collections
import gzip
import io
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.csv import unpack as module
from actors.csv.unpack import Unpacked, is_packed, unpack
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue

TEXT = "uniq_id,product_name\r\n1,größe 目录 👟\r\n".encode()


def unpack_bytes(data: bytes, catalogue: Catalogue | None = None) -> Unpacked:
    return unpack(io.BufferedReader(io.BytesIO(data), 16), len(data), catalogue or Catalogue())  # type: ignore[arg-type]


def text_of(data: bytes, catalogue: Catalogue | None = None) -> bytes:
    blocks = list(unpack_bytes(data, catalogue).blocks)
    assert all(blocks)
    return b"".join(blocks)


def refusal_of(data: bytes, catalogue: Catalogue | None = None) -> DropforgeError:
    with pytest.raises(DropforgeError) as raised:
        text_of(data, catalogue)
    return raised.value


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK_BYTES", 7)


GZIPPED = {
    "one member": gzip.compress(TEXT),
    "two members": gzip.compress(TEXT[:20]) + gzip.compress(TEXT[20:]),
    "many members": b"".join(gzip.compress(bytes([byte])) for byte in TEXT),
    "empty members between": gzip.compress(b"") + gzip.compress(TEXT) + gzip.compress(b""),
    "zeros behind": gzip.compress(TEXT) + b"\x00" * 512,
    "stored": gzip.compress(TEXT, 0),
    "with a name": b"\x1f\x8b\x08\x08" + bytes(6) + b"catalogue.csv\x00" + gzip.compress(TEXT)[10:],
}


@pytest.mark.parametrize("how", GZIPPED)
@pytest.mark.usefixtures("small_blocks")
def test_gzip_is_unpacked(how: str) -> None:
    assert is_packed(GZIPPED[how])
    assert unpack_bytes(GZIPPED[how]).forms == ("gzip",)
    assert text_of(GZIPPED[how]) == TEXT


def test_an_empty_file_in_gzip_is_empty() -> None:
    assert text_of(gzip.compress(b"")) == b""


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.usefixtures("small_blocks")
def test_utf_16_becomes_utf_8(mark: str, packed: bool) -> None:
    data = ("\ufeff" + TEXT.decode()).encode(mark)
    forms: tuple[str, ...] = ("utf-16",)
    if packed:
        data, forms = gzip.compress(data), ("gzip", "utf-16")
    assert is_packed(data)
    assert unpack_bytes(data).forms == forms
    assert text_of(data) == b"\xef\xbb\xbf" + TEXT


@given(
    st.text(st.characters(codec="utf-8"), max_size=60), st.sampled_from(["utf-16-le", "utf-16-be"]), st.integers(1, 9)
)
def test_any_text_survives_utf_16_wherever_it_is_cut(text: str, encoding: str, size: int) -> None:
    data = text.encode(encoding)
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(module._utf_8(blocks, encoding)) == text.encode()


@pytest.mark.parametrize(
    ("ending", "left"),
    [
        (b"\x00\xd8", b"\xed\xa0\x80"),  # the first half of a pair, and nothing behind it
        (b"\x00\xd8x\x00", b"\xed\xa0\x80x"),
        (b"\x00\xdcx\x00", b"\xed\xb0\x80x"),  # the second half alone
        (b"x", b"\xff"),  # half a character
        (b"\x00\xd8x", b"\xed\xa0\x80\xff"),
        (b"\x00\xd8\x00\xd8", b"\xed\xa0\x80\xed\xa0\x80"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_what_is_no_utf_16_is_no_utf_8_either(ending: bytes, left: bytes, size: int) -> None:
    data = "ab\n".encode("utf-16-le") + ending
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    text = b"".join(module._utf_8(blocks, "utf-16-le"))
    assert text == b"ab\n" + left
    with pytest.raises(UnicodeDecodeError):
        text.decode()


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        b"",
        b"\xef\xbb\xbf" + TEXT,
        b"\x1f",
        b"\xff",
        TEXT.decode().encode("utf-32"),
        b"\x00\x00\xfe\xff",
        b"PK\x03\x04",
    ],
    ids=lambda data: repr(data[:6]),
)
def test_what_is_not_packed_is_left_as_it_is(data: bytes) -> None:
    assert not is_packed(data)
    assert unpack_bytes(data).forms == ()
    assert text_of(data) == data


LONG = gzip.compress(random.Random(5).randbytes(100_000))


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x8b",
        b"\x1f\x8b\x08\x00" + bytes(40),
        b"\x1f\x8b\x07\x00" + bytes(40),
        LONG[:5],
        LONG[:12],
        LONG[: len(LONG) // 2],
        LONG[:-1],
        LONG[:-8],
        LONG + b"rest",
        LONG + b"\x00\x00rest",
        LONG + LONG[:100],
        LONG[:50_000] + bytes([LONG[50_000] ^ 1]) + LONG[50_001:],
        LONG[:-8] + zlib.crc32(b"else").to_bytes(4, "little") + LONG[-4:],
        LONG[:-4] + b"\x00\x00\x00\x01",
        b"\x1f\x8b\x08\x08" + bytes(6) + b"a name without end",
        b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff extra without end",
    ],
    ids=range(16),
)
def test_a_damaged_gzip_file_is_refused(data: bytes) -> None:
    error = refusal_of(data)
    assert error.code is Code.NOT_A_CSV
    assert "damaged or truncated" in error.message


def test_a_bomb_is_refused_at_the_limit_and_in_little_memory() -> None:
    bomb = gzip.compress(bytes(64 << 20), 9)
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(DropforgeError) as raised:
        collections.deque(unpack_bytes(bomb).blocks, maxlen=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.code is Code.TOO_LARGE
    assert str(16 << 20) in raised.value.message
    assert peak < 8 << 20


def test_members_without_text_are_refused_before_they_cost_much() -> None:
    members = gzip.compress(TEXT) + gzip.compress(b"") * 200_000
    file = io.BufferedReader(io.BytesIO(members))  # type: ignore[arg-type]
    with pytest.raises(DropforgeError) as raised:
        collections.deque(unpack(file, len(members), Catalogue()).blocks, maxlen=0)  # type: ignore[arg-type]
    assert raised.value.code is Code.TOO_LARGE
    assert "members" in raised.value.message
    assert file.tell() < len(members) // 10


def test_many_members_that_hold_something_are_read() -> None:
    text = TEXT * 8
    data = b"".join(gzip.compress(text, 1) for _ in range(12_000))
    assert text_of(data) == text * 12_000


WIDE = ("\ufeff" + TEXT.decode() * 50_000).encode("utf-16-le")


@pytest.mark.parametrize(
    ("text", "first", "forms"),
    [
        (TEXT * 50_000, 0, ("gzip",)),
        (b"\n" + TEXT * 50_000, 1, ("gzip",)),
        *((WIDE, first, ("gzip", "utf-16")) for first in range(4)),
    ],
)
def test_blocks_are_large_whatever_the_members_are(text: bytes, first: int, forms: tuple[str, ...]) -> None:
    unpacked = unpack_bytes(gzip.compress(text[:first]) + gzip.compress(text[first:], 1))
    sizes = [len(block) for block in unpacked.blocks]
    assert unpacked.forms == forms
    assert len(sizes) > 1
    assert min(sizes[:-1]) >= 1 << 19


def test_the_limits_are_the_catalogue_s() -> None:
    data = gzip.compress(bytes(20 << 20))
    assert refusal_of(data, Catalogue(max_expansion=500)).code is Code.TOO_LARGE
    assert len(text_of(data, Catalogue(max_expansion=1100))) == 20 << 20
    assert refusal_of(data, Catalogue(max_expansion=1100, max_unpacked_bytes=1000)).code is Code.TOO_LARGE
    assert text_of(gzip.compress(TEXT), Catalogue(max_unpacked_bytes=len(TEXT))) == TEXT


def test_a_failure_to_read_is_raised_as_it_is() -> None:
    class Gone(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            raise DropforgeError(Code.SOURCE_GONE, "It is gone.")

    with pytest.raises(DropforgeError, match="It is gone"):
        unpack(io.BufferedReader(Gone()), 100, Catalogue())
