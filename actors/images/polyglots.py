"""Detects polyglots: images that a program would also read as a document, an archive or a web page.

A stored image is an object `{id}_{index}.{ext}` with the Content-Type of its format; our page sends it with
`X-Content-Type-Options: nosniff`. So the question is who looks past that name and type, and where in the bytes:

=========  ==========================================================================  ===============================
read as    by                                                                          where, and so what is refused
=========  ==========================================================================  ===============================
zip        readers of zip, JAR and Office files, which start at the last record        that record within the last
           (APPNOTE.TXT 6.3.10, 4.3.16); what is before the archive does not matter    65,557 bytes, with an entry
RAR, 7z    unpackers, which search for the signature behind a program that unpacks     the signature anywhere: they
           (unrar's MAXSFXSIZE, 7-Zip's kMaxCheckStartPosition)                        search 4 MiB and more
phar       PHP's `phar://`, which searches the file for the end of its stub            that end anywhere
           (php-src, ext/phar/phar.c)
PDF        PDF viewers (PDF Reference 1.7, appendix H, note 13)                        a header in the first 1,024 bytes
markup     programs that search the head for tags: FindMimeFromData of Windows 256     a tag in the first 1,445 bytes,
           bytes (MS-Learn, ms775147), Apache Tika 64, whatever image it begins as     the most that anything sniffs
script     nobody: Fetch blocks an image type as a script or worker, with or without   nothing
           `nosniff` ("should response to request be blocked due to its MIME type?")
=========  ==========================================================================  ===============================

Browsers are not among the readers of markup. They take an image type for an image of some format, and where they have
no type they compare tags with the first bytes only, which in an image are its signature (WHATWG MIME Sniffing, sections
5.2 with its 1,445 bytes, 7 and 7.1). So HTML behind a picture, which old memory cards leave in photos, is read by
nobody. PHP runs by the name of a file, and ours end as images; an entity's declaration counts where XML begins, at the
first byte; a GIF that is also JavaScript (`GIF87a/*…*/=1`) is no script with its type. All of these are accepted.
"""

from __future__ import annotations

import re

_LAST_PDF_HEADER = 1024
_SNIFFED_BYTES = 1445
_LAST_RECORD = b"PK\x05\x06"
_END_OF_ARCHIVE = 22  # bytes of a zip's last record, without its comment
_ARCHIVE_COMMENT = (1 << 16) - 1

# Begins with one character, which the search can skip to, and a look-ahead before the slower comparison that ignores
# case.
_MARKUP = re.compile(
    rb"<(?=[!BHISbhis][CDFOTVcdfotv])(?i:!doctype html|html[\s>]|script[\s>]|svg\s|iframe\s|body[\s>])"
)
_ANYWHERE = (
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"__HALT_COMPILER()", "a PHP archive"),
)


def second_format(data: bytes) -> str | None:
    """The name of the other format that an image's bytes have too; None for a plain image."""
    if data.find(b"%PDF-", 0, _LAST_PDF_HEADER + len(b"%PDF-")) >= 0:
        return "a PDF"
    if _MARKUP.search(data, 0, _SNIFFED_BYTES):
        return "a page or a script"
    if _is_zip(data):
        return "a zip archive"
    # From the end, which CPython searches three times as fast as from the beginning.
    return next((name for signature, name in _ANYWHERE if data.rfind(signature) >= 0), None)


def _is_zip(data: bytes) -> bool:
    """Whether the data has a zip archive's last record at its end, and an entry of its directory.

    Readers differ in which of several they take for the last, so each is looked at.
    """
    start = max(0, len(data) - _END_OF_ARCHIVE - _ARCHIVE_COMMENT)
    at = data.rfind(_LAST_RECORD, start)
    if at < 0:
        return False
    entry = data.find(b"PK\x01\x02")
    while at >= 0:
        number = data[at + 10 : at + 12]
        if 0 <= entry < at <= len(data) - _END_OF_ARCHIVE and number != b"\0\0":
            return True
        at = data.rfind(_LAST_RECORD, start, at)
    return False
