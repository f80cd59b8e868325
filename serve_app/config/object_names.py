"""Names of the objects that a run writes, made from its drop's name.

A drop's name is untrusted: any text of up to 1,024 bytes of UTF-8 ("Object naming guidelines", Cloud Storage
documentation). It stays readable: spaces, letters of any language and `%2F` are kept.
"""

from __future__ import annotations

import hashlib
import posixpath

MAX_NAME_BYTES = 1024
MAX_STEM_BYTES = 600

_CONTENT_TYPES = {".gz": "application/gzip", ".tsv": "text/tab-separated-values", ".txt": "text/plain"}
_DIGEST_DIGITS = 16
_PARENTS = {".": "%2E", "..": "%2E%2E"}


def content_type_of(name: str) -> str:
    """The `Content-Type` of a dropped object of this name."""
    return _CONTENT_TYPES.get(posixpath.splitext(name)[1].lower(), "text/csv")


def extension_of(pattern: str) -> str:
    """The last extension of all names that match a shell pattern, with its dot; empty if they may differ."""
    extension = posixpath.splitext(pattern)[1]
    return "" if set("*?[]") & set(extension) else extension


def stem_of(path: str) -> str:
    """The part of an output's name that comes from the drop: its path without `.csv`, at most `MAX_STEM_BYTES` bytes.

    Other extensions are kept, so that `a.csv`, `a.tsv` and `a.csv.gz` have outputs of their own: `a.csv`, `a.tsv.csv`
    and `a.csv.gz.csv`. `path` is the drop's name below the watched prefix. Path segments `.` and `..` are
    percent-encoded, so that a copy of the outputs to a disk stays in its folder. A longer path is cut, and part of its
    SHA-256 appended. Two drops can still have the same stem, such as `a` and `a.csv`: the first to publish its output
    keeps the name, and the run of the other is refused.
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
