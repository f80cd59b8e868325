"""Names of what a run writes, made of its drop's name.

A drop's name comes from a stranger, and is any text of up to 1,024 bytes ("Object naming guidelines", Cloud Storage
documentation). It is kept readable: spaces, letters of any language and `%2F` stay what they are.
"""

from __future__ import annotations

import hashlib
import posixpath

MAX_NAME_BYTES = 1024
MAX_STEM_BYTES = 600

_DIGEST_DIGITS = 16
_PARENTS = {".": "%2E", "..": "%2E%2E"}


def content_type_of(name: str) -> str:
    """The `Content-Type` of a dropped object of this name."""
    return "application/gzip" if name.endswith(".gz") else "text/csv"


def stem_of(path: str) -> str:
    """A drop's name below the watched prefix as a part of other names: without `.csv`, and `MAX_STEM_BYTES` at most.

    Parts that are `.` or `..` are encoded, so that nobody who copies the outputs to a disk writes outside its folder.
    What is too long is cut and told apart by its SHA-256. Two drops may still come to one stem, such as `a` and
    `a.csv`; the first to publish its output keeps the name, and the other is refused.
    """
    stem, extension = posixpath.splitext(path)
    if extension.lower() != ".csv":
        stem = path
    stem = "/".join(_PARENTS.get(part, part) for part in stem.split("/"))
    encoded = stem.encode()
    if len(encoded) <= MAX_STEM_BYTES:
        return stem
    kept = encoded[: MAX_STEM_BYTES - _DIGEST_DIGITS - 1].decode(errors="ignore")
    return f"{kept}~{hashlib.sha256(encoded).hexdigest()[:_DIGEST_DIGITS]}"
