"""Stored images, handed to the page's gallery.

They come from strangers. A browser gets them under the type of one of the raster formats that the fetcher stores, told
to believe it, and forbidden to run anything in them.
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
"""By extension, which the fetcher chose by content. TIFF is left out: few browsers show it."""

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
    """Whether a browser can be given the image of this name."""
    return posixpath.splitext(name)[1] in TYPES


def read_picture(client: storage.Client, run: Run, name: str) -> Picture:
    """An image of a run's folder. Blocking. Raises `NOT_FOUND`, or `REQUEST_TOO_LARGE` past `MAX_BYTES`."""
    content_type = TYPES.get(posixpath.splitext(name)[1])
    if content_type is None or "/" in name:
        raise DropforgeError(Code.NOT_FOUND, f"Run {run.run_id} has no image of this name that can be shown here.")
    bucket = Bucket(client, run.image_bucket, retry_s=3.0, timeout_s=5.0)
    object_name = f"{run.image_folder}/{name}"
    info = bucket.stat(object_name)
    if info is None:
        raise DropforgeError(Code.NOT_FOUND, f"gs://{run.image_bucket}/{object_name} is not there.")
    if info.size > MAX_BYTES:
        raise DropforgeError(
            Code.REQUEST_TOO_LARGE,
            f"gs://{run.image_bucket}/{object_name} has {info.size} bytes: see it in the bucket.",
        )
    return Picture(bucket.read(object_name, generation=info.generation), content_type)
