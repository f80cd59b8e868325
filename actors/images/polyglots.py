"""Detects polyglots: images that are also a web page, a script, a document or an archive.

Someone who gets such a file from us could open it in the other format. Only the beginning and the end are searched:
readers of those formats look there (a browser at the first bytes, an archive's reader at the directory at the end), and
the metadata and trailers of real photos contain nothing of the kind.
"""

from __future__ import annotations

import re

_HEAD_BYTES = 4096
_TAIL_BYTES = 1 << 16
_END_OF_ARCHIVE = 22  # bytes of a zip's last record, without its comment; APPNOTE.TXT, 4.3.16

# Each pattern starts with one character, which the search can skip to, and a look-ahead before the slower comparison
# that ignores case.
_MARKUP = re.compile(
    rb"<(?=[!?BHISbhis][CDEFOPTVcdefoptv])"
    rb"(?i:!doctype html|html[\s>]|script[\s>]|svg\s|iframe\s|\?php\s|body[\s>]|!entity\s)"
)
_SCRIPT = re.compile(rb"(?:GIF8[79]a|BM)(?:/\*.*\*/|)\s*=", re.DOTALL)
_OTHERS = (
    (re.compile(rb"_(?=_HALT_COMPILER\()"), "a script"),
    (re.compile(rb"R(?=ar!\x1a\x07)"), "a RAR archive"),
    (re.compile(rb"7(?=z\xbc\xaf\x27\x1c)"), "a 7-Zip archive"),
)


def second_format(data: bytes) -> str | None:
    """The name of the other format that an image's bytes have too; None for a plain image."""
    ends = data
    if len(data) > _HEAD_BYTES + _TAIL_BYTES:
        ends = b"\0".join((data[:_HEAD_BYTES], data[-_TAIL_BYTES:]))
    if data.find(b"%PDF-", 0, _HEAD_BYTES) >= 0:
        return "a PDF"
    if _SCRIPT.match(data[:_TAIL_BYTES]):
        return "a script"
    if _MARKUP.search(ends):
        return "a page or a script"
    if _is_zip(data):
        return "a zip archive"
    return next((name for signature, name in _OTHERS if signature.search(ends)), None)


def _is_zip(data: bytes) -> bool:
    """Whether the data has a zip archive's last record at its end, and an entry of its directory."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _TAIL_BYTES - _END_OF_ARCHIVE))
    if at < 0 or len(data) < at + _END_OF_ARCHIVE:
        return False
    entries = int.from_bytes(data[at + 10 : at + 12], "little")
    return entries > 0 and data.rfind(b"PK\x01\x02", 0, at) >= 0
