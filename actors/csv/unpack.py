"""Decompresses gzip files, and converts UTF-16 to the UTF-8 that everything else reads.

A gzip file may have several members; the checksum and length of each are checked (RFC 1952). UTF-16 is recognised by
its byte order mark, which is kept as that of UTF-8. Half of a surrogate pair, or half of a character at the end,
becomes bytes that are not valid UTF-8, so that only its own row is rejected.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from itertools import chain

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.plan import Form

GZIP = b"\x1f\x8b"
_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_BLOCK_BYTES = 1 << 20
_PACKED_BYTES = 1 << 14
"""Compressed bytes read at a time. Small, because the rest of a block is copied for each member that ends in it."""
_GZIP_FORM = 16 + zlib.MAX_WBITS
_UNQUESTIONED_BYTES = 16 << 20
"""A file may expand to this size at any ratio: blank rows alone compress a thousandfold."""
_UNQUESTIONED_MEMBERS = 10_000
_FEWEST_MEMBER_BYTES = 256
"""Average text that further members must have: empty ones, of 20 bytes each, could cost days of CPU time."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """`blocks` are consecutive pieces of the text, to be iterated over once.

    None is empty, and all but the last have half a mebibyte or more: the first holds all that the checks of a file's
    start want to see.

    `forms` is what the file was in, from the outside in; empty where it was plain and `blocks` are its own bytes.
    """

    forms: tuple[Form, ...]
    blocks: Iterator[bytes]


def is_packed(head: bytes) -> bool:
    """Whether a file with these first bytes is gzip or UTF-16."""
    return head.startswith(GZIP) or _utf_16(head) is not None


def unpack(file: BufferedReader, size: int, catalogue: Catalogue) -> Unpacked:
    """The text of a file of `size` bytes, read once from its start; holds a few blocks of it in memory.

    Raises (also while the blocks are read):
        NOT_A_CSV: a gzip file is damaged or truncated.
        TOO_LARGE: a gzip file expands beyond the catalogue's `max_unpacked_bytes` or `max_expansion`, or has very many
            members with hardly any text.
    """
    forms: list[Form] = []
    if file.peek(len(GZIP)).startswith(GZIP):
        forms.append("gzip")
        most = min(catalogue.max_unpacked_bytes, max(_UNQUESTIONED_BYTES, int(catalogue.max_expansion * size)))
        blocks: Iterator[bytes] = _joined(_gunzipped(file, most))
    else:
        blocks = iter(partial(file.read, _BLOCK_BYTES), b"")
    first = next(blocks, b"")
    if first:
        blocks = chain((first,), blocks)
    encoding = _utf_16(first)
    if encoding:
        forms.append("utf-16")
        blocks = _utf_8(blocks, encoding)
    return Unpacked(tuple(forms), blocks)


def _joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `_BLOCK_BYTES` or more: a gzip member may have a few bytes, and be the first."""
    piece = bytearray()
    for block in blocks:
        piece += block
        if len(piece) >= _BLOCK_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _gunzipped(file: BufferedReader, most: int) -> Iterator[bytes]:
    expanded = members = 0
    try:
        for block in _inflated(file):
            if block is None:
                members += 1
                if members > _UNQUESTIONED_MEMBERS + expanded // _FEWEST_MEMBER_BYTES:
                    raise DropforgeError(
                        Code.TOO_LARGE,
                        f"The gzip file has {members} members but only {expanded} bytes of text, so decompressing it "
                        "would take too long. Compress it as one member, and drop it again.",
                    )
                continue
            expanded += len(block)
            if expanded > most:
                raise DropforgeError(
                    Code.TOO_LARGE,
                    f"The gzip file expands to more than {most} bytes. Split it, or, if the size is right, increase "
                    "the catalogue's `max_unpacked_bytes` and `max_expansion`.",
                )
            yield block
    except zlib.error as error:
        raise DropforgeError(
            Code.NOT_A_CSV,
            f"The gzip file is damaged or truncated after the first {expanded} bytes of its text ({error}). Compress "
            "it again, and drop it.",
        ) from error


def _inflated(file: BufferedReader) -> Iterator[bytes | None]:
    """Yields the text of a gzip file's members, and None at the end of each. Zeros after a member are padding."""
    member: zlib._Decompress | None = zlib.decompressobj(_GZIP_FORM)
    while data := file.read(_PACKED_BYTES):
        while data:
            if member is None:
                data = data.lstrip(b"\0")
                if not data:
                    break
                member = zlib.decompressobj(_GZIP_FORM)
            if text := member.decompress(data, _BLOCK_BYTES):
                yield text
            data = member.unconsumed_tail
            if member.eof:
                data, member = member.unused_data, None
                yield None
    if member is not None:
        raise zlib.error("unexpected end")


def _utf_16(head: bytes) -> str | None:
    """The codec of UTF-16 text by its byte order mark, else None. That of UTF-32-LE starts with the same bytes."""
    if head.startswith(codecs.BOM_UTF32_LE):
        return None
    return next((encoding for mark, encoding in _UTF_16 if head.startswith(mark)), None)


def _utf_8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in blocks:
        if text := decoder.decode(block):
            yield text.encode("utf-8", "surrogatepass")
    left, _ = decoder.getstate()
    whole = len(left) // 2 * 2
    end = left[:whole].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    if whole < len(left):
        end += b"\xff"
    if end:
        yield end
