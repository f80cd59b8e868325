"""Stored images for the page's gallery.

Their bytes come from untrusted hosts. Each is sent with the media type of a raster format that the fetcher stores, and
with headers that forbid the browser to guess another type or to run anything in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.run import Run
from actors.storage.bucket import Bucket

MAX_BYTES = 4 << 20

TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".avif": "image/avif",
}
"""By extension, which the fetcher chose by the image's content. Without TIFF, which few browsers show."""

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Disposition": "inline",
    "Cache-Control": "private, max-age=3600",
}


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    content_type: str


def shown(name: str) -> bool:
    """Whether browsers can show the image of this name."""
    return posixpath.splitext(name)[1] in TYPES


def read_picture(client: storage.Client, run: Run, name: str) -> Picture:
    """An image in a run's image folder. Blocking.

    Raises:
        NOT_FOUND: the run has no such image, or not in a format that browsers show.
        REQUEST_TOO_LARGE: the image has more than `MAX_BYTES` bytes.
    """
    content_type = TYPES.get(posixpath.splitext(name)[1])
    if content_type is None or "/" in name:
        raise DropforgeError(
            Code.NOT_FOUND, f"{name!r:.200} is not the name of an image of run {run.run_id} that browsers can show."
        )
    bucket = Bucket(client, run.image_bucket, retry_s=3.0, timeout_s=5.0)
    object_name = f"{run.image_folder}/{name}"
    info = bucket.stat(object_name)
    if info is None:
        raise DropforgeError(Code.NOT_FOUND, f"gs://{run.image_bucket}/{object_name} does not exist.")
    if info.size > MAX_BYTES:
        raise DropforgeError(
            Code.REQUEST_TOO_LARGE,
            f"gs://{run.image_bucket}/{object_name} has {info.size} bytes, more than the {MAX_BYTES} that this page "
            "shows: open it in the bucket.",
        )
    return Picture(bucket.read(object_name, generation=info.generation), content_type)
