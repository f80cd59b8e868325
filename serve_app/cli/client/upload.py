"""Uploads a file into the watched bucket, which starts a run."""

from __future__ import annotations

from typing import BinaryIO

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import InvalidResponse

from actors.model.drop import Drop
from actors.storage.bucket import connect
from serve_app.cli.screen.complaint import Complaint
from serve_app.config.object_names import content_type_of
from serve_app.config.settings import Settings


def upload(settings: Settings, content: BinaryIO, name: str, *, size: int) -> Drop:
    """Writes object `name` from `size` bytes of `content`. Raises `Complaint` when Cloud Storage does not take it."""
    uri = f"gs://{settings.source_bucket}/{name}"
    try:
        blob = connect(settings.project).bucket(settings.source_bucket).blob(name)
        blob.upload_from_file(content, size=size, content_type=content_type_of(name))
    except auth.DefaultCredentialsError as error:
        raise Complaint(
            f"Can't write {uri}: found no Google credentials.",
            "log in with `gcloud auth application-default login`, or start a cloud on this machine with `dropforge up`",
        ) from error
    except (api.GoogleAPICallError, InvalidResponse) as error:
        status = error.response.status_code if isinstance(error, InvalidResponse) else error.code
        raise _refused(settings, uri, status, error) from error
    except (requests.RequestException, api.RetryError, auth.GoogleAuthError) as error:
        raise Complaint(
            f"Could not write {uri}: Cloud Storage can't be reached ({type(error).__name__}).",
            "check the network and STORAGE_EMULATOR_HOST, if it is set; then drop the file again",
        ) from error
    return Drop(settings.source_bucket, name, int(blob.generation))


def _refused(settings: Settings, uri: str, status: int | None, error: Exception) -> Complaint:
    match status:
        case 404:
            return Complaint(
                f"Bucket {settings.source_bucket} does not exist.",
                "set DROPFORGE_SOURCE_BUCKET to your bucket, or start a cloud on this machine with `dropforge up`",
            )
        case 401 | 403:
            return Complaint(
                f"Cloud Storage refused to write {uri}: your account has no permission.",
                "ask for the role roles/storage.objectUser on the bucket, or log in with another account",
            )
    return Complaint(
        f"Cloud Storage refused to write {uri}: {error}",
        "drop the file again; if it fails again, ask the owner of the bucket",
    )
