"""The page's style sheet, script and icon."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

_TYPES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    data: bytes
    content_type: str


FILES = {
    name: StaticFile((resources.files(__package__) / "static" / name).read_bytes(), content_type)
    for name, content_type in _TYPES.items()
}

VERSION = hashlib.sha256(b"".join(file.data for file in FILES.values())).hexdigest()[:12]
"""Part of the files' URLs, so that browsers may cache each version forever."""
