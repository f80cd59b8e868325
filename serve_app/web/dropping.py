"""Dropping a file from the page: the browser uploads it straight to the bucket, not through the application.

The URL of a resumable upload session is good for one object and one origin ("Resumable uploads", Cloud Storage
documentation). The ingress only starts the session, which needs `storage.objects.create` on the watched bucket.
Without that permission, the page names the other ways to drop a file.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket
from serve_app.config.object_names import MAX_NAME_BYTES, content_type_of
from serve_app.config.settings import Settings


class DropRequest(BaseModel):
    """The file to upload, as the browser describes it. `size` is in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_BYTES)
    size: int = Field(ge=0, le=5 << 40)


class DropTarget(BaseModel):
    """Where the browser uploads the file: the session's URL, the object's name and the Content-Type to send."""

    url: str
    object: str
    content_type: str


def drop_target(source: Bucket, settings: Settings, request: DropRequest, *, origin: str) -> DropTarget:
    """Starts an upload session for the file. Blocking.

    Raises:
        BAD_REQUEST: the page accepts no files, or the application would ignore an object of this name.
        BAD_SETTINGS: the application has no permission to create objects.
        STORAGE_UNAVAILABLE: Cloud Storage does not answer.
    """
    if not settings.drop_from_page:
        raise DropforgeError(Code.BAD_REQUEST, "This page accepts no files: the setting drop_from_page is off.")
    name = f"{settings.watched_prefix}{request.name}"
    readable = request.name.isprintable() and len(name.encode("utf-8", "replace")) <= MAX_NAME_BYTES
    if not readable or not settings.watches(settings.source_bucket, name):
        patterns = " or ".join(settings.object_patterns)
        raise DropforgeError(
            Code.BAD_REQUEST,
            f"Dropforge would ignore {request.name!r:.200}: rename the file so that it matches {patterns}.",
        )
    content_type = content_type_of(name)
    try:
        url = source.upload_session(name, content_type=content_type, size=request.size, origin=origin)
    except DropforgeError as error:
        if error.code is not Code.BAD_SETTINGS:
            raise
        raise DropforgeError(
            Code.BAD_SETTINGS,
            f"The application has no permission to create objects in gs://{source.name}: grant its service account "
            f"roles/storage.objectCreator on the bucket, or drop the file with `gcloud storage cp`. {error.message}",
        ) from error
    return DropTarget(url=url, object=name, content_type=content_type)
