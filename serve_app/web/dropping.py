"""Dropping a file from the page: the browser sends its bytes to the bucket, none of them come through here.

Cloud Storage's resumable upload session is a URL for one object and one browser page. The ingress only asks for it,
which needs `storage.objects.create` on the watched bucket; where it has not, the page names the other ways to drop.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket
from serve_app.config.object_names import MAX_NAME_BYTES, content_type_of
from serve_app.config.settings import Settings


class DropRequest(BaseModel):
    """A file as the browser knows it; `size` in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_BYTES)
    size: int = Field(ge=0, le=5 << 40)


class DropTarget(BaseModel):
    """Where the browser puts the file."""

    url: str
    object: str
    content_type: str


def drop_target(source: Bucket, settings: Settings, request: DropRequest, *, origin: str) -> DropTarget:
    """Opens an upload session for the file. Blocking.

    Raises `BAD_REQUEST` for a name that starts no run, `INTERNAL` where the application may not write.
    """
    if not settings.drop_from_page:
        raise DropforgeError(Code.BAD_REQUEST, "This page takes no files: drop_from_page is off.")
    name = f"{settings.watched_prefix}{request.name}"
    readable = request.name.isprintable() and len(name.encode("utf-8", "replace")) <= MAX_NAME_BYTES
    if not readable or not settings.watches(settings.source_bucket, name):
        patterns = " or ".join(settings.object_patterns)
        raise DropforgeError(
            Code.BAD_REQUEST, f"{request.name!r:.200} would not be noticed: a name like {patterns} is needed."
        )
    content_type = content_type_of(name)
    try:
        url = source.upload_session(name, content_type=content_type, size=request.size, origin=origin)
    except DropforgeError as error:
        if error.code is not Code.INTERNAL:
            raise
        raise DropforgeError(
            Code.INTERNAL,
            f"The application may not write to gs://{source.name}: grant it roles/storage.objectCreator there, "
            f"or drop with `gcloud storage cp`. {error.message}",
        ) from error
    return DropTarget(url=url, object=name, content_type=content_type)
