"""The start of a file's text, unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from io import BufferedReader

from actors.csv.content import HEAD_BYTES, check_content
from actors.csv.unpack import unpack
from actors.model.catalogue import Catalogue
from actors.model.plan import Form

MOST_BYTES = 16 << 20
"""Some ten thousand rows of a catalogue."""


@dataclass(frozen=True, slots=True)
class HeadText:
    """`data` is the text's first bytes, all of them where it is `whole`; `forms` what the file came in."""

    data: bytes
    whole: bool
    forms: tuple[Form, ...]


def read_head_text(file: BufferedReader, size: int) -> HeadText:
    """Reads no more of a file of `size` bytes than it needs.

    Raises `EMPTY_FILE`, `UNSUPPORTED_ENCODING` or `NOT_A_CSV`, as `check_content` and `unpack`, and `TOO_LARGE`.
    """
    unpacked = unpack(file, size, Catalogue())
    data = bytearray()
    whole = True
    for block in unpacked.blocks:
        data += block
        if len(data) >= MOST_BYTES:
            whole = next(unpacked.blocks, None) is None
            break
    check_content(bytes(data[:HEAD_BYTES]))
    return HeadText(bytes(data), whole, unpacked.forms)
