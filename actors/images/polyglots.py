"""Images that are something else besides: a page, a script, a document or an archive that decodes as a picture.

Whoever is handed one through us may open it as the other. Only the ends are looked at: readers of those formats find
their beginning there (a browser in the first bytes, an archive's directory at the very end), and a photo's own
metadata and trailers hold none of it.
"""

from __future__ import annotations

import re

_HEAD_BYTES = 4096
_TAIL_BYTES = 1 << 16
_END_OF_ARCHIVE = 22  # bytes of a zip's last record, without its comment; APPNOTE.TXT, 4.3.16

# One first character and then a choice, so that the search skips to it; and two to look at before letters' case is
# made equal.
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
    """What an image's bytes are besides; None for a plain image."""
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
    """Whether a zip's last record is there, and ends where the data does."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _TAIL_BYTES - _END_OF_ARCHIVE))
    if at < 0 or len(data) < at + _END_OF_ARCHIVE:
        return False
    entries = int.from_bytes(data[at + 10 : at + 12], "little")
    return entries > 0 and data.rfind(b"PK\x01\x02", 0, at) >= 0
